"""A recipe becomes events: which rows when, one step, the loop, what is evaluated on the way, and the player
that drives it."""
