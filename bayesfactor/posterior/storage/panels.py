"""A panel as groups and attributes of a saved fit."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.fingerprints import VERSION, fingerprint
from bayesfactor.panel.moments import Moments
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.records import Calendar, Factor, Note


def panel_groups(panel: PanelBase) -> dict[str, xr.Dataset]:
    """Return the panel as the groups ``observed_data`` and ``constant_data``."""
    factors = panel.factors.rename(time="factor_time")
    constant = xr.Dataset({"factors": factors, "group_of": ("asset", panel.groups.values.astype(str))})
    return {
        "observed_data": _observed(panel),
        "constant_data": constant.assign_coords(asset=panel.groups["asset"].values),
    }


def _observed(panel: PanelBase) -> xr.Dataset:
    """Return the returns, or their statistics."""
    if not isinstance(panel, PanelStatistics):
        return xr.Dataset({"returns": require_returns(panel).returns})
    coefficient, sums = ["alpha", *(f"loading {name}" for name in panel.factor_names)], panel.moments
    return xr.Dataset(
        {
            "xx": (("coefficient", "coefficient_other", "asset"), sums.xx),
            "xy": (("coefficient", "asset"), sums.xy),
            "yy": ("asset", sums.yy),
            "count": ("asset", sums.count),
            "first": ("asset", panel.first.values),
            "last": ("asset", panel.last.values),
            "observed": ("factor_time", panel.observed.values),
        },
        coords={"coefficient": coefficient, "asset": panel.groups["asset"].values},
    )


def panel_attributes(panel: PanelBase) -> dict[str, str]:
    """Return what a panel knows beside its numbers, as texts."""
    return {
        "calendar": json.dumps(asdict(panel.calendar)),
        "factor_info": json.dumps([asdict(factor) for factor in panel.factor_info]),
        "notes": json.dumps([asdict(note) for note in panel.notes]),
        "panel_fingerprint": panel.fingerprint,
        "panel_fingerprint_version": str(VERSION),
    }


def check_labels(posterior: xr.Dataset, panel: Panel | PanelStatistics) -> None:
    """Refuse draws that are not labelled as the panel is."""
    for dim, names in {
        "asset": panel.assets,
        "factor": panel.factor_names,
        "factor_other": panel.factor_names,
        "group": panel.group_names,
    }.items():
        if dim in posterior.sizes and (dim not in posterior or tuple(map(str, posterior[dim].values)) != names):
            raise ValueError(f"the labels '{dim}' of the draws are not those of the panel")


def panel_of(tree: xr.DataTree) -> Panel | PanelStatistics:
    """Return the panel of which `panel_groups` and `panel_attributes` are the groups and attributes.

    Raises
    ------
    ValueError
        When it is not the panel that was written.
    """
    constant = tree["constant_data"].to_dataset()
    groups = constant["group_of"].astype(str).drop_vars([c for c in constant["group_of"].coords if c != "asset"])
    known: dict[str, Any] = {
        "factors": _texts(constant["factors"].rename(factor_time="time"), "factor"),
        "factor_info": tuple(map(_factor, json.loads(tree.attrs["factor_info"]))),
        "groups": _texts(groups.copy(data=np.array(groups.values.tolist(), dtype=object)), "asset"),
        "calendar": Calendar(**json.loads(tree.attrs["calendar"])),
        "notes": tuple(Note(**item) for item in json.loads(tree.attrs["notes"])),
    }
    panel: Panel | PanelStatistics
    observed = tree["observed_data"].to_dataset()
    if "returns" in observed:
        panel = Panel(returns=_texts(observed["returns"], "asset"), **known)
    else:
        panel = PanelStatistics(
            moments=Moments(*(observed[name].values for name in ("xx", "xy", "yy", "count"))),
            observed=known["factors"]["time"].copy(data=observed["observed"].values.astype(bool)),
            first=_texts(observed["first"], "asset"),
            last=_texts(observed["last"], "asset"),
            **known,
        )
    version = int(tree.attrs.get("panel_fingerprint_version", 1))  # fits of format 1 do not say it
    if fingerprint(panel, panel.numbers(), version) != tree.attrs["panel_fingerprint"]:
        raise ValueError("the data in it are not those that were fitted")
    return panel


def _factor(item: dict[str, Any]) -> Factor:
    """Return a factor from what was written of it; older files say nothing of members."""
    return Factor(**(item | {"members": tuple(item.get("members", ()))}))


def _texts(array: xr.DataArray, dim: str) -> xr.DataArray:
    """Return the array with plain Python texts for labels, whatever the file format made of them."""
    return array.assign_coords({dim: np.array([str(name) for name in array[dim].values], dtype=object)})
