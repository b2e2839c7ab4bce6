"""One Hamiltonian trajectory of the compiled density at a time, with a step size that is adapted in warm-up."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.sampling.kernels.trajectory import normal_trajectory

LENGTH, SHORTEST, LONGEST = 1.6, 0.6, 1.1  # of a trajectory, in standard deviations; drawn between these shares of it
MOST_STEPS = 64
DIVERGING = 1000.0  # an energy error
GAMMA, OFFSET, DECAY = 0.05, 10.0, 0.75  # of dual averaging


@dataclass
class StepSize:
    """A step size that moves towards a rate of acceptance (dual averaging, Hoffman and Gelman 2014).

    Attributes
    ----------
    now, final : float
        While it is adapted, and after that.
    """

    now: float
    final: float
    target: float
    _start: float
    _error: float = 0.0
    _count: int = 0

    @classmethod
    def starting(cls, step: float, target: float) -> "StepSize":
        """Return one that starts from a guess."""
        return cls(step, step, target, float(np.log(10 * step)))

    def adapt(self, accepted: float) -> None:
        """Take a rate of acceptance into account."""
        self._count += 1
        share = 1 / (self._count + OFFSET)
        self._error = (1 - share) * self._error + share * (self.target - accepted)
        log_step = self._start - np.sqrt(self._count) / GAMMA * self._error
        weight = self._count**-DECAY
        self.final = float(np.exp(weight * log_step + (1 - weight) * np.log(self.final)))
        self.now = float(np.exp(log_step))


@dataclass(frozen=True)
class Transition:
    """What a trajectory was like: the columns of a sampler's record."""

    diverging: bool
    energy: float
    logp: float
    n_steps: int
    step_size: float
    mean_tree_accept: float
    maxdepth_reached: bool  # whether the trajectory was cut short


def transition(
    theta: np.ndarray, buffer: np.ndarray, variance: np.ndarray, step: float, rng: np.random.Generator
) -> tuple[np.ndarray, Transition]:
    """Return the next theta of a chain that leaves the density of a buffer as it is, and how it was reached.

    Parameters
    ----------
    theta, buffer : array
    variance : array
        Variances of theta, of which the mass matrix is the inverse.
    step : float
    rng : Generator
    """
    momentum = rng.standard_normal(theta.size) / np.sqrt(variance)
    wanted = max(1, round(LENGTH * rng.uniform(SHORTEST, LONGEST) / step))
    count = min(wanted, MOST_STEPS)
    point, start, end, logp = normal_trajectory(theta, buffer, momentum, variance, step, count)
    error = end - start if np.isfinite(end) else np.inf
    accepted = float(np.exp(min(0.0, -error)))
    taken = rng.uniform() < accepted
    record = Transition(error > DIVERGING, end if taken else start, logp, count, step, accepted, wanted > MOST_STEPS)
    return (point if taken else theta), record
