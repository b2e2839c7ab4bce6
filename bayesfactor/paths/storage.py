"""What moves as a group of a saved fit."""

from dataclasses import fields

import numpy as np
import xarray as xr

from bayesfactor.paths.factor_path import FactorPath
from bayesfactor.paths.movement import LoadingPaths, Movement
from bayesfactor.paths.volatility_path import CommonPath

PARTS = {"residuals": CommonPath, "factors": FactorPath, "loadings": LoadingPaths}


def movement_dataset(movement: Movement) -> xr.Dataset:
    """Return every number of what moves, by part and name."""
    found = {}
    for part in PARTS:
        record = getattr(movement, part)
        for field in () if record is None else fields(record):
            values = np.asarray(getattr(record, field.name))
            kept = values.astype("int8") if values.dtype == bool else values
            found[f"{part}_{field.name}"] = (tuple(f"{part}_{field.name}_{n}" for n in range(kept.ndim)), kept)
    return xr.Dataset(found)


def movement_of(dataset: xr.Dataset) -> Movement:
    """Return what moves from the dataset that `movement_dataset` made of it."""
    found = {}
    for part, cls in PARTS.items():
        own = {field.name: dataset.get(f"{part}_{field.name}") for field in fields(cls)}
        if any(values is not None for values in own.values()):
            found[part] = cls(**{name: _number(values.values) for name, values in own.items()})
    return Movement(**{part: found.get(part) for part in PARTS})


def _number(values: np.ndarray) -> object:
    return values if values.ndim else values.item()
