"""The day that a timestamp stands for: one rule for all inputs.

A time is a day where it is midnight in its own zone; else where it is midnight in universal time; any other is a time
within the day. The last second of a day is as good as its midnight. No zone and no time of day is dropped unsaid.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError

WRITTEN = "days of "  # before a zone that only `attrs["zone"]` knows, as of a file: its index has none
_LAST = pd.Timedelta(hours=23, minutes=59, seconds=59)
_UTC = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Universal", "UTC+00:00", "tzutc()")
_MARKETS = (
    "America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Paris", "Asia/Tokyo",
    "Asia/Shanghai", "Asia/Kolkata", "Australia/Sydney", "Pacific/Auckland", "Asia/Dubai", "Europe/Moscow",
    "America/Sao_Paulo", "America/Bogota",
)  # fmt: skip


@dataclass(frozen=True)
class Times:
    """Times on the clock of their own zone, and in universal time.

    Attributes
    ----------
    local : DatetimeIndex
        Without a zone.
    universal : DatetimeIndex
        Without a zone; NaT where the zone of a time is not known.
    zone : str
        Name of the zone, or offsets such as ``UTC-05:00/UTC-04:00``; empty for none.
    """

    local: pd.DatetimeIndex
    universal: pd.DatetimeIndex
    zone: str


def zone_name(zone: object) -> str:
    """Return the name of a zone; one name for all that are universal time; empty for none."""
    name = str(zone or "")
    if found := re.search(r"zoneinfo/([\w+/-]+)", name):  # of dateutil
        name = found[1]
    return "UTC" if name in _UTC else name


def times_of(index: pd.DatetimeIndex) -> Times:
    """Return the times of an index."""
    if index.tz is None:
        return Times(index, pd.DatetimeIndex([pd.NaT] * len(index)), "")
    local = index.tz_localize(None)
    # In some zones a day begins at 01:00 when the clock is moved.
    begins = local.normalize().tz_localize(index.tz, ambiguous="NaT", nonexistent="shift_forward")
    local = local.where(index != begins, local.normalize())
    return Times(local, index.tz_convert("UTC").tz_localize(None), zone_name(index.tz))


def in_zone(times: Times, zone: str) -> Times:
    """Return times on the clock of a named zone, which alone decides what a day is.

    Those without a zone are days as they stand where all are midnights, and else universal time.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError, AttributeError):
        raise SpecError(
            f"zone is {zone!r}, which is no time zone.",
            place="zone",
            found=zone,
            allowed=_MARKETS,
            remedy="Give a name such as 'America/New_York', 'Asia/Tokyo' or 'UTC'.",
        ) from None
    bare = np.isnat(times.universal.to_numpy()) & ~np.isnat(times.local.to_numpy())
    if bare.any():
        plain = times.local[bare]
        if _are_days(plain):
            plain = plain.normalize().tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
            plain = plain.tz_convert("UTC").tz_localize(None)
        known = times.universal.to_numpy().astype("datetime64[us]", copy=True)
        known[bare] = plain.to_numpy()
        times = replace(times, universal=pd.DatetimeIndex(known))
    moved = times_of(times.universal.tz_localize("UTC").tz_convert(zone))
    return Times(moved.local, pd.DatetimeIndex([pd.NaT] * len(moved.local)), zone_name(zone))


def _are_days(clock: pd.DatetimeIndex) -> bool:
    """Whether all are midnights, or all in the last second of a day."""
    if clock.hasnans:
        return False
    hour = clock - clock.normalize()
    return bool((hour == pd.Timedelta(0)).all() or (hour >= _LAST).all())


def whole_days(times: Times) -> tuple[pd.DatetimeIndex, str] | None:
    """Return the days that times stand for, and the zone in which they are days; None for times within the day."""
    for clock, zone in ((times.local, times.zone), (times.universal, "UTC")):
        if _are_days(clock):
            return clock.normalize(), zone
    return None


def are_bars(times: Times) -> bool:
    """Whether there are several times a day; one or two days a year have two when a clock is moved."""
    return bool(times.local.normalize().nunique() < 0.9 * len(times.local))


def first_inside(times: Times) -> int:
    """Return the place of the first time that is not midnight on its own clock."""
    return int((times.local != times.local.normalize()).argmax())


@dataclass(frozen=True)
class Words:
    """How an input function tells its user to change times.

    Attributes
    ----------
    convert : str
        How to say that times are those of a zone, ``{zone}`` in its place.
    normalize : str
        How to drop the time of day, once the zone is right.
    bars, use : str
        What is said of several rows a day, and what to do.
    also : str
        Another way, for all times within the day.
    """

    convert: str
    normalize: str
    bars: str = "intraday data are not supported yet"
    use: str = "Use daily data."
    also: str = ""


def frame_words(what: str, aware: bool) -> Words:
    """Return the words for a frame of pandas."""
    index = f"{what}.index"
    localize = "" if aware else ".tz_localize('UTC')"
    return Words(f"{index} = {index}{localize}.tz_convert('{{zone}}')", f"{index} = {index}.normalize()")


def describe_inside(times: Times, words: Words) -> tuple[str, str]:
    """Say what times within the day seem to be, and the remedy for it.

    Never to drop the time of day before the zone is right: Tokyo's midnights are 15:00 of the day before in universal
    time.
    """
    hours = times.local - times.local.normalize()
    clock, bare = (times.local, True) if times.universal.hasnans else (times.universal, False)
    alike = bool((hours == hours[0]).all())
    midnights = zone_where(clock, lambda hour: (hour == pd.Timedelta(0)).all())
    if midnights and not (bare and alike):
        remedy = f"If they are days of {midnights}: {words.convert.format(zone=midnights)}."
        return f"they are midnights in {midnights}", remedy
    if are_bars(times):
        return words.bars, words.use
    if alike:
        zone = midnights or "Area/City"
        return (
            f"all are at {clock_of(hours[0])}{f' ({times.zone})' if times.zone else ''}",
            f"If each date as written is the day meant: {words.normalize}. If that is midnight in another zone"
            f"{midnights and f', such as {midnights}'}: {words.convert.format(zone=zone)}.",
        )
    same = zone_where(clock, lambda hour: (hour == hour[0]).all())
    if same:
        return (
            f"the times of day differ, but in {same} all are the same",
            f"First {words.convert.format(zone=same)}; then, if that is the day meant, {words.normalize}.",
        )
    return (
        "the times of day differ",
        f"Find the zone in which all are midnight: {words.convert.format(zone='Area/City')}; without one, give dates "
        "without a time of day.",
    )


def zone_where(clock: pd.DatetimeIndex, holds: Callable[[Any], bool]) -> str:
    """Return the first market's zone in which the hours of universal times fit."""
    for zone in _MARKETS:
        local = times_of(clock.tz_localize("UTC").tz_convert(zone)).local
        if holds(local - local.normalize()):
            return zone
    return ""


def clock_of(hour: pd.Timedelta) -> str:
    """Write a time of day."""
    return str(hour).split("days ")[-1][:8].removesuffix(":00")


@lru_cache
def _offsets(zone: str) -> tuple[int, ...] | None:
    """Return how many minutes a zone was ahead of universal time, week by week; None where the name is not known."""
    if re.fullmatch(r"(UTC[+-]\d\d:\d\d/?)+", zone):
        found = re.findall(r"UTC([+-])(\d\d):(\d\d)", zone)
        return tuple((-1 if sign == "-" else 1) * (60 * int(hours) + int(rest)) for sign, hours, rest in found)
    try:
        times = pd.date_range("1990-01-01", "2026-01-01", freq="7D", tz="UTC").tz_convert(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return None
    ahead = times.tz_localize(None) - times.tz_convert("UTC").tz_localize(None)
    return tuple(int(one.total_seconds() // 60) for one in ahead)


def offset_zone(minutes: Iterable[int]) -> str:
    """Return the name of the zone of some offsets from universal time, in minutes."""
    found = sorted(set(minutes))
    names = [f"UTC{'-' if one < 0 else '+'}{abs(one) // 60:02d}:{abs(one) % 60:02d}" for one in found]
    return "UTC" if found == [0] else "/".join(names)


def _same(one: str, other: str) -> bool:
    """Whether two zones may be one: of two names; or of offsets that a file was written with, which one has to hold."""
    if one == other or not (one and other):
        return one == other
    mine, yours = _offsets(one), _offsets(other)
    if not mine or not yours:
        return False
    if any(name.startswith("UTC") and name != "UTC" for name in (one, other)):
        return set(mine) <= set(yours) or set(yours) <= set(mine)
    return mine == yours


def check_zones(zones: dict[str, str]) -> None:
    """Raise an error for frames that are days of different clocks, or some with a zone and some without.

    Plain dates in a file say nothing of their clock and go with any; those of a frame without a zone do not.
    """
    own = [zone for zone in zones.values() if not zone.startswith(WRITTEN)]
    every = [zone.removeprefix(WRITTEN) for zone in zones.values() if zone]
    alike = all(_same(one, other) for one in own for other in own)
    if alike and all(_same(one, other) for one in every for other in every):
        return
    found = ", ".join(f"{what}: {zone or 'none'}" for what, zone in zones.items())
    how = "; ".join(_plain(what, zone) for what, zone in zones.items() if zone)
    raise DataError(
        f"The frames are not in one time zone ({found}).",
        series=next(iter(zones)),
        value=found,
        remedy=f"If they are the same days, take plain dates of each in its own zone: {how}"
        f"{', or write dates without a time in the files' if len(own) < len(zones) else ''}.",
    )


def _plain(what: str, zone: str) -> str:
    if zone.startswith(WRITTEN):
        return f"{what}.attrs.pop('zone')"
    moved = f".tz_convert('{zone}')" if "/UTC" not in zone else ""
    return f"{what}.index = {what}.index{moved}.tz_localize(None)"


def is_unread_epoch(index: pd.DatetimeIndex) -> bool:
    """Whether all times are in January 1970: numbers that were taken for nanoseconds."""
    plain = index.tz_localize(None) if index.tz is not None else index
    return len(plain) > 1 and bool(((plain.year == 1970) & (plain.month == 1)).all())
