"""A simulated crypto market with known parameters, for examples and tests."""

from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenResult
from bayesfactor.data.datasets.market import (
    GROUPS,
    KINDS,
    PERIODS_PER_YEAR,
    TRADED,
    correlations,
    draw_lengths,
    draw_loadings,
    draw_sigma,
    interpolate_levels,
    spread_over_days,
    trading_days,
)
from bayesfactor.data.integration.assembly import integrate
from bayesfactor.panel.panel import Panel

_FEWEST_PERIODS = 60
_ALPHA = 0.04 / PERIODS_PER_YEAR


@dataclass(frozen=True, eq=False)
class Truth(FrozenResult):
    """What a simulated market was made from, in decimals per period of the panel.

    Attributes
    ----------
    loading : DataArray (asset, factor)
    alpha, sigma : DataArray (asset)
    risk_premium, factor_mean : DataArray (factor)
    factor_cov : DataArray (factor, factor_other)
    loading_mean : DataArray (group, factor)
        What the loadings of a group scatter around.
    factors : DataArray (time, factor)
        Every factor on the panel's dates, transformed.
    residual : DataArray (time, asset)
        What neither factors nor alpha explain; NaN before the asset began.
    periods_per_year : int
    """

    loading: xr.DataArray
    alpha: xr.DataArray
    sigma: xr.DataArray
    risk_premium: xr.DataArray
    factor_mean: xr.DataArray
    factor_cov: xr.DataArray
    loading_mean: xr.DataArray
    factors: xr.DataArray
    residual: xr.DataArray
    periods_per_year: int = PERIODS_PER_YEAR

    def premium(self) -> xr.DataArray:
        r"""Return each source's contribution to each asset's risk premium, per year.

        .. math:: E[r_i] = \alpha_i + \sum_k \beta_{ik} \lambda_k

        Returns
        -------
        DataArray (asset, source)
            Decimals per year. Sources: every factor, ``alpha``, and ``total``, their sum.
        """
        paid = (self.loading * self.risk_premium).rename(factor="source")
        alpha = self.alpha.expand_dims(source=["alpha"]).transpose("asset", "source")
        parts = xr.concat([paid, alpha], dim="source")
        total = parts.sum("source").expand_dims(source=["total"]).transpose("asset", "source")
        return (xr.concat([parts, total], dim="source") * self.periods_per_year).rename("premium")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated market: data as `integrate` takes them, and the truth behind them.

    Attributes
    ----------
    returns : DataFrame (dates, asset)
        Simple excess returns on every day of the year; NaN before a token began.
    factors : DataFrame (dates, factor)
        Traded factors as returns and the others as levels. Those of markets that close on weekends are NaN
        there.
    factor_info : dict
        As `integrate` takes it.
    asset_info : DataFrame (asset)
        Column ``group``.
    truth : Truth
    """

    returns: pd.DataFrame
    factors: pd.DataFrame
    factor_info: dict[str, dict[str, object]]
    asset_info: pd.DataFrame
    truth: Truth

    def panel(self) -> Panel:
        """Return the panel of returns and factors, on the business days on which all factors are known."""
        return integrate(self.returns, self.factors, self.factor_info, self.asset_info)


def _check(name: str, value: object, low: int) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low:  # type: ignore[operator]
        raise SpecError(
            f"simulate: {name} is {value!r}; it must be a whole number of at least {low}.",
            place=f"simulate.{name}",
            found=value,
            remedy=f"For instance simulate({name}={max(low, 1)}).",
        )
    return int(value)  # type: ignore[call-overload]


def _names(assets: int) -> tuple[list[str], list[str]]:
    """Return the names of the tokens and their groups, of about equal size."""
    groups = sorted((GROUPS[place % len(GROUPS)] for place in range(assets)), key=GROUPS.index)
    names = [f"{group}_{groups[:place].count(group) + 1:02d}" for place, group in enumerate(groups)]
    return names, groups


def _label(array: np.ndarray, name: str, **coords: Any) -> xr.DataArray:
    return xr.DataArray(array, coords=coords, dims=tuple(coords), name=name)


def _draw_truth(assets: int, periods: int, rng: np.random.Generator) -> Truth:
    """Draw parameters, factors and residuals on the rows of the panel."""
    names, groups = _names(assets)
    kept = list(dict.fromkeys(groups))
    time = trading_days(periods + 1)[1:].to_numpy()
    factor = [kind.name for kind in KINDS]
    sd = np.array([kind.sd for kind in KINDS])
    premium = np.array([kind.sharpe for kind in KINDS]) * sd / np.sqrt(PERIODS_PER_YEAR)
    mean = np.where(TRADED, premium, [kind.drift for kind in KINDS])
    cov = correlations() * np.outer(sd, sd)
    group_mean, loading = draw_loadings([kept.index(group) for group in groups], len(kept), rng)
    alpha, sigma = rng.normal(0.0, _ALPHA, assets), draw_sigma(assets, rng)
    values = mean + rng.standard_normal((periods, len(KINDS))) @ np.linalg.cholesky(cov).T
    residual = rng.standard_normal((periods, assets)) * sigma
    for place, length in enumerate(draw_lengths(groups, periods, rng)):
        residual[: periods - length, place] = np.nan
    return Truth(
        loading=_label(loading, "loading", asset=names, factor=factor),
        alpha=_label(alpha, "alpha", asset=names),
        sigma=_label(sigma, "sigma", asset=names),
        risk_premium=_label(premium, "risk_premium", factor=factor),
        factor_mean=_label(mean, "factor_mean", factor=factor),
        factor_cov=_label(cov, "factor_cov", factor=factor, factor_other=factor),
        loading_mean=_label(group_mean, "loading_mean", group=kept, factor=factor),
        factors=_label(values, "factors", time=time, factor=factor),
        residual=_label(residual, "residual", time=time, asset=names),
    )


def _returns(truth: Truth) -> np.ndarray:
    """Return the returns (time, asset) of the panel's periods."""
    away = truth.factors.values - np.where(TRADED, 0.0, truth.factor_mean.values - truth.risk_premium.values)
    table = truth.alpha.values + away @ truth.loading.values.T + truth.residual.values
    assert not (table <= -1.0).any(), "the sizes of the simulation leave no room for a loss of everything"
    return table


def _factor_frame(
    truth: Truth, rows: pd.DatetimeIndex, days: pd.DatetimeIndex, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the factors as they would be downloaded: returns, and levels on their own calendars."""
    columns = {}
    for kind in KINDS:
        values = np.concatenate([[0.0], truth.factors.sel(factor=kind.name).values])
        match kind.transform:
            case "none":
                series = pd.Series(values, rows)
            case "diff":
                series = pd.Series(kind.start + np.cumsum(values), rows)
            case "log_diff":
                series = pd.Series(kind.start * np.exp(np.cumsum(values)), rows)
            case _:
                assert_never(kind.transform)
        columns[kind.name] = interpolate_levels(series, days, rng) if kind.every_day else series
    return pd.DataFrame(columns, index=days)


def simulate(assets: int = 36, periods: int = 750, seed: int = 1) -> Simulation:
    r"""Simulate a crypto market with known parameters.

    On the business days of the panel,

    .. math::
        r_{it} = \alpha_i + \sum_{traded} \beta_{ik} f_{kt}
                 + \sum_{other} \beta_{ik} (f_{kt} - \mu_k + \lambda_k) + \epsilon_{it},

    with normal factors and normal residuals. The returns are then spread over every day of the year, and the
    factors that are not traded become levels, so that `integrate` has to undo both; it gives back the numbers
    that were drawn (to 1e-10), so the truth is that of the panel.

    Parameters
    ----------
    assets : int
        Tokens, in up to six protocol groups. A quarter of them have 60 to 200 periods only, and another
        quarter began part of the way.
    periods : int
        Business days, at least 60.
    seed : int
        The same seed gives the same market.

    Returns
    -------
    Simulation
        Market and size are traded; rates and volatility are levels of markets that close on weekends; hash
        rate, protocol volume and exchange liquidity are levels of every day. ``hash_rate`` is useless: every
        loading on it is 0, and it pays nothing.

    Raises
    ------
    SpecError
        When an argument is not a whole number, or too small.

    Notes
    -----
    Wrong for studying tails or changing volatility: everything is normal and its law does not change.
    """
    assets, periods = _check("assets", assets, 1), _check("periods", periods, _FEWEST_PERIODS)
    rng = np.random.default_rng(_check("seed", seed, 0))
    truth = _draw_truth(assets, periods, rng)
    rows = trading_days(periods + 1)
    days = pd.date_range(rows[0], rows[-1], name="date")
    names = truth.loading["asset"].values.tolist()
    returns = spread_over_days(pd.DataFrame(_returns(truth), rows[1:], names), days[1:], truth.sigma, rng)
    groups = _names(assets)[1]
    return Simulation(
        returns=returns,
        factors=_factor_frame(truth, rows, days, rng),
        factor_info={kind.name: kind.info() for kind in KINDS},
        asset_info=pd.DataFrame({"group": groups}, index=pd.Index(names, name="asset")),
        truth=truth,
    )
