"""Small series on regular calendars, and what tests read off a panel."""

import numpy as np
import pandas as pd


def noise(dates, names, seed=0, scale=0.02):
    """Simulate returns."""
    values = np.random.default_rng(seed).normal(0.0, scale, (len(dates), len(names)))
    return pd.DataFrame(values, index=dates, columns=names)


def days(start, count, freq="D"):
    return pd.date_range(start, periods=count, freq=freq)


def compound(values):
    return float(np.prod(1.0 + np.asarray(values)) - 1.0)


def column(panel, asset):
    return panel.returns.sel(asset=asset).to_series()


LEVEL = {"traded": False, "transform": "diff"}
DAILY, BUSINESS = days("2020-01-01", 70), days("2020-01-01", 50, "B")
