"""Estimators that need no sampler: textbook estimators, and conjugate posteriors drawn directly."""
