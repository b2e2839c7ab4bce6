"""What the numbers of draws must be: real and finite, above their bounds, in the panel's units."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.posterior.blocks import blocks

TOGETHER: tuple[tuple[str, ...], ...] = (
    ("loading_long_run", "loading_move", "loading_memory"),
    ("volatility_now", "volatility_memory", "volatility_size"),
    ("factor_cov_long_run", "factor_memory"),
)  # of what moves: all or none
MOVING = tuple(name for names in TOGETHER for name in names)
ABOVE: Mapping[str, float] = {
    "volatility_now": 0.0,
    "volatility_memory": 0.0,
    "loading_memory": 0.0,
    "factor_memory": 0.0,
    "dof": 2.0,
}  # at 2 degrees of freedom there is no standard deviation
NOT_NEGATIVE = (
    "loading_scale",
    "alpha_scale",
    "log_sigma_scale",
    "mispricing_sharpe",
    "volatility_size",
    "loading_move",
)  # standard deviations
SHARES = ("inclusion_probability", "inclusion_rate", "reliability")  # of 0 to 1
FAR, FAR_MEAN = 10.0, 3.0  # variance over the sample's, and distance from its mean in sd: beyond, units are wrong
UNITS = "give decimals per period of the panel"
ROUNDING = 1e-6  # of a factor's standard deviation: premium of a traded factor less its mean


def implausible(posterior: xr.Dataset, panel: PanelBase, least: Mapping[str, float]) -> list[str]:
    """Return what is wrong with finite draws; `least` has the bounds of the noise law's own parameters."""
    found = [*_together(posterior), *_bounds(posterior, least), *_spreads(posterior)]
    return [*found, *_traded(posterior, panel), *_units(posterior, panel)]


def numbers(array: xr.DataArray) -> Iterator[str]:
    """Yield what of a variable is no finite real number."""
    if array.dtype.kind not in "fiu":
        yield f"'{array.name}' holds {array.dtype} in place of real numbers"
        return
    rest = [dim for dim in array.dims if dim not in ("chain", "draw")]
    parts = blocks(array, rest[0]) if rest else [array]
    wrong = sum(int((~np.isfinite(part.values)).sum()) for part in parts)
    if wrong:
        yield f"'{array.name}' holds {wrong} values that are not finite"


def _together(posterior: xr.Dataset) -> Iterator[str]:
    """Yield what is missing of a part that moves."""
    for names in TOGETHER:
        given = [name for name in names if name in posterior]
        for name in names if given else ():
            if name not in posterior:
                yield f"'{name}' is missing, which goes with '{given[0]}'"


def _bounds(posterior: xr.Dataset, least: Mapping[str, float]) -> Iterator[str]:
    """Yield parameters that are not above their bound, spreads below 0, and shares that are none."""
    known = {name: bound for name, bound in ABOVE.items() if name in posterior}
    for name, bound in {**known, **least}.items():
        if float(posterior[name].min()) <= bound:
            yield f"'{name}' falls to {float(posterior[name].min()):.3g}, and must be above {bound:g}"
    for name in NOT_NEGATIVE:
        if name in posterior and float(posterior[name].min()) < 0:
            yield f"'{name}' falls to {float(posterior[name].min()):.3g}, and a standard deviation is not below 0"
    for name in SHARES:
        if name in posterior and (float(posterior[name].min()) < 0 or float(posterior[name].max()) > 1):
            ends = f"{float(posterior[name].min()):.3g} to {float(posterior[name].max()):.3g}"
            yield f"'{name}' is from {ends}, and must be between 0 and 1"


def _units(posterior: xr.Dataset, panel: PanelBase) -> Iterator[str]:
    """Yield factors whose mean or variance at draws is far from that of their history: in per cent, or a year's."""
    history = factor_moments(panel)
    name_of = "factor_cov_long_run" if "factor_cov_long_run" in posterior else "factor_cov"
    omega = posterior[name_of].mean(("chain", "draw")).transpose("factor", "factor_other").values
    mean = posterior["factor_mean"].mean(("chain", "draw")).values
    for k, factor in enumerate(panel.factor_info):
        sd, name = history.sd[k], factor.name
        times, apart = omega[k, k] / sd**2 if sd else 1.0, abs(mean[k] - history.mean[k])
        if not 1 / FAR <= times <= FAR:
            yield f"'{name_of}' gives '{name}' {times:.3g} times the variance of its history: {UNITS}"
        elif apart > FAR_MEAN * sd:
            yield f"'factor_mean' of '{name}' is {apart / sd:.3g} standard deviations from its history's mean: {UNITS}"


def _spreads(posterior: xr.Dataset) -> Iterator[str]:
    """Yield standard deviations that are not positive, and covariances that are none."""
    wrong = sum(int((part.values <= 0).sum()) for part in blocks(posterior["residual_sd"], "asset"))
    if wrong:
        yield f"'residual_sd' holds {wrong} values of 0 or below, and a standard deviation is above 0"
    for name in ("factor_cov", "factor_cov_long_run"):
        if name in posterior:
            yield from _covariance(name, posterior[name].transpose("chain", "draw", "factor", "factor_other").values)


def _covariance(name: str, omega: np.ndarray) -> Iterator[str]:
    """Yield what keeps matrices (chain, draw, factor, factor) from being covariances."""
    turned = np.swapaxes(omega, 2, 3)
    size = np.sqrt(np.abs(np.einsum("...kk->...k", omega)))
    if not np.allclose(omega, turned, rtol=0, atol=ROUNDING * float(size.max(initial=0.0)) ** 2):
        yield f"'{name}' is not symmetric"
    elif np.linalg.eigvalsh((omega + turned) / 2).min(initial=np.inf) <= 0:
        yield f"'{name}' is not positive definite in every draw"


def _traded(posterior: xr.Dataset, panel: PanelBase) -> Iterator[str]:
    """Yield traded factors whose premium is not their mean, as all answers take it to be."""
    sd = np.sqrt(np.einsum("...kk->...k", posterior["factor_cov"].transpose(..., "factor", "factor_other").values))
    apart = (posterior["risk_premium"] - posterior["factor_mean"]).transpose("chain", "draw", "factor").values
    for k, factor in enumerate(panel.factor_info):
        furthest = float(np.abs(apart[..., k]).max(initial=0.0))
        if factor.traded and furthest > ROUNDING * float(sd[..., k].mean()):
            yield (
                f"'risk_premium' of the traded factor '{factor.name}' is up to {furthest:.3g} from its 'factor_mean': "
                "a traded factor pays its own mean, so that both are the same, unless the panel has it as not traded"
            )
