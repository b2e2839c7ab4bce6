"""The history of a factor that is observed with error, drawn given the rest.

    o_st = f_t + u_st,   u_st ~ N(0, (1 - rho) v_s),   s = the series that were observed: one, or a proxy beside it

rho is the reliability, and v_s the sample variance of series s. Given loadings and scales, what others say of f_t is
normal: the other factors by their joint law, and the returns, which measure it too.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from bayesfactor.base.records import FrozenArrays
from bayesfactor.sampling.latents.slice_sampler import slice_draw

WIDTH = 1.0  # of the first interval for logit rho


class Normals(NamedTuple):
    """What is known of f_t (time): it is normal, independent over time."""

    mean: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured(FrozenArrays):
    """What was observed of one factor.

    Attributes
    ----------
    series : array (series, time)
        NaN where a series has no value.
    variance : array (series)
        v_s, that of the sample.
    """

    series: np.ndarray
    variance: np.ndarray

    def noise(self, reliability: float) -> np.ndarray:
        """Return the variance of each series' error (series)."""
        return (1 - reliability) * self.variance


@dataclass(frozen=True)
class BetaPrior:
    """rho ~ Beta(a, b)."""

    a: float
    b: float

    def log_density(self, position: float) -> float:
        """Return the log density of logit rho, but for a constant."""
        return float(self.a * np.log(expit(position)) + self.b * np.log(expit(-position)))


def given_others(
    values: np.ndarray, column: int, mean: np.ndarray, covariance: np.ndarray, weight: np.ndarray
) -> Normals:
    """Return the law of one column of f_t ~ N(mean, covariance / weight_t) given the others (time, factor)."""
    others = np.arange(len(mean)) != column
    slope = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, column])
    variance = covariance[column, column] - slope @ covariance[others, column]
    return Normals(mean[column] + (values[:, others] - mean[others]) @ slope, variance / weight)


def returns_say(
    gap: np.ndarray, root: np.ndarray, loading: np.ndarray, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the returns of a date say of f_t: they add P_t to its precision, and h_t to precision times mean.

    With gap_it = root_it beta_i f_t + e_it, e_it ~ N(0, sigma_i^2), P_t = sum_i root_it^2 beta_i^2 / sigma_i^2 and
    h_t = sum_i root_it beta_i gap_it / sigma_i^2.

    Parameters
    ----------
    gap, root : array (asset, time)
        What is left of returns without this factor; root precision of each, 0 where it was not observed.
    loading, sigma : array (asset)
    """
    per_loading = loading / sigma**2
    return (per_loading * loading) @ root**2, per_loading @ (root * gap)


def given_returns(law: Normals, precision: np.ndarray, linear: np.ndarray) -> Normals:
    """Return the law of f_t given also what `returns_say`."""
    total = 1 / law.variance + precision
    return Normals((law.mean / law.variance + linear) / total, 1 / total)


def given_series(law: Normals, measured: Measured, reliability: float) -> tuple[Normals, float]:
    """Return the law of f_t given what was observed of it too, and the log density of that, f integrated out."""
    mean, variance, log_density = law.mean, law.variance, 0.0
    for series, noise in zip(measured.series, measured.noise(reliability), strict=True):
        known = np.isfinite(series)
        away = np.where(known, series - mean, 0.0)
        total = variance + noise
        log_density -= 0.5 * float(np.sum(known * np.log(2 * np.pi * total) + away**2 / total))
        mean = mean + variance / total * away
        variance = np.where(known, variance * (noise / total), variance)
    return Normals(mean, variance), log_density


def draw_reliability(
    law: Normals, measured: Measured, prior: BetaPrior, reliability: float, rng: np.random.Generator
) -> float:
    """Return rho given all but f, which is integrated out: a step of a slice sampler on logit rho.

    Given f it would move by sqrt(2 / T) at a time.
    """

    def log_density(position: float) -> float:
        return given_series(law, measured, float(expit(position)))[1] + prior.log_density(position)

    return float(expit(slice_draw(log_density, float(logit(reliability)), WIDTH, rng)))


def draw_history(law: Normals, rng: np.random.Generator) -> np.ndarray:
    """Return a draw of f (time)."""
    return law.mean + np.sqrt(law.variance) * rng.standard_normal(law.mean.shape)
