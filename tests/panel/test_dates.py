"""Dates as a person gives them: the whole of what they name, one reading of each, one error for the rest."""

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, strategies as st

import bayesfactor as bf
from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.panel.dates import rows

DAYS = pd.date_range("2019-11-01", "2022-03-31")
MINUTES = pd.date_range("2020-03-04", "2020-03-06 23:59", freq="min")


def inside(window, times=DAYS):
    """Return the first and the last time in a window."""
    found = times[rows(times.values, window)]
    return str(found[0])[:16], str(found[-1])[:16], len(found)


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        ((None, "2020-03"), "2019-11-01", "2020-03-31"),
        (("2020", "2020"), "2020-01-01", "2020-12-31"),
        (("2020-02", "2020-02"), "2020-02-01", "2020-02-29"),
        (("2021-02", "2021-02"), "2021-02-01", "2021-02-28"),
        (("2020-12", "2021"), "2020-12-01", "2021-12-31"),
        (("2020-06", "2020"), "2020-06-01", "2020-12-31"),
        (("2020-03-05", "2020-03-05"), "2020-03-05", "2020-03-05"),
        (("2020-03-05", None), "2020-03-05", "2022-03-31"),
        ((None, None), "2019-11-01", "2022-03-31"),
        (["2020", "2020-03-05"], "2020-01-01", "2020-03-05"),
        ((date(2020, 3, 5), datetime(2020, 3, 9)), "2020-03-05", "2020-03-09"),
        ((pd.Timestamp("2020-03-05"), np.datetime64("2020-03-09")), "2020-03-05", "2020-03-09"),
        ((np.datetime64("2020-03"), np.datetime64("2020-03")), "2020-03-01", "2020-03-31"),
        ((np.datetime64("2020"), np.datetime64("2020")), "2020-01-01", "2020-12-31"),
        ((None, np.datetime64("2020-03", "ns")), "2019-11-01", "2020-03-01"),
        (DAYS[[3, 9]], "2019-11-04", "2019-11-10"),
        (DAYS.values[[3, 9]], "2019-11-04", "2019-11-10"),
        (("0001", "9999"), "2019-11-01", "2022-03-31"),
        ((datetime(1, 1, 1), datetime.max), "2019-11-01", "2022-03-31"),
    ],
)
def test_a_date_means_the_whole_of_what_it_names(window, first, last):
    assert inside(window)[:2] == (f"{first} 00:00", f"{last} 00:00")


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (("2020-03-05", "2020-03-05"), "2020-03-05 00:00", "2020-03-05 23:59"),
        ((None, "2020-03"), "2020-03-04 00:00", "2020-03-06 23:59"),
        ((date(2020, 3, 5), date(2020, 3, 5)), "2020-03-05 00:00", "2020-03-05 23:59"),
        ((np.datetime64("2020-03-05"),) * 2, "2020-03-05 00:00", "2020-03-05 23:59"),
        ((np.datetime64("2020-03-05T07"),) * 2, "2020-03-05 07:00", "2020-03-05 07:59"),
        (("2020-03-05 14:30", "2020-03-05T14:40:00.000000000"), "2020-03-05 14:30", "2020-03-05 14:40"),
        ((MINUTES[5], MINUTES[7]), "2020-03-04 00:05", "2020-03-04 00:07"),
        ((MINUTES.values[5], MINUTES.values[7]), "2020-03-04 00:05", "2020-03-04 00:07"),
        ((None, datetime(2020, 3, 5)), "2020-03-04 00:00", "2020-03-05 00:00"),
    ],
)
def test_the_last_day_of_minutes_counts_to_its_end(window, first, last):
    assert inside(window, MINUTES)[:2] == (first, last)


@given(st.dates(date(2019, 11, 1), date(2022, 3, 31)), st.dates(date(2019, 11, 1), date(2022, 3, 31)), st.data())
def test_law_a_window_is_what_pandas_takes_of_the_same_texts(one, two, data):
    """`Series.loc` of two partial dates, which are the whole of what they name."""
    start, end = (str(each)[: data.draw(st.sampled_from((4, 7, 10)))] for each in sorted((one, two)))
    assert rows(DAYS.values, (start, end)).tolist() == pd.Series(range(len(DAYS)), DAYS).loc[start:end].tolist()


TEXTS = [
    "03/02/2022",
    "3.2.2022",
    "2022/02/03",
    "02-03-2022",
    "5 March 2020",
    "March 2020",
    "20200305",
    "202003",
    "2020-3",
    "2020-03-5",
    "20",
    "2020Q1",
    "2020-Q1",
    "2020-W10",
    "2020-W10-4",
    "2020-060",
    " 2020",
    "2020-03 ",
    "2020-03\n",
    "\uff12\uff10\uff12\uff10",
    "\u0662\u0660\u0662\u0660",
    "-2020",
    "+2020",
    "today",
    "now",
    "nat",
    "",
    "then",
    "2020-03-05 14",
    "2020-03-05T14:30:",
    "None",
]
OTHERS = [
    2020,
    2020.0,
    True,
    float("nan"),
    1583366400,
    np.int64(2020),
    pd.NaT,
    np.datetime64("NaT", "D"),
    pd.Period("2020-03"),
    np.datetime64("2020-03-05", "W"),
    np.datetime64("2020", "10Y"),
    np.timedelta64(3, "D"),
    pd.Timedelta(3, "D"),
    b"2020",
    ("2020",),
    ["2020", "2021"],
    np.array("2020-03", dtype="datetime64[D]"),
    xr.DataArray(np.datetime64("2020-03-05", "ns")),
    object(),
]
ABSENT = ["2020-13", "2020-00", "2021-02-29", "2020-04-31", "2020-03-05 25:00", "2020-03-05T14:60"]
ZONED = [
    "2020-03-05T00:00Z",
    "2020-03-05 00:00+00:00",
    "2020-03-05 00:00:00 UTC",
    "2020-03-05T00:00-0500",
    pd.Timestamp("2020-03-05", tz="America/New_York"),
    datetime(2020, 3, 5, tzinfo=UTC),
]


def named(value):
    """The same name in every process: no address, and no order of a set's own."""
    return re.sub(r" at 0x\w+", "", f"set {sorted(value)}" if isinstance(value, set) else repr(value))


@pytest.mark.parametrize("end", [*TEXTS, *OTHERS, *ABSENT, *ZONED], ids=named)
@pytest.mark.parametrize("last", [False, True])
def test_what_is_no_date_is_refused_in_one_line(end, last):
    window = (None, end) if last else (end, None)
    with pytest.raises(bf.SpecError, match="is not a pair of dates") as caught:
        rows(DAYS.values, window)
    assert caught.value.found is window
    assert "a month '2020-03'" in caught.value.allowed
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    kinds = {
        "time zone": ZONED,
        "does not exist": ABSENT,
        r"is not a date \(type|not a date written|units of": [*TEXTS, *OTHERS],
    }
    (reason,) = (reason for reason, ends in kinds.items() if any(end is one for one in ends))
    assert re.search(reason, text.split("pair of dates:")[1])


@pytest.mark.parametrize(
    "window",
    [
        *("2020", b"2020", 5, object(), {"2020", "2021"}, {"2020": 0, "2021": 1}, (), ("2020",), ("2020",) * 3),
        *(slice("2020", "2021"), np.array(3), iter(("2020", "2021")), pd.Timestamp("2020")),
    ],
    ids=named,
)
def test_what_is_no_pair_is_refused(window):
    with pytest.raises(bf.SpecError, match=r"is not a pair of dates: it (is|has)") as caught:
        rows(DAYS.values, window)
    assert caught.value.found is window


@pytest.mark.parametrize("window", [("2020-03-05", "2020-03-04"), ("2021", "2020"), ("2021-01", "2020"), DAYS[[9, 3]]])
def test_a_window_that_ends_before_it_starts(window):
    with pytest.raises(bf.SpecError, match="ends before it starts"):
        rows(DAYS.values, window)


def test_the_remedy_is_a_window():
    with pytest.raises(bf.SpecError) as caught:
        rows(DAYS.values, ("03/02/2022", None))
    written = re.search(r'window=\("(.*)", "(.*)"\)', caught.value.remedy)
    assert inside(written.groups())[:2] == ("2020-01-01 00:00", "2020-03-05 00:00")


def test_every_door_reads_a_window_in_the_same_way(hier_fit):
    """Attributions and paths: to the end of March, and no convention for 03/02."""
    returns = hier_fit.panel.returns.sel(asset="a00").to_series().dropna()
    found = bf.attribute(hier_fit, "return", window=(None, "2015-03"))
    assert found.span.loc["a00", "periods"] == len(returns.loc[:"2015-03"]) == 64
    path = realised_path(hier_fit, "a00", None, (None, "2015-03"), by_family=False)
    assert path["time"].values[-1] == np.datetime64("2015-03-31")
    with pytest.raises(bf.SpecError, match=r"attribute.window: \('03/02/2015', None\) is not"):
        bf.attribute(hier_fit, "return", window=("03/02/2015", None))
    with pytest.raises(bf.SpecError, match=r"plot_realised.window: \('03/02/2015', None\) is not"):
        bf.plot_realised(hier_fit, "a00", window=("03/02/2015", None))
