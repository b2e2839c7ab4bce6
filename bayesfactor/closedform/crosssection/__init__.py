"""Premia from a cross-section of mean returns."""
