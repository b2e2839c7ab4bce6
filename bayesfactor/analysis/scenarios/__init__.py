"""What may come: forecasts, and losses by position."""
