"""Proper scores of forecasts that are mixtures of normals or samples; lower CRPS and energy are better."""

import numpy as np
from scipy.special import logsumexp, ndtr

ROOT_TWO_PI = np.sqrt(2 * np.pi)
SHIFTS = 16  # by which components are paired


def log_mean_exp(values: np.ndarray) -> np.ndarray:
    """Return log of the mean of exp over the first axis."""
    return logsumexp(values, axis=0) - np.log(len(values))


def log_density(observed: np.ndarray, mean: np.ndarray, sd: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the log-density (...) of a mixture of normals (component, ...) with weights (component) that sum to 1."""
    z = (observed - mean) / sd
    return logsumexp(-0.5 * z * z - np.log(ROOT_TWO_PI * sd), axis=0, b=_beside(weight, z))


def probability(observed: np.ndarray, mean: np.ndarray, sd: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the probability (...) that a mixture of normals is below what was observed."""
    return _mixed(ndtr((observed - mean) / sd), weight)


def equal(mean: np.ndarray) -> np.ndarray:
    """Return equal weights of components."""
    return np.full(len(mean), 1 / len(mean))


def _beside(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    return weight.reshape(-1, *(1,) * (values.ndim - 1))


def _mixed(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted mean (...) over components."""
    return np.tensordot(weight, values, axes=1)


def distance(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return E|x| of x ~ N(mean, sd^2)."""
    z = mean / sd
    return sd * (2 * np.exp(-0.5 * z * z) / ROOT_TWO_PI + z * (2 * ndtr(z) - 1))


def spread(mean: np.ndarray, sd: np.ndarray, shifts: int | None = SHIFTS) -> np.ndarray:
    """Return E|x - x'| (...) of two draws of an equal mixture of normals (component, ...).

    Every component with every one for ``shifts=None``; else each with so many others, evenly spaced in their order.
    """
    size = len(mean)
    steps = np.arange(size) if shifts is None or size <= shifts else np.linspace(1, size // 2, shifts).astype(int)
    pairs = [
        distance(mean - np.roll(mean, step, 0), np.hypot(sd, np.roll(sd, step, 0))).mean(axis=0)
        for step in steps.tolist()
    ]
    return np.mean(pairs, axis=0)


def crps_of_mixture(
    observed: np.ndarray, mean: np.ndarray, sd: np.ndarray, weight: np.ndarray, within: np.ndarray
) -> np.ndarray:
    """Return the CRPS E|x - y| - E|x - x'| / 2 of a mixture of normals, where `within` is E|x - x'|."""
    return _mixed(distance(mean - observed, sd), weight) - within / 2


def crps_of_sample(observed: np.ndarray, sample: np.ndarray, *, fair: bool = False) -> np.ndarray:
    """Return the CRPS (...) of a sample (member, ...); fair: without the bias of a small one."""
    size, ordered = len(sample), np.sort(sample, axis=0)
    rank = (2 * np.arange(1, size + 1) - size - 1).reshape(-1, *(1,) * (sample.ndim - 1))
    within = 2 * (rank * ordered).sum(axis=0) / (size * (size - 1 if fair else size))
    return np.abs(sample - observed).mean(axis=0) - within / 2


def energy_score(observed: np.ndarray, sample: np.ndarray, shifts: int = 8) -> float:
    """Return E||x - y|| - E||x - x'|| / 2 of a sample (member, asset), each member with `shifts` others."""
    steps = np.unique(np.linspace(1, len(sample) // 2, shifts).astype(int)).tolist()
    within = [np.linalg.norm(sample - np.roll(sample, step, 0), axis=1).mean() for step in steps]
    return float(np.linalg.norm(sample - observed, axis=1).mean() - np.mean(within) / 2)
