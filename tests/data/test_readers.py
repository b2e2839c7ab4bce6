"""Files as publishers write them, and files that nobody should read."""

import builtins
import csv
import gzip
import io
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

READERS = [bf.read_coinmetrics, bf.read_french, bf.read_fred, bf.read_table]

COINMETRICS = """time,AdrActCnt,CapMrktCurUSD,PriceUSD
2020-03-01,12,,
2020-03-02,15.0,,
2020-03-03,11,1000.25,0.125
2020-03-04,,1004.5,0.1255555555555555
"""

FACTORS = """This file was made for a test, by nobody, using the 209912 database.
The bill return is from a made-up source, Inc.

,Mkt-RF,SMB   ,RF
209811,   -0.39,   -0.47,    0.27
209812,    5.07, -99.99,    0.25
209901,   10.00,    0.00, -999

 Annual Factors: January-December{blank}
,Mkt-RF,SMB   ,RF
  2098,   12.50,   -3.00,    3.11
  2099,   -2.00,    1.00,    3.20

Copyright 2099 Nobody
""".replace("{blank}", " ").replace("\n", "\r\n")

PORTFOLIOS = """This file was made for a test.  It contains value- and equal-weighted returns, 30, 70 percent.

Missing data are indicated by -99.99 or -999.


  Average Value Weighted Returns -- Monthly
,Food ,Soda
209811,   1.00, -99.99
209812,   2.00,  -3.00

  Average Equal Weighted Returns -- Monthly
,Food ,Soda
209811,   9.00,   8.00
209812,   7.00,   6.00

  Average Value Weighted Returns -- Annual
,Food ,Soda
2098,  50.00,  60.00

  Number of Firms in Portfolios
,Food ,Soda
209811,     40,      0
209812,     41,      2

  Average Firm Size
,Food ,Soda
209811,  31.19, -99.99
209812,  32.50,   4.00

  For portfolios formed in June of year t
  Value Weight Average of BE/ME Calculated for June of t to June of t+1 as:
,Food ,Soda
209811,   0.50,   -999
209812,   0.51,   0.75

Copyright 2099 Nobody
"""

DAILY = """This file was made for a test.

,Mkt-RF,RF
20990102,    0.10,   0.011
20990105,   -0.45,   0.011
"""

FRED_OLD = "DATE,DXX\n2012-10-29,0.14\n2012-10-30,.\n2012-10-31,-0.11\n"
FRED_NEW = "observation_date,AXX,BXX\n2016-02-12,1864.78,\n2016-02-15,,3.5\n2016-02-16,1895.58,3.25\n"
WIDE = "Date,btc,eth\n2020-01-01,1.5,\n2020-01-03,2e-3,NaN\n2020-01-02,-.5,7\n"
LONG = "day,asset,price\n2020-01-02,eth,20\n2020-01-01,btc,1.5\n2020-01-02,btc,2.5\n2020-01-03,doge,\n"
YFINANCE = "Price,Close,High\nTicker,AA=F,AA=F\nDate,,\n2025-09-08,3638.5,3641.0\n2025-09-09,3643.25,3670.0\n"


@pytest.fixture
def write(tmp_path):
    def to_file(content, name="file.csv"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        return path

    return to_file


def check_form(frame):
    assert isinstance(frame.index, pd.DatetimeIndex)
    assert frame.index.name == "date"
    assert frame.index.tz is None
    assert (frame.index == frame.index.normalize()).all()
    assert all(isinstance(column, str) for column in frame.columns)
    assert (frame.dtypes == np.float64).all()


def check_values(frame, dates, columns):
    check_form(frame)
    assert [str(date.date()) for date in frame.index] == dates
    assert list(frame.columns) == list(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(frame[name].to_numpy(), np.array(values, dtype=float), err_msg=name)


NAN = float("nan")


# Coin Metrics


def test_coinmetrics_keeps_rows_before_the_first_value(write):
    frame = bf.read_coinmetrics(write(COINMETRICS))
    check_values(
        frame,
        ["2020-03-01", "2020-03-02", "2020-03-03", "2020-03-04"],
        {
            "AdrActCnt": [12, 15, 11, NAN],
            "CapMrktCurUSD": [NAN, NAN, 1000.25, 1004.5],
            "PriceUSD": [NAN, NAN, 0.125, 0.1255555555555555],
        },
    )
    assert frame.attrs == {"units": "as published", "left_out": []}


def test_coinmetrics_metrics_are_kept_in_the_order_asked(write):
    path = write(COINMETRICS)
    assert list(bf.read_coinmetrics(path, ["PriceUSD", "AdrActCnt"]).columns) == ["PriceUSD", "AdrActCnt"]
    assert list(bf.read_coinmetrics(path, "PriceUSD").columns) == ["PriceUSD"]


def test_coinmetrics_unknown_metric_names_the_nearest(write):
    with pytest.raises(bf.SpecError, match=r"unknown metric 'priceusd'.*Did you mean 'PriceUSD'") as caught:
        bf.read_coinmetrics(write(COINMETRICS), ["priceusd"])
    assert caught.value.place == "file.csv"
    assert caught.value.allowed == ("AdrActCnt", "CapMrktCurUSD", "PriceUSD")


def test_coinmetrics_leaves_out_a_column_of_text_and_says_so(write):
    path = write("time,PriceUSD,market\n2020-01-01T00:00:00.000000000Z,1,spot\n2020-01-02,2,spot\n")
    frame = bf.read_coinmetrics(path)
    check_values(frame, ["2020-01-01", "2020-01-02"], {"PriceUSD": [1, 2]})
    assert frame.attrs["left_out"] == ["market"]
    with pytest.raises(bf.DataError, match="'market' holds 'spot' on 2020-01-01"):
        bf.read_coinmetrics(path, ["market"])


# Ken French


def test_french_monthly_is_decimal_at_month_end_with_codes_missing(write):
    frame = bf.read_french(write(FACTORS))
    dates = ["2098-11-30", "2098-12-31", "2099-01-31"]
    columns = {
        "Mkt-RF": [-0.39 / 100, 5.07 / 100, 0.1],
        "SMB": [-0.47 / 100, NAN, 0.0],
        "RF": [0.27 / 100, 0.25 / 100, NAN],
    }
    check_values(frame, dates, columns)
    assert frame.attrs == {"title": "", "kind": "monthly", "units": "decimal"}


@pytest.mark.parametrize("block", ["annual", "Annual Factors: January-December", "annual factors"])
def test_french_annual_is_at_the_end_of_the_year(write, block):
    frame = bf.read_french(write(FACTORS), block)
    columns = {"Mkt-RF": [0.125, -0.02], "SMB": [-0.03, 0.01], "RF": [3.11 / 100, 0.032]}
    check_values(frame, ["2098-12-31", "2099-12-31"], columns)
    assert frame.attrs["title"] == "Annual Factors: January-December"


def test_french_daily(write):
    frame = bf.read_french(write(DAILY), "daily")
    columns = {"Mkt-RF": [0.1 / 100, -0.45 / 100], "RF": [0.011 / 100] * 2}
    check_values(frame, ["2099-01-02", "2099-01-05"], columns)


@pytest.mark.parametrize(
    ("block", "food", "soda", "units"),
    [
        ("monthly", [0.01, 0.02], [NAN, -0.03], "decimal"),
        ("Average Value Weighted Returns -- Monthly", [0.01, 0.02], [NAN, -0.03], "decimal"),
        ("equal weighted", [9.0 / 100, 7.0 / 100], [0.08, 0.06], "decimal"),
        ("Number of Firms in Portfolios", [40, 41], [0, 2], "as published"),
        ("Firm Size", [31.19, 32.5], [NAN, 4], "as published"),
        ("BE/ME", [0.5, 0.51], [NAN, 0.75], "as published"),
    ],
)
def test_french_blocks_by_title(write, block, food, soda, units):
    frame = bf.read_french(write(PORTFOLIOS), block)
    check_values(frame, ["2098-11-30", "2098-12-31"], {"Food": food, "Soda": soda})
    assert frame.attrs["units"] == units


def test_french_multi_line_title_is_joined(write):
    title = bf.read_french(write(PORTFOLIOS), "BE/ME").attrs["title"]
    assert title == (
        "For portfolios formed in June of year t "
        "Value Weight Average of BE/ME Calculated for June of t to June of t+1 as:"
    )


def test_french_block_in_several_titles_or_in_none(write):
    path = write(PORTFOLIOS)
    with pytest.raises(bf.SpecError, match=r"in the titles of 2 blocks.*Monthly.*Annual") as caught:
        bf.read_french(path, "Average Value Weighted Returns")
    assert len(caught.value.allowed) == 2
    with pytest.raises(bf.SpecError, match="unknown block 'daily'") as caught:
        bf.read_french(path, "daily")
    assert "Average Firm Size" in caught.value.allowed
    with pytest.raises(bf.SpecError, match="unknown block ''"):
        bf.read_french(path, "")


def test_french_title_followed_by_a_blank_line_still_decides_the_units(write):
    text = PORTFOLIOS.replace("Number of Firms in Portfolios\n", "Number of Firms in Portfolios\n\n")
    assert bf.read_french(write(text), "Number of Firms")["Food"].tolist() == [40, 41]


def test_french_saved_from_a_spreadsheet_has_commas_after_titles_and_in_blank_lines(write):
    text = "\n".join(line + ",,," if "," not in line else line for line in PORTFOLIOS.splitlines())
    frame = bf.read_french(write(text), "Average Equal Weighted Returns -- Monthly")
    assert frame["Soda"].tolist() == [0.08, 0.06]


def test_french_zip_archive(write):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Factors.CSV", FACTORS)
    frame = bf.read_french(write(packed.getvalue(), "Factors_CSV.zip"))
    pd.testing.assert_frame_equal(frame, bf.read_french(write(FACTORS)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("209812,    5.07, -99.99,    0.25", "209812,    5.07, -9", r"line 6: 2 values for 3 columns"),
        ("209812,    5.07", "20981x,    5.07", r"line 6: the date '20981x' among monthly ones"),
        ("209812,    5.07", "2098,    5.07", r"line 6: the date '2098' among monthly ones"),
        ("209812,    5.07", "209813,    5.07", r"line 6: '209813' is not a date"),
        ("209812,    5.07", "209811,    5.07", r"two rows are on 2098-11-30.*line 5.*line 6"),
        ("209812,    5.07", "209812,    5.x7", r"line 6: column 'Mkt-RF' holds '    5.x7' on 2098-12-31"),
        ("209812,    5.07", "209812,  -999.99", r"column 'Mkt-RF' holds -999.99 percent on 2098-12-31"),
        ("209901,   10.00,    0.00, -999", "20990", r"line 7: the date '20990' among monthly ones"),
        (",Mkt-RF,SMB   ,RF\r\n2098", "2098", r"line 4: a dated row without a header line"),
        (
            ",Mkt-RF,SMB   ,RF\r\n2098",
            ",Mkt-RF,RF,RF\r\n2098",
            r"line 4: 'RF' cannot be the name of column 4",
        ),
    ],
)
def test_french_damaged_rows(write, old, new, message):
    with pytest.raises(bf.DataError, match=message) as caught:
        bf.read_french(write(FACTORS.replace(old, new, 1)))
    assert caught.value.series in ("file.csv", "Mkt-RF")
    assert caught.value.remedy
    assert caught.value.value is not None


# FRED


def test_fred_old_format(write):
    frame = bf.read_fred(write(FRED_OLD))
    check_values(frame, ["2012-10-29", "2012-10-30", "2012-10-31"], {"DXX": [0.14, NAN, -0.11]})
    assert frame.attrs == {"units": "as published", "period": "as dated", "stamps": "as published"}


def test_fred_new_format_with_several_series(write):
    frame = bf.read_fred(write(FRED_NEW))
    columns = {"AXX": [1864.78, NAN, 1895.58], "BXX": [NAN, 3.5, 3.25]}
    check_values(frame, ["2016-02-12", "2016-02-15", "2016-02-16"], columns)


@pytest.mark.parametrize(
    ("starts", "ends", "period"),
    [
        (["2023-12-01", "2024-01-01", "2024-02-01"], ["2023-12-31", "2024-01-31", "2024-02-29"], "month"),
        (["2023-10-01", "2024-01-01", "2024-04-01"], ["2023-12-31", "2024-03-31", "2024-06-30"], "quarter"),
        (["2023-01-01", "2023-07-01"], ["2023-06-30", "2023-12-31"], "half-year"),
        (["2022-01-01", "2023-01-01", "2024-01-01"], ["2022-12-31", "2023-12-31", "2024-12-31"], "year"),
    ],
)
def test_fred_dates_a_period_at_its_end(write, starts, ends, period):
    text = "observation_date,XX\n" + "".join(f"{date},{i}\n" for i, date in enumerate(starts))
    frame = bf.read_fred(write(text))
    check_values(frame, ends, {"XX": range(len(ends))})
    assert frame.attrs == {"units": "as published", "period": period, "stamps": "period end"}


def test_fred_monthly_series_with_gaps_stays_monthly(write):
    text = "DATE,XX\n2024-01-01,1\n2024-02-01,.\n2024-03-01,.\n2024-04-01,2\n"
    check_values(
        bf.read_fred(write(text)),
        ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"],
        {"XX": [1, NAN, NAN, 2]},
    )


def test_fred_mixed_frequencies_and_one_row_are_refused(write):
    months = [f"{2023 + i // 12}-{i % 12 + 1:02d}-01" for i in range(12)]
    text = "DATE,M,Q\n" + "".join(f"{date},1,{2 if i % 3 == 0 else '.'}\n" for i, date in enumerate(months))
    with pytest.raises(bf.DataError, match="'Q' has a value every quarter") as caught:
        bf.read_fred(write(text))
    assert caught.value.series == "Q"
    assert caught.value.date == pd.Timestamp("2023-01-01")
    daily = "DATE,D,M\n2024-01-01,1,5\n2024-01-02,2,.\n2024-02-01,3,6\n2024-03-01,3,7\n"
    with pytest.raises(bf.DataError, match="'M' has a value every month"):
        bf.read_fred(write(daily))
    with pytest.raises(bf.DataError, match="one row, on 2024-01-01"):
        bf.read_fred(write("DATE,M\n2024-01-01,1\n"))


# tidy tables


def test_table_wide_keeps_the_order_of_rows(write):
    frame = bf.read_table(write(WIDE))
    columns = {"btc": [1.5, 0.002, -0.5], "eth": [NAN, NAN, 7]}
    check_values(frame, ["2020-01-01", "2020-01-03", "2020-01-02"], columns)
    assert frame.attrs == {"layout": "wide", "units": "as published"}


def test_table_long_is_found_or_named(write):
    columns = {"eth": [NAN, 20, NAN], "btc": [1.5, 2.5, NAN], "doge": [NAN, NAN, NAN]}
    dates = ["2020-01-01", "2020-01-02", "2020-01-03"]
    frame = bf.read_table(write(LONG))
    check_values(frame, dates, columns)
    assert frame.attrs["layout"] == "long"
    assert frame.columns.name is None
    rows = [line.split(",") for line in LONG.splitlines()]
    more = "\n".join(",".join([kind, *row]) for kind, row in zip("kabcd", rows, strict=True))
    check_values(bf.read_table(write(more), date="day", asset="asset", value="price"), dates, columns)


def test_table_after_blank_lines(write):
    check_values(bf.read_table(write("\n\ndate,x\n\n2020-01-01,1\n")), ["2020-01-01"], {"x": [1]})


def test_table_gzip_is_the_same(write):
    packed = write(gzip.compress(WIDE.encode()), "file.csv.gz")
    pd.testing.assert_frame_equal(bf.read_table(packed), bf.read_table(write(WIDE)))


def test_table_byte_order_mark_quotes_and_trailing_commas(write):
    path = write(b'\xef\xbb\xbf"time","a, b",\r\n"20200131","1",\r\n\r\n,,\r\n')
    check_values(bf.read_table(path), ["2020-01-31"], {"a, b": [1]})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2020-02-05", "2020-02-05"),
        ("20200205", "2020-02-05"),
        ("2020-02", "2020-02-29"),
        ("196307", "1963-07-31"),
        ("2020-02-05 00:00:00 UTC", "2020-02-05"),
        ("2020-02-05 23:59:59", "2020-02-05"),
        ("2020-02-05T23:59:59.123456789Z", "2020-02-05"),
        ("2020-02-05 00:00:00+00:00", "2020-02-05"),
        ("1899-12-31", "1899-12-31"),
    ],
)
def test_table_dates(write, written, read):
    check_values(bf.read_table(write(f",x\n{written},1\n")), [read], {"x": [1]})


@pytest.mark.parametrize(
    "written", ["03/04/2020", "2020-02-30", "2020", "202013", "4 March 2020", "2020-1-5", "", "20200230"]
)
def test_table_dates_that_are_not_iso(write, written):
    with pytest.raises(bf.DataError, match=f"line 3: '{written}' is not a date") as caught:
        bf.read_table(write(f"date,x\n2020-01-31,1\n{written},1\n"))
    assert caught.value.value == written
    assert "YYYY-MM-DD" in caught.value.remedy


def test_table_without_dates(write):
    with pytest.raises(bf.DataError, match=r"no column of dates.*'t', begins with '03/04/2020'") as caught:
        bf.read_table(write("t,x\n03/04/2020,1\n"))
    assert caught.value.value == "03/04/2020"


def test_table_named_columns(write):
    path = write("when,x\n2020-01-01,1\n")
    check_values(bf.read_table(path, date="when"), ["2020-01-01"], {"x": [1]})
    with pytest.raises(bf.SpecError, match=r"unknown column 'When'.*Did you mean 'when'"):
        bf.read_table(path, date="When")
    with pytest.raises(bf.SpecError, match="`asset` is given without `value`"):
        bf.read_table(path, asset="x")
    with pytest.raises(bf.SpecError, match="`value` is given without `asset`"):
        bf.read_table(path, value="x")
    with pytest.raises(bf.SpecError, match="cannot share the columns"):
        bf.read_table(path, asset="x", value="x")


@pytest.mark.parametrize(
    ("text", "message", "series"),
    [
        (WIDE + "2020-01-01,1,1\n", r"two rows are on 2020-01-01.*\(line 2\).*\(line 5\)", "file.csv"),
        ("time,x\n2020-01-01 00:00,1\n2020-01-01 01:00,2\n", "line 3: '2020-01-01 01:00' is a time within", "file.csv"),
        (LONG + "2020-01-01,btc,9\n", "line 6: a second value of one asset, 'btc' on 2020-01-01", "btc"),
        (LONG + "2020-01-01, ,9\n", "line 6: a value without an asset", "file.csv"),
        (WIDE.replace("2e-3", "abc"), "line 3: column 'btc' holds 'abc' on 2020-01-03", "btc"),
        (WIDE.replace("2e-3", "inf"), "line 3: column 'btc' holds 'inf' on 2020-01-03", "btc"),
        (WIDE.replace("2e-3", "1_0"), "line 3: column 'btc' holds '1_0' on 2020-01-03", "btc"),
        (WIDE.replace("2e-3", '"1,000"'), "line 3: column 'btc' holds '1,000' on 2020-01-03", "btc"),
        (WIDE + "2020-01-05,1\n", "line 5: 2 cells where the header has 3", "file.csv"),
        (WIDE + "2020-01-05,1,2,3\n", "line 5: 4 cells where the header has 3", "file.csv"),
        (WIDE + '2020-01-05,"1,2\n2020-01-06,1,2\n', "line 6: 2 cells where the header has 3", "file.csv"),
        ("date,x,x\n2020-01-01,1,2\n", "column 3 appears twice: 'x'", "file.csv"),
        ("date,,x\n2020-01-01,1,2\n", "column 2 is empty", "file.csv"),
        ("date;x\n2020-01-01;1\n", "one column, .date;x.. Its cells are separated by .;.", "file.csv"),
        ("date,x\n", "a header and no rows", "file.csv"),
        ('{"date": [1, 2]}', "looks like JSON", "file.csv"),
        (FACTORS, "use read_french", "file.csv"),
        (FRED_OLD, "holds '.' on 2012-10-30.*use read_fred", "DXX"),
        (FRED_NEW, "use read_fred", "file.csv"),
        (YFINANCE, "lines 1 to 3 are headers", "file.csv"),
    ],
)
def test_table_refuses(write, text, message, series):
    with pytest.raises(bf.DataError, match=message) as caught:
        bf.read_table(write(text))
    assert caught.value.series == series
    assert "file.csv" in str(caught.value)
    assert caught.value.remedy


def test_the_remedy_for_a_yfinance_file_works(write):
    path = write(YFINANCE)
    frame = pd.read_csv(path, header=[0, 1], index_col=0, parse_dates=True)["Close"]
    assert frame["AA=F"].tolist() == [3638.5, 3643.25]
    assert frame.index[0] == pd.Timestamp("2025-09-08")


# Parquet


@pytest.fixture
def wide_frame():
    dates = pd.date_range("2020-01-01", periods=3, name="date")
    return pd.DataFrame({"btc": [1.5, NAN, 2.0], "eth": [1, 2, 3]}, index=dates)


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("name", ["date", None])
def test_parquet_with_dates_in_the_index(tmp_path, wide_frame, name, zone):
    pytest.importorskip("pyarrow")
    wide_frame.index = wide_frame.index.rename(name).tz_localize(zone)
    wide_frame.to_parquet(tmp_path / "wide.parquet")
    frame = bf.read_table(tmp_path / "wide.parquet")
    check_values(frame, ["2020-01-01", "2020-01-02", "2020-01-03"], {"btc": [1.5, NAN, 2], "eth": [1, 2, 3]})


def test_parquet_long_with_day_objects_and_nullable_numbers(tmp_path, wide_frame):
    pytest.importorskip("pyarrow")
    long = wide_frame.reset_index().melt(id_vars="date", var_name="asset").astype({"value": "Float64"})
    long["date"] = long["date"].dt.date
    long.to_parquet(tmp_path / "long.pq")
    frame = bf.read_table(tmp_path / "long.pq")
    check_values(frame, ["2020-01-01", "2020-01-02", "2020-01-03"], {"btc": [1.5, NAN, 2], "eth": [1, 2, 3]})


def test_parquet_faults(tmp_path, wide_frame, write):
    pytest.importorskip("pyarrow")
    path = tmp_path / "f.parquet"
    wide_frame.assign(eth=["1", "x", "3"]).to_parquet(path)
    with pytest.raises(bf.DataError, match="row 2: column 'eth' holds 'x' on 2020-01-02"):
        bf.read_table(path)
    wide_frame.assign(btc=[1.0, np.inf, 2.0]).to_parquet(path)
    with pytest.raises(bf.DataError, match="row 2: column 'btc' holds 'inf' on 2020-01-02"):
        bf.read_table(path)
    wide_frame.iloc[:0].to_parquet(path)
    with pytest.raises(bf.DataError, match="no rows"):
        bf.read_table(path)
    pd.concat({"Close": wide_frame}, axis="columns").to_parquet(path)
    with pytest.raises(bf.DataError, match="2 levels of column names"):
        bf.read_table(path)
    with pytest.raises(bf.DataError, match="cannot be read as Parquet"):
        bf.read_table(write(b"PAR1 cut short", "f.parquet"))


def test_parquet_without_pyarrow(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(bf.DataError, match="pyarrow is not installed") as caught:
        bf.read_table(write(b"PAR1", "f.parquet"))
    assert caught.value.remedy == "pip install bayesfactor[parquet]"


# files that are no data

HOSTILE = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n ", "is empty"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
    "page": (b"\n<!DOCTYPE html>\n<html><body>1,2</body></html>", "is a web page"),
    "binary": (bytes(range(256)), "is not UTF-8 text"),
    "utf-16": ("date,x\n2020-01-01,1\n".encode("utf-16"), "is not UTF-8 text"),
    "cut gzip": (gzip.compress(b"date,x\n" * 500)[:40], "cannot be opened"),
    "bad gzip": (b"\x1f\x8b\x08 no gzip at all", "cannot be opened"),
    "bad zip": (b"PK\x03\x04 no zip at all", "cannot be opened"),
    "prose": (b"All work and no play", "All work and no play"),
    "header": (b",a,b\n", "file.csv"),
}


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("kind", HOSTILE)
def test_every_reader_refuses_what_is_no_data(write, read, kind):
    content, message = HOSTILE[kind]
    with pytest.raises(bf.DataError, match=message) as caught:
        read(write(content))
    assert caught.value.series == "file.csv"
    assert "file.csv" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_every_reader_refuses_a_missing_file_and_a_folder(tmp_path, read):
    with pytest.raises(bf.DataError, match="There is no file") as caught:
        read(tmp_path / "none.csv")
    assert caught.value.series == "none.csv"
    with pytest.raises(bf.DataError, match="is a folder"):
        read(str(tmp_path))


def test_archive_of_several_files(write):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", WIDE)
        archive.writestr("b.csv", WIDE)
    with pytest.raises(bf.DataError, match="archive of 2 files") as caught:
        bf.read_table(write(packed.getvalue(), "two.zip"))
    assert caught.value.value == "a.csv, b.csv"


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (bf.read_french, FRED_OLD, "not a Ken French file.*use read_fred"),
        (bf.read_french, COINMETRICS, "not a Ken French file.*use read_coinmetrics"),
        (bf.read_french, WIDE, "not a Ken French file.*first column is 'Date': use read_table"),
        (bf.read_fred, FACTORS, "not a FRED file.*use read_french"),
        (bf.read_fred, PORTFOLIOS, "not a FRED file.*use read_french"),
        (bf.read_fred, DAILY, "not a FRED file.*use read_french"),
        (bf.read_fred, YFINANCE, "not a FRED file.*yfinance"),
        (bf.read_coinmetrics, FRED_NEW, "not a Coin Metrics file.*use read_fred"),
        (bf.read_coinmetrics, "asset,time,PriceUSD\nbtc,2020-01-01,1\n", "'asset': use read_table"),
        (bf.read_coinmetrics, COINMETRICS + "2020-03-05,1", "line 6: 2 cells where the header has 4"),
        (bf.read_coinmetrics, COINMETRICS.replace("11,", "oops,"), "'AdrActCnt' holds 'oops' on 2020-03-03"),
        (bf.read_fred, FRED_OLD + "2012-11-01,ND\n", "line 5: column 'DXX' holds 'ND' on 2012-11-01"),
        (bf.read_fred, FRED_OLD + "2012-11\n", "line 5: 1 cells where the header has 2"),
    ],
)
def test_the_wrong_file_is_named_for_what_it_is(write, read, text, message):
    with pytest.raises(bf.DataError, match=message) as caught:
        read(write(text))
    assert caught.value.remedy


# real files, read a second time with the csv module


def read_rows(path):
    opener = gzip.open if path.suffix == ".gz" else builtins.open
    with opener(path, "rt", newline="") as file:
        return list(csv.reader(file))


def as_float(cell):
    return NAN if cell.strip() in ("", ".") else float(cell)


def check_against_rows(frame, rows):
    check_form(frame)
    assert [str(date.date()) for date in frame.index] == [row[0] for row in rows[1:]]
    assert list(frame.columns) == rows[0][1:]
    expected = np.array([[as_float(cell) for cell in row[1:]] for row in rows[1:]])
    np.testing.assert_array_equal(frame.to_numpy(), expected)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("raw_samples/coinmetrics_grin_2021-07-22.csv", bf.read_coinmetrics),
        ("raw_samples/EXCERPT_fred_DTB3_old_format_dot_missing.csv", bf.read_fred),
        ("raw_samples/fred_SP500_new_format_blank_missing.csv", bf.read_fred),
        ("macro_monthly.csv", bf.read_table),
        ("french_monthly.csv.gz", bf.read_table),
    ],
)
def test_real_file_cell_by_cell(shared_data, name, read):
    check_against_rows(read(shared_data / name), read_rows(shared_data / name))


@pytest.mark.parametrize(
    ("block", "width", "months", "first", "last"),
    [("monthly", 6, 689, "1963-07-31", "2020-11-30"), ("annual", 4, 56, "1964-12-31", "2019-12-31")],
)
def test_real_french_file_cell_by_cell(shared_data, block, width, months, first, last):
    path = shared_data / "raw_samples" / "kenfrench_F-F_Research_Data_5_Factors_2x3_202011.CSV"
    rows = [row for row in read_rows(path) if row and row[0].strip().isdigit()]
    rows = [row for row in rows if len(row[0].strip()) == width]
    frame = bf.read_french(path, block)
    check_form(frame)
    assert list(frame.columns) == ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"]
    assert (len(frame), str(frame.index[0].date()), str(frame.index[-1].date())) == (months, first, last)
    stamps = frame.index.strftime("%Y%m" if block == "monthly" else "%Y")
    assert list(stamps) == [row[0].strip() for row in rows]
    np.testing.assert_array_equal(frame, np.array([row[1:] for row in rows], dtype=float) / 100)


def test_real_long_file(shared_data):
    path = shared_data / "crypto_ohlcv_yahoo.csv.gz"
    frame = bf.read_table(path, asset="asset", value="close")
    check_form(frame)
    header, *rows = read_rows(path)
    date, asset, close = (header.index(name) for name in ("date", "asset", "close"))
    expected = {(row[date], row[asset]): float(row[close]) for row in rows if row[close]}
    melted = frame.reset_index().melt(id_vars="date").dropna()
    days = melted["date"].dt.strftime("%Y-%m-%d")
    assert dict(zip(zip(days, melted["variable"], strict=True), melted["value"], strict=True)) == expected
    with pytest.raises(bf.DataError, match="one row per date and asset"):
        bf.read_table(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("git_lfs_pointer_instead_of_csv.csv", "is a pointer and not data"),
        ("EXCERPT_yfinance_multiheader_GC=F.csv", "yfinance"),
        ("EXCERPT_kenfrench_49ind_long_with_-99.99.csv", "two rows are on 1926-07-31"),
    ],
)
def test_real_files_that_are_no_table(shared_data, name, message):
    with pytest.raises(bf.DataError, match=message) as caught:
        bf.read_table(shared_data / "raw_samples" / name)
    assert caught.value.series == name
