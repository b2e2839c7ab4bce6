"""What a report is built of, whatever it is set in: sections of sentences, lists, tables and figures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from bayesfactor.plots.chart import Chart

MOST = 6  # cautions that are seen at once
BAR = 120  # width of a small interval, in pixels


@dataclass(frozen=True)
class Cell:
    """One cell: what is written, what it is sorted by (None: its text), two lines below, a bar, a mark.

    The first of a row may have an `id`, by which the row is found.
    """

    text: str
    value: float | None = None
    below: str = ""
    more: str = ""
    bar: tuple[float, float, float, float] | None = None  # lower, mean, upper, zero: from 0 to BAR
    mark: Literal["", "bad"] = ""
    id: str = ""


@dataclass(frozen=True)
class Head:
    """The head of a column; `scale`: what the left and the right end of its bars are, and where 0 is (0 to BAR)."""

    text: str
    number: bool = True
    note: str = ""
    scale: tuple[str, str, float] | None = None


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of a row names it. `more`: what the second line below a cell is; `shown`: at once."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: str = ""
    shown: bool = False


@dataclass(frozen=True)
class Measure:
    """A number of the first screen with its interval, beside what the data did, and whether the two disagree."""

    name: str
    text: str
    interval: str
    beside: str
    apart: bool
    value: float
    realised: float


@dataclass(frozen=True)
class Caution:
    """What to doubt, in one line; `where` is the id of the row or section that says more, `about` its name."""

    about: str
    text: str
    where: str


@dataclass(frozen=True)
class Text:
    """A paragraph, which may stand back or warn."""

    kind: ClassVar[str] = "text"
    text: str
    tone: Literal["", "quiet", "caution"] = ""


@dataclass(frozen=True)
class Listing:
    """A list."""

    kind: ClassVar[str] = "list"
    entries: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """A title within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Code:
    """Text as it is."""

    kind: ClassVar[str] = "code"
    text: str
    label: str


@dataclass(frozen=True)
class TablePart:
    """A table with its caption, and what its rows are called."""

    kind: ClassVar[str] = "grid"
    grid: Grid
    id: str
    caption: str
    label: str

    @property
    def full_caption(self) -> str:
        """The caption, and what stands last in a cell, where both lines below a number are shown."""
        return f"{self.caption} Then: {self.grid.more}." if self.grid.more else self.caption


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure, drawn when it is set, with its caption and what it shows in words."""

    kind: ClassVar[str] = "figure"
    draw: Callable[[], Chart]
    label: str
    caption: str


@dataclass(frozen=True, eq=False)
class FirstScreen:
    """What is read first: three numbers, the answer in sentences, what to doubt, and one figure.

    Where something can be folded, the last of more cautions than `MOST` are.
    """

    kind: ClassVar[str] = "first"
    measures: tuple[Measure, ...]
    sentences: tuple[str, ...]
    cautions: tuple[Caution, ...]
    picture: Picture

    @property
    def seen(self) -> int:
        """How many cautions are not folded."""
        many = len(self.cautions)
        return many if many <= MOST else MOST - 1


@dataclass(frozen=True, eq=False)
class Fold:
    """What is there for who asks, under a title."""

    kind: ClassVar[str] = "fold"
    title: str
    parts: "tuple[Part, ...]"


@dataclass(frozen=True, eq=False)
class Switch:
    """Parts of which one is seen at a time: each by a name on every axis; `axes` have the names of their choices."""

    kind: ClassVar[str] = "switch"
    id: str
    axes: tuple[tuple[str, tuple[str, ...]], ...]  # what is chosen, among what
    options: "tuple[tuple[tuple[str, ...], tuple[Part, ...]], ...]"


Part = FirstScreen | Text | Listing | Heading | Code | TablePart | Picture | Fold | Switch


@dataclass(frozen=True)
class Section:
    """A titled part of a report."""

    id: str
    title: str
    parts: tuple[Part, ...]


def unfolded(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Yield parts one by one, where nothing can be folded or switched: a fold under its title, every choice."""
    for part in parts:
        match part:
            case Fold():
                yield Heading(part.title)
                yield from unfolded(part.parts)
            case Switch():
                for names, inside in part.options:
                    yield Heading(", ".join(names))
                    yield from unfolded(inside)
            case _:
                yield part
