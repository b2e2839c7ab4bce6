"""Files and rows of different series are not joined into one: each reader knows whose series it reads, or asks."""

import json

import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.market_files import DAY, JAN, KRAKEN, klines


def flows(name, first, exchange="binance"):
    return "".join(f"2024-01-{first + n:02d},{name},{exchange},{n + 1},2\n" for n in range(5))


HEADER = "date,asset,exchange,inflow,outflow\n"


def test_rows_of_two_assets_need_a_name(write):
    path = write(HEADER + flows("btc", 1) + flows("eth", 6))
    with pytest.raises(bf.DataError, match="rows of 2 series, by its column 'asset': btc, eth") as caught:
        bf.read_flows(path)
    assert caught.value.remedy == "Read each apart: asset='btc'."
    frame = bf.read_flows(path, asset="eth")
    assert str(frame.index[0].date()) == "2024-01-06"
    assert len(frame) == 5
    assert frame.attrs["asset"] == "eth"
    assert frame.attrs["exchange"] == "binance"
    assert frame.attrs["left_out"] == []
    with pytest.raises(bf.SpecError, match="unknown asset 'ethh'"):
        bf.read_flows(path, asset="ethh")
    with pytest.raises(bf.SpecError, match="does not say of which asset"):
        bf.read_flows(write("date,inflow,outflow\n2024-01-01,1,2\n2024-01-02,1,2\n"), asset="btc")
    two = write(HEADER + flows("btc", 1) + flows("btc", 6, "kraken"))
    with pytest.raises(bf.DataError, match=r"'exchange': binance, kraken.*exchange='binance'"):
        bf.read_flows(two)


@pytest.mark.parametrize(
    ("one", "two", "found"),
    [
        (("a.csv", flows("btc", 1)), ("b.csv", flows("eth", 6)), "a.csv is of btc, and b.csv of eth"),
        (("a.csv", flows("btc", 1)), ("b.csv", flows("btc", 6, "okx")), "a.csv is of binance, and b.csv of okx"),
    ],
)
def test_flows_of_two_files(write, one, two, found):
    paths = [write(HEADER + rows, name) for name, rows in (one, two)]
    with pytest.raises(bf.DataError, match=f"{found}: they are not one series"):
        bf.read_flows(paths)


def test_flows_are_named_by_their_files_where_no_column_does(write):
    text = "date,inflow,outflow\n2024-01-0{},1,2\n2024-01-0{},1,2\n"
    one = write(text.format(1, 2), "BTC Exchange Inflow - Binance.csv")
    assert bf.read_flows(one).attrs.items() >= {"asset": "btc", "exchange": "binance"}.items()
    with pytest.raises(bf.DataError, match=r"is of btc, and .* of eth"):
        bf.read_flows([one, write(text.format(3, 4), "ETH Exchange Inflow - Binance.csv")])


def test_value_locked_of_two_protocols(write):
    def answer(name, first):
        return write(
            {"name": name, "tvl": [{"date": first + DAY * n, "totalLiquidityUSD": 5} for n in range(2)]},
            f"{name.lower()}.json",
        )

    one = answer("Aave", JAN)
    assert bf.read_defillama(one).attrs["name"] == "Aave"
    with pytest.raises(bf.DataError, match=r"aave.json is of Aave, and uniswap.json of Uniswap"):
        bf.read_defillama([one, answer("Uniswap", JAN + 2 * DAY)])
    rows = "".join(f"{JAN + DAY * n},{'aave' if n < 2 else 'lido'},{n + 1}\n" for n in range(4))
    with pytest.raises(bf.DataError, match="rows of 2 series, by its column 'protocol': aave, lido"):
        bf.read_defillama(write("date,protocol,tvl\n" + rows, "table.csv"))


def test_volatility_of_two_currencies(write):
    def candles(first):
        return "".join(f"{(first + DAY * n) * 1000},60,62,59,61\n" for n in range(3))

    one, two = write(candles(JAN), "DVOL_BTC.csv"), write(candles(JAN + 3 * DAY), "DVOL_ETH.csv")
    with pytest.raises(bf.DataError, match=r"DVOL_BTC.csv is of BTC, and DVOL_ETH.csv of ETH"):
        bf.read_deribit_volatility([one, two])
    assert bf.read_deribit_volatility([one, write(candles(JAN + 3 * DAY), "dvol-btc-2.csv")]).attrs["symbol"] == "BTC"


def test_kraken_answers_are_of_the_pair_that_they_name(write):
    def answer(pair, first):
        rows = [[JAN + DAY * n, "10", "12", "9", "11", "10.4", "2.5", 3] for n in range(first, first + 3)]
        return write(json.dumps({"error": [], "result": {pair: rows, "last": JAN + 9 * DAY}}), f"{first}.json")

    one = answer("XXBTZUSD", 0)
    assert bf.read_kraken(one).attrs["symbol"] == "XBTUSD"
    with pytest.raises(bf.DataError, match=r"is of XBTUSD, and .* of ETHUSD"):
        bf.read_kraken([one, answer("XETHZUSD", 3)])
    with pytest.raises(bf.DataError, match=r"with open, high.*vwap, and"):  # one pair, in two forms
        bf.read_kraken([one, write(KRAKEN, "XBTUSD_1440.csv")])


@pytest.mark.parametrize(
    ("one", "two"),
    [("BTCUSDT.json", "ETHUSDT.json"), ("btcusdt_1d.csv", "ethusdt_1d.csv"), ("BTC-USDT.csv", "ETH-USDT.csv")],
)
def test_klines_are_named_by_their_files(write, one, two):
    first, second = write(klines([0]), one), write(klines([1]), two)
    with pytest.raises(bf.DataError, match=f"{one} is of BTC.*, and {two} of ETH"):
        bf.read_binance([first, second])
    assert len(bf.read_binance([first, write(klines([1]), f"more-{one}".replace("more-", "more."))])) == 2


def test_a_jump_from_one_file_to_the_next_is_said(write):
    def prices(level):
        return tuple(level * one for one in (1.0, 1.1, 0.9, 1.0))

    files = [
        write(klines([0, 1], prices=prices(10.0)), "a.csv"),
        write(klines([2, 3], prices=prices(10.9)), "b.csv"),
    ]
    assert bf.read_binance(files).attrs["notes"] == []
    (volume, low) = (4.0, 0.5)
    line = klines([4], prices=prices(low), volume=volume).replace(f"{volume * 10.5:.8f}", f"{volume * low:.8f}")
    line = line.replace(f"{1.5 * 10.5:.8f}", f"{1.5 * low:.8f}")
    (said,) = bf.read_binance([*files, write(line, "c.csv")]).attrs["notes"]
    assert said.startswith("'close' jumps from 10.9, at the end of b.csv, to 0.5, at the start of c.csv")


def test_the_remedy_of_two_values_on_one_day_offers_both_readings(write):
    text = "date,inflow,outflow\n2024-01-01,1,2\n2024-01-02,{},2\n"
    with pytest.raises(bf.DataError, match=r"other numbers.*if they are of two, such as two coins.*read each apart"):
        bf.read_flows([write(text.format(1), "a.csv"), write(text.format(5), "b.csv")])
    twice = text.format(1) + "2024-01-02,7,2\n"
    with pytest.raises(bf.DataError, match=r"with other numbers\. If the file is of one series, keep the line"):
        bf.read_flows(write(twice))
    with pytest.raises(bf.DataError, match=r"with the same numbers\. Keep one of the two lines"):
        bf.read_flows(write(text.format(1) + "2024-01-02,1,2\n"))


def test_the_names_of_files_do_not_part_one_series(write):
    files = [write(klines([0]), "2023_btc.csv"), write(klines([1]), "2024_btc.csv")]
    assert isinstance(bf.read_binance(files), pd.DataFrame)
