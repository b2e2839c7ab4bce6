"""A report as an Excel file: a contents sheet, and one sheet for each table, with numbers that are numbers."""

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesfactor.base.extras import not_installed
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.parts import FirstScreen, Section
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.content.sheet import Sheet
from bayesfactor.reporting.content.sheets import sheets
from bayesfactor.reporting.formats.theme import Theme

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMATS = {
    "percent": "0.0%",
    "chance": "0%",
    "number": "0.000",
    "count": "#,##0",
    "money": "#,##0",
    "small": "0.00E+00",
}
DAY, TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a text begins that a program may take for a formula
LONGEST = 32_000  # characters of a cell, less than Excel allows
WIDE, NARROW = 60, 11  # characters
CREATED = dt.datetime(1980, 1, 1)  # so that the same report is the same file
EARLIEST = pd.Timestamp("1900-03-01")  # before which Excel's dates are a day off
MEASURED = ("", "interval, and what the data did", "this model (%)", "the data (%)")


class Page:
    """A sheet that is written to, with the formats of its workbook."""

    def __init__(self, book: "Workbook", name: str) -> None:
        self.sheet: Worksheet = book.add_worksheet(name)
        plain = {"valign": "top"}
        wrapped = {**plain, "text_wrap": True}
        kinds: dict[str, dict[str, Any]] = {
            "text": wrapped,
            "formula": {**wrapped, "quote_prefix": True},
            "bold": {**wrapped, "bold": True},
            "title": {"bold": True, "font_size": 16},
            **{name: {**plain, "num_format": text} for name, text in FORMATS.items()},
            **{text: {**plain, "num_format": text, "align": "left"} for text in (DAY, TIME)},
        }
        self.formats: dict[str, Format] = {name: book.add_format(kind) for name, kind in kinds.items()}

    def text(self, row: int, column: int, value: object, style: str = "text") -> None:
        """Write a text, which is never a formula, a number or a link."""
        clean = str(value).encode("utf-8", "replace").decode("utf-8")[:LONGEST]
        kind = "formula" if clean.startswith(FORMULA) and style == "text" else style
        self.sheet.write_string(row, column, clean, self.formats[kind])

    def cell(self, row: int, column: int, value: object, form: str) -> None:
        """Write a value: a number in its form, a date, a text; nothing for what is not known."""
        match value:
            case bool() | np.bool_():
                self.text(row, column, "yes" if value else "no")
            case pd.Timestamp() if value >= EARLIEST:
                day = value == value.normalize()
                self.sheet.write_datetime(row, column, value.to_pydatetime(), self.formats[DAY if day else TIME])
            case int() | float() | np.number() if form != "text" and np.isfinite(value):
                self.sheet.write_number(row, column, float(value), self.formats[form])
            case _ if value is None or value is pd.NaT or value is pd.NA or value != value:
                return
            case _:
                self.text(row, column, value)


def workbook(contents: Contents, found: tuple[Section, ...], theme: Theme) -> bytes:
    """Return the report as an Excel file.

    Raises
    ------
    SpecError
        When xlsxwriter is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise not_installed("write_report: an Excel file needs xlsxwriter", "write_report.path", "excel") from None
    buffer, tables = io.BytesIO(), sheets(contents)
    first = next(part for part in found[0].parts if isinstance(part, FirstScreen))
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": contents.title, "company": theme.name, "created": CREATED})
        _contents(Page(book, "Contents"), contents, first, tables, theme.name)
        for table in tables:
            _table(Page(book, table.name), table)
        if contents.fit.model_text:
            page = Page(book, "Model")
            page.sheet.set_column(0, 0, 2 * WIDE)
            for row, line in enumerate(contents.fit.model_text.splitlines()):
                page.text(row, 0, line)
    return buffer.getvalue()


def _contents(page: Page, contents: Contents, first: FirstScreen, tables: tuple[Sheet, ...], whose: str) -> None:
    """Write what the report is about, its answer, its numbers, what to doubt, and a list of the sheets."""
    for column, width in enumerate((34, 90, 16, 16)):
        page.sheet.set_column(column, column, width)
    warnings = [failed(contents.fit.problems)] if contents.fit.problems else []
    lines: list[tuple[str, str, str]] = [
        *(("", warning, "bold") for warning in warnings),
        *(("", fact, "text") for fact in (*([whose] if whose else []), *contents.facts)),
        ("The answer", "", "bold"),
        *(("", sentence, "text") for sentence in first.sentences),
        *([("What to doubt", "", "bold")] if first.cautions else []),
        *((one.about, one.text, "text") for one in first.cautions),
    ]
    page.text(0, 0, contents.title, "title")
    for row, (name, text, style) in enumerate(lines, 1):
        page.text(row, 0, name, style)
        page.text(row, 1, text, style)
    start = len(lines) + 2
    for column, head in enumerate(MEASURED):
        page.text(start, column, head, "bold")
    for row, one in enumerate(first.measures, start + 1):
        page.text(row, 0, one.name)
        page.text(row, 1, f"{one.interval}; {'disagrees: ' if one.apart else ''}{one.beside}")
        page.cell(row, 2, one.value, "percent")
        page.cell(row, 3, one.realised, "percent")
    start += len(first.measures) + 2
    page.text(start, 0, "Sheets", "bold")
    for row, table in enumerate(tables, start + 1):
        page.sheet.write_url(row, 0, f"internal:'{table.name}'!A1", string=table.name)
        page.text(row, 1, table.about)


def _table(page: Page, table: Sheet) -> None:
    """Write a table under its heads, which stay in sight with the first column."""
    frame, rows = table.table, len(table.table)
    for column, name in enumerate(frame.columns):
        form, head = table.form_of(name), table.head_of(name)
        values = frame[name].tolist()
        for row, value in enumerate(values, 1):
            page.cell(row, column, value, form)
        longest = max((len(str(value)) for value in values), default=0) if form == "text" else NARROW
        page.sheet.set_column(column, column, min(WIDE, max(NARROW, longest + 1, (len(head) + 1) // 2 + 2)))
        page.text(0, column, head, "bold")
    page.sheet.freeze_panes(1, 1)
    page.sheet.autofilter(0, 0, max(rows, 1), len(frame.columns) - 1)
