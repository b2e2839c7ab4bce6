"""The surface of a chain: flat where volatilities are, and chains with defects refused by name."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.data.options.black76 import black


def quotes(forward=100.0, **changed):
    strike = np.array([80.0, 90.0, 100.0, 110.0, 120.0])
    table = pd.DataFrame(
        {"strike": np.tile(strike, 2), "type": ["call"] * 5 + ["put"] * 5, "underlying_price": forward}
    )
    sign = np.where(table["type"] == "call", 1.0, -1.0)
    table["mark"] = black(forward, table["strike"].to_numpy(), 0.5 * np.sqrt(30 / 365), sign) / forward
    return table.assign(**{"expiry": pd.Timestamp("2024-02-01T08:00Z"), **changed})


def test_a_flat_surface_is_flat():
    found = bf.surface(quotes(), at="2024-01-02T08:00Z").table().iloc[0]
    assert found["at_the_money"] == pytest.approx(0.5)
    assert found["risk_reversal"] == pytest.approx(0, abs=1e-12)
    assert found["butterfly"] == pytest.approx(0, abs=1e-12)
    assert found["quotes"] == 5
    in_money = quotes(mark=quotes()["mark"] * 100)
    assert bf.surface(in_money, at="2024-01-02T08:00Z", settled="usd").table().iloc[0].equals(found)
    said = in_money.assign(settled="usd", quoted=pd.Timestamp("2024-01-02T08:00Z"), index_price=99.0)
    assert bf.surface(said).table().iloc[0].equals(found)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bid": 0.3, "ask": 0.2}, "is above its ask: the quotes are crossed"),
        ({"expiry": "2024-01-01"}, "has expired by then"),
        ({"expiry": "never"}, "is not a moment"),
        ({"strike": 100.0}, "is quoted twice"),
        ({"strike": 0.0}, "must be a number and be above 0"),
        ({"mark": -0.1}, "must be a number and not be below 0"),
        ({"mark": np.nan}, "must be a number"),
        ({"type": "future"}, "is neither a call nor a put"),
        ({"delta": 0.5}, "unknown column 'delta'"),
        ({"underlying": ["ETH"] * 9 + ["BTC"]}, "of several underlyings: BTC, ETH"),
        ({"mark": 0.0}, "no expiry has three quotes"),
        ({"underlying_price": 104.0}, "its calls and puts say a forward of 100, and it has 104"),
        ({"mark": quotes()["mark"] / 100}, "4 of 10 marks are below intrinsic value, such as"),
        ({"underlying_price": [100.0] * 9 + [40_000.0]}, "is not that of the others of its expiry"),
        ({"underlying_price": [100.0] * 5 + [103.0] * 5}, "is not that of the others of its expiry"),
        ({"mark": quotes()["mark"] * 100}, "is said to be in units of the underlying; in money .* 50 % a year"),
        ({"settled": "usd"}, "is said to be in money; in units of the underlying it has an implied volatility of 50 %"),
    ],
)
def test_chains_with_defects(changed, message):
    with pytest.raises(bf.DataError if "moment" not in message else bf.SpecError, match=message):
        bf.surface(quotes(**changed), at="2024-01-02T08:00Z")


def test_chains_that_are_none():
    with pytest.raises(bf.DataError, match="the chain lacks mark; it has strike"):
        bf.surface(quotes().drop(columns="mark"), at="2024-01-02")
    with pytest.raises(bf.DataError, match="holds no contract"):
        bf.surface(quotes().iloc[:0], at="2024-01-02")
    with pytest.raises(bf.SpecError, match="expected a DataFrame, found dict"):
        bf.surface({"strike": 1})
    with pytest.raises(bf.SpecError, match="when was the chain quoted"):
        bf.surface(quotes())
    with pytest.raises(bf.SpecError, match="unknown settled"):
        bf.surface(quotes(), at="2024-01-02", settled="eur")


@pytest.mark.parametrize(("side", "forward"), [("call", 100.0), ("put", 104.0)])
def test_calls_or_puts_alone_have_no_model_free_volatility(side, forward):
    """Half of the strikes are half of the variance."""
    both = quotes(forward)
    one = pd.concat([both[both["type"] == side], both.assign(expiry=pd.Timestamp("2024-03-01T08:00Z"))])
    found = bf.surface(one, at="2024-01-02T08:00Z")
    assert found.expiries["model_free"].isna().tolist() == [True, False]
    assert found.at("59 days")["model_free"] == found.expiries["model_free"].iloc[1]
    assert np.isnan(found.at("45 days")["model_free"])


def test_maturities_that_are_not_there():
    found = bf.surface(quotes(), at="2024-01-02T08:00Z")
    for maturity, message in (
        ("31 days", "no expiries on both sides"),
        ("soon", "not a length of time"),
        (None, "not a length of time"),
        (30, "not a length of time"),
    ):
        with pytest.raises(bf.SpecError, match=message):
            found.at(maturity)
    assert found.at("30 days")["at_the_money"] == pytest.approx(0.5)


@pytest.mark.parametrize(("kind", "lacks"), [("call", "puts"), ("put", "calls")])
def test_half_a_chain_is_refused(kind, lacks):
    half = quotes()[quotes()["type"] == kind]
    with pytest.raises(bf.DataError, match=f"holds {kind}s alone") as raised:
        bf.surface(half, at="2024-01-02")
    assert lacks in raised.value.remedy


def test_what_is_not_known_of_an_expiry_is_said():
    near, strike = quotes(), np.array([110.0, 120.0, 130.0])
    later = {"expiry": "2024-03-01", "type": "call", "strike": strike, "underlying_price": 100.0}
    calls = pd.DataFrame({**later, "mark": black(100.0, strike, 0.5 * np.sqrt(59 / 365), 1.0) / 100})
    one_sided = pd.concat([near, calls], ignore_index=True)
    found = bf.surface(one_sided, at="2024-01-02T08:00Z")
    assert np.isnan(found.table()["at_the_money"][1])
    assert any("2024-03-01: nothing is known at the money" in note for note in found.notes)
    narrow = near[near["strike"].between(90, 110)].assign(mark=lambda table: table["mark"] * 3)
    found = bf.surface(narrow, at="2024-01-02T08:00Z")
    assert np.isnan(found.table()["risk_reversal"][0])
    assert any("2024-02-01: no risk reversal, no butterfly" in note for note in found.notes)
    assert not bf.surface(near, at="2024-01-02T08:00Z").notes


def test_a_moment_of_another_year_is_refused_or_asked_about():
    said = quotes(quoted=pd.Timestamp("2024-01-02T08:00Z"))
    assert bf.surface(said, at="2024-01-02T20:00Z").table()["years"][0] == pytest.approx(29.5 / 365)
    with pytest.raises(bf.SpecError, match=r"at is 2023-01-02 08:00 UTC, and the chain was quoted on 2024-01-02 08:00"):
        bf.surface(said, at="2023-01-02T08:00Z")
    found = bf.surface(quotes(), at="2023-01-02T08:00Z")
    assert any("the first expiry is 395 days after the quotes" in note for note in found.notes)


def test_volatilities_that_are_hardly_meant_are_said():
    at_the_money = quotes()["strike"] == 100
    found = bf.surface(quotes(mark=quotes()["mark"].where(~at_the_money, 0.9)), at="2024-01-02T08:00Z")
    assert sum("an implied volatility of 1,147 % a year" in note for note in found.notes) == 2  # 2 N(v / 2) - 1 = 0.9


def test_parity_of_marks_in_money_and_small_differences():
    in_money = quotes(mark=quotes()["mark"] * 100, settled="usd")
    assert not bf.surface(in_money, at="2024-01-02T08:00Z").notes
    found = bf.surface(in_money.assign(underlying_price=101.0), at="2024-01-02T08:00Z")
    assert any("its calls and puts say a forward of 100, and it has 101" in note for note in found.notes)
    with pytest.raises(bf.DataError, match="say a forward of 100, and it has 96"):
        bf.surface(in_money.assign(underlying_price=96.0), at="2024-01-02T08:00Z")


def test_chains_of_two_days_and_frames_of_others_are_named():
    days = [quotes(quoted=pd.Timestamp(f"2024-01-0{day}T08:00Z")) for day in (2, 3)]
    with pytest.raises(bf.DataError, match="quoted from 2024-01-02 08:00 to 2024-01-03 08:00: it is several chains"):
        bf.surface(pd.concat(days))

    class Frame:
        def to_pandas(self):
            return quotes()

    with pytest.raises(bf.SpecError, match=r"expected a DataFrame of pandas, found Frame of tests") as raised:
        bf.surface(Frame())
    assert raised.value.remedy == "Write bf.surface(chain.to_pandas())."
