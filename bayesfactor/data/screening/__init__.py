"""Checks of data: errors for impossible values, warnings for implausible ones."""
