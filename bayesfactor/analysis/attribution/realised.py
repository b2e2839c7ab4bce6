"""Contributions of sources to what was earned: over a window, summed or compounded, and date by date."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.common_residuals import common_path, common_returns, notes_on_common, splits
from bayesfactor.analysis.attribution.contributions import Parts, combined, labels, zero_beta_rate
from bayesfactor.analysis.attribution.moving_loadings import (
    BlockSums,
    block_sums,
    moved,
    moved_path,
    notes_on_paths,
    premium_shift,
)
from bayesfactor.analysis.attribution.spans import periods_in_words, span_of
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings, without_capital
from bayesfactor.base.errors import DataError, FitError, SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import Window, rows
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.records import written
from bayesfactor.posterior.dated import Dated, of_posterior
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.posterior.residuals import thin

PATH_DRAWS = 400


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


def realised(
    fit: Fit, weights: xr.DataArray, window: Window | None, compounded: bool
) -> tuple[Parts, tuple[str, ...], pd.DataFrame]:
    """Return contributions to the realised return of every holding observed, notes, and the span that each counts.

    Compounded, the parts of a period t in which the holding earned R_t are multiplied by log(1 + R_t) / R_t over
    log(1 + R) / R, R = prod_t (1 + R_t) - 1, and then add up to R: the linking of Carino (1999). A holding that lost
    everything in one period is left out; a portfolio that did is refused.
    """
    unit = str(weights.dims[0])
    matrix = np.eye(len(fit.panel.assets)) if weights.dims == ("asset",) else weights.values
    names = weights[unit].values.astype(str)
    each = _of_true_factors(of_posterior(fit), "attribute")
    dated = None if each.filters is None else each
    sums, span = _sums(fit.panel, matrix, window, compounded, names.tolist(), None if dated is None else dated.edges)
    held, whole = sums.count > 0, np.isfinite(sums.total)
    lost, kept = names[~held].tolist(), held & whole
    if not held.any() or (weights.ndim == 2 and PORTFOLIO in lost):
        raise SpecError(
            f"No date in the window on which {'the whole portfolio was' if held.any() else 'an asset was'} observed.",
            place="attribute.window",
            found=window,
            remedy=f"The returns run from {written(fit.panel.times[0])} to {written(fit.panel.times[-1])}; assets have "
            "their own spans.",
        )
    if not kept.any():
        raise DataError(
            "Every asset lost everything in one period: there is nothing left to compound.",
            series=str(names[0]),
            remedy="Leave compounded=False.",
        )
    how = "compounded, parts linked by Carino (1999)" if compounded else "summed"
    notes = [f"periods counted: {periods_in_words(span[kept])}; returns are {how}", *notes_on_paths(fit)]
    notes += notes_on_common(each)
    if lost:
        notes.append(f"left out, as never observed in the window: {', '.join(lost)}")
    if not whole.all():
        ruined = ", ".join(names[~whole])
        notes.append(f"left out, as they lost everything in one period, which cannot be compounded: {ruined}")
    own = {"loading": combined(weights, fit.posterior[_long_run(fit.posterior)])}
    own["alpha"] = combined(weights, fit.posterior["alpha"])
    if "zero_beta" in fit.posterior:
        own["zero_beta"] = zero_beta_rate(fit, weights)
    if not kept.all():
        own = {name: array.isel({unit: np.flatnonzero(kept)}) for name, array in own.items()}
        sums, matrix = sums.select(kept), matrix[kept]
    parts = _parts(fit, fit.posterior, own, sums, unit)
    if dated is not None and sums.blocks is not None and parts.by_factor is not None:
        added = xr.DataArray(moved(fit, dated, matrix, sums.blocks), dims=("chain", "draw", unit, "factor"))
        parts = replace(parts, by_factor=parts.by_factor + added)
    if splits(each):
        given = common_returns(each, matrix, sums.rows, sums.by_date)
        parts = replace(parts, rest={**parts.rest, COMMON: xr.DataArray(given, dims=("chain", "draw", unit))})
    return parts, tuple(notes), span[kept]


def _long_run(draws: xr.Dataset) -> str:
    """Return the variable of loadings that moves are added to."""
    return "loading_long_run" if "loading_long_run" in draws else "loading"


def _parts(fit: Fit, posterior: xr.Dataset, own: Mapping[str, xr.DataArray], sums: Sums, dim: str) -> Parts:
    """Return b_k sum_t (f_kt + [lambda_k - mu_k]_nontraded), alpha, zero-beta rate and total along `dim`.

    `own` has the holdings' loading, alpha and, where the model has it, zero_beta, a period.
    """
    factors = xr.DataArray(sums.factors, {"factor": list(fit.panel.factor_names)}, (dim, "factor"))
    weight = xr.DataArray(sums.weight, dims=dim)
    shift = premium_shift(fit, posterior)
    rest = {name: own[name] * weight for name in ("alpha", "zero_beta") if name in own}
    happened = xr.zeros_like(rest["alpha"]) + xr.DataArray(sums.total, dims=dim)
    return Parts(own["loading"] * (factors + shift * weight), rest, happened)


def _sums(
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


def realised_path(
    fit: Fit,
    name: str | None,
    portfolio: Mapping[str, float] | pd.Series | None,
    window: Window | None,
    *,
    by_family: bool,
) -> xr.DataArray:
    """Return contributions to the return of an asset or portfolio, summed up to each date, at some draws.

    Returns
    -------
    DataArray (sample, time, source)
        On the dates on which all of it was observed; the last source is ``total``.
    """
    panel = require_returns(fit.panel, "What was realised date by date")
    if (name is None) == (portfolio is None):
        raise SpecError(
            "plot_realised: give the name of an asset or a portfolio, one of them.", place="plot_realised.name"
        )
    if portfolio is None and name not in panel.assets:
        raise unknown("asset", name, panel.assets, place="plot_realised.name")
    weights = np.array([float(asset == name) for asset in panel.assets])
    if portfolio is not None:
        weights = holdings(panel, "asset", portfolio).values[-1]
    held = weights != 0
    inside = rows(panel.times, window, "plot_realised.window")
    inside = inside[np.isfinite(panel.returns.values[np.ix_(inside, held)]).all(axis=1)]
    if not inside.size:
        raise SpecError(
            "No date in the window on which all of it was observed.", place="plot_realised.window", found=window
        )
    draws = thin(fit, PATH_DRAWS)
    each = _of_true_factors(Dated(fit, draws), "plot_realised")
    dated = None if each.filters is None else each
    draws = draws.isel(asset=np.flatnonzero(held)).compute()
    posterior = draws.stack(sample=("chain", "draw"), create_index=False)
    earned = panel.returns.values[np.ix_(inside, held)] @ weights[held]
    count = np.arange(1, len(inside) + 1, dtype=float)
    summed = np.cumsum(panel.aligned[inside], axis=0), np.cumsum(earned)
    sums = Sums(count.astype(int), count, *summed, inside, np.tri(len(inside)))
    weight = xr.DataArray(weights[held], dims="asset")
    used = {"loading": _long_run(posterior), "alpha": "alpha"}
    own = {name: xr.dot(weight, posterior[variable], dim="asset") for name, variable in used.items()}
    if "zero_beta" in posterior:
        own["zero_beta"] = posterior["zero_beta"] * weight.sum()
    parts = _parts(fit, posterior, own, sums, "time")
    if dated is not None and parts.by_factor is not None:
        added = xr.DataArray(moved_path(fit, dated, weights, inside), dims=("sample", "time", "factor"))
        parts = replace(parts, by_factor=parts.by_factor + added)
    if splits(each):
        given = xr.zeros_like(parts.rest["alpha"]) + xr.DataArray(
            common_path(each, weights, inside), dims=("sample", "time")
        )
        parts = replace(parts, rest={**parts.rest, COMMON: given})
    found = parts.sources(labels(fit, "family" if by_family else "factor", {}))
    return found.assign_coords(time=panel.returns["time"].values[inside])


def _of_true_factors(dated: Dated, verb: str) -> Dated:
    """Return what draws say of each date; refuse factors of which only noisy values are known."""
    if dated.unseen:
        raise FitError(
            f"{verb}: realised returns cannot be split: {dated.unseen}.",
            remedy='Ask for kind="premium" or "variance", or fit a model without factors.error.',
        )
    return dated
