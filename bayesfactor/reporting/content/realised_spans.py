"""Realised returns over the whole sample, its last year, chosen years, and year by year."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.decomposition import decompose
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures, exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import DataError, FitError, SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.data.calendars import FINE, FREQUENCIES
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import Window
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import Fit

WHOLE, LAST, YEAR_BY_YEAR = "The whole sample", "The last year", "Year by year"
MOST_YEARS = 20
LONG = set(FREQUENCIES) - set(FINE)
Portfolio = Mapping[str, float] | pd.Series | None


@dataclass(frozen=True, eq=False)
class Span:
    """A realised return over some dates: a table of its summed parts, and of the linked parts of the compounded one.

    Where one of them cannot be computed, the reason. `counted`: per entry, the periods that it counts, and which.
    `lost`: of which of them, ``summed`` or ``compounded``, the portfolio has none, and why.
    """

    title: str
    dates: str
    summed: pd.DataFrame | str
    compounded: pd.DataFrame | str
    counted: pd.DataFrame | None
    lost: Mapping[str, str]

    @property
    def name(self) -> str:
        """The title, and from when to when."""
        return f"{self.title}, {self.dates}" if self.dates else self.title


def require_years(fit: Fit, years: Iterable[int]) -> tuple[int, ...]:
    """Return calendar years, or raise a SpecError where one is none of the panel's."""
    known = tuple(dict.fromkeys(pd.DatetimeIndex(fit.panel.times).year.tolist()))
    place, remedy = "write_report.years", f"Write years=[{known[-1]}]."
    if isinstance(years, str | bytes) or not np.iterable(years):
        what = f"write_report: years are a list of whole numbers; found {years!r}."
        raise SpecError(what, place=place, found=years, remedy=remedy)
    asked = list(years)
    for year in asked:
        if isinstance(year, bool) or not isinstance(year, int | float | np.integer) or year not in known:
            what = f"write_report: {year!r} is not a year of the panel, whose years are {known[0]} to {known[-1]}."
            raise SpecError(what, place=place, found=year, allowed=map(str, known), remedy=remedy)
    return tuple(dict.fromkeys(int(year) for year in asked))


def find_spans(
    fit: Fit, portfolio: Portfolio, ci_prob: float, ci_kind: Interval, years: tuple[int, ...] = ()
) -> tuple[Span, ...]:
    """Return the whole sample, the last year of a longer one, and calendar years that are asked for."""
    ending = "periods ending " if fit.panel.calendar.frequency in LONG else ""

    held = exposures(fit.panel, "asset", portfolio)

    def span(what: str, dates: np.ndarray, window: Window | None) -> Span:
        found = {how: _earned(fit, held, window, how == "compounded") for how in ("summed", "compounded")}
        lost: dict[str, str] = {}
        for how, reason in found.items() if portfolio is not None else ():
            if isinstance(reason, str):
                found[how] = _earned(fit, exposures(fit.panel, "asset", None), window, how == "compounded")
                lost |= {how: reason} if isinstance(found[how], Attribution) else {}
        counted = found["summed"].span if isinstance(found["summed"], Attribution) else None
        summed, linked = (one if isinstance(one, str) else one.table(ci_prob, ci_kind) for one in found.values())
        return Span(what, f"{ending}{written(dates[0])} to {written(dates[-1])}", summed, linked, counted, lost)

    times = fit.panel.times
    spans = [span(WHOLE, times, None)]
    year = _last_year(fit.panel)
    if isinstance(fit.panel, Panel) and len(year) < len(times):
        spans.append(span(LAST, year, (year[0], year[-1])))
    for name in map(str, years):
        spans.append(span(name, times[pd.DatetimeIndex(times).year == int(name)], (name, name)))
    return tuple(spans)


def find_years(fit: Fit, portfolio: Portfolio, ci_prob: float, ci_kind: Interval) -> Span | None:
    """Return calendar years as the entries of tables, the latest first, of the portfolio or of the only asset.

    None where there is neither, or only one year, or the panel does not hold returns.
    """
    years = list(dict.fromkeys(pd.DatetimeIndex(fit.panel.times).year))[::-1][:MOST_YEARS]
    mine = {fit.panel.assets[0]: 1.0} if portfolio is None and len(fit.panel.assets) == 1 else portfolio
    if mine is None or len(years) < 2 or not isinstance(fit.panel, Panel):
        return None
    held = Exposures(exposures(fit.panel, "group", mine).weights.sel(group=[PORTFOLIO]))
    tables: dict[str, pd.DataFrame | str] = {}
    counted: dict[str, int] = {}
    for how in ("summed", "compounded"):
        parts, reason = list[pd.DataFrame](), ""
        for year in map(str, years):
            found = _earned(fit, held, (year, year), how == "compounded")
            if isinstance(found, str):
                reason = found
                continue
            parts.append(found.table(ci_prob, ci_kind).assign(group=year))
            assert found.span is not None
            counted[year] = int(found.span["periods"].to_dict()[PORTFOLIO])
        tables[how] = pd.concat(parts, ignore_index=True).rename(columns={"group": "year"}) if parts else reason
    periods = pd.DataFrame({"periods": counted})
    return Span(YEAR_BY_YEAR, "", tables["summed"], tables["compounded"], periods, {})


def _last_year(panel: PanelBase) -> np.ndarray:
    """Return the dates of the last year: of days by date, of longer periods as many as make one."""
    calendar, times = panel.calendar, panel.times
    if calendar.frequency in LONG:
        return times[-calendar.periods_per_year :]
    return times[pd.DatetimeIndex(times) > pd.Timestamp(times[-1]) - pd.DateOffset(years=1)]


def _earned(fit: Fit, held: Exposures, window: Window | None, compounded: bool) -> Attribution | str:
    """Return the realised returns, or why there are none."""
    try:
        return decompose(fit, held, "return", "family", window, compounded)
    except (DataError, FitError, SpecError) as error:
        return error.message
