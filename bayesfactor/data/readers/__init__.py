"""Files of data providers as tables."""
