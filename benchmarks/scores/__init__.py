"""Forecasts of the presets and of programs without a posterior, scored on the same dates of real markets."""
