"""Files that are given to the command line."""

import math
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from bayesfactor.errors import DataError
from bayesfactor.integration.assembly import integrate, to_returns
from bayesfactor.panel import Panel
from bayesfactor.readers import read_fred, read_table
from bayesfactor.readers.cells import decode_text, first_name, read_raw, split_cells

Info = dict[str, Any] | None


def _text(path: Path) -> str:
    return decode_text(read_raw(path), path.name)


def read_series(path: Path) -> pd.DataFrame:
    """Read a table of dates and series; a file of FRED is known by its header."""
    data = read_raw(path)
    text = "" if data.startswith(b"PAR1") else decode_text(data, path.name, errors="replace")
    return read_fred(path) if first_name(text) == "observation_date" else read_table(path)


def read_info(path: Path | None) -> Info:
    """Read what is known about factors or assets: name -> entries.

    A CSV has the names in its first column; a blank cell says nothing. In TOML each name is a table.
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
    """Return what the cells of a row say; only a lag is a number."""
    given = {str(key): str(value).strip() for key, value in row.items() if isinstance(value, str) and value.strip()}
    lag = given.get("lag", "")
    return {**given, "lag": int(lag)} if lag.isdecimal() else given


def read_weights(path: Path) -> dict[str, float]:
    """Read a portfolio: two columns, asset and weight, under a header."""
    cells = split_cells(_text(path), path.name)
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
    heads = [str(column).strip().lower() for column in cells.columns]
    first, second = (1, 0) if heads == ["weight", "asset"] else (0, 1)
    weights: dict[str, float] = {}
    for line, name, value in zip(cells.index, cells.iloc[:, first], cells.iloc[:, second], strict=True):
        asset = str(name).strip()
        if asset in weights:
            raise DataError(f"{path.name} names '{asset}' twice.", series=asset, remedy="Add its weights up.")
        weights[asset] = _number(str(value), f"{path.name}, line {line}", asset)
    return weights


def _is_number(text: object) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def _number(text: str, place: str, asset: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(
            f"{place}: the weight of '{asset}' is '{text}', not a number.",
            series=asset,
            value=text,
            remedy="Write 60 % as 0.6.",
        )
    return number


def read_panel(
    files: tuple[Path, Path, Path | None],
    known: tuple[Info, Info],
    *,
    calendar: str,
    units: str,
    prices: bool,
) -> Panel:
    """Make a panel of files: returns (or prices), factors and the risk-free rate."""
    returns = read_series(files[0])
    return integrate(
        to_returns(returns) if prices else returns,
        read_series(files[1]),
        *known,
        None if files[2] is None else read_series(files[2]),
        calendar,  # type: ignore[arg-type]
        units,  # type: ignore[arg-type]
    )
