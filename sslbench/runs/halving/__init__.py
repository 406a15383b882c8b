"""Successive halving over pretext tasks: candidates, rounds, one round of one of them, the standing."""
