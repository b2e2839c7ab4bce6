"""A report on paper: what a reader reads of its sentences, tables and figures, set as PDF by Typst."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from bayesfactor.base.extras import not_installed
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.style import RULES, missing_glyphs
from bayesfactor.reporting.content.brief import FIRST_TO_GO, brief
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
)
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.formats.html_tables import unbroken
from bayesfactor.reporting.formats.theme import Theme, not_drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """#set page(paper: "a4", flipped: true, margin: 1.4cm, numbering: "1 / 1")
#set text(size: 9pt)
#set par(justify: false)
#show heading: set block(above: 1.4em, below: 0.7em)
#set table(stroke: (x, y) => (bottom: 0.4pt + gray), inset: 3pt)
"""
WIDEST = 10  # columns beside the first on one sheet
PAGES = 10  # the most
LENGTHS = (12, 8, 5, 3)  # of tables: the first with which the report fits
PAGE = re.compile(rb"/Type\s*/Page\b")
ACROSS, DOWN, HALF = 26.8, 15.5, 9.5  # centimetres of a sheet for a figure; of its half, down
BESIDE, CM = 19.0, 2.54  # centimetres across up to which a caption stands beside its figure; of an inch
SCALES = (0.6, 0.8)  # of a figure as a notebook has it: at least so that it takes half a sheet, and at most
LONG = 30  # letters of a cell from which its column takes what room there is


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
    top = [STYLE, *_head(title, subtitle, theme), ""]
    if problems:
        said = _string(failed(problems))
        top += [f'#block(fill: rgb("#fde8e0"), inset: 8pt, text(weight: 700, fill: rgb("#7a1f00"), {said}))', ""]
    with tempfile.TemporaryDirectory() as folder:
        if theme.image:
            (Path(folder) / theme.file).write_bytes(theme.image)
        source, sheets, found = Path(folder) / "report.typ", Sheets(Path(folder)), b""
        for shorter in _shorter(sections):
            lines = [*top, *(line for section in shorter for line in sheets.section(section))]
            source.write_text("\n".join(lines), encoding="utf-8", errors="replace")
            try:
                found = typst.compile(str(source))
            except typst.TypstError as error:
                if theme.file and any(what in str(error) for what in ("image", "SVG")):
                    raise not_drawn(error) from None
                raise
            if len(PAGE.findall(found)) <= PAGES:
                break
        return found


def _shorter(sections: tuple[Section, ...]) -> Iterator[tuple[Section, ...]]:
    """Yield the report shorter and shorter: tables with fewer rows, and then without sections."""
    yield from (brief(sections, rows) for rows in LENGTHS)
    yield from (brief(sections, LENGTHS[-1], FIRST_TO_GO[: 1 + last]) for last in range(len(FIRST_TO_GO)))


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


@dataclass(frozen=True)
class Sheets:
    """Sets parts; figures are drawn once, into a folder."""

    folder: Path
    drawn: dict[int, tuple[str, float, float]] = field(default_factory=dict)

    def section(self, section: Section) -> list[str]:
        """Return a section; the first screen is a page of its own, without a title."""
        parts = [line for part in section.parts for line in (*self.part(part), "")]
        if any(isinstance(part, FirstScreen) for part in section.parts):
            return [*parts, "#pagebreak(weak: true)", ""]
        return [f"#heading(level: 1, {_string(section.title)})", "", *parts]

    def part(self, part: Part) -> list[str]:
        """Return the source of a part."""
        match part:
            case FirstScreen():
                return self._first(part)
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
                return [self._figure(part)]
            case Fold() | Switch():
                raise AssertionError("is left out")
            case _:
                assert_never(part)

    def _first(self, part: FirstScreen) -> list[str]:
        """Return numbers, sentences beside the figure, and what to doubt."""
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
        name, _, _ = self._drawn(part.picture)
        image = f"image({_string(name)}, alt: {_string(part.picture.label)}"
        figure = f'block(width: 100%, height: 9cm, {image}, width: 100%, height: 100%, fit: "contain"))'
        return [
            f"#grid(columns: (1fr, 1fr, 1fr), gutter: 8pt, {', '.join(tiles)})",
            "",
            f"#grid(columns: (2fr, 3fr), gutter: 12pt, text(size: 10.5pt, ({said},).join()), {figure})",
            "",
            *(['#text(weight: 700, "What to doubt")', "", f"#list({doubts})", ""] if doubts else []),
        ]

    def _figure(self, part: Picture) -> str:
        """Return a figure, its caption beside it where there is room; both on one sheet."""
        name, width, height = self._drawn(part)
        scale = min(max(SCALES[0], min(SCALES[1], HALF / height)), ACROSS / width, DOWN / height)
        image = f"image({_string(name)}, alt: {_string(part.label)}, width: {scale * width:.2f}cm)"
        caption = _quiet(part.caption)
        if scale * width > BESIDE:
            return f"#block(breakable: false, stack(spacing: 6pt, {image}, {caption}))"
        both = f"grid(columns: (auto, 1fr), column-gutter: 12pt, align: horizon, {image}, {caption})"
        return f"#block(breakable: false, {both})"

    def _drawn(self, part: Picture) -> tuple[str, float, float]:
        """Return the file of a figure, and how wide and high it is in centimetres."""
        if id(part) not in self.drawn:
            name, figure = f"figure-{len(self.drawn)}.svg", render(part.draw())
            _save(figure, self.folder / name)
            self.drawn[id(part)] = (name, CM * figure.get_figwidth(), CM * figure.get_figheight())
        return self.drawn[id(part)]


def _string(text: str) -> str:
    """Return text as a string of Typst, not broken before a per cent: nothing in it is read as anything else."""
    kept = "".join(" " if ord(c) < 32 and c != "\n" else c for c in unbroken(text))
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
    long = [max((len(row[place].text) for row in grid.rows), default=0) > LONG for place in range(len(grid.heads))]
    columns = ", ".join("1fr" if far and place else "auto" for place, far in enumerate(long))
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
