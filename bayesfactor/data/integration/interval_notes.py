"""Notes on the stamps of weekly and coarser series, and on a panel coarser than most of its series."""

from collections.abc import Sequence

from bayesfactor.data.calendars import FINE, MONTHS, WEEKDAYS, weekday
from bayesfactor.data.integration.intervals import PERIODS, stamps_of
from bayesfactor.data.integration.series import Rows, Series, judges
from bayesfactor.panel.records import Note

_SHOWN = 5  # names


def _of_another_week(one: Series, frequency: str) -> bool:
    return one.pattern == "weekly" and frequency != "weekly"


def _on_weekends(series: Sequence[Series]) -> tuple[list[str], list[str]]:
    """Return the months that end on weekdays only, and those that also end on weekends."""
    found: tuple[list[str], list[str]] = ([], [])
    for one in series:
        found[int((weekday(one.dates) > 4).any())].append(one.name)
    return found


def note_intervals(flows: Sequence[Series], levels: Sequence[Series], rows: Rows) -> list[Note]:
    """Say how the stamps of assets, or of factors, were read where they could be read in another way."""
    notes, frequency, anchors = [], rows.frequency, rows.anchors
    for one in flows:
        if one.fine or not len(one.dates):
            continue
        if stamps_of(one).kind == "start":
            period = PERIODS[one.pattern]
            text = f"stamped at the beginning of each {period}: taken as the {period} that begins there"
            notes.append(Note(one.name, "done" if rows.stamped else "warning", text))
        if _of_another_week(one, frequency):
            text = f"weeks that straddle two {frequency} rows count in the one in which they end"
            notes.append(Note(one.name, "warning", text))
    for one in levels:
        if one.pattern == "weekly" == frequency and (late := (anchors["weekly"] - stamps_of(one).place) % 7):
            text = f"weeks end on {WEEKDAYS[anchors['weekly']]}: its value is {late} days old then"
            notes.append(Note(one.name, "warning", text))
    return notes


def note_month_ends(flows: Sequence[Series], rows: Rows) -> list[Note]:
    """Say that months which end on the last weekday and on the last day were taken as the same."""
    months = [one for one in flows if not one.fine and one.pattern in MONTHS and stamps_of(one).kind == "end"]
    days, ends = _on_weekends(months)
    if not days or not ends or rows.stamped:
        return []
    text = (
        f"periods of '{days[0]}' end on the last weekday, of '{ends[0]}' on the last day: taken as the same, which "
        "holds where markets are closed on weekends"
    )
    return [Note("panel", "done", text)]


def note_coarsest(assets: Sequence[Series], factors: Sequence[Series], frequency: str) -> list[Note]:
    """Say which series make the panel coarser than others are; a warning where it is a few assets alone."""
    every = (*(one for one in judges(assets) if len(one.dates)), *factors)
    coarsest = [one.name for one in every if one.pattern == frequency]
    finer = [one for one in every if one.pattern != frequency]
    if not coarsest or not finer:
        return []
    few = (
        frequency not in FINE and 2 * len(coarsest) <= len(assets) and all(one.pattern != frequency for one in factors)
    )
    longest = max(finer, key=lambda one: len(one.dates))
    shown = ", ".join(f"'{name}'" for name in coarsest[:_SHOWN])
    if len(coarsest) > _SHOWN:
        shown += f" and {len(coarsest) - _SHOWN} more"
    text = (
        f"the panel is {frequency} because {shown} {'is' if len(coarsest) == 1 else 'are'}: {len(longest.dates)} "
        f"{longest.pattern} values of '{longest.name}' and others of shorter periods are brought to it"
    )
    return [Note("panel", "warning" if few else "done", text + ("; drop what is coarse to keep them" if few else ""))]
