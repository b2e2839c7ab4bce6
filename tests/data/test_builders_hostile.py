"""Observations that cannot be: every error names the column, the date and a remedy, and nothing is repaired."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.builders import BUILDERS, HOURS, caught, intraday, level, put

ROW = 60


def places(name):
    """What is given, and its columns (None of a series)."""
    for what, table in BUILDERS[name].given.items():
        yield from ((what, column) for column in (table.columns if isinstance(table, pd.DataFrame) else [None]))


def used(name, what, column):
    """Whether a builder reads that column."""
    reads = {
        "CloseToClose": ("close",),
        "Parkinson": ("high", "low"),
        "Amihud": ("close", "volume"),
        "Amihud in units": ("close", "volume"),
    }
    return (
        column is None or what != "prices" or column in reads.get(name, ("open", "high", "low", "close", "a", "b", "c"))
    )


EVERY = [
    pytest.param(name, what, column, id=f"{name}-{what}{f'-{column}' if column else ''}")
    for name in BUILDERS
    for what, column in places(name)
    if used(name, what, column)
]


@pytest.mark.parametrize(("name", "what", "column"), EVERY)
def test_a_missing_value_inside_is_refused(name, what, column):
    table = BUILDERS[name].given[what]
    error = caught(name, **{what: put(table, column, np.nan)})
    assert pd.Timestamp(error.date) == table.index[ROW]
    assert error.series in (column, what, table.name if column is None else "")
    assert "is missing on" in str(error)


@pytest.mark.parametrize(("name", "what", "column"), EVERY)
def test_a_negative_value_is_refused(name, what, column):
    table = BUILDERS[name].given[what]
    changed = {what: put(table, column, -1.0)}
    if name in ("funding", "saturation"):  # a rate or a level may be
        assert len(BUILDERS[name](**changed).values)
        return
    error = caught(name, **changed)
    assert pd.Timestamp(error.date) == table.index[ROW]
    assert error.value == -1.0


MAY_BE_NONE = {("value_accrual", "fees"), ("Imbalance", "taker_buy"), ("BuyShare", "taker_buy")}


@pytest.mark.parametrize(("name", "what", "column"), EVERY)
def test_a_zero_before_a_logarithm_or_below_a_line_is_refused(name, what, column):
    table = BUILDERS[name].given[what]
    changed = {what: put(table, column, 0.0)}
    if name in ("funding", "saturation") or what in ("burned", "issued", "collateral") or (name, what) in MAY_BE_NONE:
        assert len(BUILDERS[name](**changed).values)
        return
    error = caught(name, **changed)
    assert pd.Timestamp(error.date) == table.index[ROW]
    assert error.value == 0.0


@pytest.mark.parametrize(("name", "what", "column"), EVERY)
def test_infinite_values_and_text_are_refused(name, what, column):
    table = BUILDERS[name].given[what]
    error = caught(name, **{what: put(table, column, np.inf)})
    assert pd.Timestamp(error.date) == table.index[ROW]
    assert "is not a number" in str(caught(name, **{what: put(table.astype(object), column, "n/a")}))


@pytest.mark.parametrize("name", BUILDERS)
def test_dates_are_in_order_and_once(name):
    given = BUILDERS[name].given
    for what, table in given.items():
        turned = table.iloc[[*range(ROW), ROW + 1, ROW, *range(ROW + 2, len(table))]]
        error = caught(name, **{what: turned})
        assert "not in order" in str(error)
        assert pd.Timestamp(error.date) == table.index[ROW]
        error = caught(name, **{what: table.iloc[[*range(ROW + 1), *range(ROW, len(table))]]})
        assert "twice" in str(error)
        assert pd.Timestamp(error.date) == table.index[ROW]
        bare = table.reset_index(drop=True)
        assert caught(name, **{what: bare}).series == what


WINDOWED = ["CloseToClose", "Parkinson", "GarmanKlass", "RogersSatchell", "YangZhang", "Amihud", "Edge", "Realised"]
WINDOWED += ["Bipower", "FeeVolatility", "value_accrual", "capitalisation_index", "funding"]


@pytest.mark.parametrize("name", WINDOWED)
def test_a_day_that_is_missing_is_refused_where_something_would_span_it(name):
    given = BUILDERS[name].given
    first = next(iter(given.values()))
    day = first.index[ROW].normalize() + pd.Timedelta(days=2)
    later = pd.Timedelta(1 if name == "funding" else 0, "ns")  # a payment at 00:00 is of the day before
    changed = {
        what: table[(table.index < day + later) | (table.index >= day + pd.Timedelta(days=1) + later)]
        for what, table in given.items()
    }
    error = caught(name, **changed)
    assert pd.Timestamp(error.date).normalize() == day + pd.Timedelta(days=1)
    assert "Supply" in error.remedy


def test_the_part_after_a_hole_begins_after_its_time_of_day():
    """What the remedy says works: the rest of the day with the hole does not come with it."""
    times = pd.date_range("2021-01-01 08:00", periods=40, freq="8h")
    rates = pd.Series(1e-4 * (1 + np.arange(40.0) % 5), times, name="rate")
    for hours, start in ((["2021-01-03 08:00"], "2021-01-03 16:00:00"), (times[[6, 7]], "2021-01-04")):
        broken = rates.copy()
        broken[pd.DatetimeIndex(hours)] = np.nan
        with pytest.raises(bf.DataError, match="'rate' in rates is missing on 2021-01-03 ") as found:
            bf.funding(broken)
        assert f"rates.loc['{start}':]" in found.value.remedy
        assert ("after it" in found.value.remedy) == (len(hours) == 1)
        assert len(bf.funding(broken.loc[start:]).values)
    with pytest.raises(
        bf.DataError, match=r"nothing between 2021-01-03 00:00:00 and .* others are 1 hour apart"
    ) as found:
        bf.gas(level(1, "fee", HOURS).drop(HOURS[49:60]))
    assert "fees.loc['2021-01-03 12:00:00':]" in found.value.remedy


@pytest.mark.parametrize("name", ["Realised", "Bipower"])
def test_bars_that_are_missing_within_a_day_and_clocks_that_are_moved_are_refused(name):
    prices = intraday()
    error = caught(name, prices=prices.drop(prices.index[500]))
    assert "1 hour apart, but 2 hours from" in str(error)
    assert error.date == prices.index[501]
    assert "prices.loc['2021-01-21 21:00:00':]" in error.remedy
    moved = prices.index + pd.to_timedelta(np.where(np.arange(len(prices)) < 500, 0, 30), "min")
    assert "but 1 hour 30 minutes from" in str(caught(name, prices=prices.set_axis(moved)))
    local = prices.tz_localize("UTC").tz_convert("Europe/London")
    summer = level(1, "close", pd.date_range("2021-03-20", periods=480, freq="h", tz="UTC")).tz_convert("Europe/London")
    assert len(BUILDERS[name](prices=local).values)
    assert len(BUILDERS[name](prices=summer).values)
    error = caught(name, prices=summer.tz_localize(None))
    assert "02:00:00" in str(error)
    assert "UTC" in error.remedy
    assert "hardly a day with two prices" in str(caught(name, prices=prices.iloc[::24]))


@pytest.mark.parametrize("name", ["CloseToClose", "activity", "leverage", "capitalisation_index"])
def test_times_within_the_day_are_refused_of_what_is_daily(name):
    given = BUILDERS[name].given
    what = next(iter(given))
    error = caught(name, **{what: given[what].set_axis(given[what].index + pd.Timedelta("7h"))})
    assert "time within the day" in str(error)
