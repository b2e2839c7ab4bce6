"""What all figures share: colours, sizes, short names, and how an interval is called.

The colours are those of Okabe and Ito (2008), told apart by colour-blind readers.
"""

import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.panel.base import PanelBase

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, QUIET, FAINT = "#222222", "#767676", "#d9d9d9"
POSTERIOR, DATA, PRIOR = "#0072b2", "#d55e00", "#d0d5da"
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
LONGEST = 28  # characters of a name
RULES: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "legend.frameon": False,
    "figure.dpi": 110,
}


@contextmanager
def missing_glyphs() -> Iterator[None]:
    """Say nothing of a name in a script that the font lacks; it is shown as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def styled[**P](draw: Callable[P, "Figure"]) -> Callable[P, "Figure"]:
    """Draw a figure under `RULES`, whatever the caller's own settings are."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> "Figure":
        import matplotlib as mpl

        with mpl.rc_context(RULES), missing_glyphs():
            return draw(*args, **kwargs)

    return inner


def canvas(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple["Figure", np.ndarray]:
    """Return a figure and its axes (row, column); the figure is not among those that pyplot keeps."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained", **options)
    plt.close(figure)
    return figure, axes


def short(name: object, longest: int = LONGEST) -> str:
    """Return a name that fits beside an axis: its beginning and its end, by which long names differ."""
    text, tail = " ".join(str(name).split()), longest // 4
    return text if len(text) <= longest else f"{text[: longest - 1 - tail]}…{text[-tail:]}"


def require_result(given: object, kind: type, what: str, place: str, call: str) -> None:
    """Raise a SpecError unless it is `what`, a result of `call`; `place` is the figure and its argument."""
    if not isinstance(given, kind):
        raise SpecError(
            f"{place.split('.')[0]}: expected {what}, found {type(given).__name__}.",
            place=place,
            found=given,
            remedy=f"Pass what {call} returned.",
        )


def chosen(given: Sequence[str] | None, known: Iterable[str], what: str, place: str) -> list[str]:
    """Return the names asked for, or all of them.

    Raises
    ------
    SpecError
        When one is not known or asked for twice, or none is asked for.
    """
    allowed = list(known)
    if given is None:
        return allowed
    names = [given] if isinstance(given, str) else list(given)
    if not names:
        raise SpecError(f"{place}: no {what} is asked for.", place=place, remedy=f"Leave it out to see every {what}.")
    for name in names:
        if name not in allowed:
            raise unknown(what, name, allowed, place=place)
        if names.count(name) > 1:
            raise SpecError(f"{place}: '{name}' is asked for twice.", place=place, found=name)
    return names


def on_one_axis(
    given: Sequence[str] | None, known: Sequence[str], what: str, place: str, *, in_money: bool
) -> tuple[list[str], bool]:
    """Return the names asked for, or all of them, and whether they are in money and not decimal.

    A portfolio whose gains are in money goes with nothing else: it is drawn where it alone is asked for.
    """
    if not in_money or given in ([PORTFOLIO], (PORTFOLIO,), PORTFOLIO):
        return chosen(given, known, what, place), in_money
    if given is not None and PORTFOLIO in given:
        raise SpecError(
            f"{place}: gains of the {PORTFOLIO} are in money, and do not go on the axis of the others.",
            place=place,
            found=PORTFOLIO,
            remedy=f'Draw it by itself: names=["{PORTFOLIO}"].',
        )
    return chosen(given, [name for name in known if name != PORTFOLIO], what, place), False


def left_out(shown: Sequence[str], *, in_money: bool) -> tuple[str, ...]:
    """Say that a portfolio whose gains are in money is not drawn among others."""
    if not in_money or PORTFOLIO in shown:
        return ()
    return (f'Not drawn: the {PORTFOLIO}, whose gains are in money; names=["{PORTFOLIO}"] draws it.',)


def by_group(panel: PanelBase) -> list[str]:
    """Return the assets of a panel, group by group."""
    pairs = zip(panel.groups.values.tolist(), panel.assets, strict=True)
    return [asset for _, asset in sorted(pairs, key=lambda pair: pair[0])]
