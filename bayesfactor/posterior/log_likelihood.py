"""Log-likelihood at draws of a fit: of every period, which is what models are compared by, or of every asset."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, unknown
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.paths.discounted_covariance import discount_of, filter_covariance
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import FitFacts, require_fit, require_noise
from bayesfactor.posterior.residuals import parameters, raw_coefficients, residual_law
from bayesfactor.spec.noise import Noise

Unit = Literal["period", "asset"]
UNITS = ("period", "asset")
USED = ("alpha", "loading", "residual_sd", "risk_premium", "factor_mean", "zero_beta")
NUMBERS = 2**20  # residuals that are in memory at once


def log_likelihood(fit: FitFacts, per: Unit = "period") -> xr.DataArray:
    """Return the log-likelihood of the returns given the factors at every draw, period by period or asset by asset.

    With mu and lambda the means and premia of the factors, and p the noise law at the asset's standard deviation::

        e_it   = r_it - alpha_i - lambda_0 - beta_i'(f_t + [lambda - mu]_nontraded)
        period   log p(r_t | f_t, theta) = sum_{i observed at t} log p(e_it)
        asset    log p(r_i | f, theta)   = sum_{t observed of i} log p(e_it)

    Where residuals load on residual factors, those of a period are normal together, with covariance LL' + D, and those
    of an asset have the variance of both parts: its log-likelihoods then do not add up to those of the periods.

    Where loadings or volatility move, beta_i is that of the date, drawn again given the rest of the draw, and the
    standard deviation is the asset's level times the volatility of the date.

    Parameters
    ----------
    fit : Fit
    per : {"period", "asset"}
        The unit: what is left out at a time when models are compared. To leave out an asset with its whole history is
        no small change, which importance sampling (PSIS) fails at: "asset" is for looking at single assets. It has one
        unit more, ``factors``: what `factor_log_likelihood` adds up to.

    Returns
    -------
    DataArray (chain, draw, time) or (chain, draw, unit)
        Periods are those with a return.

    Raises
    ------
    SpecError
        When there is no such unit; for periods, when the panel holds statistics instead of returns.
    FitError
        When it is no fit, or one without a noise law, or the draws lack a parameter of that law or the path of what
        moves; of periods, when Student-t residuals load on residual factors.

    See Also
    --------
    Fit.with_log_likelihood : the fit with these, as ArviZ's ``loo``, ``compare`` and ``psense`` want it.
    factor_log_likelihood : the density of the factors, period by period.
    compare : models by their periods left out.

    Notes
    -----
    It is that of the returns as they are, each with weight 1, also where the model weights them to be fitted. A path
    has seen the date itself and those after it: where something moves, no date is left out by weighing these draws,
    and models are compared by `score`.

    Compare models of the same factors only: another factor is data given for one of the models and not for the other.
    """
    require_fit(fit, "log_likelihood")
    if not isinstance(per, str) or per not in UNITS:
        raise unknown("per", per, UNITS, place="log_likelihood")
    law = require_noise(fit, "The log-likelihood")
    return _per_asset(fit, law) if per == "asset" else _per_period(fit, law)


def factor_log_likelihood(fit: FitFacts) -> xr.DataArray:
    """Return log p(f_t | mu, Omega), of the factors that are known in each period, at every draw.

    Where factors begin at different dates it is the normal density of those known: they sum to the last unit of
    ``log_likelihood(fit, per="asset")``. Where their covariance moves, it is log p(f_t | f_1 ... f_{t-1}, mu, memory),
    Student-t, with the path of the covariance integrated out.

    Returns
    -------
    DataArray (chain, draw, factor_time)
            Periods are those of the factors' histories, which may begin before the returns.

    Raises
    ------
    FitError
        When it is no fit, or the covariance moves and the priors are not known.
    """
    require_fit(fit, "factor_log_likelihood")
    draws = fit.posterior
    if lost := Dated(fit, draws).unseen:
        raise FitError(f"The likelihood of factors cannot be computed: {lost}.", remedy="Judge forecasts by bf.score.")
    if "factor_memory" in draws:
        return _labelled(draws, _foretold(fit, draws), "factors", "factor_time", fit.panel.factors["time"].values)
    flat = draws[["factor_mean", "factor_cov"]].stack(sample=("chain", "draw"), create_index=False)
    mean = flat["factor_mean"].transpose("sample", "factor").values
    covariance = flat["factor_cov"].transpose("sample", "factor", "factor_other").values
    values = fit.panel.factors.values
    known, result = np.isfinite(values), np.zeros((len(mean), len(values)))
    for pattern in np.unique(known, axis=0):
        members, dates = np.flatnonzero(pattern), np.flatnonzero((known == pattern).all(axis=1))
        root = np.linalg.cholesky(covariance[:, members][:, :, members])
        size = members.size * np.log(2 * np.pi) + 2 * np.log(np.einsum("sjj->sj", root)).sum(axis=1)
        step = max(1, NUMBERS // (dates.size * max(members.size, 1)))
        for start in range(0, len(mean), step):
            own = slice(start, start + step)
            gap = values[np.ix_(dates, members)].T - mean[own, members, None]  # (sample, factor, time)
            spread = np.sum(np.linalg.solve(root[own], gap) ** 2, axis=1)
            result[own, dates] = -0.5 * (spread + size[own, None])
    return _labelled(draws, result, "factors", "factor_time", fit.panel.factors["time"].values)


def _per_period(fit: FitFacts, law: Noise) -> xr.DataArray:
    """Add up log-densities asset by asset, some draws at a time: (sample, time, asset) is never in memory."""
    panel = require_returns(fit.panel, "The log-likelihood of a period")
    seen = np.flatnonzero(np.isfinite(panel.returns.values).any(axis=1))
    draws = fit.posterior
    dated = _known(fit, draws)
    if "residual_loading" in draws:
        return _labelled(draws, _together(dated, law)[:, seen], "returns", "time", panel.times[seen])
    if not dated.still:
        moving = np.zeros((draws.sizes["chain"] * draws.sizes["draw"], len(panel.times)))
        for rows, density in _dated(dated, law):
            moving[:, rows] += density
        return _labelled(draws, moving[:, seen], "returns", "time", panel.times[seen])
    names = [name for name in (*USED, *law.parameters) if name in draws]
    total = np.zeros((draws.sizes["chain"] * draws.sizes["draw"], len(panel.times)))
    first = 0
    for block in blocks(draws[names], "asset"):
        coefficients, residuals = raw_coefficients(fit, block), residual_law(law, block)
        for place in range(block.sizes["asset"]):
            dates, returns, x = regressors(panel, first + place)
            step = max(1, NUMBERS // max(dates.size, 1))
            gapless = dates.size > 0 and dates[-1] - dates[0] == dates.size - 1
            own_dates = slice(dates[0], dates[-1] + 1) if gapless else dates
            for start in range(0, len(total), step):
                own = slice(start, start + step)
                residual = returns - coefficients[own, place] @ x.T
                total[own, own_dates] += law.log_density(residual, residuals.of_asset(place, own))
        first += block.sizes["asset"]
    return _labelled(draws, total[:, seen], "returns", "time", panel.times[seen])


def _together(dated: Dated, law: Noise) -> np.ndarray:
    """Return the joint log-density (sample, time) of residuals that load on residual factors."""
    factors = dated.residual_factors
    if law.parameters or factors is None:
        raise FitError(
            "The log-likelihood of a period cannot be computed: residuals load on residual factors "
            "('residual_loading'), and Student-t residuals that do have no joint density in closed form.",
            remedy="Take that of each asset, log_likelihood(fit, per='asset'), or judge forecasts by bf.score.",
        )
    linear = factors.nothing
    total = np.zeros((len(linear), linear.shape[2]))
    for i in range(len(dated.fit.panel.assets)):
        rows, residual, _ = dated.residuals(i)
        scale = dated.scale(i)[rows]
        total[:, rows] += law.log_density(residual, {"residual_sd": dated.own_level[:, i, None] * scale})
        factors.add(linear, i, rows, residual / scale)
    return total + factors.log_ratio(linear)


def _per_asset(fit: FitFacts, law: Noise) -> xr.DataArray:
    """Return the log-likelihood of every asset; from sufficient statistics where the noise law has them."""
    draws = fit.posterior
    dated = _known(fit, draws)
    columns = [] if dated.still else [density.sum(axis=1) for _, density in _dated(dated, law)]
    coefficients, residuals = dated.coefficients, residual_law(law, draws)
    statistics = fit.panel.moments
    for i, count in enumerate(statistics.count if dated.still else ()):
        own = residuals.of_asset(i)
        squares = statistics.residual_squares(i, coefficients[:, i])
        found = law.log_likelihood(squares[:, None], count, own)
        if found is None:
            _, returns, x = regressors(fit.panel, i)
            found = law.log_density(returns - coefficients[:, i] @ x.T, own)
        columns.append(found.sum(axis=1))
    columns.append(_foretold(fit, draws).sum(axis=1) if "factor_memory" in draws else _all_factors(fit, draws))
    return _labelled(draws, np.stack(columns, axis=1), "returns", "unit", [*fit.panel.assets, "factors"])


def _known(fit: FitFacts, draws: xr.Dataset) -> Dated:
    """Return what draws say of each date; refuse those of a path that is not known."""
    dated = Dated(fit, draws)
    if dated.unknown:
        raise FitError(
            f"The log-likelihood cannot be computed: {dated.unknown}.",
            remedy="Fit the model with bf.fit, which keeps the path, or judge forecasts by bf.score.",
        )
    return dated


def _dated(dated: Dated, law: Noise) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows of each asset, and log-densities (sample, time) of its residuals there."""
    own = {name: values[:, None] for name, values in parameters(law, dated.draws).items()}
    for i in range(len(dated.fit.panel.assets)):
        rows, residual, sd = dated.residuals(i)
        density = np.empty_like(residual)
        step = max(1, NUMBERS // max(rows.size, 1))
        for start in range(0, len(residual), step):
            part = slice(start, start + step)
            told = {"residual_sd": sd[part]} | {name: values[part] for name, values in own.items()}
            density[part] = law.log_density(residual[part], told)
        yield rows, density


def _foretold(fit: FitFacts, draws: xr.Dataset) -> np.ndarray:
    """Return log p(f_t | f_1 ... f_{t-1}, mu, memory), (sample, time), of factors whose covariance moves."""
    if fit.priors is None:
        raise FitError(
            "The log-likelihood of the factors cannot be computed: their covariance moves, and its prior is not known.",
            remedy="Name the model that the draws are of: bf.from_draws(panel, draws, model=...).",
        )
    prior, flat = (
        fit.priors.factors,
        draws[["factor_mean", "factor_memory"]].stack(sample=("chain", "draw"), create_index=False),
    )
    mean, discount = flat["factor_mean"].transpose("sample", "factor").values, discount_of(flat["factor_memory"].values)
    rows, scatter = prior.covariance_dof - mean.shape[1] - 1, np.diag(prior.covariance_scale)
    values = fit.panel.factors.values
    scores = [filter_covariance(values - mu, d, rows, scatter).score[0] for mu, d in zip(mean, discount, strict=True)]
    return np.stack(scores)


def _all_factors(fit: FitFacts, draws: xr.Dataset) -> np.ndarray:
    """Return log p(factors | mu, Omega): of each span, what its factors add to the older ones on the same rows."""
    flat = draws[["factor_mean", "factor_cov"]].stack(sample=("chain", "draw"), create_index=False)
    mean = flat["factor_mean"].transpose("sample", "factor").values
    covariance = flat["factor_cov"].transpose("sample", "factor", "factor_other").values
    total = np.zeros(len(mean))
    for span in fit.design.history.spans:
        for size, sign in ((len(span.factors), 1), (span.older, -1)):
            members = span.factors[:size]
            gap, own = mean[:, members] - span.mean[:size], covariance[:, members][:, :, members]
            scatter = span.scatter[:size, :size] + span.count * gap[:, :, None] * gap[:, None, :]
            spread = np.trace(np.linalg.solve(own, scatter), axis1=1, axis2=2)
            total -= sign * 0.5 * (span.count * (np.linalg.slogdet(own)[1] + size * np.log(2 * np.pi)) + spread)
    return total


def _labelled(draws: xr.Dataset, values: np.ndarray, name: str, dim: str, labels: object) -> xr.DataArray:
    """Return values (sample, unit) with the chains and draws that they are of."""
    shape = (draws.sizes["chain"], draws.sizes["draw"], -1)
    coords = {"chain": draws["chain"], "draw": draws["draw"], dim: labels}
    return xr.DataArray(values.reshape(shape), coords, ("chain", "draw", dim), name=name)
