"""A portfolio as one more asset, and the moments that portfolios are made of."""
