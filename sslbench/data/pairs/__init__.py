"""Sources whose samples have several fields that describe the same thing."""
