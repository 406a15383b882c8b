"""Two views of a sample belong together."""
