"""Measures of a walk, and whether they are within the limits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.recency import ratio
from benchmarks.truth.panels import Case, Dates
from benchmarks.truth.walk import Walk

TRAIL = 8  # rows before a date whose returns say whether times are calm
LEAST, MOST = 0.9, 1.1  # bias statistics that are near 1


@dataclass(frozen=True)
class Measured:
    """A measure of one walk: its name, the limits in words, the value as text, and whether it is within them."""

    name: str
    limit: str
    value: str
    passed: bool | None


def inside(lines: pd.DataFrame, level: float) -> pd.Series:
    """Return whether each return was inside the central interval."""
    return (lines["below"] - 0.5).abs() <= level / 2


def covered(walk: Walk, kind: str, level: float) -> tuple[float, float]:
    """Return the share inside an interval, and its standard error by blocks of fits."""
    lines = walk.held[walk.held["kind"] == kind]
    block = lines["fit"].map(walk.scores.groupby("fit")["block"].first())
    return ratio(inside(lines, level).astype(float), pd.Series(1.0, lines.index), block)


def bias(walk: Walk, kind: str) -> pd.Series:
    """Return the standard deviation of standardised returns of every portfolio of a kind."""
    lines = walk.held[walk.held["kind"] == kind]
    return lines.groupby("name")["z"].std()


def gain(walk: Walk, peer: Walk) -> tuple[float, float]:
    """Return the joint log score over that of a peer, nats per asset and date, and its standard error by blocks."""
    one, other = walk.scores, peer.scores
    if not np.array_equal(one[["row", "assets"]], other[["row", "assets"]]):
        raise ValueError("scores are of other dates or assets")
    return ratio(one["score"] - other["score"], one["assets"], one["block"])


def thirds(case: Case, rows: pd.Series) -> pd.Series:
    """Return which rows came after the calmest third of times (0), and after the most turbulent (2).

    By the mean absolute return of the equal-weighted portfolio over the `TRAIL` rows before each.
    """
    size = pd.Series(np.abs(np.nanmean(case.panel.returns.values, axis=1)))
    before = size.rolling(TRAIL).mean().shift(1)
    dates = np.unique(rows)
    order = pd.Series(before[dates].rank(method="first").values, dates)
    return rows.map((order - 1) * 3 // len(dates))


def wide(case: Case, walk: Walk, peers: dict[str, Walk]) -> Iterator[Measured]:
    """Yield the measures of the walk with fits far apart."""
    for kind, level, low, high in (
        ("assets", 50, 0.44, 0.58),
        ("assets", 90, 0.86, 0.94),
        ("equal", 90, 0.86, 0.94),
        ("long", 90, 0.86, 0.94),
        ("residual", 90, 0.86, 0.94),
        ("assets", 99, 0.98, 1.0),
    ):
        share, error = covered(walk, kind, level / 100)
        limit = f"{low:.2f} to {high:.2f}" if high < 1 else f"at least {low:.2f}"
        passed = low <= round(share, 3) <= high
        yield Measured(f"{level} % intervals hold: {NAMES[kind]}", limit, f"{share:.3f} ({error:.3f})", passed)
    for kind, fewest in (("long", 15), ("residual", 12)):
        near = int(bias(walk, kind).between(LEAST, MOST).sum())
        yield Measured(f"bias in [.9, 1.1]: {NAMES[kind]}", f"at least {fewest}", f"{near} of 20", near >= fewest)
    least = float(bias(walk, "minimum").iloc[0])
    yield Measured("bias: minimum variance", "at most 1.10", f"{least:.3f}", round(least, 2) <= 1.1)
    if len(walk.loadings):
        first = walk.loadings[walk.loadings["factor"] == case.panel.factor_names[0]]
        share = float(inside(first, 0.9).mean())
        name = f"90 % intervals hold: loading over the next {case.later} periods, first factor"
        yield Measured(name, "at least 0.82", f"{share:.3f}", share >= 0.82)
        every = inside(walk.loadings, 0.9).groupby(walk.loadings["factor"], sort=False).mean()
        yield Measured("the same, every factor", "", " ".join(f"{value:.2f}" for value in every), None)
    yield scored(walk, peers)


def scored(walk: Walk, peers: dict[str, Walk]) -> Measured:
    """Return the joint log score against the better of the peers."""
    best = max(peers, key=lambda name: peers[name].scores["score"].sum())
    more, error = gain(walk, peers[best])
    return Measured(
        "joint log score less the better Ledoit-Wolf's", "at least 0", f"{more:+.3f} ({error:.3f})", more >= 0
    )


def close(case: Case, walk: Walk) -> Iterator[Measured]:
    """Yield the measures of the walk with fits close to each other: after calm and after turbulent times."""
    for kind in ("equal", "long"):
        lines = walk.held[walk.held["kind"] == kind]
        third = thirds(case, lines["row"])
        calm, wild = (float(inside(lines[third == one], 0.9).mean()) for one in (0, 2))
        passed = round(min(calm, wild), 3) >= 0.84 and round(max(calm, wild), 3) <= 0.96
        name = f"90 % intervals hold after the calm / turbulent third: {NAMES[kind]}"
        yield Measured(name, "both 0.84 to 0.96", f"{calm:.3f} / {wild:.3f}", passed)


NAMES = {
    "assets": "assets",
    "equal": "equal weights",
    "long": "20 long-only",
    "residual": "20 long-short, residual",
    "minimum": "minimum variance",
}


def dates_said(case: Case, dates: Dates) -> str:
    """Return how a panel was walked, in words."""
    times, fits = case.panel.times.astype("datetime64[D]"), dates.fits(case.panel)
    return (
        f"{len(fits)} fits, every {dates.step} periods from {times[fits[0] - 1]} on, the next {dates.ahead} periods of "
        f"each judged, to {times[fits[-1] + dates.ahead - 1]}"
    )
