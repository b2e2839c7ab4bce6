"""How uncertain premia are, and what of it comes from loadings, from premia of factors and from alphas."""

from functools import reduce
from operator import add

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.contributions import combined, loaded, of_premium, zero_beta_rate
from bayesfactor.analysis.attribution.entry_blocks import held_blocks
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.fit import Fit


def uncertainty(fit: Fit, held: Exposures) -> pd.DataFrame:
    """Split the posterior variance of each holding's premium by loadings, premia, alpha and interaction.

    With beta = E beta + b and lambda = E lambda + l, the premium is a constant + E beta' l + E lambda' b + alpha + b'l.
    The share of each part is its covariance with the premium over the premium's variance: they add up to 1, and one may
    be below 0, where a part offsets others.

    Returns
    -------
    DataFrame
        Index as the holdings; columns ``sd`` (a year), ``premia``, ``loadings``, ``alpha``, ``interaction`` (of
        loadings and premia), and ``zero_beta`` where the model has such a rate.
    """
    parts = []
    for weights, values, direct in held_blocks(held.weights, of_premium(fit.posterior), held.direct):
        some = xr.Dataset({"loading": loaded(weights, values["loading"], direct)})
        some["alpha"] = combined(weights, values["alpha"])
        if "zero_beta" in values:
            some["zero_beta"] = zero_beta_rate(values, weights)
        parts += [_uncertainty(block, values["risk_premium"]) for block in blocks(some, weights.dims[0])]
    table = pd.concat(parts).rename_axis(str(held.weights.dims[0]))
    table["sd"] *= fit.panel.periods_per_year
    table.attrs["units"] = "sd: decimal, per year; shares of the posterior variance"
    return table


def _uncertainty(held: xr.Dataset, paid: xr.DataArray) -> pd.DataFrame:
    """Return sd and shares of the premium of some holdings, whose loadings, alphas and zero-beta rate are in memory."""
    unit = next(dim for dim in held["alpha"].dims if dim not in ("chain", "draw"))
    values = {name: array.transpose("chain", "draw", unit, ...).values for name, array in held.data_vars.items()}
    premia = paid.transpose("chain", "draw", "factor").values
    centre, mean = values["loading"].mean(axis=(0, 1)), premia.mean(axis=(0, 1))
    away = premia - mean
    of_premia = away @ centre.T
    paid_by = values["loading"] @ np.stack([np.broadcast_to(mean, away.shape), away], axis=-1)  # at E lambda, and at l
    parts = {
        "premia": of_premia,
        "loadings": paid_by[..., 0],  # and a constant, which has no covariance
        "alpha": values["alpha"],
        "interaction": paid_by[..., 1] - of_premia,
    }
    if "zero_beta" in values:
        parts["zero_beta"] = values["zero_beta"]
    total = reduce(add, parts.values())
    total = total - total.mean(axis=(0, 1))
    variance = np.mean(total**2, axis=(0, 1))
    with np.errstate(invalid="ignore"):  # a premium that is certain has no shares
        shares = {name: np.mean(part * total, axis=(0, 1)) / variance for name, part in parts.items()}
    return pd.DataFrame({"sd": np.sqrt(variance), **shares}, index=held.indexes[unit])
