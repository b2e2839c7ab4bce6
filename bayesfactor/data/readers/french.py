"""Files of the Kenneth R. French data library: prose, then one or several titled blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.readers.cells import NUMBER, Source, decode_text, make_numbers, read_raw
from bayesfactor.data.readers.dates import Dates, make_index
from bayesfactor.data.readers.publishers import describe_text

KINDS = {4: "annual", 6: "monthly", 8: "daily"}
MISSING_CODES = (-99.99, -999.0)


@dataclass(frozen=True)
class Block:
    """One block of a file: its title, its column names, and the rows below them as text.

    Attributes
    ----------
    title : str
        The paragraph above the header line; empty where that is prose.
    kind : {"monthly", "annual", "daily"}
    columns : tuple of str
    rows : tuple of (int, str)
        Line number and line.
    """

    title: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, str], ...]

    @property
    def in_percent(self) -> bool:
        """Whether the numbers are returns, which the publisher writes in percent."""
        return not self.title or bool(re.search(r"\b(returns?|factors?)\b", self.title, re.IGNORECASE))


def read_french(path: Source, block: str = "monthly") -> pd.DataFrame:
    """Read one block of a Ken French CSV file as it was published.

    Parameters
    ----------
    path : str or path-like
        The CSV file, or the zip archive it comes in.
    block : str
        ``"monthly"``, ``"annual"`` or ``"daily"`` for the first block with such dates (daily: every block
        dated to the day, so weekly files too); or the title of a block, or a part of it that no other
        title has, such as ``"Equal Weighted Returns -- Monthly"``.

    Returns
    -------
    DataFrame
        Index ``date``: the last calendar day of the month, 31 December of the year, or the day itself.
        Returns are decimal (the publisher's percent / 100); counts, sizes and ratios are as published.
        The codes -99.99 and -999 are NaN. ``attrs`` holds ``title``, ``kind`` and ``units`` (``"decimal"``
        or ``"as published"``).

    Raises
    ------
    DataError
        The file cannot be read; the message names the line.
    SpecError
        No block, or more than one, answers to `block`.

    Notes
    -----
    Portfolio returns are total returns: subtract ``RF`` of a factor file to get excess returns. The files
    are revised with every vintage; do not append one vintage to another.
    """
    name = Path(path).name
    text = decode_text(read_raw(path), name, errors="replace")
    blocks = _find_blocks(text, name)
    if not blocks:
        raise DataError(
            f"{name} is not a Ken French file: no line that begins with a comma has dated rows below it.",
            series=name,
            value=text.lstrip()[:40],
            remedy=describe_text(text)[1],
        )
    chosen = _choose_block(blocks, block, name)
    cells = pd.DataFrame(
        [line.split(",")[: len(chosen.columns) + 1] for _, line in chosen.rows],
        columns=["date", *chosen.columns],
        index=pd.Index([number for number, _ in chosen.rows], name="line"),
        dtype=object,
    )
    stamps = cells.pop("date").str.strip()
    index = make_index(Dates(_read_stamps(stamps, chosen.kind), stamps, ""), name)
    remedy = "Download the file again, or repair that line."
    frame = make_numbers(cells, index, name, missing=frozenset({""}), remedy=remedy)
    frame = frame.mask(frame.isin(MISSING_CODES))
    if chosen.in_percent:
        _check_percent(frame, name)
        frame = frame / 100.0
    frame.attrs = {
        "title": chosen.title,
        "kind": chosen.kind,
        "units": "decimal" if chosen.in_percent else "as published",
    }
    return frame


def _find_blocks(text: str, name: str) -> list[Block]:
    blocks: list[Block] = []
    title: list[str] = []
    columns: tuple[str, ...] = ()
    rows: list[tuple[int, str]] = []
    follows = "blank"
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        kind = _classify(line, after_row=follows == "row")
        if kind == "row":
            _check_row(number, line, columns, rows, name)
            rows.append((number, line))
        elif rows:
            length = len(rows[0][1].split(",")[0].strip())
            blocks.append(Block(_join_title(title), KINDS[length], columns, tuple(rows)))
            title, columns, rows = [], (), []
        if kind == "header":
            columns = tuple(cell.strip() for cell in line.rstrip(", \t").split(",")[1:])
            _check_columns(columns, number, name)
        elif kind == "prose":
            title = [*title, line] if follows == "prose" else [line]
            columns = ()
        follows = kind
    return blocks


def _classify(line: str, *, after_row: bool) -> str:
    first, *others = (cell.strip() for cell in line.split(","))
    if not first and not any(others):
        return "blank"
    if re.fullmatch(r"\d{4}|\d{6}|\d{8}", first):
        return "row"
    if after_row and (first.isdigit() or any(re.fullmatch(NUMBER, cell) for cell in others)):
        return "row"  # with a damaged date, for which _check_row raises an error
    return "prose" if first else "header"


def _check_columns(columns: tuple[str, ...], number: int, name: str) -> None:
    for position, column in enumerate(columns):
        if not column or column in columns[:position] or re.fullmatch(NUMBER, column):
            raise DataError(
                f"{name}, line {number}: '{column}' cannot be the name of column {position + 2}.",
                series=name,
                value=column,
                remedy="Every column needs its own name; a row needs its date. Download the file again.",
            )


def _check_row(number: int, line: str, columns: tuple[str, ...], rows: list[tuple[int, str]], name: str) -> None:
    stamp, *cells = (cell.strip() for cell in line.split(","))
    expected = len(rows[0][1].split(",")[0].strip()) if rows else len(stamp)
    if not columns:
        found = "a dated row without a header line above it"
    elif not stamp.isdigit() or len(stamp) != expected:
        found = f"the date '{stamp}' among {KINDS.get(expected, 'other')} ones"
    elif len(cells) < len(columns) or any(cells[len(columns) :]):
        found = f"{len(cells)} values for {len(columns)} columns"
    else:
        return
    raise DataError(
        f"{name}, line {number}: {found}.",
        series=name,
        date=stamp,
        value=line.strip()[:80],
        remedy="The file may be cut short or damaged: download it again, or repair that line.",
    )


def _join_title(paragraph: list[str]) -> str:
    lines = [line.strip(", \t") for line in paragraph]
    return "" if lines and lines[-1].endswith(".") else " ".join(lines)


def _choose_block(blocks: list[Block], wanted: str, name: str) -> Block:
    if wanted in KINDS.values():
        found = [block for block in blocks if block.kind == wanted][:1]
    else:
        key = wanted.strip().lower()
        found = [block for block in blocks if key and block.title.lower() == key]
        found = found or [block for block in blocks if key and key in block.title.lower()]
    if len(found) == 1:
        return found[0]
    kinds = dict.fromkeys(block.kind for block in blocks)
    titles = [block.title for block in (found or blocks) if block.title]
    if not found:
        raise unknown("block", wanted, [*kinds, *titles], place=name)
    raise SpecError(
        f"{name}: '{wanted}' is in the titles of {len(found)} blocks.",
        place=name,
        found=wanted,
        allowed=titles,
        remedy=f"Give more of the title: {'; '.join(titles)}.",
    )


def _read_stamps(stamps: pd.Series, kind: str) -> pd.Series:
    formats = {"annual": "%Y", "monthly": "%Y%m", "daily": "%Y%m%d"}
    dates = pd.to_datetime(stamps, format=formats[kind], errors="coerce")
    if kind == "annual":
        return dates + pd.offsets.YearEnd(0)
    return dates + pd.offsets.MonthEnd(0) if kind == "monthly" else dates


def _check_percent(frame: pd.DataFrame, name: str) -> None:
    values = frame.to_numpy()
    rows, columns = np.nonzero(values < -100.0)
    if not len(rows):
        return
    date, column = frame.index[rows[0]], str(frame.columns[columns[0]])
    value = float(values[rows[0], columns[0]])
    raise DataError(
        f"{name}: column '{column}' holds {value} percent on {date.date()}, which is no possible return and "
        "none of the publisher's codes for missing.",
        series=column,
        date=date,
        value=value,
        remedy="Clear that cell if it stands for a missing value.",
    )
