"""Bring returns and factors of different calendars to one panel: `assembly` holds what users call."""
