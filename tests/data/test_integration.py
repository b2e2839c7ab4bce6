"""Rows of regular and mixed calendars, against hand calculations."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.data.integration.assembly import integrate
from tests.support.series import BUSINESS, DAILY, column, compound, days, noise


def test_aligned_data_come_through_unchanged():
    returns, factors = noise(BUSINESS, ["a", "b"]), noise(BUSINESS, ["mkt", "value"], 1)
    panel = integrate(returns, factors)
    assert panel.calendar.frequency == "business"
    assert panel.periods_per_year == 252
    np.testing.assert_array_equal(panel.returns.values, returns.to_numpy())
    np.testing.assert_array_equal(panel.factors.values, factors.to_numpy())
    assert [f.family for f in panel.factor_info] == ["market", "style"]
    assert all(f.traded and f.aggregate == "compound" for f in panel.factor_info)
    assert panel.group_names == ("all",)


def test_monday_compounds_the_weekend():
    returns, factors = noise(DAILY, ["btc"]), noise(BUSINESS, ["mkt"], 1)
    panel = integrate(returns, factors)
    monday = pd.Timestamp("2020-01-13")
    expected = compound(returns.loc["2020-01-11":"2020-01-13", "btc"])
    assert column(panel, "btc")[monday] == pytest.approx(expected, abs=1e-15)
    assert panel.factors.sel(time=monday, factor="mkt") == factors.loc[monday, "mkt"]
    assert panel.calendar.frequency == "business"


def test_missing_day_costs_its_row_and_the_next():
    returns, factors = noise(BUSINESS, ["a", "b"]), noise(BUSINESS, ["mkt"], 1)
    returns.iloc[10, 0] = np.nan
    got = column(integrate(returns, factors), "a")
    assert got[got.isna()].index.tolist() == list(BUSINESS[10:12])
    kept = got.notna()
    np.testing.assert_array_equal(got[kept], returns["a"][kept])


def test_first_return_on_a_weekend_covers_from_the_day_before():
    returns, factors = noise(DAILY, ["btc", "late"]), noise(BUSINESS, ["mkt"], 1)
    returns.loc[:"2020-01-10", "late"] = np.nan  # first return on Saturday, from Friday
    got = column(integrate(returns, factors), "late").dropna()
    assert got.index[0] == pd.Timestamp("2020-01-13")
    assert got.iloc[0] == pytest.approx(compound(returns.loc["2020-01-11":"2020-01-13", "late"]), abs=1e-15)
    returns.loc[:"2020-01-11", "late"] = np.nan  # first return on Sunday, from Saturday: inside the row
    assert column(integrate(returns, factors), "late").dropna().index[0] == pd.Timestamp("2020-01-14")


def test_business_assets_decide_the_dates_with_daily_factors():
    returns, factors = noise(BUSINESS, ["a", "b", "c"]), noise(DAILY, ["cmkt"], 1)
    holiday = pd.Timestamp("2020-01-20")
    panel = integrate(returns.drop(holiday), factors)
    assert holiday not in panel.factors.indexes["time"]
    tuesday = panel.factors.sel(time="2020-01-21", factor="cmkt").item()
    assert tuesday == pytest.approx(compound(factors.loc["2020-01-18":"2020-01-21", "cmkt"]), abs=1e-15)
    assert np.isfinite(panel.returns.sel(time="2020-01-21").values).all()


@pytest.mark.parametrize(("frequency", "rule"), [("weekly", "W-SUN"), ("monthly", "M"), ("quarterly", "Q")])
def test_coarser_rows_compound_all_days_of_the_period(frequency, rule):
    dates = days("2019-01-01", 800)
    returns, factors = noise(dates, ["btc"]), noise(dates, ["mkt", "smb"], 1)
    panel = integrate(returns, factors, calendar=frequency)
    periods = dates.to_period(rule)
    for frame, got in ((returns, panel.returns), (factors, panel.factors)):
        expected = (1.0 + frame).groupby(periods).prod() - 1.0
        labels = got.indexes["time"].to_period(rule)
        np.testing.assert_allclose(got.values, expected.loc[labels].to_numpy(), rtol=0, atol=1e-14)
    assert panel.returns.indexes["time"][-1] <= dates[-1]


def test_partial_periods_at_both_ends_are_left_out():
    dates = days("2019-01-10", 190)
    panel = integrate(noise(dates, ["a"]), noise(dates, ["mkt"], 1), calendar="monthly")
    labels = [str(date)[:10] for date in panel.returns.time.values]
    assert labels == ["2019-02-28", "2019-03-31", "2019-04-30", "2019-05-31", "2019-06-30"]
    assert any("not complete" in note.text for note in panel.notes)


def test_factor_history_before_and_after_the_assets_is_kept():
    returns = noise(DAILY, ["a"])[20:50]
    panel = integrate(returns, noise(DAILY, ["mkt"], 1))
    assert panel.factors.sizes["time"] == 70
    assert panel.returns.sizes["time"] == 30
    assert np.isin(panel.returns.time.values, panel.factors.time.values).all()


def test_monthly_factor_history_before_daily_assets_is_kept():
    months = days("2015-01-31", 60, "ME")
    returns = noise(days("2018-01-01", 500), ["btc"])
    panel = integrate(returns, noise(months, ["mkt"], 1))
    assert panel.factors.sizes["time"] == 60
    assert panel.returns.time.values[0] == np.datetime64("2018-01-31")
    assert panel.returns.time.values[-1] == np.datetime64("2019-04-30")


def test_values_outside_the_factors_are_counted():
    panel = integrate(noise(DAILY, ["a"]), noise(DAILY[10:60], ["mkt"], 1))
    assert panel.returns.sizes["time"] == 50
    assert any(note.series == "a" and note.text.startswith("20 dates outside") for note in panel.notes)


def test_late_factor_decides_where_returns_begin_and_says_so():
    factors = noise(DAILY, ["mkt", "late"], 1)
    factors.iloc[:25, 1] = np.nan
    panel = integrate(noise(DAILY, ["a"]), factors)
    assert panel.returns.sizes["time"] == 45
    assert panel.factors.sizes["time"] == 70
    assert any("returns are used from 2020-01-26, when 'late' begins" in note.text for note in panel.notes)


def test_shared_coarse_stamps_are_the_rows():
    stamps = pd.DatetimeIndex(  # weeks that begin on 1 January, so that weekdays drift
        [pd.Timestamp(year, 1, 1) + pd.Timedelta(weeks=week) for year in (2018, 2019) for week in range(52)]
    )
    returns, factors = noise(stamps, ["a", "b"]), noise(stamps, ["cmkt"], 1)
    returns.iloc[30, 0] = np.nan
    panel = integrate(returns, factors)
    assert panel.returns.indexes["time"].equals(stamps.astype("datetime64[ns]"))
    np.testing.assert_array_equal(panel.returns.values, returns.to_numpy())


def test_coarse_series_of_different_stamps_meet_by_period():
    ends, starts = days("2018-01-31", 24, "ME"), days("2018-01-01", 24, "MS")
    returns, factors = noise(ends, ["a"]), noise(starts, ["mkt"], 1)
    returns.iloc[5] = np.nan  # only this month is missing
    panel = integrate(returns, factors)
    assert panel.returns.sizes["time"] == 23
    assert panel.factors.sizes["time"] == 24
    np.testing.assert_array_equal(panel.returns.values[:, 0], returns["a"].dropna())


def test_months_compound_to_quarters_only_when_complete():
    months = days("2018-01-31", 24, "ME")
    returns, factors = noise(months, ["a"]), noise(months, ["mkt"], 1)
    returns.iloc[4] = np.nan
    panel = integrate(returns, factors, calendar="quarterly")
    assert panel.factors.sizes["time"] == 8
    assert panel.returns.sizes["time"] == 7
    third = panel.returns.sel(time="2018-09-30", asset="a").item()
    assert third == pytest.approx(compound(returns.iloc[6:9, 0]), abs=1e-15)


def test_weekly_anchor_is_the_weekday_of_the_weekly_series():
    fridays = days("2020-01-03", 30, "W-FRI")
    returns = noise(days("2020-01-01", 200), ["btc"])
    panel = integrate(returns, noise(fridays, ["cmkt"], 1))
    assert panel.calendar.frequency == "weekly"
    assert (panel.returns.indexes["time"].day_of_week == 4).all()
    second = compound(returns.loc["2020-01-04":"2020-01-10", "btc"])
    assert column(panel, "btc")["2020-01-10"] == pytest.approx(second, abs=1e-15)


def test_short_listing_does_not_change_the_calendar():
    returns = noise(DAILY, ["btc", "new"])
    returns.loc[:"2020-03-01", "new"] = np.nan  # left: Monday to Monday
    returns.loc["2020-03-06":, "new"] = np.nan  # left: Monday to Thursday, without a weekend to judge by
    panel = integrate(returns, noise(DAILY, ["mkt"], 1))
    assert panel.calendar.frequency == "daily"
    assert column(panel, "new").notna().sum() == 4
