"""Input of the closed forms: one complete rectangle of returns and factors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.panel.panel import Panel


@dataclass(frozen=True, eq=False)
class Rectangle:
    """Returns (time, asset) and factors (time, factor) on the same dates, without missing values."""

    returns: np.ndarray
    factors: np.ndarray
    assets: tuple[str, ...]
    names: tuple[str, ...]
    traded: np.ndarray
    periods_per_year: int


def require_panel(panel: object, verb: str) -> None:
    """Raise an error unless it is a Panel with at least one asset and one factor.

    Raises
    ------
    SpecError
        When it is not a Panel.
    DataError
        When there is no asset or no factor.
    """
    if not isinstance(panel, Panel):
        raise SpecError(
            f"{verb}: expected a Panel, found {type(panel).__name__}.",
            place=f"{verb}.panel",
            found=panel,
            remedy="Make one with bf.integrate(returns, factors, ...).",
        )
    for kind, names in (("asset", panel.assets), ("factor", panel.factor_names)):
        if not names:
            raise DataError(f"{verb}: the panel has no {kind}.", series="panel", value=0, remedy=f"Select a {kind}.")


def rectangle(panel: Panel, verb: str, *, more_periods_than: str = "") -> Rectangle:
    """Return the complete rectangle of a panel.

    Parameters
    ----------
    panel : Panel
    verb : str
        Name of the public function, for error messages.
    more_periods_than : {"", "assets", "both"}
        Whether a covariance of assets (or of assets and factors) has to be inverted.

    Raises
    ------
    SpecError
        When it is not a Panel.
    DataError
        When an asset is not observed on every date, or there are too few dates.
    """
    require_panel(panel, verb)
    returns, factors = panel.returns.values, panel.aligned
    seen = np.isfinite(returns).sum(axis=0)
    periods, n, k = len(returns), returns.shape[1], factors.shape[1]
    short = np.flatnonzero(seen < periods)
    if len(short):
        first = int(short[np.argmin(seen[short])])
        date = panel.returns["time"].values[~np.isfinite(returns[:, first])][0]
        raise DataError(
            f"{verb} needs every asset on every date, but {len(short)} of {n} have gaps: '{panel.assets[first]}' has "
            f"{seen[first]} of {periods} returns.",
            series=panel.assets[first],
            date=date,
            remedy="Cut the returns to a common span before integrating, keep the assets that are complete with "
            "panel.select(assets=...), or use bf.fit, which allows unequal histories.",
        )
    least = k + 1 + {"": 0, "assets": n, "both": n + k}[more_periods_than]
    if periods <= least:
        raise DataError(
            f"{verb} needs more than {least} periods for {n} assets and {k} factors; there are {periods}.",
            series="panel",
            value=periods,
            remedy="Use fewer assets (panel.select), a longer history, or bf.fit, which shrinks.",
        )
    traded = np.array([factor.traded for factor in panel.factor_info])
    return Rectangle(returns, factors, panel.assets, panel.factor_names, traded, panel.periods_per_year)


def loading_signal(rect: Rectangle, names: Sequence[str]) -> xr.DataArray:
    """Return the mean over assets of the squared t-ratio of each factor's loadings; NaN for other names."""
    x, y = rect.factors - rect.factors.mean(axis=0), rect.returns - rect.returns.mean(axis=0)
    loading = np.linalg.lstsq(x, y, rcond=None)[0]
    variance = np.sum((y - x @ loading) ** 2, axis=0) / (len(x) - x.shape[1] - 1)
    noise = np.diag(np.linalg.pinv(x.T @ x, hermitian=True))[:, None] * variance
    known = variance > 0  # an asset that is a combination of factors has no t-ratio
    mean = np.mean(loading[:, known] ** 2 / noise[:, known], axis=1) if known.any() else np.full(x.shape[1], np.inf)
    found = dict(zip(rect.names, mean, strict=True))
    return xr.DataArray([found.get(name, np.nan) for name in names], {"factor": list(names)}, ("factor",))
