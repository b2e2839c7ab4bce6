"""Draws one block of quantities at a time, so that draws on disk are never in memory as a whole."""

from collections.abc import Hashable, Iterator

import numpy as np
import xarray as xr

NUMBERS = 2**20  # of a block of draws that are in memory anyway
DRAWS = 64  # of which an array is turned at a time


def blocks[Draws: (xr.DataArray, xr.Dataset)](draws: Draws, dim: Hashable) -> Iterator[Draws]:
    """Yield the draws in memory, block after block along one dimension; where they are on disk, as they are stored.

    Parameters
    ----------
    draws : DataArray or Dataset
    dim : hashable
        Any dimension but chain and draw.
    """
    size = draws.sizes[dim]
    stored = draws.chunksizes.get(dim)
    if stored is None:
        step = max(1, NUMBERS * 8 * size // max(draws.nbytes, 1))
        stored = (step,) * (size // step) + ((size % step,) if size % step else ())
    start = 0
    for length in stored:
        yield draws.isel({dim: slice(start, start + length)}).compute()
        start += length


def by_quantity(values: np.ndarray) -> np.ndarray:
    """Return values (chain, draw, quantity) as a new array (quantity, chain, draw): a few draws at a time, in cache."""
    found = np.empty((values.shape[2], *values.shape[:2]))
    turned = np.moveaxis(values, 2, 0)
    for start in range(0, values.shape[1], DRAWS):
        found[:, :, start : start + DRAWS] = turned[:, :, start : start + DRAWS]
    return found


def rows(draws: xr.DataArray) -> Iterator[np.ndarray]:
    """Yield draws (chain, draw, ...) as new arrays (quantity, chain, draw), block by block, quantities in C order."""
    draws = draws.transpose("chain", "draw", ...)
    for block in blocks(draws, draws.dims[2]) if draws.ndim > 2 else [draws]:
        yield by_quantity(block.values.reshape(*block.shape[:2], -1))
