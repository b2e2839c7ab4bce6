"""Chains of options and the volatility index, as Deribit and Tardis write them."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.market_files import DVOL, TARDIS, TWO, answer, csv_of, summary


def test_book_summaries(write):
    chain = bf.read_deribit_chain(write(answer(*TWO), "book.json"))
    assert chain.columns.tolist() == [
        "instrument",
        "underlying",
        "expiry",
        "strike",
        "type",
        "bid",
        "ask",
        "mark",
        "mark_iv",
        "underlying_price",
        "index_price",
        "open_interest",
        "volume",
        "settled",
        "quoted",
    ]
    first, second = chain.iloc[0], chain.iloc[1]
    assert (first["instrument"], first["underlying"], first["type"]) == ("ETH-26JAN24-2500-C", "ETH", "call")
    assert first["expiry"] == pd.Timestamp("2024-01-26 08:00", tz="UTC")
    assert (first["strike"], first["mark_iv"], first["index_price"]) == (2500, 62.5, 2222.19)
    assert np.isnan(first["ask"])
    assert np.isnan(second["bid"])
    assert (second["ask"], second["type"]) == (0.001, "put")
    assert second["quoted"] == pd.Timestamp("2024-01-08 11:19:41.414", tz="UTC")
    assert chain.attrs["notes"] == []
    assert "mark_iv: per cent a year" in chain.attrs["units"]
    pd.testing.assert_frame_equal(chain, bf.read_deribit_chain(write(csv_of(*TWO))))


def test_futures_are_left_out_and_said(write):
    rows = [
        *TWO,
        summary("ETH-PERPETUAL"),
        summary("ETH-26JAN24"),
        summary("ETH_USDC-PERPETUAL"),
        summary("ETH-CCAL-26JAN24_9FEB24-2500"),
    ]
    chain = bf.read_deribit_chain(write(answer(*rows), "book.json"))
    assert len(chain) == 2
    assert chain.attrs["notes"] == ["4 futures and others were left out"]


def test_contracts_that_are_settled_in_dollars(write):
    xrp = summary("XRP_USDC-26JAN24-0d625-C", underlying_price=0.57, estimated_delivery_price=0.56, mark_price=0.0071)
    sol = summary("SOL_USDC-26JAN24-95-C", underlying_price=99.0, mark_price=6.1, bid_price=6.0)
    chain = bf.read_deribit_chain(write(answer(xrp, sol, *TWO), "book.json"))
    assert chain["strike"].tolist()[:2] == [0.625, 95]
    assert chain["settled"].tolist() == ["usd", "usd", "coin", "coin"]
    assert chain["underlying"].tolist() == ["XRP", "SOL", "ETH", "ETH"]
    assert len(bf.read_deribit_chain(write(answer(xrp, sol, *TWO), "book.json"), underlying="eth")) == 2
    with pytest.raises(bf.SpecError, match=r"unknown underlying 'etc'.*Did you mean 'ETH'"):
        bf.read_deribit_chain(write(answer(xrp, *TWO), "book.json"), underlying="etc")


def test_quotes_of_tardis_at_a_moment(write):
    path = write(TARDIS)
    with pytest.raises(bf.DataError, match=r"line 4: 'BTC-9JUN20-9875-P' is quoted again") as caught:
        bf.read_deribit_chain(path)
    assert 'at="' in caught.value.remedy
    early = bf.read_deribit_chain(path, at="2020-06-08T00:30")
    assert early["mark"].tolist() == [0.02, 0.008]
    assert early["expiry"].tolist() == [pd.Timestamp("2020-06-09 08:00", tz="UTC")] * 2
    late = bf.read_deribit_chain(path, at=pd.Timestamp("2020-06-08T03:00", tz="Europe/Berlin"))
    assert late.set_index("type")["mark"].to_dict() == {"put": 0.021, "call": 0.008}
    assert "the forwards of 2 contracts are Deribit's own" in late.attrs["notes"][0]
    assert "contracts were quoted from" in late.attrs["notes"][1]
    with pytest.raises(bf.DataError, match="no contract was quoted by 2020-06-01"):
        bf.read_deribit_chain(path, at="2020-06-01")
    with pytest.raises(bf.DataError, match="every contract had expired by 2020-06-10"):
        bf.read_deribit_chain(path, at="2020-06-10")


def test_a_chain_without_times_needs_one(write):
    rows = [{key: value for key, value in row.items() if key != "creation_timestamp"} for row in TWO]
    path = write(csv_of(*rows))
    with pytest.raises(bf.DataError, match="does not say when its contracts were quoted"):
        bf.read_deribit_chain(path)
    chain = bf.read_deribit_chain(path, at="2024-01-08T11:19:41")
    assert set(chain["quoted"]) == {pd.Timestamp("2024-01-08T11:19:41", tz="UTC")}
    with pytest.raises(bf.SpecError, match="no moment"):
        bf.read_deribit_chain(path, at="noon")


def test_decimals_become_per_cent_and_are_said(write):
    chain = bf.read_deribit_chain(write(csv_of(*(row | {"mark_iv": 0.625} for row in TWO))))
    assert chain["mark_iv"].tolist() == [62.5, 62.5]
    assert "mark_iv was in decimals" in chain.attrs["notes"][0]


def test_crossed_quotes_and_forwards_apart_are_said(write):
    rows = [summary(bid_price=0.02, ask_price=0.01), summary("ETH-26JAN24-1200-P", underlying_price=2300.0)]
    notes = bf.read_deribit_chain(write(csv_of(*rows))).attrs["notes"]
    assert "1 contracts have a bid above their ask: the first is ETH-26JAN24-2500-C" in notes
    assert any("forwards that are apart" in note for note in notes)


HOSTILE = [
    ({"instrument_name": "ETH-26JAN24-2500-X"}, r"line 2: 'ETH-26JAN24-2500-X' is no option of Deribit"),
    ({"instrument_name": "ETH-99JAN24-2500-C"}, r"'ETH-99JAN24-2500-C' is no option"),
    ({"mark_price": -0.1}, r"line 2: mark of 'ETH-26JAN24-2500-C' is -0.1, which is negative"),
    ({"mark_price": 24.1}, r"is it in dollars, and not in coins"),
    ({"mark_price": "n/a?"}, r"line 2: mark is 'n/a\?', which is not a number"),
    ({"underlying_price": 0.0}, r"underlying_price .* which is no price"),
    ({"instrument_name": "ETH-5JAN24-2500-C"}, r"quoted of 'ETH-5JAN24-2500-C' .* is not before its expiry"),
    ({"creation_timestamp": "soon"}, r"line 2: 'soon' is neither a date nor a time"),
    ({"strike_price": 2600.0}, r"the strike of 'ETH-26JAN24-2500-C' is 2500.0 by its name, and another by its row"),
    ({"option_type": "P"}, r"the type of 'ETH-26JAN24-2500-C' is call by its name"),
    ({"expire_date": "27JAN24"}, r"the expiry of .* by its name"),
    ({"expiration": 1_706_263_200_000_000}, r"the expiry of .* by its name"),
]


@pytest.mark.parametrize(("change", "found"), HOSTILE)
def test_chain_refuses(write, change, found):
    with pytest.raises(bf.DataError, match=found) as caught:
        bf.read_deribit_chain(write(csv_of(summary(**change))))
    assert "file.csv" in str(caught.value)
    assert caught.value.remedy


def test_a_contract_twice_is_refused(write):
    with pytest.raises(bf.DataError, match="line 3: 'ETH-26JAN24-2500-C' is quoted again"):
        bf.read_deribit_chain(write(csv_of(summary(), summary())))


def test_only_futures_is_refused(write):
    with pytest.raises(bf.DataError, match="'ETH-PERPETUAL' is no option"):
        bf.read_deribit_chain(write(csv_of(summary("ETH-PERPETUAL"))))


def test_an_error_of_the_interface_is_refused(write):
    said = {"jsonrpc": "2.0", "error": {"message": "Invalid params", "code": -32602}, "testnet": False}
    with pytest.raises(bf.DataError, match="Invalid params"):
        bf.read_deribit_chain(write(said, "book.json"))


def test_real_chain(shared_data):
    chain = bf.read_deribit_chain(shared_data / "deribit_eth_options_20240108.csv.gz")
    raw = pd.read_csv(shared_data / "deribit_eth_options_20240108.csv.gz")
    assert len(chain) == len(raw) == 684
    assert chain["expiry"].nunique() == 11
    for mine, theirs in {
        "strike": "strike_price",
        "mark": "mark_price",
        "bid": "bid_price",
        "ask": "ask_price",
    }.items():
        np.testing.assert_array_equal(chain[mine], raw[theirs])
    assert (chain["type"].str[0].str.upper() == raw["option_type"]).all()
    assert chain.attrs["notes"] == ["the forwards of 172 contracts are Deribit's own, as no future expires with them"]


# The volatility index

LATER = [[DVOL[-1][0] + 3_600_000 * n, *DVOL[-1][1:]] for n in (1, 2)]


def test_volatility_of_the_interface(write):
    held = {"jsonrpc": "2.0", "result": {"data": DVOL, "continuation": None}}
    frame = bf.read_deribit_volatility(write(held, "dvol.json"))
    assert frame.columns.tolist() == ["open", "high", "low", "close"]
    assert frame.iloc[0].tolist() == [60.5, 62.0, 59.25, 61.0]
    assert frame.attrs["interval"] == "1 hour"
    assert frame.attrs["units"] == "per cent a year"
    bare = "".join(",".join(map(str, row)) + "\n" for row in reversed(DVOL))
    pd.testing.assert_frame_equal(frame, bf.read_deribit_volatility(write(bare)))
    pd.testing.assert_frame_equal(
        frame, bf.read_deribit_volatility(write("timestamp,open,high,low,close\n" + bare, "named.csv"))
    )


def test_a_page_of_several_is_said(write):
    """Deribit answers with the latest candles, and says with what to ask for those before."""

    def page(rows, more, name):
        return write({"jsonrpc": "2.0", "result": {"data": rows, "continuation": more}}, name)

    late, early = page(DVOL[2:] + LATER, DVOL[2][0], "late.json"), page(DVOL[:2], None, "early.json")
    (said,) = bf.read_deribit_volatility(late).attrs["notes"]
    assert said.startswith(
        f"late.json is one page of several, and the next one ('{DVOL[2][0]}') is not among the files"
    )
    whole = bf.read_deribit_volatility([late, early])
    assert whole.attrs["notes"] == []
    assert len(whole) == 5


def test_volatility_in_decimals_becomes_per_cent(write):
    rows = [[row[0], *(value / 100 for value in row[1:])] for row in DVOL]
    frame = bf.read_deribit_volatility(write(rows, "dvol.json"))
    np.testing.assert_allclose(frame["close"], 61.0)
    assert "decimals were turned into per cent" in frame.attrs["notes"][0]


def test_days_of_few_hours_are_said(write):
    rows = "".join(f"2024-01-0{n},60,62,59,61,{1 if n in (2, 4) else 24}\n" for n in range(1, 6))
    (said,) = bf.read_deribit_volatility(write(f"date,open,high,low,close,n_hours\n{rows}")).attrs["notes"]
    assert said == (
        "file.csv: 2 of 5 days have fewer than 24 hours, by 'n_hours', and are kept: the first 2024-01-02, the "
        "shortest of 1"
    )


def test_prices_are_no_volatility(write):
    rows = [[row[0], *(1000 * value for value in row[1:])] for row in DVOL]
    with pytest.raises(bf.DataError, match="which is no volatility in per cent a year"):
        bf.read_deribit_volatility(write(rows, "dvol.json"))
    with pytest.raises(bf.DataError, match="has a volume, and an index has none"):
        bf.read_deribit_volatility(write("time,open,high,low,close,volume\n2024-01-01,1,1,1,1,1\n"))


def test_volatility_refuses_what_cannot_be(write):
    high = [list(row) for row in DVOL]
    high[1][2] = 59.0
    with pytest.raises(bf.DataError, match="row 2: high, 59, is below low"):
        bf.read_deribit_volatility(write(high, "dvol.json"))


def test_real_volatility(shared_data):
    frame = bf.read_deribit_volatility(shared_data / "crypto_dvol_btc_daily.csv")
    raw = pd.read_csv(shared_data / "crypto_dvol_btc_daily.csv", index_col=0, parse_dates=True)
    np.testing.assert_array_equal(frame, raw[["open", "high", "low", "close"]])
    assert (frame.index == raw.index).all()
    assert frame.attrs["interval"] == "1 day"


@pytest.mark.parametrize(
    ("reader", "rows", "named"),
    [
        (bf.read_binance, csv_of(*TWO), "read_deribit_chain"),
        (bf.read_deribit_volatility, TARDIS, "read_deribit_chain"),
        (bf.read_deribit_chain, DVOL, "read_deribit_volatility"),
        (bf.read_coinbase, DVOL, "read_deribit_volatility"),
    ],
)
def test_the_wrong_reader_names_the_right_one(write, reader, rows, named):
    with pytest.raises(bf.DataError, match=f"use {named}"):
        reader(write(rows))
