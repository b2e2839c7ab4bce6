"""A move of a reliability against loadings, along which a long history of weak loadings says little.

The variance of a series is known, and what returns share with it; how much of it is signal is not. With f integrated
out, psi the variance of the factor given the other factors and v that of the series,

    psi -> u psi,   rho -> rho + (u - 1) psi / v,   beta_i, m_g, tau -> each / u,   lambda -> u lambda

leaves psi + (1 - rho) v, beta psi and beta lambda as they are. f is drawn anew after it.
"""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.sampling.latents.measured_history import BetaPrior, Measured, Normals, given_series
from bayesfactor.sampling.latents.scale_move import ScaledDown, ScaledPremium
from bayesfactor.sampling.latents.slice_sampler import slice_draw
from bayesfactor.spec.factors import ScaledFactors

WIDTH = 0.5  # of the first interval of log u


@dataclass(frozen=True)
class OwnVariance:
    """psi, the variance of a factor given the others, with the prior that Omega's inverse Wishart gives to it.

    Attributes
    ----------
    value : float
    power, rate : float
        p(psi, slopes on the other factors) is proportional to psi^-power exp(-rate / psi).
    """

    value: float
    power: float
    rate: float

    @classmethod
    def of(cls, covariance: np.ndarray, column: int, prior: ScaledFactors) -> "OwnVariance":
        """Return that of one column of Omega."""
        others = np.arange(len(covariance)) != column
        slope = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, column])
        scale = prior.covariance_scale
        return cls(
            value=float(covariance[column, column] - slope @ covariance[others, column]),
            power=0.5 * (prior.covariance_dof + 1 + len(covariance)),
            rate=float(0.5 * (scale[column] + slope**2 @ scale[others])),
        )

    def log_density(self, scale: float) -> float:
        """Return the log density of psi times a number, but for a constant."""
        value = scale * self.value
        return -self.power * float(np.log(value)) - self.rate / value


@dataclass(frozen=True, eq=False)
class Unseen(FrozenArrays):
    """What is known of f - mu, which is integrated out.

    Attributes
    ----------
    mean, variance : array (time)
        Given the other factors.
    precision, linear : array (time)
        What returns add: sum_i root_it^2 beta_i^2 / sigma_i^2, and sum_i root_it beta_i / sigma_i^2 times what is left
        of returns without the factor and its premium; 0 on dates without returns.
    measured : Measured
        Less mu.
    """

    mean: np.ndarray
    variance: np.ndarray
    precision: np.ndarray
    linear: np.ndarray
    measured: Measured

    def log_density(self, scale: float, reliability: float) -> float:
        """Return log p(returns, series) with the variance times a number and loadings over it, but for a constant."""
        variance, precision, linear = scale * self.variance, self.precision / scale**2, self.linear / scale
        total = 1 + variance * precision
        fitted = linear**2 * variance + 2 * linear * self.mean - precision * self.mean**2
        law = Normals((variance * linear + self.mean) / total, variance / total)
        return float(0.5 * np.sum(fitted / total - np.log(total))) + given_series(law, self.measured, reliability)[1]


@dataclass(frozen=True)
class Ridge:
    """One noisy factor that is not traded, and what moves with its reliability."""

    unseen: Unseen
    own: OwnVariance
    prior: BetaPrior
    reliability: float
    down: ScaledDown
    premium: ScaledPremium

    def moved(self, scale: float) -> float:
        """Return the reliability at u."""
        return self.reliability + (scale - 1) * self.own.value / float(self.unseen.measured.variance[0])

    def log_density(self, scale: float) -> float:
        """Return the log density of log u, but for a constant.

        The Jacobian is u^(2 - n): psi and the premium are multiplied, n values beside the loadings are divided.
        """
        rho = self.moved(scale)
        if not 0 < rho < 1:
            return -np.inf
        beta = (self.prior.a - 1) * float(np.log(rho)) + (self.prior.b - 1) * float(np.log1p(-rho))
        priors = self.own.log_density(scale) + self.down.log_density(scale) + self.premium.log_density(scale) + beta
        return (2 - self.down.count) * float(np.log(scale)) + priors + self.unseen.log_density(scale, rho)

    def draw(self, rng: np.random.Generator) -> float:
        """Return u."""
        return float(np.exp(slice_draw(lambda log_scale: self.log_density(float(np.exp(log_scale))), 0.0, WIDTH, rng)))
