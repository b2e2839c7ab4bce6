"""A report as Markdown: what a reader reads of its sentences, lists and tables, without figures."""

import re
from typing import assert_never

from bayesfactor.reporting.content.parts import (
    Cell,
    Code,
    FirstScreen,
    Fold,
    Grid,
    Heading,
    Listing,
    Picture,
    Section,
    Switch,
    TablePart,
    Text,
)
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.formats.table_formats import MARKDOWN


def markdown(
    sections: tuple[Section, ...], title: str, subtitle: str, problems: tuple[str, ...], whose: str = ""
) -> str:
    """Return sections as Markdown, without figures; nothing in them is folded."""
    lines = [f"# {_clean(title)}", "", *([_clean(whose), ""] if whose else []), _clean(subtitle), ""]
    if problems:
        lines += [f"**{_clean(failed(problems))}**", ""]
    for section in sections:
        lines += [f"## {_clean(section.title)}", ""]
        for part in section.parts:
            match part:
                case FirstScreen():
                    lines += _first(part)
                case Text():
                    lines.append(_clean(part.text))
                case Listing():
                    lines += [f"* {_clean(entry)}" for entry in part.entries]
                case Heading():
                    lines.append(f"### {_clean(part.text)}")
                case Code():
                    lines += _fenced(part.text)
                case TablePart():
                    lines += [f"*{_clean(part.full_caption)}*", "", *_table(part.grid)]
                case Picture():
                    continue
                case Fold() | Switch():
                    raise AssertionError("is left out")
                case _:
                    assert_never(part)
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _first(part: FirstScreen) -> list[str]:
    """Return numbers, sentences and what to doubt."""
    lines = ["| | this model | interval | what the data did |", "| --- | ---: | ---: | --- |"]
    for one in part.measures:
        beside = f"disagrees: {one.beside}" if one.apart else one.beside
        lines.append(f"| {' | '.join(map(_clean, (one.name, one.text, one.interval, beside)))} |")
    lines += ["", *[line for sentence in part.sentences for line in (f"> {_clean(sentence)}", ">")][:-1]]
    if part.cautions:
        lines += ["", "What to doubt:", "", *(f"* {_clean(f'{one.about}: {one.text}')}" for one in part.cautions)]
    return lines


def _fenced(text: str) -> list[str]:
    """Return text as it is, between fences longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [fence, text.rstrip("\n"), fence]


def _clean(text: str) -> str:
    """Return text that is read as text: also where it begins a line, as a list would."""
    return re.sub(r"^(?:([-+])|(\d+)([.)]))(?=\s|$)", r"\2\\\1\3", text.translate(MARKDOWN).lstrip())


def _table(grid: Grid) -> list[str]:
    heads = [_clean(f"{head.text} ({head.note})" if head.note else head.text) for head in grid.heads]
    sides = ["---:" if head.number else "---" for head in grid.heads]
    rows = [[_text(cell).translate(MARKDOWN) for cell in row] for row in grid.rows]
    return [f"| {' | '.join(line)} |" for line in (heads, sides, *rows)]


def _text(cell: Cell) -> str:
    below = "; ".join(filter(None, (cell.below, cell.more)))
    return f"{cell.text} ({below})" if below else cell.text
