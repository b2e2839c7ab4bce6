"""Reverse stress: the loss comes about in every draw, nothing likelier does it, and what is refused."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings, strategies as st
from scipy.optimize import minimize

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws

MIX = {"a00": 0.6, "a02": 0.3}
PANEL = make_panel(assets=3, traded=2, other=1, periods=120, seed=2)
LAWS = ((), MOVING)


def fit_of(draws):
    return bf.from_draws(PANEL, draws)


@settings(max_examples=8, deadline=None)
@given(
    loss=st.floats(-0.03, -0.001),
    seed=st.integers(0, 1000),
    moving=st.sampled_from(LAWS),
    periods=st.integers(1, 4),
    residuals=st.booleans(),
)
def test_stress_of_each_draw_of_a_reverse_stress_gives_the_loss(loss, seed, moving, periods, residuals):
    """And the distance of its factors is the one that was said."""
    draws = synthetic_draws(PANEL, chains=1, draws=4, seed=seed, moving=moving, common=1)
    back = bf.reverse_stress(fit_of(draws), loss, MIX, periods, residuals=residuals)
    for d in range(4):
        own = back.draws.sel(asset="portfolio").isel(chain=0, draw=d)
        assume(float(np.abs(own).max()) < 1)  # stress takes what is larger for per cent
        shocks = {name: float(own.sel(source=name)) for name in PANEL.factor_names}
        alone = fit_of(draws.isel(draw=[d] * 4))
        found = bf.stress(alone, bf.Scenario(shocks, periods=periods), portfolio=MIX)
        whole = float(found.draws.sel(asset="portfolio", source="total").isel(chain=0, draw=0))
        whole += float(own.sel(source="residual")) if residuals else 0.0
        assert whole == pytest.approx(loss, rel=1e-9)
        if not residuals:
            distance = found.plausibility.distance.sel(volatility="next period").isel(chain=0, draw=0)
            wanted = back.distance.sel(asset="portfolio").isel(chain=0, draw=d)
            assert float(distance) == pytest.approx(float(wanted), rel=1e-8)


def test_nothing_nearer_loses_as_much():
    """Beside an optimiser that knows no formula."""
    draws = synthetic_draws(PANEL, draws=4, doubt=0.0)
    one = draws.isel(chain=0, draw=0)
    found = bf.reverse_stress(fit_of(draws), -0.05).draws.sel(asset="a01").isel(chain=0, draw=0)
    b, mean = one["loading"].sel(asset="a01").values, one["factor_mean"].values
    root = np.linalg.cholesky(np.linalg.inv(one["factor_cov"].values)).T
    shift = one["risk_premium"].values - mean

    def gap(f):
        return float(one["alpha"].sel(asset="a01")) + b @ (f + shift) + 0.05

    best = minimize(
        lambda f: ((root @ (f - mean)) ** 2).sum(),
        mean,
        constraints={"type": "eq", "fun": gap},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(found, best.x, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("moving", LAWS)
def test_expectation_and_spread_are_those_of_moments(moving):
    """Of a loading that does not wander: what that adds comes of no move of the factors."""
    draws = synthetic_draws(PANEL, draws=4, doubt=0.0, moving=moving, common=1)
    if moving:
        draws = draws.assign(loading_move=1e-9 + 0 * draws["loading_move"])
    fit = fit_of(draws)
    back, wanted = bf.reverse_stress(fit, -0.05, None, 3, residuals=True), bf.moments(fit, 3)
    np.testing.assert_allclose(back.expected.isel(chain=0, draw=0), wanted.mean, rtol=1e-10)
    sd = np.sqrt(np.diag(wanted.covariance))
    np.testing.assert_allclose(back.spread.isel(chain=0, draw=0), sd, rtol=3e-2 if moving else 1e-9)


def test_the_worst_inside_a_radius_is_as_far_below_the_mean():
    back = bf.reverse_stress(fit_of(synthetic_draws(PANEL, draws=50)), -0.05, MIX)
    xr.testing.assert_allclose(back.worst(2.0), back.expected - 2 * back.spread)
    assert (back.worst(back.distance.max().item()) <= -0.05 + 1e-12).all()
    table = back.maximum_loss(0.9, rounded=False)
    assert table.attrs["radius"] == pytest.approx(
        2.500278, rel=1e-6
    )  # sqrt of chi-squared with 3 degrees of freedom at 90 %
    assert table["asset"].iloc[0] == "portfolio"
    whole = bf.reverse_stress(fit_of(synthetic_draws(PANEL, draws=50)), -0.05, residuals=True)
    assert whole.maximum_loss(0.9).attrs["radius"] == pytest.approx(2.789165, rel=1e-6)


def test_tables_say_what_they_are_of():
    back = bf.reverse_stress(fit_of(synthetic_draws(PANEL, draws=50)), -0.05, MIX, 2)
    table = back.table(0.8, "hdi")
    assert list(table["asset"][:3]) == ["portfolio"] * 3
    assert list(table["source"][:3]) == ["f0", "f1", "f2"]
    assert (table.attrs["loss"], table.attrs["periods"], table.attrs["ci_kind"]) == (-0.05, 2, "hdi")
    assert "is no scenario that loses this much" in back.notes[0]
    assert list(back.distance_table().columns[:5]) == ["asset", "mean", "sd", "lower", "upper"]
    assert "ReverseStress of -0.05" in repr(back)


def test_what_has_no_loadings_is_left_out_or_refused():
    draws = synthetic_draws(PANEL, draws=5)
    none = draws.assign(loading=draws["loading"] * xr.DataArray([0.0, 1, 1], dims="asset"))
    found = bf.reverse_stress(fit_of(none), -0.05)
    assert found.draws["asset"].values.tolist() == ["a01", "a02"]
    assert "left out, as all loadings are 0 in some draws: a00" in found.notes
    with pytest.raises(bf.FitError, match="no move of the factors makes the portfolio lose"):
        bf.reverse_stress(fit_of(none), -0.05, {"a00": 1.0})
    with pytest.raises(bf.FitError, match="makes any asset lose"):
        bf.reverse_stress(fit_of(draws.assign(loading=0 * draws["loading"])), -0.05)
    whole = bf.reverse_stress(fit_of(none), -0.05, {"a00": 1.0}, residuals=True).draws.sel(asset="portfolio")
    np.testing.assert_allclose(whole.sel(source="residual") + draws["alpha"].sel(asset="a00"), -0.05)


def test_what_no_traded_factor_can_do_is_said():
    """Small loadings, and a loss of much."""
    draws = synthetic_draws(PANEL, draws=5)
    far = bf.reverse_stress(fit_of(draws.assign(loading=0.1 * draws["loading"])), -0.5)
    share = float((far.draws.sel(source=["f0", "f1"]) < -1).any("source").mean(("chain", "draw")).max())
    assert share > 0
    assert any(f"falls by more than 100 %: in {100 * share:.3g} % of draws" in note for note in far.notes)
    assert not any("more than 100 %" in note for note in bf.reverse_stress(fit_of(draws), -0.01).notes)


@pytest.mark.parametrize("loss", [0.3, -30, 0, np.nan, "a", None, True])
def test_a_loss_is_a_return_below_nothing(loss):
    with pytest.raises(bf.SpecError, match=r"it must be a return from -1 to below 0. A loss of 30 % is -0.3"):
        bf.reverse_stress(fit_of(synthetic_draws(PANEL, draws=4)), loss)


def test_what_cannot_be_used_is_refused():
    fit = fit_of(synthetic_draws(PANEL, draws=4))
    with pytest.raises(bf.FitError, match="reverse_stress: expected a Fit"):
        bf.reverse_stress(PANEL, -0.1)
    with pytest.raises(bf.SpecError, match="reverse_stress: periods is 0"):
        bf.reverse_stress(fit, -0.1, periods=0)
    with pytest.raises(bf.SpecError, match="residuals is 'yes'"):
        bf.reverse_stress(fit, -0.1, residuals="yes")
    with pytest.raises(bf.DataError, match="finite number"):
        bf.reverse_stress(fit, -0.1, {"a00": np.nan})
    back = bf.reverse_stress(fit, -0.1)
    for inside in (0, 99, np.nan):
        with pytest.raises(bf.SpecError, match="inside is"):
            back.maximum_loss(inside)
    for radius in (0, -1, "a"):
        with pytest.raises(bf.SpecError, match="radius is"):
            back.worst(radius)
