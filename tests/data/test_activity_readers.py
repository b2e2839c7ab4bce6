"""Funding rates, flows to exchanges and value locked, as their publishers write them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from tests.support.market_files import CRYPTOQUANT, DAY, HOUR, JAN, archive, locked


def days(frame):
    return [str(date.date()) for date in frame.index]


# Funding


def test_funding_of_the_archive(write):
    frame = bf.read_funding(write(archive([1e-4, 2e-4, -5e-5]), "BTCUSDT-fundingRate-2024-01.csv"))
    assert frame["rate"].tolist() == [1e-4, 2e-4, -5e-5]
    assert frame["hours"].tolist() == [8, 8, 8]
    assert str(frame.index[1]) == "2024-01-01 08:00:00"
    assert frame.index.name == "date"
    assert frame.attrs == {
        "units": "decimal, per payment",
        "stamps": "end of the interval",
        "times": "milliseconds",
        "zone": "UTC",
        "notes": [],
        "symbol": "BTCUSDT",
    }


def test_a_payment_at_midnight_is_of_the_day_before(write):
    rates = [1e-4, 2e-4, 4e-4, 8e-4, 1e-5, 2e-5, 4e-5]  # 00:00 of the 1st to 00:00 of the 3rd
    frame = bf.read_funding(write(archive(rates)), per="day")
    assert days(frame) == ["2024-01-01", "2024-01-02"]
    np.testing.assert_allclose(frame["rate"], [14e-4, 7e-5])
    assert frame["hours"].tolist() == [24, 24]
    assert frame.attrs["units"] == "decimal, per day"
    assert "1 days at the ends" in frame.attrs["notes"][0]


def test_an_absent_payment_makes_its_day_missing(write):
    lines = archive([1e-4] * 10).splitlines()
    path = write("\n".join(lines[:5] + lines[6:]))
    notes = bf.read_funding(path).attrs["notes"]
    assert notes == ["1 payments are absent, and were not filled: the first after 2024-01-02 00:00:00"]
    frame = bf.read_funding(path, per="day")
    assert frame["rate"].isna().tolist() == [False, True, False]
    assert "1 days lack a payment, and are NaN: the first 2024-01-02" in frame.attrs["notes"][-1]


def test_milliseconds_after_the_hour_are_taken_off_and_said(write):
    frame = bf.read_funding(write(archive([1e-4] * 3, late=13)))
    assert str(frame.index[0]) == "2024-01-01 00:00:00"
    assert "3 times up to 0.013 s after the hour" in frame.attrs["notes"][0]
    with pytest.raises(bf.DataError, match=r"line 2: 2024-01-01 00:02:00 is no full hour"):
        bf.read_funding(write(archive([1e-4] * 3, late=120_000)))


def test_intervals_that_change_are_said(write):
    text = archive([1e-4] * 3) + archive([2e-4] * 4, JAN + 20 * HOUR, 4).split("\n", 1)[1]
    frame = bf.read_funding(write(text))
    assert frame["hours"].tolist() == [8] * 3 + [4] * 4
    assert frame.attrs["notes"] == ["payments are for 8 hours, and for 4 from 2024-01-01 20:00:00"]


def test_funding_of_interfaces(write):
    binance = [
        {"symbol": "BTCUSDT", "fundingTime": (JAN + 8 * HOUR * n) * 1000, "fundingRate": "0.00010000", "markPrice": ""}
        for n in range(3)
    ]
    frame = bf.read_funding(write(binance, "a.json"))
    assert frame["rate"].tolist() == [1e-4] * 3
    assert frame["hours"].tolist() == [8] * 3
    assert frame.attrs["symbol"] == "BTCUSDT"
    bybit = [
        {"symbol": "ETHUSDT", "fundingRate": "0.0002", "fundingRateTimestamp": str((JAN + 8 * HOUR * n) * 1000)}
        for n in (2, 1, 0)
    ]
    answer = {"retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": bybit}}
    assert bf.read_funding(write(answer, "b.json"))["rate"].tolist() == [2e-4] * 3
    okx = [
        {
            "instId": "BTC-USD-SWAP",
            "fundingTime": str((JAN + 8 * HOUR * n) * 1000),
            "fundingRate": "0.0003",
            "realizedRate": "0.0004",
        }
        for n in range(2)
    ]
    assert bf.read_funding(write({"code": "0", "msg": "", "data": okx}, "c.json"))["rate"].tolist() == [4e-4] * 2
    deribit = [
        {"timestamp": (JAN + HOUR * n) * 1000, "interest_8h": 8e-5, "interest_1h": 1e-5, "index_price": 42_000.0}
        for n in range(48)
    ]
    hourly = bf.read_funding(write({"jsonrpc": "2.0", "result": deribit}, "d.json"))
    assert hourly["hours"].tolist() == [1] * 48
    assert hourly["rate"].tolist() == [1e-5] * 48
    bitmex = "timestamp,symbol,fundingInterval,fundingRate,fundingRateDaily\n" + "".join(
        f"2024-01-01T{4 + 8 * n:02d}:00:00.000Z,XBTUSD,2000-01-01T08:00:00.000Z,0.0001,0.0003\n" for n in range(2)
    )
    assert bf.read_funding(write(bitmex))["hours"].tolist() == [8, 8]


def test_a_sign_of_per_cent_is_read_and_said(write):
    text = "Time,Contracts,Funding Interval,Funding Rate\n" + "".join(
        f"2025-06-18 {hour:02d}:00:00,BTCUSDT Perpetual,8h,{rate}%\n" for hour, rate in ((16, 0.01), (8, -0.002))
    )
    frame = bf.read_funding(write(text))
    np.testing.assert_allclose(frame["rate"], [-2e-5, 1e-4])
    assert "per cent were turned into decimals" in frame.attrs["notes"][-1]
    with pytest.raises(bf.DataError, match="has no sign of per cent, and others have"):
        bf.read_funding(write(text.replace("-0.002%", "-0.002")))


def test_per_cent_is_not_taken_for_decimals_nor_the_reverse(write):
    path = write(archive([0.01, 0.01, 0.004, -0.006]))
    with pytest.raises(bf.DataError, match="looks like per cent, read as decimal") as caught:
        bf.read_funding(path)
    assert "units='percent'" in caught.value.remedy
    np.testing.assert_allclose(bf.read_funding(path, units="percent")["rate"], [1e-4, 1e-4, 4e-5, -6e-5])
    with pytest.raises(bf.DataError, match="they are decimals, read as per cent"):
        bf.read_funding(write(archive([1e-4, 2e-4, 1e-4])), units="percent")
    small = write(archive([0.002, 0.01, 0.001, 0.0001] * 3))
    with pytest.raises(bf.DataError, match="looks like per cent"):
        bf.read_funding(small)


def test_several_futures_need_a_name(write):
    text = "symbol,fundingTime,fundingRate\n" + "".join(
        f"{name},{(JAN + 8 * HOUR * n) * 1000},0.0001\n" for n in range(2) for name in ("BTCUSDT", "ETHUSDT")
    )
    path = write(text)
    with pytest.raises(bf.DataError, match=r"has rows of 2 series, by its column .symbol.: BTCUSDT, ETHUSDT"):
        bf.read_funding(path)
    assert bf.read_funding(path, symbol="ETHUSDT").attrs["symbol"] == "ETHUSDT"
    with pytest.raises(bf.SpecError, match="Did you mean 'ETHUSDT'"):
        bf.read_funding(path, symbol="ETHUSD")
    with pytest.raises(bf.SpecError, match="does not say of which symbol"):
        bf.read_funding(write(archive([1e-4] * 2)), symbol="BTCUSDT")


def test_months_are_joined_and_futures_are_not(write):
    one = write(archive([1e-4] * 93), "BTCUSDT-fundingRate-2024-01.csv")
    two = write(archive([1e-4] * 87, JAN + 31 * DAY), "BTCUSDT-fundingRate-2024-02.csv")
    frame = bf.read_funding([two, one], per="day")
    assert len(frame) == 59
    assert frame["rate"].notna().all()
    other = write(archive([1e-4] * 87, JAN + 31 * DAY), "ETHUSDT-fundingRate-2024-02.csv")
    with pytest.raises(bf.DataError, match=r"is of BTCUSDT, and ETHUSDT-f.* of ETHUSDT"):
        bf.read_funding([one, other])


@pytest.mark.parametrize(("option", "value"), [("per", "days"), ("units", "bps")])
def test_unknown_choices_name_the_nearest(write, option, value):
    with pytest.raises(bf.SpecError, match="Allowed: "):
        bf.read_funding(write(archive([1e-4] * 2)), **{option: value})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-0.002, 0.002), min_size=4, max_size=40))
def test_days_sum_their_payments(tmp_path_factory, rates):
    """Whatever the rates, days add up to the payments after the first midnight and until the last."""
    path = tmp_path_factory.mktemp("funding") / "BTCUSDT-fundingRate-2024-01.csv"
    path.write_text(archive(rates))
    frame = bf.read_funding(path, per="day")
    whole = (len(rates) - 1) // 3
    assert len(frame) == whole
    written = [float(f"{rate:.8f}") for rate in rates]
    expected = [sum(written[1 + 3 * day : 4 + 3 * day]) for day in range(whole)]
    np.testing.assert_allclose(frame["rate"], expected, atol=1e-15)


# Flows


def test_flows_of_cryptoquant(write):
    frame = bf.read_flows(write(CRYPTOQUANT))
    assert days(frame) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert frame.columns.tolist() == ["inflow", "outflow", "netflow", "reserve"]
    assert frame["netflow"].tolist() == [0, -5, 10.25]
    assert frame.attrs["left_out"] == ["inflow_top10"]
    assert frame.attrs["interval"] == "1 day"
    rows = pd.read_csv(write(CRYPTOQUANT)).to_dict("records")
    answer = {"status": {"code": 200, "message": "success"}, "result": {"window": "day", "data": rows}}
    pd.testing.assert_frame_equal(frame, bf.read_flows(write(answer, "flows.json")))
    assert bf.read_flows(write(CRYPTOQUANT), value="reserve").columns.tolist() == ["reserve"]
    with pytest.raises(bf.SpecError, match="unknown value 'inflow_usd'"):
        bf.read_flows(write(CRYPTOQUANT), value="inflow_usd")


def test_flows_of_glassnode_need_to_be_named(write):
    rows = [{"t": JAN + DAY * n, "v": 2.5 * n} for n in (0, 1, 3)]
    path = write(rows, "glassnode.json")
    with pytest.raises(bf.SpecError, match="what are the values in 'v'") as caught:
        bf.read_flows(path)
    assert "value='netflow'" in caught.value.remedy
    frame = bf.read_flows(path, value="inflow_usd")
    assert frame["inflow_usd"].tolist() == [0, 2.5, 7.5]
    assert "1 of 4 intervals of 1 day are absent" in frame.attrs["notes"][0]
    text = "timestamp,value\n" + "".join(f"2024-01-0{n}T00:00:00Z,{n}.5\n" for n in (1, 2))
    assert bf.read_flows(write(text), value="reserve")["reserve"].tolist() == [1.5, 2.5]


def test_months_of_glassnode_have_their_last_day(write):
    rows = [{"t": int(one.timestamp()), "v": 1.0} for one in pd.date_range("2024-01-01", periods=3, freq="MS")]
    frame = bf.read_flows(write(rows, "glassnode.json"), value="inflow")
    assert days(frame) == ["2024-01-31", "2024-02-29", "2024-03-31"]


def test_flows_of_coin_metrics(write):
    text = "time,AdrActCnt,FlowInExNtv,FlowInExUSD,FlowOutExNtv\n2024-01-01,5,1.5,60000,2\n2024-01-02,5,1,40000,\n"
    frame = bf.read_flows(write(text))
    assert frame.columns.tolist() == ["inflow", "inflow_usd", "outflow"]
    assert frame["outflow"].isna().tolist() == [False, True]
    assert frame.attrs["left_out"] == ["adr_act_cnt"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("10.25,1000", "-10.25,1000", r"line 2: netflow, -10.25, is not inflow, 30.5, less outflow, 20.25"),
        ("\n2024-01-02,10,", "\n2024-01-02,-10,", r"line 3: inflow is -10, which is negative, on 2024-01-02"),
        ("2024-01-02", "2024-01-03", r"line 3: 2024-01-03 comes again, after line 2"),
        ("2024-01-02", "02/01/2024", r"line 3: '02/01/2024' is neither a date"),
        ("994.75", "n.a.", r"column 'reserve' holds 'n.a.' on 2024-01-01"),
    ],
)
def test_flows_refuse(write, old, new, found):
    with pytest.raises(bf.DataError, match=found):
        bf.read_flows(write(CRYPTOQUANT.replace(old, new)))


def test_net_flows_of_the_other_sign_are_named(write):
    text = CRYPTOQUANT.replace("10.25,1000", "-10.25,1000").replace(",-5,", ",5,")
    with pytest.raises(bf.DataError, match="all have the other sign"):
        bf.read_flows(write(text))


def test_missing_flows_and_pages_of_several_are_said(write):
    frame = bf.read_flows(write(CRYPTOQUANT.replace("1000", "")))
    assert "'reserve' is missing on 1 of 3 rows, and was not filled: the first 2024-01-03" in frame.attrs["notes"]
    rows = [{"asset": "btc", "time": f"2024-01-0{day}", "FlowInExNtv": "1.5"} for day in (1, 2, 3)]
    page = write({"data": rows, "next_page_token": "0.MjAyNA"}, "page.json")
    assert bf.read_flows(page).attrs["notes"] == [
        "page.json is one page of several, and the next one ('0.MjAyNA') is not among the files: the series is longer"
    ]
    paid = {"symbol": "BTCUSDT", "fundingRate": "0.0001"}
    rates = [paid | {"fundingRateTimestamp": str((JAN + 8 * HOUR * k) * 1000)} for k in range(4)]
    page = write({"retCode": 0, "result": {"nextPageCursor": "abc", "list": rates}}, "rates.json")
    assert bf.read_funding(page).attrs["notes"][0].startswith("rates.json is one page of several")
    page = write({"retCode": 0, "result": {"nextPageCursor": "", "list": rates}}, "rates.json")
    assert bf.read_funding(page).attrs["notes"] == []


def test_a_day_of_flows_that_has_not_ended_is_left_out(write):
    today = int(pd.Timestamp.now("UTC").normalize().timestamp())
    rows = [{"t": today + DAY * n, "v": 1.0} for n in (-2, -1, 0)]
    frame = bf.read_flows(write(rows, "glassnode.json"), value="inflow")
    assert len(frame) == 2
    assert "had not ended" in frame.attrs["notes"][0]


# Value locked


def test_value_locked_of_a_protocol(write):
    held = {
        "id": "1",
        "name": "Aave",
        "chainTvls": {"Ethereum": {"tvl": locked(70.0, 80.5), "tokens": []}, "Polygon": {"tvl": []}},
        "tvl": locked(100.0, 110.25),
        "hallmarks": [[1, "launch"]],
    }
    path = write(held, "aave.json")
    frame = bf.read_defillama(path)
    assert days(frame) == ["2023-12-31", "2024-01-01"]
    assert frame["tvl"].tolist() == [100, 110.25]
    assert frame.attrs["units"] == "dollars"
    assert frame.attrs["stamps"] == "end of the day"
    assert "of the moment of the answer, and was left out" in frame.attrs["notes"][0]
    assert bf.read_defillama(path, chain="Ethereum")["tvl"].tolist() == [70, 80.5]
    with pytest.raises(bf.SpecError, match="Did you mean 'Ethereum'"):
        bf.read_defillama(path, chain="ethereun")
    with pytest.raises(bf.DataError, match="'Polygon' has no values"):
        bf.read_defillama(path, chain="Polygon")


def test_value_locked_of_a_chain(write):
    rows = [{"date": JAN + DAY * n, "tvl": 5 + n} for n in (0, 1, 3)]
    frame = bf.read_defillama(write(rows, "chain.json"))
    assert frame["tvl"].tolist() == [5, 6, 8]
    assert "1 of 4 intervals of 1 day are absent" in frame.attrs["notes"][0]
    text = "date,totalLiquidityUSD\n" + "".join(f"{row['date']},{row['tvl']}\n" for row in rows)
    pd.testing.assert_frame_equal(frame, bf.read_defillama(write(text)))
    table = "Date,Timestamp,Aave,Lido\n" + "".join(f"2024-01-0{n + 1},{JAN + DAY * n},{n}.5,0\n" for n in range(2))
    wide = bf.read_defillama(write(table, "table.csv"))
    assert wide["aave"].tolist() == [0.5, 1.5]
    assert "'lido' is 0 on 2 of 2 days, which are kept" in wide.attrs["notes"][0]
    with pytest.raises(bf.SpecError, match="has no chains"):
        bf.read_defillama(write(text), chain="Ethereum")


def test_value_locked_refuses(write):
    with pytest.raises(bf.DataError, match="row 2: tvl is -1, which is negative"):
        bf.read_defillama(write(locked(1.0, -1.0, 2.0), "a.json"))
    rows = locked(1.0, 2.0, 3.0, now=False)
    rows[1]["date"] += 4000
    with pytest.raises(bf.DataError, match="row 2: 2024-01-02 01:06:40 is within the day, and is not the last"):
        bf.read_defillama(write(rows, "a.json"))
    with pytest.raises(bf.DataError, match="its only value is of"):
        bf.read_defillama(write([{"date": JAN + 60, "tvl": 1}], "a.json"))
    with pytest.raises(bf.DataError, match="Protocol not found"):
        bf.read_defillama(write({"statusCode": 400, "message": "Protocol not found"}, "a.json"))


def test_value_locked_stands_beside_the_return_of_its_day(write):
    """A value at 00:00 of a day is known when the return of the day before ends, and not before."""
    frame = bf.read_defillama(write(locked(*range(1, 5), now=False), "a.json"))
    assert frame.loc["2024-01-01", "tvl"] == 2


# The wrong reader

FILES = {
    "read_funding": archive([1e-4] * 3),
    "read_flows": CRYPTOQUANT,
    "read_defillama": locked(1.0, 2.0, now=False),
}


@pytest.mark.parametrize("reader", [*FILES, "read_binance", "read_kraken", "read_deribit_chain"])
@pytest.mark.parametrize("publisher", FILES)
def test_the_wrong_reader_names_the_right_one(write, reader, publisher):
    path = write(FILES[publisher])
    if reader == publisher:
        assert len(getattr(bf, reader)(path)) > 1
        return
    with pytest.raises(bf.DataError, match=f"use {publisher}"):
        getattr(bf, reader)(path)


@pytest.mark.parametrize("reader", [bf.read_funding, bf.read_flows, bf.read_defillama])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "is empty"),
        ("<html>", "is a web page"),
        ("version https://git-lfs.github.com/spec/v1\n", "is a pointer"),
        ("time,PriceUSD,AdrActCnt\n2024-01-01,1,2\n", "is not a file of"),
        ("observation_date,DGS10\n2024-01-01,1\n", "is not a file of"),
    ],
)
def test_what_nobody_reads(write, reader, text, found):
    with pytest.raises(bf.DataError, match=found):
        reader(write(text))
