"""What is attributed, with its direct loadings: books with options beside assets, groups and portfolios."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.analysis.portfolio.options.exposures import Positions, positions_of
from bayesfactor.analysis.portfolio.portfolio_weights import (
    Portfolio,
    holdings,
    least_returns,
    leverage_note,
    rows_of,
)
from bayesfactor.panel.base import PanelBase


@dataclass(frozen=True, eq=False)
class Exposures:
    """Weights on assets, and of a book with options also loadings on factors that no asset has for it.

    Attributes
    ----------
    weights : DataArray
        As `holdings` returns them: of a book, what it gains per 100 % of each asset.
    direct : DataArray (asset or group, factor) or None
        Loadings besides those of the weights: of a book with options its vega and its rho; None of anything else.
    positions : Positions or None
        A book with options, to be priced anew.
    """

    weights: xr.DataArray
    direct: xr.DataArray | None = None
    positions: Positions | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of the weights of a portfolio."""
        return leverage_note(self.weights) if self.positions is None else ()

    @property
    def of_returns(self) -> xr.DataArray:
        """The weights of what has a history of returns: without a book with options."""
        return self.weights if self.positions is None else self.weights[:-1]

    @property
    def mixed(self) -> np.ndarray:
        """Weights of a portfolio (portfolio, asset), none of a book with options, which is priced."""
        own = self.weights.ndim > 1 and self.positions is None
        return self.weights.values[-1:] if own else np.empty((0, self.weights.sizes[self.weights.dims[-1]]))

    @property
    def least(self) -> np.ndarray:
        """Least return of every entry: -1, or none without capital to lose; a book with options may lose any amount."""
        found = least_returns(self.mixed)
        return found if self.positions is None else np.append(found, -np.inf)


def exposures(panel: PanelBase, per: Literal["asset", "group"], portfolio: Portfolio | None) -> Exposures:
    """Return the exposures of what is attributed.

    Raises
    ------
    DataError, SpecError
        As `holdings` does; when a position is on no asset of the panel, or an option has no implied volatility.
    """
    if not isinstance(portfolio, Book) or not portfolio.options:
        return Exposures(holdings(panel, per, portfolio))
    positions = positions_of(portfolio, panel)
    weights = rows_of(panel, per, positions.weights)
    direct = np.zeros((weights.sizes[per], len(panel.factor_names)))
    direct[-1] = positions.direct
    coords = {per: weights[per].values, "factor": list(panel.factor_names)}
    return Exposures(weights, xr.DataArray(direct, coords, (per, "factor")), positions)
