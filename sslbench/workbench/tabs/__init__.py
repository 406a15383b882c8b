"""What the bench shows of a run: one file for each tab."""
