"""Descriptions of factors and assets: tables and dicts in, `Factor` and groups out."""

from collections.abc import Iterable
from typing import Any, get_args

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, nearest, unknown
from bayesfactor.panel.records import SOURCES, Aggregate, Factor, Transform

_KEYS = ("traded", "family", "transform", "lag", "aggregate", "description", "members", "shares_price")
_MARKET = ("mkt", "mktrf", "mkt-rf", "mkt_rf", "market", "cmkt")
_RATES = ("rf", "riskfree", "riskfreerate", "rfrate", "rfree")
_TRANSFORMS: tuple[str, ...] = get_args(Transform)
RESERVED = (*SOURCES, "panel")  # notes are about the series "panel" when they are about all of them
_AGGREGATES: tuple[str, ...] = get_args(Aggregate)


def _present(value: object) -> bool:
    return not (value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)))


def entries_of(table: Any, what: str) -> dict[str, Any]:
    """Return a table as name -> entry; a polars table's first text column holds the names."""
    found: Iterable[tuple[Any, Any]]
    if isinstance(table, dict):
        found = table.items()
    elif isinstance(table, pd.Series):
        found = zip(table.index, table.tolist(), strict=True)
    elif isinstance(table, pd.DataFrame):
        found = zip(table.index, table.to_dict("records"), strict=True)
    else:
        try:
            narrow = nw.from_native(table, eager_only=True)
        except TypeError:
            raise SpecError(f"{what} is a {type(table).__name__}, not a table or a dict.", place=what) from None
        names = [name for name, kind in narrow.schema.items() if kind == nw.String]
        if not names:
            raise SpecError(f"{what} has no column of names.", place=what)
        found = [(row.pop(names[0]), row) for row in narrow.iter_rows(named=True)]
    pairs = [(str(name), entry) for name, entry in found]
    named = dict(pairs)
    if len(named) < len(pairs):
        keys = [name for name, _ in pairs]
        twice = next(name for name in keys if keys.count(name) > 1)
        raise DataError(f"{what} names '{twice}' twice.", series=twice, remedy="Keep one entry.")
    return named


def _default_family(name: str, traded: bool) -> str:
    if not traded:
        return "other"
    return "market" if name.lower() in _MARKET else "style"


def _flag(value: object, place: str, key: str = "traded") -> bool:
    if isinstance(value, bool | np.bool_) or value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise unknown("value", value, ("True", "False"), place=f"{place}.{key}")


def _lag(value: object, place: str) -> int:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    lag = float(value) if number else -1.0  # type: ignore[arg-type]
    if lag < 0 or not lag.is_integer():
        raise SpecError(
            f"{place}.lag: {value!r} is not a count of periods.",
            place=f"{place}.lag",
            found=value,
            allowed=("0", "1", "2", "..."),
            remedy="Give a whole number of the factor's own periods, 0 or more.",
        )
    return int(lag)


def _members(value: object, place: str) -> tuple[str, ...]:
    """Return the names of the assets of an index."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise SpecError(
            f"{place}.members: {value!r} is not a list of assets.",
            place=f"{place}.members",
            found=value,
            remedy="Name the assets of which the factor is an index: ['btc', 'eth'].",
        )
    return tuple(map(str, value))


def _free(name: str, what: str) -> str:
    """Return a factor's or family's name, unless an attribution already uses it for a source of its own."""
    if name in RESERVED:
        raise DataError(
            f"The {what} '{name}' has the name of a source in every attribution.",
            series=name,
            value=name,
            remedy=f"Rename it; taken are {', '.join(RESERVED)}.",
        )
    return name


def make_factor(name: str, entry: dict[str, Any], place: str = "") -> Factor:
    """Make a factor from what was said about it at `place`, with the defaults for the rest."""
    place = place or f"factor_info['{name}']"
    _free(name, "factor")
    given = {str(key): value for key, value in entry.items() if _present(value)}
    for key in entry:
        if str(key) not in _KEYS:
            raise unknown("key", key, _KEYS, place=place)
    traded = _flag(given.get("traded", True), place)
    if traded and "".join(filter(str.isalnum, name.lower())) in _RATES:
        raise DataError(
            f"'{name}' is among the factors as a traded one, and has the name of the risk-free rate.",
            series=name,
            value=name,
            remedy=f"Give it as risk_free=factors[{name!r}], and factors.drop(columns={name!r}) as the factors.",
        )
    if not traded and "transform" not in given:
        raise SpecError(
            f"{place}: a factor that is not traded must say its transform.",
            place=f"{place}.transform",
            allowed=_TRANSFORMS,
            remedy=f"One of {', '.join(_TRANSFORMS)}: 'diff' for a rate, 'log_diff' for a positive level, "
            "'innovation' for what an AR(1) does not foresee, 'none' when it is a surprise already.",
        )
    transform = str(given.get("transform", "none"))
    if transform not in _TRANSFORMS:
        raise unknown("transform", transform, _TRANSFORMS, place=f"{place}.transform")
    default = "compound" if traded else ("sum" if transform == "none" else "last")
    aggregate = str(given.get("aggregate", default))
    if aggregate not in _AGGREGATES:
        raise unknown("aggregate", aggregate, _AGGREGATES, place=f"{place}.aggregate")
    if (traded or aggregate == "compound") and (transform, aggregate) != ("none", "compound"):
        raise SpecError(
            f"{place}: returns are compounded and not transformed, but transform is '{transform}' and "
            f"aggregate is '{aggregate}'.",
            place=place,
            found=(transform, aggregate),
            allowed=("none", "compound"),
            remedy="Say traded=False and how the series becomes one value per period, or leave both out.",
        )
    return Factor(
        name=name,
        traded=traded,
        family=_free(str(given.get("family", _default_family(name, traded))), "family"),
        transform=transform,  # type: ignore[arg-type]
        lag=_lag(given.get("lag", 0), place),
        aggregate=aggregate,  # type: ignore[arg-type]
        description=str(given.get("description", "")),
        members=_members(given.get("members", ()), place),
        shares_price=_flag(given.get("shares_price", False), place, "shares_price"),
    )


def read_factor_info(factor_info: Any, names: list[str]) -> tuple[Factor, ...]:
    """Return what is known about each factor, in the order of `names`."""
    if factor_info is None:
        return tuple(make_factor(name, {}) for name in names)
    table = entries_of(factor_info, "factor_info")
    for extra in table:
        if extra not in names:
            raise DataError(
                f"factor_info has '{extra}', which is not among the factors.",
                series=extra,
                remedy=nearest(extra, names),
            )
    for name in names:
        if name not in table:
            raise DataError(
                f"factor_info says nothing about '{name}'.",
                series=name,
                remedy=f"Add '{name}' (traded or not, and its transform), or drop it from factors.",
            )
        if not isinstance(table[name], dict):
            raise SpecError(
                f"factor_info['{name}'] is {table[name]!r}, not a dict.",
                place=f"factor_info['{name}']",
                found=table[name],
                allowed=_KEYS,
            )
    return tuple(make_factor(name, table[name]) for name in names)


def read_groups(asset_info: Any, names: list[str]) -> list[str]:
    """Return the group of each asset, in the order of `names`; assets that are not in `names` are ignored."""
    if asset_info is None:
        return ["all"] * len(names)
    table = entries_of(asset_info, "asset_info")
    groups = []
    for name in names:
        if name not in table:
            raise DataError(
                f"asset_info says nothing about '{name}'.",
                series=name,
                remedy=f"Give its group, or drop it from returns. {nearest(name, table)}",
            )
        entry = table[name]
        if isinstance(entry, dict) and "group" not in entry:
            raise SpecError(
                f"asset_info has no 'group' for '{name}' (found: {', '.join(map(str, entry)) or 'nothing'}).",
                place=f"asset_info['{name}']",
                found=tuple(map(str, entry)),
                allowed=("group",),
                remedy="Name the column of groups 'group'.",
            )
        group = entry["group"] if isinstance(entry, dict) else entry
        if not _present(group) or not str(group).strip():
            raise DataError(f"asset_info gives '{name}' no group.", series=name, value=group, remedy="Name one.")
        groups.append(str(group))
    return groups
