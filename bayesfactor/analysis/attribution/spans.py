"""How many periods a realised return counts, and which."""

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.panel.records import written


def periods_in_words(span: pd.DataFrame) -> str:
    """Return the fewest and the most periods counted, and those of the portfolio with their dates."""
    fewest, most = span["periods"].min(), span["periods"].max()
    ends = f"{fewest} to {most}" if fewest < most else f"{most}"
    if span.index[-1] != PORTFOLIO:
        return ends
    count, first, last = span.iloc[-1]
    dates = "" if pd.isna(first) else f", {written(first)} to {written(last)}"
    return f"{ends} ({count} for the portfolio{dates})"


def span_of(
    count: np.ndarray, names: list[str], counted: np.ndarray | None = None, times: np.ndarray | None = None
) -> pd.DataFrame:
    """Return how many periods each holding counts, and the first and the last of them, where these are known."""
    span = pd.DataFrame({"periods": count, "first": pd.NaT, "last": pd.NaT}, index=names)
    if counted is not None and times is not None and len(times):
        known = count > 0
        span["first"] = pd.Series(times[counted.argmax(axis=1)], names).where(known)
        span["last"] = pd.Series(times[len(times) - 1 - counted[:, ::-1].argmax(axis=1)], names).where(known)
    return span
