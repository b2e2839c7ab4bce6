"""Rolling windows of a panel, each one a panel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Note, written


@dataclass(frozen=True, eq=False)
class Windows(Mapping[str, Panel]):
    """Windows of one panel, in order of time: label -> Panel, where the label is the window's last date (ISO).

    A window's panel is made when it is asked for, so that many long windows need no memory.

    Attributes
    ----------
    panel : Panel
        The whole of it.
    window, step : int
        Periods in a window, and from one window to the next.
    past : bool
        Whether a factor keeps its history before the window.
    """

    panel: Panel
    window: int
    step: int
    past: bool

    @cached_property
    def _starts(self) -> dict[str, int]:
        dates = self.panel.returns["time"].values
        starts = range(0, len(dates) - self.window + 1, self.step)
        return {written(dates[start + self.window - 1]): start for start in starts}

    def __getitem__(self, label: str) -> Panel:
        if label not in self._starts:
            raise unknown("window", label, self._starts, place="rolling")
        start = self._starts[label]
        returns = self.panel.returns.isel(time=slice(start, start + self.window))
        first, last = returns["time"].values[[0, -1]]
        dates = self.panel.factors["time"].values
        rows = (dates <= last) & (self.past | (dates >= first))
        seen = np.isfinite(returns.values).any(axis=0)
        lost = [name for name, here in zip(self.panel.assets, seen, strict=True) if not here]
        notes = [note for note in self.panel.notes if note.series not in lost]
        if lost:
            text = f"left out, without a return from {written(first)} to {label}: {', '.join(lost)}"
            notes.append(Note("panel", "done", text))
        return replace(
            self.panel,
            returns=returns.isel(asset=seen),
            factors=self.panel.factors.isel(time=rows),
            groups=self.panel.groups.isel(asset=seen),
            notes=tuple(notes),
        )

    def __contains__(self, label: object) -> bool:
        return label in self._starts

    def get(self, label: str, default: Panel | None = None) -> Panel | None:  # type: ignore[override]
        """Return the window of a label, or `default` where there is none."""
        try:
            return self[label]
        except SpecError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def __repr__(self) -> str:
        first, *_, last = (*self, *self)
        return f"Windows({len(self)} of {self.window} periods, ending {first} to {last}, of {self.panel!r})"


def rolling(panel: Panel, window: int, step: int = 1, *, past: bool = False) -> Windows:
    """Return the windows t, ..., t + window - 1 for t = 0, step, 2 step, ... of a panel's dates of returns.

    A window knows nothing of what comes after its last date, provided that the panel's own values do not (a factor
    made as innovations of a model fitted to its whole history does). An incomplete window at the end is not made.
    An asset without any return in a window is left out of it, and a note of that panel says so.

    Parameters
    ----------
    panel : Panel
    window : int
        Periods in each window, at least 2.
    step : int
        Periods from the start of one window to the start of the next.
    past : bool
        False: factors, too, are those from the window's first date to its last. True: each factor keeps its history
        before the window, so that its mean, and with it the premium of a traded factor, is that of all dates so far.

    Returns
    -------
    Windows
        A mapping, last date (ISO text) -> Panel, in order of time.

    Raises
    ------
    SpecError
        When `window` or `step` is not such a number.
    DataError
        When a window has no return of any asset; names the window.
    """
    if not isinstance(panel, Panel):
        raise SpecError(
            f"rolling: expected a Panel, found {type(panel).__name__}.",
            place="rolling.panel",
            found=panel,
            remedy="Make one with bf.integrate(returns, factors, ...).",
        )
    periods = panel.returns.sizes["time"]
    for name, value, least, most in (("window", window, 2, periods), ("step", step, 1, None)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least or (most is not None and value > most):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}, the panel's periods"
            raise SpecError(
                f"rolling: {name} is {value!r}; it must be a whole number {limits}.",
                place=f"rolling.{name}",
                found=value,
            )
    windows = Windows(panel, int(window), int(step), bool(past))
    filled = np.concatenate([[0], np.cumsum(np.isfinite(panel.returns.values).any(axis=1))])
    for label, start in windows._starts.items():
        if filled[start + window] == filled[start]:
            raise DataError(
                f"rolling: the window that ends on {label} has no return of any asset.",
                series="panel",
                date=label,
                remedy="Take longer windows, or leave these dates out of the panel.",
            )
    return windows
