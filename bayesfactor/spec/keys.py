"""Priors by factor: keyed by its name, its family, or whether it is traded."""

from typing import TypeVar

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.records import Factor

GENERAL = ("traded", "non-traded")  # keys of priors beside names and families
FAMILIES = (
    "market",
    "style",
    "rates",
    "credit",
    "volatility",
    "currency",
    "commodity",
    "on-chain",
    "liquidity",
    "other",
)
T = TypeVar("T")
Keyed = tuple[tuple[str, T], ...]


def lookup[P](priors: Keyed[P], factor: Factor) -> P | None:
    """Return the prior for a factor, by name, family, traded or non-traded, or ``default``; None without one."""
    table = dict(priors)
    for key in (factor.name, factor.family, GENERAL[not factor.traded], "default"):
        if key in table:
            return table[key]
    return None


def keyed[P](priors: Keyed[P], factor: Factor, *, place: str) -> P:
    """Return the prior for a factor: by name, else by family, else as traded or non-traded, else ``default``."""
    found, table = lookup(priors, factor), dict(priors)
    if found is not None:
        return found
    raise SpecError(
        f"{place}: no prior for factor '{factor.name}' of family '{factor.family}'.",
        place=place,
        found=factor.name,
        allowed=tuple(table),
        remedy=f"Add one named '{factor.family}' or 'default'.",
    )
