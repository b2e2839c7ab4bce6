"""Mean and covariance of the predictive law: formulas, simulation of what moves, laws, and input that is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.scenarios.simulation import paths
from bayesfactor.posterior.predictive_law import law_of
from tests.support.books import AT, book_fit, option
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=5, traded=2, other=1, periods=120, seed=2)


@pytest.fixture(scope="module")
def static(panel):
    return bf.from_draws(panel, synthetic_draws(panel))


@pytest.fixture(scope="module")
def moving(panel):
    return bf.from_draws(panel, synthetic_draws(panel, moving=MOVING, dof=6, common=2))


def by_draw(fit):
    """Mean and covariance of one period, draw by draw, as the equations have them."""
    flat = fit.posterior.stack(sample=("chain", "draw"), create_index=False).transpose("sample", ...)
    means, covariances = [], []
    for s in range(flat.sizes["sample"]):
        one = {name: flat[name].values[s] for name in flat.data_vars}
        means.append(one["alpha"] + one["loading"] @ one["risk_premium"])
        noise = np.diag(one["residual_sd"] ** 2)
        if "residual_loading" in one:
            noise = noise + one["residual_loading"] @ one["residual_loading"].T
        covariances.append(one["loading"] @ one["factor_cov"] @ one["loading"].T + noise)
    return np.array(means), np.array(covariances)


@pytest.mark.parametrize("name", ["static", "moving"])
def test_one_period_is_the_average_over_draws(name, request):
    fit = request.getfixturevalue(name)
    means, covariances = by_draw(fit)
    found = bf.moments(fit)
    np.testing.assert_allclose(found.mean, means.mean(0), rtol=1e-12)
    of_means = np.cov(means.T, ddof=0)
    np.testing.assert_allclose(found.mean_covariance, of_means, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, covariances.mean(0) + of_means, rtol=1e-10)
    parts = found.from_factors + found.from_residuals + found.mean_covariance
    np.testing.assert_allclose(found.covariance, parts, rtol=1e-12)
    assert list(found.covariance.index) == list(found.covariance.columns) == list(fit.panel.assets)
    assert found.problems == fit.problems


def test_the_doubt_about_the_mean_grows_with_the_square_of_the_horizon(static):
    means, covariances = by_draw(static)
    found = bf.moments(static, periods=7)
    np.testing.assert_allclose(found.mean, 7 * means.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, 7 * covariances.mean(0) + 49 * np.cov(means.T, ddof=0), rtol=1e-10)


@pytest.mark.parametrize("what", [("loading",), ("volatility",), ("factors",), MOVING])
def test_a_sum_of_periods_is_that_of_simulated_paths(panel, what):
    """Two draws, each with many paths: the simulation knows the steps, and not their sums."""
    many = 60_000
    draws = synthetic_draws(panel, chains=1, draws=4, moving=what, dof=8, common=1)
    fit = bf.from_draws(panel, draws)
    repeated = bf.from_draws(
        panel, draws.isel(draw=np.repeat(np.arange(4), many // 4)).drop_vars("draw", errors="ignore")
    )
    rng = np.random.default_rng(1)
    total = sum(period.returns for period in paths(law_of(repeated, repeated.posterior), 12, rng))
    found = bf.moments(fit, periods=12)
    error = total.std(0) / np.sqrt(many)
    assert (np.abs(total.mean(0) - found.mean) < 4.5 * error).all()
    sample, wanted = np.cov(total.T), found.covariance.to_numpy()
    sd = np.sqrt(np.diag(wanted))
    assert np.abs((sample - wanted) / np.outer(sd, sd)).max() < 0.03  # 4.5 errors of a variance with these tails


def test_what_moves_by_nothing_is_static(panel, static):
    """Memories and sizes that leave everything where it is give the sums of a static law, term by term."""
    draws = static.posterior
    one = xr.ones_like(draws["alpha"].isel(asset=0, drop=True))
    still = draws.assign(
        loading_long_run=draws["loading"] + 0,
        loading_move=0 * one,
        loading_memory=5 * one,
        volatility_now=one,
        volatility_memory=5 * one,
        volatility_size=0 * one,
        factor_cov_long_run=draws["factor_cov"] + 0,
        factor_memory=5 * one,
    )
    for periods in (1, 5, 300):
        found, wanted = bf.moments(bf.from_draws(panel, still), periods), bf.moments(static, periods)
        np.testing.assert_allclose(found.covariance, wanted.covariance, rtol=1e-10)
        np.testing.assert_allclose(found.mean, wanted.mean, rtol=1e-10)


@pytest.mark.parametrize("name", ["static", "moving"])
def test_the_year_is_the_sum_of_its_periods(name, request):
    fit = request.getfixturevalue(name)
    year = fit.panel.periods_per_year
    annual, direct = bf.moments(fit).annual, bf.moments(fit, periods=year)
    np.testing.assert_array_equal(annual.covariance, direct.covariance)
    assert annual.periods == direct.periods == year
    assert annual.annual is direct.annual is None


def test_the_year_of_what_reverts_is_not_so_many_times_the_next_period(moving):
    found = bf.moments(moving)
    assert (
        np.diag(found.annual.from_residuals) < 0.8 * moving.panel.periods_per_year * np.diag(found.from_residuals)
    ).all()


def test_the_mean_is_the_premium(static):
    premium = bf.attribute(static, "premium").draws.sel(source="total").mean(("chain", "draw"))
    found = bf.moments(static)
    np.testing.assert_allclose(found.mean * static.panel.periods_per_year, premium, rtol=1e-12)
    np.testing.assert_allclose(found.annual.mean, premium, rtol=1e-12)


def test_the_variance_is_that_of_the_attribution(static):
    year = static.panel.periods_per_year
    draws = bf.attribute(static, "variance").draws.mean(("chain", "draw"))
    found = bf.moments(static)
    np.testing.assert_allclose(np.diag(found.from_residuals) * year, draws.sel(source="idiosyncratic"), rtol=1e-10)
    factors = draws.sel(source=list(static.panel.factor_names)).sum("source")
    np.testing.assert_allclose(np.diag(found.from_factors) * year, factors, rtol=1e-10)


def test_a_zero_beta_rate_is_part_of_the_mean(panel, static):
    rate = 1e-3 * xr.ones_like(static.posterior["alpha"].isel(asset=0, drop=True))
    found = bf.moments(bf.from_draws(panel, static.posterior.assign(zero_beta=rate)))
    np.testing.assert_allclose(found.mean, bf.moments(static).mean + 1e-3, rtol=1e-12)


def test_assets_in_another_order_are_the_same_assets(panel, moving):
    names = [*panel.assets[::-1]]
    other = bf.from_draws(panel.select(names), moving.posterior)
    for periods in (1, 6):
        one, two = bf.moments(moving, periods), bf.moments(other, periods)
        np.testing.assert_allclose(two.covariance.loc[panel.assets, panel.assets], one.covariance, rtol=1e-10)
        np.testing.assert_allclose(two.mean[list(panel.assets)], one.mean, rtol=1e-10)


def test_the_unit_of_a_factor_does_not_matter(panel, moving):
    size = xr.DataArray([100.0, 1.0, 0.5], {"factor": list(panel.factor_names)}, ("factor",))
    both = size * size.rename(factor="factor_other")
    draws = moving.posterior
    scaled = draws.assign(
        {name: draws[name] / size for name in ("loading", "loading_long_run")}
        | {name: draws[name] * size for name in ("factor_mean", "risk_premium")}
        | {name: draws[name] * both for name in ("factor_cov", "factor_cov_long_run")}
    )
    other = bf.from_draws(replace(panel, factors=panel.factors * size), scaled)
    for periods in (1, 6):
        one, two = bf.moments(moving, periods), bf.moments(other, periods)
        np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-9)


def test_newer_rows_change_nothing_that_is_static(panel, static):
    longer = make_panel(assets=5, traded=2, other=1, periods=120, seed=2)
    first = replace(panel, returns=panel.returns[:100], factors=panel.factors[:100])
    fit = bf.from_draws(first, static.posterior)
    np.testing.assert_array_equal(bf.moments(fit, after=longer).covariance, bf.moments(fit).covariance)


@pytest.mark.parametrize("periods", [0, -1, 1.5, True, "12", None])
def test_periods_are_a_positive_integer(static, periods):
    with pytest.raises(bf.SpecError, match=r"moments: periods is .*positive integer"):
        bf.moments(static, periods)


def test_only_a_fit_has_moments(panel):
    with pytest.raises(bf.FitError, match="moments: expected a Fit, found Panel"):
        bf.moments(panel)
    with pytest.raises(bf.SpecError, match="moments needs single returns"):
        bf.moments(bf.from_draws(panel, synthetic_draws(panel)), after=3)


WEIGHTS = {"a00": 0.5, "a01": -0.2, "a04": 1.1}


@pytest.mark.parametrize("name", ["static", "moving"])
@pytest.mark.parametrize("periods", [1, 7])
def test_a_portfolio_has_the_moments_of_its_weights(name, periods, request):
    fit = request.getfixturevalue(name)
    found, assets = bf.moments(fit, periods, WEIGHTS), bf.moments(fit, periods)
    w = pd.Series(WEIGHTS).reindex(assets.mean.index).fillna(0.0)
    for one, of in ((found, assets), (found.annual, assets.annual)):
        assert list(one.mean.index) == [*fit.panel.assets, "portfolio"]
        np.testing.assert_allclose(one.mean["portfolio"], w @ of.mean, rtol=1e-10)
        for part in ("covariance", "from_factors", "from_residuals", "mean_covariance"):
            own, wanted = getattr(one, part), getattr(of, part)
            np.testing.assert_allclose(own.loc["portfolio", "portfolio"], w @ wanted @ w, rtol=1e-9)
            np.testing.assert_allclose(own.loc["portfolio", w.index], wanted @ w, rtol=1e-9, atol=1e-15)
            np.testing.assert_allclose(own.loc[w.index, w.index], wanted, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("made", [{}, {"moving": MOVING, "common": 1}])
def test_a_book_of_options_has_the_moments_of_its_exposures(made):
    fit = book_fit(**made)
    book = bf.Book([option(), option("a01", "put", 90.0, 30, quantity=2.0)], at=AT, volatility="vol", rate="rates")
    found = bf.moments(fit, portfolio=book)
    premium = bf.attribute(fit, portfolio=book).draws.sel(asset="portfolio", source="total")
    year = fit.panel.periods_per_year
    np.testing.assert_allclose(found.mean["portfolio"], float(premium.mean()) / year, rtol=1e-9)
    doubt = float(premium.var()) / year**2
    np.testing.assert_allclose(found.mean_covariance.loc["portfolio", "portfolio"], doubt, rtol=1e-8)
    variance = bf.attribute(fit, "variance", portfolio=book).draws.sel(asset="portfolio", source="total")
    wanted = float(variance.mean()) / year + doubt
    np.testing.assert_allclose(found.covariance.loc["portfolio", "portfolio"], wanted, rtol=1e-8)
    assert any("are linear, by delta, vega and rho" in note for note in found.notes)
    assert found.annual.notes == found.notes
    assert repr(found).startswith("Moments(3 assets and a portfolio, 1 period ahead")
    assert not bf.moments(fit).notes
