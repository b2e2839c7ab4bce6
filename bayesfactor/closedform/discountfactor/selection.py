"""Which factors belong in the discount factor: a spike and a slab for each price of risk, every model enumerated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import xarray as xr

from bayesfactor.base.arguments import require, require_draws, require_flag, require_number
from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.closedform.data import Rectangle, rectangle
from bayesfactor.closedform.discountfactor.averaging import FactorSelection
from bayesfactor.closedform.discountfactor.enumeration import Mixture, SlabPrior, mixture, sample
from bayesfactor.closedform.discountfactor.prices import INTERCEPT_PRECISION, implied_sharpe
from bayesfactor.closedform.discountfactor.slab import sharpe_for_slab, slab_variances
from bayesfactor.closedform.results import ZERO_BETA
from bayesfactor.closedform.saturated import Weights, asset_exposures, pricing_draws
from bayesfactor.panel.panel import Panel

MAX_FACTORS = 15


@dataclass(frozen=True)
class ContinuousSpike:
    """Outside the model a price of risk is nearly zero: N(0, ratio psi_j sigma^2) in place of N(0, psi_j sigma^2)."""

    ratio: float = 0.001


@dataclass(frozen=True)
class DiracSpike:
    """Outside the model a price of risk is a given number, by default zero.

    Attributes
    ----------
    at : mapping of factor to value, or tuple of (factor, value)
        Prices of risk under the null hypothesis, as Sharpe ratios a year, of the factors where it is not zero.
    """

    at: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        pairs = tuple(self.at.items()) if isinstance(self.at, Mapping) else self.at
        if not (isinstance(pairs, tuple) and all(isinstance(one, tuple) and len(one) == 2 for one in pairs)):
            raise SpecError(
                f"DiracSpike.at is {self.at!r}; it must hold factors and values.",
                place="DiracSpike.at",
                found=self.at,
                remedy='Write DiracSpike({"SMB": 0.2}).',
            )
        object.__setattr__(self, "at", pairs)


def spike_and_slab(
    panel: Panel,
    weights: Weights = "ols",
    intercept: bool = False,
    *,
    slab: float = 1.0,
    inclusion: float = 0.5,
    spike: ContinuousSpike | DiracSpike = ContinuousSpike(),
    draws: int = 2000,
    seed: int = 1,
) -> FactorSelection:
    """Return which factors belong in the stochastic discount factor, averaged over all 2^K models.

    In each draw of means and covariances, with Sharpe ratios a and correlations C of the assets (`prices_of_risk`)::

        a = (lambda_0 +) C lambda + e       e ~ N(0, sigma^2 W^-1)      p(sigma^2) ~ 1 / sigma^2
        lambda_j | in  ~ N(0, psi_j sigma^2)      psi_j = slab * rho_j'rho_j
        lambda_j | out ~ N(0, ratio psi_j sigma^2), or exactly zero
        P(in) = inclusion

    Prices and sigma^2 are integrated out and every model is enumerated, so that the only Monte Carlo error of the
    probabilities is that of the draws of means and covariances, which is reported.

    Parameters
    ----------
    panel : Panel
        Every asset on every date, more dates than assets and factors together, at most 15 factors.
    weights : {"ols", "gls"}
    intercept : bool
        Whether all assets may share a Sharpe ratio that no factor explains. The rho_j are then centred over assets.
    slab : float
        psi; `slab_for_sharpe` makes it from an annual Sharpe ratio, and the result states the one that it implies.
    inclusion : float
        Prior probability that a factor is in. A Beta(a, b) prior on each factor's own probability comes to
        a / (a + b).
    spike : ContinuousSpike or DiracSpike
    draws, seed : int
        Draws of means and covariances. Time doubles with every factor: seconds for 10, minutes for 15.

    Returns
    -------
    FactorSelection

    Raises
    ------
    DataError
        When an asset has gaps, dates are too few, or a series is a combination of the others.
    SpecError
        When there are more than 15 factors, or a choice is not valid.

    Notes
    -----
    Wrong to use with few dates, like `prices_of_risk`. The posterior of means and covariances is not updated by the
    cross-section, as in the paper ("cut"). The inclusion of a factor that no return is exposed to stays at its prior:
    read prior and posterior together. With ``"ols"``, where pricing errors are no larger than the sampling error of
    mean returns, a factor that assets are exposed to without being paid can end above its prior: compare ``"gls"``.
    For traded factors alone, `scan_models` needs no test assets.

    References
    ----------
    Bryzgalova, Huang and Julliard (2023), Bayesian solutions for the factor zoo, Journal of Finance 78, 487-557.
    """
    verb = "spike_and_slab"
    require_draws(draws, seed, verb)
    require_flag(intercept, f"{verb}.intercept")
    require_number(inclusion, 0, 1, f"{verb}.inclusion")
    require_number(slab, 0, np.inf, f"{verb}.slab", "Make one from a Sharpe ratio a year: slab_for_sharpe(panel, 0.4).")
    rect = rectangle(panel, verb, more_periods_than="both")
    _require_size(rect)
    variance = slab_variances(asset_exposures(rect, verb), slab, demean=intercept)
    ratio, point = _spike(spike, rect)
    prior = SlabPrior(variance, ratio, point, inclusion, INTERCEPT_PRECISION if intercept else None, len(rect.assets))
    rng = np.random.default_rng([seed, 1])
    parts, prices, sharpes = [], [], []
    for one in pricing_draws(rect, weights, intercept, draws, seed):
        part = mixture(one, prior, rng)
        price = sample(one, prior, part.picked, rng)
        parts.append(part)
        prices.append(price)
        sharpes.append(implied_sharpe(price[:, -len(rect.names) :], one.factor_correlation))
    method = f"{spike}, {weights}, {'with' if intercept else 'without'} intercept, slab {slab:.6g}"
    return _result(
        rect,
        Mixture.joined(parts),
        draws=np.concatenate(prices),
        sharpe=np.concatenate(sharpes),
        prior=prior,
        prior_sharpe=sharpe_for_slab(panel, slab, inclusion=inclusion, intercept=intercept),
        method=method,
    )


def _require_size(rect: Rectangle) -> None:
    if len(rect.names) > MAX_FACTORS:
        raise SpecError(
            f"spike_and_slab enumerates every model, at most 2^{MAX_FACTORS}, but the panel has {len(rect.names)} "
            "factors.",
            place="spike_and_slab.panel",
            found=len(rect.names),
            remedy=f"Keep {MAX_FACTORS} of them with panel.select(factors=...).",
        )
    if len(rect.assets) < 3:
        raise DataError(
            f"spike_and_slab needs at least three assets; the panel has {len(rect.assets)}.",
            series="panel",
            value=len(rect.assets),
        )


def _spike(spike: ContinuousSpike | DiracSpike, rect: Rectangle) -> tuple[float, np.ndarray]:
    """Return the ratio of the spike's to the slab's variance, and the spike's location for each factor (per period)."""
    require(spike, (ContinuousSpike, DiracSpike), "spike_and_slab.spike")
    point = np.zeros(len(rect.names))
    match spike:
        case ContinuousSpike(ratio=ratio):
            require_number(ratio, 0, 1, "ContinuousSpike.ratio", "For a point mass use DiracSpike().")
            return ratio, point
        case DiracSpike(at=at):
            for name, value in at:
                if name not in rect.names:
                    raise unknown("factor", name, rect.names, place="DiracSpike.at")
                require_number(value, -np.inf, np.inf, f"DiracSpike.at: {name}")
                point[rect.names.index(name)] = value / rect.periods_per_year**0.5
            return 0.0, point
        case _:
            assert_never(spike)


def _result(
    rect: Rectangle,
    found: Mixture,
    *,
    draws: np.ndarray,
    sharpe: np.ndarray,
    prior: SlabPrior,
    prior_sharpe: float,
    method: str,
) -> FactorSelection:
    factor = {"factor": list(rect.names)}
    coefficient = {"coefficient": [*([ZERO_BETA] if prior.intercept is not None else []), *rect.names]}
    count = len(draws)
    mean = found.mean.mean(axis=0)
    return FactorSelection(
        inclusion=xr.DataArray(found.inclusion.mean(axis=0), factor, ("factor",)),
        inclusion_mcse=xr.DataArray(found.inclusion.std(axis=0, ddof=1) / count**0.5, factor, ("factor",)),
        prior_inclusion=prior.inclusion,
        price_mean=xr.DataArray(mean, coefficient, ("coefficient",)),
        price_sd=xr.DataArray(np.sqrt(found.second.mean(axis=0) - mean**2), coefficient, ("coefficient",)),
        price_mcse=xr.DataArray(found.mean.std(axis=0, ddof=1) / count**0.5, coefficient, ("coefficient",)),
        draws=xr.DataArray(draws, coefficient, ("draw", "coefficient")),
        sharpe=xr.DataArray(sharpe, dims="draw"),
        model_probability=xr.DataArray(found.models / count, dims="model"),
        member=xr.DataArray(prior.members, factor, ("model", "factor")),
        prior_sharpe=prior_sharpe,
        periods_per_year=rect.periods_per_year,
        method=method,
    )
