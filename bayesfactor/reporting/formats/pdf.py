"""A report on paper: the same sentences, tables and figures, set as PDF by Typst."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from bayesfactor.base.extras import not_installed
from bayesfactor.plots.chart import Chart
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.style import RULES, missing_glyphs
from bayesfactor.reporting.content.parts import (
    Cell,
    Code,
    FirstScreen,
    Fold,
    Grid,
    Heading,
    Listing,
    Part,
    Picture,
    Section,
    Switch,
    TablePart,
    Text,
    unfolded,
)
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.theme import Theme, not_drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """#set page(paper: "a4", flipped: true, margin: 1.4cm, numbering: "1 / 1")
#set text(size: 9pt)
#set par(justify: false)
#show heading: set block(above: 1.4em, below: 0.7em)
#set table(stroke: (x, y) => (bottom: 0.4pt + gray), inset: 3pt)
"""
WIDEST = 10  # columns beside the first on one sheet


def paper(sections: tuple[Section, ...], title: str, subtitle: str, problems: tuple[str, ...], theme: Theme) -> bytes:
    """Return the report as PDF.

    Raises
    ------
    SpecError
        When typst is not installed, or cannot read the logo.
    """
    try:
        import typst
    except ImportError:
        raise not_installed("write_report: a PDF needs typst", "write_report.path", "pdf") from None
    lines = [STYLE, *_head(title, subtitle, theme), ""]
    if problems:
        said = _string(failed(problems))
        lines += [f'#block(fill: rgb("#fde8e0"), inset: 8pt, text(weight: 700, fill: rgb("#7a1f00"), {said}))', ""]
    with tempfile.TemporaryDirectory() as folder:
        if theme.image:
            (Path(folder) / theme.file).write_bytes(theme.image)
        for section in sections:
            lines += [f"#heading(level: 1, {_string(section.title)})", ""]
            for part in unfolded(section.parts):
                lines += [*_part(part, Path(folder), len(lines)), ""]
        source = Path(folder) / "report.typ"
        source.write_text("\n".join(lines), encoding="utf-8", errors="replace")
        try:
            return typst.compile(str(source))
        except typst.TypstError as error:
            if theme.file and any(what in str(error) for what in ("image", "SVG")):
                raise not_drawn(error) from None
            raise


def _head(title: str, subtitle: str, theme: Theme) -> list[str]:
    """Return title and subtitle beside the logo, and what stands on every page in the theme's colour and name."""
    said = f"text(size: 16pt, weight: 700, {_string(title)}), linebreak(), text(fill: luma(90), {_string(subtitle)})"
    logo = f"image({_string(theme.file)}, height: 1.2cm, alt: {_string(theme.name or 'Logo')}), " if theme.file else ""
    whose = f"#set page(header: align(right, {_quiet(theme.name)}))" if theme.name else ""
    return [
        whose,
        f'#show heading: set text(fill: rgb("{theme.accent}"))',
        f"#grid(columns: ({'auto, ' if logo else ''}1fr,), gutter: 10pt, {logo}({said},).join())",
    ]


def _part(part: Part, folder: Path, number: int) -> list[str]:
    match part:
        case FirstScreen():
            return _first(part, folder, number)
        case Text():
            return [f"#par({_string(part.text)})"]
        case Listing():
            return [f"#list({', '.join(_string(entry) for entry in part.entries)})"]
        case Heading():
            return [f"#heading(level: 2, {_string(part.text)})"]
        case Code():
            return [f"#block(fill: luma(240), inset: 6pt, raw(block: true, {_string(part.text)}))"]
        case TablePart():
            caption = f"#block(sticky: true, {_quiet(part.full_caption)})"  # not on the sheet before its table
            return [caption, *(line for grid in _sheets(part.grid) for line in ("", _table(grid)))]
        case Picture():
            name = f"figure-{number}.svg"
            found = part.draw()
            _save(render(found) if isinstance(found, Chart) else found, folder / name)
            return [f"#align(center, image({_string(name)}, alt: {_string(part.label)}))", f"#{_quiet(part.caption)}"]
        case Fold() | Switch():
            raise AssertionError("is unfolded")
        case _:
            assert_never(part)


def _first(part: FirstScreen, folder: Path, number: int) -> list[str]:
    """Return numbers, sentences, what to doubt, and the figure."""
    said = ", parbreak(), ".join(_string(sentence) for sentence in part.sentences)
    tiles = []
    for one in part.measures:
        beside = f"Disagrees: {one.beside}" if one.apart else one.beside
        lines = (
            _quiet(one.name), f"text(size: 14pt, weight: 700, {_string(one.text)})", _string(one.interval),
            _quiet(beside),
        )  # fmt: skip
        tiles.append(f"block(fill: luma(240), inset: 6pt, width: 100%, ({', linebreak(), '.join(lines)},).join())")
    doubts = ", ".join(_string(f"{one.about}: {one.text}") for one in part.cautions)
    return [
        f"#grid(columns: (1fr, 1fr, 1fr), gutter: 8pt, {', '.join(tiles)})",
        "",
        f"#text(size: 11pt, ({said},).join())",
        "",
        *([f"#list({doubts})", ""] if doubts else []),
        *_part(part.picture, folder, number),
    ]


def _string(text: str) -> str:
    """Return text as a string of Typst: nothing in it is read as anything else."""
    kept = "".join(" " if ord(c) < 32 and c != "\n" else c for c in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _quiet(text: str) -> str:
    return f"text(size: 8pt, fill: luma(90), {_string(text)})"


def _sheets(grid: Grid) -> list[Grid]:
    """Split a table that is too wide for a sheet; the first column is on all of them."""
    if len(grid.heads) <= WIDEST + 1:
        return [grid]
    result = []
    for start in range(1, len(grid.heads), WIDEST):
        columns = [0, *range(start, min(start + WIDEST, len(grid.heads)))]
        rows = tuple(tuple(row[c] for c in columns) for row in grid.rows)
        result.append(replace(grid, heads=tuple(grid.heads[c] for c in columns), rows=rows))
    return result


def _table(grid: Grid) -> str:
    sides = ", ".join("right" if head.number else "left" for head in grid.heads)
    heads = [
        f"text(weight: 700, {_string(f'{head.text} ({head.note})' if head.note else head.text)})" for head in grid.heads
    ]
    cells = [_string(_text(cell)) for row in grid.rows for cell in row]
    columns = ", ".join("auto" if head.number or not place else "1fr" for place, head in enumerate(grid.heads))
    return (
        f"#text(size: 6.5pt, table(columns: ({columns},), align: ({sides},), table.header({', '.join(heads)}), "
        f"{', '.join(cells)}))"
    )


def _text(cell: Cell) -> str:
    return "\n".join(filter(None, (cell.text, cell.below, cell.more)))


def _save(figure: "Figure", path: Path) -> None:
    import matplotlib as mpl

    with mpl.rc_context({**RULES, "svg.fonttype": "path", "svg.hashsalt": path.name}), missing_glyphs():
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
