"""One run of the No-U-Turn sampler, whole or not at all."""

import os
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.base.progress import progress
from bayesfactor.posterior.sampler import Sampler

FEW_ASSETS, ACCEPT_FEW, ACCEPT_MANY = 30, 0.9, 0.75  # rates of acceptance with fewer assets than that, and with more
ACCEPT_FREE = 0.85  # with more, whose residual factors may be rotated: trajectories are twice as long
STATISTICS = (
    "diverging",
    "energy",
    "logp",
    "n_steps",
    "depth",
    "maxdepth_reached",
    "step_size",
    "step_size_bar",
    "mean_tree_accept",
)  # of the sampler's record: what checks and ArviZ read


def cores(sampler: Sampler) -> int:
    """Return how many chains run at once."""
    return min(sampler.chains, sampler.cores or os.cpu_count() or 1)


def sample(compiled: Any, sampler: Sampler, assets: int, rotates: bool = False) -> xr.DataTree:
    """Run the sampler on a compiled density; refuse anything but every draw that was asked for.

    Parameters
    ----------
    compiled : nutpie.CompiledModel
    sampler : Sampler
    assets : int
        Number of assets.
    rotates : bool
        Whether several residual factors are sampled.

    Returns
    -------
    DataTree
        Groups ``posterior`` and ``sample_stats``, the second with `STATISTICS` only.
    """
    import nutpie

    total = sampler.chains * (sampler.draws + sampler.tune)
    of_many = ACCEPT_FREE if rotates else ACCEPT_MANY
    with progress(sampler.progress, total) as report:
        try:
            tree = nutpie.sample(
                compiled,
                draws=sampler.draws,
                tune=sampler.tune,
                chains=sampler.chains,
                cores=cores(sampler),
                seed=sampler.seed,
                target_accept=sampler.target_accept or (ACCEPT_FEW if assets < FEW_ASSETS else of_many),
                save_warmup=False,
                progress_bar=False,
                progress_callback=report,
            )
        except (RuntimeError, ValueError) as error:
            if "no results" in str(error):  # interrupted so late that the sampler had stopped by itself
                raise FitError("Sampling was interrupted.", remedy="Run it again to the end.") from None
            raise FitError(
                f"Sampling failed: {str(error).splitlines()[0]}.",
                remedy="Look at panel.describe() for series of extreme size, and at the model's priors.",
            ) from error
    posterior, statistics = tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()[list(STATISTICS)]
    have, whole = (posterior.sizes["chain"], posterior.sizes["draw"]), _made(posterior)
    if have != (sampler.chains, sampler.draws) or not whole.all():
        raise FitError(
            f"Sampling was interrupted: {int(whole.sum())} of {sampler.chains * sampler.draws} draws were made.",
            remedy="Run it again to the end; a short run is not returned.",
        )
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": statistics})


def _made(posterior: xr.Dataset) -> np.ndarray:
    """Return which draws were made (chain, draw): a chain that stopped early is padded with NaN."""
    lost = np.ones((posterior.sizes["chain"], posterior.sizes["draw"]), dtype=bool)
    for array in posterior.data_vars.values():
        lost &= ~np.isfinite(array.values).all(axis=tuple(range(2, array.ndim)))
        if not lost.any():
            break
    return ~lost
