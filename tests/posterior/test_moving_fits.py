"""Fits whose volatility and loadings move: residuals, likelihoods, means and variances are those of each date."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.base.wording import percent
from bayesfactor.paths.discounted_covariance import discount_of
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.diagnostics import sampler_checks
from bayesfactor.posterior.implied_moments import calm_against_turbulent
from bayesfactor.posterior.residuals import thin
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.sample_variance import dated_variance
from tests.support.moving import moving_model


def with_draws(fit, **variables):
    """Return the fit with some variables of its posterior replaced."""
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(data["posterior"].to_dataset().assign(variables))
    return replace(fit, data=data)


def ahead(fit):
    """Return the fit with other draws of the next period: what is said of the past must not change.

    But for loadings: their paths are drawn back from those of the next period.
    """
    draws = fit.posterior
    return with_draws(
        fit,
        residual_sd=2 * draws["residual_sd"],
        volatility_now=2 * draws["volatility_now"],
        factor_cov=3 * draws["factor_cov"],
    )


def test_the_loglikelihood_is_that_of_each_dates_residual_and_standard_deviation(moving_fit):
    fit = replace(moving_fit, data=moving_fit.data.isel(draw=slice(0, 5)))
    found, by_asset = bf.log_likelihood(fit), bf.log_likelihood(fit, per="asset")
    dated = Dated(fit, fit.posterior)
    total = np.zeros((dated.level.shape[0], len(fit.panel.times)))
    dof = fit.posterior["dof"].values.ravel()[:, None]
    path = fit.movement.residuals
    g = path.drift / path.weight[:, None] ** 0.5
    for i, name in enumerate(fit.panel.assets):
        rows, residual, _ = dated.residuals(i)
        sd = fit.posterior["residual_sd"].values[..., i] / fit.posterior["volatility_now"].values
        scale = sd.ravel()[:, None] / path.next_drift[i] * g[rows, i] * np.sqrt((dof - 2) / dof)
        density = stats.t.logpdf(residual, dof, scale=scale)
        total[:, rows] += density
        np.testing.assert_allclose(by_asset.sel(unit=name).values.ravel(), density.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found.values.reshape(total.shape), total, rtol=1e-8, atol=1e-8)


def test_the_factors_loglikelihood_foretells_each_row_from_those_before(moving_fit):
    fit = replace(moving_fit, data=moving_fit.data.isel(draw=slice(0, 2)))
    found = bf.factor_log_likelihood(fit).values[1, 0]
    total = bf.log_likelihood(fit, per="asset").sel(unit="factors").values[1, 0]
    assert found.sum() == pytest.approx(total, rel=1e-12)
    one = fit.posterior.isel(chain=1, draw=0)
    d, prior = float(discount_of(float(one["factor_memory"]))), fit.priors.factors
    count = prior.covariance_dof - 3
    scatter = np.diag(prior.covariance_scale)
    for row, u in enumerate(fit.panel.factors.values - one["factor_mean"].values):
        count, scatter = d * count, d * scatter
        law = stats.multivariate_t(shape=scatter / (count + 2), df=count + 2)
        assert found[row] == pytest.approx(law.logpdf(u), rel=1e-8)
        count, scatter = count + 1, scatter + np.outer(u, u)


def test_a_date_is_not_left_out_of_a_path(moving_fit, hier_fit):
    with pytest.raises(SpecError, match="their paths have seen each date") as error:
        moving_fit.with_log_likelihood()
    assert "bf.score" in error.value.remedy
    assert "log_likelihood" in hier_fit.with_log_likelihood().data.children


def test_what_is_said_of_the_past_does_not_change_with_the_next_period(moving_fit):
    other = ahead(moving_fit)
    for fit in (moving_fit, other):
        assert fit.misfit.checks
    before, after = moving_fit.misfit.assets, other.misfit.assets
    for name in ("implied_mean", "implied_gap", "variance_ratio", "prob_variance"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6)
    one, two = bf.check(moving_fit), bf.check(other)
    np.testing.assert_allclose(one.shrinkage, two.shrinkage, rtol=1e-9)
    np.testing.assert_allclose(one.assets["prob_tails"], two.assets["prob_tails"])
    np.testing.assert_allclose(one.pairs["correlation"], two.pairs["correlation"], rtol=1e-9)
    np.testing.assert_allclose(bf.identify(moving_fit).strength, bf.identify(other).strength, rtol=1e-9)
    np.testing.assert_allclose(bf.price(moving_fit).predicted, bf.price(other).predicted, rtol=1e-9)


def test_a_right_model_passes_its_checks_of_moments(moving_fit):
    assert not [check.name for check in moving_fit.misfit.checks if check.passed is False]
    ratio = moving_fit.misfit.assets["variance_ratio"]
    assert 0.8 < ratio.median() < 1.25
    names = [check.name for check in moving_fit.misfit.checks]
    assert "means: turbulent periods against calm ones (SE)" in names


def test_calm_against_turbulent_is_the_mean_less_that_of_weighted_least_squares(volatile_fit):
    dated = Dated(volatile_fit, thin(volatile_fit, 100))
    panel, weight, apart = volatile_fit.panel, volatile_fit.movement.residuals.precision, []
    for i in range(len(panel.assets)):
        seen = np.isfinite(panel.returns.values[:, i])
        x, y, w = (
            np.column_stack([np.ones(seen.sum()), panel.aligned[seen]]),
            panel.returns.values[seen, i],
            weight[seen, i],
        )
        fitted = np.linalg.solve((x.T * w) @ x, (x.T * w) @ y)
        apart.append(y.mean() - x.mean(axis=0) @ fitted)
    away, errors = calm_against_turbulent(dated, np.ones(len(apart), dtype=bool))
    assert away == pytest.approx(np.mean(apart), rel=1e-8, abs=1e-12)
    assert abs(errors) < 3.5


def test_means_that_calm_periods_rule_have_their_own_words(volatile_fit):
    """Returns that are .5 standard deviations higher on turbulent dates of every asset."""
    path = volatile_fit.movement.residuals
    loud = path.weight < np.quantile(path.weight, 0.25)
    returns = volatile_fit.panel.returns
    panel = replace(volatile_fit.panel, returns=returns + 0.03 * xr.DataArray(loud, {"time": returns["time"]}, "time"))
    fit = bf.fit(panel, moving_model(factors=False, loadings=False), bf.Sampler(draws=250, tune=300, progress=False))
    checks = {check.name: check for check in fit.misfit.checks}
    failed = checks["means: average implied mean against sample mean (SE)"]
    assert failed.passed is False
    assert "than with turbulent ones counted less, as the model does" in failed.advice
    away, errors = calm_against_turbulent(Dated(fit, thin(fit, 200)), np.ones(len(fit.panel.assets), dtype=bool))
    yearly = away * fit.panel.periods_per_year
    assert f"earned {percent(yearly, yearly / errors)} (" in failed.advice
    assert "'static'" in failed.advice
    assert checks["means: turbulent periods against calm ones (SE)"].exceeds_limit


def test_the_law_of_a_variance_under_a_path_is_chi_squared_where_the_path_is_flat():
    law = NormalNoise.__new__(NormalNoise)
    rng, draws = np.random.default_rng(0), {"residual_sd": np.ones(2000)}
    seen = np.ones((40, 2), dtype=bool)
    seen[:15, 1] = False
    flat = dated_variance(law, seen, np.full((40, 2), 3.0), draws, rng)
    for asset, count in ((0, 40), (1, 25)):
        for p in (0.05, 0.5, 0.95):
            assert flat.cdf(np.full(2000, stats.chi2.ppf(p, count - 1)), asset) == pytest.approx(p, abs=0.02)
    steep = dated_variance(law, seen, np.tile(np.exp(np.linspace(-2, 2, 40))[:, None], 2), draws, rng)
    assert steep.found[0].mean() == pytest.approx(1.0, abs=0.05)
    assert np.ptp(steep.quantile(np.array([0.05, 0.95]), 0)) > 1.5 * np.ptp(flat.quantile(np.array([0.05, 0.95]), 0))


def celled(chains=4, draws=1000):
    """Return draws and record of two cells in turn, right in every respect."""
    rng = np.random.default_rng(0)
    cell = np.tile(np.arange(draws) % 2, (chains, 1))
    dims = ("chain", "draw")
    stats_ = {"energy": (dims, rng.normal(size=cell.shape)), "cell": (dims, cell)}
    return xr.Dataset({"alpha": (dims, rng.normal(size=cell.shape))}), xr.Dataset(stats_), cell[0]


def named(posterior, record):
    return {check.name: check for check in sampler_checks(posterior, record)}


def test_a_cell_that_did_not_converge_is_found_among_the_others():
    posterior, record, cell = celled()
    good = named(posterior, record)
    assert all(good[name].passed for name in ("R-hat", "effective draws, bulk", "E-BFMI"))
    away = posterior["alpha"].copy(deep=True)
    away[0, cell == 1] += 0.35
    found = named(posterior.assign(alpha=away), record)["R-hat"]
    assert (found.passed, found.worst) == (False, "alpha, cell 1")
    slow = record["energy"].copy(deep=True)
    slow[2, cell == 0] = np.cumsum(np.random.default_rng(1).normal(size=500))
    assert named(posterior, record.assign(energy=slow))["E-BFMI"].value < 0.1
    walk = posterior["alpha"].copy(deep=True)
    walk[:, cell == 1] = np.sin(np.linspace(0, 30 * np.pi, 500)) + 0.3 * walk[:, cell == 1]
    bulk = named(posterior.assign(alpha=walk), record)["effective draws, bulk"]
    alone = named(posterior.assign(alpha=walk), record.drop_vars("cell"))["effective draws, bulk"]
    assert bulk.value < alone.value
    assert bulk.worst == "alpha, cell 1"


def test_a_description_says_what_moves(moving_fit, hier_fit):
    lines = moving_fit.describe().moves
    assert [line.split(" ")[0] for line in lines] == ["residual", "covariance", "loadings"]
    assert f"{float(moving_fit.posterior['volatility_now'].mean()):.2f} times its typical level" in lines[0]
    assert "What moves" in str(moving_fit.describe())
    assert hier_fit.describe().moves == ()
    assert "What moves" not in str(hier_fit.describe())


def test_draws_of_another_program_have_no_path(moving_fit):
    draws = moving_fit.posterior
    fit = bf.from_draws(moving_fit.panel, draws, model=moving_model())
    assert fit.movement is None
    report = bf.check(fit)
    lost = [check for check in report.checks if check.uncomputed]
    names = {check.name for check in lost}
    assert {"variance: implied over sample, median", "shrinkage of loadings, median"} <= names
    assert "means: average implied mean against sample mean (SE)" in names
    assert any("no record of the path of 'volatility_now'" in check.advice for check in lost)
    assert report.assets["implied_gap"].isna().all()
    np.testing.assert_allclose(report.assets["premium"], moving_fit.misfit.assets["premium"], rtol=1e-9)
    with pytest.raises(FitError, match="no record of the path"):
        bf.log_likelihood(fit)
    with pytest.raises(FitError, match="'dof'"):
        bf.from_draws(moving_fit.panel, draws.drop_vars("dof"), model=moving_model())
    assert len(bf.attribute(fit).table())
