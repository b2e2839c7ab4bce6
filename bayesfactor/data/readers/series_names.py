"""Whose series a file holds: of which asset, pair, exchange, future or protocol."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.rows import Rows

ASSETS = ("asset", "symbol", "coin", "token", "ticker", "pair", "product_id", "currency")
EXCHANGES = ("exchange", "exchange_name")
COINS = frozenset(
    {"btc", "xbt", "eth", "sol", "xrp", "bnb", "ada", "doge", "ltc", "bch", "trx", "usdt", "usdc", "dai", "avax",
     "matic", "dot", "link", "uni", "atom", "xlm"}
)  # fmt: skip
MARKETS = frozenset(
    {"binance", "coinbase", "kraken", "okx", "okex", "bybit", "bitfinex", "bitstamp", "huobi", "htx", "gemini",
     "kucoin", "deribit", "bitmex", "upbit"}
)  # fmt: skip
_QUOTE = "(?i:usdt|usdc|busd|fdusd|tusd|usd|eur|btc|xbt|eth)"
_PAIR = re.compile(f"(?<![A-Za-z0-9])((?:[A-Za-z0-9]{{2,12}}|[A-Z0-9]*[A-Z][A-Z0-9]*[-_]){_QUOTE})(?![A-Za-z0-9])")
_KRAKEN = re.compile(r"[XZ]([A-Z]{3})[XZ]([A-Z]{3})")


def choose_series(rows: Rows, columns: Sequence[str], wanted: str | None = None, option: str = "") -> tuple[Rows, str]:
    """Return the rows of one series, and its name; empty where no column of `columns` names it.

    Raises
    ------
    DataError
        Rows are of several, and `wanted` does not say which.
    SpecError
        No row is of the one that is wanted.
    """
    column = next((one for one in columns if one in rows.cells.columns), "")
    if not column:
        if wanted is not None:
            raise SpecError(
                f"{rows.name} does not say of which {option} its rows are.",
                place=option,
                found=wanted,
                remedy="Leave it out.",
            )
        return rows, ""
    names = rows.cells[column].str.strip()
    held = [one for one in names.unique() if one]
    if wanted is not None and wanted not in held:
        raise unknown(option, wanted, held, place=rows.name)
    if wanted is None and len(held) > 1:
        some = f"{', '.join(held[:5])}{', ...' if len(held) > 5 else ''}"
        raise DataError(
            f"{rows.name} has rows of {len(held)} series, by its column '{column}': {some}.",
            series=column,
            value=held[1],
            remedy=f"Read each apart: {option}={held[0]!r}." if option else "Read each apart, from a file of its own.",
        )
    if wanted is None:
        return rows, held[0] if held else ""
    return replace(rows, cells=rows.cells[names == wanted]), wanted


def check_one_series(names: Iterable[tuple[str, str]]) -> str:
    """Return the name that all files share that have one; `names` are of each file and of its series, or empty."""
    known = [(file, name) for file, name in names if name]
    for file, name in known[1:]:
        if _plain(name) != _plain(known[0][1]):
            raise DataError(
                f"{known[0][0]} is of {known[0][1]}, and {file} of {name}: they are not one series.",
                series=file,
                value=name,
                remedy="Read the files of each series apart.",
            )
    return known[0][1] if known else ""


def _plain(name: str) -> str:
    return re.sub(r"[-_/ ]", "", name.lower())


def pair_in_name(path: Path) -> str:
    """Return the pair that the name of a file holds, such as ``BTCUSDT`` or ``BTC-USD``; empty where it has none."""
    found = _PAIR.search(path.name)
    return found[1].upper() if found else ""


def word_in_name(path: Path, known: Iterable[str]) -> str:
    """Return the first word of the name of a file that is one of those known, such as ``btc``; empty without one."""
    words = re.split(r"[^a-z0-9]+", path.name.lower())
    return next((word for word in words if word in known), "")


def pair_of_kraken(key: str) -> str:
    """Return a pair as Kraken's downloads write it: ``XXBTZUSD`` of its interface is ``XBTUSD``."""
    return _KRAKEN.sub(r"\1\2", key) if _KRAKEN.fullmatch(key) else key
