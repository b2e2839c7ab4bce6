"""Hashes by which a panel is recognised as the one that was fitted, made field by field.

Each version lists the fields that it hashes, so that a field added to a class later does not change the fingerprints of
fits that were saved before.
"""

import hashlib
import json
from collections.abc import Iterable

from bayesfactor.panel.records import PanelFacts

VERSION = 2
_FACTOR = ("name", "traded", "family", "transform", "lag", "aggregate", "description")
_CALENDAR = ("frequency", "periods_per_year")


class _Verbatim(str):
    """A text whose repr is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _repr(kind: str, item: object, fields: Iterable[str]) -> _Verbatim:
    """Return the repr of a dataclass of that name with these fields."""
    values = ", ".join(f"{name}={getattr(item, name)!r}" for name in fields)
    return _Verbatim(f"{kind}({values})")


def _labels(panel: PanelFacts, version: int) -> bytes:
    """Serialise the labels and descriptions on which a fit depends."""
    groups = panel.groups.values.tolist()
    if version == 1:  # of fits of format 1
        factors = tuple(_repr("Factor", factor, _FACTOR) for factor in panel.factor_info)
        return repr((panel.assets, factors, tuple(groups), _repr("Calendar", panel.calendar, _CALENDAR))).encode()
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
