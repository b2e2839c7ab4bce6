"""What single functions that make factors refuse: columns, units, intervals, members, choices that do not exist."""

import sys

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.builders import BUILDERS, DAYS, HOURS, bars, caught, level, put

ROW = 60
DAY = DAYS[ROW]


def test_bars_whose_prices_are_not_in_order():
    prices = bars()
    for name in ("Parkinson", "GarmanKlass", "Edge"):
        error = caught(name, prices=put(prices, "high", prices["low"].iloc[ROW] * 0.9))
        assert error.series == "high"
        assert error.date == DAY
        assert "below 'low'" in str(error)
    for field in ("open", "close"):
        error = caught("GarmanKlass", prices=put(prices, field, prices["high"].iloc[ROW] * 1.1))
        assert error.series == field
        assert error.date == DAY
        assert "outside its bar" in str(error)
    rounded = put(prices, "close", prices["high"].iloc[ROW] * (1 + 1e-12))
    assert len(BUILDERS["GarmanKlass"](prices=rounded).values)
    turned = prices.rename(columns={"high": "low", "low": "high"})
    assert "wrong way round" in caught("Parkinson", prices=turned).remedy


def test_columns_that_are_not_there_are_named():
    prices = bars()
    error = caught("YangZhang", prices=prices.drop(columns="open"))
    assert error.series == "open"
    assert "prices.assign(open=prices['close'].shift())" in error.remedy
    error = caught("Parkinson", prices=prices.rename(columns={"high": "hi"}))
    assert "no column 'high'; it has 'open', 'hi'" in str(error)
    assert "two columns of 'close'" in str(caught("CloseToClose", prices=prices.assign(Close=prices["close"])))
    assert "no column 'high'" in str(caught("Parkinson", prices=prices["close"]))
    upper = prices.rename(columns=str.title)
    np.testing.assert_array_equal(BUILDERS["YangZhang"](prices=upper).values, BUILDERS["YangZhang"]().values)
    two = level(1, "a").to_frame().assign(b=1.0)
    assert "has 2 columns" in str(caught("activity", series=two))
    assert "has no value" not in str(caught("activity", series={}))


def test_holes_at_the_ends_are_no_holes():
    prices = bars()
    prices.iloc[:7] = np.nan
    prices.iloc[-3:, 2] = np.nan
    expected = bf.volatility(bars().iloc[7:-3], bf.YangZhang(5))
    pd.testing.assert_series_equal(bf.volatility(prices, bf.YangZhang(5)).values, expected.values, check_freq=False)


def test_windows_in_which_nothing_moves():
    prices = bars()
    prices.iloc[20:40] = 50.0
    for name in ("CloseToClose", "Parkinson", "Amihud", "Edge"):
        error = caught(name, prices=prices)
        assert DAYS[23] <= pd.Timestamp(error.date) <= DAYS[31]
        assert "window" in error.remedy


def test_windows_longer_than_the_data():
    for kind, least in ((bf.YangZhang(90), 91), (bf.Parkinson(91), 91), (bf.CloseToClose(90), 91)):
        with pytest.raises(bf.DataError, match=f"has 90 values, and .* needs {least}") as found:
            bf.volatility(bars(), kind)
        assert found.value.series == "prices"
    assert len(bf.volatility(bars(), bf.Parkinson(90)).values) == 1


def test_per_cent_and_other_units():
    with pytest.raises(bf.DataError, match=r"median of .* points: decimals\?") as found:
        bf.volatility(level(3, "dvol") / 10000, bf.Implied())
    assert "* 100" in found.value.remedy
    for prices, what in ((40_000 + level(3, "close"), "a median of 40,"), (bars(), "a column of volume")):
        with pytest.raises(bf.DataError, match=f"The index of volatility has {what}.*: prices") as found:
            bf.volatility(prices, bf.Implied())
        assert "bf.YangZhang(30)" in found.value.remedy
    assert bf.volatility(bars().assign(volume=0.0), bf.Implied()).values.size
    with pytest.raises(bf.DataError, match="per cent given as decimals"):
        bf.funding(pd.Series(0.01, HOURS, name="rate").iloc[::8])
    with pytest.raises(bf.DataError, match=r"threshold of 'eth' is 80; it must be above 0 and at most 1") as found:
        bf.collateral_health(pd.DataFrame({"eth": level(1, "eth")}), {"eth": 80}, level(2, "debt"))
    assert "0.8 for 80 %" in found.value.remedy
    volume = level(1, "volume")
    with pytest.raises(bf.DataError, match="more was bought than traded") as found:
        bf.flow(1000 * volume, volume)
    assert found.value.date == DAYS[0]
    percent = 100 * bf.to_returns(bars()[["close"]].rename(columns={"close": "a"})).iloc[1:]
    with pytest.raises(bf.DataError, match="'a' in prices is -"):
        bf.volatility(percent["a"], bf.CloseToClose(5))


def test_funding_that_was_read_by_day(tmp_path):
    midnight = pd.Timestamp("2024-01-01").value // 1_000_000
    lines = [f"{midnight + 28_800_000 * k},8,0.0001" for k in range(1, 31)]
    (tmp_path / "a.csv").write_text("\n".join(["calc_time,funding_interval_hours,last_funding_rate", *lines]))
    daily = bf.read_funding(tmp_path / "a.csv", per="day")
    each = bf.read_funding(tmp_path / "a.csv")
    assert bf.funding(daily["rate"], 365).values.to_numpy() == pytest.approx(np.full(10, 0.1095))
    assert bf.funding(each["rate"], 1095).values.to_numpy() == pytest.approx(np.full(10, 0.1095))
    for rates in (daily["rate"], each["rate"]):  # what they are is known
        assert bf.funding(rates).values.to_numpy() == pytest.approx(np.full(10, 0.1095))
    with pytest.raises(bf.DataError, match=r"sums of days, of which a year has 365 and not 1095.*Leave"):
        bf.funding(daily["rate"], 1095)
    bare = pd.Series(daily["rate"].to_numpy(), daily.index)
    with pytest.raises(bf.DataError, match=r"one value a day, and does not say of what.*=365.*1095"):
        bf.funding(bare)
    assert bf.funding(bare, 365).values.to_numpy() == pytest.approx(np.full(10, 0.1095))


def test_funding_by_day_is_dated_alike_by_reader_and_builder(tmp_path):
    """A payment at 00:00, exchanges' milliseconds late or not, is of the day before."""
    start, rng = pd.Timestamp("2024-01-01").value // 1_000_000, np.random.default_rng(1)
    rates = rng.normal(1e-4, 5e-5, 32)
    lines = [f"{start + 28_800_000 * k + 7},8,{rate:.10f}" for k, rate in enumerate(rates)]
    (tmp_path / "a.csv").write_text("\n".join(["calc_time,funding_interval_hours,last_funding_rate", *lines]))
    daily = bf.funding(bf.read_funding(tmp_path / "a.csv", per="day")["rate"]).values
    late = pd.date_range("2024-01-01 00:00:00.007", periods=32, freq="8h")
    for each in (bf.read_funding(tmp_path / "a.csv")["rate"], pd.Series(rates, late)):
        made = bf.funding(each)
        np.testing.assert_allclose(made.values, daily, rtol=1e-6)
        assert (made.values.index == daily.index).all()
        left = "{} was left out: it has 1 of 3 payments"
        assert made.notes == (left.format("2023-12-31"), left.format("2024-01-11"))
    assert daily.iloc[0] == pytest.approx(365 * rates[1:4].sum(), rel=1e-6)


def test_funding_of_intervals_that_are_not_those_of_its_days():
    rates = pd.Series(1e-4, HOURS[::8], name="rate") * np.random.default_rng(1).uniform(0.5, 1.5, len(HOURS[::8]))
    assert bf.funding(pd.Series([0.0001], HOURS[:1]), 1095).values.iloc[0] == pytest.approx(0.1095)
    assert len(bf.funding(rates).values) == 39  # without that at 00:00 of the first, and the last day
    assert len(bf.funding(rates.iloc[1:]).values) == 39
    assert len(bf.funding(rates.iloc[2:-1]).values) == 38
    with pytest.raises(bf.DataError, match="No day of rates has all of its 3 payments"):
        bf.funding(rates.iloc[:3])
    assert bf.funding(rates.iloc[::3].set_axis(HOURS[12::24]), 1095).values.index[0] == HOURS[0]
    with pytest.raises(bf.DataError, match="rates has 2 values on 2021-01-11, a day of 3 intervals") as found:
        bf.funding(rates.drop(rates.index[31]))
    assert found.value.date == pd.Timestamp("2021-01-11")
    with pytest.raises(bf.DataError, match=r"a day of 24 intervals"):
        bf.funding(rates, 8760)


def test_series_that_do_not_meet():
    with pytest.raises(bf.DataError, match="No date is in all of them: open_interest 2021-01-01"):
        bf.leverage(level(1, "a", DAYS[:30]), level(2, "b", DAYS[40:]))
    with pytest.raises(bf.DataError, match="market_cap has no value on 2021-03-02") as found:
        bf.leverage(level(1, "a"), level(2, "b").drop(DAY))
    assert (found.value.series, found.value.date) == ("market_cap", DAY)
    found = bf.leverage(level(1, "a", DAYS[:50]), level(2, "b", DAYS[20:]))
    assert len(found.values) == 30


def test_an_index_of_assets_that_do_not_meet():
    given = BUILDERS["capitalisation_index"].given
    prices, caps = given["prices"], given["market_caps"]
    error = caught("capitalisation_index", market_caps=caps.drop(columns="b"))
    assert "market_caps has no column 'b'" in str(error)
    error = caught("capitalisation_index", prices=prices.drop(columns="b"))
    assert "prices has no column 'b'" in str(error)
    error = caught("capitalisation_index", market_caps=caps.drop(DAY))
    assert error.date == DAY
    assert "market_caps is missing on 2021-03-02" in str(error)
    ended = prices.copy()
    ended.iloc[70:, 0] = np.nan
    error = caught("capitalisation_index", prices=ended)
    assert error.series == "a"
    assert error.date == DAYS[69]
    assert "a source that ends" in str(error)
    small = caps.assign(a=caps["a"] / 1000)
    assert len(BUILDERS["capitalisation_index"](prices=ended, market_caps=small).values) == 89


def test_thresholds_are_of_the_collateral():
    given = BUILDERS["collateral_health"].given
    for shares, words in (
        ({"eth": 0.8}, "thresholds has no 'btc'"),
        ({"eth": 0.8, "btc": 0.8, "wbtc": 0.7}, "collateral has no 'wbtc'. Did you mean 'btc'"),
        ({"eth": 0.8, "btc": "0.8"}, "threshold of 'btc' is '0.8'"),
    ):
        with pytest.raises(bf.DataError, match=words):
            bf.collateral_health(given["collateral"], shares, given["debt"])
    with pytest.raises(bf.SpecError, match="not a mapping"):
        bf.collateral_health(given["collateral"], 0.8, given["debt"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bf.YangZhang(1), "YangZhang.window is 1; it must be a whole number of at least 2"),
        (lambda: bf.Parkinson(0), "at least 1"),
        (lambda: bf.CloseToClose(2.5), "whole number"),
        (lambda: bf.Edge(2), "at least 3"),
        (lambda: bf.Realised(stamps="stop"), "unknown stamps 'stop'. Allowed: start, end"),
        (lambda: bf.Amihud(volume_in="coins"), "unknown volume_in 'coins'"),
        (lambda: bf.FeeVolatility(True), "whole number"),
        (lambda: bf.volatility(bars(), "yang_zhang"), "not one of the choices"),
        (lambda: bf.volatility(bars(), bf.Amihud()), "Allowed: CloseToClose"),
        (lambda: bf.flow(level(1, "a"), level(2, "b"), "ratio"), "flow.kind"),
        (lambda: bf.gas(level(1, "a"), 30), "gas.kind"),
        (lambda: bf.saturation(level(1, "a"), history=0), "saturation.history"),
        (lambda: bf.funding(level(1, "a"), 0), "funding.intervals_a_year"),
        (lambda: bf.value_accrual(level(1, "a"), None), "there are no fees"),
    ],
)
def test_choices_that_do_not_exist(make, words):
    with pytest.raises(bf.SpecError, match=words):
        make()


class CorwinSchultz:
    """As somebody may write it."""


@pytest.mark.parametrize("kind", ["corwin-schultz", "Corwin_Schultz", CorwinSchultz, CorwinSchultz(), "roll", "Roll"])
def test_biased_spreads_are_refused_by_name(kind):
    with pytest.raises(bf.SpecError, match=r"biased") as found:
        bf.liquidity(bars(), kind)
    assert found.value.allowed == ("Amihud", "Edge")
    assert "bf.Edge(30)" in found.value.remedy


def test_edge_without_bidask_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "bidask", None)
    with pytest.raises(bf.SpecError, match=r'Edge needs bidask. pip install "bayesfactor\[liquidity\]"'):
        bf.liquidity(bars(), bf.Edge())
