"""How volatile residuals are: what the model says of a book on some dates, beside its own regression on the factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import chi2

from bayesfactor.analysis.portfolio.own_regression import Regression, regress, regress_assets
from bayesfactor.base.intervals import Interval
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.observed_factors import with_errors_of_factors
from bayesfactor.posterior.residual_variance import residual_variance
from bayesfactor.posterior.residuals import residual_level
from bayesfactor.posterior.summaries import summarise

ERROR = 0.01  # probability with which sampling error alone takes a realised variance out of its own interval
JUDGED = 0.9  # probability of the model's interval, equal-tailed, that a realised variance is held to
COLUMNS = ["periods", "variance", "share", "mean", "error", "total", "spare", "book", "reason"]


@dataclass(frozen=True, eq=False)
class ResidualRisk:
    """Residual volatilities and shares of assets or books, as realised and as the model has them on the same dates.

    Attributes
    ----------
    realised : DataFrame
        Per asset or group, and ``portfolio``: ``periods``; ``variance`` of residuals a period, ``share`` (1 -
        R-squared), ``mean``, ``error``, ``total`` and ``spare`` of its own regression (see `Regression`); ``book``:
        whether it has several members; ``reason``: why there is none.
    residual, factors : DataArray (chain, draw, asset or group)
        The model's variance a period of residuals, averaged over the volatility of these dates, and of what factors
        did on them.
    periods_per_year : int
    """

    realised: pd.DataFrame
    residual: xr.DataArray
    factors: xr.DataArray
    periods_per_year: int

    @property
    def volatility(self) -> xr.DataArray:
        """The model's residual volatility a year."""
        return (self.residual * self.periods_per_year) ** 0.5

    @property
    def share(self) -> xr.DataArray:
        """The model's share of residuals in the variance."""
        return self.residual / (self.residual + self.factors)

    @property
    def unit(self) -> str:
        """The dimension of what has these risks."""
        return str(self.residual.dims[-1])

    @property
    def books(self) -> pd.DataFrame:
        """Per book of several members whose regression is known, two intervals of its residual variance a period.

        ``model``, ``model_lower``, ``model_upper``: mean and ends of the equal-tailed interval of `JUDGED`.
        ``realised``; ``chi_lower``, ``chi_upper``: between which it is 99 % of the time, over the true one. ``apart``:
        1 where the realised one, give or take its sampling error, is beyond the model's interval, -1 where it is below.
        """
        judged = self.realised["book"] & self.realised["variance"].notna()
        found = self.realised.loc[judged, ["variance", "spare"]].rename(columns={"variance": "realised"})
        if not len(found):
            return found.assign(apart=0)
        some = self.residual.sel({self.unit: found.index})
        ends = summarise(some, JUDGED, "eti", rounded=False).set_index(self.unit)
        for column, name in (("mean", "model"), ("lower", "model_lower"), ("upper", "model_upper")):
            found[name] = ends[column]
        for name, tail in (("chi_lower", 1 - ERROR / 2), ("chi_upper", ERROR / 2)):
            found[name] = chi2.isf(tail, found["spare"]) / found["spare"]
        beyond = found["realised"] > found["model_upper"] * found["chi_upper"]
        below = found["realised"] < found["model_lower"] * found["chi_lower"]
        return found.assign(apart=beyond.astype(int) - below.astype(int))

    def table(self, ci_prob: float, ci_kind: Interval, rounded: bool = True) -> pd.DataFrame:
        """Return realised beside model's residual volatility and share, as `Attribution.residual_table` has them."""
        table = self.realised[["periods"]].copy()
        table["realised_volatility"] = np.sqrt(self.realised["variance"] * self.periods_per_year)
        table = table.join(_ends(self.volatility, "volatility", ci_prob, ci_kind, rounded))
        table["realised_share"] = self.realised["share"]
        table = table.join(_ends(self.share, "share", ci_prob, ci_kind, rounded))
        apart = self.books["apart"]
        table["agrees"] = [bool(apart[name] == 0) if name in apart else None for name in table.index]
        table["agrees"] = table["agrees"].astype(object)
        table = table.reset_index()
        table.attrs = {"ci_kind": ci_kind, "ci_prob": ci_prob}
        return table

    def of(self, names: Sequence[str]) -> "ResidualRisk":
        """Return that of some assets or books."""
        residual, factors = (array.sel({self.unit: list(names)}) for array in (self.residual, self.factors))
        return ResidualRisk(self.realised.loc[list(names)], residual, factors, self.periods_per_year)


def _ends(draws: xr.DataArray, name: str, prob: float, kind: Interval, rounded: bool) -> pd.DataFrame:
    table = summarise(draws, prob, kind, rounded).set_index(str(draws.dims[-1]))[["mean", "lower", "upper"]]
    return table.rename(columns={"mean": name, "lower": f"{name}_lower", "upper": f"{name}_upper"})


def residual_risk(fit: Fit, weights: xr.DataArray, draws: xr.Dataset | None = None) -> ResidualRisk:
    """Return the residual risk of holdings, as `holdings` returns their weights, at draws (all by default)."""
    model, unit = _Model(fit, fit.posterior if draws is None else draws), str(weights.dims[0])
    alone = unit == "asset"
    names, first = [str(name) for name in weights[unit].values], len(fit.panel.assets) if alone else 0
    parts = [model.of_assets()] if alone else []
    parts += [model.of_book(row, regress(fit, row)) for row in (weights.values[first:] if weights.ndim > 1 else ())]
    index = pd.Index(names, name=unit)
    realised = pd.concat([table for table, _, _ in parts], ignore_index=True).set_index(index)
    residual = xr.concat([values.rename({"entry": unit}) for _, values, _ in parts], unit)
    factors = xr.concat([values.rename({"entry": unit}) for _, _, values in parts], unit)
    residual, factors = (array.assign_coords({unit: names}) for array in (residual, factors))
    return ResidualRisk(realised, residual, factors, fit.panel.periods_per_year)


def book_risk(
    fit: Fit, weights: np.ndarray, draws: xr.Dataset, returns: np.ndarray | None = None, name: str = "book"
) -> ResidualRisk:
    """Return the residual risk of the book with these weights (asset), at draws; realised of `returns` as `regress`."""
    found = regress(fit, weights, returns)
    table, residual, factors = _Model(fit, draws).of_book(weights, found)
    both = [array.rename(entry="asset").assign_coords(asset=[name]) for array in (residual, factors)]
    index = pd.Index([name], name="asset")
    return ResidualRisk(table.set_index(index), both[0], both[1], fit.panel.periods_per_year)


class _Model:
    """What draws say of the variances of residuals and factors on dates of the panel."""

    def __init__(self, fit: Fit, posterior: xr.Dataset) -> None:
        self.fit, self.posterior = fit, posterior
        self.loading = posterior.get("loading_long_run", posterior["loading"])
        self.sd = residual_level(fit, posterior)
        self.common = None
        if "residual_loading" in posterior:
            self.common = posterior["residual_loading"] * (self.sd / posterior["residual_sd"])
        self.loading, self.common = with_errors_of_factors(self.loading, self.common, posterior, fit.panel)
        self.seen, self.squares = None, None
        if isinstance(fit.panel, Panel) and fit.movement is not None and fit.movement.residuals is not None:
            self.seen, self.squares = np.isfinite(fit.panel.returns.values), Dated(fit, posterior).mean_squares

    def of_assets(self) -> tuple[pd.DataFrame, xr.DataArray, xr.DataArray]:
        """Return every asset by itself."""
        found, panel = regress_assets(self.fit), self.fit.panel
        one = found.variance, found.share, found.mean, found.error, found.total, found.spare
        columns = panel.moments.count.astype(int), *one, False, ""
        table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
        variance = self.sd**2
        if self.common is not None:
            variance = variance + (self.common**2).sum("residual_factor")
        scale = xr.DataArray(self._over_own_dates(), dims="asset")
        factors = _of_factors(self.loading.drop_vars(["asset", "factor"]), found.factor_cov)
        return table, _entries(variance.drop_vars("asset") * scale), _entries(factors)

    def _over_own_dates(self) -> np.ndarray:
        """Return the mean of E[g^2] over each asset's own dates (asset)."""
        if self.squares is None or self.seen is None:
            return np.ones(len(self.fit.panel.assets))
        count = self.seen.sum(axis=0)
        return np.where(count > 0, (self.seen * self.squares).sum(axis=0) / np.maximum(count, 1), 1.0)

    def of_book(self, weights: np.ndarray, found: Regression) -> tuple[pd.DataFrame, xr.DataArray, xr.DataArray]:
        """Return a book, on the dates of its regression."""
        members = np.flatnonzero(weights)
        told = found.variance, found.share, found.mean, found.error, found.total, found.spare
        row = found.periods, *told, members.size > 1, found.reason
        table = pd.DataFrame([row], columns=COLUMNS)
        held = xr.DataArray(weights[members], dims="asset")
        sd, loading = (array.isel(asset=members).drop_vars("asset").compute() for array in (self.sd, self.loading))
        common = None if self.common is None else self.common.isel(asset=members).drop_vars("asset").compute()
        parts = residual_variance(held, sd, common, self._together(members, found))
        exposure = xr.dot(held, loading, dim="asset").transpose("chain", "draw", "factor")
        factors = np.einsum("cdk,kl,cdl->cd", exposure.values, found.factor_cov, exposure.values)
        residual = reduce(add, parts.values()).transpose("chain", "draw")
        return table, residual.expand_dims("entry", -1), residual.copy(data=factors).expand_dims("entry", -1)

    def _together(self, members: np.ndarray, found: Regression) -> xr.DataArray | None:
        """Return the mean of E[g_it g_jt] over a book's dates (asset, asset_other); None where nothing moves."""
        if self.squares is None or found.rows is None or not found.rows.size:
            return None
        root = np.sqrt(self.squares[np.ix_(found.rows, members)])
        return xr.DataArray(root.T @ root / len(root), dims=("asset", "asset_other"))


def _of_factors(loading: xr.DataArray, cov: np.ndarray) -> xr.DataArray:
    """Return b'Sb of every asset (chain, draw, asset), at its own covariance S of factors (asset, factor, factor)."""
    if loading.chunks is not None:
        each = xr.DataArray(cov, dims=("asset", "factor", "factor_other"))
        return xr.dot(xr.dot(loading, each, dim="factor").rename(factor_other="factor"), loading, dim="factor")
    loading = loading.transpose("chain", "draw", "asset", "factor")
    flat = loading.values.reshape(-1, *loading.shape[2:])
    found = np.empty(flat.shape[:2])
    for asset, own in enumerate(cov):
        found[:, asset] = np.vecdot(flat[:, asset] @ own, flat[:, asset])
    return loading.isel(factor=0, drop=True).copy(data=found.reshape(loading.shape[:3]))


def _entries(values: xr.DataArray) -> xr.DataArray:
    return values.rename(asset="entry").transpose("chain", "draw", "entry")
