"""Draws meet their panel by label: brought to its order, or refused."""

from collections.abc import Sequence

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase

DIMENSIONS = {
    "loading": ("asset", "factor"),
    "alpha": ("asset",),
    "sigma": ("asset",),
    "risk_premium": ("factor",),
    "factor_mean": ("factor",),
    "factor_cov": ("factor", "factor_other"),
}  # that a variable must have, by name
SHOWN = 3


def align(tree: xr.DataTree, panel: PanelBase) -> xr.DataTree:
    """Return the tree with its posterior in the order of the panel's assets, factors and groups.

    Draws that are in that order already stay as they are, on disk or in memory; the tree given is never changed.

    Raises
    ------
    FitError
        When there is no posterior, or a dimension of it has no labels, the same one twice, or others than the panel.
    """
    if not isinstance(tree, xr.DataTree) or "posterior" not in tree.children:
        raise FitError(
            f"Fit: data is a {type(tree).__name__}{' without a group posterior' * isinstance(tree, xr.DataTree)}.",
            remedy='Give an xarray DataTree whose group "posterior" holds the draws.',
        )
    posterior = tree["posterior"].to_dataset()
    _check_dimensions(posterior)
    factors = panel.factors["factor"].values.tolist()
    wanted = {"asset": panel.assets, "factor": factors, "factor_other": factors, "group": panel.group_names}
    ordered = posterior
    for dim, names in wanted.items():
        if dim in posterior.sizes:
            ordered = _in_order(ordered, dim, names)
    if ordered is posterior:
        return tree
    children = {str(name): node.copy() for name, node in tree.children.items()}
    children["posterior"].dataset = ordered
    return xr.DataTree(xr.Dataset(attrs=tree.attrs), children)


def _check_dimensions(posterior: xr.Dataset) -> None:
    """Refuse a variable without one of the dimensions that it is known by."""
    for name, dims in DIMENSIONS.items():
        if name in posterior and not set(dims) <= set(posterior[name].dims):
            raise FitError(
                f"Fit: the draws of '{name}' have the dimensions {', '.join(map(str, posterior[name].dims))}.",
                remedy=f"Name them: {', '.join(('chain', 'draw', *dims))}.",
            )


def _in_order(posterior: xr.Dataset, dim: str, names: Sequence[str]) -> xr.Dataset:
    """Return the draws with the panel's labels along one dimension; the same object where they are so already."""
    own = next((str(name) for name, array in posterior.data_vars.items() if dim in array.dims), dim)
    if dim not in posterior.coords:
        raise FitError(
            f"Fit: the draws of '{own}' have no labels along '{dim}', so that nobody can say which is which.",
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
        remedy = f"Name them as the panel does{', ' + ways[what] if what in ways else ''}."
    return FitError(f"Fit: the draws of '{own}' along '{dim}' {', and '.join(said)}.", remedy=remedy)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
