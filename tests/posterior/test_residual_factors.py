"""Residual factors in draws: the law of whole residuals, their joint density, and the factors drawn again."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal, norm

import bayesfactor as bf
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.log_likelihood import log_likelihood
from bayesfactor.posterior.next_period import at_end_of
from bayesfactor.posterior.residuals import in_long_run, raw_coefficients, with_whole_sd
from tests.support import moving
from tests.support.moved_fits import moved_fit_of
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=60, shortest=25, seed=3)


@pytest.fixture(scope="module")
def fit(panel):
    return bf.from_draws(panel, synthetic_draws(panel, common=2), model="static")


def flat(fit, name, *dims):
    return (
        fit.posterior[name]
        .transpose("chain", "draw", *dims)
        .values.reshape(-1, *(fit.posterior.sizes[d] for d in dims))
    )


def covariances(fit):
    """Return L L' + D at every draw (sample, asset, asset)."""
    loading, sd = flat(fit, "residual_loading", "asset", "residual_factor"), flat(fit, "residual_sd", "asset")
    return loading @ loading.mT + np.eye(sd.shape[1]) * sd[:, None] ** 2


def residuals(fit):
    """Return residuals (sample, time, asset), NaN where not observed."""
    found = np.full((fit.posterior["alpha"].size // len(fit.panel.assets), *fit.panel.returns.shape), np.nan)
    coefficients = raw_coefficients(fit, fit.posterior)
    for i in range(found.shape[2]):
        rows, returns, x = regressors(fit.panel, i)
        found[:, rows, i] = returns - coefficients[:, i] @ x.T
    return found


def test_the_whole_standard_deviation_is_that_of_both_parts(fit):
    whole = with_whole_sd(fit.posterior)["residual_sd"].transpose("chain", "draw", "asset").values
    wanted = np.sqrt(np.einsum("sii->si", covariances(fit)))
    np.testing.assert_allclose(whole.reshape(wanted.shape), wanted, rtol=1e-12)
    np.testing.assert_allclose(Dated(fit, fit.posterior).level, wanted, rtol=1e-12)
    plain = fit.posterior.drop_vars("residual_loading")
    assert with_whole_sd(plain) is plain


def test_residual_loadings_have_the_level_that_standard_deviations_have(panel):
    draws = bf.from_draws(panel, synthetic_draws(panel, common=1, moving=("volatility",)))
    steady, now = in_long_run(draws, draws.posterior), draws.posterior["volatility_now"]
    for name in ("residual_sd", "residual_loading"):
        np.testing.assert_allclose(steady[name] * now, draws.posterior[name], rtol=1e-12)


def test_the_log_likelihood_of_a_period_is_jointly_normal(fit):
    found = log_likelihood(fit).values.reshape(-1, log_likelihood(fit).sizes["time"])
    e, sigma = residuals(fit), covariances(fit)
    for s, t in ((0, 0), (3, 20), (17, 59)):
        seen = np.isfinite(e[s, t])
        wanted = multivariate_normal(cov=sigma[s][np.ix_(seen, seen)]).logpdf(e[s, t, seen])
        assert found[s, t] == pytest.approx(wanted, abs=1e-9)
    assert 0 < np.isfinite(e[0, 0]).sum() < 4  # of unequal histories


def test_the_log_likelihood_of_an_asset_has_the_whole_variance(fit):
    found = log_likelihood(fit, per="asset").transpose("chain", "draw", "unit").values.reshape(40, -1)
    e, sd = residuals(fit), np.sqrt(np.einsum("sii->si", covariances(fit)))
    wanted = np.nansum(norm.logpdf(e, scale=sd[:, None]), axis=1)
    np.testing.assert_allclose(found[:, :-1], wanted, rtol=1e-9)


def test_student_residuals_that_move_together_have_no_joint_density(panel):
    fit = bf.from_draws(panel, synthetic_draws(panel, common=1, dof=6), model="student_t")
    with pytest.raises(bf.FitError, match="residual factors"):
        log_likelihood(fit)
    assert np.isfinite(log_likelihood(fit, per="asset")).all()


def test_factors_drawn_again_have_their_law_given_the_residuals(panel):
    """One draw, repeated: mean and covariance against those of the dense conditional normal."""
    fit = bf.from_draws(panel, synthetic_draws(panel, chains=1, draws=4, doubt=0.0, common=2, repeat=1500))
    found = Dated(fit, fit.posterior).common
    e, sigma, loading = (
        residuals(fit)[0],
        covariances(fit)[0],
        flat(fit, "residual_loading", "asset", "residual_factor")[0],
    )
    for t in (0, 30, 59):
        seen = np.isfinite(e[t])
        gain = np.linalg.solve(sigma[np.ix_(seen, seen)], loading[seen]).T
        mean, cov = gain @ e[t, seen], np.eye(2) - gain @ loading[seen]
        sd = np.sqrt(np.diag(cov))
        assert (np.abs(found[:, t].mean(0) - mean) < 4.5 * sd / np.sqrt(6000)).all()
        assert (np.abs(np.cov(found[:, t].T) - cov) < 4.5 * 2**0.5 * np.outer(sd, sd) / np.sqrt(6000)).all()


@pytest.fixture(scope="module")
def moved():
    panel = moving.moving_panel(seed=1, assets=4, periods=90, late=1).panel
    return moved_fit_of(panel, moving.moving_model(factors=False), common=2, draws=40)


@pytest.mark.parametrize("name", ["fit", "moved"])
def test_they_are_the_same_whatever_other_draws_there_are(name, request):
    fit = request.getfixturevalue(name)
    some = fit.posterior.isel(draw=slice(1, None, 3))
    every = Dated(fit, fit.posterior).common.reshape(2, -1, len(fit.panel.times), 2)[:, 1::3]
    np.testing.assert_allclose(Dated(fit, some).common, every.reshape(-1, *every.shape[2:]), rtol=1e-9, atol=1e-9)


def test_moves_and_residual_factors_have_their_joint_law():
    """Repeated draws against the dense normal law of both, given returns and the next period's loadings."""
    panel = moving.moving_panel(seed=2, assets=3, periods=80, late=1, move=0.6).panel
    model = moving.moving_model(residuals=False, factors=False)
    fit = moved_fit_of(panel, model, chains=1, draws=4, doubt=0.0, common=1, repeat=1000)
    posterior = fit.posterior
    paths = fit.movement.loadings
    cell = int(np.argmax(paths.move))
    for name, values in (("loading_move", paths.move), ("loading_memory", paths.memory)):
        posterior[name] = xr.full_like(posterior[name], values[cell])
    posterior["loading"] = posterior["loading_long_run"] + 0.1
    data = fit.data.copy()
    data["posterior"] = type(data)(posterior)
    fit = replace(fit, data=data)
    dated = Dated(fit, posterior)
    kappa, phi = paths.laws[cell]
    blocks = dated.filters[0]
    many, factors, assets = len(blocks.edges) - 1, 2, 3
    loading, sd = flat(fit, "residual_loading", "asset", "residual_factor")[0], flat(fit, "residual_sd", "asset")[0]
    size, times = many * factors, len(panel.times)
    precision, linear = np.zeros((assets * size + times,) * 2), np.zeros(assets * size + times)
    precision[assets * size :, assets * size :] = np.eye(times)
    lags = np.abs(np.subtract.outer(np.arange(many + 1.0), np.arange(many + 1.0)))
    lags[-1, :-1], lags[:-1, -1] = many - 0.5 - np.arange(many), many - 0.5 - np.arange(many)
    for i in range(assets):
        rows, returns, x = regressors(panel, i)
        u = x @ blocks.move
        e = returns - dated.coefficients[0, i] @ x.T
        design = np.zeros((rows.size, len(linear)))
        block = np.searchsorted(blocks.edges, rows, side="right") - 1
        for k in range(factors):
            design[np.arange(rows.size), i * size + block * factors + k] = u[:, k]
        design[np.arange(rows.size), assets * size + rows] = loading[i, 0]
        precision += design.T @ design / sd[i] ** 2
        linear += design.T @ e / sd[i] ** 2
        prior = np.linalg.inv((kappa * sd[i]) ** 2 * phi**lags)
        own = slice(i * size, (i + 1) * size)
        precision[own, own] += np.kron(prior[:-1, :-1], np.eye(factors))
        linear[own] -= np.kron(prior[:-1, -1], 0.1 / blocks.unit)
    cov = np.linalg.inv(precision)
    mean, spread = cov @ linear, np.sqrt(np.diag(cov))
    z = dated.common[:, :, 0]
    v = np.concatenate([dated.moves(i).reshape(len(z), -1) / np.tile(blocks.unit, many) for i in range(assets)], axis=1)
    found = np.concatenate([v, z], axis=1)
    assert np.abs((found.mean(0) - mean) / spread).max() < 4.5 / np.sqrt(len(z))
    assert np.abs(found.std(0) / spread - 1).max() < 4.5 / np.sqrt(2 * len(z))


def test_newer_rows_move_residual_loadings_as_they_do_standard_deviations():
    truth = moving.moving_panel(seed=4, assets=4, periods=120, late=1).panel
    short = replace(truth, returns=truth.returns.isel(time=slice(100)), factors=truth.factors.isel(time=slice(100)))
    fit = moved_fit_of(short, moving.moving_model(loadings=False), common=2)
    later = at_end_of(fit, truth)
    growth = later.posterior["residual_sd"] / fit.posterior["residual_sd"]
    assert float(np.abs(growth - 1).max()) > 0.05
    np.testing.assert_allclose(
        later.posterior["residual_loading"], fit.posterior["residual_loading"] * growth, rtol=1e-10
    )
