"""How much top-level quantities depend on the priors: they are made a little stronger by power scaling."""

import warnings

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.posterior.diagnostics import Check, cannot
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import thin
from bayesfactor.posterior.schema import shared

MOST_DRAWS = 1000
OF_PRIORS = "share of parameters sensitive to the prior"  # how this check is called
SENSITIVE = 0.05  # of power scaling: Kallioinen et al. (2024)


def check_of_priors(fit: Fit, sensitivity: pd.DataFrame) -> Check:
    """Return the check of how many parameters are sensitive to the prior, which only informs."""
    name = OF_PRIORS
    if "log_prior" not in fit.data.children:
        return cannot(name, 0.1, "no log_prior")
    worst = str(sensitivity["prior"].idxmax()) if sensitivity["prior"].notna().any() else ""
    return Check(
        name, None, float((sensitivity["prior"] > SENSITIVE).mean()), 0.1, worst,
        "These quantities depend on their priors: say so, or justify the priors.", ".sensitivity",
    )  # fmt: skip


def sensitivity_to_priors(fit: Fit) -> pd.DataFrame:
    """Return the power-scaling sensitivity of every top-level quantity to the prior, largest first."""
    draws = thin(fit, MOST_DRAWS)
    names = list(shared(draws, None if fit.model is None else fit.model.noise))
    if "log_prior" not in fit.data.children:
        return pd.DataFrame({"prior": np.nan}, index=pd.Index(names, name="quantity"))
    from arviz_stats import psense

    prior = fit.data["log_prior"].to_dataset().sel(draw=draws["draw"])
    tree = xr.DataTree.from_dict({"posterior": _varying(draws[names]), "log_prior": prior})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the tails of weights when there are few draws
        try:
            found = psense(tree, group="prior")
        except ValueError:  # draws that do not vary have no weights to smooth
            return pd.DataFrame({"prior": np.nan}, index=pd.Index(names, name="quantity"))
    values = {label: value for name in found.data_vars for label, value in _labelled(found[name], str(name))}
    return pd.DataFrame({"prior": values}).rename_axis("quantity").sort_values("prior", ascending=False)


def _varying(draws: xr.Dataset) -> xr.Dataset:
    """Return draws without rates and reliabilities that are fixed, which no prior moves."""
    kept = {}
    for name in ("inclusion_rate", "reliability"):
        if name in draws:
            fixed = (draws[name] == draws[name].isel(chain=0, draw=0)).all(("chain", "draw"))
            kept[name] = draws[name].isel(factor=np.flatnonzero(~fixed.values)).rename(factor=f"factor of {name}")
    varying = {name: array for name, array in kept.items() if array.size}
    return draws.drop_vars(list(kept)).assign(varying)


def _labelled(array: xr.DataArray, name: str) -> list[tuple[str, float]]:
    if not array.dims:
        return [(name, float(array))]
    stacked = array.stack(item=array.dims)
    keys = stacked["item"].to_index()
    return [
        (f"{name}[{', '.join(map(str, key if isinstance(key, tuple) else (key,)))}]", float(value))
        for key, value in zip(keys, stacked.values, strict=True)
    ]
