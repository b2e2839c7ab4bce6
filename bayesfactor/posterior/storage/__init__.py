"""Saved fits."""
