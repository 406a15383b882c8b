"""Sources of text, how files of text are read, and how text may be changed."""
