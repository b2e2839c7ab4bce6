"""What moves over time: filters and smoothers of volatilities and of the covariance of factors."""
