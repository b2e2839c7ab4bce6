"""Prices of risk in a linear stochastic discount factor."""
