"""What the data say of premia: of traded factors their own history, of others the posterior, the prior divided out."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.spec.factors import ScaledPremia

OWN, CROSS = "its own history", "implied by the data, given the other priors"
APART = f"{OWN}; its mean is another one in calm periods, which the posterior weighs more"
SURE = 2.0  # standard errors that the two means differ by, to be told apart
PLAIN = 4.0  # Monte Carlo errors that a contraction is from 0: nearer, those told would be those that err upwards
MOST = 1 / 3  # Monte Carlo errors of what is told, over its standard error


@dataclass(frozen=True, eq=False)
class DataPremia:
    """What the data say of every factor's premium, a period; NaN where that cannot be told.

    Attributes
    ----------
    mean, error : array (factor)
        And standard error.
    mean_mcse, error_mcse : array (factor)
        Monte Carlo errors of both; 0 where they come from no draws.
    source : tuple of str
        From what, or why it is not told.
    """

    mean: np.ndarray
    error: np.ndarray
    mean_mcse: np.ndarray
    error_mcse: np.ndarray
    source: tuple[str, ...]


def data_premia(
    panel: PanelBase, prior: ScaledPremia, premium: xr.DataArray, precision: np.ndarray | None = None
) -> DataPremia:
    """Return what the data say of every premium: sample mean and standard error, or the prior divided out.

    With normal laws: 1 / e^2 = 1 / s^2 - 1 / s0^2 and m = e^2 (mean / s^2 - mean0 / s0^2). With the contraction
    c = 1 - s^2 / s0^2, Monte Carlo errors of the posterior's mean and s are magnified::

        d m = d mean / c - 2 (mean - m) e^2 / s^3 d s        d e = (e / s)^3 d s

    Other priors (of alphas, loadings, and of the other premia) stay in. Of a traded factor it is the plain mean, also
    where the posterior weighs rows by their `precision` (factor_time); the source then says where the two means differ.
    """
    dims = ("chain", "draw")
    mean, sd = premium.mean(dims).values, premium.std(dims, ddof=1).values
    of_mean, of_sd = (np.nan_to_num(statistic(premium, "mcse", method=name)) for name in ("mean", "sd"))
    found, source = np.full((4, mean.size), np.nan), []
    for k, factor in enumerate(panel.factor_info):
        if factor.traded:
            values = panel.factors.values[:, k]
            values = values[np.isfinite(values)]
            if values.size > 1:
                found[:, k] = values.mean(), values.std(ddof=1) / values.size**0.5, 0.0, 0.0
            source.append(_own(panel.factors.values[:, k], precision))
        elif np.isnan(prior.sd[k]):
            source.append("not told: its prior is not known")
        elif prior.inclusion[k] < 1:
            source.append("not told: its prior is not normal")
        else:
            one, why = _divided(mean[k], sd[k], of_mean[k], of_sd[k], (prior.loc[k], prior.sd[k]))
            found[:, k] = one
            source.append(why)
    own, error, of_own, of_error = found
    return DataPremia(own, error, of_own, of_error, tuple(source))


def _own(history: np.ndarray, precision: np.ndarray | None) -> str:
    """Return where a traded factor's mean comes from: its own history, whose calm periods may have another mean.

    With a_t = 1 / n - w_t / sum w, a'f is the plain mean less the weighted one, and sum_t a_t^2 (f_t - mean)^2 its
    variance.
    """
    known = np.isfinite(history)
    values = history[known]
    if values.size < 2:
        return "not told: its history has one value"
    if precision is None:
        return OWN
    weight = precision[known] / precision[known].sum()
    contrast, away = 1 / values.size - weight, values - values.mean()
    error = float(np.sum((contrast * away) ** 2)) ** 0.5
    return APART if abs(float(contrast @ away)) > SURE * error > 0 else OWN


def _divided(
    mean: float, sd: float, of_mean: float, of_sd: float, prior: tuple[float, float]
) -> tuple[tuple[float, float, float, float], str]:
    """Return mean, error and their Monte Carlo errors with the prior divided out, and from what or why not."""
    nothing, (centre, spread) = (np.nan, np.nan, np.nan, np.nan), prior
    if sd == 0:
        return nothing, "not told: its draws do not vary"
    contraction = 1 - (sd / spread) ** 2
    if contraction <= PLAIN * 2 * of_sd * sd / spread**2:
        return nothing, "not told: the data hardly narrow the prior"
    error = sd / contraction**0.5
    told = (mean - (1 - contraction) * centre) / contraction
    wide = float(np.hypot(of_mean / contraction, 2 * (mean - told) * error**2 / sd**3 * of_sd))
    of_error = (error / sd) ** 3 * of_sd
    if max(wide, of_error) > MOST * error:
        return nothing, "not told: the draws are too few to divide the prior out"
    return (told, error, wide, of_error), CROSS
