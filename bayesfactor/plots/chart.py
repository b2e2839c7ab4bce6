"""A figure as a record: panels of marks on scales, a key, and what is said below; renderers draw it."""

from dataclasses import dataclass
from typing import Literal

from bayesfactor.plots.marks import BoxLook, Mark, Role
from bayesfactor.plots.scales import Scale

ROW, PLOT = 22, 220  # pixels: of a row, and of a panel without rows


@dataclass(frozen=True)
class Panel:
    """Marks on two scales.

    Attributes
    ----------
    marks : tuple of marks
        From back to front.
    x, y : Scale
        `y` may be one of rows.
    title : str
    height : int
        Of what is drawn, in pixels; 0 for a usual one.
    narrowest : int
        Pixels across that it needs at least: on a page with less room it scrolls.
    """

    marks: tuple[Mark, ...]
    x: Scale
    y: Scale
    title: str = ""
    height: int = 0
    narrowest: int = 0

    @property
    def pixels(self) -> int:
        """Height of what is drawn."""
        return self.height or (ROW * len(self.y.names) if self.y.names else PLOT)

    @property
    def bare(self) -> bool:
        """Whether it has no axes: neither ticks nor rows."""
        return not (self.x.ticks or self.y.ticks or self.y.names)


@dataclass(frozen=True)
class Key:
    """What a colour or a mark means."""

    text: str
    role: Role
    look: Literal["interval", "bar", "dot", "tick", "line", "dashed", "band", "hollow"] | BoxLook = "interval"


@dataclass(frozen=True)
class Chart:
    """A figure.

    Attributes
    ----------
    label : str
        What it shows, in words, for who does not see it.
    panels : tuple of Panel
        Row by row.
    columns : int
        Panels beside each other where there is room.
    shared : bool
        Whether the panels of a row have the rows of the first: names stand once.
    key : tuple of Key
        What is not said by labels beside the marks.
    notes : tuple of str
        Sentences below: the interval, what is off the scale, what could not be drawn.
    """

    label: str
    panels: tuple[Panel, ...]
    columns: int = 1
    shared: bool = False
    key: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()
