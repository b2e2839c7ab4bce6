"""Hashes that tell whether a panel is the one that was fitted, written field by field.

A version lists the fields that it hashes. A field that a later version adds to a class is not among those of an earlier
one, so that a fit that was saved then is still known by its fingerprint.
"""

import hashlib
import json
from collections.abc import Iterable

from bayesfactor.panel.records import PanelFacts

VERSION = 2
_FACTOR = ("name", "traded", "family", "transform", "lag", "aggregate", "description")
_CALENDAR = ("frequency", "periods_per_year")


class _Written(str):
    """A text that is printed as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _printed(kind: str, item: object, fields: Iterable[str]) -> _Written:
    """Write an object as Python prints a dataclass of that name and these fields."""
    values = ", ".join(f"{name}={getattr(item, name)!r}" for name in fields)
    return _Written(f"{kind}({values})")


def _labels(panel: PanelFacts, version: int) -> bytes:
    """Write everything that a fit depends on beside numbers and times."""
    groups = panel.groups.values.tolist()
    if version == 1:  # of fits of format 1
        factors = tuple(_printed("Factor", factor, _FACTOR) for factor in panel.factor_info)
        return repr((panel.assets, factors, tuple(groups), _printed("Calendar", panel.calendar, _CALENDAR))).encode()
    known = {
        "assets": list(panel.assets),
        "groups": groups,
        "factors": [{name: getattr(factor, name) for name in _FACTOR} for factor in panel.factor_info],
        "calendar": {name: getattr(panel.calendar, name) for name in _CALENDAR},
    }
    return json.dumps(known, sort_keys=True).encode()


def fingerprint(panel: PanelFacts, numbers: Iterable[bytes], version: int = VERSION) -> str:
    """Return 16 hexadecimal digits that change with any of a panel's `numbers` (and times) or labels."""
    digest = hashlib.sha256()
    for part in numbers:
        digest.update(part)
    digest.update(_labels(panel, version))
    return digest.hexdigest()[:16]
