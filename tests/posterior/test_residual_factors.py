"""Residual factors in draws: the law of whole residuals, their joint density, and the factors drawn again."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import multivariate_normal, norm

import bayesfactor as bf
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.dated_posterior import drawn_once, of_posterior
from bayesfactor.posterior.log_likelihood import log_likelihood
from bayesfactor.posterior.next_period import at_end_of
from bayesfactor.posterior.residual_factors import ResidualFactors
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
        assert (np.abs(found[:, :, t].mean(0) - mean) < 4.5 * sd / np.sqrt(6000)).all()
        assert (np.abs(np.cov(found[:, :, t].T) - cov) < 4.5 * 2**0.5 * np.outer(sd, sd) / np.sqrt(6000)).all()


@pytest.fixture(scope="module")
def moved():
    panel = moving.moving_panel(seed=1, assets=4, periods=90, late=1).panel
    return moved_fit_of(panel, moving.moving_model(factors=False), common=2, draws=40)


@pytest.mark.parametrize("name", ["fit", "moved"])
def test_they_are_the_same_whatever_other_draws_there_are(name, request):
    fit = request.getfixturevalue(name)
    some = fit.posterior.isel(draw=slice(1, None, 3))
    every = Dated(fit, fit.posterior).common.reshape(2, -1, 2, len(fit.panel.times))[:, 1::3]
    np.testing.assert_allclose(Dated(fit, some).common, every.reshape(-1, *every.shape[2:]), rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def repeated():
    """One draw many times, of loadings that move as in the cell in which they move most."""
    panel = moving.moving_panel(seed=2, assets=3, periods=80, late=1, move=0.6).panel
    model = moving.moving_model(residuals=False, factors=False)
    fit = moved_fit_of(panel, model, chains=1, draws=4, doubt=0.0, common=1, repeat=1000)
    posterior, paths = fit.posterior, fit.movement.loadings
    cell = int(np.argmax(paths.move))
    for name, values in (("loading_move", paths.move), ("loading_memory", paths.memory)):
        posterior[name] = xr.full_like(posterior[name], values[cell])
    posterior["loading"] = posterior["loading_long_run"] + 0.1
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(posterior)
    return replace(fit, data=data)


def joint_law(fit, dated):
    """Return precision and linear term of v (asset, block and ahead, factor), then z (time), given the returns."""
    kappa, phi = fit.movement.loadings.laws[dated.cell[0]]
    blocks, (assets, factors) = dated.filters[0], dated.coefficients.shape[1:] - np.array([0, 1])
    many, times = len(blocks.edges) - 1, len(fit.panel.times)
    loading, sd = flat(fit, "residual_loading", "asset", "residual_factor")[0], flat(fit, "residual_sd", "asset")[0]
    place = np.append(np.arange(many), many - 0.5)
    prior = np.linalg.inv(kappa**2 * phi ** np.abs(np.subtract.outer(place, place)))
    size = (many + 1) * factors
    precision, linear = np.eye(assets * size + times), np.zeros(assets * size + times)
    for i in range(assets):
        rows, returns, x = regressors(fit.panel, i)
        own, block = slice(i * size, (i + 1) * size), np.searchsorted(blocks.edges, rows, side="right") - 1
        design = np.zeros((rows.size, len(linear)))
        for k in range(factors):
            design[np.arange(rows.size), i * size + block * factors + k] = (x @ blocks.move)[:, k]
        design[np.arange(rows.size), assets * size + rows] = loading[i, 0]
        precision[own, own] = np.kron(prior, np.eye(factors)) / sd[i] ** 2
        precision, linear = (
            precision + design.T @ design / sd[i] ** 2,
            linear + design.T @ (returns - dated.coefficients[0, i] @ x.T) / sd[i] ** 2,
        )
    return precision, linear, size


def held_to(draws, precision, linear, given):
    """Hold draws (sample, unknown) to a normal law, some of whose variables are given: NaN of the others."""
    free = np.isnan(given)
    cov = np.linalg.inv(precision[np.ix_(free, free)])
    mean, sd = cov @ (linear[free] - precision[np.ix_(free, ~free)] @ given[~free]), np.sqrt(np.diag(cov))
    assert np.abs((draws.mean(0) - mean) / sd).max() < 4.5 / np.sqrt(len(draws))
    assert np.abs(draws.std(0) / sd - 1).max() < 4.5 / np.sqrt(2 * len(draws))


def test_moves_and_residual_factors_have_their_joint_law(repeated):
    """Against the dense normal law of both, given returns and the next period's loadings."""
    dated = Dated(repeated, repeated.posterior)
    precision, linear, size = joint_law(repeated, dated)
    unit, z = dated.filters[0].unit, dated.common[:, 0]
    moves = [dated.moves(i).reshape(len(z), -1) / np.tile(unit, size // 2 - 1) for i in range(3)]
    given = np.full(len(linear), np.nan)
    for i in range(3):
        given[(i + 1) * size - 2 : (i + 1) * size] = 0.1 / unit
    held_to(np.concatenate([*moves, z], axis=1), precision, linear, given)


def test_loadings_after_newer_rows_have_their_law(repeated):
    """Given returns and the residual factors of the first rows; the next period's loadings are not known."""
    first = np.broadcast_to(np.linspace(-1, 1, 70), (4000, 1, 70))
    dated = Dated(repeated, repeated.posterior, first)
    precision, linear, size = joint_law(repeated, dated)
    unit, z = dated.filters[0].unit, dated.common[:, 0]
    np.testing.assert_array_equal(z[:, :70], first[:, 0])
    moves = [dated.moves(i).reshape(len(z), -1) / np.tile(unit, size // 2 - 1) for i in range(3)]
    ahead = dated.moves_ahead(np.random.default_rng(7)) / unit
    parts = [part for i in range(3) for part in (moves[i], ahead[:, i])]
    given = np.full(len(linear), np.nan)
    given[3 * size : 3 * size + 70] = first[0, 0]
    held_to(np.concatenate([*parts, z[:, 70:]], axis=1), precision, linear, given)


@pytest.mark.parametrize("loadings", [False, True])
def test_newer_rows_move_residual_loadings_as_they_do_standard_deviations(loadings):
    truth = moving.moving_panel(seed=4, assets=4, periods=120, late=1).panel
    short = replace(truth, returns=truth.returns.isel(time=slice(100)), factors=truth.factors.isel(time=slice(100)))
    fit = moved_fit_of(short, moving.moving_model(loadings=loadings), common=2)
    later = at_end_of(fit, truth)
    growth = later.posterior["residual_sd"] / fit.posterior["residual_sd"]
    assert float(np.abs(growth - 1).max()) > 0.05
    np.testing.assert_allclose(
        later.posterior["residual_loading"], fit.posterior["residual_loading"] * growth, rtol=1e-10
    )
    again = at_end_of(fit, truth)
    np.testing.assert_array_equal(later.posterior["loading"], again.posterior["loading"])
    assert bool((later.posterior["loading"] != fit.posterior["loading"]).any()) == loadings


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_no_residual_factors_are_none_to_a_fit(fit, tmp_path, suffix):
    """As where they are counted and none are found."""
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(fit.posterior.isel(residual_factor=slice(0)))
    empty = replace(fit, data=data)
    assert "residual_loading" not in empty.posterior
    assert "common residual" not in bf.attribute(empty, "variance").draws["source"].values
    assert "residual_loading" not in bf.open_fit(empty.save(tmp_path / f"run.{suffix}")).posterior


def test_a_scope_of_several_questions_draws_residual_factors_once(fit, monkeypatch):
    drawn = []
    law = ResidualFactors.draw
    monkeypatch.setattr(ResidualFactors, "draw", lambda *given: drawn.append(1) or law(*given))
    apart = [bf.attribute(fit, "return", compounded=how).table(rounded=False) for how in (False, True)]
    assert len(drawn) == 2
    with drawn_once():
        together = [bf.attribute(fit, "return", compounded=how).table(rounded=False) for how in (False, True)]
        assert of_posterior(fit) is of_posterior(fit)
    assert len(drawn) == 3
    assert of_posterior(fit) is not of_posterior(fit)
    for one, other in zip(apart, together, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
