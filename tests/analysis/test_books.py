"""Books with options beside a posterior: independent repricing in every draw, laws of exposures, refusals."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st
from scipy.stats import norm, t

import bayesfactor as bf
from tests.support.books import AT, book_fit, book_panel, option, priced, revalued
from tests.support.synthetic_draws import synthetic_draws

CALL, PUT = option(strike=105, days=81), option("a01", "put", 40.0, 20, 0.9, 3.0, 45.0)
FIT = book_fit()
CRASH = bf.Scenario({"f0": -0.2, "vol": 0.15}, periods=7)
seeds = st.integers(0, 10_000)
quick = settings(max_examples=10, deadline=None)


def book(*positions, **made):
    return bf.Book(positions or (CALL, PUT), **{"at": AT, "volatility": "vol", **made})


def entry(array, name="portfolio"):
    return array.sel(asset=name, drop=True)


@pytest.mark.parametrize(("kind", "by"), [("premium", "factor"), ("premium", "family"), ("variance", "factor")])
def test_sources_add_up(kind, by):
    found = bf.attribute(FIT, kind, by=by, portfolio=book())
    parts = found.draws.drop_sel(source="total").sum("source")
    np.testing.assert_allclose(parts, found.draws.sel(source="total"), rtol=1e-10, atol=1e-13)


def test_premium_and_variance_are_those_of_elasticities_and_vegas():
    held = book(option(volatility=0.7), rate="rates")
    row = held.table("contract").iloc[0]
    posterior, year = FIT.posterior, FIT.panel.periods_per_year
    loading = row["elasticity"] * posterior["loading"].sel(asset="a00", drop=True)
    direct = {"vol": row["vega"] / row["value"], "rates": row["rho"] / row["value"], "f0": 0.0}
    loading = loading + xr.DataArray([direct[name] for name in FIT.panel.factor_names], {"factor": loading["factor"]})
    premium = entry(bf.attribute(FIT, portfolio=held).draws)
    for name in FIT.panel.factor_names:
        wanted = loading.sel(factor=name) * posterior["risk_premium"].sel(factor=name) * year
        np.testing.assert_allclose(premium.sel(source=name), wanted, rtol=1e-10)
    alpha = row["elasticity"] * posterior["alpha"].sel(asset="a00") * year
    np.testing.assert_allclose(premium.sel(source="alpha"), alpha, rtol=1e-10)
    variance = entry(bf.attribute(FIT, "variance", portfolio=held).draws)
    moved = xr.dot(posterior["factor_cov"], loading.rename(factor="factor_other"), dim="factor_other")
    own = row["elasticity"] ** 2 * posterior["residual_sd"].sel(asset="a00") ** 2
    np.testing.assert_allclose(variance.sel(source="total"), ((loading * moved).sum("factor") + own) * year, rtol=1e-10)
    np.testing.assert_allclose(variance.sel(source="idiosyncratic"), own * year, rtol=1e-10)


def test_a_log_difference_multiplies_volatilities():
    fit = book_fit(book_panel("log_diff"))
    held = book(option(volatility=0.7))
    row = held.table("contract").iloc[0]
    premium = entry(bf.attribute(fit, portfolio=held).draws).sel(source="vol")
    of_asset = row["elasticity"] * fit.posterior["loading"].sel(asset="a00", factor="vol")
    paid = fit.posterior["risk_premium"].sel(factor="vol") * fit.panel.periods_per_year
    np.testing.assert_allclose(premium, (of_asset + 0.7 * row["vega"] / row["value"]) * paid, rtol=1e-9)
    found = bf.stress(fit, bf.Scenario({"vol": 0.4}), portfolio=held)
    growth = 1 + entry(found.outcome, "a00")
    wanted = revalued(held.options[0], growth, 0.7 * np.exp(0.4), 1) - held.value
    np.testing.assert_allclose(found.book.gains.sel(position="total"), wanted, rtol=1e-8, atol=1e-9)


@quick
@given(seed=seeds, shock=st.floats(-0.4, 0.4), vol=st.floats(-0.2, 0.4), periods=st.integers(1, 15))
def test_a_stress_is_an_independent_repricing(seed, shock, vol, periods):
    fit = book_fit(seed=seed)
    found = bf.stress(fit, bf.Scenario({"f0": shock, "vol": vol}, periods=periods), portfolio=book())
    for array, own in ((found.draws.sel(source="total"), found.book.expected), (found.outcome, found.book.gains)):
        total = 0.0
        for one, volatility in ((CALL, 0.7), (PUT, 0.9)):
            growth = np.maximum(1 + entry(array, one.underlying), 1e-9)
            gain = one.quantity * (revalued(one, growth, volatility + vol, periods) - one.value)
            np.testing.assert_allclose(own.sel(position=one.name), gain, rtol=1e-8, atol=1e-8)
            total = total + gain
        value = CALL.value + 3 * PUT.value
        np.testing.assert_allclose(entry(array), total / value, rtol=1e-8, atol=1e-8)
    parts = found.draws.drop_sel(source="total").sum("source")
    np.testing.assert_allclose(parts, found.draws.sel(source="total"), rtol=1e-9, atol=1e-12)


def test_a_stress_draws_the_volatility_factor_where_it_is_not_shocked():
    found = bf.stress(FIT, bf.Scenario({"f0": -0.2}), portfolio=book(CALL))
    moves = found.book.moves
    np.testing.assert_allclose(moves.sel(move="a00"), entry(found.outcome, "a00"))
    volatility = np.maximum(0.7 + moves.sel(move="vol"), 0)
    gain = revalued(CALL, 1 + moves.sel(move="a00"), volatility, 1) / CALL.value - 1
    np.testing.assert_allclose(entry(found.outcome), gain, rtol=1e-8, atol=1e-9)
    assert float(moves.sel(move="vol").std()) > 0
    expected = found.factors.sel(factor="vol")
    gain = revalued(CALL, 1 + entry(found.draws, "a00").sel(source="total"), 0.7 + expected, 1) / CALL.value - 1
    np.testing.assert_allclose(entry(found.draws).sel(source="total"), gain, rtol=1e-8, atol=1e-9)


def test_in_coin_a_gain_is_over_that_of_the_coin():
    scenario, money, coin = CRASH, book(CALL), book(CALL, accounted="coin")
    one, other = (bf.stress(FIT, scenario, portfolio=held) for held in (money, coin))
    growth = 1 + entry(one.outcome, "a00")
    np.testing.assert_allclose(entry(other.outcome), (1 + entry(one.outcome)) / growth - 1, rtol=1e-9)
    assert coin.money == "units of a00"
    premia = [entry(bf.attribute(FIT, portfolio=held).draws).sel(source="alpha") for held in (money, coin)]
    elasticity = money.table("contract")["elasticity"][0]
    np.testing.assert_allclose(premia[1] / premia[0], (elasticity - 1) / elasticity)


def test_small_moves_are_those_of_exposures():
    """Half the difference of a move and its opposite: what is curved cancels. A day passes, and deltas move with it."""
    held, size = book(CALL, option(kind="put", quantity=-2.0), rate="rates"), 1e-4
    moves = {"f0": size, "vol": size, "rates": size}
    up, down = (
        entry(bf.stress(FIT, bf.Scenario({name: sign * x for name, x in moves.items()}), portfolio=held).draws)
        for sign in (1, -1)
    )
    half = (up - down) / 2
    linear = half.drop_sel(source=["total", "curvature and time"]).sum("source")
    np.testing.assert_allclose(half.sel(source="total"), linear, rtol=0.01, atol=0.001 * float(np.abs(linear).max()))


@quick
@given(seed=seeds, periods=st.integers(1, 6))
def test_a_forecast_is_an_independent_repricing(seed, periods):
    fit = book_fit(seed=seed, moving=("volatility", "factors"), dof=6.0)
    held = book(CALL, PUT, bf.Holding("a02", 50.0))
    found = bf.forecast(fit, periods, held)
    moves, total = found.book.moves, 50.0 * entry(found.draws, "a02")
    for one, volatility in ((CALL, 0.7), (PUT, 0.9)):
        growth = 1 + entry(found.draws, one.underlying)
        np.testing.assert_allclose(moves.sel(move=one.underlying), growth - 1)
        after = revalued(one, growth, np.maximum(volatility + moves.sel(move="vol"), 0), periods)
        total = total + one.quantity * (after - one.value)
    np.testing.assert_allclose(entry(found.draws), total / held.value, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.paths.isel(period=-1).sel(asset="portfolio"), entry(found.draws))


@pytest.mark.parametrize("accounted", ["usd", "coin"])
@pytest.mark.parametrize("made", [{}, {"moving": ("loading", "volatility", "factors"), "common": 1}])
@pytest.mark.parametrize("transform", ["diff", "log_diff"])
def test_the_expected_gain_is_the_mean_of_the_drawn_ones(accounted, made, transform):
    fit = book_fit(book_panel(transform), repeat=4_000, draws=3, chains=1, **made)
    held = book(CALL, option("a00", "put", 100, 6), bf.Holding("a00", 1.0, 100.0), accounted=accounted)
    found = bf.forecast(fit, 10, held)
    gains = found.book.gains.values.reshape(3, 4_000, -1)  # the draws of each set of parameters are next to each other
    expected = found.book.expected.values.reshape(3, 4_000, -1)
    assert np.allclose(expected.std(axis=1), 0, atol=1e-9)
    error = gains.std(axis=1) / np.sqrt(4_000)
    away = np.abs(gains.mean(axis=1) - expected[:, 0]) - 1e-6
    assert (away < 4.5 * error + 0.004 * held.value).all()


@pytest.mark.parametrize("dof", [None, 4.0])
def test_far_out_of_the_money_the_expected_gain_is_the_mean_of_the_law_itself(dof):
    """Of one period by quadrature: returns are normal, or Student-t, and not lognormal."""
    panel, size = book_panel(frequency="weekly"), 4_000
    draws = synthetic_draws(panel, draws=size // 2, doubt=0.0, dof=dof)
    fit = bf.from_draws(panel, draws.assign(residual_sd=0.1 + 0 * draws["residual_sd"]))
    one = option(kind="put", strike=60, days=30, quantity=-100.0)
    found = bf.forecast(fit, 1, bf.Book([one], at=AT))
    law = fit.posterior.isel(chain=0, draw=0).sel(asset="a00")
    loading, cov = law["loading"].values, law["factor_cov"].values
    mean = float(law["alpha"]) + loading @ law["risk_premium"].values
    of_factors, sd = np.sqrt(loading @ cov @ loading), 0.1 if dof is None else 0.1 / np.sqrt(dof / (dof - 2))
    x, z = np.linspace(-8, 8, 161), np.linspace(-150, 150, 6_001)
    density = (norm if dof is None else t(dof)).pdf(z)
    growth = np.maximum(1 + mean + of_factors * x[:, None] + sd * z, 1e-12)
    gain = -100 * (revalued(one, growth, 0.7, 7) - one.value)
    weight = norm.pdf(x)[:, None] * density
    weight /= weight.sum()
    exact = (weight * gain).sum()
    spread = np.sqrt((weight * gain**2).sum() - exact**2)
    drawn, expected = entry(found.draws), entry(found.expected)
    assert float(expected.std()) == pytest.approx(0, abs=1e-9)
    assert float(expected.mean()) == pytest.approx(exact, abs=4 * spread / np.sqrt(16 * size))
    assert float(drawn.mean()) == pytest.approx(exact, abs=4 * spread / np.sqrt(size))
    variance = np.log(1 + (of_factors**2 + 0.01) / (1 + mean) ** 2) + 0.7**2 * 23 / 365
    lognormal = -100 * (priced(100 * (1 + mean), 60, np.sqrt(variance), 1.0, "put") - one.value)
    assert abs(lognormal - exact) > 8 * spread / np.sqrt(16 * size)  # so that this can fail


@pytest.mark.parametrize("days", [2.5, 3])
def test_what_expires_is_paid_at_the_end_of_its_period(days):
    short = option(days=days)
    found = bf.forecast(FIT, 6, book(short), paths=["a00", "portfolio"])
    growth = 1 + found.paths.sel(asset="a00", period=3)
    paid = np.maximum(100 * growth - 100, 0) / short.value - 1
    np.testing.assert_allclose(entry(found.draws), paid, rtol=1e-8, atol=1e-9)
    after = bf.stress(FIT, bf.Scenario({"f0": 0.1}, periods=6), portfolio=book(short))
    paid = np.maximum(100 * entry(after.outcome, "a00"), 0) / short.value - 1
    np.testing.assert_allclose(entry(after.outcome), paid, rtol=1e-8, atol=1e-9)


def test_deep_in_the_money_an_option_is_its_underlying_less_the_strike():
    deep = option(strike=1.0, days=300, rate=0.05, volatility=2.0, settled="usd")
    found = bf.forecast(FIT, 5, book(deep, volatility=None))
    wanted = np.exp(-0.05 * 300 / 365) * 100 * entry(found.draws, "a00") / deep.value
    np.testing.assert_allclose(entry(found.draws), wanted, atol=2e-4)


def test_the_rate_factor_discounts():
    far = option(days=730, rate=0.03)
    found = bf.stress(FIT, bf.Scenario({"rates": 0.01}, periods=1), portfolio=book(far, volatility=None, rate="rates"))
    growth, left = 1 + entry(found.outcome, "a00"), 730 / 365 - 1 / 365
    undiscounted = revalued(far, growth, 0.7, 1) * np.exp(0.03 * left)
    wanted = undiscounted * np.exp(-0.03 * 2 - 0.01 * left) / far.value - 1
    np.testing.assert_allclose(entry(found.outcome), wanted, rtol=1e-8, atol=1e-9)


@quick
@given(weights=st.lists(st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=3), seed=seeds)
def test_a_book_of_holdings_is_its_mapping(weights, seed):
    fit, names = book_fit(seed=seed), ["a00", "a01", "a02"]
    mix = dict(zip(names, weights, strict=False))
    held = bf.Book([bf.Holding(name, weight) for name, weight in mix.items()], at=AT)
    for ask in (
        lambda it: bf.attribute(fit, portfolio=it).draws,
        lambda it: bf.attribute(fit, "variance", portfolio=it).draws,
        lambda it: bf.attribute(fit, "return", portfolio=it).draws,
        lambda it: bf.stress(fit, CRASH, portfolio=it).outcome,
        lambda it: bf.forecast(fit, 1, it).draws,
        lambda it: bf.position_risk(fit, it).losses,
        lambda it: bf.reverse_stress(fit, -0.1, portfolio=it).distance,
    ):
        assert ask(held).identical(ask(mix))


def test_quantities_scale():
    one, ten = book(CALL), book(option(strike=105, days=81, quantity=10.0))
    np.testing.assert_allclose(*(bf.attribute(FIT, portfolio=held).draws for held in (one, ten)), rtol=1e-12)
    gains = [bf.stress(FIT, CRASH, portfolio=held).book.gains for held in (one, ten)]
    np.testing.assert_allclose(10 * gains[0].values, gains[1].values, rtol=1e-10, atol=1e-9)


def test_without_vega_there_is_no_loading_on_volatility():
    """A call that is held and one that is sold, of one strike and expiry; and an option without a volatility factor."""
    flat = book(option(quantity=2.0), option(quantity=-2.0), bf.Holding("a00", 1.0))
    plain = {"a00": 1.0}
    for kind in ("premium", "variance"):
        found = [entry(bf.attribute(FIT, kind, portfolio=it).draws) for it in (flat, plain)]
        np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)
    still = book(CALL, volatility=None)
    found = entry(bf.attribute(FIT, portfolio=still).draws) / entry(bf.attribute(FIT).draws, "a00")
    assert found.std("source").max() < 1e-9
    assert "stay where they are" in " ".join(bf.attribute(FIT, portfolio=still).notes)


def test_a_book_without_delta_or_value_works():
    call, put = option(quantity=1.0), option(kind="put", quantity=-1.0)
    hedged = book(call, put, bf.Holding("a00", -100.0))
    found = bf.attribute(FIT, portfolio=hedged)
    np.testing.assert_allclose(entry(found.draws), 0, atol=1e-10)
    np.testing.assert_allclose(bf.stress(FIT, CRASH, portfolio=hedged).book.gains.sel(position="total"), 0, atol=1e-9)
    np.testing.assert_allclose(entry(bf.forecast(FIT, 3, hedged).draws), 0, atol=1e-9)


def test_square_roots_of_time():
    near, far = option(days=30, volatility=0.7), option(days=120, volatility=0.7)
    held = book(near, far, volatility=bf.SquareRootShift("vol"))
    found = bf.stress(FIT, bf.Scenario({"vol": 0.1}), portfolio=held)
    growth = 1 + entry(found.outcome, "a00")
    for one, moved in ((near, 0.8), (far, 0.75)):
        gain = revalued(one, growth, moved, 1) - one.value
        np.testing.assert_allclose(found.book.gains.sel(position=one.name), gain, rtol=1e-8, atol=1e-9)


def test_a_week_is_seven_days():
    fit = book_fit(book_panel(frequency="weekly"))
    found = bf.stress(fit, bf.Scenario({"f0": -0.1, "vol": 0.1}, periods=2), portfolio=book(CALL))
    gain = revalued(CALL, 1 + entry(found.outcome, "a00"), 0.8, 14) / CALL.value - 1
    np.testing.assert_allclose(entry(found.outcome), gain, rtol=1e-8, atol=1e-9)


def test_positions_stand_in_the_order_of_the_book():
    held = book(bf.Holding("a02", 50.0), PUT, bf.Holding("a00", 1.0, price=90.0), CALL)
    for found in (bf.stress(FIT, CRASH, portfolio=held).book, bf.forecast(FIT, 2, held).book):
        pd.testing.assert_series_equal(found.value, held.table().set_index("position")["value"])
        np.testing.assert_allclose(found.gains.sel(position="a02"), 50 * found.moves.sel(move="a02"))


def test_options_that_expire_before_the_end_of_a_scenario_are_named():
    near, far = option(kind="put", strike=90, days=5), option(kind="put", strike=90, days=60)
    held = book(near, far)
    (said,) = (
        one for one in bf.stress(FIT, CRASH, portfolio=held).notes if one.startswith("options that expire before")
    )
    assert near.name in said
    assert far.name not in said
    short = bf.stress(FIT, bf.Scenario({"f0": -0.2}), portfolio=held)
    assert not [one for one in short.notes if one.startswith("options that expire before")]


def test_coin_becomes_money_at_the_index():
    """An option bought with coin is worth that coin; what it pays later is discounted by index over forward."""
    plain = option(strike=105, days=81, quantity=3.0, forward=110.0)
    one = bf.Option("a00", "call", 105, plain.expiry, 3.0, plain.price, 110.0, index=100.0)
    held, of_forward = book(one), book(plain)
    assert held.value == pytest.approx(3 * one.price * 100)
    row, other = held.table("contract").iloc[0], of_forward.table("contract").iloc[0]
    assert row["exposure"] == pytest.approx(other["exposure"] * 100 / 110)
    for name in ("implied_volatility", "elasticity", "net_delta"):
        assert row[name] == pytest.approx(other[name], rel=1e-10)
    found = bf.stress(FIT, CRASH, portfolio=held)
    after = revalued(plain, np.maximum(1 + entry(found.outcome, "a00"), 1e-9), 0.7 + 0.15, 7)
    np.testing.assert_allclose(found.book.gains.sel(position="total"), 300 / 110 * after - held.value, rtol=1e-8)
    with pytest.raises(bf.SpecError, match="has an index, with which coin becomes money"):
        book(one, accounted="coin")
    with pytest.raises(bf.SpecError, match="it has a rate and an index"):
        bf.Option("a00", "call", 105, plain.expiry, 3.0, plain.price, 110.0, rate=0.05, index=100.0)


def test_forwards_that_differ_between_expiries_are_said():
    later = option(days=300, forward=106.0)
    said = "marks in a00 become money at the forwards of their own expiries, 100 to 106"
    assert sum(said in note for note in bf.stress(FIT, CRASH, portfolio=book(CALL, later)).notes) == 1
    assert not any("become money" in note for note in book(CALL, PUT, option(days=300, forward=101.0)).notes)


def test_volatilities_at_0_are_said():
    near = option(strike=100, days=9, volatility=0.3)
    held = book(near, CALL)
    found = bf.stress(FIT, bf.Scenario({"vol": -0.5}), portfolio=held)
    said = f"an implied volatility below 0 was taken as 0: in 100 % of draws of {near.name}; sums of differences"
    assert sum(said in note for note in found.notes) == 1
    still = option(strike=100, days=300, volatility=0.02)
    ahead = bf.forecast(book_fit(draws=50), 1, book(still, CALL))
    share = 100 * float((ahead.book.moves.sel(move="vol") <= -0.02).mean())
    assert share > 1
    said = f"was taken as 0: in {share:.3g} % of draws of {still.name}; sums"
    assert sum(said in note for note in ahead.notes) == 1
    assert not any("was taken as 0" in note for note in bf.stress(FIT, CRASH, portfolio=held).notes)


def test_what_expires_on_the_way_is_paid_at_the_return_of_its_underlying_till_then():
    early = option(strike=100, days=6)
    held = book(PUT, bf.Holding("a00", 50.0), early)
    found = bf.forecast(FIT, 10, held)
    own = found.book.underlyings
    np.testing.assert_allclose(own.sel(position="a00"), found.book.moves.sel(move="a00"))
    assert np.abs(own.sel(position=early.name) - own.sel(position="a00")).min() > 0
    paid = np.maximum(100 * (1 + own.sel(position=early.name)) - 100, 0) - early.value
    np.testing.assert_allclose(found.book.gains.sel(position=early.name), paid, atol=1e-10)
    said = f"options that expire before the horizon are paid at the end of the period in which they do: {early.name}"
    assert said in found.notes
