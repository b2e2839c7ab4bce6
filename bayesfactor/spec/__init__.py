"""A model as a value."""
