"""Files that survive whatever happens: tensors, locks, and what a run folder may hold. Nothing here knows
what a run means."""
