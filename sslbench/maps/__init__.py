"""Embeddings as maps of two dimensions, and the explorer that shows them."""
