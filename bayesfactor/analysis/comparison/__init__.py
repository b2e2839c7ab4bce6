"""Models beside each other: scores of forecasts."""
