"""What moves as a group of a saved fit."""

from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.paths.factor_path import FactorPath
from bayesfactor.paths.movement import LoadingPaths, Movement
from bayesfactor.paths.volatility_path import CommonPath

PARTS = {"residuals": CommonPath, "factors": FactorPath, "loadings": LoadingPaths}
LABELLED = {
    "residuals_drift": ("residuals_time", "asset"),
    "residuals_next_drift": ("asset",),
    "residuals_coefficients": ("asset", "coefficient"),
    "residuals_level": ("asset",),
    "residuals_common": ("asset", "residuals_component"),
    "residuals_own": ("asset",),
}


def _labels(panel: PanelBase) -> dict[str, list[str]]:
    return {"asset": list(panel.assets), "coefficient": ["alpha", *(f"loading {name}" for name in panel.factor_names)]}


def movement_dataset(movement: Movement, panel: PanelBase) -> xr.Dataset:
    """Return every number of what moves on a panel, by part and name; what is of assets by their labels."""
    found = {}
    for part in PARTS:
        record = getattr(movement, part)
        for field in () if record is None else fields(record):
            if getattr(record, field.name) is None:
                continue
            name, values = f"{part}_{field.name}", np.asarray(getattr(record, field.name))
            kept = values.astype("int8") if values.dtype == bool else values
            found[name] = (LABELLED.get(name, tuple(f"{name}_{n}" for n in range(kept.ndim))), kept)
    whole = xr.Dataset(found)
    return whole.assign_coords({dim: names for dim, names in _labels(panel).items() if dim in whole.sizes})


def movement_of(dataset: xr.Dataset, panel: PanelBase) -> Movement:
    """Return what moves on a panel from the dataset that `movement_dataset` made of it, in the panel's order."""
    ordered = dataset.sel({dim: names for dim, names in _labels(panel).items() if dim in dataset.sizes})
    found: dict[str, Any] = dict.fromkeys(PARTS)
    for part, cls in PARTS.items():
        names = [field.name for field in fields(cls)]
        if f"{part}_{names[0]}" in ordered:
            found[part] = cls(
                **{name: _number(ordered[f"{part}_{name}"].values) for name in names if f"{part}_{name}" in ordered}
            )
    return Movement(**found)


def _number(values: np.ndarray) -> object:
    return values if values.ndim else values.item()
