"""Regressions of each asset on the factors."""
