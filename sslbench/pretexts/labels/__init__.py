"""Labels, as the baseline to compare with."""
