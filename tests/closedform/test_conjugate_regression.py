"""Conjugate regressions: the prior counts as observations would, and an asset without data gets it back."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.regressions.asset_regressions import own_fits
from bayesfactor.closedform.regressions.conjugate import KnownResidual, UncertainResidual, conjugate_regression
from bayesfactor.spec.alphas import FreeAlpha
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.priors import Normal, NormalRate, Rate
from tests.support.panels import make_panel

LOADINGS = FreeLoadings(
    prior=(("market", LoadingPrior(Normal(1.0, 0.4), "beta")), ("default", LoadingPrior(Normal(0.2, 0.3), "beta")))
)
ALPHA = FreeAlpha(NormalRate(Rate(2.0), Rate(5.0)))
CENTRE, WIDTH = np.array([0.02 / 252, 1.0, 0.2, 0.2]), np.array([0.05 / 252, 0.4, 0.3, 0.3])


def with_prior_rows(panel, i, scale):
    """Regressors and returns of asset i over `scale`, below the prior written as observations."""
    y = panel.returns.values[:, i]
    seen = np.isfinite(y)
    x = np.column_stack([np.ones(seen.sum()), panel.aligned[seen]])
    return np.vstack([np.diag(1 / WIDTH), x / scale]), np.append(CENTRE / WIDTH, y[seen] / scale)


def test_known_residual_is_least_squares_with_the_prior_as_observations():
    panel = make_panel(shortest=5, seed=4)
    result = conjugate_regression(panel, LOADINGS, ALPHA, KnownResidual(Rate(20.0)))
    for i in range(len(panel.assets)):
        x, y = with_prior_rows(panel, i, 0.2 / 252**0.5)
        inverse = np.linalg.inv(x.T @ x)
        np.testing.assert_allclose(result.mean.values[i], inverse @ x.T @ y, rtol=1e-8)
        np.testing.assert_allclose(result.covariance.values[i], inverse, rtol=1e-7, atol=1e-16)


def test_uncertain_residual_is_the_normal_inverse_gamma_posterior():
    panel = make_panel(shortest=5, seed=4)
    weight, scale = 6.0, 0.3 / 252**0.5
    result = conjugate_regression(panel, LOADINGS, ALPHA, UncertainResidual(Rate(30.0), weight))
    for i in range(len(panel.assets)):
        x, y = with_prior_rows(panel, i, scale)
        inverse = np.linalg.inv(x.T @ x)
        mean = inverse @ x.T @ y
        dof = weight + len(y) - len(CENTRE)
        squares = weight + y @ y - mean @ x.T @ x @ mean  # in units of scale^2
        np.testing.assert_allclose(result.mean.values[i], mean, rtol=1e-8)
        np.testing.assert_allclose(result.sigma.values[i] ** 2, scale**2 * squares / (dof - 2), rtol=1e-6)
        np.testing.assert_allclose(result.covariance.values[i], squares / (dof - 2) * inverse, rtol=1e-6, atol=1e-16)
        assert result.dof.values[i] == dof


def test_an_asset_without_data_gets_the_prior():
    panel = make_panel()
    empty = replace(panel, returns=panel.returns.where(panel.returns["asset"] != "a03"))
    result = conjugate_regression(empty, LOADINGS, ALPHA, UncertainResidual(Rate(30.0), 10.0))
    np.testing.assert_allclose(result.mean.sel(asset="a03"), CENTRE)
    np.testing.assert_allclose(result.sd.sel(asset="a03"), WIDTH * (10 / 8) ** 0.5)
    assert result.count.sel(asset="a03") == 0
    with pytest.raises(DataError, match="'a03' has 0 returns"):
        conjugate_regression(empty)


def test_vague_priors_give_least_squares_and_its_errors():
    panel = make_panel(periods=400, shortest=60, seed=1)
    vague = FreeLoadings(prior=(("default", LoadingPrior(Normal(0.0, 1e4), "beta")),))
    result = conjugate_regression(panel, vague, FreeAlpha(NormalRate(Rate(0.0), Rate(1e6))), KnownResidual())
    fits = own_fits(panel, "test")
    np.testing.assert_allclose(result.mean, fits.coefficient, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(result.sd, fits.error, rtol=1e-5)


def test_units_of_a_factor_do_not_matter_to_standardised_priors():
    panel = make_panel(seed=5)
    grown = replace(panel, factors=panel.factors * np.array([1.0, 1.0, 40.0]))
    before, after = conjugate_regression(panel), conjugate_regression(grown)
    np.testing.assert_allclose(after.mean.sel(coefficient="f2") * 40, before.mean.sel(coefficient="f2"), rtol=1e-6)
    np.testing.assert_allclose(after.mean.sel(coefficient="alpha"), before.mean.sel(coefficient="alpha"), rtol=1e-6)


def test_table():
    result = conjugate_regression(make_panel(), residual=KnownResidual(Rate(20.0)))
    table = result.table(ci_prob=0.95)
    row = table.loc[("a00", "alpha")]
    np.testing.assert_allclose(row["mean"], 252 * row["mean_per_period"])
    np.testing.assert_allclose(row["upper"] - row["mean"], 1.959964 * row["sd"], rtol=1e-6)
    assert table.attrs["ci_prob"] == 0.95
    with pytest.raises(SpecError, match="ci_prob"):
        result.table(ci_prob=90)


def test_intervals_are_those_of_the_student_law():
    result = conjugate_regression(make_panel(periods=12), residual=UncertainResidual(Rate(20.0), 3.0))
    rng, dof = np.random.default_rng(1), 15
    draws = rng.standard_t(dof, 200_000) * (dof - 2) ** 0.5 / dof**0.5
    row = result.table().loc[("a00", "f0")]
    np.testing.assert_allclose((row["upper"] - row["mean"]) / row["sd"], np.quantile(draws, 0.95), rtol=0.01)


def test_bad_choices():
    panel = make_panel()
    with pytest.raises(SpecError, match="FreeLoadings"):
        conjugate_regression(panel, Normal(0.0, 1.0))
    with pytest.raises(SpecError, match="FreeAlpha"):
        conjugate_regression(panel, alpha=NormalRate(Rate(0.0), Rate(5.0)))
    with pytest.raises(SpecError, match="KnownResidual"):
        conjugate_regression(panel, residual=0.2)
    with pytest.raises(SpecError, match="no prior for factor"):
        conjugate_regression(panel, FreeLoadings(prior=(("market", LoadingPrior(Normal())),)))
    with pytest.raises(SpecError, match=r"UncertainResidual\.weight"):
        UncertainResidual(weight=2.0)
    with pytest.raises(SpecError, match="must be positive"):
        conjugate_regression(panel, residual=KnownResidual(Rate(0.0)))
    with pytest.raises(SpecError, match="expected a Panel"):
        conjugate_regression({})


def test_series_that_never_change():
    panel = make_panel()
    still = replace(panel, returns=panel.returns.where(panel.returns["asset"] != "a03", 0.0))
    with pytest.raises(DataError, match="'a03' are constant"):
        conjugate_regression(still)
    assert np.isfinite(conjugate_regression(still, residual=KnownResidual(Rate(20.0))).table()).all(axis=None)
    flat = replace(panel, factors=panel.factors.where(panel.factors["factor"] != "f1", 0.0))
    with pytest.raises(DataError, match="'f1' is constant"):
        conjugate_regression(flat, residual=KnownResidual(Rate(20.0)))
