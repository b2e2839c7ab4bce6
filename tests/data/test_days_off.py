"""Stamps that are some days off, days that were dropped, and stamps of which a part is off: warned of or refused."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate, to_returns
from tests.data.test_intervals import OPEN, WEEKDAYS, asset, comp, market, slope
from tests.data.test_screens import warned
from tests.support.series import days

TOKEN, STOCK = market(seed=1), market(OPEN, 2, 0.01)
A, B = asset(TOKEN, scale=0.012), asset(STOCK, 6, 0.01)


def frames(a, m):
    return a.to_frame("a"), m.to_frame("m")


def moved(x, count):
    return x.set_axis(x.index + pd.Timedelta(days=count))


@pytest.mark.parametrize("count", [-4, -2, -1, 1, 2, 3])
@pytest.mark.parametrize("who", ["asset", "factor"])
def test_weekly_stamps_some_days_off_are_told_by_days(count, who):
    week = moved(comp(A if who == "asset" else TOKEN, "W-SUN"), count)
    given = frames(week, TOKEN) if who == "asset" else frames(A, week)
    try:
        found = warned(integrate(*given), "go best with")
    except DataError as error:
        text, name = str(error), error.series
    else:
        assert len(found) == 1
        text, name = found[0].text, found[0].series
    assert name == ("a" if who == "asset" else "m")
    assert f"index {'-' if count > 0 else '+'} pd.Timedelta(days={abs(count)})" in text


@pytest.mark.parametrize("days_", [6, 7])
@pytest.mark.parametrize("who", ["asset", "factor"])
def test_the_remedy_for_weeks_stamped_at_their_opening_names_the_day(who, days_):
    """Stamped on the Monday that they begin with, or on the Sunday before it."""
    x = A if who == "asset" else TOKEN
    week = comp(x, "W-MON", label="left", closed="left") if days_ == 6 else comp(x, "W-SUN", label="left")
    given = frames(week, TOKEN) if who == "asset" else frames(A, week)
    with pytest.raises(DataError, match="seem to cover what follows their stamps") as caught:
        integrate(*given)
    assert caught.value.value == days_
    assert f"index + pd.Timedelta(days={days_})" in caught.value.remedy
    right = frames(moved(week, days_), TOKEN) if who == "asset" else frames(A, moved(week, days_))
    panel = integrate(*right)
    assert not warned(panel)
    assert slope(panel) == pytest.approx(1, abs=0.25)


def test_months_some_days_off_are_told_by_days():
    m = market(days("2010-01-01", 8 * 365), 3)
    month = comp(m, "ME")
    found = warned(integrate(*frames(asset(m), moved(month, 10))), "go best with")
    assert [note.series for note in found] == ["m"]
    with pytest.raises(DataError, match="seem to cover what follows their stamps"):
        integrate(*frames(asset(m), moved(month, -15)))
    assert not warned(integrate(*frames(asset(m), month)))


def test_real_weeks_are_told_by_real_days(shared_data):
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col=0, parse_dates=True)[["btc", "eth", "ltc"]]
    weekly = pd.read_csv(shared_data / "crypto_factors_ltw_weekly.csv", index_col="week_start", parse_dates=True)
    market_ = weekly[["cmkt"]]
    with pytest.raises(DataError, match="'cmkt'") as caught:
        integrate(to_returns(prices), market_)
    assert caught.value.value == 6
    ends = market_.set_axis(
        pd.DatetimeIndex([*(weekly.index[1:] - pd.Timedelta(days=1)), weekly.index[-1] + pd.Timedelta(days=6)])
    )
    panel = integrate(to_returns(prices), ends)
    assert not warned(panel)
    assert not warned(panel, "have no value of some factor")


def test_a_seven_day_frame_cut_to_weekdays_is_told_by_a_seven_day_series():
    weekdays = A[A.index.day_of_week < 5]
    found = warned(integrate(*frames(weekdays, TOKEN)), "seem to be dropped")
    assert [note.series for note in found] == ["a"]
    both = pd.concat([A.rename("a"), STOCK.rename("s")], axis=1, join="inner")
    assert [note.series for note in warned(integrate(both, TOKEN.to_frame("m")), "seem to be dropped")] == ["a"]
    compounded = (1 + A).cumprod()[weekdays.index].pct_change().dropna()
    assert not warned(integrate(*frames(compounded, TOKEN)))
    assert not warned(integrate(*frames(B, TOKEN)))


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Lisbon"])
def test_stamps_that_daylight_saving_moves_are_seen(zone):
    weekdays = market(WEEKDAYS, 2, 0.01)
    for series, factor in ((asset(weekdays, 6, 0.01), weekdays), (A, TOKEN)):
        utc = series.set_axis(series.index.tz_localize(zone).tz_convert("UTC").normalize().tz_localize(None))
        panel = integrate(*frames(utc[~utc.index.duplicated()], factor))
        assert slope(panel) < 0.8
        assert warned(panel, "better with '", "on Sunday and not")


def test_stamps_that_move_half_way_are_seen():
    half = len(A) // 2
    panel = integrate(*frames(pd.concat([A.iloc[:half], moved(A.iloc[half:], 1)]), TOKEN))
    assert any("in the second half of the sample" in note.text for note in warned(panel, "better with '"))


@pytest.mark.parametrize("rule", ["5D", "6D", "28D"])
def test_spacings_that_are_no_calendar_are_refused(rule):
    with pytest.raises(DataError, match="no calendar has that spacing"):
        integrate(*frames(comp(A, rule), comp(TOKEN, rule)))


def test_months_of_weeks_are_not_calendar_months():
    cut = pd.DatetimeIndex(np.cumsum([0, *([28, 28, 35] * 8)]) * pd.Timedelta(days=1) + TOKEN.index[0])
    index = (1 + TOKEN).cumprod()[cut].pct_change().dropna()
    panel = integrate(*frames(index, index))
    assert not warned(panel, "missing")
    with pytest.raises(DataError, match="two values in one period") as caught:
        integrate(*frames(A, index))
    assert "not those of the calendar" in caught.value.remedy


def test_few_rows_tell_where_a_factor_is_strong():
    rng = np.random.default_rng(4)
    dates = days("2015-01-31", 60, "ME")
    f = 0.04 * rng.standard_normal((61, 1))
    returns = pd.DataFrame(f[:-1] + 0.015 * rng.standard_normal((60, 25)), dates).add_prefix("p")
    found = warned(integrate(returns, pd.DataFrame(f[1:], dates, ["m"])), "better with '")
    assert [note.series for note in found] == ["panel"]
    assert "1 row earlier" in found[0].text
    right = pd.DataFrame(f[1:] + 0.015 * rng.standard_normal((60, 25)), dates).add_prefix("p")
    assert not warned(integrate(right, pd.DataFrame(f[1:], dates, ["m"])))


def test_the_remedy_for_weeks_that_open_on_monday_moves_nothing_by_a_week():
    """Weeks of stocks stamped on the Monday that they begin with, beside weeks that end on Friday."""
    monday = comp(B, "W-MON", label="left", closed="left")
    with pytest.raises(DataError, match="do not cover the same intervals") as caught:
        integrate(*frames(monday, comp(STOCK, "W-FRI")))
    assert "Timedelta" not in caught.value.remedy


def test_a_week_in_which_all_markets_were_closed_is_no_hole():
    week = comp(STOCK, "W-FRI").to_frame("a").assign(b=comp(B, "W-FRI")).drop(pd.Timestamp("2017-05-12"))
    assert not warned(integrate(week, TOKEN.to_frame("m")), "missing inside")
    week.loc[pd.Timestamp("2017-09-15"), "b"] = np.nan
    found = warned(integrate(week, TOKEN.to_frame("m")), "missing inside")
    assert [(note.series, "1 return is missing" in note.text) for note in found] == [("b", True)]
