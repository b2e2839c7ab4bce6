"""A portfolio as one more asset."""
