"""Input files of the command line."""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.book import MONIES, Book
from bayesfactor.analysis.portfolio.options.book_files import has_book_header, read_book
from bayesfactor.analysis.portfolio.portfolio_weights import LEVERAGE, gross, not_weights
from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.integration.assembly import integrate, to_returns
from bayesfactor.data.readers.cells import decode_text, number_of, read_raw, split_cells
from bayesfactor.data.readers.fred import read_fred
from bayesfactor.data.readers.publishers import first_name
from bayesfactor.data.readers.table import read_table
from bayesfactor.panel.panel import Panel

Info = dict[str, Any] | None
_ASSETS = (
    "", "asset", "assets", "ticker", "tickers", "symbol", "symbols", "name", "names", "id", "token", "coin", "stock",
    "security", "instrument", "holding", "holdings", "position", "fund", "isin", "cusip",
)  # fmt: skip


def _text(path: Path) -> str:
    return decode_text(read_raw(path), path.name)


def read_series(path: Path, zone: str | None = None) -> pd.DataFrame:
    """Read a table of dates and series, dated in `zone`; FRED files are recognised by their header."""
    data = read_raw(path)
    text = "" if data.startswith(b"PAR1") else decode_text(data, path.name, errors="replace")
    return read_fred(path) if first_name(text) == "observation_date" else read_table(path, zone=zone)


def read_info(path: Path | None) -> Info:
    """Read what is known about factors or assets: name -> entries.

    A CSV has the names in its first column; blank cells are ignored. In TOML each name is a table.
    """
    if path is None:
        return None
    if path.suffix == ".toml":
        try:
            return tomllib.loads(_text(path))
        except tomllib.TOMLDecodeError as error:
            raise DataError(
                f"{path.name} is not TOML: {error}.",
                series=path.name,
                remedy="Write one table per factor: [rates] on a line, then traded = false and so on.",
            ) from None
    cells = split_cells(_text(path), path.name)
    names = cells.pop(cells.columns[0]).str.strip()
    if names.duplicated().any():
        twice = str(names[names.duplicated()].iloc[0])
        raise DataError(f"{path.name} names '{twice}' twice.", series=twice, remedy="Keep one row.")
    rows = zip(names, cells.to_dict("records"), strict=True)
    return {name: _entries(row) for name, row in rows}


def _entries(row: dict[Any, object]) -> dict[str, Any]:
    """Return the cells of a row that are not blank; a lag as a number."""
    given = {str(key): str(value).strip() for key, value in row.items() if isinstance(value, str) and value.strip()}
    lag = given.get("lag", "")
    return {**given, "lag": int(lag)} if lag.isdecimal() else given


def read_portfolio(
    path: Path | None, volatility: str | None, rate: str | None, accounted: str = MONIES[0], at: str | None = None
) -> dict[str, float] | Book | None:
    """Read weights or, of a file with a column of kinds, a book of options with the factors that move it."""
    in_coin = None if accounted == MONIES[0] else accounted
    moved = {"--volatility": volatility, "--rate": rate, "--accounted": in_coin, "--at": at}
    if path is not None and has_book_header(split_cells(_text(path), path.name).columns):
        return read_book(path, at, volatility, rate, accounted)  # type: ignore[arg-type]
    for option, factor in moved.items():
        if factor is not None:
            raise SpecError(
                f"{option} {factor} goes with a book of options, and --portfolio has none.",
                place=option,
                found=factor,
                remedy="A book is a CSV file with the columns kind, underlying, quantity, strike and so on.",
            )
    return None if path is None else read_weights(path)


def read_weights(path: Path) -> dict[str, float]:
    """Read a portfolio: two columns, asset and weight, under a header; DataError for per cent, shares or amounts."""
    cells = split_cells(_text(path), path.name)
    if has_book_header(cells.columns):
        raise DataError(
            f"{path.name} is a book of options, not of weights.",
            series=path.name,
            remedy="The commands stress, forecast, attribute and report take one.",
        )
    if cells.shape[1] != 2:
        raise DataError(
            f"{path.name} has {cells.shape[1]} columns.",
            series=path.name,
            value=", ".join(cells.columns),
            remedy="A portfolio has two, with the header 'asset,weight'.",
        )
    if _is_number(cells.columns[1]):
        raise DataError(
            f"{path.name} has no header: its first line is '{','.join(map(str, cells.columns))}'.",
            series=path.name,
            value=str(cells.columns[1]),
            remedy="Put the line 'asset,weight' at the top.",
        )
    first, second = _find_columns([str(column) for column in cells.columns], path.name)
    weights: dict[str, float] = {}
    for line, name, value in zip(cells.index, cells.iloc[:, first], cells.iloc[:, second], strict=True):
        asset = str(name).strip()
        if asset in weights:
            raise DataError(f"{path.name} names '{asset}' twice.", series=asset, remedy="Add its weights up.")
        what = f"{path.name}, line {line}: the weight of '{asset}'"
        weights[asset] = number_of(str(value), what, asset, "Write 60 % as 0.6.")
    found = np.array(list(weights.values()))
    if gross(found) > LEVERAGE:
        raise not_weights(found, path.name)
    return weights


def _find_columns(header: list[str], name: str) -> tuple[int, int]:
    """Return the positions of the columns of assets and of weights, by their names."""
    heads = [column.strip().lower() for column in header]
    of_weights = [place for place, head in enumerate(heads) if head in ("weight", "weights")]
    if len(of_weights) != 1 or heads[1 - of_weights[0]] not in _ASSETS:
        raise DataError(
            f"{name} has the header '{','.join(header)}', not 'asset,weight'.",
            series=name,
            value=",".join(header),
            remedy="Write 'asset,weight' there if the numbers are weights; of shares or amounts, a weight is the value "
            "held over that of the portfolio.",
        )
    return 1 - of_weights[0], of_weights[0]


def _is_number(text: object) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def read_panel(
    files: tuple[Path, Path, Path | None],
    known: tuple[Info, Info],
    *,
    calendar: str,
    units: str,
    prices: bool,
    zone: str | None = None,
) -> Panel:
    """Make a panel from files: returns (or prices), factors and the risk-free rate."""
    returns = read_series(files[0], zone)
    return integrate(
        to_returns(returns) if prices else returns,
        read_series(files[1], zone),
        *known,
        None if files[2] is None else read_series(files[2], zone),
        calendar,  # type: ignore[arg-type]
        units,  # type: ignore[arg-type]
    )
