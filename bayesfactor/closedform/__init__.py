"""Answers that need no sampler: the field's textbook estimators, and conjugate posteriors drawn directly."""
