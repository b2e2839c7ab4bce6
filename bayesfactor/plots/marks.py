"""What a figure is drawn of: marks in the units of their panel's scales, each with its role and its texts."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bayesfactor.base.records import FrozenArrays

Role = str  # "posterior", "prior", "data", "ink", "quiet", "faint", or "source 1" to "source 16": what its colour says
SOURCES = 8  # colours that are told apart; each comes a second time, hollow or pale
Along = Literal["x", "y"]
Look = Literal["dot", "tick", "line", "bar"]  # an interval with a dot, with a small line, without, or as a wide bar
Shape = Literal["dot", "tick", "none"]
Side = Literal["right", "left", "above", "below"]
BoxLook = Literal["full", "pale", "hatched", "outlined"]


def source_role(number: int) -> Role:
    """Return the role of a source or a group by its number, from 0."""
    return f"source {number % (2 * SOURCES) + 1}"


def held(values: np.ndarray) -> np.ndarray:
    """Return the values of steps with the last once more, at its end."""
    return np.append(values, values[-1])


@dataclass(frozen=True, eq=False)
class Intervals(FrozenArrays):
    """Intervals along one axis, each at a value of the other.

    Attributes
    ----------
    at, lower, middle, upper : array (item)
    role : str
    texts : tuple of str
        What is said of each when it is pointed at; none where the mark only stands behind another.
    hollow : array (item) of bool, optional
        Which have a hollow dot.
    along : {"x", "y"}
    look : {"dot", "tick", "line", "bar"}
    """

    at: np.ndarray
    lower: np.ndarray
    middle: np.ndarray
    upper: np.ndarray
    role: Role = "posterior"
    texts: tuple[str, ...] = ()
    hollow: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    along: Along = "x"
    look: Look = "dot"


@dataclass(frozen=True, eq=False)
class Points(FrozenArrays):
    """Points; of the shape "none" they are not seen, only pointed at."""

    x: np.ndarray
    y: np.ndarray
    role: Role = "posterior"
    texts: tuple[str, ...] = ()
    shape: Shape = "dot"


@dataclass(frozen=True, eq=False)
class Lines(FrozenArrays):
    """One line through points, with gaps at NaN; `step`: each value holds until the next."""

    x: np.ndarray
    y: np.ndarray
    role: Role = "posterior"
    dashed: bool = False
    step: bool = False
    thin: bool = False


@dataclass(frozen=True, eq=False)
class Band(FrozenArrays):
    """What lies between two curves; `strength` from 0 to 1 is how dense its colour is."""

    x: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    role: Role = "posterior"
    strength: float = 0.25
    step: bool = False


@dataclass(frozen=True, eq=False)
class Bars(FrozenArrays):
    """Bars from one value to another along an axis; several marks one after another are stacked."""

    at: np.ndarray
    start: np.ndarray
    end: np.ndarray
    role: Role = "faint"
    texts: tuple[str, ...] = ()
    along: Along = "x"
    width: float = 0.7


@dataclass(frozen=True)
class Rules:
    """A line across the panel at a value of an axis."""

    value: float
    of: Along = "x"
    role: Role = "quiet"
    dashed: bool = False


@dataclass(frozen=True)
class Zone:
    """What lies between two values of an axis, all over the panel."""

    low: float
    high: float
    of: Along = "x"
    role: Role = "faint"


@dataclass(frozen=True, eq=False)
class Labels(FrozenArrays):
    """Words beside points, the most important first: one that would lie on another is left out."""

    x: np.ndarray
    y: np.ndarray
    texts: tuple[str, ...]
    role: Role = "ink"
    side: Side = "right"


@dataclass(frozen=True, eq=False)
class Boxes(FrozenArrays):
    """Names in boxes; their looks are told apart without colours.

    Attributes
    ----------
    x, y : array (item)
        Their middles.
    names, texts : tuple of str
        What is written in each, and what is said of it when it is pointed at.
    role : str
    look : {"full", "pale", "hatched", "outlined"}
    width, height : float
        In units of the axes.
    """

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    texts: tuple[str, ...]
    role: Role
    look: BoxLook
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Arrow(FrozenArrays):
    """An arrow along a smooth curve that is level at its points; it ends to the right of the last but one."""

    x: np.ndarray
    y: np.ndarray
    role: Role = "quiet"


Mark = Intervals | Points | Lines | Band | Bars | Rules | Zone | Labels | Boxes | Arrow
