"""Factors of a panel as a model uses them: second series of the same thing, and priors that they cannot have."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.records import Factor
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.keys import keyed
from bayesfactor.spec.priors import SpikeSlab


def proxy_names(law: FactorLaw, factors: Sequence[Factor], panel: PanelBase, place: str) -> dict[str, str]:
    """Return, for each of the factors that has one, the name of the second series that measures it.

    Raises
    ------
    SpecError
        When the panel has no factor of that name, or one would serve two factors or itself.
    """
    named = {error.proxy for _, error in law.error if error.proxy}
    found: dict[str, str] = {}
    for factor in factors:
        error = None if factor.name in named else law.error_of(factor)
        if error is None or not error.proxy:
            continue
        if error.proxy not in panel.factor_names:
            raise unknown("factor", error.proxy, panel.factor_names, place=f"{place}: proxy of '{factor.name}'")
        if error.proxy in found.values():
            raise _misused(error.proxy, f"is the proxy of '{factor.name}' and of another factor", place)
        found[factor.name] = error.proxy
    for factor in factors:
        if factor.name in named - set(found.values()) and law.error_of(factor) is not None:
            raise _misused(factor.name, "is the proxy of no other factor, and has an error of its own", place)
    return found


def _misused(proxy: str, what: str, place: str) -> SpecError:
    return SpecError(
        f"{place}: '{proxy}' {what}.",
        place=place,
        found=proxy,
        allowed=("a second series of one factor",),
        remedy="Key errors with a proxy by the name of the factor, each with a series of its own.",
    )


def check_premium(law: FactorLaw, factor: Factor, place: str) -> None:
    """Raise a SpecError for a traded factor with a spike and slab on its premium."""
    if factor.traded and isinstance(keyed(law.premium, factor, place=place), SpikeSlab):
        raise SpecError(
            f"{place}: a spike and slab is for non-traded factors, and '{factor.name}' is traded.",
            place=place,
            found=factor.name,
            allowed=("Normal",),
            remedy="A traded factor is paid its own mean: key the spike and slab 'non-traded', and add a Normal "
            "prior as 'default'.",
        )


def check_error(law: FactorLaw, factor: Factor, place: str) -> None:
    """Raise a SpecError for a factor whose error its risk premium does not allow."""
    error = law.error_of(factor)
    if error is None:
        return
    if factor.traded and not error.unbiased:
        raise SpecError(
            f"{place}: '{factor.name}' is traded, and its observed mean is its risk premium only where its error has "
            "mean 0.",
            place=place,
            found=factor.name,
            allowed=("non-traded factors", "unbiased = true"),
            remedy="Write unbiased = true if it has, or key the error 'non-traded'.",
        )
    if isinstance(keyed(law.premium, factor, place=place), SpikeSlab):
        raise SpecError(
            f"{place}: a factor with error has no spike and slab on its premium, and '{factor.name}' has.",
            place=place,
            found=factor.name,
            allowed=("Normal",),
            remedy=f"Give '{factor.name}' a Normal prior in factors.premium.",
        )


def check_equal_histories(panel: PanelBase, names: Sequence[str], proxies: dict[str, str], place: str) -> None:
    """Raise a SpecError for a factor, or a proxy, that begins after other factors of the model."""
    known = np.isfinite(panel.factors.sel(factor=[*names, *proxies.values()]).values)
    rows = known[known[:, : len(names)].any(axis=1)]
    for name, column in zip([*names, *proxies.values()], rows.T, strict=True):
        if not column.all():
            raise SpecError(
                f"{place}: '{name}' has {int(column.sum())} values and other factors {len(rows)}; where a factor has "
                "error, all begin on one date.",
                place=place,
                found=name,
                allowed=("histories of one length",),
                remedy=f"Cut the other factors to the dates of '{name}', or leave '{name}' out.",
            )
