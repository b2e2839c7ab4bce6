"""Which labels have room beside their points: none lies on another, on a point, or beyond the panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayesfactor.plots.marks import Side

LETTER, LINE, GAP = 7.0, 15.0, 8.0  # pixels: of a letter, at most; of a line; from a point to its label
DOT = 4.0  # pixels from the middle of a point to its edge
NARROW, WIDE = 210.0, 480.0  # pixels across that a panel has at least: on a telephone, and on a screen
BOTH, ONLY_WIDE = "both", "wide"
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PlacedLabel:
    """A label that has room: its number, the side of its point, and at which widths."""

    number: int
    side: Side
    at: str


def placed(x: np.ndarray, y: np.ndarray, texts: Sequence[str], side: Side, height: float) -> tuple[PlacedLabel, ...]:
    """Return the labels that have room, the first of them first.

    Parameters
    ----------
    x : array
        Shares of the width, which may be any from `NARROW` or `WIDE` on.
    y : array
        Pixels from the top.
    texts : sequence of str
    side : {"right", "left", "above", "below"}
        Where a label stands if it can; else on the other side.
    height : float
        Of the panel.
    """
    taken = {width: [_dot(across * width, down) for across, down in zip(x, y, strict=True)] for width in (NARROW, WIDE)}
    found = []
    other: Side = {"right": "left", "left": "right", "above": "below", "below": "above"}[side]  # type: ignore[assignment]
    for number, text in enumerate(texts):
        if not (text and 0 <= x[number] <= 1 and 0 <= y[number] <= height):
            continue
        for which in (side, other):
            fits = [
                width
                for width in (NARROW, WIDE)
                if _free(box(x[number] * width, y[number], text, which), taken[width], width, height)
            ]
            if WIDE not in fits:
                continue
            for width in fits:
                taken[width].append(box(x[number] * width, y[number], text, which))
            found.append(PlacedLabel(number, which, BOTH if NARROW in fits else ONLY_WIDE))
            break
    return tuple(found)


def box(x: float, y: float, text: str, side: Side) -> Box:
    """Return left, top, right and bottom of a label beside a point."""
    wide = LETTER * len(text)
    if side in ("right", "left"):
        left = x + GAP if side == "right" else x - GAP - wide
        return left, y - LINE / 2, left + wide, y + LINE / 2
    top = y - GAP - LINE if side == "above" else y + GAP / 2
    return x - wide / 2, top, x + wide / 2, top + LINE


def _dot(x: float, y: float) -> Box:
    return x - DOT, y - DOT, x + DOT, y + DOT


def _free(one: Box, taken: Sequence[Box], width: float, height: float) -> bool:
    inside = one[0] >= -1 and one[2] <= width + 1 and one[1] >= -LINE and one[3] <= height + LINE
    return inside and not any(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3] for other in taken
    )
