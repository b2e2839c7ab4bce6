"""The predictive density of each period by a model that has not seen it: importance sampling, or refits without it."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.comparison.comparable import periods, require_same_data
from bayesfactor.analysis.comparison.scoring_rules import log_mean_exp
from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.panel.dates import row_of
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.records import written
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.log_likelihood import log_likelihood

HIGH = 0.7  # of Pareto k: above, importance sampling is unreliable however many draws there are
LEAST = 1e-6  # of a weight: less is what an optimiser leaves of 0
PLACE = "compare.refits"
Refits = Mapping[str, Mapping[Any, Fit]]
SAME = 1e-12  # log-densities within which draws do not vary


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What a model says of each unit (a period) without having seen it.

    Attributes
    ----------
    elpd, pareto_k, lpd : array (unit)
        Log-density without the unit; shape of the tail of the importance weights; log-density with the unit seen.
    refitted : array (unit)
        Whether the first is from a refit.
    """

    elpd: np.ndarray
    pareto_k: np.ndarray
    lpd: np.ndarray
    refitted: np.ndarray

    @property
    def high(self) -> np.ndarray:
        """Which units importance sampling fails at, and no refit stands in (unit)."""
        return (self.pareto_k > HIGH) & ~self.refitted

    @property
    def effective_parameters(self) -> float:
        """Sum of what seeing a unit adds to its log-density."""
        return float((self.lpd - self.elpd).sum())


def leave_out(density: xr.DataArray) -> LeftOut:
    """Return PSIS-LOO of log-densities (chain, draw, unit), by ArviZ; k is NaN of what is the same in all draws."""
    from arviz_stats import loo

    samples = density.values.reshape(-1, density.shape[2])
    lpd = log_mean_exp(samples)
    elpd, k = lpd.copy(), np.full(len(lpd), np.nan)
    varying = np.ptp(samples, axis=0) > SAME
    if varying.any():
        own = density[..., varying]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of high Pareto k, which the result says by period
            found = loo(_tree(own), pointwise=True, reff=_efficiency(own))
        elpd[varying], k[varying] = found.elpd_i.values, found.pareto_k.values
    return LeftOut(elpd, k, lpd, np.zeros(len(elpd), dtype=bool))


def _tree(density: xr.DataArray) -> xr.DataTree:
    return xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"density": density.rename("density")})})


def _efficiency(density: xr.DataArray) -> float:
    """Return effective draws over draws, of the density itself, on average over units."""
    scaled = density.copy(data=np.exp(density.values - density.values.max(axis=(0, 1))))
    found = statistic(scaled, "ess", method="mean") / (density.shape[0] * density.shape[1])
    known = found[np.isfinite(found)]
    return float(np.clip(known.mean(), 1e-3, 1.0)) if known.size else 1.0


def stacked(found: Mapping[str, LeftOut]) -> pd.DataFrame:
    """Return ArviZ's comparison (model): ``elpd_diff``, ``dse`` and stacking ``weight``, unrounded.

    A number that is the same for all models is taken off each period: nothing of it depends on that, and the density
    of many returns together is no number that a computer holds.
    """
    from arviz_stats import compare
    from arviz_stats.utils import ELPDDataLOO

    level = np.max([one.elpd for one in found.values()], axis=0)
    given: dict[str, Any] = {}
    for name, one in found.items():
        shifted = one.elpd - level
        given[name] = ELPDDataLOO(
            elpd=float(shifted.sum()),
            se=0.0,
            p=0.0,
            n_samples=1,
            n_data_points=len(shifted),
            scale="log",
            warning=False,
            good_k=HIGH,
            elpd_i=xr.DataArray(shifted, dims="period"),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a choice among many models: a note says so
        table = compare(given, round_to="none")
    kept = table.loc[list(found), ["elpd_diff", "dse", "weight"]].astype(float)
    weight = kept["weight"].where(kept["weight"] > LEAST, 0.0)
    return kept.assign(weight=weight / weight.sum())


def require_refits(fits: Mapping[str, Fit], refits: Refits) -> dict[str, dict[int, Fit]]:
    """Return the refits of each model, by the number of the period that they have not seen.

    Raises
    ------
    SpecError, FitError
        When a model or a period is not one of those compared, or a refit is of another model or of other data.
    """
    if not isinstance(refits, Mapping):
        raise _no_refits(refits)
    found: dict[str, dict[int, Fit]] = {name: {} for name in fits}
    for name, own in refits.items():
        if name not in fits:
            raise unknown("model", name, fits, place=PLACE)
        if not isinstance(own, Mapping):
            raise _no_refits(own)
        dates = periods(require_returns(fits[name].panel))
        for label, refit in own.items():
            place = row_of(dates, label, f"{PLACE}['{name}']")
            _check_refit((name, fits[name]), (dates[place], refit))
            found[name][place] = refit
    return found


def _no_refits(found: object) -> FitError:
    return FitError(
        f"{PLACE}: expected refits by model and period, found {type(found).__name__}.",
        remedy='Give {"static": {"2008-10-31": refit, ...}}.',
    )


def with_refits(fit: Fit, found: LeftOut, refits: Mapping[int, Fit]) -> LeftOut:
    """Return it with the log-density of periods from fits made without them: log mean_d p(r_t | f_t, theta_d)."""
    panel = require_returns(fit.panel)
    dates, elpd, refitted = periods(panel), found.elpd.copy(), found.refitted.copy()
    for place, refit in refits.items():
        row = int(np.flatnonzero(panel.times == dates[place])[0])
        alone = replace(panel, returns=panel.returns.isel(time=[row]))
        density = log_likelihood(replace(refit, panel=alone)).values.reshape(-1)
        elpd[place], refitted[place] = log_mean_exp(density), True
    return replace(found, elpd=elpd, refitted=refitted)


def _check_refit(of: tuple[str, Fit], made: tuple[np.datetime64, Fit]) -> None:
    (name, fit), (date, refit) = of, made
    place, day = f"{PLACE}['{name}']", written(date)
    if not isinstance(refit, Fit):
        raise FitError(f"{place}: for {day} there is a {type(refit).__name__}, and no fit.", remedy="Give a fit.")
    if refit.model_id != fit.model_id:
        raise SpecError(
            f"{place}: the fit without {day} is of another model.",
            place=place,
            found=refit.model_id,
            allowed=(fit.model_id,),
            remedy=f"Fit the model of '{name}' to panel.without('{day}').",
        )
    whole, own = require_returns(fit.panel), require_returns(refit.panel)
    if date in periods(own):
        raise SpecError(
            f"{place}: the fit without {day} has returns on {day}.",
            place=place,
            found=day,
            remedy=f"Fit the model to panel.without('{day}').",
        )
    require_same_data((name, whole.without(date)), (f"{name} without {day}", own))
