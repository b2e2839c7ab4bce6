"""Draws meet their panel by label: brought to its order, or refused."""

from collections.abc import Sequence
from difflib import get_close_matches

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase

SHOWN = 3


def in_order(posterior: xr.Dataset, panel: PanelBase) -> xr.Dataset:
    """Return draws in the order of the panel's assets, factors and groups; the same object where they are so already.

    Raises
    ------
    FitError
        When a dimension of them has no labels, the same one twice, or others than the panel.
    """
    ordered = posterior
    for dim, names in labels_of(panel).items():
        if dim in posterior.sizes:
            ordered = _in_order(ordered, dim, names)
    return ordered


def labels_of(panel: PanelBase) -> dict[str, tuple[str, ...]]:
    """Return the labels that the panel gives the dimensions of draws."""
    factors = tuple(panel.factors["factor"].values.tolist())
    return {"asset": panel.assets, "factor": factors, "factor_other": factors, "group": panel.group_names}


def disagreements(posterior: xr.Dataset, panel: PanelBase) -> list[FitError]:
    """Return, dimension by dimension, what `in_order` would refuse the draws for."""
    found = []
    for dim in set(labels_of(panel)) & set(posterior.sizes):
        try:
            _in_order(posterior, str(dim), labels_of(panel)[str(dim)])
        except FitError as error:
            found.append(error)
    return sorted(found, key=str)


def _in_order(posterior: xr.Dataset, dim: str, names: Sequence[str]) -> xr.Dataset:
    """Return the draws with the panel's labels along one dimension; the same object where they are so already."""
    own = next((str(name) for name, array in posterior.data_vars.items() if dim in array.dims), dim)
    if dim not in posterior.coords:
        raise FitError(
            f"Fit: the draws of '{own}' have no labels along '{dim}', so that they cannot be matched to the panel.",
            remedy=f"Say what they are, in their order: posterior.assign_coords({dim}=[...]).",
        )
    given = posterior[dim].values.tolist()
    if given == list(names):
        return posterior
    labels = [str(label) for label in given]
    places = {label: place for place, label in enumerate(labels)}
    if len(places) < len(labels):
        twice = next(label for place, label in enumerate(labels) if places[label] != place)
        raise FitError(
            f"Fit: the draws of '{own}' have the label '{twice}' twice along '{dim}'.", remedy="Keep one of them."
        )
    missing, other = [name for name in names if name not in places], [name for name in labels if name not in names]
    if missing or other:
        raise _strangers(own, dim, missing, other)
    ordered = posterior if labels == list(names) else posterior.isel({dim: [places[name] for name in names]})
    return ordered.assign_coords({dim: list(names)})


def _strangers(own: str, dim: str, missing: Sequence[str], other: Sequence[str]) -> FitError:
    """Return the error of draws that are of other assets, factors or groups than the panel has."""
    said = [f"lack {_named(missing)} of the panel"] if missing else []
    said += [f"have {_named(other)}, which the panel does not"] if other else []
    what = dim.removesuffix("_other")
    ways = {
        "asset": "or take the panel of those that have draws: panel.select(assets=[...])",
        "factor": "or take the panel of those that have draws: panel.select(factors=[...])",
    }
    if not missing:
        remedy = f"Leave these draws out: posterior.sel({dim}=[...])."
    else:
        near = [(label, close[0]) for label in other if (close := get_close_matches(label, missing, n=1))]
        hint = f"Is '{near[0][0]}' the panel's '{near[0][1]}'? " if near else ""
        remedy = f"{hint}Name them as the panel does{', ' + ways[what] if what in ways else ''}."
    return FitError(f"Fit: the draws of '{own}' along '{dim}' {', and '.join(said)}.", remedy=remedy)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
