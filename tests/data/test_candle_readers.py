"""Candles of Binance, Coinbase and Kraken, as these write them and as nobody should read them."""

import io
import json
import os
import zipfile
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from tests.support.market_files import COINBASE, DAY, JAN, KRAKEN, NAMES, kline, klines


@pytest.fixture
def write(tmp_path):
    def to_file(content, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


def days(frame):
    return [str(date.date()) for date in frame.index]


# Binance


def test_klines_without_names(write):
    frame = bf.read_binance(write(klines(range(3)), "BTCUSDT-1d-2024-01.csv"))
    assert days(frame) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert frame.index.name == "date"
    assert frame.index.tz is None
    assert (frame.dtypes == np.float64).all()
    assert dict(frame.iloc[0]) == {
        "open": 10,
        "high": 12,
        "low": 9,
        "close": 11,
        "volume": 4,
        "quote_volume": 42,
        "trades": 7,
        "taker_buy": 1.5,
        "taker_buy_quote": 15.75,
    }
    units = frame.attrs.pop("units")
    assert "volume, taker_buy: coins" in units
    assert frame.attrs == {
        "interval": "1 day",
        "stamps": "day",
        "times": "milliseconds",
        "zone": "UTC",
        "notes": [],
        "symbol": "BTCUSDT",
    }


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        "Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,"
        "Taker buy base asset volume,Taker buy quote asset volume,Ignore",
    ],
)
def test_klines_with_names_keep_their_first_row(write, names):
    pd.testing.assert_frame_equal(
        bf.read_binance(write(names + "\n" + klines(range(3)))), bf.read_binance(write(klines(range(3)), "other.csv"))
    )


def test_microseconds_and_milliseconds_of_two_files(write, tmp_path):
    write(klines(range(31)), "BTCUSDT-1d-2024-01.csv")
    write(klines(range(31, 60), unit=10**6), "BTCUSDT-1d-2024-02.csv")
    write("abc", "BTCUSDT-1d-2024-02.zip.CHECKSUM")
    frame = bf.read_binance(tmp_path)
    assert len(frame) == 60
    assert frame.index.is_monotonic_increasing
    assert frame.attrs["times"] == "milliseconds and microseconds"
    assert frame.attrs["notes"] == []


def test_units_that_change_within_a_file_are_said(write):
    frame = bf.read_binance(write(klines(range(3)) + klines(range(3, 5), unit=10**6)))
    assert days(frame)[-1] == "2024-01-05"
    (note,) = [note for note in frame.attrs["notes"] if "unit" in note]
    assert "milliseconds, and microseconds from line 4" in note


def test_zip_as_the_archive_writes_it(write):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("BTCUSDT-1d-2024-01.csv", klines(range(2)))
    assert len(bf.read_binance(write(held.getvalue(), "BTCUSDT-1d-2024-01.zip"))) == 2


def test_answer_of_the_interface(write):
    rows = [
        [int(cell) if cell.isdigit() else cell for cell in line.split(",")] for line in klines(range(2)).split("\n")[:2]
    ]
    frame = bf.read_binance(write(json.dumps(rows), "klines.json"))
    assert days(frame) == ["2024-01-01", "2024-01-02"]
    assert frame["taker_buy"].tolist() == [1.5, 1.5]


def test_names_that_come_again_are_left_out_and_said(write):
    frame = bf.read_binance(write(f"{NAMES}\n{klines(range(2))}{NAMES}\n{klines(range(2, 4))}"))
    assert len(frame) == 4
    assert "line 4 names the columns again" in frame.attrs["notes"][0]


def test_absent_days_and_days_without_volume_are_said_and_not_filled(write):
    text = klines([0, 1]) + klines([4], volume=0.0, taken=0.0) + klines([5])
    frame = bf.read_binance(write(text))
    assert days(frame) == ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"]
    absent, idle = frame.attrs["notes"]
    assert absent.startswith("2 of 6 intervals of 1 day are absent")
    assert "2024-01-03, 2024-01-04" in absent
    assert idle.startswith("1 of 4 rows have no volume")
    assert "2024-01-05" in idle


@pytest.mark.parametrize(
    ("read", "text", "column"),
    [
        (bf.read_binance, klines(range(4)).replace("4.00000000", "", 1), "volume"),
        (bf.read_binance, klines(range(4)).replace("42.00000000", "NaN", 1), "quote_volume"),
        (bf.read_binance, klines(range(4)).replace(",1.50000000", ",", 1), "taker_buy"),
        (bf.read_coinbase, COINBASE.replace(",0.5", ","), "volume"),
        (bf.read_kraken, KRAKEN.replace("0.25", ""), "volume"),
    ],
)
def test_missing_volumes_are_said_and_not_filled(write, read, text, column):
    frame = read(write(text))
    assert frame[column].isna().sum() == 1
    said = f"'{column}' is missing on 1 of {len(frame)} rows, and was not filled: the first 2024-01-01"
    assert said in frame.attrs["notes"]


def test_rows_of_two_files_alike_are_kept_once_and_said(write):
    paths = [write(klines(range(3)), "a.csv"), write(klines(range(2, 5)), "b.csv")]
    frame = bf.read_binance(paths)
    assert len(frame) == 5
    assert "1 rows stand in two files alike" in frame.attrs["notes"][0]
    other = write(klines(range(2, 5), prices=(10, 12, 9, 10.5)), "c.csv")
    with pytest.raises(bf.DataError, match=r"a.csv and c.csv have other numbers on 2024-01-03"):
        bf.read_binance([paths[0], other])


def test_weeks_and_months_have_their_last_day(write):
    week = 7 * DAY
    text = "".join(kline(JAN + week * place, length=week) + "\n" for place in range(3))
    frame = bf.read_binance(write(text))
    assert frame.attrs["interval"] == "1 week"
    assert frame.attrs["stamps"] == "last day of the interval"
    assert days(frame) == ["2024-01-07", "2024-01-14", "2024-01-21"]
    starts = pd.date_range("2024-01-01", periods=5, freq="MS")
    lines = [kline(int(one.timestamp()), length=int((after - one).total_seconds())) for one, after in pairwise(starts)]
    frame = bf.read_binance(write("\n".join(lines[:2] + lines[3:])))
    assert days(frame) == ["2024-01-31", "2024-02-29", "2024-04-30"]
    assert frame.attrs["interval"] == "1 month"
    assert "1 of 4 intervals of 1 month are absent" in frame.attrs["notes"][0]


def test_hours_have_their_start(write):
    text = "".join(kline(JAN + 3600 * place, length=3600) + "\n" for place in (0, 1, 3))
    frame = bf.read_binance(write(text))
    assert [str(date) for date in frame.index[:2]] == ["2024-01-01 00:00:00", "2024-01-01 01:00:00"]
    assert "1 of 4 intervals of 1 hour are absent, and none was filled: 2024-01-01 02:00" in frame.attrs["notes"][0]


def test_a_day_that_has_not_ended_is_left_out(write):
    today = int(pd.Timestamp.now("UTC").normalize().timestamp())
    frame = bf.read_binance(write(klines(range(-3, 1), first=today)))
    assert len(frame) == 3
    assert "had not ended, and was left out" in frame.attrs["notes"][0]
    with pytest.raises(bf.DataError, match="its only interval"):
        bf.read_binance(write(klines([0], first=today)))


def test_contracts_that_are_settled_in_coins(write):
    rows = [[JAN + DAY * place, 9600, 9700, 9500, 9650, 20_600, 213.66, 11_900, 123.42] for place in range(2)]
    lines = [
        f"{t * 1000},{o},{h},{low},{c},{v},{(t + DAY) * 1000 - 1},{base},48,{took},{base_took},0"
        for t, o, h, low, c, v, base, took, base_took in rows
    ]
    frame = bf.read_binance(write("\n".join(lines), "BTCUSD_PERP-1d-2024-01.csv"))
    assert frame.attrs["symbol"] == "BTCUSD_PERP"
    assert frame["volume"].tolist() == [213.66] * 2
    assert frame["taker_buy"].tolist() == [123.42] * 2
    assert frame["quote_volume"].tolist() == [2_060_000] * 2
    assert frame["taker_buy_quote"].tolist() == [1_190_000] * 2
    assert "contracts of 100 dollars" in frame.attrs["notes"][0]


HOSTILE = [
    (klines([0], prices=(10, 9, 12, 11)), r"line 1: high, 9, is below low, 12, on 2024-01-01"),
    (klines([0, 1], prices=(10, 12, -9, 11)), r"line 1: low is -9, which is no price, on 2024-01-01 \(2 rows in all\)"),
    (klines([0], prices=(10, 12, 9, 13)), r"close, 13, is not between low, 9, and high, 12"),
    (klines([0], prices=(8, 12, 9, 11)), r"open, 8, is not between"),
    (klines([0], taken=5), r"taker_buy, 5, is more than volume, 4"),
    (klines([0], volume=-4, taken=-5), r"volume is -4, which is negative"),
    (klines([0, 1, 1]), r"line 3: 2024-01-02 comes again, after line 2, with the same numbers"),
    (klines([0, 1]) + klines([1], prices=(10, 12, 9, 10)), r"line 3: 2024-01-02 comes again, .* other numbers"),
    (klines([0, 1]) + klines([2], first=JAN + 7), r"line 3: 2024-01-03 00:00:07 is no start of an interval of 1 day"),
    (klines([0, 1]) + kline(JAN + 2 * DAY, length=3600), r"line 3: .* is not of 1 day, as most are"),
    (klines([0]).replace(str(JAN), "170406"), r"line 1: '170406000' is neither a date nor a time"),
    (klines([0]).replace(f"{JAN}000,", "1.70407E+12,"), r"a time that a spreadsheet has rounded"),
    (klines([0]).replace(f"{JAN}000", "9" * 19, 1), r"'9999999999999999999' is neither a date nor a time"),
    ("0,1,2,3,4,5,6,7,8,9,10,11\n" + klines([0]), r"line 1: '0' is neither a date nor a time"),
    (klines([0], first=1_000_000_000), r"before there was a market"),
    (klines([0], first=5_000_000_000), r"in the future"),
    (klines([0]).replace("10.00000000", "n/a", 1), r"line 1: column 'open' holds 'n/a' on 2024-01-01"),
    (klines([0, 1])[:-30], r"line 2: .* cells where the header has 12"),
    ("", "is empty"),
    (f"{NAMES}\n", "has a header and no rows"),
    ("<!DOCTYPE html><html>", "is a web page"),
    ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "is a pointer"),
    ('{"code":-1121,"msg":"Invalid symbol."}', r"an answer that says an error, and not data: '\"Invalid symbol.\"'"),
    ("[[1704067200000, ", "cut short, or no JSON"),
    ("[]", "JSON without rows"),
    (klines([0]).replace("42.00000000,7", "20.00000000,7"), "the mean price, quote_volume over"),
]


@pytest.mark.parametrize(("text", "found"), HOSTILE)
def test_binance_refuses(write, text, found):
    with pytest.raises(bf.DataError, match=found) as caught:
        bf.read_binance(write(text))
    assert "file.csv" in str(caught.value)
    assert caught.value.remedy


def test_files_of_two_series_are_refused(write):
    one = write(klines([0]), "BTCUSDT-1d-2024-01.csv")
    with pytest.raises(bf.DataError, match=r"BTCUSDT-1d-2024-01.csv is of BTCUSDT, and ETHUSDT.* of ETHUSDT"):
        bf.read_binance([one, write(klines([1]), "ETHUSDT-1d-2024-01.csv")])
    hour = write(kline(JAN + DAY, length=3600), "BTCUSDT-1h-2024-01.csv")
    with pytest.raises(bf.DataError, match=r"of intervals of 1 day, and BTCUSDT-1h.* 1 hour"):
        bf.read_binance([one, hour])


def test_premium_is_no_price(write):
    text = klines([0, 1], prices=(-1e-4, 2e-4, -3e-4, -1e-4), volume=0.0, taken=0.0)
    with pytest.raises(bf.DataError, match="premium of a future"):
        bf.read_binance(write(text))


def test_no_file_is_refused(tmp_path):
    with pytest.raises(bf.SpecError, match="No file is given"):
        bf.read_binance([])
    with pytest.raises(bf.DataError, match="has no file that ends in"):
        bf.read_binance(tmp_path)
    with pytest.raises(bf.DataError, match="There is no file"):
        bf.read_binance(tmp_path / "no.csv")


prices = st.floats(1e-6, 1e6, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(prices, prices, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20),
    unit=st.sampled_from([1000, 10**6]),
    names=st.booleans(),
)
def test_binance_round_trip(tmp_path_factory, rows, unit, names):
    """What was written is what is read, in either unit, with names and without."""
    lines, held = [NAMES] if names else [], []
    for place, (one, other, first, last) in enumerate(rows):
        low, high = min(one, other), max(one, other)
        row = (low + first * (high - low), high, low, low + last * (high - low))
        row = tuple(min(max(value, low), high) for value in row)
        start = (JAN + DAY * place) * unit
        cells = [start, *row, 2.0, start + DAY * unit - 1, 2.0 * row[3], 3, 1.0, row[3], 0]
        lines.append(",".join(map(repr, cells)))
        held.append(row)
    path = tmp_path_factory.mktemp("round") / "BTCUSDT-1d-2024-01.csv"
    path.write_text("\n".join(lines))
    frame = bf.read_binance(path)
    np.testing.assert_array_equal(frame[["open", "high", "low", "close"]], np.array(held))
    assert (frame.index == pd.date_range("2024-01-01", periods=len(rows))).all()


def test_candles_become_returns_of_a_panel(write):
    rng = np.random.default_rng(3)
    steps = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, 300)))
    text = "".join(
        kline(JAN + DAY * place, prices=(one, one * 1.3, one * 0.8, one)) + "\n" for place, one in enumerate(steps)
    )
    closes = bf.read_binance(write(text))["close"]
    market = pd.DataFrame({"market": rng.normal(0, 0.02, 300)}, closes.index)
    panel = bf.integrate(bf.to_returns(closes.to_frame("btc")), market)
    assert list(panel.assets) == ["btc"]


# Coinbase


def test_coinbase_newest_first_without_names(write):
    frame = bf.read_coinbase(write(COINBASE))
    assert days(frame) == ["2024-01-01", "2024-01-03", "2024-01-04"]
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame.iloc[0].tolist() == [10, 12, 9, 11, 0.5]
    assert frame.attrs["times"] == "seconds"
    assert len(frame.attrs["notes"]) == 1
    assert frame.attrs["notes"][0].startswith("1 of 4 intervals of 1 day are absent")


def test_coinbase_answers(write):
    rows = [[JAN + 3600 * hour, 9, 12.5, 10, 11, 1.25] for hour in (2, 1, 0)]
    frame = bf.read_coinbase(write(json.dumps(rows), "candles.json"))
    assert frame.attrs["interval"] == "1 hour"
    assert frame["high"].tolist() == [12.5] * 3
    held = [dict(zip(("start", "low", "high", "open", "close", "volume"), map(str, row), strict=True)) for row in rows]
    advanced = bf.read_coinbase(write(json.dumps({"candles": held}), "advanced.json"))
    pd.testing.assert_frame_equal(frame, advanced)


def test_coinbase_with_names_in_another_order(write):
    named = "time,open,high,low,close,volume\n" + "".join(f"{JAN + DAY * day},10,12,9,11,1\n" for day in range(3))
    assert bf.read_coinbase(write(named)).iloc[0].tolist() == [10, 12, 9, 11, 1]
    bare = named.split("\n", 1)[1]
    with pytest.raises(bf.DataError, match="the columns are open, high, low, close") as caught:
        bf.read_coinbase(write(bare))
    assert "time,open,high,low,close,volume" in caught.value.remedy


def test_pages_out_of_order_are_sorted_and_said(write):
    lines = COINBASE.splitlines()
    frame = bf.read_coinbase(write("\n".join([lines[1], lines[2], lines[0]])))
    assert frame.index.is_monotonic_increasing
    assert "not in the order of time, and were sorted" in frame.attrs["notes"][0]


def test_a_candle_that_ends_after_its_file_was_written_is_left_out(write):
    path = write(COINBASE)
    os.utime(path, (JAN + 3.5 * DAY,) * 2)
    frame = bf.read_coinbase(path)
    assert days(frame) == ["2024-01-01", "2024-01-03"]
    assert "from 2024-01-04, had not ended" in frame.attrs["notes"][0]


def test_one_row_tells_no_interval(write):
    with pytest.raises(bf.DataError, match="one row, from 2024-01-01 00:00:00, does not tell the interval"):
        bf.read_coinbase(write(COINBASE.splitlines()[-1] + "\n"))


def test_a_clock_jump_is_named(write):
    rows = [JAN + DAY * day + (61 if day == 7 else 0) for day in range(30)]
    with pytest.raises(bf.DataError, match=r"line 8: 2024-01-08 00:01:01 is no start of an interval of 1 day"):
        bf.read_coinbase(write("".join(f"{one},9,12,10,11,1\n" for one in rows)))


# Kraken


def test_kraken_download(write):
    frame = bf.read_kraken(write(KRAKEN, "XBTUSD_1440.csv"))
    assert days(frame) == ["2024-01-01", "2024-01-02", "2024-01-05"]
    assert frame["trades"].tolist() == [1, 2, 5]
    assert frame.attrs["symbol"] == "XBTUSD"
    assert "2 of 5 intervals of 1 day are absent" in frame.attrs["notes"][0]
    assert bf.read_kraken(write(KRAKEN)).attrs["interval"] == "1 day"


def test_kraken_answer_leaves_out_the_interval_that_has_not_ended(write):
    rows = [[JAN + 3600 * hour, "10", "12", "9", "11", "10.4", "2.5", 3] for hour in range(4)]
    rows[1][5:] = ["0", "0", 0]
    answer = {"error": [], "result": {"XXBTZUSD": rows, "last": JAN + 3600 * 2}}
    frame = bf.read_kraken(write(json.dumps(answer), "ohlc.json"))
    assert len(frame) == 3
    assert frame["vwap"].isna().tolist() == [False, True, False]
    assert "what follows the last interval that had ended was left out, 1 in all" in frame.attrs["notes"][0]
    said = {"error": ["EQuery:Unknown asset pair"]}
    with pytest.raises(bf.DataError, match="Unknown asset pair"):
        bf.read_kraken(write(json.dumps(said), "error.json"))


def test_minutes_without_trades_do_not_hide_the_interval(write):
    places = [0, 3, 5, 6, 20, 21, 27, 60, 61]
    text = "".join(f"{JAN + 60 * place},10,12,9,11,1,1\n" for place in places)
    assert bf.read_kraken(write(text)).attrs["interval"] == "1 minute"


def test_kraken_name_and_times_have_to_agree(write):
    with pytest.raises(bf.DataError, match="its name says intervals of 1 week, and its times are of 1 day"):
        bf.read_kraken(write(KRAKEN, "XBTUSD_10080.csv"))


# The wrong reader

FILES = {
    "read_binance": klines(range(3)),
    "read_coinbase": COINBASE,
    "read_kraken": KRAKEN,
}


@pytest.mark.parametrize("reader", FILES)
@pytest.mark.parametrize("publisher", FILES)
def test_the_wrong_reader_names_the_right_one(write, reader, publisher):
    path = write(FILES[publisher])
    if reader == publisher:
        assert len(getattr(bf, reader)(path)) == 3
        return
    with pytest.raises(bf.DataError, match=f"use {publisher}"):
        getattr(bf, reader)(path)


@pytest.mark.parametrize("publisher", FILES)
@pytest.mark.parametrize("reader", [bf.read_table, bf.read_fred, bf.read_coinmetrics, bf.read_french])
def test_other_readers_name_the_right_one(write, reader, publisher):
    with pytest.raises(bf.DataError, match=f"use {publisher}"):
        reader(write(FILES[publisher]))


def test_coinbase_names_are_not_coin_metrics(write):
    with pytest.raises(bf.DataError, match="use read_coinbase"):
        bf.read_coinmetrics(write("time,low,high,open,close,volume\n" + COINBASE))


def test_a_file_of_days_is_no_market_file(write):
    with pytest.raises(bf.DataError, match="use read_table"):
        bf.read_binance(write("date,a\n2024-01-01,1\n"))
    with pytest.raises(bf.DataError, match="Ken French"):
        bf.read_binance(write("prose\n\n,Mkt,RF\n209811,1,2\n209812,1,2\n"))


def test_what_is_missing_is_named(write):
    with pytest.raises(bf.DataError, match=r"it has no open_time.*use read_table"):
        bf.read_binance(write("date,open,high,low,close\n2024-01-01,1,1,1,1\n"))
    with pytest.raises(bf.DataError, match="use read_fred"):
        bf.read_kraken(write("observation_date,DGS10\n2024-01-01,1\n"))
    short = "\n".join(line.rsplit(",", 3)[0] for line in f"{NAMES}\n{klines(range(2))}".splitlines())
    with pytest.raises(bf.DataError, match=r"it has no taker_buy, taker_buy_quote\. .* with all of its columns"):
        bf.read_binance(write(short))
    with pytest.raises(bf.DataError, match="separated by ';'"):
        bf.read_coinbase(write(COINBASE.replace(",", ";")))
    with pytest.raises(bf.DataError, match="Line 1 is an address"):
        bf.read_coinbase(write("https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close\n"))
