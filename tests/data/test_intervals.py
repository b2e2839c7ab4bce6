"""Which interval a row covers: an asset that is the market has beta 1 by every rule, or is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate
from tests.support.series import column, days, noise

DAYS = days("2016-01-01", 3 * 365)
WEEKDAYS = DAYS[DAYS.day_of_week < 5]
MONDAYS, FRIDAYS = WEEKDAYS[WEEKDAYS.day_of_week == 0], WEEKDAYS[WEEKDAYS.day_of_week == 4]
OPEN = WEEKDAYS.difference(MONDAYS[::7]).difference(FRIDAYS[3::9])  # with holidays
WEEKLY = ("W-MON", "W-TUE", "W-WED", "W-THU", "W-FRI", "W-SAT", "W-SUN")
EXACT = (*WEEKLY, "ME", "MS", "QE", "QS", "QE-JAN")
STRADDLES = "straddle"


def comp(returns, rule, **how):
    """Compound daily returns."""
    return (1 + returns).resample(rule, **how).prod() - 1 if rule != "D" else returns


def market(dates=DAYS, seed=0, scale=0.02):
    return noise(dates, ["m"], seed, scale)["m"]


def asset(driver, seed=5, scale=0.02):
    """An asset whose beta on the driver is 1."""
    return driver + noise(driver.index, ["a"], seed, scale)["a"]


def slope(panel):
    y, x = panel.returns.values[:, 0], panel.aligned[:, 0]
    rows = np.isfinite(y)
    return np.polyfit(x[rows], y[rows], 1)[0]


def gap(panel):
    """Largest difference between an asset and the factor that it is."""
    rows = np.isfinite(panel.returns.values[:, 0])
    assert rows.sum() >= 0.9 * len(rows)
    return np.abs(panel.returns.values[rows, 0] - panel.aligned[rows, 0]).max()


@pytest.mark.parametrize(
    ("one", "other"), [("W-SUN", "W-FRI"), ("W-SAT", "W-FRI"), ("W-WED", "W-FRI"), ("W-MON", "W-SUN")]
)
def test_weeks_that_end_on_different_days_are_refused(one, other):
    m = market()
    with pytest.raises(
        DataError, match=r"Rows of 'a' and 'm' do not cover the same intervals: weekly.* end on"
    ) as caught:
        integrate(comp(asset(m), one).to_frame("a"), comp(m, other).to_frame("m"))
    assert caught.value.series == "a"
    assert f"resample('{other}')" in caught.value.remedy


def test_the_remedy_for_different_weeks_is_right():
    m = market(OPEN, scale=0.01)
    friday, sunday = comp(m, "W-FRI").to_frame("m"), comp(m, "W-SUN").to_frame("a")
    with pytest.raises(DataError, match=r"Timedelta\(days=2\)"):
        integrate(sunday, friday)
    assert gap(integrate(sunday.set_axis(sunday.index - pd.Timedelta(days=2)), friday)) == 0


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.sampled_from(["D", *EXACT]),
    st.sampled_from(["D", *EXACT]),
    st.sampled_from(["tokens", "stocks"]),
)
def test_law_an_asset_that_is_the_market_equals_it_on_every_row_or_is_refused(seed, one, other, kind):
    m = market(DAYS if kind == "tokens" else OPEN, seed % 1000, 0.02 if kind == "tokens" else 0.01)
    m = m.iloc[seed % 60 :]
    try:
        panel = integrate(comp(m, one).to_frame("a"), comp(m, other).to_frame("m"))
    except DataError:
        return
    if not any(STRADDLES in note.text for note in panel.notes):
        assert gap(panel) < 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from(EXACT), st.sampled_from(["token", "stock"]), st.booleans())
def test_law_a_coarse_token_lines_up_with_tokens_and_stocks(seed, rule, fine, factor):
    """Weekly or coarser token, 7-day index that it is, and a series of business days with holidays on row ends."""
    token, stock = market(seed=seed % 1000), market(OPEN, seed % 1000 + 1, 0.01)
    index = token.to_frame("m")
    if factor:
        panel = integrate(comp(token, rule).to_frame("a"), index.join(stock.rename("s"), how="outer"))
    else:
        panel = integrate(pd.concat([comp(token, rule).rename("a"), stock.rename("s")], axis=1, sort=True), index)
    assert gap(panel) < 1e-12
    if rule in WEEKLY:  # the stock, too, from close to close around its holidays
        own = panel.factors.sel(factor="s").to_series() if factor else column(panel, "s")
        expected = comp(stock, rule)
        shared = own.dropna().index.intersection(expected.index)[1:]
        assert len(shared) > 140
        np.testing.assert_allclose(own[shared], expected[shared], atol=1e-12)


def test_a_monday_holiday_moves_no_row():
    token, stock = market(), market(OPEN, 1, 0.01)
    factors = token.to_frame("m").join(stock.rename("s"), how="outer")
    panel = integrate(comp(token, "W-MON").to_frame("a"), factors)
    assert (panel.returns.indexes["time"].day_of_week == 0).all()
    assert gap(panel) < 1e-15
    holiday = MONDAYS[7]
    assert holiday not in OPEN
    week = stock.loc[holiday - pd.Timedelta(days=6) : holiday]
    assert panel.factors.sel(factor="s", time=holiday).item() == pytest.approx(np.prod(1 + week) - 1, abs=1e-15)


def test_a_holiday_thursday_beside_fridays_is_fine():
    m = market(OPEN, scale=0.01)
    by_friday = comp(m, "W-FRI")
    last = m.index.to_series().resample("W-FRI").last()
    traded = by_friday.set_axis(pd.DatetimeIndex(last))
    assert (traded.index.day_of_week == 3).sum() > 10
    for one, other in ((traded, by_friday), (by_friday, traded)):
        panel = integrate(one.to_frame("a"), other.to_frame("m"))
        assert gap(panel) == 0
        assert len(panel.times) == len(by_friday)
    assert gap(integrate(traded.to_frame("a"), m.to_frame("m"))) < 1e-15


def test_a_weekly_level_of_another_weekday_is_said():
    m = market()
    factors = pd.concat(
        [comp(m, "W-SUN").rename("m"), (1 + m).cumprod().resample("W-WED").last().rename("x")], axis=1, sort=True
    )
    info = {"m": {}, "x": {"traded": False, "transform": "log_diff"}}
    panel = integrate(comp(asset(m), "W-SUN").to_frame("a"), factors, info)
    assert any(note.series == "x" and "4 days old" in note.text for note in panel.notes)


@pytest.mark.parametrize("rule", ["W-MON", "W-SUN", "W-FRI"])
@pytest.mark.parametrize("who", ["asset", "factor"])
def test_stamps_at_the_beginning_of_a_week_are_refused_beside_daily_series(rule, who):
    m = market()
    a, early = asset(m), {"label": "left", "closed": "left"}
    frames = (comp(a, rule, **early), m) if who == "asset" else (a, comp(m, rule, **early))
    with pytest.raises(DataError, match="seem to cover what follows their stamps") as caught:
        integrate(frames[0].to_frame("a"), frames[1].to_frame("m"))
    assert caught.value.series == ("a" if who == "asset" else "m")
    moved = [x if len(x) == len(m) else x.set_axis(x.index + pd.Timedelta(days=6)) for x in frames]
    assert slope(integrate(moved[0].to_frame("a"), moved[1].to_frame("m"))) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("rule", ["MS", "BMS", "QS"])
def test_months_stamped_at_their_beginning_are_those_that_begin_there_and_it_is_said(rule):
    m = market(OPEN, scale=0.01)
    panel = integrate(comp(m, rule).to_frame("a"), m.to_frame("m"))
    assert gap(panel) < 1e-12
    assert any(note.series == "a" and "that begins there" in note.text for note in panel.notes)


def test_a_first_of_the_month_that_ends_the_month_before_is_refused():
    dates = days("2008-01-01", 8 * 365)
    m = market(dates)
    prices = (1 + asset(m)).cumprod()
    snapshot = prices.resample("MS").first().pct_change().dropna()
    with pytest.raises(DataError, match="seem to cover the month that ends there") as caught:
        integrate(snapshot.to_frame("a"), m.to_frame("m"))
    assert "Timedelta(days=1)" in caught.value.remedy
    moved = snapshot.set_axis(snapshot.index - pd.Timedelta(days=1)).to_frame("a")
    assert slope(integrate(moved, m.to_frame("m"))) == pytest.approx(1, abs=0.2)


def test_months_that_end_inside_months_line_up_with_days_and_not_with_months():
    m = market()
    cut = pd.DatetimeIndex([pd.Timestamp(2016 + k // 12, k % 12 + 1, 15) for k in range(36)])
    mid = (1 + m).cumprod()[cut].pct_change().dropna().to_frame("a")
    assert gap(integrate(mid, m.to_frame("m"))) < 1e-12
    with pytest.raises(DataError, match="end on dates of their own"):
        integrate(mid, comp(m, "ME").to_frame("m"))


def test_a_stamp_that_is_not_where_the_others_are_is_named():
    m = market()
    months = comp(m, "ME")
    odd = pd.concat([months.iloc[:-1], pd.Series([0.1], [pd.Timestamp("2018-12-14")])])
    with pytest.raises(DataError, match="but one on 2018-12-14"):
        integrate(odd.to_frame("a"), m.to_frame("m"))


def test_fiscal_quarters_and_years():
    m = market(days("2000-01-01", 12 * 365))
    assert gap(integrate(comp(m, "QE-JAN").to_frame("a"), m.to_frame("m"))) < 1e-12
    assert gap(integrate(comp(m, "YE-JUN").to_frame("a"), m.to_frame("m"))) < 1e-12
    for one, other in (("QE-JAN", "QE"), ("YE-JUN", "YE"), ("QE-JAN", "YE")):
        with pytest.raises(
            DataError, match=r"do not cover the same intervals: (quarterly|annual) values of the one end with"
        ):
            integrate(comp(m, one).to_frame("a"), comp(m, other).to_frame("m"))


def test_weeks_brought_to_months_straddle_them_and_it_is_said():
    m = market()
    panel = integrate(comp(m, "W-FRI").to_frame("a"), comp(m, "ME").to_frame("m"))
    assert any(note.series == "a" and note.kind == "warning" and STRADDLES in note.text for note in panel.notes)


def test_one_monthly_asset_among_daily_ones_is_named():
    dates = days("2018-01-01", 520, "B")
    returns = noise(dates, ["a", "b", "c"], scale=0.01)
    fund = noise(days("2018-01-31", 24, "ME"), ["fund"], 2)
    panel = integrate(returns.join(fund, how="outer"), noise(dates, ["m"], 1, 0.01))
    assert panel.calendar.frequency == "monthly"
    note = next(note for note in panel.notes if "because" in note.text)
    assert note.kind == "warning"
    assert "'fund'" in note.text
    assert "520 business values" in note.text
    again = integrate(returns, noise(dates, ["m"], 1, 0.01))
    assert not any("because" in note.text for note in again.notes)


@pytest.mark.parametrize(
    ("name", "weekdays", "year"), [("Monday to Saturday", range(6), 304), ("Sunday to Thursday", (6, 0, 1, 2, 3), 252)]
)
def test_markets_of_other_weeks_have_a_calendar(name, weekdays, year):
    m = market(DAYS[DAYS.day_of_week.isin(list(weekdays))], scale=0.01)
    panel = integrate(m.to_frame("a"), m.to_frame("m"))
    assert panel.calendar.frequency == "business"
    assert panel.periods_per_year == year
    assert len(panel.times) == len(m)
    assert gap(panel) == 0
    closed = m.drop(m.index[100])  # a holiday
    panel = integrate(closed.to_frame("a"), closed.to_frame("m"))
    assert len(panel.times) == len(m) - 1
    assert gap(integrate(comp(m, "W-FRI").to_frame("a"), m.to_frame("m"))) < 1e-12


def test_a_market_of_another_week_beside_stocks():
    """Sunday to Thursday beside Monday to Friday: Monday's row holds Sunday, Friday's has nothing of it."""
    gulf = market(DAYS[DAYS.day_of_week.isin([6, 0, 1, 2, 3])], 3, 0.01)
    stock = market(WEEKDAYS, 4, 0.01)
    got = column(
        integrate(pd.concat([gulf.rename("g"), stock.rename("s")], axis=1, sort=True), stock.to_frame("m")), "g"
    )
    assert got[got.index.day_of_week == 4].isna().all()
    mondays = got[got.index.day_of_week == 0].dropna()
    assert len(mondays) > 140
    sunday = gulf.reindex(mondays.index - pd.Timedelta(days=1)).to_numpy()
    np.testing.assert_allclose(mondays, (1 + sunday) * (1 + gulf[mondays.index]) - 1, atol=1e-15)


def test_a_short_history_of_other_weeks_has_no_rows():
    m = market()
    returns = comp(asset(m), "W-FRI").to_frame("a")
    young = comp(m, "W-SUN").iloc[50:60].rename("new")
    panel = integrate(returns.join(young, how="outer"), comp(m, "W-FRI").to_frame("m"))
    assert column(panel, "new").isna().all()
    assert any(note.series == "new" and "only its group" in note.text for note in panel.notes)
    same = comp(m, "W-FRI").iloc[50:60].rename("new")
    panel = integrate(returns.join(same, how="outer"), comp(m, "W-FRI").to_frame("m"))
    np.testing.assert_array_equal(column(panel, "new").dropna(), same)


@pytest.mark.parametrize("rule", ["W-WED", "W-FRI", "ME", "MS", "QE-JAN"])
def test_a_rate_of_other_periods_accrues_over_the_days_of_each_row(rule):
    """A constant yearly rate in weeks that end on another day, or in months, is that rate on every row."""
    m, day = market(), 0.03 / 365
    rate = comp(pd.Series(day, DAYS), rule).iloc[:-1]
    a, factor = (comp(x, "W-FRI").iloc[20:-25] for x in (asset(m), m))
    panel = integrate(a.to_frame("a"), factor.to_frame("m"), risk_free=rate)
    free = integrate(a.to_frame("a"), factor.to_frame("m"))
    np.testing.assert_allclose((free.returns - panel.returns).values, (1 + day) ** 7 - 1, rtol=1e-10)
