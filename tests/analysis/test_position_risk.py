"""Risk by position: what holdings add to volatility, losses, portfolios of net weight 0, and input that is refused."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws

MIX = {"a00": 0.6, "a02": -0.3}
HEDGED = {"a00": 1.0, "a01": -0.4, "a02": -0.6}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=3, traded=1, other=1, periods=120, seed=2)


@pytest.fixture(scope="module", params=[((), None, 0), (MOVING, 8, 2)], ids=["constant", "moving"])
def fit(request, panel):
    moving, dof, common = request.param
    return bf.from_draws(panel, synthetic_draws(panel, draws=200, moving=moving, dof=dof, common=common))


def independent(panel, mean=0.0, sd=0.05, draws=50_000):
    """Every asset with this mean and standard deviation, and nothing from the factors, at all draws."""
    given = synthetic_draws(panel, chains=4, draws=draws, doubt=0.0)
    found = given.assign(
        loading=0 * given["loading"], alpha=0 * given["alpha"] + mean, residual_sd=0 * given["residual_sd"] + sd
    )
    return bf.from_draws(panel, found)


@pytest.mark.parametrize("book", [MIX, HEDGED])
def test_components_add_up_to_the_volatility_of_the_variance_in_every_draw(fit, book):
    found = bf.position_risk(fit, book)
    variance = bf.attribute(fit, "variance", portfolio=book).draws.sel(source="total", asset="portfolio", drop=True)
    np.testing.assert_allclose(found.volatility**2, variance.transpose("chain", "draw"), rtol=1e-12)
    np.testing.assert_allclose(found.draws.sel(measure="component").sum("asset"), found.volatility, rtol=1e-12)
    np.testing.assert_allclose(found.draws.sel(measure="share").sum("asset"), 1.0, rtol=1e-12)


def test_a_marginal_contribution_is_the_slope_of_the_volatility(fit):
    """By central differences, also of an asset that is not held."""
    found, step = bf.position_risk(fit, MIX), 1e-5
    for asset in fit.panel.assets:
        above, below = (
            bf.position_risk(fit, MIX | {asset: MIX.get(asset, 0) + way * step}).volatility for way in (1, -1)
        )
        slope = found.draws.sel(asset=asset, measure="marginal")
        np.testing.assert_allclose((above - below) / (2 * step), slope, rtol=1e-6, atol=1e-9)
    assert not found.draws.sel(asset="a01", measure="component").any()


def test_one_holding_is_its_own_volatility(fit):
    found = bf.position_risk(fit, {"a01": -2.0})
    alone = bf.attribute(fit, "variance").draws.sel(source="total", asset="a01", drop=True)
    np.testing.assert_allclose(found.volatility, 2 * np.sqrt(alone.transpose("chain", "draw")), rtol=1e-12)
    np.testing.assert_allclose(found.draws.sel(asset="a01", measure="share"), 1.0, rtol=1e-12)


def test_twice_the_weights_are_twice_the_risk(fit):
    one, two = (bf.position_risk(fit, {name: size * w for name, w in MIX.items()}) for size in (1, 2))
    np.testing.assert_allclose(two.volatility, 2 * one.volatility, rtol=1e-12)
    np.testing.assert_allclose(two.draws.sel(measure="share"), one.draws.sel(measure="share"), rtol=1e-10)
    np.testing.assert_allclose(two.losses, 2 * one.losses, rtol=1e-10, atol=1e-15)


def test_what_offsets_the_rest_has_a_negative_share(panel):
    draws = synthetic_draws(panel, doubt=0.1)
    loading = 0 * draws["loading"] + xr.DataArray([1.0, 1.0, 1.0], dims="asset")
    found = bf.position_risk(bf.from_draws(panel, draws.assign(loading=loading)), {"a00": 1.0, "a01": -0.3})
    assert (found.draws.sel(asset="a01", measure="component") < 0).all()
    assert (found.draws.sel(asset="a00", measure="share") > 1).all()


@pytest.mark.parametrize("periods", [1, 4])
def test_losses_are_those_of_the_forecast(fit, periods):
    forecast = bf.forecast(fit, periods, portfolio=MIX).draws.sel(asset="portfolio", drop=True)
    np.testing.assert_allclose(bf.position_risk(fit, MIX, periods).losses, -forecast, rtol=1e-12, atol=1e-15)


def test_a_portfolio_of_net_weight_0_works_and_its_returns_are_summed(panel):
    """Variance of a sum; of compounded returns it would be larger."""
    long_short = {"a00": 5.0, "a01": -5.0}
    found = bf.position_risk(independent(panel, sd=0.05), long_short, 12)
    sd = 5 * 0.05 * np.sqrt(24)
    assert float(found.losses.std()) == pytest.approx(sd, rel=0.01)
    assert abs(float(found.losses.mean())) < 4 * sd / np.sqrt(found.losses.size)
    assert [note for note in found.notes if "the net weight is 0" in note]
    for book, periods in ((long_short, 1), ({"a00": 1.0, "a01": -0.9}, 12)):
        notes = bf.position_risk(independent(panel, draws=10), book, periods).notes
        assert not [note for note in notes if "the net weight is 0" in note]


def test_without_capital_there_is_no_floor_over_one_period_either(panel):
    """A book of 20 and -20 can lose more than 1 per unit of what its weights are of."""
    book = {"a00": 20.0, "a01": -20.0}
    fit = independent(panel, sd=0.05, draws=20_000)
    losses = bf.position_risk(fit, book).losses
    assert float(losses.std()) == pytest.approx(20 * 0.05 * np.sqrt(2), rel=0.02)
    assert float(losses.max()) > 2
    ahead = bf.forecast(fit, 1, portfolio=book)
    np.testing.assert_allclose(-ahead.draws.sel(asset="portfolio", drop=True), losses, rtol=1e-12, atol=1e-14)
    assert ahead.floored["portfolio"] == 0
    shocked = bf.stress(fit, bf.Scenario({"f0": 0.01}), portfolio=book)
    assert float(shocked.outcome.sel(asset="portfolio").min()) < -2
    assert shocked.floored["portfolio"] == 0
    assert not [note for note in shocked.notes if "below -100 %" in note]


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_value_at_risk_and_expected_shortfall_of_a_normal_law(panel, level):
    """-mean + sd z and -mean + sd phi(z) / (1 - p)."""
    table = bf.position_risk(independent(panel, mean=0.01), {"a00": 1.0}).tail(level)
    z = norm.ppf(level)
    wanted = -0.01 + 0.05 * np.array([z, norm.pdf(z) / (1 - level)])
    assert (np.abs(table["loss"] - wanted) < 4 * table["mcse"]).all()
    size = 0.05 * np.sqrt(level * (1 - level) / 200_000) / norm.pdf(z)
    assert table.loc["value at risk", "mcse"] == pytest.approx(size, rel=0.2)
    assert (table.attrs["level"], table.attrs["periods"]) == (level, 1)
    assert table.attrs["units"] == "decimal over 1 period; a loss is positive"


def test_monte_carlo_errors_are_those_of_repeated_simulations(panel):
    """Spread of 80 answers over what each of them says of itself."""
    base = synthetic_draws(panel, chains=2, draws=500, doubt=0.0)
    whole = bf.position_risk(bf.from_draws(panel, base.isel(draw=np.tile(np.arange(500), 80))), MIX).losses
    parts = [
        bf.PositionRisk(whole, whole, whole.isel(draw=slice(500 * n, 500 * n + 500)), None, 1).tail() for n in range(80)
    ]
    losses, errors = (np.array([part[name] for part in parts]) for name in ("loss", "mcse"))
    np.testing.assert_allclose(losses.std(axis=0), errors.mean(axis=0), rtol=0.3)


def test_doubt_about_the_mean_is_in_the_losses_and_not_in_the_volatility(panel):
    sure, unsure = independent(panel), independent(panel)
    alpha = unsure.posterior["alpha"] + 0.1 * np.random.default_rng(0).standard_normal((4, 50_000, 1))
    unsure = bf.from_draws(panel, unsure.posterior.assign(alpha=alpha))
    one, other = (bf.position_risk(each, {"a00": 1.0}) for each in (sure, unsure))
    assert float(one.volatility.mean()) == pytest.approx(float(other.volatility.mean()))
    assert float(other.losses.std()) == pytest.approx(np.hypot(0.05, 0.1), rel=0.02)


def test_the_table_has_the_portfolio_first_and_all_assets(fit):
    found = bf.position_risk(fit, MIX)
    table = found.table(0.8, "hdi", rounded=False)
    assert list(table["asset"]) == ["portfolio"] * 2 + ["a00"] * 3 + ["a01"] * 3 + ["a02"] * 3
    assert list(table["measure"]) == ["component", "share"] + ["component", "share", "marginal"] * 3
    assert list(table["weight"][1::3]) == pytest.approx([0.3, 0.6, 0, -0.3])
    whole = table.set_index(["asset", "measure"]).loc["portfolio"]
    assert whole.loc["component", "mean"] == pytest.approx(float(found.volatility.mean()))
    assert whole.loc["share", "sd"] == 0
    assert (table.attrs["ci_prob"], table.attrs["ci_kind"]) == (0.8, "hdi")
    assert table.attrs["units"] == "decimal, per year; shares of 1"
    assert repr(found).startswith("PositionRisk(2 holdings: volatility ")


def test_a_return_below_minus_one_is_said(panel):
    found = bf.position_risk(independent(panel, sd=1.0, draws=500), {"a00": 1.0})
    assert float(found.losses.max()) == 1.0
    share = 100 * float((found.losses == 1).mean())
    taken = "a holding's or the portfolio's return of a period below -100 % was taken as -100 %"
    assert found.notes == (f"{taken}: in {share:.3g} % of draws",)
    assert share == pytest.approx(15.9, abs=2)


def test_the_same_call_gives_the_same_draws_and_nothing_is_changed(fit):
    one, two = bf.position_risk(fit, MIX, 3), bf.position_risk(fit, MIX, 3)
    xr.testing.assert_identical(one.losses, two.losses)
    with pytest.raises(ValueError, match="read-only"):
        one.draws.values[:] = 0


def test_a_fit_with_problems_says_so(fit):
    found = bf.PositionRisk(
        *(
            getattr(bf.position_risk(fit, MIX), name)
            for name in ("draws", "volatility", "losses", "weights", "periods")
        ),
        problems=("no convergence",),
    )
    assert set(found.table()["warning"]) == set(found.tail()["warning"]) == {"not converged"}
    assert "the fit has problems" in repr(found)


@pytest.mark.parametrize("level", [0.05, 95, 1.0, "0.95", True])
def test_levels_are_probabilities_above_a_half(fit, level):
    with pytest.raises(bf.SpecError, match=r"PositionRisk\.tail\.level is .* between 0\.5 and 1"):
        bf.position_risk(fit, MIX).tail(level)


def test_what_cannot_be_used_is_refused(fit, panel):
    with pytest.raises(bf.SpecError, match="none of 400 draws is beyond it"):
        bf.position_risk(fit, MIX).tail(0.999)
    assert bf.position_risk(fit, MIX).tail(0.9975)["mcse"].notna().all()
    with pytest.raises(bf.FitError, match="position_risk: expected a Fit, found Panel"):
        bf.position_risk(panel, MIX)
    with pytest.raises(bf.SpecError, match="position_risk: periods is 0"):
        bf.position_risk(fit, MIX, 0)
    with pytest.raises(bf.SpecError, match="unknown asset 'a0'"):
        bf.position_risk(fit, {"a0": 1.0})
    for nothing in ({}, None):
        with pytest.raises(bf.DataError, match="holds no weights"):
            bf.position_risk(fit, nothing)
    with pytest.raises(bf.SpecError, match="needs single returns"):
        bf.position_risk(fit, MIX, after="later")


def test_a_book_that_was_more_volatile_than_the_model_says_is_spoken_of(panel):
    """Residuals that all assets share, of a posterior in which they are independent."""
    shared = np.random.default_rng(4).normal(0, 0.02, (len(panel.times), 1))
    fit = bf.from_draws(replace(panel, returns=panel.returns + shared), synthetic_draws(panel, draws=50))
    even = dict.fromkeys(panel.assets, 1 / len(panel.assets))
    found = bf.position_risk(fit, even)
    assert any(note.startswith("portfolio: realised residual volatility is") for note in found.notes)
    assert any("the risk of portfolios and groups is larger than the model says" in note for note in found.notes)
    assert found.tail().attrs["notes"] == found.notes
    (said,) = (note for note in found.notes if note.startswith("portfolio: realised"))
    assert said in bf.forecast(fit, 1, portfolio=even).notes
    assert said in bf.stress(fit, bf.Scenario({"f0": -0.01}), portfolio=even).notes
    assert said in bf.attribute(fit, "variance", portfolio=even).notes
