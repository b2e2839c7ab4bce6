"""Priors as points with weights, for what is summed over instead of sampled."""

from typing import NamedTuple

import numpy as np

from bayesfactor.spec.durations import LogNormalDuration
from bayesfactor.spec.priors import Exponential, HalfNormal

STILL = 0.5  # prior probability that a size is exactly 0: as likely as not, nothing moves
DOUBLINGS = np.arange(-2.0, 5.0)  # of a median length of time, so that its points are a quarter to sixteen times it
SIZES = np.array([0.3, 0.6, 1.0, 1.5, 2.2])  # in units of a half-normal scale
DOF = np.array([3.0, 4.0, 6.0, 9.0, 15.0, 30.0, 100.0])


class Grid(NamedTuple):
    """Points of a prior and their probabilities."""

    points: np.ndarray
    weight: np.ndarray


def duration_grid(prior: LogNormalDuration, periods_per_year: int) -> Grid:
    """Return lengths of time in periods, each twice the one before."""
    points = prior.median.periods(periods_per_year) * 2**DOUBLINGS
    return _grid(points, np.exp(-0.5 * (DOUBLINGS * np.log(2) / prior.sd) ** 2))


def size_grid(prior: HalfNormal) -> Grid:
    """Return sizes: 0 with probability `STILL`, else from the half-normal."""
    moving = np.exp(-0.5 * SIZES**2) * np.gradient(SIZES)
    return Grid(np.append(0.0, prior.scale * SIZES), np.append(STILL, (1 - STILL) * moving / moving.sum()))


def dof_grid(prior: Exponential) -> Grid:
    """Return degrees of freedom, from heavy tails to next to normal ones; each has the prior nearest to it."""
    points = DOF[prior.above < DOF]
    edges = np.concatenate([[prior.above], np.sqrt(points[1:] * points[:-1]), [np.inf]])
    tail = np.exp(-np.maximum(edges - prior.above, 0.0) / prior.mean)
    return _grid(points, np.maximum(tail[:-1] - tail[1:], 1e-12))


def _grid(points: np.ndarray, weight: np.ndarray) -> Grid:
    return Grid(points, weight / weight.sum())
