"""What is summed over the dates of realised returns: ones, factors and returns, and the linking of compounded ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.analysis.attribution.moving_loadings import BlockSums, block_sums
from bayesfactor.analysis.attribution.spans import span_of
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, without_capital
from bayesfactor.base.errors import DataError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import Window, rows
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.records import written


@dataclass(frozen=True, eq=False)
class Sums:
    """Over the dates of each holding: how many they are, and weighted sums of ones, factors and returns."""

    count: np.ndarray  # (holding)
    weight: np.ndarray
    factors: np.ndarray  # (holding, factor)
    total: np.ndarray
    rows: np.ndarray  # that may count, and weights (holding, row): of statistics none
    by_date: np.ndarray
    blocks: BlockSums | None = None  # within blocks of dates, where loadings move

    def select(self, kept: np.ndarray) -> "Sums":
        """Return those of some holdings."""
        blocks, by_date = None if self.blocks is None else self.blocks.select(kept), self.by_date[kept]
        sums = self.count[kept], self.weight[kept], self.factors[kept], self.total[kept]
        return Sums(*sums, self.rows, by_date, blocks)


def sums_of(
    panel: PanelBase,
    matrix: np.ndarray,
    window: Window | None,
    compounded: bool,
    names: list[str],
    edges: np.ndarray | None,
) -> tuple[Sums, pd.DataFrame]:
    """Return the sums of every holding over the dates in the window on which all of its assets were observed.

    And how many these are, the first and the last. The whole life of a single asset is in the statistics; anything else
    needs the returns. The total is NaN where there is nothing left to compound. `edges` are those of blocks of rows
    within which loadings are constant, where they move.
    """
    alone = (matrix != 0).sum(axis=1) == 1
    if window is None and alone.all() and not compounded and not isinstance(panel, Panel):
        member = (matrix != 0).argmax(axis=1)
        own, weight = panel.moments, matrix[np.arange(len(matrix)), member]
        count = own.count[member].astype(int)
        none, factors, total = np.empty((len(count), 0)), own.xx[0, 1:, member], own.xy[0, member] * weight
        return Sums(count, count, factors, total, np.empty(0, dtype=int), none), span_of(count, names)
    held = require_returns(panel, "A realised return over a window, or of several assets on their common dates,")
    inside = rows(held.times, window, "attribute.window")
    returns, factors, times = held.returns.values[inside], held.aligned[inside], held.times[inside]
    observed = np.isfinite(returns)
    counted = np.stack([observed[:, w != 0].all(axis=1) for w in matrix])  # (holding, time)
    weight, total = counted.astype(float), np.full(len(matrix), np.nan)
    for place, (w, own) in enumerate(zip(matrix, counted, strict=True)):
        earned = returns[np.ix_(own, w != 0)] @ w[w != 0]
        if not compounded:
            total[place] = earned.sum()
        elif names[place] == PORTFOLIO and earned.size > 1 and without_capital(w):
            raise DataError(
                f"The net weight of '{PORTFOLIO}' is 0: there is no capital in which its returns compound.",
                series=PORTFOLIO,
                value=float(w.sum()),
                remedy="Leave compounded=False.",
            )
        elif (earned > -1).all():
            weight[place, own], total[place] = linked(earned)
        elif names[place] == PORTFOLIO:
            raise _ruined(earned, times[own])
    count = counted.sum(axis=1)
    blocks = None if edges is None else block_sums(weight, factors, inside, edges)
    sums = Sums(count, weight.sum(axis=1), weight @ factors, total, inside, weight, blocks)
    return sums, span_of(count, names, counted, times)


def _ruined(earned: np.ndarray, times: np.ndarray) -> DataError:
    """Return the error of a portfolio that lost everything, or more, in one period."""
    worst = int(earned.argmin())
    return DataError(
        f"'{PORTFOLIO}' lost {-100 * earned[worst]:.4g} % in the period of {written(times[worst])}: after a loss of "
        "all there is nothing left to compound.",
        series=PORTFOLIO,
        date=times[worst],
        value=float(earned[worst]),
        remedy="Leave compounded=False, or hold less.",
    )


def linked(earned: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the weights of periods that make their parts add up to the compounded return, and that return.

    No return may be -1 or less.
    """
    each = np.log1p(earned)
    whole = float(np.expm1(each.sum()))
    slope = np.divide(each, earned, out=np.ones_like(each), where=earned != 0)
    return slope / (each.sum() / whole if whole else 1.0), whole
