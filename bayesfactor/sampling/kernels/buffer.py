"""Every number of a problem in one array of doubles: a header with the bounds of its slots, then the slots.

The same compiled function serves every panel and every set of priors, so that nothing is compiled for a new fit.
"""

from collections.abc import Iterable

import numpy as np

from bayesfactor.base.jit import jit_alloc
from bayesfactor.sampling.kernels.prior import PRIOR, Prior, PriorArrays

SLOTS = 96  # size of the header: elements 2 s and 2 s + 1 hold where slot s starts and ends; the last one the size
CACHE_LINE = 8  # doubles in a cache line


def aligned_buffer(slots: Iterable[np.ndarray]) -> np.ndarray:
    """Return one buffer of a header and the slots, each aligned to a cache line."""
    parts = list(slots)
    assert 2 * len(parts) < SLOTS, "more slots than the header holds"
    sizes = [np.size(values) for values in parts]
    starts = SLOTS + np.cumsum([0, *(-(-size // CACHE_LINE) * CACHE_LINE for size in sizes)])
    space = np.zeros(int(starts[-1]) + CACHE_LINE)
    first = -space.ctypes.data % (8 * CACHE_LINE) // 8
    buffer = space[first : first + int(starts[-1])]
    buffer[: 2 * len(parts)] = np.column_stack([starts[:-1], starts[:-1] + sizes]).ravel()
    for start, size, values in zip(starts, sizes, parts, strict=False):
        buffer[start : start + size] = np.ravel(values)
    buffer[SLOTS - 1] = buffer.size
    return buffer


def aligned_copy(buffer: np.ndarray) -> np.ndarray:
    """Return a copy of a buffer that starts at a cache line too."""
    space = np.zeros(buffer.size + CACHE_LINE)
    first = -space.ctypes.data % (8 * CACHE_LINE) // 8
    copied = space[first : first + buffer.size]
    copied[:] = buffer
    return copied


@jit_alloc
def view(buffer: np.ndarray, slot: int) -> np.ndarray:
    """Return one slot of a buffer, without a copy."""
    return buffer[int(buffer[2 * slot]) : int(buffer[2 * slot + 1])]


@jit_alloc
def prior_views(b: np.ndarray) -> PriorArrays:
    """Return the slots of a buffer that all noise laws share."""
    return Prior(
        size=view(b, PRIOR.size),
        offset=view(b, PRIOR.offset),
        group_of=view(b, PRIOR.group_of),
        non_traded=view(b, PRIOR.non_traded),
        loading_loc=view(b, PRIOR.loading_loc),
        loading_sd=view(b, PRIOR.loading_sd),
        loading_spread=view(b, PRIOR.loading_spread),
        loading_floor=view(b, PRIOR.loading_floor),
        loading_unit=view(b, PRIOR.loading_unit),
        mean_mask=view(b, PRIOR.mean_mask),
        sd_mask=view(b, PRIOR.sd_mask),
        scalars=view(b, PRIOR.scalars),
        mean_loc=view(b, PRIOR.mean_loc),
        mean_sd=view(b, PRIOR.mean_sd),
        premium_loc=view(b, PRIOR.premium_loc),
        premium_sd=view(b, PRIOR.premium_sd),
        factor_mean_start=view(b, PRIOR.factor_mean_start),
        factor_mean_unit=view(b, PRIOR.factor_mean_unit),
        factor_precision=view(b, PRIOR.factor_precision),
        log_sigma_start=view(b, PRIOR.log_sigma_start),
        log_sigma_variance=view(b, PRIOR.log_sigma_variance),
        is_asset=view(b, PRIOR.is_asset),
        premium_blend=view(b, PRIOR.premium_blend),
        premium_inclusion=view(b, PRIOR.premium_inclusion),
        premium_spike=view(b, PRIOR.premium_spike),
        factor_centre=view(b, PRIOR.factor_centre),
        factor_count=view(b, PRIOR.factor_count),
        factor_power=view(b, PRIOR.factor_power),
    )
