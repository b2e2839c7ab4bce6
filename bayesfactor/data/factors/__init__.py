"""Factors made of prices, order flow, derivatives and chains: a function returns values with their description."""
