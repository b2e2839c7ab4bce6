"""What moves in a model: filters and smoothers of volatility, covariance and loadings."""
