"""A fit in which loadings may be out: synthetic draws around probabilities that are known."""

from dataclasses import replace

import numpy as np
import xarray as xr

import bayesfactor as bf
from tests.support.synthetic_draws import synthetic_draws


def sparse_draws(panel, free, *, centre=None, seed=0, **choices):
    """Return draws for a panel; loadings on the factors `free` may be out, with probabilities around `centre`."""
    draws, rng = synthetic_draws(panel, seed=seed, **choices), np.random.default_rng(seed)
    size = draws.sizes["chain"], draws.sizes["draw"]
    names, assets = list(panel.factor_names), list(panel.assets)
    if centre is None:
        centre = rng.uniform(0.05, 0.95, size=(len(assets), len(names)))
    odds = np.log(centre / (1 - centre)) + 0.4 * rng.standard_normal((*size, len(assets), len(names)))
    may = np.isin(names, free)
    probability = np.where(may, 1 / (1 + np.exp(-odds)), 1.0)
    rate = np.where(may, rng.beta(4, 6, size=(*size, len(names))), 1.0)
    found = {
        "inclusion_probability": (("chain", "draw", "asset", "factor"), probability),
        "inclusion_rate": (("chain", "draw", "factor"), rate),
    }
    return draws.assign(xr.Dataset(found, {"asset": assets, "factor": names}))


def sparse_model(**inclusion):
    """Return the preset `static` in which loadings may be out, by factor."""
    model = bf.read_model("static")
    return replace(model, loadings=replace(model.loadings, inclusion=tuple(inclusion.items())))


def sparse_fit(panel, **inclusion):
    """Return a fit of `sparse_model` to a panel."""
    return bf.from_draws(panel, sparse_draws(panel, list(inclusion), draws=200), sparse_model(**inclusion))
