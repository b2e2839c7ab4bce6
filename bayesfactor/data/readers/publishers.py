"""Which publisher a file looks like, and the reader for it."""

import re
from collections.abc import Sequence

from bayesfactor.data.screening.number_formats import epoch_unit

_KLINES, _CHAIN = {"open_time", "close_time"}, {"instrument_name", "mark_price"}
_TARDIS = {"strike_price", "expiration", "underlying_price"}
_CANDLES = {"open", "high", "low", "close"}
_RATES = {"last_funding_rate", "funding_rate", "interest_8h"}
_TVL = {"total_liquidity_usd", "total_value_locked", "tvl"}
_OF_FLOWS = r"(in|out|net)flow(_total|_sum|s)?"


def plain_name(name: str) -> str:
    """Write the name of a column in one way: ``fundingTime``, ``Funding Time`` as ``funding_time``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9%]+", "_", snake.lower()).strip("_")


def first_name(text: str) -> str:
    """Return the first cell of a text."""
    return text.lstrip("\r\n").split("\n", 1)[0].split(",", 1)[0].strip(' "\r')[:40]


def describe_text(text: str) -> tuple[str, str]:
    """Say which publisher's layout a text has, and what to do about it."""
    first, second = [*text.lstrip("\r\n").splitlines(), "", ""][:2]
    name, market = first_name(text), _market_of_lines(first, second)
    if market[0]:
        return market
    if name in ("DATE", "observation_date"):
        return "FRED", "It looks like a FRED file: use read_fred."
    if name == "time":
        return "Coin Metrics", "It looks like a Coin Metrics file: use read_coinmetrics."
    if first.startswith("Price,") and second.startswith("Ticker,"):
        return "yfinance", (
            "It looks like a yfinance download: lines 1 to 3 are headers (Price, Ticker, Date). "
            "Take one field: pandas.read_csv(path, header=[0, 1], index_col=0, parse_dates=True)['Close']."
        )
    if first.startswith("http") and "," in second:
        return "CryptoDataDownload", (
            "Line 1 is an address, as CryptoDataDownload writes: leave it out, and take the columns date, open, high, "
            "low and close by read_table."
        )
    if re.search(r"\n,.*\s+^ *(\d{4}|\d{6}|\d{8}) *,", text.lstrip()[:20_000], re.MULTILINE):
        return "Ken French", "It looks like a Ken French file: use read_french."
    if first.startswith(("{", "[")):
        return "JSON", "It looks like JSON: save it as CSV, or use the reader of its publisher."
    if "," in first:
        return "table", f"It looks like a table whose first column is '{name}': use read_table."
    return "unknown", f"It begins with '{first[:40]}'."


def _market_of_lines(first: str, second: str) -> tuple[str, str]:
    """Return the market's publisher of a CSV and what to do, from its first two lines; empty where it is none."""
    cells = [cell.strip(' "\r') for cell in first.split(",")]
    if re.match(r"[\d.]", cells[0]):
        return describe_market([], cells)
    return describe_market([plain_name(cell) for cell in cells], [cell.strip(' "\r') for cell in second.split(",")])


def describe_market(names: Sequence[str], row: Sequence[str]) -> tuple[str, str]:
    """Return the market's publisher of rows and what to do, from their names and the first of them.

    `names` are as `plain_name` writes them, and empty where the rows have none.
    """
    who, reader = _by_name(set(names), row) if names else _by_shape(row)
    if not who:
        return "", ""
    return who, f"It looks like {who}: use {reader}." if reader.startswith(
        "read_"
    ) else f"It looks like {who}: {reader}"


def _by_name(names: set[str], row: Sequence[str]) -> tuple[str, str]:
    """Return the publisher and reader of rows with names."""
    dated = bool(row) and epoch_unit(row[0]) is not None
    if names >= _CANDLES:
        if names >= _KLINES or any(name.startswith("taker_buy") for name in names):
            return "Binance's klines", "read_binance"
        if "unix" in names and "symbol" in names:
            return "a file of CryptoDataDownload", "take its columns date, open, high, low, close and use read_table."
        if names & {"vwap", "trades", "count"} and dated:
            return "Kraken's candles", "read_kraken"
        if "volume" in names and dated:
            return "Coinbase's candles", "read_coinbase"
        if "volume" not in names and dated:
            return "Deribit's volatility index", "read_deribit_volatility"
    if names >= _CHAIN or names >= _TARDIS:
        return "a chain of Deribit's options", "read_deribit_chain"
    if names & _RATES and len(names) > 1:
        return "funding rates", "read_funding"
    if names & _TVL and "date" in names and len(names) <= 6:
        return "DefiLlama's value locked", "read_defillama"
    if {"t", "v"} <= names or any(re.fullmatch(_OF_FLOWS, name) for name in names):
        return "exchange flows", "read_flows"
    return "", ""


def _by_shape(row: Sequence[str]) -> tuple[str, str]:
    """Return the publisher and reader of rows without names."""
    unit = epoch_unit(row[0]) if row else None
    if unit is None:
        return "", ""
    if len(row) in (11, 12) and epoch_unit(row[6]):
        return "Binance's klines", "read_binance"
    if len(row) in (7, 8) and unit[0] == "s":
        return "Kraken's candles", "read_kraken"
    if len(row) == 6 and unit[0] == "s":
        return "Coinbase's candles", "read_coinbase"
    if len(row) == 6:
        return "candles of another source", "name their columns in a first line, and use read_table."
    if len(row) == 5:
        return "Deribit's volatility index", "read_deribit_volatility"
    if len(row) == 2:
        return "a series without names", "name its columns in a first line, such as t,v."
    return "", ""
