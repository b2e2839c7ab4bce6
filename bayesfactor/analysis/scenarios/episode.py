"""What happened to factors between two dates, as a scenario."""

from datetime import date

import numpy as np

from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import FORMS, rows, span
from bayesfactor.panel.records import written

Moment = str | date | np.datetime64


def episode(panel: PanelBase, start: Moment, end: Moment | None = None, name: str = "") -> Scenario:
    """Return the scenario in which every factor does again what it did between two dates.

    Parameters
    ----------
    panel : Panel or PanelStatistics
        With the factors of the fit: ``fit.panel``.
    start, end : str, date or datetime64
        A year, a month or a day means the whole of it. Without `end`, the episode is that of `start` alone.
    name : str
        The two dates by default.

    Returns
    -------
    Scenario
        Of a traded factor the compounded return, of another the sum of its values, over as many periods as there are.
        Factors whose history begins later are not shocked, and a note says so, as one does of dates outside the panel.

    Raises
    ------
    SpecError
        When it is no panel, a date is none, the end is before the start, or no factor is known between them.

    Notes
    -----
    Of one date `stress` gives the realised attribution of that date less the residual, where loadings do not move.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(
            f"episode: expected a Panel, found {type(panel).__name__}.",
            place="episode.panel",
            found=panel,
            remedy='Write bf.episode(fit.panel, "2020-03-09", "2020-03-13").',
        )
    times = panel.factors["time"].values
    asked = _moments(start, start if end is None else end)
    inside = rows(times, asked, "episode")
    if not inside.size:
        between = f"from {written(times[0])} to {written(times[-1])}" if times.size else "empty"
        raise SpecError(
            "episode: the panel has no date between these.",
            place="episode.start",
            found=(start, end),
            remedy=f"Its factors are {between}.",
        )
    values = panel.factors.isel(time=inside)
    known = np.isfinite(values.values).all(axis=0)
    if not known.any():
        raise SpecError("episode: no factor is known on all of these dates.", place="episode.start", found=(start, end))
    traded = np.array([factor.traded for factor in panel.factor_info])
    (totals,) = rolling_totals(values.transpose("time", "factor").values, traded, int(inside.size))
    shocks = {factor.name: float(totals[k]) for k, factor in enumerate(panel.factor_info) if known[k]}
    lost = [factor.name for k, factor in enumerate(panel.factor_info) if not known[k]]
    notes = [f"not known then, and not shocked: {', '.join(lost)}"] if lost else []
    notes += _cut(times, asked)
    first, last = (written(values["time"].values[i]) for i in (0, -1))
    return Scenario(shocks, name or (first if first == last else f"{first} to {last}"), int(inside.size), tuple(notes))


def _moments(start: Moment, end: Moment) -> tuple[np.datetime64, np.datetime64]:
    """Return the first and the last moment of two dates, or raise a SpecError."""
    found = []
    for place, given in (("start", start), ("end", end)):
        try:
            found.append(span(given))
        except ValueError as error:
            raise SpecError(
                f"episode: {place}: {error}.", place=f"episode.{place}", found=given, allowed=FORMS[:-1]
            ) from None
    (first, _), (last, after) = found
    if first >= after:
        raise SpecError(
            f"episode: the end {end!r} is before the start {start!r}.",
            place="episode.end",
            found=end,
            remedy="Give the earlier date first.",
        )
    return first, max(last, after - np.timedelta64(1, "us"))


def _cut(times: np.ndarray, asked: tuple[np.datetime64, np.datetime64]) -> list[str]:
    """Say that dates were asked for that are more than a period outside the panel."""
    step = np.median(np.diff(times)) if times.size > 1 else np.timedelta64(0)
    if asked[0] > times[0] - step and asked[1] < times[-1] + step:
        return []
    return [f"the panel's factors are from {written(times[0])} to {written(times[-1])}: what is outside is not in it"]


def rolling_totals(values: np.ndarray, traded: np.ndarray, periods: int) -> np.ndarray:
    """Return (window, factor) what factors (time, factor) did over every so many dates in a row.

    Compounded where they are traded, else summed; no window where there are fewer dates.
    """
    if len(values) < periods:
        return np.empty((0, values.shape[1]))
    windows = np.lib.stride_tricks.sliding_window_view(values, periods, axis=0)
    return np.where(traded, np.prod(1 + windows, axis=2) - 1, windows.sum(axis=2))
