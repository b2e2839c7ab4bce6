"""What the sampler's own record says about its draws: R-hat, effective draws, divergences, energy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from bayesfactor.posterior import Fit

R_HAT, ESS_PER_CHAIN, BFMI, LEAST_DRAWS, LEAST_CHAINS = 1.01, 100, 0.3, 1000, 4
DEEP = ("maxdepth_reached", "reached_max_treedepth")


@dataclass(frozen=True)
class Check:
    """One check of a fit.

    Attributes
    ----------
    name : str
    passed : bool or None
        None when the check only informs.
    value, limit : float
    worst : str
        The quantity that gave the value, where there is one.
    advice : str
        What to do about it.
    """

    name: str
    passed: bool | None
    value: float
    limit: float
    worst: str
    advice: str


def statistic(array: xr.DataArray, name: str, **options: object) -> np.ndarray:
    """Return ``ess``, ``rhat`` or ``mcse`` of draws (chain, draw, ...) by ArviZ, NaN where they do not vary."""
    from arviz_stats.base import array_stats

    values = array.transpose("chain", "draw", ...).values
    with np.errstate(all="ignore"):
        return np.asarray(getattr(array_stats, name)(values, chain_axis=0, draw_axis=1, **options))


def _label(array: xr.DataArray, place: int) -> str:
    dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
    if not dims:
        return str(array.name)
    index = np.unravel_index(place, [array.sizes[dim] for dim in dims])
    names = ", ".join(str(array[dim].values[i]) for dim, i in zip(dims, index, strict=True))
    return f"{array.name}[{names}]"


def _extremes(posterior: xr.Dataset, name: str, sign: int, **options: object) -> tuple[float, str]:
    """Return the worst (sign 1: largest) of a statistic over all quantities, and which one it is of."""
    worst, which = -sign * np.inf, ""
    for variable in posterior.data_vars.values():
        if np.ptp(variable.values) == 0:
            continue
        values = np.ravel(statistic(variable, name, **options))
        if np.isnan(values).all():
            continue
        place = int(np.nanargmax(sign * values))
        if sign * values[place] > sign * worst:
            worst, which = float(values[place]), _label(variable, place)
    return (worst, which) if np.isfinite(worst) else (float("nan"), which)


def sampler_checks(fit: "Fit") -> tuple[Check, ...]:
    """Return the checks whose failure means that the draws must not be used."""
    posterior, stats = fit.posterior, fit.data["sample_stats"].to_dataset()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    enough = ESS_PER_CHAIN * chains
    more = "Sample longer (Sampler(draws=..., tune=...)); if it stays, the model and the data disagree: simplify."
    smaller = "Raise Sampler(target_accept=0.95); if it stays, tighten the priors or drop a weak factor."
    bulk, of_bulk = _extremes(posterior, "ess", -1, method="bulk")
    tail, of_tail = _extremes(posterior, "ess", -1, method="tail", prob=(0.05, 0.95))
    divergent = int(stats["diverging"].sum())
    deep = [float(stats[name].mean()) for name in DEEP if name in stats]
    energy = stats["energy"].transpose("chain", "draw").values
    bfmi = float(np.min(np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)))
    r_hat, of_r_hat = _extremes(posterior, "rhat", 1, method="rank")
    return (
        Check("R-hat", r_hat <= R_HAT, r_hat, R_HAT, of_r_hat, more),
        Check("effective draws, bulk", bulk >= enough, bulk, enough, of_bulk, more),
        Check("effective draws, tail", tail >= enough, tail, enough, of_tail, more),
        Check("divergences", divergent == 0, divergent, 0, "", smaller),
        Check("tree depth reached", max(deep, default=0.0) <= 0.01, max(deep, default=0.0), 0.01, "", smaller),
        Check("E-BFMI", bfmi >= BFMI, bfmi, BFMI, "", more),
        Check("draws", chains * draws >= LEAST_DRAWS, chains * draws, LEAST_DRAWS, "", "Sample longer."),
        Check(
            "chains",
            chains >= LEAST_CHAINS,
            chains,
            LEAST_CHAINS,
            "",
            "Run Sampler(chains=4): one chain shows nothing wrong.",
        ),
    )


def sampler_problems(fit: "Fit") -> tuple[str, ...]:
    """Return one short text per failed sampler check."""
    return tuple(
        f"{check.name} {check.value:.5g} (limit {check.limit:g}){' at ' + check.worst if check.worst else ''}"
        for check in sampler_checks(fit)
        if check.passed is False
    )
