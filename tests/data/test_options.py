"""Options: laws of their prices, contracts and books that cannot be, and chains with defects."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.data.options.black76 import Contracts, black, implied_volatilities
from tests.support.deribit import AT, option_of

forwards, strikes = st.floats(50, 5_000), st.floats(50, 5_000)
volatilities, years, rates = st.floats(0.05, 3), st.floats(0.002, 3), st.floats(-0.05, 0.2)
quick = settings(max_examples=60, deadline=None)


def contract(forward, strike, left, rate=0.0, sign=1.0):
    return Contracts(*(np.array([float(one)]) for one in (forward, strike, left, rate, sign)))


@quick
@given(forward=forwards, strike=strikes, volatility=volatilities, left=years, rate=rates)
def test_put_call_parity_and_the_formula(forward, strike, volatility, left, rate):
    call, put = (contract(forward, strike, left, rate, sign).values(np.array([volatility]))[0] for sign in (1, -1))
    discount = np.exp(-rate * left)
    assert call - put == pytest.approx(discount * (forward - strike), abs=1e-9 * (forward + strike))
    v = volatility * np.sqrt(left)
    d1 = np.log(forward / strike) / v + v / 2
    wanted = discount * (forward * norm.cdf(d1) - strike * norm.cdf(d1 - v))
    assert call == pytest.approx(wanted, rel=1e-9, abs=1e-9 * forward)


@quick
@given(forward=forwards, volatility=volatilities, left=years, place=st.floats(-1.5, 1.5), rate=rates)
def test_the_implied_volatility_gives_the_value_back(forward, volatility, left, place, rate):
    strike = forward * np.exp(place * volatility * np.sqrt(left))
    for sign in (1.0, -1.0):
        one = contract(forward, strike, left, rate, sign)
        value = one.values(np.array([volatility]))
        found, reasons = implied_volatilities(one, value)
        assert reasons == [""]
        assert found[0] == pytest.approx(volatility, rel=1e-7)


@quick
@given(forward=forwards, volatility=volatilities, left=years, place=st.floats(-1.5, 1.5), rate=rates)
def test_greeks_are_differences_of_values(forward, volatility, left, place, rate):
    strike = forward * np.exp(place * volatility * np.sqrt(left))
    for sign in (1.0, -1.0):
        greeks = contract(forward, strike, left, rate, sign).greeks(np.array([volatility]))

        def value(f=forward, s=volatility, t=left, r=rate, sign=sign, strike=strike):
            return contract(f, strike, t, r, sign).values(np.array([s]))[0]

        size, h = forward, 1e-4
        numbers = {
            "delta": (value(f=forward * (1 + h)) - value(f=forward * (1 - h))) / (2 * forward * h),
            "vega": (value(s=volatility + h) - value(s=volatility - h)) / (2 * h),
            "theta": -(value(t=left * (1 + h)) - value(t=left * (1 - h))) / (2 * left * h),
        }
        scale = {"delta": 1.0, "vega": size, "theta": size / left}
        for name, number in numbers.items():
            assert greeks[name][0] == pytest.approx(number, abs=1e-4 * scale[name])


def test_greeks_are_those_of_vollib_in_other_units():
    from vollib.black.greeks import analytical

    one = contract(2293.97, 2500, 0.2215, 0.03, -1.0)
    greeks = one.greeks(np.array([0.68]))
    numbers = "p", 2293.97, 2500.0, 0.2215, 0.03, 0.68
    factors = {"delta": 1, "gamma": 1, "vega": 100, "theta": 365, "rho": 100}
    for name, factor in factors.items():
        assert greeks[name][0] == pytest.approx(factor * getattr(analytical, name)(*numbers), rel=1e-9)


def test_what_has_no_spread_is_worth_its_intrinsic_value():
    strike = np.array([90.0, 100.0, 110.0])
    np.testing.assert_allclose(black(100.0, strike, 0.0, 1.0), [10, 0, 0], atol=1e-9)
    np.testing.assert_allclose(black(0.0, strike, 0.5, -1.0), strike, atol=1e-9)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.0, "a mark of 0 has no implied volatility"),
        (90.0, "below the intrinsic value, 100"),
        (100.0, "at the intrinsic value"),
        (250.0, "not below 200, the most that the option can be worth"),
    ],
)
def test_a_mark_without_volatility_has_a_reason(value, reason):
    found, reasons = implied_volatilities(contract(200, 100, 0.1), np.array([value]))
    assert np.isnan(found[0])
    assert reason in reasons[0]


GOOD = {"underlying": "eth", "kind": "call", "strike": 2500, "expiry": "2024-03-29", "quantity": 1}
GOOD |= {"price": 0.093005, "forward": 2293.97}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "straddle"}, "unknown kind 'straddle'"),
        ({"strike": 0}, "strike is 0; it must be a number above 0"),
        ({"strike": float("nan")}, "strike is nan"),
        ({"forward": -1}, "forward is -1"),
        ({"price": -0.1}, "price is -0.1, and cannot be below 0"),
        ({"quantity": "ten"}, "quantity is 'ten'"),
        ({"expiry": "soon"}, "'soon' is not a moment"),
        ({"expiry": "240329"}, "'240329' is not a moment"),
        ({"expiry": "12/01/2024"}, "'12/01/2024' is not a moment"),
        ({"expiry": "today"}, "'today' is not a moment"),
        ({"expiry": "31FEB24"}, "'31FEB24' is not a moment"),
        ({"settled": "eur"}, "unknown settled 'eur'"),
        ({"underlying": 3}, "must be the name of an asset"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"rate": 5.0}, "rate is 5.0, 500 % a year"),
        ({"price": 213.35}, "price is 213.35, more than it can be worth with the forward 2293.97"),
        ({"price": 2600.0, "settled": "usd"}, "price is 2600.0, more than it can be worth"),
    ],
)
def test_options_that_cannot_be(wrong, message):
    with pytest.raises(bf.SpecError, match=message):
        bf.Option(**{**GOOD, **wrong})


def test_a_day_expires_at_eight_and_names_are_those_of_exchanges():
    option = bf.Option(**GOOD)
    assert option.expiry == pd.Timestamp("2024-03-29T08:00Z")
    assert option.name == "ETH-29MAR24-2500-C"
    assert bf.Option(**{**GOOD, "expiry": "2024-03-29T10:30+02:00"}).expiry == pd.Timestamp("2024-03-29T08:30Z")


OPTION = bf.Option(**GOOD)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"positions": []}, "must be a list of options and holdings"),
        (
            {"positions": [OPTION, bf.Option(**{**GOOD, "strike": 2400, "forward": 2241.65})]},
            "another option of its expiry",
        ),
        ({"positions": [OPTION, {"btc": 1}]}, "neither an Option nor a Holding"),
        ({"at": "2024-04-01"}, "'ETH-29MAR24-2500-C' expired on 2024-03-29 08:00 UTC"),
        ({"at": None}, "None is not a moment"),
        ({"volatility": 0.2}, "volatility is 0.2, and must be the name of a factor"),
        ({"rate": 0.03}, "rate is 0.03"),
        ({"accounted": "eur"}, "unknown accounted 'eur'"),
        ({"positions": [OPTION, bf.Holding("btc", 1)], "accounted": "coin"}, "on several underlyings: btc, eth"),
        ({"positions": [OPTION, bf.Holding("eth", 1)], "accounted": "coin"}, "has no price: how many units is it"),
        ({"positions": [bf.Holding("eth", 1, 9.0)], "accounted": "coin"}, "gain nothing in its own units"),
    ],
)
def test_books_that_cannot_be(made, message):
    with pytest.raises(bf.SpecError, match=message):
        bf.Book(**{"positions": [OPTION], "at": AT, **made})


def test_a_book_scales_and_adds_up():
    long, put = OPTION, option_of("ETH-26JAN24-2200-P", 2241.65, 0.0537, -3)
    table = bf.Book([long, put, bf.Holding("eth", 2, 2240.0)], at=AT).table().set_index("position")
    one = bf.Book([long, put], at=AT).table("contract").set_index("position")
    for name in ("value", "delta", "gamma", "vega", "theta", "rho", "exposure"):
        assert table.loc[put.name, name] == pytest.approx(-3 * one.loc[put.name, name])
        assert table.loc["total", name] == pytest.approx(table[name].iloc[:-1].sum())
    assert table.loc["eth", "delta"] == 2
    assert table.loc[put.name, "elasticity"] == one.loc[put.name, "elasticity"]
    assert "money per 1.00 of volatility" in table.attrs["units"]["vega"]


def test_settled_in_money_is_the_same_option():
    linear = bf.Option(**{**GOOD, "price": OPTION.value, "settled": "usd"})
    one, other = (bf.Book([option], at=AT).table("contract").iloc[0] for option in (OPTION, linear))
    for name in ("value", "implied_volatility", "delta", "vega", "elasticity"):
        assert one[name] == pytest.approx(other[name], rel=1e-9)
    assert one["net_delta"] == pytest.approx(other["net_delta"] - OPTION.price)


def test_a_mark_below_intrinsic_value_is_a_reason_of_its_position():
    deep = option_of("ETH-12JAN24-1200-C", 2226.35, 0.4)
    table = bf.Book([deep, OPTION], at=AT).table()
    assert np.isnan(table["implied_volatility"][0])
    assert "below the intrinsic value" in table["reason"][0]
    assert table["reason"][1] == ""
    assert np.isfinite(table["delta"][1])
    assert deep.name in table.attrs["notes"][0]


def test_marks_in_coin_that_are_said_to_be_in_money_are_refused():
    """At the money 0.05 is a volatility of 27 % in units of an underlying at 100, and of 0.3 % in money."""
    wrong = bf.Option("eth", "call", 100.0, "2024-03-29", 1, 0.05, 100.0, "usd")
    for ask in (bf.Book([wrong], at=AT).table, bf.Book([wrong], at=AT).require_volatilities):
        with pytest.raises(bf.DataError, match="is said to be in money; in units of the underlying") as raised:
            ask()
        assert 'settled="coin"' in raised.value.remedy
    right = bf.Option("eth", "call", 100.0, "2024-03-29", 1, 0.05, 100.0)
    table = bf.Book([right], at=AT).table()
    assert table["implied_volatility"][0] == pytest.approx(0.05 * np.sqrt(2 * np.pi * 365 / 80.86), rel=0.01)
    assert table.attrs["notes"] == ()


def test_volatilities_that_are_hardly_meant_are_said():
    dear = bf.Option("eth", "call", 100.0, "2024-01-26", 1, 0.8, 100.0)
    table = bf.Book([dear], at=AT).table()
    assert table["implied_volatility"][0] > 10
    assert "ETH-26JAN24-100-C: an implied volatility of 1," in table.attrs["notes"][0]
    low = bf.Option("eth", "call", 120.0, "2024-03-29", 1, 0.03, 100.0, "usd")
    table = bf.Book([low], at=AT).table()
    assert 0.05 < table["implied_volatility"][0] < 0.2
    assert "taken in units of the underlying, its mark would say" in table.attrs["notes"][0]


def test_assets_that_cannot_be_held():
    for made, message in (
        ({"asset": ""}, "must be the name of one"),
        ({"quantity": None}, "quantity is None"),
        ({"price": 0}, "price is 0; it must be a number above 0"),
    ):
        with pytest.raises(bf.SpecError, match=message):
            bf.Holding(**{"asset": "eth", "quantity": 1.0, **made})


def test_without_vollib_the_remedy_is_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "vollib.black.implied_volatility", None)
    with pytest.raises(bf.SpecError, match="need vollib") as raised:
        bf.Book([OPTION], at=AT).table()
    assert raised.value.remedy == 'pip install "bayesfactor[options]"'


@pytest.mark.parametrize(
    ("kind", "strike", "forward"), [("call", 2000, 2293.97), ("call", 1200, 2226.35), ("put", 2500, 2293.97)]
)
def test_a_mark_at_intrinsic_value_has_no_volatility_from_rounding(kind, strike, forward):
    """2293.97 - 2000 is 293.9699999999998 in floating point."""
    mark = round(abs(forward - strike), 2)
    for price in (mark, mark * (1 + 1e-16), np.nextafter(mark, np.inf)):
        one = bf.Option("eth", kind, strike, "2024-03-29", 1, price, forward, "usd")
        assert "is at the intrinsic value" in bf.Book([one], at="2024-01-08T12:00Z").table()["reason"][0]
    one = bf.Option("eth", kind, strike, "2024-03-29", 1, mark + 1e-9, forward, "usd")
    assert bf.Book([one], at="2024-01-08T12:00Z").table()["implied_volatility"][0] > 0
