"""Sources of pictures, how picture files are read, and how pictures may be changed."""
