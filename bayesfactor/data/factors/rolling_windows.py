"""Moments over the last values of a series: each from its own window, so that no value carries errors of older ones."""

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from bayesfactor.base.errors import DataError


def rolling_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last `window` values at each place; NaN before there are as many."""
    return _ahead(sliding_window_view(values, window).mean(axis=1), window)


def rolling_variance(values: np.ndarray, window: int) -> np.ndarray:
    """Return the variance (over n - 1) of the last `window` values at each place; NaN before there are as many."""
    return _ahead(sliding_window_view(values, window).var(axis=1, ddof=1), window)


def _ahead(found: np.ndarray, window: int) -> np.ndarray:
    return np.concatenate([np.full(window - 1, np.nan), found])


def require_longer(index: pd.Index, least: int, what: str, why: str) -> None:
    """Raise an error for fewer than `least` values; `why` says what needs them."""
    if len(index) < least:
        raise DataError(
            f"{what} has {len(index)} values, and {why} needs {least}.",
            series=what,
            value=len(index),
            remedy="Use a shorter window, or a longer history.",
        )
