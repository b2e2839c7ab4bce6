"""The panels on which predictions are judged, and when: what comes with packages, and what a folder holds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import bayesfactor as bf
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.panel.panel import Panel
from benchmarks.markets import portfolios, stocks, tokens

FEWEST = 26  # returns that an asset has before it is fitted


@dataclass(frozen=True)
class Dates:
    """Rows before the first fit, rows between fits, rows judged after each, and fits in a block of standard errors."""

    first: int
    step: int
    ahead: int
    block: int = 1

    def fits(self, panel: Panel) -> range:
        """Return the rows before which there is a fit; every fit has all its rows to be judged by."""
        return range(self.first, len(panel.times) - self.ahead + 1, self.step)


@dataclass(frozen=True, eq=False)
class Case:
    """A panel and how it is walked.

    Attributes
    ----------
    name : str
    panel : Panel
    wide, close : Dates
        Far apart, judged for long; and close to each other, judged at once: for calm against turbulent times.
    later : int
        Rows after a fit over which its loadings are estimated anew.
    recent : int
        Rows of the shorter history of the peers.
    half_life : int
        Of the exponentially weighted peer, in rows.
    """

    name: str
    panel: Panel
    wide: Dates
    close: Dates | None
    later: int
    recent: int
    half_life: int


def so_far(panel: Panel, rows: int) -> Panel:
    """Return the first rows of a panel, of the assets that have enough returns there."""
    (known,) = bf.rolling(panel, rows, step=len(panel.times), past=True).values()
    counts = np.isfinite(known.returns.values).sum(axis=0)
    return known.select(assets=[name for name, count in zip(known.assets, counts, strict=True) if count >= FEWEST])


def packaged_stocks() -> Panel:
    """Return skfolio's 20 stocks by the week, on its S&P 500 index: not in excess of the bill, one factor."""
    from skfolio.datasets import load_sp500_dataset, load_sp500_index

    returns, index = bf.to_returns(load_sp500_dataset()), bf.to_returns(load_sp500_index())
    known = {str(index.columns[0]): {"traded": True, "family": "market"}}
    return bf.integrate(returns, index, known, calendar="weekly")


def _stocks(name: str, panel: Panel) -> Case:
    return Case(name, panel, Dates(352, 108, 26), Dates(344, 40, 4), 104, 104, 26)


def _months(name: str, panel: Panel) -> Case:
    return Case(name, panel, Dates(120, 48, 12), Dates(120, 20, 2), 36, 120, 36)


CASES: dict[str, Callable[[Path], Case]] = {
    "stocks": lambda folder: _stocks("20 stocks, weekly", stocks(folder, "weekly")),
    "portfolios": lambda folder: _months("25 French portfolios, monthly", portfolios(folder, "1961")),
    "tokens": lambda folder: Case("tokens, weekly", tokens(folder), Dates(52, 13, 13), Dates(34, 8, 2), 26, 104, 26),
    "packaged-stocks": lambda _: _stocks("20 stocks, weekly, of skfolio", packaged_stocks()),
    "packaged-portfolios": lambda _: _months(
        "30 French portfolios, monthly, of linearmodels", french_monthly().panel()
    ),
}
NEED_FOLDER = ("stocks", "portfolios", "tokens")
