"""What looks wrong with a series."""
