"""Tables of unknown origin as named columns: their encoding, delimiter, header and cells."""
