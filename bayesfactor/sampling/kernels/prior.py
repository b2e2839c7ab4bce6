"""Where the numbers of a problem stand: sizes, blocks of theta, and priors, as the compiled density reads them."""

from typing import NamedTuple

import numpy as np

GROUPED, FREE, COMMON = 0, 1, 2  # kinds of loadings

# elements of `size`: how many assets, factors, groups, non-traded factors; and the kind of loadings
ASSETS, FACTORS, GROUPS, OTHERS, KIND = range(5)

# elements of `offset`: first elements of the blocks of theta, in the order of `density_problem.layout`
AT_FACTOR_MEAN, AT_PREMIUM, AT_LOADING_MEAN, AT_LOADING_SCALE, AT_ALPHA_SCALE, AT_LEVEL, AT_SPREAD = range(7)
AT_LOG_SIGMA, AT_DOF, AT_COEFFICIENT, AT_ZERO_BETA = range(7, 11)

# elements of `scalars`, and their names in what `graph_data` returns
ALPHA_LOC, ALPHA_SD, LEVEL_LOC, LEVEL_SD, LEVEL_SPREAD, DOF_MEAN, DOF_ABOVE = range(7)
ZERO_BETA_LOC, ZERO_BETA_SD, RESOLUTION, ALPHA_UNIT = range(7, 11)
SCALARS = (
    "alpha_loc", "alpha_sd", "level_loc", "level_sd", "level_spread", "dof_mean", "dof_above",
    "zero_beta_loc", "zero_beta_sd", "resolution", "alpha_unit",
)  # fmt: skip


class Prior(NamedTuple):
    """Views into the buffer of a problem: sizes, where each block of theta starts, and the priors' numbers."""

    size: np.ndarray  # in the order of ASSETS, FACTORS, ...
    offset: np.ndarray  # first element of each block of theta, in the order of `density_problem.layout`; -1 if absent
    group_of: np.ndarray
    non_traded: np.ndarray  # indices of the non-traded factors
    loading_loc: np.ndarray
    loading_sd: np.ndarray
    loading_spread: np.ndarray
    scalars: np.ndarray  # in the order of `SCALARS`
    mean_loc: np.ndarray
    mean_sd: np.ndarray
    premium_loc: np.ndarray
    premium_sd: np.ndarray
    factor_mean_start: np.ndarray  # most likely factor means
    factor_mean_unit: np.ndarray  # their standard errors
    factor_precision: np.ndarray  # (term, factor, factor), flat
    log_sigma_start: np.ndarray  # padded, as is the next
    log_sigma_variance: np.ndarray
    is_asset: np.ndarray  # 1 for an asset, 0 for padding
    premium_blend: np.ndarray  # (factor): near 1 where the prior is more informative on the premium than the data
    premium_inclusion: np.ndarray  # probability of the slab; 1 where a premium has a normal prior
    premium_spike: np.ndarray  # variance of the spike over that of the slab
    factor_centre: np.ndarray  # (term, factor), flat: mean of a span of the factors' history, less `factor_mean_start`
    factor_count: np.ndarray  # (term): number of dates
    factor_power: np.ndarray  # (term)
