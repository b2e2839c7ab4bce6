"""Tables of a report as HTML: heads that sort, small intervals on a scale, rows in blocks."""

import re
from collections.abc import Iterator
from html import escape

from bayesfactor.reporting.content.parts import Cell, Grid, Head, TablePart

PAGE = 10  # columns beside the first two that are seen at once on a wide screen
SHORT, LONGEST, RUN = 17, 25, 16  # characters of a text, of the name of a row, and of a word in a head, not broken
PROSE = 40  # characters of a text from which it is a sentence
CROWDED = 8  # columns from which a bar stands above its number
TALL = 20  # rows from which a table scrolls
FEW = 9  # rows that need no search
BLOCK = 100  # rows that are shown at once
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def table(part: TablePart) -> str:
    """Return a table with its caption and its tools."""
    grid, id, caption = part.grid, escape(part.id), escape(part.caption)
    more = f'<span class="paper"> Then: {escape(grid.more)}.</span>' if grid.more else ""
    tall = " tall" if len(grid.rows) > TALL else ""
    looks = f"sortable{' open' * grid.shown}{' wide' * (len(grid.heads) > CROWDED)}"
    return (
        f'{_tools(part)}<div class="scroll{tall}" tabindex="0" role="region" aria-label="{caption}">'
        f'<table id="{id}" class="{looks}"><caption><span>{whole(caption)}{more}</span></caption>'
        f"<thead><tr>{''.join(map(_head, grid.heads))}</tr></thead>{''.join(_bodies(grid))}</table></div>"
    )


def unbroken(text: str) -> str:
    """Return text that is not broken before a per cent."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def whole(text: str) -> str:
    """Return HTML that is not broken within a date or before a per cent."""
    return DATE.sub(r'<span class="short">\g<0></span>', unbroken(text))


def _name(text: str) -> str:
    """Return a name that is broken after a hyphen or an underscore, or anywhere if it has a long run without."""
    told = escape(text).replace("_", "_<wbr>")
    return f'<span class="long">{told}</span>' if any(len(run) > RUN for run in re.split(r"[\s_-]", text)) else told


def _tools(part: TablePart) -> str:
    """Return a search among many rows, and a switch for what stands last in a cell."""
    grid, id, many, tools = part.grid, escape(part.id), len(part.grid.rows), ""
    if many > FEW:
        tools += (
            f'<label>Search {escape(part.label)} <input type="search" data-table="{id}"></label>'
            f'<span class="quiet" id="{id}-count" role="status">{many} of {many} rows</span>'
        )
    if len(grid.heads) > PAGE + 2:
        tools += _pages(grid, id)
    if grid.more:
        checked = " checked" if grid.shown else ""
        tools += f'<label><input type="checkbox" data-more="{id}"{checked}> Show {escape(grid.more)}</label>'
    return f'<div class="tools">{tools}</div>' if tools else ""


def _pages(grid: Grid, id: str) -> str:
    """Return the choice of the columns that are seen on a wide screen, beside the first two."""
    labels = []
    for number, start in enumerate(range(2, len(grid.heads), PAGE)):
        last = min(start + PAGE, len(grid.heads)) - 1
        ends = " to ".join(escape(grid.heads[place].text) for place in sorted({start, last}))
        checked = "" if number else " checked"
        asked = f'type="radio" name="{id}-columns" data-columns="{id}" value="{number}"{checked}'
        labels.append(f"<label><input {asked}>{ends}</label>")
    return f'<fieldset class="columns"><legend>Columns</legend>{"".join(labels)}</fieldset>'


def _head(head: Head) -> str:
    kind = ' class="number"' if head.number else ""
    note = f' <small class="quiet">{escape(head.note)}</small>' if head.note else ""
    scale = ""
    if head.scale is not None:
        low, high, zero = head.scale
        ends = f'data-low="{unbroken(low)}" data-high="{unbroken(high)}"'
        scale = f'<span class="scale" aria-hidden="true" {ends} style="--z:{zero}"></span>'
    return f'<th scope="col"{kind}><button type="button">{_name(head.text)}</button>{note}{scale}</th>'


def _bodies(grid: Grid) -> Iterator[str]:
    """Yield rows, block after block; those after the first are shown when they are reached."""
    for start in range(0, max(len(grid.rows), 1), BLOCK):
        later = " hidden" if start else ""
        yield f"<tbody{later}>\n{''.join(map(_row, grid.rows[start : start + BLOCK]))}</tbody>"


def _row(row: tuple[Cell, ...]) -> str:
    first, *rest = row
    id = f' id="{escape(first.id)}"' if first.id else ""
    short = ' class="short"' if len(first.text) < LONGEST else ""
    name = escape(first.text).replace("_", "_<wbr>")
    return f'<tr{id}><th scope="row"{short}>{name}</th>{"".join(map(_cell, rest))}</tr>\n'


def _cell(cell: Cell) -> str:
    kind: str = cell.mark or ("drawn" if cell.bar else "")
    if not kind and cell.value is None and len(cell.text) < SHORT:
        kind = "short"
    if not kind and cell.value is None and len(cell.text) > PROSE:
        kind = "prose"
    value = "" if cell.value is None else f' data-v="{cell.value}"'
    shown = f' class="{kind}"' if kind else ""
    below = f"<small>{unbroken(escape(cell.below))}</small>" if cell.below else ""
    more = f"<small>{unbroken(escape(cell.more))}</small>" if cell.more else ""
    text = unbroken(escape(cell.text))
    if cell.value is None and kind != "short":
        text = text.replace("_", "_<wbr>")
    return f"<td{value}{shown}>{_bar(cell)}{text}{below}{more}</td>"


def _bar(cell: Cell) -> str:
    """Return the small interval of a cell, which the style sheet draws."""
    if cell.bar is None:
        return ""
    low, mean, high, zero = cell.bar
    return f'<i class="bar" style="--l:{low};--m:{mean};--h:{high};--z:{zero}"></i>'
