"""Contributions of sources to what was earned: over a window, summed or compounded, and date by date."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.common_residuals import common_path, common_returns, notes_on_common, splits
from bayesfactor.analysis.attribution.contributions import (
    Parts,
    combined,
    earned,
    labelled,
    labels,
    members,
    pieces,
    zero_beta_rate,
)
from bayesfactor.analysis.attribution.moving_loadings import (
    moved,
    moved_path,
    notes_on_paths,
    premium_shift,
)
from bayesfactor.analysis.attribution.realised_sums import Sums, sums_of
from bayesfactor.analysis.attribution.spans import periods_in_words
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings
from bayesfactor.base.errors import DataError, FitError, SpecError, unknown
from bayesfactor.panel.dates import Window, rows
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.records import written
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON
from bayesfactor.posterior.residuals import thin

PATH_DRAWS = 400


def realised(
    fit: Fit, weights: xr.DataArray, window: Window | None, compounded: bool, label: Mapping[str, str] | None = None
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
    sums, span = sums_of(fit.panel, matrix, window, compounded, names.tolist(), None if dated is None else dated.edges)
    held, whole = sums.count > 0, np.isfinite(sums.total)
    lost, kept = names[~held].tolist(), held & whole
    if not held.any() or (weights.ndim == 2 and PORTFOLIO in lost):
        what = "the whole portfolio was" if held.any() or lost == [PORTFOLIO] else "an asset was"
        raise SpecError(
            f"No date in the window on which {what} observed.",
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
    own = {"alpha": combined(weights, fit.posterior["alpha"])}
    if "zero_beta" in fit.posterior:
        own["zero_beta"] = zero_beta_rate(fit.posterior, weights)
    if not kept.all():
        own = {name: array.isel({unit: np.flatnonzero(kept)}) for name, array in own.items()}
    of_factors = _of_assets(fit, weights, sums, kept, label)
    if not kept.all():
        sums, matrix = sums.select(kept), matrix[kept]
    if dated is not None and sums.blocks is not None:
        added = moved(fit, dated, matrix, sums.blocks, None if label is None else members(label).values)
        of_factors = of_factors + xr.DataArray(added, dims=("chain", "draw", unit, "source"))
    parts = _parts(own, of_factors, sums, unit)
    if splits(each):
        given = common_returns(each, matrix, sums.rows, sums.by_date)
        parts = replace(parts, rest={**parts.rest, COMMON: xr.DataArray(given, dims=("chain", "draw", unit))})
    return parts, tuple(notes), span[kept]


def _long_run(draws: xr.Dataset) -> str:
    """Return the variable of loadings that moves are added to."""
    return "loading_long_run" if "loading_long_run" in draws else "loading"


def _of_assets(
    fit: Fit, weights: xr.DataArray, sums: Sums, kept: np.ndarray, label: Mapping[str, str] | None
) -> xr.DataArray:
    """Return what factors contributed to every holding that is kept, at loadings that do not move."""
    unit, posterior, found, first = str(weights.dims[0]), fit.posterior, list[xr.DataArray](), 0
    for loading in pieces(weights, posterior[_long_run(posterior)]):
        own = np.flatnonzero(kept[first : first + loading.sizes[unit]])
        some = loading if own.size == loading.sizes[unit] else loading.isel({unit: own})
        found.append(_of_factors(fit, posterior, some, sums.select(first + own), unit, label))
        first += loading.sizes[unit]
    return found[0] if len(found) == 1 else xr.concat(found, unit)


def _of_factors(
    fit: Fit,
    posterior: xr.Dataset,
    loading: xr.DataArray,
    sums: Sums,
    dim: str,
    label: Mapping[str, str] | None,
) -> xr.DataArray:
    """Return b_k sum_t (f_kt + [lambda_k - mu_k]_nontraded) along `dim`, of every factor or label."""
    factors = xr.DataArray(sums.factors, {"factor": list(fit.panel.factor_names)}, (dim, "factor"))
    found = earned(loading, factors, label)
    if all(factor.traded for factor in fit.panel.factor_info):
        return found
    return found + earned(loading, premium_shift(fit, posterior), label) * xr.DataArray(sums.weight, dims=dim)


def _parts(own: Mapping[str, xr.DataArray], of_factors: xr.DataArray, sums: Sums, dim: str) -> Parts:
    """Return what factors contributed, alpha, zero-beta rate and total along `dim`.

    `own` has the holdings' alpha and, where the model has it, zero_beta, a period.
    """
    weight = xr.DataArray(sums.weight, dims=dim)
    rest = {name: own[name] * weight for name in ("alpha", "zero_beta") if name in own}
    return Parts(of_factors, rest, xr.zeros_like(rest["alpha"]) + xr.DataArray(sums.total, dims=dim))


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
    loading = xr.dot(weight, posterior[_long_run(posterior)], dim="asset")
    own = {"alpha": xr.dot(weight, posterior["alpha"], dim="asset")}
    if "zero_beta" in posterior:
        own["zero_beta"] = posterior["zero_beta"] * weight.sum()
    label = labels(fit, "family" if by_family else "factor", {})
    of_factors = _of_factors(fit, posterior, loading, sums, "time", label)
    if dated is not None:
        added = xr.DataArray(moved_path(fit, dated, weights, inside), dims=("sample", "time", "factor"))
        of_factors = of_factors + labelled(added.assign_coords(factor=list(fit.panel.factor_names)), label)
    parts = _parts(own, of_factors, sums, "time")
    if splits(each):
        given = xr.zeros_like(parts.rest["alpha"]) + xr.DataArray(
            common_path(each, weights, inside), dims=("sample", "time")
        )
        parts = replace(parts, rest={**parts.rest, COMMON: given})
    return parts.sources.assign_coords(time=panel.returns["time"].values[inside])


def _of_true_factors(dated: Dated, verb: str) -> Dated:
    """Return what draws say of each date; refuse factors of which only noisy values are known."""
    if dated.unseen:
        raise FitError(
            f"{verb}: realised returns cannot be split: {dated.unseen}.",
            remedy='Ask for kind="premium" or "variance", or fit a model without factors.error.',
        )
    return dated
