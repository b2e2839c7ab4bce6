"""The scores of one forecast: of every asset and portfolio on a date, and of all assets together."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.judged import Judged
from bayesfactor.analysis.comparison.one_step import Marginals, Together


class Law(Protocol):
    """A law of returns that can be judged by what they were."""

    def judge(
        self, returns: np.ndarray, held: np.ndarray, factors: np.ndarray, weights: np.ndarray
    ) -> tuple[Marginals, Marginals, Together]:
        """Return the scores of assets, of portfolios of weights (portfolio, asset), and of all assets together."""


def scores_of_date(
    law: Law, entries: Judged, rows: slice, members: np.ndarray, factors: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Return the scores of a forecast of some rows.

    Returns
    -------
    columns : dict of str to array
        With a place for each asset and portfolio that has a return and a forecast.
    row : dict of str to object
        Of all assets together.
    """
    panel, periods = entries.panel, rows.stop - rows.start
    weights = entries.held(rows, members)
    returns, held = entries.observed(rows, members, weights)
    assets, portfolios, together = law.judge(returns, held, factors, weights)
    date, value = panel.times[rows.stop - 1], np.concatenate([returns, held])
    columns = {
        "date": np.full(len(value), date),
        "kind": np.repeat(["asset", "portfolio"], [len(returns), len(held)]),
        "asset": np.array([*np.array(panel.assets)[members], *entries.names]),
        "observed": value,
        **{name: np.concatenate([part, vars(portfolios)[name]]) for name, part in vars(assets).items()},
        "past_mean": (1 + entries.past_means(rows.start, members)) ** periods - 1,
    }
    known = np.isfinite(value) & np.isfinite(columns["sd"])
    row = {"date": date, "count": int(np.isfinite(returns).sum()), **vars(together)}
    return {name: column[known] for name, column in columns.items()}, row


def stacked(of: Mapping[str, str], parts: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Return columns of several dates as one table, after what is the same in every row."""
    return pd.DataFrame({**of, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}})
