"""Something is left out or squeezed away, and is filled in."""
