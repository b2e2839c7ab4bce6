"""Predictions judged by what came after, on real markets."""
