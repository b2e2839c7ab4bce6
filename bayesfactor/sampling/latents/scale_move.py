"""A move along which the returns say nothing: a factor that is seen through noise gets another scale.

    f_t -> mu + u (f_t - mu),   beta_i, m_g, tau -> each / u,   lambda -> u lambda

leaves beta_i (f_t - mu + lambda), and so every fitted return, as it is: of a factor that is not traded, data know the
products of loadings with factor and premium. u is drawn from its law on the line of log u (Liu and Sabatti 2000), with
the factors' covariance integrated out.
"""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.histories import Span
from bayesfactor.sampling.latents.measured_history import Measured
from bayesfactor.sampling.latents.slice_sampler import slice_draw
from bayesfactor.spec.factors import ScaledFactors


@dataclass(frozen=True, eq=False)
class ScaledDown(FrozenArrays):
    """What is divided by u beside the loadings, and its priors.

    Attributes
    ----------
    values, loc, sd : array
        Normal: the means m_g of grouped loadings, whose standardised loadings stay as they are; the one loading of
        common ones; the loadings themselves where each has a prior of its own.
    spread, floor, spread_sd : float
        tau = floor + HalfNormal(spread_sd) of grouped loadings; a `spread` of 0 where there is none.
    """

    values: np.ndarray
    loc: np.ndarray
    sd: np.ndarray
    spread: float = 0.0
    floor: float = 0.0
    spread_sd: float = 1.0

    @property
    def count(self) -> int:
        """How many they are."""
        return self.values.size + (self.spread > 0)

    def log_density(self, scale: float) -> float:
        """Return the log prior density of all of them divided by a number, but for a constant."""
        log_density = -0.5 * float(np.sum(((self.values / scale - self.loc) / self.sd) ** 2))
        if self.spread == 0:
            return log_density
        above = self.spread / scale - self.floor
        return log_density - 0.5 * (above / self.spread_sd) ** 2 if above >= 0 else -np.inf


@dataclass(frozen=True)
class ScaledPremium:
    """lambda ~ N(loc, sd^2), which is multiplied by u."""

    value: float
    loc: float
    sd: float

    def log_density(self, scale: float) -> float:
        """Return the log prior density of the premium times a number, but for a constant."""
        return -0.5 * ((self.value * scale - self.loc) / self.sd) ** 2


@dataclass(frozen=True)
class ScaledHistory:
    """f_t - mu, which is multiplied by u, as sums over its T rows.

    Attributes
    ----------
    rows : int
    squares, products : float
        Of f - mu with itself and with o - mu, over the variances of the errors.
    scale, scatter, power : float
        p(f | mu, other factors) is proportional to (scale + u^2 scatter)^-power.
    """

    rows: int
    squares: float
    products: float
    scale: float
    scatter: float
    power: float

    def log_density(self, scale: float) -> float:
        """Return log p(o | f) + log p(f | mu, other factors) of f - mu times a number, but for a constant."""
        seen = scale * (self.products - 0.5 * scale * self.squares)
        return seen - self.power * float(np.log(self.scale + scale**2 * self.scatter))


def scaled_history(
    values: np.ndarray, column: int, mean: np.ndarray, span: Span, measured: Measured, reliability: float,
    prior: ScaledFactors,
) -> ScaledHistory:  # fmt: skip
    """Return the sums of one column of the rows f_t (time, factor), whose moments are `span`."""
    away, noise = values[:, column] - mean[column], measured.noise(reliability)[:, None]
    known = np.isfinite(measured.series)
    observed = np.where(known, measured.series - mean[column], 0.0)
    gap = span.mean - mean
    scatter = span.scatter + span.count * np.outer(gap, gap)
    others = np.arange(len(mean)) != column
    cross, both = scatter[others, column], scatter[np.ix_(others, others)] + np.diag(prior.covariance_scale[others])
    return ScaledHistory(
        rows=span.rows,
        squares=float(np.sum(known * away**2 / noise)),
        products=float(np.sum(observed * away / noise)),
        scale=float(prior.covariance_scale[column]),
        scatter=float(scatter[column, column] - cross @ np.linalg.solve(both, cross)),
        power=0.5 * (prior.covariance_dof + span.count),
    )


def log_scale_density(scale: float, history: ScaledHistory, down: ScaledDown, premium: ScaledPremium) -> float:
    """Return the log density of log u, but for a constant.

    The Jacobian of the move is u^(T + 1 - n): T rows and a premium are multiplied, n values are divided. Loadings with
    a mean and a spread that are divided too have the Jacobian u^-N, and u^N times their density: these cancel.
    """
    priors = down.log_density(scale) + premium.log_density(scale)
    return (history.rows + 1 - down.count) * float(np.log(scale)) + history.log_density(scale) + priors


def draw_scale(history: ScaledHistory, down: ScaledDown, premium: ScaledPremium, rng: np.random.Generator) -> float:
    """Return u."""

    def log_density(log_scale: float) -> float:
        return log_scale_density(float(np.exp(log_scale)), history, down, premium)

    return float(np.exp(slice_draw(log_density, 0.0, 3 / np.sqrt(history.rows), rng)))
