"""Columns that are no series, an index without dates, and forms that are not read: what the errors say works."""

import re
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayesfactor as bf
from bayesfactor.data.screening.number_formats import describe_number
from tests.support.series import LEVEL, days, noise

DAYS = days("2020-01-01", 120)
FACTORS = noise(DAYS, ["mkt"], 1)
RETURNS = noise(DAYS, ["a", "b"])
PRICES = 100 * (1 + RETURNS).cumprod()
EXPECTED = bf.integrate(RETURNS, FACTORS).fingerprint


def refused(words, call, kind=bf.DataError):
    with pytest.raises(kind, match=words) as caught:
        call()
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


def code_of(error, after=": "):
    return error.remedy.split(after, 1)[1].rstrip(".")


# several levels


@pytest.mark.parametrize("swap", [False, True])
def test_column_names_of_several_levels(swap):
    frame = pd.concat({"High": PRICES * 1.1, "Close": PRICES, "Volume": PRICES * 0 + 1e6}, axis=1)
    frame = frame.swaplevel(axis=1) if swap else frame
    error = refused("prices has 2 levels of column names", lambda: bf.to_returns(frame))
    found = bf.to_returns(eval(code_of(error), {"prices": frame}))
    np.testing.assert_allclose(found.iloc[1:], RETURNS.iloc[1:])
    error = refused("returns has 2 levels", lambda: bf.integrate(frame, FACTORS))
    found = eval(code_of(error), {"returns": frame, "bf": bf})
    np.testing.assert_allclose(found.iloc[1:], RETURNS.iloc[1:])
    refused("factors has 2 levels", lambda: bf.integrate(RETURNS, pd.concat({"x": FACTORS}, axis=1)))


# bars of one asset, volumes


BAR = pd.DataFrame({"Open": PRICES["a"], "High": PRICES["a"], "Low": PRICES["a"], "Close": PRICES["a"], "Volume": 1e6})


@pytest.mark.parametrize(
    "names",
    [
        ["Open", "High", "Low", "Close", "Volume"],
        ["open", "high", "low", "close", "volume"],
        ["1. open", "2. high", "3. low", "4. close", "5. volume"],
        ["OPEN", "HIGH", "LOW", "Adj Close", "VOLUME"],
        ["open", "high", "low", "adj_close", "volume"],
    ],
)
def test_bars_of_one_asset(names):
    frame = BAR.set_axis(names, axis=1)
    error = refused("the bars of one asset", lambda: bf.to_returns(frame))
    found = bf.to_returns(eval(code_of(error, "by it: "), {"prices": frame}))
    np.testing.assert_allclose(found["name"].iloc[1:], RETURNS["a"].iloc[1:])
    error = refused("returns has the columns .* the bars of one asset", lambda: bf.integrate(frame, FACTORS))
    assert eval(code_of(error, "by it: "), {"returns": frame, "bf": bf}).shape == (120, 1)
    changes = frame.iloc[:, :4].pct_change().iloc[1:]
    error = refused("the bars of one asset", lambda: bf.integrate(changes, FACTORS))
    assert bf.integrate(eval(code_of(error, "by it: "), {"returns": changes}), FACTORS).assets == ("name",)
    narrow = pl.from_pandas(frame.rename_axis("date").reset_index())
    refused("the bars of one asset", lambda: bf.to_returns(narrow))


@pytest.mark.parametrize("form", ["{a}_{f}", "{f}_{a}", "{a} {f}", "{f}.{a}", "('{f}', '{a}')"])
def test_bars_of_several_assets_side_by_side(form):
    """As yfinance's columns of two levels are when they were joined or made text."""
    frame = pd.concat([BAR.rename(columns=lambda f, a=a: form.format(a=a, f=f)) for a in ("aapl", "msft")], axis=1)
    error = refused("the bars of one asset", lambda: bf.to_returns(frame))
    assert list(eval(code_of(error, "by it: "), {"prices": frame})) == ["aapl"]
    volumes = frame[[form.format(a=a, f=f) for a in ("aapl", "msft") for f in ("Close", "Volume")]]
    refused("is a volume, not an asset", lambda: bf.to_returns(volumes))


def test_names_that_assets_may_have():
    """Tickers: OPEN, LOW and HIGH are listed; two fields are not enough to tell."""
    many = noise(DAYS, ["OPEN", "LOW", "HIGH", *[f"a{i}" for i in range(9)]])
    assert len(bf.integrate(many, FACTORS).assets) == 12
    assert bf.integrate(RETURNS.set_axis(["OPEN", "LOW"], axis=1), FACTORS)
    sorts = noise(DAYS, ["Low BM", "High BM", "Open end", "Close end", "low vol", "high vol", "Volumetric"])
    assert len(bf.integrate(sorts, FACTORS).assets) == 7
    level = 30 + noise(DAYS, ["open", "high", "low", "close"], 7, 1.0)
    info = dict.fromkeys(level, LEVEL)
    assert bf.integrate(RETURNS, level, info).factor_names == ("open", "high", "low", "close")


@pytest.mark.parametrize("name", ["Volume", "volume", "BTC_volume", "Volume USD", "quote volume", "Market Cap"])
def test_volumes(name):
    for what, frame, call in (
        ("prices", PRICES, bf.to_returns),
        ("returns", RETURNS, lambda frame: bf.integrate(frame, FACTORS)),
    ):
        with_volume = frame.assign(**{name: 1e6})
        error = refused("is a (volume|market value), not an asset", lambda c=call, f=with_volume: c(f))
        assert error.series == name
        mended = eval(code_of(error), {what: with_volume})
        pd.testing.assert_frame_equal(mended, frame)
    volume = np.exp(noise(DAYS, ["protocol volume"], 7))
    info = {"protocol volume": {"traded": False, "transform": "log_diff"}}
    assert bf.integrate(RETURNS, volume, info)


# times, dates and row numbers as columns


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("place", ["prices", "returns", "factors"])
def test_epochs(unit, place):
    stamps = DAYS.astype(f"datetime64[{unit}]").astype("int64")
    frames = {"prices": PRICES, "returns": RETURNS, "factors": FACTORS}
    frame = frames[place].assign(when=stamps)
    calls = {
        "prices": lambda: bf.to_returns(frame),
        "returns": lambda: bf.integrate(frame, FACTORS),
        "factors": lambda: bf.integrate(RETURNS, frame, {"mkt": {}, "when": LEVEL}),
    }
    error = refused(f"'when' in {place} holds {{}}seconds since 1970".format("(|milli|micro|nano)"), calls[place])
    assert "when" not in eval(code_of(error), {place: frame})


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("day", DAYS.strftime("%Y%m%d").astype(int), "holds dates written as numbers"),
        ("listing_time", np.full(120, 1_400_000_000.0), "holds seconds since 1970"),
        ("Unnamed: 0", np.arange(120), "numbers the rows from 0"),
        ("index", np.arange(1, 121), "numbers the rows from 1"),
        ("", np.arange(120), "numbers the rows from 0"),
        ("Unnamed: 0.1", np.arange(120), "numbers the rows from 0"),
        ("id", np.arange(7, 127), "numbers the rows from 7"),
        ("t", DAYS.astype("datetime64[s]").astype("int64") + 0.5, "holds seconds since 1970"),
        ("x", (DAYS - pd.Timestamp("1899-12-30")).days, "holds days as a spreadsheet counts them"),
        ("yyyymm", 100 * DAYS.year + DAYS.month, "holds months written as numbers"),
        ("Month", DAYS.month, "holds the month of each row"),
        ("dow", DAYS.day_of_week + 0.0, "holds the day_of_week of each row"),
    ],
)
def test_dates_and_row_numbers(name, values, says):
    if min(values) > 0:
        refused(says, lambda: bf.to_returns(PRICES.assign(**{name: values})))
    refused(says, lambda: bf.integrate(RETURNS.assign(**{name: values}), FACTORS))


def test_levels_of_the_size_of_times_are_levels():
    """A supply of tokens grows by whole numbers of the size of seconds since 1970, or of yyyymmdd."""
    rng = np.random.default_rng(0)
    for start in (1.3e9, 1.9e9, 1.5e12, 19_000_101, 20_150_101):
        supply = pd.DataFrame({"supply": start + rng.integers(1, 5000, 120).cumsum()}, DAYS)
        assert bf.integrate(RETURNS, supply, {"supply": {"traded": False, "transform": "log_diff"}})
        assert len(bf.to_returns(supply))
    trend = pd.DataFrame({"trend": np.arange(120.0)}, DAYS)
    assert bf.to_returns(trend + 1).shape == (120, 1)


def test_row_numbers_in_a_file(tmp_path):
    RETURNS.rename_axis("date").reset_index().to_csv(tmp_path / "x.csv")
    error = refused("column '' numbers the rows from 0", lambda: bf.read_table(tmp_path / "x.csv"))
    exec(code_of(error), {"pandas": pd, "path": tmp_path / "x.csv"})
    assert list(bf.read_table(tmp_path / "x.csv")) == ["a", "b"]
    pd.read_csv(tmp_path / "x.csv").to_csv(tmp_path / "y.csv")
    pd.read_csv(tmp_path / "y.csv").to_csv(tmp_path / "x.csv", index=False)
    error = refused("column 'Unnamed: 0' numbers the rows", lambda: bf.read_table(tmp_path / "x.csv"))
    exec(code_of(error), {"pandas": pd, "path": tmp_path / "x.csv"})
    assert list(bf.read_table(tmp_path / "x.csv")) == ["a", "b"]


# an index without dates


INDEXES = {
    "seconds": DAYS.astype("datetime64[s]").astype("int64"),
    "milliseconds": DAYS.astype("datetime64[ms]").astype("int64"),
    "nanoseconds": DAYS.astype("datetime64[ns]").astype("int64"),
    "floats": DAYS.astype("datetime64[s]").astype("int64").astype(float),
    "milliseconds as text": DAYS.astype("datetime64[ms]").astype("int64").astype(str),
    "yyyymmdd": DAYS.strftime("%Y%m%d").astype(int),
    "yyyymmdd as floats": DAYS.strftime("%Y%m%d").astype(float),
    "of a spreadsheet": (DAYS - pd.Timestamp("1899-12-30")).days,
    "text": DAYS.strftime("%Y-%m-%d"),
    "dates": pd.Index(DAYS.date, dtype=object),
    "periods": DAYS.to_period("D"),
}


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_of_something_else(kind):
    returns = RETURNS.set_axis(INDEXES[kind], axis=0)
    error = refused("The index of returns holds", lambda: bf.integrate(returns, FACTORS))
    code = error.remedy.removeprefix("Use ").split(", in one")[0].rstrip(".")
    scope = {"returns": returns, "pd": pd}
    exec(code, scope)
    assert bf.integrate(scope["returns"], FACTORS).fingerprint == EXPECTED


@pytest.mark.parametrize(("form", "ends"), [("%Y%m", "ME"), ("%Y", "YE")])
def test_an_index_of_months_or_years(form, ends):
    dates = pd.date_range("1963-07-31", periods=40, freq=ends)
    returns = noise(dates.strftime(form).astype(int), ["a"])
    error = refused("is a (month written as a number|year)", lambda: bf.integrate(returns, FACTORS))
    scope = {"returns": returns, "pd": pd}
    exec(error.remedy.removeprefix("Use ").rstrip("."), scope)
    assert list(scope["returns"].index) == list(dates)


def test_text_with_zones_that_pandas_leaves_as_text():
    dates = DAYS.tz_localize("America/New_York").astype(str)
    returns = RETURNS.set_axis(dates, axis=0)
    error = refused("is a text with a zone", lambda: bf.integrate(returns, FACTORS))
    code = error.remedy.removeprefix("Use ").split(", or")[0]
    scope = {"returns": returns, "pd": pd}
    exec(code, scope)
    assert bf.integrate(scope["returns"], FACTORS.tz_localize("America/New_York")).fingerprint == EXPECTED


@pytest.mark.parametrize(
    "dates",
    [
        DAYS,
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%Y%m%d").astype(int),
        DAYS.astype("datetime64[s]").astype("int64"),
    ],
    ids=["dates", "text", "yyyymmdd", "seconds"],
)
@pytest.mark.parametrize("name", ["date", "Trading Day"])
def test_dates_in_a_column(dates, name):
    returns = RETURNS.reset_index(drop=True)
    returns.insert(0, name, dates)
    error = refused(f"the dates are in the column '{name}'", lambda: bf.integrate(returns, FACTORS))
    assert f"set_index('{name}')" in error.remedy
    scope = {"returns": returns, "pd": pd}
    for step in re.findall(r"(?:First|Then|Use) (\S.*?)\.(?= Then|$)", error.remedy):
        exec(step, scope)
    assert bf.integrate(scope["returns"], FACTORS).fingerprint == EXPECTED


@pytest.mark.parametrize("names", [["date", "asset"], [None, None]])
@pytest.mark.parametrize("swap", [False, True])
def test_rows_of_two_levels(names, swap):
    rows = RETURNS.stack().to_frame("ret").rename_axis(names)
    rows = rows.swaplevel() if swap else rows
    error = refused("The rows of returns have 2 levels", lambda: bf.integrate(rows, FACTORS))
    assert bf.integrate(eval(code_of(error), {"returns": rows}), FACTORS).fingerprint == EXPECTED


@pytest.mark.parametrize("indexed", [False, True])
def test_one_row_per_date_and_asset(indexed):
    rows = RETURNS.rename_axis("date").reset_index().melt("date", var_name="asset", value_name="ret")
    rows = rows.sort_values("date").set_index("date") if indexed else rows
    error = refused("twice|dates are in the column 'date'", lambda: bf.integrate(rows, FACTORS))
    assert bf.integrate(eval(code_of(error), {"returns": rows}), FACTORS).fingerprint == EXPECTED


def test_numbers_that_were_read_as_nanoseconds():
    for numbers in (INDEXES["seconds"], INDEXES["milliseconds"], INDEXES["yyyymmdd"], pd.RangeIndex(120)):
        returns = RETURNS.set_axis(pd.to_datetime(numbers), axis=0)
        error = refused("whole numbers that were read as nanoseconds", lambda r=returns: bf.integrate(r, FACTORS))
        assert "unit='s'" in error.remedy
        assert "format='%Y%m%d'" in error.remedy
    error = refused("holds int, not dates", lambda: bf.integrate(RETURNS.reset_index(drop=True), FACTORS))
    assert "to_datetime" not in error.remedy


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pl.col("date").dt.epoch("s"), "pl.from_epoch('date', time_unit='s')"),
        (pl.col("date").dt.epoch("ms"), "pl.from_epoch('date', time_unit='ms')"),
        (pl.col("date").dt.strftime("%Y%m%d").cast(pl.Int64), "pl.col('date').cast(pl.String).str.to_date('%Y%m%d')"),
        (pl.col("date").dt.strftime("%Y-%m-%d"), "pl.col(name).str.to_date()"),
    ],
)
def test_polars_without_dates(column, says):
    narrow = pl.from_pandas(RETURNS.rename_axis("date").reset_index()).with_columns(column)
    error = refused("no column of dates", lambda: bf.integrate(narrow, FACTORS))
    assert says in error.remedy
    fixed = narrow.with_columns(eval(says, {"pl": pl, "name": "date"}).alias("date"))
    assert bf.integrate(fixed, FACTORS).fingerprint == EXPECTED


# forms of numbers and dates in files


@pytest.mark.parametrize(
    ("text", "says", "write"),
    [
        ("7,472.59", "commas between thousands", "7472.59"),
        ("$224.93", "sign of a currency", "224.93"),
        ("0.13%", "sign of per cent", "0.13"),
        ("(0.13)", "brackets", "-0.13"),
        ("($1,234.50)", "brackets", "-1234.50"),
        ("-$5", "sign of a currency", "-5"),
        ("12 €", "sign of a currency", "12"),
        ("1.234,56", "decimal comma", "1234.56"),
        ("0,13", "decimal comma", "0.13"),
        ("1 234.5", "spaces between thousands", "1234.5"),
        ("1'234.5", "spaces between thousands", "1234.5"),
        ("1.2M", "letter, M,", "1200000"),
        ("\u22120.13", "typographic minus", "-0.13"),
        ("-3 %", "sign of per cent", "-3"),
    ],
)
def test_forms_of_numbers(tmp_path, text, says, write):
    (tmp_path / "x.csv").write_text(f'date,x\n2020-01-01,1\n2020-01-02,"{text}"\n')
    error = refused(f"line 3: column 'x' holds .*{says}", lambda: bf.read_table(tmp_path / "x.csv"))
    assert re.search(rf"Write {re.escape(write)}(;|\.| and say)", error.remedy)
    returns = RETURNS.astype(object)
    returns.iloc[3, 1] = text
    error = refused(f"'b' in returns is not a number on 2020-01-04: .*{says}", lambda: bf.integrate(returns, FACTORS))
    if change := re.search(r"in pandas column(\S*\(.*\))\.$", error.remedy):
        column = pd.Series([text, text])
        assert eval(f"column{change[1]}", {"column": column}).tolist() == [float(write)] * 2
    if read := re.search(r"pandas\.read_csv\(.*\)", error.remedy):
        found = eval(read[0], {"pandas": pd, "path": tmp_path / "x.csv"})
        assert found["x"].tolist() == [1.0, float(write)]


def test_per_cent_says_both_units():
    says, remedy = describe_number("0.13%")
    assert "per cent" in says
    assert "units='percent'" in remedy
    assert "0.0013 as decimal" in remedy


@pytest.mark.parametrize("text", ["1.5", "-2e-3", "abc", "n/a", "", "12-5", "1,2,3", "%", "(", "$", "1,23,4"])
def test_what_is_a_number_or_no_form_of_one(text):
    assert describe_number(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1577836800", "s"),
        ("1577836800000", "ms"),
        ("1577836800000000", "us"),
        ("1577836800000000000", "ns"),
        ("1577836800.0", "s"),
    ],
)
@pytest.mark.parametrize("head", ["date", "ts"])
def test_epochs_in_a_file(tmp_path, text, unit, head):
    (tmp_path / "x.csv").write_text(f"{head},x\n{text},1\n")
    error = refused(f"'{text}' may be .*seconds since 1970, 2020-01-01", lambda: bf.read_table(tmp_path / "x.csv"))
    assert f"unit='{unit}'" in error.remedy
    scope = {"pandas": pd, "pd": pd, "path": tmp_path / "x.csv"}
    exec(re.search(r"frame = .*?\)(?=\.( Dates|$))", error.remedy)[0], scope)
    assert scope["frame"].index[0] == pd.Timestamp("2020-01-01")


def test_months_of_a_french_file_saved_again(tmp_path):
    text = ",Mkt-RF,SMB\n196307,-0.0039,-0.0047\n196308,0.0507,-0.0095\n"
    (tmp_path / "x.csv").write_text(text)
    frame = bf.read_table(tmp_path / "x.csv")
    assert [str(date.date()) for date in frame.index] == ["1963-07-31", "1963-08-31"]
    assert frame["Mkt-RF"].tolist() == [-0.0039, 0.0507]
    frame = pd.DataFrame({"Mkt": [0.1, 0.2]}, pd.Index([196312, 196401], name="yyyymm"))
    frame.to_parquet(tmp_path / "x.parquet")
    assert list(bf.read_table(tmp_path / "x.parquet").index) == list(pd.to_datetime(["1963-12-31", "1964-01-31"]))
    (tmp_path / "x.csv").write_text("date,x\n200131,1\n200201,2\n")
    refused("'200131' is not a date", lambda: bf.read_table(tmp_path / "x.csv"))


@pytest.mark.parametrize(
    "clutter", [["__MACOSX/._x.csv"], ["__MACOSX/", "__MACOSX/._x.csv", ".DS_Store"], ["data/", "data/._x.csv"]]
)
def test_an_archive_with_what_a_computer_adds(tmp_path, clutter):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in clutter:
            archive.writestr(name, b"" if name.endswith("/") else b"\0\1")
        archive.writestr("data/x.csv", "date,x\n2020-01-01,1\n")
    assert bf.read_table(tmp_path / "x.zip")["x"].tolist() == [1.0]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in clutter:
            archive.writestr(name, b"")
    refused("archive of 0 files", lambda: bf.read_table(tmp_path / "x.zip"))


# returns that are none, and a rate among the factors


def test_a_loss_of_more_than_everything_may_be_three_things():
    returns = RETURNS.copy()
    returns.iloc[4, 1] = -1.26
    error = refused(
        "returns -1.26 on 2020-01-05.* percent given as decimal, log returns, or a code",
        lambda: bf.integrate(returns, FACTORS),
    )
    for way in ("units='percent'", "expm1", "NaN"):
        assert way in error.remedy
    assert bf.integrate(np.expm1(returns), FACTORS).returns.min() == pytest.approx(np.expm1(-1.26))


@pytest.mark.parametrize("name", ["RF", "rf", "Rf", "risk_free", "Risk-Free", "riskfree"])
def test_the_risk_free_rate_among_the_factors(name):
    factors = FACTORS.assign(**{name: 1e-4 + noise(DAYS, ["x"], 5, 1e-5)["x"]})
    error = refused(f"'{name}' is among the factors .* risk-free rate", lambda: bf.integrate(RETURNS, factors))
    rate, rest = re.search(r"risk_free=(factors\S*), and (factors\.drop\(.*?\))", error.remedy).groups()
    rate, rest = (eval(code, {"factors": factors}) for code in (rate, rest))
    panel = bf.integrate(RETURNS, rest, risk_free=rate)
    np.testing.assert_allclose(panel.returns.sel(asset="a").values, RETURNS["a"] - factors[name])
    assert bf.integrate(RETURNS, factors, {"mkt": {}, name: LEVEL}).factor_names == ("mkt", name)


def test_a_level_that_is_taken_for_a_return():
    level = pd.DataFrame({"vix": 20 + noise(DAYS, ["x"], 4, 1.0)["x"]})
    error = refused("'vix' looks like prices", lambda: bf.integrate(RETURNS, level))
    assert "traded=False" in error.remedy
    assert "'log_diff'" in error.remedy
    assert bf.integrate(RETURNS, level, {"vix": {"traded": False, "transform": "log_diff"}})


def test_returns_given_as_prices():
    error = refused("no return can be made from it", lambda: bf.to_returns(RETURNS))
    assert "bf.integrate as they are" in error.remedy


def test_returns_of_what_is_called_after_a_volume_are_returns():
    names = ["High Volume ETF", "market cap weighted", "Volume"]
    returns = noise(DAYS, names)
    assert bf.integrate(returns, noise(DAYS, ["m"], 1)).assets == tuple(names)
    assert list(bf.to_returns((1 + returns[names[:2]]).cumprod())) == names[:2]
