"""Forms at the door that pass for others: each is refused by its name, and each remedy is run as it is written."""

import io

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf


def write(tmp_path, text, name="x.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def run_remedy(code, path, **names):
    """Run a remedy as it is written, and return its names."""
    space = {"pandas": pd, "pd": pd, "path": path, "bf": bf, **names}
    exec(code, space)
    return space


BARS = "date,time,close\n" + "".join(
    f"2012-01-{day:02d},{hour},{day}\n" for day in range(2, 6) for hour in ("09:30", "16:00")
)


@pytest.mark.parametrize(
    "hours", [("09:30", "16:00"), ("9:30 AM", "4:00 PM"), ("09:30:00.000", "16:00:00"), ("9am", "4pm")]
)
@pytest.mark.parametrize("head", ["date,time,close", "Date,hour,close", "time,date,close", "date,time,open,close"])
def test_times_of_day_in_a_column_of_their_own(tmp_path, hours, head):
    text = BARS.replace("09:30", hours[0]).replace("16:00", hours[1])
    rows = [row.split(",") for row in text.splitlines()[1:]]
    if head.startswith("time"):
        rows = [[hour, date, close] for date, hour, close in rows]
    if "open" in head:
        rows = [[*row, row[-1]] for row in rows]
    path = write(tmp_path, "\n".join([head, *map(",".join, rows)]))
    with pytest.raises(bf.DataError, match=r"holds times of day \('.*'\), beside the dates") as caught:
        bf.read_table(path)
    assert caught.value.series in ("time", "hour")
    remedy = caught.value.remedy.removeprefix("Keep one row a day: ").split(". Of bars")[0]
    run_remedy(remedy, path)
    assert bf.read_table(path)["close"].tolist() == [2, 3, 4, 5]


def test_times_of_day_in_parquet_and_as_assets(tmp_path):
    frame = pd.read_csv(io.StringIO(BARS))
    frame["time"] = pd.to_datetime(frame["time"], format="%H:%M").dt.time
    frame.to_parquet(tmp_path / "x.parquet", index=False)
    with pytest.raises(bf.DataError, match="'time' holds times of day"):
        bf.read_table(tmp_path / "x.parquet")
    path = write(tmp_path, BARS)
    with pytest.raises(bf.DataError, match="'time' holds times of day"):
        bf.read_table(path, asset="time", value="close")
    long = write(tmp_path, "date,time,asset,value\n2012-01-02,16:00,a,1\n2012-01-02,16:00,b,2\n")
    assert bf.read_table(long, asset="asset", value="value").columns.tolist() == ["a", "b"]


@pytest.mark.parametrize("name", ["A1:30B", "9", "10x", "am", "16.00", "a"])
def test_names_that_are_no_times_of_day(tmp_path, name):
    path = write(tmp_path, f"date,asset,value\n2012-01-02,{name}x,1\n2012-01-03,{name}x,2\n")
    assert bf.read_table(path).columns.tolist() == [f"{name}x"]


@pytest.mark.parametrize("mark", [".", "-", "--", "n/a", "#DIV/0!", "#REF!", "na", "n.a.", "\u2014", "?", "inf", "NaT"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_marks_of_missing_values(tmp_path, mark, kind):
    text = f"date,a,b\n2012-01-02,1.5,2\n2012-01-03,{mark},3\n2012-01-04,2.5,4\n"
    path = write(tmp_path, text)
    if kind == "parquet":
        path = tmp_path / "x.parquet"
        pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).to_parquet(path)
    with pytest.raises(bf.DataError, match="looks like a mark of a missing value") as caught:
        bf.read_table(path)
    assert caught.value.value == mark
    run_remedy(caught.value.remedy.removeprefix("Make such cells empty: ").rstrip("."), path)
    np.testing.assert_equal(bf.read_table(path)["a"].to_numpy(), [1.5, np.nan, 2.5])


@pytest.mark.parametrize("marks", ["--", "-.", "n/a,#DIV/0!"])
def test_a_column_of_marks_alone_holds_no_names_of_assets(tmp_path, marks):
    one, two = marks.split(",") if "," in marks else marks
    path = write(tmp_path, f"date,a,b\n2012-01-02,1.5,{one}\n2012-01-03,2.5,{two}\n2012-01-04,3.5,\n")
    with pytest.raises(bf.DataError, match=r"'b' holds .* looks like a mark of a missing value"):
        bf.read_table(path)


def test_a_mark_in_a_frame():
    dates = pd.date_range("2020-01-01", periods=40)
    frame = pd.DataFrame({"a": [0.01, "-", *np.linspace(-0.02, 0.02, 38)]}, dates)
    factors = pd.DataFrame({"m": np.random.default_rng(0).normal(0, 0.02, 40)}, dates)
    with pytest.raises(bf.DataError, match="is not a number on 2020-01-02: '-', which looks like a mark") as caught:
        bf.integrate(frame, factors)
    fixed = run_remedy(caught.value.remedy.removeprefix("Make it missing: ").rstrip("."), None, returns=frame)
    assert np.isnan(fixed["returns"]["a"].iloc[1])
    bf.integrate(fixed["returns"], factors)


@pytest.mark.parametrize(("zone", "day"), [("Australia/Sydney", "2012-01-02"), ("America/New_York", "2012-01-01")])
@pytest.mark.parametrize("suffix", ["", "+00:00"])
def test_the_day_in_a_named_zone_is_offered(tmp_path, zone, day, suffix):
    dates = pd.date_range("2012-01-01", periods=5)
    rows = [f"{date.date()} 21:30:00{suffix},{k}" for k, date in enumerate(dates)]
    path = write(tmp_path, "date,a\n" + "\n".join(rows))
    with pytest.raises(bf.DataError, match=f"in {zone}: all are at") as caught:
        bf.read_table(path, zone=zone)
    assert "as written" not in caught.value.remedy
    assert f"If the day in {zone} is the day meant" in caught.value.remedy
    code = caught.value.remedy.split("meant: ")[1].rstrip(".")
    frame = run_remedy(code, path)["frame"]
    assert frame.index[0] == pd.Timestamp(day)
    assert frame["a"].tolist() == [0, 1, 2, 3, 4]


def test_midnights_of_another_zone_than_the_one_named(tmp_path):
    dates = pd.date_range("2012-01-01", periods=300, tz="America/New_York").tz_convert("UTC").tz_localize(None)
    path = write(tmp_path, "date,a\n" + "\n".join(f"{date},{k}" for k, date in enumerate(dates)))
    with pytest.raises(bf.DataError, match="they are midnights in America/New_York") as caught:
        bf.read_table(path, zone="Asia/Tokyo")
    assert "zone='America/New_York'" in caught.value.remedy
    assert bf.read_table(path, zone="America/New_York").index[0] == pd.Timestamp("2012-01-01")


FORMS = [
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%y", "%Y/%m/%d", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y", "%b %d %Y",
    "%d/%m/%Y %H:%M", "%d%b%Y",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["index", "column"])
def test_dates_as_text_are_read_in_their_own_form(form, where):
    dates = pd.date_range("2012-01-01", periods=60)
    values = pd.DataFrame({"a": np.random.default_rng(0).normal(0, 0.02, 60)}, dates)
    returns = values.set_axis(dates.strftime(form), axis=0)
    if where == "column":
        returns = returns.rename_axis("date").reset_index()
    with pytest.raises(bf.DataError, match="not dates") as caught:
        bf.integrate(returns, values.rename(columns={"a": "m"}))
    assert f"format={form!r}" in caught.value.remedy
    assert "if the month" not in caught.value.remedy  # days above 12 tell
    code = caught.value.remedy.removeprefix("Use ").removeprefix("First ").removesuffix(", in one time zone or none.")
    fixed = run_remedy(code.replace(". Then ", "; ").rstrip("."), None, returns=returns)["returns"]
    assert fixed.index.tolist() == dates.tolist()


def test_dates_that_can_be_read_two_ways_name_both():
    months = pd.date_range("2012-01-01", periods=40, freq="MS")
    values = pd.DataFrame({"a": np.zeros(40) + 0.01}, [f"0{1 + k % 9}/0{1 + k % 7}/2012" for k in range(40)])
    with pytest.raises(bf.DataError, match="holds text, not dates") as caught:
        bf.integrate(values, values.set_axis(months, axis=0))
    assert "format='%d/%m/%Y') (or format='%m/%d/%Y', if the month comes first)" in caught.value.remedy


def test_iso_texts_and_python_dates_are_read_simply():
    dates = pd.date_range("2012-01-01", periods=30)
    values = pd.DataFrame({"a": np.random.default_rng(0).normal(0, 0.02, 30)}, dates)
    for index, says in ((dates.strftime("%Y-%m-%d"), "text, not dates"), (dates.date, "Python date objects, not time")):
        returns = values.set_axis(index, axis=0)
        with pytest.raises(bf.DataError, match=f"holds {says}") as caught:
            bf.integrate(returns, values)
        assert "Use returns.index = pd.to_datetime(returns.index), in" in caught.value.remedy
        code = caught.value.remedy.removeprefix("Use ").split(", in one")[0]
        assert run_remedy(code, None, returns=returns)["returns"].index.tolist() == dates.tolist()


def test_bars_of_one_instrument_are_no_factors():
    rng, dates = np.random.default_rng(0), pd.date_range("2012-01-01", periods=100)
    close = pd.Series(100 * np.cumprod(1 + rng.normal(0, 0.02, 100)), dates)
    bars = {name: (close * rng.uniform(0.99, 1.01, 100)).pct_change() for name in ("Open", "High", "Low")}
    factors = pd.DataFrame({**bars, "Close": close.pct_change()}).iloc[1:]
    returns = factors[["Close"]].rename(columns={"Close": "a"}) + rng.normal(0, 0.01, (99, 1))
    with pytest.raises(bf.DataError, match="'Close': the bars of one asset, not factors") as caught:
        bf.integrate(returns, factors)
    code = caught.value.remedy.split("by it: ")[1].rstrip(".")
    assert run_remedy(f"found = {code}", None, factors=factors)["found"].columns.tolist() == ["name"]
    levels = {name: {"traded": False, "transform": "none"} for name in factors}
    assert bf.integrate(returns, factors, levels).factors.shape[1] == 4
    named = factors[["Close"]].assign(volume=rng.normal(size=99))
    info = {"Close": {}, "volume": {"traded": False, "transform": "none"}}
    assert bf.integrate(returns, named, info).factors.shape[1] == 2


def test_words_for_a_rate_and_for_market_values():
    dates = pd.date_range("2012-01-01", periods=60)
    values = pd.DataFrame({"a": np.random.default_rng(0).normal(0, 0.02, 60)}, dates)
    with pytest.raises(bf.DataError, match="risk_free is a list, not a Series") as caught:
        bf.integrate(values, values.rename(columns={"a": "m"}), risk_free=[0.0] * 60)
    assert caught.value.remedy == "Give a Series on dates, a DataFrame of one column, or a number."
    for name in ("market_cap", "Market Cap", "market capitalization"):
        with pytest.raises(bf.DataError, match=f"'{name}' in returns is a market value, not an asset"):
            bf.integrate((1e9 * (1 + values)).rename(columns={"a": name}), values)


def test_texts_of_polars_name_their_form():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"when": [f"{day}/03/2012" for day in range(10, 20)], "a": [0.01] * 10})
    with pytest.raises(bf.DataError, match="has no column of dates") as caught:
        bf.integrate(frame, frame)
    assert "pl.col('when').str.to_date('%d/%m/%Y')" in caught.value.remedy
    assert str(frame.select(pl.col("when").str.to_date("%d/%m/%Y"))["when"][0]) == "2012-03-10"


def test_assets_whose_names_are_times_of_day(tmp_path):
    dates = pd.date_range("2012-01-01", periods=60)
    values = pd.DataFrame(np.random.default_rng(0).normal(0, 0.02, (60, 2)), dates, ["09:30", "16:00"])
    factors = values[["16:00"]].set_axis(["m"], axis=1)
    with pytest.raises(bf.DataError, match="times of day for names, such as '16:00'") as caught:
        bf.integrate(values, factors)
    code = caught.value.remedy.removeprefix("Keep one of them, and name it by its asset: ").rstrip(".")
    bf.integrate(run_remedy(f"found = {code}", None, returns=values)["found"], factors)
    rows = values.rename_axis("date").reset_index().melt("date", var_name="time", value_name="return")
    rows.sort_values("date").to_parquet(tmp_path / "x.parquet", index=False)
    with pytest.raises(bf.DataError, match="The assets of the files have times of day for names"):
        bf.integrate_parquet(tmp_path, factors, calendar="daily", columns=("date", "time", "return"))
