"""Losses of simulated returns: how probable, value at risk, expected shortfall."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require_finite, require_number
from bayesfactor.base.errors import SpecError
from bayesfactor.posterior.diagnostics import statistic


def require_level(level: float, draws: int, verb: str) -> None:
    """Raise a SpecError unless it is a probability above a half with draws beyond it."""
    place = f"{verb}.level"
    require_number(level, 0.5, 1.0, place, "The loss that is exceeded once in twenty is level=0.95.")
    if round(draws * (1 - level), 9) < 1:
        raise SpecError(
            f"{place} is {level!r}: none of {draws} draws is beyond it.",
            place=place,
            found=level,
            remedy=f"Take a level below {1 - 1 / draws:.6g}, or fit with more draws.",
        )


def share_below(returns: xr.DataArray, value: float, what: str, place: str, remedy: str) -> xr.DataArray:
    """Return the share of draws (chain, draw, ...) below a value.

    Raises
    ------
    SpecError
        When it is no finite number, or above 1 or below -1 and further out than every draw: then it is of per cent.
    """
    require_finite(value, what, place, remedy)
    share = (returns < value).mean(("chain", "draw"))
    if abs(value) > 1 and (share == (value > 0)).all():
        raise SpecError(
            f"{what} is {value:g}, a return of {100 * value:,.4g} %, and no draw is as far out: is it per cent?",
            place=place,
            found=value,
            remedy=remedy,
        )
    return share


def tail(losses: xr.DataArray, level: float) -> pd.DataFrame:
    r"""Return value at risk and expected shortfall of losses (chain, draw), with Monte Carlo errors.

    .. math:: \mathrm{VaR} = F^{-1}(p), \qquad \mathrm{ES} = \mathrm{VaR} + E[(L - \mathrm{VaR})^+] / (1 - p)

    (Rockafellar and Uryasev 2000). The error of VaR is half the distance between the quantiles one standard error of
    its probability above and below it; that of ES is the error of its mean, as VaR minimises it.
    """
    at_risk = float(np.quantile(losses, level))
    beyond = at_risk + (losses - at_risk).clip(min=0.0) / (1 - level)
    effective = float(np.nan_to_num(statistic((losses > at_risk).astype(float), "ess", method="mean"), nan=losses.size))
    step = np.sqrt(level * (1 - level) / effective)
    low, high = np.quantile(losses, np.clip([level - step, level + step], 0.0, 1.0))
    error = float(np.nan_to_num(statistic(beyond, "mcse", method="mean")))
    index = pd.Index(["value at risk", "expected shortfall"], name="measure")
    return pd.DataFrame({"loss": [at_risk, float(beyond.mean())], "mcse": [float(high - low) / 2, error]}, index)
