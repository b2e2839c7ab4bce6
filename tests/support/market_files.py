"""Files of markets as their publishers write them, with numbers of our own."""

import pandas as pd

DAY, HOUR = 86_400, 3600
JAN = 1_704_067_200  # 2024-01-01
QUOTED = 1_704_712_781_414  # 2024-01-08 11:19:41


NAMES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def kline(start, prices=(10.0, 12.0, 9.0, 11.0), volume=4.0, taken=1.5, unit=1000, length=DAY):
    """Return a line as Binance writes it; `unit` of its epochs are a second."""
    first, last = start * unit, (start + length) * unit - 1
    open_, high, low, close = prices
    cells = [first, f"{open_:.8f}", f"{high:.8f}", f"{low:.8f}", f"{close:.8f}", f"{volume:.8f}", last]
    return ",".join(map(str, [*cells, f"{volume * 10.5:.8f}", 7, f"{taken:.8f}", f"{taken * 10.5:.8f}", 0]))


def klines(days, first=JAN, **changes):
    return "\n".join(kline(first + DAY * day, **changes) for day in days) + "\n"


COINBASE = "".join(f"{JAN + DAY * day},9,12,10,11,{day}.5\n" for day in (3, 2, 0))

KRAKEN = "".join(f"{JAN + DAY * day},10,12,9,11,{day}.25,{day + 1}\n" for day in (0, 1, 4))


def summary(name="ETH-26JAN24-2500-C", **changes):
    """Return a book summary as the interface answers it."""
    held = {
        "instrument_name": name,
        "base_currency": "ETH",
        "quote_currency": "ETH",
        "underlying_index": "ETH-26JAN24",
        "underlying_price": 2241.65,
        "estimated_delivery_price": 2222.19,
        "mark_price": 0.0123,
        "mark_iv": 62.5,
        "bid_price": 0.012,
        "ask_price": None,
        "mid_price": None,
        "open_interest": 965.0,
        "volume": 1.0,
        "volume_usd": 2.41,
        "creation_timestamp": QUOTED,
        "interest_rate": 0.0,
    }
    return held | changes


def answer(*rows):
    return {"jsonrpc": "2.0", "result": list(rows), "usIn": 1, "usOut": 2, "testnet": False}


def csv_of(*rows):
    return pd.DataFrame(rows).to_csv(index=False)


TWO = (summary(), summary("ETH-26JAN24-1200-P", ask_price=0.001, bid_price=0.0, mark_price=0.0008))

TARDIS = """exchange,symbol,timestamp,local_timestamp,type,strike_price,expiration,open_interest,last_price,bid_price,\
bid_amount,bid_iv,ask_price,ask_amount,ask_iv,mark_price,mark_iv,underlying_index,underlying_price,delta,gamma,vega,\
theta,rho
deribit,BTC-9JUN20-9875-P,1591574399413000,1591574400196008,put,9875,1591689600000000,0.1,0.0295,0.018,10,45.9,0.024,4,\
88,0.02,71.4,SYN.BTC-9JUN20,9750.62,-0.65,0.0007,2.9,-41,-0.3
deribit,BTC-9JUN20-9875-C,1591574399500000,1591574400196009,call,9875,1591689600000000,0.1,0.0295,,,,0.011,4,\
88,0.008,71.4,SYN.BTC-9JUN20,9750.62,0.35,0.0007,2.9,-41,0.3
deribit,BTC-9JUN20-9875-P,1591577999413000,1591578000196008,put,9875,1591689600000000,0.2,0.0295,0.019,10,45.9,0.025,4,\
88,0.021,72.4,SYN.BTC-9JUN20,9740.62,-0.65,0.0007,2.9,-41,-0.3
"""

DVOL = [[(JAN + 3600 * hour) * 1000, 60.5, 62.0, 59.25, 61.0] for hour in range(3)]


def archive(rates, first=JAN, hours=8, late=0):
    """Return a file as Binance's archive writes it."""
    lines = [f"{(first + HOUR * hours * n) * 1000 + late},{hours},{rate:.8f}\n" for n, rate in enumerate(rates)]
    return "calc_time,funding_interval_hours,last_funding_rate\n" + "".join(lines)


CRYPTOQUANT = """date,inflow_total,inflow_top10,outflow_total,netflow_total,reserve
2024-01-03,30.5,3,20.25,10.25,1000
2024-01-02,10,3,15,-5,989.75
2024-01-01,0,0,0,0,994.75
"""


def locked(*values, now=True):
    rows = [{"date": JAN + DAY * n, "totalLiquidityUSD": value} for n, value in enumerate(values)]
    return [*rows, {"date": JAN + DAY * len(values) - 3000, "totalLiquidityUSD": 9.0}] if now else rows
