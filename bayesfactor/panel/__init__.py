"""Returns and factors on one calendar, and their sufficient statistics."""
