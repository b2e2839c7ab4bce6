"""Where the numbers of a problem stand: sizes, blocks of theta, and priors, as the compiled density reads them.

Each record is written once. Filled with numbers or arrays, by keyword, it is what is packed; filled with 0, 1, ... it
says where its names stand: to the compiler, the position in `scalars[SCALAR.alpha_sd]` is a constant.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bayesfactor.spec.alphas import (
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
)
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings

GROUPED, FREE, COMMON = 0, 1, 2  # kinds of loadings
KINDS: Mapping[type, int] = {GroupedLoadings: GROUPED, FreeLoadings: FREE, CommonLoadings: COMMON}

# the choices whose law `hierarchy.forward` has: listed, as a new one is not covered until its law is written there
HIERARCHY: Mapping[str, tuple[type, ...]] = {
    "loadings": (GroupedLoadings, FreeLoadings, CommonLoadings),
    "alpha": (ZeroAlpha, ShrunkAlpha, ScaledAlpha, SharpeAlpha, AppraisalAlpha, FreeAlpha),
    "zero_beta": (NoZeroBeta, FreeZeroBeta),
    "factors": (FactorLaw,),
}


class Sizes[T](NamedTuple):
    """How many assets, factors, groups and non-traded factors there are; and the kind of loadings."""

    assets: T
    factors: T  # with residual factors, which come last
    groups: T
    others: T
    loadings: T
    residual: T  # residual factors


class Blocks[T](NamedTuple):
    """The blocks of theta, in its order; names are those of the PyMC graph's value variables."""

    factor_mean_z: T
    premium_z: T
    loading_mean_z: T
    loading_common_z: T
    loading_scale_z: T
    alpha_scale_z: T
    log_sigma_mean_z: T
    log_sigma_scale_z: T
    log_sigma_z: T
    dof_z_log__: T
    coefficient_z: T
    zero_beta_z: T
    residual_loading_z: T


class Scalars[T](NamedTuple):
    """The priors' single numbers; names are those of what `graph_data` returns."""

    alpha_loc: T
    alpha_sd: T
    alpha_unit: T
    level_loc: T
    level_sd: T
    level_spread: T
    resolution: T
    dof_mean: T
    dof_above: T
    zero_beta_loc: T
    zero_beta_sd: T


class Prior[T](NamedTuple):
    """Views into the buffer of a problem: sizes, where each block of theta starts, and the priors' numbers."""

    size: T  # `Sizes`
    offset: T  # `Blocks`: the first element of each in theta; -1 if absent
    group_of: T
    non_traded: T  # indices of the non-traded factors
    loading_loc: T
    loading_sd: T
    loading_spread: T
    loading_floor: T  # least spread of loadings
    loading_unit: T  # 1 where the spread is in units of sigma_i
    mean_mask: T  # (factor, padded asset), flat: 0 where a loading has no mean, and no spread, 1 elsewhere
    sd_mask: T
    scalars: T  # `Scalars`
    mean_loc: T
    mean_sd: T
    premium_loc: T
    premium_sd: T
    factor_mean_start: T  # most likely factor means
    factor_mean_unit: T  # their standard errors
    factor_precision: T  # (term, factor, factor), flat
    log_sigma_start: T  # padded, as is the next
    log_sigma_variance: T
    is_asset: T  # 1 for an asset, 0 for padding
    premium_blend: T  # (factor): near 1 where the prior is more informative on the premium than the data
    premium_inclusion: T  # probability of the slab; 1 where a premium has a normal prior
    premium_spike: T  # variance of the spike over that of the slab
    factor_centre: T  # (term, factor), flat: mean of a span of the factors' history, less `factor_mean_start`
    factor_count: T  # (term): number of dates
    factor_power: T  # (term)


type PriorArrays = Prior[np.ndarray]
SIZE = Sizes(*range(len(Sizes._fields)))
AT = Blocks(*range(len(Blocks._fields)))
SCALAR = Scalars(*range(len(Scalars._fields)))
PRIOR = Prior(*range(len(Prior._fields)))  # slots of the buffer; those after it are the noise law's own
