"""Prices of risk: laws, formulas and refusals."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.closedform.discountfactor.prices import FlatPrices, NormalPrices, prices_of_risk
from bayesfactor.closedform.discountfactor.slab import sharpe_for_slab, slab_for_sharpe
from bayesfactor.closedform.saturated import moment_draws
from tests.support.panels import make_panel


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=8, traded=1, other=1, periods=400, seed=1)


def changed(panel, returns=None, factors=None):
    """Return the panel with other values under the same labels."""
    return replace(
        panel,
        returns=panel.returns if returns is None else panel.returns.copy(data=returns),
        factors=panel.factors if factors is None else panel.factors.copy(data=factors),
    )


def test_moment_draws_follow_their_law():
    """E Sigma = S / (T - 1 - p - 1), var of its diagonal, mu ~ multivariate t; within five Monte Carlo errors."""
    values = np.random.default_rng(0).normal([1, 2, 3], [1, 2, 4], size=(30, 3)) @ np.array(
        [[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]]
    )
    t, p = values.shape
    scatter = (values - values.mean(axis=0)).T @ (values - values.mean(axis=0))
    means, covariances = (np.concatenate(parts) for parts in zip(*moment_draws(values, 40_000, 2), strict=True))
    assert means.shape == (40_000, p)

    def off(draws, wanted):
        return np.abs(draws.mean(axis=0) - wanted) / (draws.std(axis=0) / 200)

    assert off(covariances, scatter / (t - 1 - p - 1)).max() < 5
    assert off(means, values.mean(axis=0)).max() < 5
    square = np.einsum("di,ij,dj->d", means - values.mean(axis=0), np.linalg.inv(scatter), means - values.mean(axis=0))
    law = stats.f(p, t - p)  # T (T - p) / p times the square
    assert stats.kstest(square * t * (t - p) / p, law.cdf).pvalue > 0.001
    variance = stats.invgamma((t - p) / 2, scale=scatter[1, 1] / 2)
    assert stats.kstest(covariances[:, 1, 1], variance.cdf).pvalue > 0.001


@pytest.mark.parametrize("weights", ["ols", "gls"])
def test_prices_converge_to_the_plain_formula(weights):
    """With a very long history the posterior sits on (C'WC)^-1 C'Wa of the sample, to its own standard deviation."""
    panel = make_panel(assets=6, traded=2, other=0, periods=4000, seed=7)
    both = np.column_stack([panel.aligned, panel.returns.values])
    correlation = np.corrcoef(both.T)
    c, ratio = correlation[2:, :2], panel.returns.values.mean(axis=0) / panel.returns.values.std(axis=0, ddof=1)
    w = np.eye(6) if weights == "ols" else np.linalg.inv(correlation[2:, 2:])
    wanted = np.linalg.solve(c.T @ w @ c, c.T @ w @ ratio)
    found = prices_of_risk(panel, weights, draws=4000).draws
    assert (np.abs(found.mean("draw") - wanted) < 0.1 * found.std("draw")).all()


def test_one_traded_factor_among_the_assets_prices_itself():
    """An asset that is the factor plus a little noise: GLS gives the factor's own Sharpe ratio, draw by draw nearly."""
    panel = make_panel(assets=4, traded=1, other=0, periods=600, seed=3)
    noise = np.random.default_rng(1).normal(size=600) * 1e-5
    returns = panel.returns.values.copy()
    returns[:, 0] = panel.aligned[:, 0] + noise
    found = prices_of_risk(changed(panel, returns), "gls", draws=2000).draws.values[:, 0]
    factor = panel.aligned[:, 0]
    sharpe, error = factor.mean() / factor.std(ddof=1), 600**-0.5
    assert abs(found.mean() - sharpe) < 5 * error / 2000**0.5 + 1e-3
    assert found.std() == pytest.approx(error, rel=0.1)


@pytest.mark.parametrize("prior", [FlatPrices(), NormalPrices()], ids=str)
def test_units_change_nothing(panel, prior):
    one = prices_of_risk(panel, "gls", True, prior, draws=300)
    two = prices_of_risk(
        changed(panel, panel.returns.values * 100, panel.factors.values * [7.0, 0.01]), "gls", True, prior, draws=300
    )
    np.testing.assert_allclose(one.draws, two.draws, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(one.r_squared, two.r_squared, rtol=1e-7)


def test_a_useless_factor_is_crushed_by_the_prior_and_the_other_is_not():
    panel = make_panel(assets=20, traded=1, other=1, periods=800, seed=5, zero=(1,))
    flat = prices_of_risk(panel, intercept=True, draws=3000).table()
    shrunk = prices_of_risk(panel, intercept=True, prior=NormalPrices(), draws=3000).table()
    assert shrunk.loc["f1", "sd"] < 0.2 * flat.loc["f1", "sd"]
    assert (
        shrunk.loc["f0", "sd"]
        > 0.9 * prices_of_risk(panel.select(factors=["f0"]), intercept=True, draws=3000).table().loc["f0", "sd"]
    )


def test_a_wide_normal_prior_is_flat(panel):
    flat = prices_of_risk(panel, draws=200)
    wide = prices_of_risk(panel, prior=NormalPrices(strength=1e12), draws=200)
    np.testing.assert_allclose(wide.draws, flat.draws, rtol=1e-6, atol=1e-9)


def test_table_and_labels(panel):
    found = prices_of_risk(panel, intercept=True, draws=500)
    table = found.table(0.8, "hdi")
    assert list(table.index) == ["zero_beta", "f0", "f1"]
    assert table.attrs["ci_kind"] == "hdi"
    assert table.attrs["ci_prob"] == 0.8
    assert table.attrs["units"] == "Sharpe ratio, per year"
    np.testing.assert_allclose(table["mean"], table["mean_per_period"] * 252**0.5)
    assert ((table["lower"] < table["mean"]) & (table["mean"] < table["upper"])).all()
    assert not found.draws.values.flags.writeable
    again = prices_of_risk(panel, intercept=True, draws=500)
    np.testing.assert_array_equal(found.draws, again.draws)
    assert (found.sharpe >= 0).all()


def test_slab_and_sharpe_are_inverse(panel):
    largest = sharpe_for_slab(panel, 1e14)
    for intercept in (False, True):
        slab = slab_for_sharpe(panel, 0.5 * largest, inclusion=0.3, intercept=intercept)
        assert sharpe_for_slab(panel, slab, inclusion=0.3, intercept=intercept) == pytest.approx(0.5 * largest)
    with pytest.raises(bf.SpecError, match=r"slab_for_sharpe\.sharpe"):
        slab_for_sharpe(panel, 1.01 * largest)
    with pytest.raises(bf.SpecError, match="inclusion"):
        slab_for_sharpe(panel, 0.1, inclusion=1.0)
    with pytest.raises(bf.SpecError, match=r"sharpe_for_slab\.slab"):
        sharpe_for_slab(panel, 0)


def test_refusals(panel):
    with pytest.raises(bf.SpecError, match="Did you mean 'gls'"):
        prices_of_risk(panel, "gsl")
    with pytest.raises(bf.SpecError, match=r"prices_of_risk\.prior"):
        prices_of_risk(panel, prior="flat")
    with pytest.raises(bf.SpecError, match=r"NormalPrices\.strength"):
        prices_of_risk(panel, prior=NormalPrices(0))
    with pytest.raises(bf.SpecError, match=r"NormalPrices\.decay"):
        prices_of_risk(panel, prior=NormalPrices(1, -1))
    with pytest.raises(bf.SpecError, match="draws is 1"):
        prices_of_risk(panel, draws=1)
    with pytest.raises(bf.SpecError, match=r"seed is 0\.5"):
        prices_of_risk(panel, seed=0.5)
    with pytest.raises(bf.SpecError, match="must be True or False"):
        prices_of_risk(panel, intercept="yes")
    with pytest.raises(bf.SpecError, match="expected a Panel"):
        prices_of_risk(panel.returns)
    with pytest.raises(bf.DataError, match="needs more than 3 assets"):
        prices_of_risk(panel.select(assets=panel.assets[:3]))
    with pytest.raises(bf.DataError, match="have gaps"):
        prices_of_risk(make_panel(assets=5, periods=100, shortest=30))
    with pytest.raises(bf.DataError, match="needs more than"):
        prices_of_risk(make_panel(assets=30, periods=34))
    returns = panel.returns.values.copy()
    returns[:, 2] = panel.aligned[:, 0]
    with pytest.raises(bf.DataError, match="is a combination of other series") as caught:
        prices_of_risk(changed(panel, returns))
    assert caught.value.series in ("f0", "a02")
    returns[:, 2] = 0.0
    with pytest.raises(bf.DataError, match="'a02' is constant"):
        prices_of_risk(changed(panel, returns))


def test_arrays_of_the_caller_do_not_change(panel):
    before = xr.DataArray(panel.returns).copy(deep=True)
    prices_of_risk(panel, draws=50)
    xr.testing.assert_identical(before, panel.returns)
