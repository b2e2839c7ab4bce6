"""A report cut to what is read on paper: its first screen, the book, groups, premia, scenarios and checks."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from bayesfactor.base.wording import join
from bayesfactor.reporting.content.parts import Code, Fold, Heading, Part, Section, Switch, TablePart, Text

ROWS = 12  # of a table
LEFT_OUT = ("realised", "loadings", "data", "model", "again")  # sections
DETAILS = ("means", "pairs", "scenario-")  # as ids of tables begin
WHOLE = ("checks",)  # a check that failed is not left out
OF_ASSETS = ("by-factor", "by-family", "by-level", "risk-shares")  # whose rows the book has, where there is one
FIRST_TO_GO = ("changes", "causes", "which", "risk", "since", "trust", "scenarios", "book")  # where there is no room
WHERE = (
    "Left out here: {}; what is folded there, and rows beyond the first {} of a table. The report as HTML has all of "
    'it: bf.write_report(fit, "report.html"); as "report.xlsx" it has every table.'
)


def brief(sections: tuple[Section, ...], rows: int = ROWS, without: Iterable[str] = ()) -> tuple[Section, ...]:
    """Return a report without details: tables with their first rows, and last where the rest is.

    Parameters
    ----------
    sections : tuple of Section
    rows : int
        The most of a table.
    without : iterable of str
        Sections that are left out as well.
    """
    gone = {*LEFT_OUT, *without}
    details = (*DETAILS, *(OF_ASSETS if any(section.id == "portfolio" for section in sections) else ()))
    kept = [
        replace(section, parts=parts)
        for section in sections
        if section.id not in gone and (parts := tuple(_cut(section.parts, rows, details)))
    ]
    titles = [section.title for section in sections if section.id in gone]
    return (*kept, Section("rest", "The rest", (Text(WHERE.format(join(titles), rows)),)))


def _cut(parts: tuple[Part, ...], rows: int, details: tuple[str, ...]) -> Iterable[Part]:
    """Yield the parts that are kept: no fold, the first of several choices, each text once, no title of nothing."""
    found = list(_open(parts, rows, details))
    for part, following in pairwise([*found, None]):
        if isinstance(part, Heading) and (following is None or isinstance(following, Heading)):
            continue
        if part is not None:
            yield part


def _open(parts: tuple[Part, ...], rows: int, details: tuple[str, ...]) -> Iterable[Part]:
    said: set[str] = set()
    for part in parts:
        match part:
            case Fold() | Code():
                continue
            case Switch():
                yield from _open(part.options[0][1], rows, details)
            case TablePart() if part.id.startswith(details):
                continue
            case TablePart():
                yield _first_rows(part, len(part.grid.rows) if part.id in WHOLE else rows)
            case Text():
                if part.text not in said:
                    yield part
                said.add(part.text)
            case _:
                yield part


def _first_rows(part: TablePart, rows: int) -> TablePart:
    """Return a table with a number for each cell and its interval, and its first rows."""
    grid = replace(
        part.grid, rows=tuple(tuple(replace(cell, more="") for cell in row) for row in part.grid.rows[:rows]), more=""
    )
    more = len(part.grid.rows) - rows
    caption = f"{part.caption} The first {rows} of {rows + more} {part.label}." if more > 0 else part.caption
    return replace(part, grid=grid, caption=caption)
