"""What forecasts are judged on: assets, an equal-weighted portfolio and portfolios of the user's, date by date."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import holdings, without_capital
from bayesfactor.base.errors import DataError
from bayesfactor.panel.panel import Panel

EQUAL, ALL = "equal-weighted", "all assets"
Weights = Mapping[str, float] | pd.Series


@dataclass(frozen=True, eq=False)
class Judged:
    """Returns of a panel and of portfolios of its assets.

    Attributes
    ----------
    panel : Panel
    names : tuple of str
        Of the portfolios: the equal-weighted one, then the user's.
    weights : array (portfolio, asset)
        Of the user's.
    """

    panel: Panel
    names: tuple[str, ...]
    weights: np.ndarray

    def held(self, rows: slice, members: np.ndarray) -> np.ndarray:
        """Return weights (portfolio, member) on some rows; NaN where something is held that has no return or no law."""
        seen = np.isfinite(self.panel.returns.values[rows]).all(axis=0)
        known = np.zeros(len(seen), dtype=bool)
        known[members] = True
        equal = (seen & known) / max(int((seen & known).sum()), 1)
        whole = ~((self.weights != 0) & ~(seen & known)).any(axis=1)
        return np.vstack([equal, np.where(whole[:, None], self.weights, np.nan)])[:, members]

    def observed(self, rows: slice, members: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the compounded returns over some rows, of members and of portfolios of weights (portfolio, member)."""
        returns = self.panel.returns.values[rows][:, members]
        whole = np.where(np.isfinite(returns).all(axis=0), returns, 0.0)
        return np.prod(1 + returns, axis=0) - 1, np.prod(1 + whole @ weights.T, axis=0) - 1

    def past_means(self, row: int, members: np.ndarray) -> np.ndarray:
        """Return the mean of all earlier returns of the members and the portfolios; 0 without one."""
        past = self.panel.returns.values[:row]
        each = _mean(past[:, members])
        equal = _mean(_mean(past[:, members].T)[:, None], empty=np.nan)
        held = [_mean(past[:, own != 0] @ own[own != 0, None]) for own in self.weights]
        return np.concatenate([each, np.nan_to_num(equal), *held])


def judged(panel: Panel, portfolios: Mapping[str, Weights] | None, periods: int = 1) -> Judged:
    """Return what is judged on a panel, by returns compounded over so many periods.

    Raises
    ------
    SpecError, DataError
        When a portfolio or an asset has no name of its own, or a portfolio holds what it may not, or has no capital in
        which returns compound.
    """
    for name in panel.assets:
        if name in (EQUAL, ALL):
            raise DataError(
                f"score: an asset is named '{name}', as a row of every table of scores is.",
                series=name,
                remedy="Rename it.",
            )
    given = {} if portfolios is None else portfolios
    if not isinstance(given, Mapping):
        raise DataError(
            f"score: portfolios is a {type(given).__name__}, and must be a mapping of name to weights.",
            series="portfolios",
            remedy='Give {"mine": {"btc": 0.6, "eth": 0.4}}.',
        )
    for name in given:
        if not isinstance(name, str) or name in (*panel.assets, EQUAL, ALL):
            raise DataError(
                f"score: a portfolio is named {name!r}, which is no text or taken.",
                series=str(name),
                remedy="Rename it.",
            )
    rows = [holdings(panel, "asset", weights).values[-1] for weights in given.values()]
    weights = np.array(rows).reshape(-1, len(panel.assets))
    for name, own in zip(given, weights, strict=True):
        if periods > 1 and without_capital(own):
            raise DataError(
                f"score: the net weight of '{name}' is 0: there is no capital in which its returns compound.",
                series=name,
                remedy="Score it over one period.",
            )
    return Judged(panel, (EQUAL, *given), weights)


def _mean(values: np.ndarray, empty: float = 0.0) -> np.ndarray:
    """Return the mean over rows of what is known, and `empty` where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), empty)
