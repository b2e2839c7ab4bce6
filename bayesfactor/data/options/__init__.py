"""Options: prices, sensitivities, implied volatilities, and the surface of a chain."""
