"""Which ticks of an axis have room on a narrow panel: those at 0 and at the ends first."""

import numpy as np

from bayesfactor.base.wording import MINUS
from bayesfactor.plots.placing import LETTER
from bayesfactor.plots.scales import Scale

WIDTHS = (50, 90, 180, 340, 600, 900)  # pixels of a panel from which more of its ticks are shown
EDGE, GAP = 0.06, 5.0  # share of the width within which a tick leans inwards; pixels between two
Reach = tuple[float, float]


def leaning(share: float) -> float:
    """Return which part of a tick's text stands left of it: at an end of the axis, none or all."""
    return 0.0 if share < EDGE else 1.0 if share > 1 - EDGE else 0.5


def tick_widths(scale: Scale) -> list[int]:
    """Return for each tick the first of `WIDTHS`, by its number, at which it is shown; their count where at none."""
    count = len(scale.ticks)
    shares = [float(share) for share in scale.shares(np.array([at for at, _ in scale.ticks]))]
    texts = [text for _, text in scale.ticks]
    zero = next((i for i, text in enumerate(texts) if text.strip(f" %{MINUS}") == "0"), 0)
    by_step = [i for step in (4, 2, 1) for i in range(count) if (i - zero) % step == 0]
    order = list(dict.fromkeys([zero, count - 1, 0, *by_step])) if count else []
    found = [len(WIDTHS)] * count
    for number, width in enumerate(WIDTHS):
        taken = [_reach(shares[i], texts[i], width) for i in range(count) if found[i] < number]
        for i in order:
            if found[i] <= number:
                continue
            left, right = _reach(shares[i], texts[i], width)
            if all(right + GAP <= low or left - GAP >= high for low, high in taken):
                found[i] = number
                taken.append((left, right))
        order = list(dict.fromkeys([*by_step, *order]))
    return found


def shown(scale: Scale, width: float) -> list[bool]:
    """Return which ticks are shown on a panel that is so many pixels wide."""
    return [number < len(WIDTHS) and (number == 0 or WIDTHS[number] <= width) for number in tick_widths(scale)]


def _reach(share: float, text: str, width: float) -> Reach:
    """Return where the text of a tick begins and ends."""
    long = LETTER * len(text)
    left = share * width - leaning(share) * long
    return left, left + long
