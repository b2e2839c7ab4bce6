"""A fit as estimators of portfolio optimisers: skfolio."""
