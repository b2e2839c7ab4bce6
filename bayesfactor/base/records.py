"""Records whose arrays are copied on the way in and read-only."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import xarray as xr


@dataclass(frozen=True, eq=False)
class FrozenResult:
    """A frozen result whose labelled arrays are copied on the way in and read-only."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, xr.DataArray) or value.chunks is not None:  # draws on disk are read-only already
                continue
            if value.values.flags.writeable:  # a read-only array need not be copied
                copied = value.copy(deep=True)
                copied.values.flags.writeable = False
                object.__setattr__(self, field.name, copied)


def restore(record: object, state: dict[str, Any]) -> None:
    """Give a record its unpickled state, whose arrays are writeable until they are told not to be."""
    vars(record).update(state)
    for value in state.values():
        if isinstance(value, np.ndarray | xr.DataArray):
            np.asarray(value).flags.writeable = False


def frozen(array: xr.DataArray) -> xr.DataArray:
    """Return a copy that cannot be written to."""
    copied = array.copy(deep=True)
    copied.values.flags.writeable = False
    return copied


@dataclass(frozen=True, eq=False)
class FrozenArrays:
    """A frozen record whose numpy arrays are copied on the way in and read-only, also after unpickling."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                array = np.array(value, order="C")
                array.flags.writeable = False
                object.__setattr__(self, field.name, array)

    def __setstate__(self, state: dict[str, Any]) -> None:
        restore(self, state)
