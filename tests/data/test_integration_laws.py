"""Laws of integration, and frames of other kinds."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate, to_returns
from tests.support.series import BUSINESS, DAILY, LEVEL, column, compound, days, noise


def test_polars_frames_work_like_pandas_frames():
    returns, factors = noise(BUSINESS, ["a", "b"]), noise(BUSINESS, ["mkt", "vix"], 1)
    returns.iloc[:7, 1] = np.nan
    info = {"mkt": {}, "vix": LEVEL}
    groups = pl.DataFrame({"asset": ["a", "b"], "group": ["x", "y"]})
    as_polars = [
        pl.DataFrame({"date": f.index.to_numpy(), **{c: f[c].to_numpy() for c in f}}).fill_nan(None)
        for f in (returns, factors)
    ]
    one = integrate(returns, factors, info, {"a": "x", "b": {"group": "y"}})
    two = integrate(*as_polars, info, groups)
    assert one.fingerprint == two.fingerprint
    prices = (1 + returns).cumprod()
    again = pl.DataFrame({"date": prices.index.date.tolist(), **{c: prices[c].to_numpy() for c in prices}})
    np.testing.assert_array_equal(to_returns(again), to_returns(prices))


def test_time_zones_and_caller_data():
    returns, factors = noise(DAILY, ["a"]), noise(DAILY, ["mkt"], 1)
    before = returns.copy(), factors.copy()
    plain = integrate(returns, factors, units="decimal")
    pd.testing.assert_frame_equal(returns, before[0])
    pd.testing.assert_frame_equal(factors, before[1])
    for zone in ("UTC", "America/New_York"):
        aware = integrate(returns.tz_localize(zone), factors.tz_localize(zone))
        assert aware.fingerprint == plain.fingerprint
    with pytest.raises(DataError, match="one time zone"):
        integrate(returns.tz_localize("UTC"), factors)


def test_a_name_may_be_both_an_asset_and_a_factor():
    both = noise(DAILY, ["mkt"])
    panel = integrate(both, both)
    np.testing.assert_array_equal(panel.returns.values, panel.factors.values)


def test_to_returns_spans_gaps():
    prices = pd.DataFrame({"a": [1.0, 2.0, np.nan, 3.0], "b": [np.nan, 4.0, 5.0, 10.0]}, index=DAILY[:4])
    got = to_returns(prices)
    expected = {"a": [np.nan, 1.0, np.nan, 0.5], "b": [np.nan, np.nan, 0.25, 1.0]}
    pd.testing.assert_frame_equal(got, pd.DataFrame(expected, index=DAILY[:4]), check_freq=False)


SEEDS = st.integers(0, 2**31 - 1)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 69), st.sampled_from(["auto", "weekly"]), st.sampled_from([0, 2]))
def test_law_a_later_value_changes_no_earlier_row(seed, place, calendar, lag):
    returns, factors = noise(DAILY, ["a"], seed), noise(DAILY, ["mkt", "x"], seed + 1)
    info = {"mkt": {}, "x": LEVEL | {"lag": lag}}
    changed = factors.copy()
    changed.iloc[place:] += np.random.default_rng(seed).normal(0, 0.02, changed.iloc[place:].shape)
    one, two = (
        integrate(returns, factors, info, calendar=calendar),
        integrate(returns, changed, info, calendar=calendar),
    )
    earlier = one.factors.time.values < DAILY[place].to_datetime64()
    np.testing.assert_array_equal(one.factors.values[earlier], two.factors.values[earlier])
    published = one.factors.time.values < (DAILY[place] + pd.Timedelta(days=lag)).to_datetime64()
    np.testing.assert_array_equal(one.factors.values[published, 1], two.factors.values[published, 1])


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.permutations(["a", "b", "c"]), st.permutations(["f", "g"]))
def test_law_permuting_columns_permutes_the_panel(seed, assets, names):
    returns, factors = noise(DAILY, ["a", "b", "c"], seed), noise(BUSINESS, ["f", "g"], seed + 1)
    returns.iloc[: seed % 40, 1] = np.nan
    one, two = integrate(returns, factors), integrate(returns[assets], factors[names])
    assert one.select(assets, names).fingerprint == two.fingerprint


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["auto", "weekly"]))
def test_law_percent_and_decimal_agree(seed, calendar):
    returns, factors = noise(DAILY, ["a"], seed), noise(BUSINESS, ["f", "x"], seed + 1)
    info = {"f": {}, "x": {"traded": False, "transform": "none"}}
    percent = factors.assign(f=factors["f"] * 100)
    one = integrate(returns, factors, info, risk_free=0.0001, calendar=calendar)
    two = integrate(returns * 100, percent, info, risk_free=0.01, calendar=calendar, units="percent")
    np.testing.assert_allclose(one.returns.values, two.returns.values, atol=1e-15)
    np.testing.assert_allclose(one.factors.values, two.factors.values, atol=1e-15)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(["auto", "weekly"]))
def test_law_compounding_the_rows_compounds_the_raw_returns(seed, calendar):
    returns, factors = noise(DAILY, ["a"], seed), noise(BUSINESS, ["f"], seed + 1)
    got = column(integrate(returns, factors, calendar=calendar), "a")
    assert got.notna().all()
    start = "2020-01-01" if calendar == "auto" else "2020-01-04"
    first = got.index[0] if calendar == "auto" else pd.Timestamp("2020-01-10")
    raw = returns["a"][start : got.index[-1]]
    assert got.index[0] == first
    assert compound(got) == pytest.approx(compound(raw), abs=1e-12)


def test_real_data_integrate_on_every_calendar(shared_data):
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col=0, parse_dates=True)
    macro = pd.read_csv(shared_data / "macro_daily.csv.gz", index_col=0, parse_dates=True)
    chain = pd.read_csv(shared_data / "crypto_onchain.csv.gz", parse_dates=["date"])
    btc = chain[chain["asset"] == "btc"].set_index(["metric", "date"])["value"]
    factors = macro[["VIXCLS", "DGS10"]].join(btc["HashRate"].rename("HashRate"), how="outer")
    factors = factors.join(btc["TxCnt"].rename("TxCnt"), how="outer")
    info = {
        "VIXCLS": {"traded": False, "transform": "innovation", "family": "volatility"},
        "DGS10": {"traded": False, "transform": "diff", "family": "rates"},
        "HashRate": {"traded": False, "transform": "log_diff", "lag": 1, "family": "on-chain"},
        "TxCnt": {"traded": False, "transform": "log_diff", "aggregate": "sum", "family": "on-chain"},
    }
    returns = to_returns(prices)
    for calendar, frequency in (("auto", "business"), ("weekly", "weekly"), ("monthly", "monthly")):
        panel = integrate(returns, factors, info, calendar=calendar)
        assert panel.calendar.frequency == frequency
        got = column(panel, "btc").dropna()
        raw = prices["btc"]
        first, last = got.index[0], got.index[-1]
        before = panel.factors.indexes["time"][panel.factors.indexes["time"] < first]
        start = before[-1] if len(before) else None
        if start is not None:
            assert compound(got) == pytest.approx(raw[last] / raw[start] - 1, rel=1e-9)
        second = compound(got.iloc[1:])
        assert second == pytest.approx(raw[last] / raw[first] - 1, rel=1e-9)


SHORT = {
    "one": [100],
    "two": [100, 130],
    "12 days apart": [100, 112, 124],
    "a month apart": [100, 130, 160],
    "a week apart": [100, 107, 114],
    "two in one month": [100, 101, 160],
}
FRAMES = {
    "daily": days("2020-01-01", 200),
    "business": days("2020-01-01", 200, "B"),
    "weekly": days("2020-01-03", 60, "W-FRI"),
    "monthly": days("2019-12-31", 40, "ME"),
}


def with_short(returns, places):
    """Add an asset of few values, by their places among the days of the frame."""
    every = pd.date_range(returns.index[0], returns.index[-1])
    return returns.join(pd.Series(0.01 + 0.001 * np.arange(len(places)), every[places], name="new"), how="outer")


def same_without(one, two):
    """Whether the second panel is the first, but for more assets."""
    assert two.calendar == one.calendar
    pd.testing.assert_frame_equal(two.factors.to_pandas(), one.factors.to_pandas())
    got = two.returns.sel(asset=list(one.assets)).to_pandas().dropna(how="all")
    pd.testing.assert_frame_equal(got, one.returns.to_pandas().dropna(how="all"))
    return True


@pytest.mark.parametrize("frequency", FRAMES)
@pytest.mark.parametrize("places", SHORT.values(), ids=SHORT)
def test_short_history_changes_nothing_for_the_others(frequency, places):
    returns, factors = noise(FRAMES[frequency], ["a", "b"]), noise(FRAMES[frequency], ["mkt"], 1)
    one, two = integrate(returns, factors), integrate(with_short(returns, places), factors)
    assert one.calendar.frequency == frequency
    assert two.assets == ("a", "b", "new")
    assert same_without(one, two)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from(list(FRAMES)), st.lists(st.integers(0, 199), max_size=11, unique=True))
def test_law_a_short_history_changes_nothing_for_the_others(seed, frequency, places):
    returns, factors = noise(FRAMES[frequency], ["a", "b"], seed), noise(FRAMES[frequency], ["mkt"], seed + 1)
    returns.iloc[: seed % (len(returns) - 12), 1] = np.nan
    two = integrate(with_short(returns, sorted(places)), factors)
    assert same_without(integrate(returns, factors), two)


def test_days_of_a_short_history_are_not_months():
    returns, factors = noise(FRAMES["monthly"], ["a"]), noise(FRAMES["monthly"], ["mkt"], 1)
    january = pd.Series(0.01, days("2019-12-31", 32), name="new").iloc[[30, 31]]
    with_days = integrate(returns.join(january, how="outer"), factors)
    assert column(with_days, "new").notna().sum() == 0
    whole = pd.Series([0.01, 0.02], pd.to_datetime(["2020-01-31", "2020-02-29"]), name="new")
    got = column(integrate(returns.join(whole, how="outer"), factors), "new").dropna()
    assert got.to_dict() == whole.to_dict()


def test_long_regular_history_keeps_its_own_pattern():
    returns, factors = noise(days("2020-01-01", 500), ["a", "b"]), noise(days("2020-01-01", 500), ["mkt"], 1)
    monthly = noise(days("2020-01-31", 16, "ME"), ["fund"], 2)
    assert integrate(returns.join(monthly), factors).calendar.frequency == "monthly"
    assert integrate(returns.join(monthly.iloc[:11]), factors).calendar.frequency == "daily"
    irregular = returns["a"].iloc[np.cumsum([3, 41, 2, 60, 29, 8, 33, 70, 5, 31, 44, 12, 50])].rename("new")
    assert integrate(returns.join(irregular), factors).calendar.frequency == "daily"
    fortnights = noise(days("2020-01-01", 20, "14D"), ["odd"], 3)
    with pytest.raises(DataError, match="'odd' in returns has a value every 14 days"):
        integrate(returns.join(fortnights), factors)


def test_frame_of_short_histories_only():
    months = days("2020-01-31", 9, "ME")
    panel = integrate(noise(months, ["a", "b"]), noise(months, ["mkt"], 1))
    assert panel.calendar.frequency == "monthly"
    assert panel.returns.sizes["time"] == 9
