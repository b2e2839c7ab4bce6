"""Factors that bring their own description, alone and beside frames."""

import dataclasses

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayesfactor as bf
from tests.support.series import DAILY, days, noise

LEVEL = bf.Factor("rate", traded=False, family="rates", transform="diff", lag=1, aggregate="last", description="d")
INFO = {"traded": False, "family": "rates", "transform": "diff", "lag": 1, "aggregate": "last", "description": "d"}


@pytest.fixture
def returns():
    return noise(DAILY, ["a", "b"])


@pytest.fixture
def market():
    return noise(DAILY, ["mkt"], 1)


@pytest.fixture
def rate():
    return noise(days("2019-11-01", 140), ["rate"], 2)["rate"]


def same(one, two):
    assert one.fingerprint == two.fingerprint
    assert one.factor_info == two.factor_info
    assert one.notes == two.notes


def test_law_a_list_is_the_frame_of_its_members(returns, market, rate):
    """With the same descriptions: calendars, lags, screens and notes are those of one frame."""
    both = pd.concat([market, rate], axis=1, sort=True)
    expected = bf.integrate(returns, both, {"mkt": {}, "rate": INFO})
    series = bf.FactorSeries(rate, LEVEL)
    same(bf.integrate(returns, [market, series]), expected)
    same(bf.integrate(returns, [market, series], {"mkt": {"traded": True}}), expected)
    same(bf.integrate(returns, (market, rate.to_frame()), {"mkt": {}, "rate": INFO}), expected)
    turned = bf.integrate(returns, [series, market])
    assert turned.factor_names == ("rate", "mkt")
    week = bf.integrate(returns, [market, series], calendar="weekly")
    same(week, bf.integrate(returns, both, {"mkt": {}, "rate": INFO}, calendar="weekly"))


def test_one_series_needs_no_list(returns, rate):
    series = bf.FactorSeries(rate, LEVEL)
    same(bf.integrate(returns, series), bf.integrate(returns, [series]))
    same(bf.integrate(returns, series), bf.integrate(returns, rate.to_frame(), {"rate": INFO}))


def test_frames_of_polars_mix_with_series(returns, market, rate):
    other = pl.DataFrame({"date": market.index.to_numpy(), "mkt": market["mkt"].to_numpy()})
    series = bf.FactorSeries(rate, LEVEL)
    same(bf.integrate(returns, [other, series]), bf.integrate(returns, [market, series]))


def test_units_are_of_frames(returns, market, rate):
    """A series is in decimals, as it was made by a program."""
    own = bf.FactorSeries(noise(DAILY, ["index"], 5)["index"], bf.Factor("index", family="market"))
    plain = bf.integrate(returns, [market, own])
    percent = bf.integrate(100 * returns, [100 * market, own], units="percent")
    np.testing.assert_allclose(percent.factors.values, plain.factors.values, rtol=1e-12)
    np.testing.assert_allclose(percent.returns.values, plain.returns.values, rtol=1e-12)


def test_names_that_come_twice_are_refused(returns, market, rate):
    series = bf.FactorSeries(rate, dataclasses.replace(LEVEL, name="mkt"))
    with pytest.raises(bf.DataError, match=r"'mkt' is in factors\[0\] and in factors\[1\]") as caught:
        bf.integrate(returns, [market, series])
    assert caught.value.series == "mkt"
    assert "name=" in caught.value.remedy
    with pytest.raises(bf.DataError, match=r"factors\[0\] has two columns named 'mkt'"):
        bf.integrate(returns, [pd.concat([market, market], axis=1)])


def test_a_description_is_given_once(returns, market, rate):
    series = bf.FactorSeries(rate, LEVEL)
    with pytest.raises(bf.DataError, match="describes 'rate', a FactorSeries"):
        bf.integrate(returns, [market, series], {"mkt": {}, "rate": INFO})
    with pytest.raises(bf.DataError, match="'mktt', which is not among the factors"):
        bf.integrate(returns, [market, series], {"mkt": {}, "mktt": {}})
    with pytest.raises(bf.DataError, match="says nothing about 'mkt'"):
        bf.integrate(returns, [market, series], {})


def test_members_of_a_list_are_named_by_their_place(returns, market, rate):
    with pytest.raises(bf.DataError, match="empty list"):
        bf.integrate(returns, [])
    with pytest.raises(bf.DataError, match=r"factors\[1\] is a Series.*factors\[1\].to_frame\('rate'\)"):
        bf.integrate(returns, [market, rate])
    with pytest.raises(bf.DataError, match=r"factors\[1\] is a dict"):
        bf.integrate(returns, [market, {}])
    with pytest.raises(bf.DataError, match=r"dates of factors\[0\] are not in order"):
        bf.integrate(returns, [market.iloc[::-1]])
    series = bf.FactorSeries(rate.tz_localize("Asia/Tokyo"), LEVEL)
    with pytest.raises(bf.DataError, match=r"not in one time zone.*factors\[0\]: none, factors\[1\]: Asia/Tokyo"):
        bf.integrate(returns, [market, series])


def test_zones_of_series_are_kept(returns, market, rate):
    """Also where only the attributes of a file's table know the zone."""
    zone = "America/New_York"
    aware = [table.tz_localize(zone) for table in (returns, market, rate)]
    panel = bf.integrate(aware[0], [aware[1], bf.FactorSeries(aware[2], LEVEL)])
    assert panel.fingerprint == bf.integrate(returns, [market, bf.FactorSeries(rate, LEVEL)]).fingerprint
    written = rate.copy()
    written.attrs["zone"] = "Asia/Tokyo"
    with pytest.raises(bf.DataError, match="days of Asia/Tokyo"):
        bf.integrate(aware[0], [aware[1], bf.FactorSeries(written, LEVEL)])


def test_values_are_a_read_only_copy(rate):
    series = bf.FactorSeries(rate, LEVEL)
    before = series.values.copy()
    rate.iloc[0] = 7.0
    pd.testing.assert_series_equal(series.values, before)
    with pytest.raises(ValueError, match="read-only"):
        series.values.iloc[0] = 7.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        series.factor = LEVEL
    assert series.values.name == "rate"
    assert repr(series) == "FactorSeries('rate', 140 values from 2019-11-01 to 2020-03-19, rates, diff, lag 1)"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.iloc[::-1], "not in order"),
        (lambda s: s.iloc[[0, 0, 1]], "twice"),
        (lambda s: s.iloc[:0], "no values"),
        (lambda s: s.where(s.index != s.index[3]), "missing on 2019-11-04"),
        (lambda s: s.where(s.index != s.index[3], np.inf), "infinite on 2019-11-04"),
        (lambda s: s.astype(str), "not a number on 2019-11-01"),
        (lambda s: s.reset_index(drop=True), "not dates|no dates|holds"),
    ],
)
def test_values_that_are_none_are_refused(rate, change, words):
    with pytest.raises(bf.DataError, match=words):
        bf.FactorSeries(change(rate), LEVEL)


def test_descriptions_that_contradict_themselves_are_refused(rate):
    for change, words in (
        ({"transform": "logdiff"}, "Did you mean 'log_diff'"),
        ({"traded": True}, "FactorSeries 'rate': returns are compounded and not transformed"),
        ({"lag": -1}, "not a count of periods"),
    ):
        with pytest.raises(bf.SpecError, match=words):
            bf.FactorSeries(rate, dataclasses.replace(LEVEL, **change))
    with pytest.raises(bf.DataError, match="name of a source"):
        bf.FactorSeries(rate, dataclasses.replace(LEVEL, name="alpha"))
    with pytest.raises(bf.DataError, match="no logarithm"):
        bf.FactorSeries(rate, dataclasses.replace(LEVEL, transform="log_diff"))
    with pytest.raises(bf.SpecError, match="found a DataFrame"):
        bf.FactorSeries(rate.to_frame(), LEVEL)
    with pytest.raises(bf.SpecError, match="found a dict"):
        bf.FactorSeries(rate, INFO)


def test_returns_before_a_risk_free_rate_lose_it_as_assets_do(returns):
    """Of each row's own length, on its own calendar; without a rate they stay as they are."""
    index = noise(DAILY, ["index"], 5)["index"]
    gross = bf.FactorSeries(index, bf.Factor("index", family="market"), excess=False)
    rate = pd.Series(0.0001, DAILY)
    for calendar in ("daily", "weekly"):
        panel = bf.integrate(returns.assign(same=index), gross, risk_free=rate, calendar=calendar)
        shared = panel.factors.sel(time=panel.returns["time"])
        np.testing.assert_allclose(shared.sel(factor="index"), panel.returns.sel(asset="same"), rtol=1e-12)
        assert ("index", "risk-free subtracted") in [(note.series, note.text) for note in panel.notes]
    net = bf.integrate(returns, bf.FactorSeries(index, bf.Factor("index", family="market")), risk_free=rate)
    plain = bf.integrate(returns, gross, risk_free=rate)
    np.testing.assert_allclose(plain.factors.values, net.factors.values - 0.0001, rtol=1e-9)
    percent = bf.integrate(100 * returns, gross, risk_free=100 * rate, units="percent")
    np.testing.assert_allclose(percent.factors.values, plain.factors.values, rtol=1e-9)
    without = bf.integrate(returns, gross)
    np.testing.assert_array_equal(without.factors.values[:, 0], index)
    assert "index" not in [note.series for note in without.notes]
    assert "before a risk-free rate" in repr(gross)


def test_a_rate_that_does_not_cover_such_a_factor_is_refused(returns):
    gross = bf.FactorSeries(noise(days("2019-11-01", 140), ["index"], 5)["index"], bf.Factor("index"), excess=False)
    with pytest.raises(
        bf.DataError, match=r"cover the period that ends 2019-11.* of which 'index' has a .*excess=False"
    ):
        bf.integrate(returns, gross, risk_free=pd.Series(0.0001, DAILY))


def test_a_level_is_no_return_before_a_rate(rate):
    with pytest.raises(bf.SpecError, match=r"FactorSeries\.excess"):
        bf.FactorSeries(rate, LEVEL, excess="no")
    assert bf.FactorSeries(rate, LEVEL, notes="one").notes == ("one",)
    with pytest.raises(bf.SpecError, match="'rate': excess is False, and it is no return"):
        bf.FactorSeries(rate, LEVEL, excess=False)


def test_what_was_said_of_a_series_is_said_of_the_panel(returns, rate):
    series = bf.FactorSeries(rate, LEVEL, notes=("2019-10-31 was left out",), warnings=("it looks odd",))
    told = [(note.kind, note.text) for note in bf.integrate(returns, series).notes if note.series == "rate"]
    assert told[:2] == [("done", "2019-10-31 was left out"), ("warning", "it looks odd")]


def token(seed=5, count=300):
    """Return the price of one token by the day."""
    steps = np.random.default_rng(seed).normal(0, 0.03, count)
    return pd.Series(np.exp(np.cumsum(steps)), pd.date_range("2020-01-01", periods=count), name="btc")


@pytest.mark.parametrize("name", ["CapMrktCurUSD", "CapMrktEstUSD", "PriceUSD", "price", "market_cap", "close"])
def test_a_price_is_no_activity(name):
    with pytest.raises(bf.DataError, match=f"series is '{name}', by its name a price or a capitalisation"):
        bf.activity(token().rename(name), lag=0)
    with pytest.raises(bf.DataError, match="by its name a price"):
        bf.activity(token().to_frame(name))


@pytest.mark.parametrize("name", ["NVTAdj", "CapMVRVCur"])
def test_a_ratio_to_capitalisation_is_no_activity(name):
    with pytest.raises(bf.DataError, match=f"series is '{name}', by its name a ratio to capitalisation"):
        bf.activity(token().rename(name))


def test_activity_takes_what_is_on_the_chain():
    for name in ("CapRealUSD", "TxTfrValAdjUSD", "HashRate", "SplyCur", "closed_positions", "prices_paid"):
        assert bf.activity(token().rename(name)).factor.name == name


def test_a_factor_that_is_the_return_of_an_asset_is_warned_of():
    price = token()
    returns = bf.to_returns(pd.DataFrame({"eth": token(6), "btc": price}))
    rng = np.random.default_rng(7)
    for noise_of, told in ((1e-4, True), (0.03, False)):  # correlations of 1 and .7
        level = (19e6 * price * np.exp(np.cumsum(rng.normal(0, noise_of, len(price))))).rename("level")
        same_day, later = (bf.integrate(returns, bf.activity(level, lag=lag)) for lag in (0, 1))
        said = [note.text for note in same_day.notes if note.series == "level" and note.kind == "warning"]
        assert any("with the return of 'btc' on the same row: it holds the price" in text for text in said) == told
        assert not any("on the same row" in note.text for note in later.notes)


def test_a_factor_that_is_no_return_has_not_the_name_of_an_asset():
    returns = bf.to_returns(pd.DataFrame({"eth": token(6), "btc": token()}))
    hash_rate = token(8)
    with pytest.raises(bf.DataError, match=r"'btc' \(activity on a chain.*name='hash_rate_btc'") as found:
        bf.integrate(returns, bf.activity(hash_rate))
    assert found.value.series == "btc"
    assert bf.integrate(returns, bf.activity(hash_rate, name="hash_rate")).factor_names == ("hash_rate",)
    market = returns["btc"].dropna().to_frame()
    assert bf.integrate(returns, market).factor_names == ("btc",)


def test_the_series_that_makes_a_panel_of_tokens_one_of_business_days_is_named():
    returns = bf.to_returns(pd.DataFrame({"eth": token(6), "btc": token()}))
    vix = token(9).rename("vix")[lambda x: x.index.day_of_week < 5]
    panel = bf.integrate(returns, [bf.activity(vix), bf.activity(token(8).rename("hash_rate"))])
    assert panel.calendar.frequency == "business"
    said = [note.text for note in panel.notes if note.text.startswith("the panel is business because 'vix' is")]
    assert len(said) == 1
    assert "daily values of 'hash_rate'" in said[0] or "daily values of 'btc'" in said[0] or "'eth'" in said[0]


def test_a_ratio_that_is_constant_up_to_rounding_is_refused_as_a_constant_is():
    interest = 1e9 * token(8)
    returns = bf.to_returns(token().to_frame())
    ratio = bf.leverage(interest, 3 * interest)
    assert 0 < np.log(ratio.values).diff().std() < 1e-15
    for factor in (ratio, bf.FactorSeries(ratio.values, dataclasses.replace(ratio.factor, transform="innovation"))):
        with pytest.raises(bf.DataError, match="Factor 'leverage' is constant"):
            bf.integrate(returns, factor)
