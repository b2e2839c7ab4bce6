"""Hostile data are refused by name, date and value; odd data are warned of."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate, to_returns
from tests.support.series import noise

DAYS = pd.date_range("2020-01-01", periods=60, freq="D")
WEEKDAYS = pd.date_range("2020-01-01", periods=60, freq="B")
LEVEL = {"traded": False, "transform": "diff"}


@pytest.fixture
def returns():
    return noise(DAYS, ["a", "b"])


@pytest.fixture
def factors():
    return noise(DAYS, ["mkt", "value"], 1)


def refused(words, *args, **kwargs):
    with pytest.raises(DataError, match=words) as caught:
        integrate(*args, **kwargs)
    assert caught.value.remedy
    return caught.value


def test_duplicate_and_unsorted_dates(returns, factors):
    twice = returns.iloc[[0, 1, 1, 2]]
    assert refused("twice", twice, factors).date == DAYS[1]
    swapped = factors.iloc[[0, 2, 1, 3]]
    assert refused("not in order", returns, swapped).date == DAYS[1]


def test_index_must_be_dates(returns, factors):
    refused("not dates", returns.reset_index(drop=True), factors)
    refused("not dates", returns, factors.set_axis(DAYS.strftime("%Y-%m-%d"), axis=0))
    refused("no column of dates", pl.DataFrame({"a": [0.1, 0.2]}), factors)
    refused("not a DataFrame", [1, 2, 3], factors)
    assert "to_timestamp" in refused("holds Period", returns.to_period("D"), factors).remedy


def test_intraday_times_are_not_supported(returns, factors):
    hourly = returns.set_axis(pd.date_range("2020-01-01", periods=60, freq="h"), axis=0)
    error = refused("intraday data are not supported yet", hourly, factors)
    assert error.date == pd.Timestamp("2020-01-01 01:00")


def test_missing_date(returns, factors):
    index = DAYS.to_list()
    index[3] = pd.NaT
    refused("date of returns is missing", returns.set_axis(pd.DatetimeIndex(index), axis=0), factors)


def test_names(returns, factors):
    refused("two columns named 'a'", returns.set_axis(["a", "a"], axis=1), factors)
    refused("two columns named '1'", returns.set_axis([1, "1"], axis=1), factors)
    assert integrate(returns.set_axis([1, 2], axis=1), factors).assets == ("1", "2")


@pytest.mark.parametrize("bad", ["n/a", ".", True])
def test_text_is_named(returns, factors, bad):
    dirty = returns.astype(object)
    dirty.iloc[7, 1] = bad
    error = refused("is not a number on 2020-01-08", dirty, factors)
    assert (error.series, error.date, error.value) == ("b", DAYS[7], bad)


def test_objects_that_are_numbers_are_read(returns, factors):
    dirty = returns.astype(object)
    dirty.iloc[7, 1] = None
    panel = integrate(dirty, factors)
    assert np.isnan(panel.returns.sel(asset="b").values).sum() == 2


@pytest.mark.parametrize("place", ["returns", "factors", "risk_free"])
def test_infinite_values(returns, factors, place):
    rate = pd.DataFrame({"rf": 1e-4}, index=DAYS)
    frames = {"returns": returns, "factors": factors, "risk_free": rate}
    frames[place].iloc[5, -1] = -np.inf
    error = refused("infinite on 2020-01-06", **frames)
    assert error.date == DAYS[5]
    assert error.value == -np.inf


def test_empty_frames(returns, factors):
    refused("returns is empty", returns.iloc[:0], factors)
    refused("factors is empty", returns, factors[[]])
    refused("returns is empty", returns * np.nan, factors)
    refused("has 0 values", returns, factors.assign(value=np.nan))


def test_no_overlap_says_both_spans(returns, factors):
    later = factors.set_axis(DAYS + pd.Timedelta(days=400), axis=0)
    error = refused("2020-01-01 to 2020-02-29.*2021-02-04 to 2021-04-04", returns, later)
    assert error.series == "panel"
    apart = factors.copy()
    apart.iloc[:40, 0], apart.iloc[20:, 1] = np.nan, np.nan
    names = [str(name) for name in factors.columns[:2]]
    found = (
        rf"factors have no date in common, as '{names[1]}' ends on 2020-01-20 and '{names[0]}' begins on 2020-02-10\."
    )
    refused(f"No period has both a return and all factors: .* to .*; {found}", returns, apart)


def test_prices_and_percent_given_as_decimal_returns(returns, factors):
    refused("looks like prices", 100 * (1 + returns).cumprod(), factors)
    error = refused("a loss of more than everything: percent given as decimal", returns * 100, factors)
    assert error.value < -1
    assert "units='percent'" in error.remedy
    mild = (returns * 100).clip(-0.99, None)
    refused("median absolute return.*percent given as decimal", mild, factors)
    refused("'mkt'", returns, factors * 100)


def test_decimals_given_as_percent(returns, factors):
    refused("decimals given as percent", returns, factors, units="percent")
    assert integrate(returns * 100, factors * 100, units="percent").returns.std() < 0.03


def test_levels_are_never_rescaled(returns):
    level = 1000 * noise(DAYS, ["vix"]).cumsum()
    panel = integrate(returns * 100, level, {"vix": LEVEL}, units="percent")
    np.testing.assert_array_equal(panel.factors.values[:, 0], level["vix"].diff().dropna())


def test_risk_free_that_is_an_annual_percentage(returns, factors):
    refused("annual rate or per cent", returns, factors, risk_free=pd.Series(4.5, index=DAYS))
    refused("annual rate or per cent", returns, factors, risk_free=0.045)
    refused("3 columns|2 columns", returns, factors, risk_free=factors)


def test_constant_and_collinear_factors(returns, factors):
    assert refused("'flat' is constant", returns, factors.assign(flat=0.01)).series == "flat"
    error = refused("collinear", returns, factors.assign(twice=2 * factors["mkt"], x=noise(DAYS, ["x"], 9)))
    assert "'mkt', 'twice'" in str(error)
    assert "'value'" not in str(error)


def test_near_collinear_factors_are_warned_of(returns, factors):
    near = factors.assign(near=factors["mkt"] + noise(DAYS, ["near"], 9, 0.0005)["near"])
    warnings = integrate(returns, near).describe().warnings
    assert warnings["text"].str.contains("'mkt', 'near' are nearly collinear: condition number").any()


def test_more_coefficients_than_dates():
    many = [f"f{k}" for k in range(20)]
    error = refused("21 coefficients, and 'a'.*15 periods", noise(DAYS[:15], ["a"]), noise(DAYS[:15], many, 1))
    assert error.value == 15


def test_asset_without_a_row_is_kept_with_a_warning(returns, factors):
    panel = integrate(returns.assign(ghost=np.nan), factors)
    assert panel.assets == ("a", "b", "ghost")
    assert any(n.series == "ghost" and n.kind == "warning" for n in panel.notes)
    assert panel.describe().assets.loc["ghost", "periods"] == 0


def test_hole_in_a_daily_factor(returns, factors):
    empty = factors.copy()
    empty.loc[DAYS[30]] = np.nan
    for broken in (factors.drop(DAYS[30]), empty):
        error = refused("no value on 2020-01-31", returns, broken)
        assert error.series == "mkt"
        assert "stale" in error.remedy


def test_hole_in_a_monthly_factor():
    months = pd.date_range("2015-01-31", periods=40, freq="ME")
    returns, factors = noise(months, ["a"]), noise(months, ["mkt"], 1)
    assert str(refused("no value on", returns, factors.drop(months[20])).date) == "2016-09-30"
    factors.iloc[20] = np.nan
    assert str(refused("no value on", returns, factors).date) == "2016-09-30"


def test_business_level_may_be_closed_a_week_but_no_longer():
    level = noise(WEEKDAYS, ["vix"]).cumsum()
    returns = noise(pd.date_range("2020-01-01", "2020-03-24", freq="D"), ["btc"])
    closed = level.copy()
    closed.iloc[10:14] = np.nan
    panel = integrate(returns, closed, {"vix": LEVEL})
    assert any("no value on 4 weekdays" in note.text for note in panel.notes)
    after = panel.factors.sel(time=WEEKDAYS[14], factor="vix").item()
    assert after == pytest.approx(level["vix"].iloc[14] - level["vix"].iloc[9])
    closed.iloc[10:16] = np.nan
    assert str(refused("no value on", returns, closed, {"vix": LEVEL}).date) == str(WEEKDAYS[10].date())


def test_lost_return_of_a_business_factor():
    factors, returns = noise(WEEKDAYS, ["mkt", "smb"], 1), noise(WEEKDAYS, ["a"])
    holiday = factors.drop(WEEKDAYS[20])
    closed = integrate(returns.drop(WEEKDAYS[20]), holiday)
    assert closed.returns.sizes["time"] == 59
    factors.iloc[20, 1] = np.nan
    error = refused("a return would be lost", returns.drop(WEEKDAYS[20]), factors)
    assert (error.series, str(error.date)) == ("smb", str(WEEKDAYS[20].date()))
    refused("a return would be lost", returns, holiday)


def test_two_values_in_one_month():
    months = pd.date_range("2015-01-31", periods=40, freq="ME")
    returns = noise(pd.date_range("2015-01-01", periods=900, freq="D"), ["a"])
    factors = noise(months.insert(4, pd.Timestamp("2015-05-04")), ["mkt"], 1)
    error = refused("two values in one period: 2015-05-04 and 2015-05-31", returns, factors)
    assert error.series == "mkt"


def test_spacing_of_no_calendar(returns):
    fortnights = noise(pd.date_range("2020-01-01", periods=20, freq="14D"), ["x"])
    assert refused("every 14 days", returns, fortnights).value == 14


@pytest.mark.parametrize("price", [0.0, -36.98])
def test_price_of_zero_or_below(price):
    prices = pd.DataFrame({"ok": 1.0 + np.arange(60), "shib": 1.0}, index=DAYS)
    prices.iloc[9, 1] = price
    with pytest.raises(DataError, match="price of 'shib'") as caught:
        to_returns(prices)
    assert (caught.value.series, caught.value.date, caught.value.value) == ("shib", DAYS[9], price)


def warned(panel, series):
    found = panel.describe().warnings
    return " | ".join(found.loc[found["series"] == series, "text"])


def test_stale_runs_zeros_and_total_loss(returns, factors):
    returns.iloc[10:16, 0] = 0.0
    returns.iloc[40, 1] = -1.0
    panel = integrate(returns, factors)
    assert "stale: 6 returns" in warned(panel, "a")
    assert "10% of the returns are exactly zero" in warned(panel, "a")
    assert "-100 % on 2020-02-10" in warned(panel, "b")


def test_jumps_are_dated(returns, factors):
    returns.iloc[20, 0] = 4.888
    factors.iloc[21, 1] = 1.3
    panel = integrate(returns, factors)
    assert "jumps: 2020-01-21 (+4.888)" in warned(panel, "a")
    assert "jumps: 2020-01-22 (+1.3)" in warned(panel, "value")
    assert warned(panel, "b") == ""


def test_monthly_level_stamped_at_the_start_of_its_month():
    starts = pd.date_range("2018-01-01", periods=30, freq="MS")
    cpi, returns = noise(starts, ["cpi"], 1).cumsum(), noise(starts, ["a"])
    assert "looks ahead" in warned(integrate(returns, cpi, {"cpi": LEVEL}), "cpi")
    assert "looks ahead" not in warned(integrate(returns, cpi, {"cpi": LEVEL | {"lag": 1}}), "cpi")


def test_factor_constant_over_the_life_of_an_asset(returns):
    policy = pd.DataFrame({"rate": np.r_[np.arange(30.0) ** 2, np.full(30, 900.0)]}, index=DAYS)
    returns.iloc[:40, 1] = np.nan
    panel = integrate(returns, policy, {"rate": LEVEL})
    assert "factor 'rate' is constant over its whole life" in warned(panel, "b")
    assert "constant" not in warned(panel, "a")


def test_traded_factor_with_a_lag_and_long_rows():
    factors, returns = noise(WEEKDAYS, ["mkt"], 1), noise(WEEKDAYS, ["a"])
    assert "not the return of the same period" in warned(integrate(returns, factors, {"mkt": {"lag": 1}}), "mkt")
    gone = WEEKDAYS[20:30]
    panel = integrate(returns.drop(gone), factors.drop(gone))
    assert "1 rows span more than 10 days" in warned(panel, "panel")
