"""A fit, what it holds and where it is kept."""
