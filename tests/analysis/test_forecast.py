"""Forecasts: compounded moments, portfolios, tails, the floor, and input that is refused."""

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws

MIX = {"a00": 0.6, "a02": -0.3}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=3, traded=1, other=1, periods=120, seed=2)


@pytest.fixture(scope="module")
def fit(panel):
    return bf.from_draws(panel, synthetic_draws(panel, draws=200))


def alone(panel, mean, sd, draws=20_000, dof=None):
    """Every asset with this mean and standard deviation, and nothing from the factors, at all draws."""
    given = synthetic_draws(panel, chains=4, draws=draws, doubt=0.0, dof=dof)
    found = given.assign(
        loading=0 * given["loading"], alpha=0 * given["alpha"] + mean, residual_sd=0 * given["residual_sd"] + sd
    )
    return bf.from_draws(panel, found)


def test_compounding_has_the_moments_of_a_product(panel):
    """The reference has .1003387 and .1903572 for .008 and .05 over 12 periods."""
    draws = bf.forecast(alone(panel, 0.008, 0.05), 12).draws.values.reshape(-1, 3)
    mean, sd = 1.008**12 - 1, np.sqrt((1.008**2 + 0.05**2) ** 12 - 1.008**24)
    assert (mean, sd) == pytest.approx((0.1003386937, 0.1903571764), rel=1e-8)
    error = sd / np.sqrt(len(draws))
    assert np.abs(draws.mean(0) - mean).max() < 4 * error
    assert np.abs(draws.std(0) - sd).max() < 4 * error  # with this kurtosis


def test_the_expectation_is_exact_draw_by_draw(fit):
    found = bf.forecast(fit, 12)
    mean = fit.posterior["alpha"] + (fit.posterior["loading"] * fit.posterior["risk_premium"]).sum("factor")
    np.testing.assert_allclose(found.expected, (1 + mean.transpose("chain", "draw", "asset")) ** 12 - 1, rtol=1e-10)


def test_the_mean_of_one_period_is_the_premium(fit):
    premium = bf.attribute(fit, "premium", portfolio=MIX).draws.sel(source="total")
    found = bf.forecast(fit, portfolio=MIX)
    np.testing.assert_allclose(found.expected * fit.panel.periods_per_year, premium, rtol=1e-10, atol=1e-13)


def test_a_portfolio_is_its_weights_draw_by_draw(fit):
    found = bf.forecast(fit, portfolio=MIX).draws
    weighted = 0.6 * found.sel(asset="a00") - 0.3 * found.sel(asset="a02")
    np.testing.assert_allclose(found.sel(asset="portfolio"), weighted, rtol=1e-12, atol=1e-15)
    one = bf.forecast(fit, 5, portfolio={"a01": 1.0})
    for array in (one.draws, one.expected):
        np.testing.assert_allclose(array.sel(asset="portfolio"), array.sel(asset="a01"), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("moving", "dof"), [((), None), (MOVING, 8)])
def test_spread_and_mean_are_those_of_the_moments(panel, moving, dof):
    """Of returns that are small, so that compounding adds little."""
    many = bf.from_draws(panel, synthetic_draws(panel, chains=1, draws=5, moving=moving, dof=dof, repeat=10_000))
    drawn, wanted = bf.forecast(many, 3).draws.values[0], bf.moments(many, 3)
    sd = np.sqrt(np.diag(wanted.covariance))
    np.testing.assert_allclose(drawn.std(0), sd, rtol=0.04)
    assert np.abs(drawn.mean(0) - wanted.mean).max() < 0.02 * sd.min() + (sd**2).max()


def test_tails_are_those_of_the_degrees_of_freedom(panel):
    """P(|t_5| > 4 standard deviations) is .0035, of a normal law .00006."""
    drawn = bf.forecast(alone(panel, 0.0, 0.01, dof=5)).draws
    assert float(drawn.std()) == pytest.approx(0.01, rel=0.02)
    assert float((np.abs(drawn) > 0.04).mean()) == pytest.approx(0.00354, rel=0.15)


def test_no_return_of_a_period_is_below_minus_one(panel):
    found = bf.forecast(alone(panel, 0.0, 1.0, draws=2000), 1, portfolio={"a00": 2.0, "a01": 2.0})
    assert float(found.draws.min()) == -1.0
    np.testing.assert_allclose(found.floored[["a00", "a01", "a02"]], 0.1587, atol=0.02)
    assert found.floored["portfolio"] > found.floored["a00"]
    (note, *_) = found.notes
    assert note.startswith("a return of a period below -100 % was taken as -100 %: in 3")
    assert "'portfolio'" in note
    assert not bf.forecast(alone(panel, 0.0, 0.01, draws=100)).notes


def test_the_table_has_what_may_happen_and_what_is_expected(fit):
    found = bf.forecast(fit, 4, portfolio=MIX)
    table = found.table(0.8, "hdi", rounded=False)
    assert list(table["asset"]) == ["portfolio", "a00", "a01", "a02"]
    assert list(table.columns[:11]) == [
        *("asset", "mean", "sd", "lower", "upper", "prob_positive", "mcse"),
        *("expected", "expected_lower", "expected_upper", "warning")[: 3 + bool(fit.problems)],
    ]
    assert (table["upper"] - table["lower"] > table["expected_upper"] - table["expected_lower"]).all()
    assert (table.attrs["ci_prob"], table.attrs["ci_kind"], table.attrs["periods"]) == (0.8, "hdi", 4)
    own = found.draws.sel(asset="a01")
    assert table.set_index("asset").loc["a01", "mean"] == pytest.approx(float(own.mean()))
    assert "Forecast over 4 periods" in repr(found)


def test_probabilities_are_shares_of_draws(fit):
    found = bf.forecast(fit, 4)
    below = found.prob_below(-0.01)
    assert below["a02"] == pytest.approx(float((found.draws.sel(asset="a02") < -0.01).mean()))
    for value in ("a", None, np.nan, np.inf, True):
        with pytest.raises(bf.SpecError, match="prob_below is"):
            found.prob_below(value)
    with pytest.raises(bf.SpecError, match="a return of -2,000 %, and no draw is as far out: is it per cent"):
        found.prob_below(-20)


def test_the_same_call_gives_the_same_draws_and_nothing_is_changed(fit):
    one, two = bf.forecast(fit, 3), bf.forecast(fit, 3)
    xr.testing.assert_identical(one.draws, two.draws)
    with pytest.raises(ValueError, match="read-only"):
        one.draws.values[:] = 0


def test_an_asset_without_history_gets_the_law_of_its_group():
    """Its loadings are draws around its group's mean, and nobody knows them as well as those of the others."""
    panel = make_panel(assets=9, traded=1, other=0, periods=150, seed=4, groups=1, alpha=0.0)
    returns = panel.returns.copy()
    returns[:, 0] = np.nan
    new = bf.Panel(returns, panel.factors, panel.factor_info, panel.groups, panel.calendar)
    fit = bf.fit(new, sampler=bf.Sampler(draws=500, tune=500, chains=2, seed=1, progress=False))
    expected = bf.forecast(fit).expected
    paid = fit.posterior["risk_premium"].sel(factor="f0")
    group = (fit.posterior["loading_mean"].isel(group=0).sel(factor="f0") * paid).mean()
    own = expected.sel(asset="a00")
    assert abs(float(own.mean() - group)) < 5 * float(own.std()) / np.sqrt(400)
    doubt = bf.loadings(fit).std(("chain", "draw")).values[:, 0]
    assert doubt[0] > 1.5 * doubt[1:].max()


@pytest.mark.parametrize("periods", [0, 2.0, True, "1"])
def test_periods_are_a_positive_integer(fit, periods):
    with pytest.raises(bf.SpecError, match="forecast: periods is"):
        bf.forecast(fit, periods)


def test_what_cannot_be_used_is_refused(fit, panel):
    with pytest.raises(bf.FitError, match="forecast: expected a Fit, found Panel"):
        bf.forecast(panel)
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        bf.forecast(fit, portfolio={"btc": 1.0})
    with pytest.raises(bf.DataError, match="finite number"):
        bf.forecast(fit, portfolio={"a00": np.nan})
    with pytest.raises(bf.SpecError, match="forecast needs single returns"):
        bf.forecast(fit, after="later")
    with pytest.raises(bf.SpecError, match="ci_prob"):
        bf.forecast(fit).table(90)


def test_paths_end_where_the_draws_are(fit):
    found = bf.forecast(fit, 6, portfolio=MIX, paths=["a02", "portfolio"])
    for path, end in ((found.paths, found.draws), (found.expected_paths, found.expected)):
        assert path.dims == ("chain", "draw", "period", "asset")
        assert path["period"].values.tolist() == [1, 2, 3, 4, 5, 6]
        xr.testing.assert_equal(path.sel(period=6, drop=True), end.sel(asset=["a02", "portfolio"]))
    mean = fit.posterior["alpha"] + (fit.posterior["loading"] * fit.posterior["risk_premium"]).sum("factor")
    up_to = (1 + mean.sel(asset="a02")) ** found.paths["period"] - 1
    np.testing.assert_allclose(found.expected_paths.sel(asset="a02"), up_to.transpose("chain", "draw", "period"))


def test_paths_compound_the_returns_of_each_period(panel):
    """At every period a path has the moments of so many periods."""
    paths = bf.forecast(alone(panel, 0.008, 0.05, draws=5000), 12, paths=["a01"]).paths.values.reshape(-1, 12)
    h = np.arange(1, 13)
    sd = np.sqrt((1.008**2 + 0.05**2) ** h - 1.008 ** (2 * h))
    assert (np.abs(paths.mean(0) - 1.008**h + 1) < 4 * sd / np.sqrt(len(paths))).all()
    np.testing.assert_allclose(paths.std(0), sd, rtol=0.03)
    steps = np.diff(np.log1p(paths), axis=1)
    assert np.abs(np.corrcoef(steps.T) - np.eye(11)).max() < 0.04


def test_the_paths_of_the_portfolio_are_kept_unless_others_are_asked_for(fit):
    assert bf.forecast(fit, 2).paths.sizes["asset"] == 0
    assert bf.forecast(fit, 2, portfolio=MIX).paths["asset"].values.tolist() == ["portfolio"]
    assert bf.forecast(fit, 2, portfolio=MIX, paths="a00").paths["asset"].values.tolist() == ["a00"]
    one, two = bf.forecast(fit, 2, paths=["a00", "a00"]), bf.forecast(fit, 2)
    assert one.paths["asset"].values.tolist() == ["a00"]
    xr.testing.assert_identical(one.draws, two.draws)
    with pytest.raises(bf.SpecError, match="unknown entry 'portfolio'"):
        bf.forecast(fit, 2, paths=["portfolio"])
    with pytest.raises(bf.SpecError, match="unknown entry '3'"):
        bf.forecast(fit, 2, paths=3)


def test_a_book_without_capital_does_not_compound(fit):
    """It has a return over one period, of the sum that is long."""
    first, second, _ = fit.panel.assets
    book = {first: 1.0, second: -1.0}
    with pytest.raises(bf.SpecError, match="net weight of the portfolio is 0") as caught:
        bf.forecast(fit, 2, portfolio=book)
    assert "bf.position_risk" in caught.value.remedy
    assert bf.forecast(fit, 1, portfolio=book).table().iloc[0]["asset"] == "portfolio"
