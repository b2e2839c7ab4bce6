"""Times and zones: every door gives the panel of the plain days, or a typed error; never a day off."""

import contextlib
import re
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import bayesfactor as bf
from bayesfactor.data.screening.timestamps import check_zones, in_zone, times_of, whole_days
from tests.support.series import days, noise

ZONES = ("America/New_York", "Asia/Tokyo", "Europe/London", "UTC", "Australia/Sydney", "America/Sao_Paulo")


def market(start="2020-01-01", count=150, freq="D"):
    """Return returns of an asset that is the market, and the market."""
    factors = noise(days(start, count, freq), ["mkt"], 1)
    return factors.rename(columns={"mkt": "a"}) + noise(factors.index, ["a"], 2, 1e-6), factors


def localized(frame, zone):
    return frame.tz_localize(zone, nonexistent="shift_forward") if zone else frame


def in_polars(frame):
    return pl.from_pandas(frame.rename_axis("date").reset_index())


def doors(folder):
    """Name -> what brings a frame of pandas through a door."""
    folder.mkdir(exist_ok=True)

    def csv(frame, **options):
        frame.to_csv(folder / "x.csv")
        return bf.read_table(folder / "x.csv", **options)

    def long_csv(frame):
        frame.rename_axis("date").reset_index().melt("date", var_name="asset").to_csv(folder / "x.csv", index=False)
        return bf.read_table(folder / "x.csv")

    def parquet(frame, **options):
        frame.to_parquet(folder / "x.parquet")
        return bf.read_table(folder / "x.parquet", **options)

    def polars_parquet(frame):
        in_polars(frame).write_parquet(folder / "x.parquet")
        return bf.read_table(folder / "x.parquet")

    def iso(frame):
        return csv(frame.set_axis([stamp.isoformat() for stamp in frame.index], axis=0).rename_axis("date"))

    return {
        "frame": lambda frame: frame,
        "polars": in_polars,
        "csv": csv,
        "iso csv": iso,
        "long csv": long_csv,
        "parquet": parquet,
        "polars parquet": polars_parquet,
    }


def slope(panel):
    x, y = panel.factors.sel(time=panel.returns.time).values[:, 0], panel.returns.values[:, 0]
    return np.cov(x, y)[0, 1] / x.var(ddof=1)


@pytest.mark.parametrize("door", ["frame", "polars", "csv", "iso csv", "long csv", "parquet", "polars parquet"])
@pytest.mark.parametrize("zone", [None, *ZONES])
def test_every_door_gives_the_panel_of_plain_days(tmp_path, door, zone):
    """Over both changes of the clock."""
    returns, factors = market(count=330)
    through = doors(tmp_path)[door]
    panel = bf.integrate(through(localized(returns, zone)), through(localized(factors, zone)))
    assert panel.fingerprint == bf.integrate(returns, factors).fingerprint
    assert slope(panel) == pytest.approx(1.0, abs=1e-3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zones=st.tuples(*[st.sampled_from([None, *ZONES])] * 2),
    shown=st.tuples(*[st.sampled_from([None, "own", *ZONES[:4]])] * 2),
    names=st.tuples(*[st.sampled_from(["frame", "polars", "csv", "iso csv", "long csv", "parquet"])] * 2),
    freq=st.sampled_from(["D", "B", "W-FRI", "ME"]),
    start=st.sampled_from(["2019-01-01", "2020-03-01", "2020-10-01", "2018-10-20"]),
)
def test_law_the_panel_of_plain_days_or_a_typed_error(tmp_path_factory, zones, shown, names, freq, start):
    """Midnights of a zone, shown on the clock of another or without its name, through any door."""
    returns, factors = market(start, 60, freq)
    ways, through = doors(tmp_path_factory.mktemp("law")), []
    with contextlib.suppress(bf.DataError):
        for frame, zone, other, name in zip((returns, factors), zones, shown, names, strict=True):
            moved = localized(frame, zone)
            if zone and other == "own":
                moved = moved.tz_convert("UTC").tz_localize(None)
            elif zone and other:
                moved = moved.tz_convert(other)
            through.append(ways[name](moved))
        panel = bf.integrate(*through)
        assert panel.fingerprint == bf.integrate(returns, factors).fingerprint


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Europe/London", "Australia/Sydney"])
@pytest.mark.parametrize("named", [True, False])
def test_midnights_seen_from_universal_time_are_refused_and_the_remedies_work(tmp_path, zone, named):
    """New York's midnights are 05:00 and 04:00 there, Tokyo's 15:00 of the day before."""
    returns, factors = market(count=330)
    expected = bf.integrate(returns, factors).fingerprint
    frames = [localized(frame, zone).tz_convert("UTC") for frame in (returns, factors)]
    if not named:
        frames = [frame.tz_localize(None) for frame in frames]
    mended = []
    for frame in frames:
        with pytest.raises(bf.DataError, match="a time within the day") as caught:
            bf.integrate(frame, factors)
        assert zone in caught.value.remedy
        assert named is ("normalize" not in caught.value.remedy) or zone != "Asia/Tokyo"
        returns = frame.copy()
        assert re.search(r"returns\.index = (returns\.index\S*tz_convert\('[\w/]+'\))", caught.value.remedy)
        code = re.search(r"returns\.index = (returns\.index\S*tz_convert\('[\w/]+'\))", caught.value.remedy)[1]
        mended.append(frame.set_axis(eval(code, {"returns": returns}), axis=0))
    assert bf.integrate(*mended).fingerprint == expected
    for name in ("csv", "parquet"):
        through = doors(tmp_path)[name]
        with pytest.raises(bf.DataError, match=f"within the day.*read_table\\(path, zone='{zone}'\\)"):
            through(frames[0])
        panel = bf.integrate(*[through(frame, zone=zone) for frame in frames])
        assert panel.fingerprint == expected


def test_polars_is_told_how_in_its_own_words():
    returns, factors = market()
    moved = in_polars(localized(returns, "Asia/Tokyo").tz_convert("UTC"))
    with pytest.raises(bf.DataError, match="within the day") as caught:
        bf.integrate(moved, factors)
    code = re.search(r"pl\.col\S+", caught.value.remedy)[0].rstrip(".")
    mended = moved.with_columns(eval(code, {"pl": pl}))
    panel = bf.integrate(mended, localized(factors, "Asia/Tokyo"))
    assert panel.fingerprint == bf.integrate(returns, factors).fingerprint


def test_frames_of_different_clocks_are_refused_and_the_remedy_works():
    returns, factors = market()
    expected = bf.integrate(returns, factors).fingerprint
    cases = {
        "tokyo": (localized(returns, "Asia/Tokyo"), localized(factors, "America/New_York")),
        "none": (localized(returns, "Asia/Tokyo"), factors),
        "universal": (localized(returns, "UTC").tz_convert("America/New_York"), localized(factors, "Asia/Tokyo")),
    }
    for frames in cases.values():
        with pytest.raises(bf.DataError, match="not in one time zone") as caught:
            bf.integrate(*frames)
        scope = {"returns": frames[0].copy(), "factors": frames[1].copy()}
        exec(caught.value.remedy.split(": ", 1)[1].rstrip("."), scope)
        assert bf.integrate(scope["returns"], scope["factors"]).fingerprint == expected


def test_two_times_in_the_last_second_of_a_day_are_refused():
    """And two midnights where Havana's clock goes back at one o'clock."""
    returns, factors = market(count=40)
    ends = returns.set_axis(returns.index + pd.Timedelta("23:59:59"), axis=0)
    assert bf.integrate(ends, factors).fingerprint == bf.integrate(returns, factors).fingerprint
    for date in ("2020-01-09 23:59:59.5", "2020-02-08 23:59:59.5"):
        more = pd.concat([ends, pd.DataFrame({"a": 0.01}, pd.DatetimeIndex([date]))]).sort_index()
        with pytest.raises(bf.DataError, match="two times on one day, 2020-0"):
            bf.integrate(more, factors)
    hours = pd.date_range("2019-11-03 04:00", periods=2, freq="h", tz="UTC").tz_convert("America/Havana")
    with pytest.raises(bf.DataError, match="two times on one day"):
        bf.integrate(pd.DataFrame({"a": [0.1, 0.2]}, hours), factors)


def test_universal_midnights_are_days_whatever_zone_they_are_shown_in():
    returns, factors = market()
    moved = localized(returns, "UTC").tz_convert("America/New_York")
    panel = bf.integrate(moved, localized(factors, "Etc/UTC"))
    assert panel.fingerprint == bf.integrate(returns, factors).fingerprint


def test_files_keep_their_zone_and_two_clocks_are_refused(tmp_path):
    returns, factors = market()
    csv = doors(tmp_path)["csv"]
    york, tokyo = csv(localized(returns, "America/New_York")), csv(localized(factors, "Asia/Tokyo"))
    assert york.attrs["zone"] == "UTC-05:00/UTC-04:00"
    assert tokyo.attrs["zone"] == "UTC+09:00"
    with pytest.raises(
        bf.DataError, match=r"returns: days of UTC-05:00/UTC-04:00, factors: days of UTC\+09:00"
    ) as caught:
        bf.integrate(york, tokyo)
    scope = {"returns": york.copy(), "factors": tokyo.copy()}
    exec(caught.value.remedy.split(": ", 1)[1].split(", or")[0], scope)
    expected = bf.integrate(returns, factors).fingerprint
    assert bf.integrate(scope["returns"], scope["factors"]).fingerprint == expected
    plain, zoned = csv(factors), localized(factors, "America/New_York")
    for beside in (plain, factors, zoned, csv(zoned), csv(zoned.iloc[:60])):
        panel = bf.integrate(york, beside)
        assert panel.fingerprint == bf.integrate(returns, factors.iloc[: len(beside)]).fingerprint
    assert "zone" not in plain.attrs


def test_prices_keep_their_zone(tmp_path):
    returns, factors = market()
    prices = (1 + returns).cumprod()
    expected = bf.integrate(bf.to_returns(prices), factors).fingerprint
    for name, through in doors(tmp_path).items():
        for zone in ("Asia/Tokyo", "America/New_York"):
            found = bf.to_returns(through(localized(prices, zone)))
            assert bf.integrate(found, through(localized(factors, zone))).fingerprint == expected, name
    frame = localized(prices, "Asia/Tokyo")
    pd.testing.assert_index_equal(bf.to_returns(frame).index, frame.index)
    tokyo = bf.to_returns(doors(tmp_path)["csv"](frame))
    with pytest.raises(bf.DataError, match="not in one time zone"):
        bf.integrate(tokyo, localized(factors, "America/New_York"))


@pytest.mark.parametrize(
    ("written", "day", "zone"),
    [
        ("2020-03-02T00:00:00Z", "2020-03-02", "UTC"),
        ("2020-03-02 00:00:00 UTC", "2020-03-02", "UTC"),
        ("2020-03-02 00:00 GMT", "2020-03-02", "UTC"),
        ("2020-03-02 00:00:00-05:00", "2020-03-02", "UTC-05:00"),
        ("2020-03-02 00:00:00 -0500", "2020-03-02", "UTC-05:00"),
        ("2020-03-02T00:00:00+05:30", "2020-03-02", "UTC+05:30"),
        ("2020-03-01 19:00:00-05:00", "2020-03-02", "UTC"),
        ("2020-03-02T09:00:00+09", "2020-03-02", "UTC"),
        ("2020-03-02 23:59:59", "2020-03-02", ""),
        ("2020-03-02T23:59:59.999Z", "2020-03-02", "UTC"),
        ("2020-03-02", "2020-03-02", ""),
        ("202003", "2020-03-31", ""),
    ],
)
def test_forms_of_times(tmp_path, written, day, zone):
    (tmp_path / "x.csv").write_text(f"date,x\n{written},1\n")
    frame = bf.read_table(tmp_path / "x.csv")
    assert [str(date.date()) for date in frame.index] == [day]
    assert frame.attrs.get("zone", "") == zone


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["2020-03-02 16:30"], "all are at 16:30"),
        (["2020-03-02T05:00:00Z", "2020-03-10T04:00:00Z"], "midnights in America/New_York"),
        (["2020-03-02 21:00:00+00:00", "2020-03-10 20:00:00+00:00"], "in America/New_York all are the same"),
        (["2020-03-02 00:00:00", "2020-03-03 00:00:01"], "times of day differ"),
        (["2020-03-02 00:00", "2020-03-02 01:00", "2020-03-02 02:00"], "intraday data are not supported yet"),
        (["2020-03-01 19:00:00-05:00", "2020-03-03"], "times of day differ"),
        (["2020-03-02 00:00:00-05:00", "2020-03-02T23:00:00-05:00"], "intraday data"),
    ],
)
def test_times_within_the_day_of_a_file(tmp_path, rows, says):
    (tmp_path / "x.csv").write_text("date,x\n" + "".join(f"{row},1\n" for row in rows))
    with pytest.raises(bf.DataError, match=f"x.csv, line .* is a time within the day: .*{says}") as caught:
        bf.read_table(tmp_path / "x.csv")
    assert caught.value.value in rows
    assert "\n" not in str(caught.value)


def test_a_zone_that_is_none_or_not_that_of_the_file(tmp_path):
    (tmp_path / "x.csv").write_text("date,x\n2020-03-02T00:00:00Z,1\n2020-07-02T00:00:00Z,1\n")
    with pytest.raises(bf.SpecError, match="zone is 'Mars', which is no time zone"):
        bf.read_table(tmp_path / "x.csv", zone="Mars")
    with pytest.raises(bf.SpecError, match="which is no time zone"):
        bf.read_table(tmp_path / "x.csv", zone=5)
    with pytest.raises(bf.DataError, match="they are days of UTC as they stand"):
        bf.read_table(tmp_path / "x.csv", zone="America/New_York")
    assert bf.read_table(tmp_path / "x.csv", zone="UTC").attrs["zone"] == "UTC"


def test_other_readers_keep_the_rule(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("time,PriceUSD\n2020-01-01T05:00:00Z,1\n2020-07-01T04:00:00Z,2\n")
    with pytest.raises(bf.DataError, match="within the day"):
        bf.read_coinmetrics(path)
    path.write_text("time,PriceUSD\n2020-01-01T00:00:00.000000000Z,1\n2020-01-02,2\n")
    assert bf.read_coinmetrics(path).attrs["zone"] == "UTC"


def test_midnights_that_the_clock_skips_or_has_twice():
    """At Sao Paulo's midnight the clock went to 01:00; at Havana's one hour there were two of it."""
    skipped = days("2018-11-01", 6).tz_localize("America/Sao_Paulo", nonexistent="shift_forward")
    assert skipped[3].hour == 1
    assert list(whole_days(times_of(skipped))[0]) == list(days("2018-11-01", 6))
    twice = days("2019-10-30", 8).tz_localize(ZoneInfo("America/Havana"), ambiguous=True)
    assert list(whole_days(times_of(twice))[0]) == list(days("2019-10-30", 8))
    moved = in_zone(times_of(skipped.tz_convert("UTC")), "America/Sao_Paulo")
    assert list(whole_days(moved)[0]) == list(days("2018-11-01", 6))


@pytest.mark.parametrize(
    ("zones", "same"),
    [
        (("America/New_York", "America/New_York"), True),
        (("", ""), True),
        (("", "America/New_York"), False),
        (("UTC-05:00/UTC-04:00", "America/New_York"), True),
        (("UTC-05:00", "America/New_York"), True),
        (("UTC-06:00", "America/New_York"), False),
        (("days of UTC-05:00", ""), True),
        (("days of UTC", "days of UTC-05:00"), False),
        (("days of UTC", "UTC"), True),
        (("Europe/London", "UTC"), False),
        (("US/Eastern", "America/New_York"), True),
        (("EST", "America/New_York"), False),
        (("Asia/Tokyo", "Asia/Seoul"), True),
        (("", "days of UTC", "days of UTC+09:00"), False),
    ],
)
def test_zones_that_may_be_one(zones, same):
    named = dict(zip(("returns", "factors", "risk_free"), zones, strict=False))
    if same:
        check_zones(named)
        return
    with pytest.raises(bf.DataError, match="not in one time zone"):
        check_zones(named)


def streamed(folder, returns, factors, calendar="daily"):
    pytest.importorskip("pyarrow")
    long = returns.rename_axis("time").reset_index().melt("time", var_name="asset", value_name="return")
    long.to_parquet(folder / "s.parquet", index=False)
    return bf.integrate_parquet(folder / "s.parquet", factors, calendar=calendar)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Europe/London", "UTC"])
def test_a_stream_has_the_days_of_its_factors(tmp_path, zone):
    """Returns meet factors at the same instant, in whatever zone the files are; days are those of the factors."""
    returns, factors = market(count=330)
    expected = streamed(tmp_path, returns, factors)
    there, beside = localized(returns, zone), localized(factors, zone)
    for rows in (there, there.tz_convert("UTC")):
        assert streamed(tmp_path, rows, beside).fingerprint == expected.fingerprint
    if zone != "UTC":
        with pytest.raises(bf.DataError, match="factors has a time within the day") as caught:
            streamed(tmp_path, there, beside.tz_convert("UTC"))
        assert f"tz_convert('{zone}')" in caught.value.remedy
        own = streamed(tmp_path, there, beside.tz_convert("UTC"), bf.Calendar("own", 365))
        assert own.moments.xy == pytest.approx(expected.moments.xy)
    with pytest.raises(bf.DataError, match="not in one time zone") as caught:
        streamed(tmp_path, there, factors)
    scope = {"factors": factors.copy()}
    exec(caught.value.remedy.split(": ")[1].split(", if")[0], scope)
    assert streamed(tmp_path, there, scope["factors"]).fingerprint == expected.fingerprint
    with pytest.raises(bf.DataError, match=f"factors: {zone}, s.parquet: none") as caught:
        streamed(tmp_path, there.tz_convert("UTC").tz_localize(None), beside)
    scope = {"factors": beside.copy()}
    exec("factors.index = factors.index" + caught.value.remedy.split(" or ")[1].rstrip("."), scope)
    calendar = "daily" if zone == "UTC" else bf.Calendar("own", 365)
    own = streamed(tmp_path, there.tz_convert("UTC").tz_localize(None), scope["factors"], calendar)
    assert own.moments.xy == pytest.approx(expected.moments.xy)


def test_a_stream_of_bars_on_a_calendar_of_days_is_refused(tmp_path):
    """Six bars a day are not one; the check of the spacing lets them pass, since markets close."""
    returns, factors = (frame.set_axis(days("2020-01-01", 150, "4h"), axis=0) for frame in market())
    with pytest.raises(bf.DataError, match="several a day on a daily calendar") as caught:
        streamed(tmp_path, returns, factors)
    assert "bf.Calendar('hour', 8760)" in caught.value.remedy
    assert streamed(tmp_path, returns, factors, bf.Calendar("bar", 2190)).moments.count.tolist() == [150]
