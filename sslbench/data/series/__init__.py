"""Sources of series, how files of series are read, and how series may be changed."""
