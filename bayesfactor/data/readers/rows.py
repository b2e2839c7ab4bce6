"""The rows of a market's file, CSV with or without a first line of names, or JSON as an interface answers it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.readers.cells import Source, decode_text, read_raw, split_cells
from bayesfactor.data.readers.publishers import describe_market, describe_text, plain_name

AGAIN = "Download the file again, or leave that line out."
_PAGES = ("continuation", "next_page_token", "next_page_url", "nextPageCursor")  # Deribit, Coin Metrics, Bybit
_NO_PAGE = ("", "none", "null", "0", "false")
_ENDINGS = (".csv", ".zip", ".gz", ".json", ".txt")
_INSIDE = ("result", "data", "candles", "rows", "list")
_FAULTS = ("error", "errors", "msg", "message", "detail")


@dataclass(frozen=True)
class Rows:
    """The rows of one file.

    Attributes
    ----------
    name : str
        Of the file.
    cells : DataFrame
        Text, with the names as `plain_name` writes them, or the numbers of the columns from 1 where there are none.
    written : tuple of str
        The names as `plain_name` writes them, whatever they were renamed; empty where there are none.
    looks : tuple of str
        Whose file it looks like, and the remedy where another reader was meant.
    rest : dict
        What stands beside the rows in JSON.
    notes : tuple of str
        What was done to read them.
    key : str
        Under which name the rows stand in JSON; empty where that says nothing of them.
    """

    name: str
    cells: pd.DataFrame
    written: tuple[str, ...]
    looks: tuple[str, str]
    rest: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    key: str = ""

    @property
    def named(self) -> bool:
        """Whether the file names its columns."""
        return bool(self.written)

    @property
    def page(self) -> str:
        """What an answer of several pages says is the next one; empty of the last page, and of a whole file."""
        said = next((str(self.rest[key]) for key in _PAGES if self.rest.get(key)), "")
        return "" if said.lower() in _NO_PAGE else said

    def place(self, at: int) -> str:
        """Return the file and line of a row."""
        return f"{self.name}, {self.cells.index.name} {self.cells.index[at]}"

    def with_names(self, names: Sequence[str]) -> "Rows":
        """Return the rows with names where the file has none and is as wide."""
        if self.named or len(self.cells.columns) != len(names) or "1" not in self.cells.columns:
            return self
        return replace(self, cells=self.cells.set_axis(list(names), axis="columns"))

    def rename(self, names: Mapping[str, str]) -> "Rows":
        """Return the rows with columns under other names; the first of several that mean the same."""
        found: dict[str, str] = {}
        for column in self.cells.columns:
            new = names.get(column, column)
            found.setdefault(new, column)
        kept = self.cells[list(found.values())].set_axis(list(found), axis="columns")
        return replace(self, cells=kept)

    def require(self, columns: Sequence[str], what: str) -> None:
        """Raise an error where columns are absent; it says which publisher's file it looks like."""
        absent = [column for column in columns if column not in self.cells.columns]
        if not absent:
            return
        found = f"it has no {', '.join(absent)}" if self.named else f"it has {len(self.cells.columns)} columns"
        who, remedy = self.looks
        if not remedy or who in what:
            remedy = "Give the file as its publisher writes it, with all of its columns."
        raise DataError(
            f"{self.name} is not {what}: {found}.",
            series=self.name,
            value=", ".join(self.written or map(str, self.cells.iloc[0]))[:80],
            remedy=remedy,
        )


def files_of(path: Source | Sequence[Source]) -> list[Path]:
    """Return the files that a path, a folder or several paths stand for, in the order of their names in a folder."""
    given = [path] if isinstance(path, str) or hasattr(path, "__fspath__") else list(path)
    if not given:
        raise SpecError("No file is given.", place="path", found=path, remedy="Give one path, several, or a folder.")
    found: list[Path] = []
    for one in map(Path, given):
        inside = sorted(file for file in one.iterdir() if file.suffix.lower() in _ENDINGS) if one.is_dir() else [one]
        if not inside:
            raise DataError(
                f"'{one}' has no file that ends in {', '.join(_ENDINGS)}.",
                series=one.name,
                remedy="Give the folder that holds the files.",
            )
        found += inside
    return found


def read_rows(path: Source, keys: Sequence[str] = ()) -> Rows:
    """Read the rows of a file; `keys` are where the rows of JSON stand, the best first."""
    name = Path(path).name
    text = decode_text(read_raw(path), name).lstrip()
    return _read_json(text, name, keys) if text.startswith(("{", "[")) else _read_csv(text, name)


def _read_csv(text: str, name: str) -> Rows:
    first, looks = text.split("\n", 1)[0], describe_text(text)
    if looks[0] in ("Ken French", "yfinance", "CryptoDataDownload"):
        raise DataError(f"{name} is not a market's file.", series=name, value=first[:40], remedy=looks[1])
    if "," in first and re.match(r'"?[+-]?[\d.]', first):
        numbers = [str(place + 1) for place in range(first.count(",") + 1)]
        return Rows(name, split_cells(text, name, numbers), (), looks, {})
    cells = split_cells(text, name)
    again = cells.iloc[:, 0] == cells.columns[0]
    if again.any():
        again = cells.eq(pd.Series(cells.columns, cells.columns)).all(axis="columns")
    if again.all():
        raise DataError(f"{name} has a header and no rows.", series=name, remedy="Write or download it again.")
    said = f"{name}: line {cells.index[again][0]} names the columns again and was left out" if again.any() else ""
    cells = _named(cells[~again] if said else cells, name)
    return Rows(name, cells, tuple(cells.columns), looks, {}, (said,) if said else ())


def _named(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    names = [plain_name(str(column)) or str(place + 1) for place, column in enumerate(cells.columns)]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise DataError(
            f"{name}: two columns are named '{twice}'.", series=name, value=twice, remedy="Leave one of them out."
        )
    return cells.set_axis(names, axis="columns")


def _read_json(text: str, name: str, keys: Sequence[str]) -> Rows:
    try:
        # Numbers stay as written: an epoch or a price is not rounded on its way.
        held = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{name}, line {error.lineno}: it is cut short, or no JSON: {error.msg}.",
            series=name,
            remedy="Download it again.",
        ) from None
    return make_rows(held, name, keys)


def make_rows(held: object, name: str, keys: Sequence[str]) -> Rows:
    """Return the rows of what JSON holds, from where `keys` say."""
    rows, rest, key = _find_rows(held, keys)
    if not rows:
        raise _no_rows(held, name)
    widths = {len(row) for row in rows}
    if all(isinstance(row, dict) for row in rows):
        columns = list(dict.fromkeys(key for row in rows for key in row if not isinstance(row[key], dict | list)))
        cells = [[_text(row.get(column)) for column in columns] for row in rows]
    elif all(isinstance(row, list) for row in rows) and len(widths) == 1:
        columns = [str(place + 1) for place in range(len(rows[0]))]
        cells = [[_text(cell) for cell in row] for row in rows]
    else:
        raise DataError(f"{name}: its rows are not of one form.", series=name, remedy="Download it again.")
    index = pd.RangeIndex(1, len(rows) + 1, name="row")
    frame = pd.DataFrame(cells, columns=columns, index=index, dtype=object)
    if isinstance(rows[0], list):
        return Rows(name, frame, (), describe_market([], cells[0]), rest, key=key)
    frame = _named(frame, name)
    return Rows(name, frame, tuple(frame.columns), describe_market(list(frame.columns), cells[0]), rest, key=key)


def _text(cell: object) -> str:
    return "" if cell is None or isinstance(cell, dict | list) else str(cell)


def _find_rows(held: object, keys: Sequence[str]) -> tuple[list[Any], dict[str, Any], str]:
    """Return the first list of rows, what stands beside it, and the name that it stands under."""
    if isinstance(held, list):
        whole = bool(held) and all(isinstance(row, dict | list) and row for row in held)
        return held if whole else [], {}, ""
    if not isinstance(held, dict):
        return [], {}, ""
    ways = [*(key for key in keys if key in held), *(key for key in _INSIDE if key in held)]
    ways += [key for key in held if key not in ways and isinstance(held[key], list) and key not in _FAULTS]
    for key in ways:
        rows, rest, under = _find_rows(held[key], keys)
        if rows:
            own = "" if key in keys or key in _INSIDE else key
            return rows, {one: value for one, value in held.items() if one != key} | rest, under or own
    return [], {}, ""


def _no_rows(held: object, name: str) -> DataError:
    said = next((held[key] for key in _FAULTS if held.get(key)), "") if isinstance(held, dict) else ""
    if said:
        return DataError(
            f"{name} is an answer that says an error, and not data: '{json.dumps(said)[:80]}'.",
            series=name,
            value=str(said)[:80],
            remedy="Ask for it again.",
        )
    return DataError(f"{name} is JSON without rows.", series=name, remedy="Download it again.")
