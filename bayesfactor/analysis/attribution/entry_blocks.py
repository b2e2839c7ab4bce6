"""What is held, some entries at a time, so that no more than their answers is in memory as a whole."""

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from bayesfactor.posterior.blocks import NUMBERS

ENTRY = "entry"  # what a mix of assets is called where single assets are of the same dimension

type Held = tuple[xr.DataArray, xr.Dataset, xr.DataArray | None]
"""Weights, variables of the assets that these are of, and direct loadings."""


def held_blocks(weights: xr.DataArray, values: xr.Dataset, direct: xr.DataArray | None) -> Iterator[Held]:
    """Yield what is held in blocks: some assets each, and what mixes them at once; of draws on disk all at once.

    Parameters
    ----------
    weights : DataArray
        As `holdings` returns them.
    values : Dataset
        Variables of a posterior, ``loading`` among them.
    direct : DataArray (asset or group, factor) or None
        Loadings besides those of the weights.
    """
    loading, unit = values["loading"], str(weights.dims[0])
    if loading.chunks is not None:
        yield weights, values, direct
        return
    single = loading.sizes["asset"] if unit == "asset" else 0
    step = max(1, NUMBERS * loading.sizes["asset"] // loading.size)
    for start in range(0, single, step):
        own = slice(start, min(start + step, single))
        some = values.isel(asset=own)
        ones = xr.DataArray(np.ones(some.sizes["asset"]), {"asset": some["asset"].values}, ("asset",))
        yield ones, some, None if direct is None else direct.isel(asset=own)
    if weights.ndim > 1 and weights.sizes[unit] > single:
        rest = {unit: slice(single, None)}
        mixed = weights.isel(rest).rename({unit: ENTRY})
        yield mixed, values, None if direct is None else direct.isel(rest).rename({unit: ENTRY})


def in_blocks(
    weights: xr.DataArray,
    values: xr.Dataset,
    direct: xr.DataArray | None,
    each: Callable[[xr.DataArray, xr.Dataset, xr.DataArray | None], xr.DataArray],
) -> xr.DataArray:
    """Return what a function returns of all that is held (chain, draw, entry, source), from its answers for blocks."""
    if values["loading"].chunks is not None:
        return each(weights, values, direct)
    unit, start, found = str(weights.dims[0]), 0, None
    labels = {"chain": values["chain"].values, "draw": values["draw"].values, unit: weights[unit].values}
    for some, own, besides in held_blocks(weights, values, direct):
        answer = each(some, own, besides).transpose("chain", "draw", some.dims[0], "source")
        if found is None:
            labels["source"] = answer["source"].values
            found = np.empty([len(names) for names in labels.values()])
        end = start + answer.shape[2]
        found[:, :, start:end], start = answer.values, end
    return xr.DataArray(found, labels, tuple(labels))
