"""Loadings on residual factors and residual scales move with the residual factors integrated out.

Given z a loading knows no more than z does: where an asset and a residual factor are nearly one, z holds both in place,
and they take thousands of sweeps to change. Given coefficients on the panel's factors, the residuals e_t of a date are
N(0, Lambda Lambda' + diag(sigma^2)), over the assets that have a return on it. One Hamiltonian trajectory of this
density and of the priors is made; z is drawn right after it, so that both together are one draw of (Lambda, sigma, z).
"""

from dataclasses import dataclass, field

import numpy as np

from bayesfactor.sampling.kernels.marginal_loadings import DatedResiduals, MovePriors, marginal_trajectory
from bayesfactor.sampling.latents.hamiltonian import StepSize
from bayesfactor.sampling.latents.state import Law, State

LENGTH, SHORTEST, LONGEST = 6.0, 0.5, 1.0  # of a trajectory, in standard deviations given the rest, and shares of it
MOST_STEPS = 40
TRAJECTORIES = 10  # one after the other, or fewer where they would cost more than what is around them
WORTH, PATTERN = 1e5, 300  # products in one density that so many trajectories may share; those of a pattern by itself
ACCEPT, STEP = 0.8, 0.3
TINY = 1e-12  # of the mean square: what makes cross-products of few dates have a root


@dataclass(eq=False)
class MarginalMove:
    """A trajectory of (Lambda, log sigma) with a step size of its own.

    Attributes
    ----------
    seen : array (pattern, asset)
        1 where assets have a return.
    pattern : array (time)
        Of each date.
    step : StepSize
    """

    seen: np.ndarray
    pattern: np.ndarray
    step: StepSize = field(default_factory=lambda: StepSize.starting(STEP, ACCEPT))
    _unit: np.ndarray | None = None  # (residual factor + 1, asset)

    @classmethod
    def of(cls, seen: np.ndarray) -> "MarginalMove":
        """Return the move for returns that are seen or not (asset, time)."""
        patterns, pattern = np.unique(seen, axis=1, return_inverse=True)
        return cls(np.ascontiguousarray(patterns.T), pattern.ravel())

    def make(self, state: State) -> None:
        """Move, and leave the law of (Lambda, sigma) given coefficients as it is.

        Where loadings move, their moves are in units of sigma, which stays.
        """
        law, rows = state.law(), state.rows
        unit, priors = self._units(state, law), _priors(state, law)
        data = self._dated(rows.unexplained(state.on_rows(law)))
        at = np.vstack([state.loading.T, _log_sigma(state)])
        cost = data.roots.size * (len(at) - 1) + PATTERN * len(data.seen)
        for _ in range(min(TRAJECTORIES, max(1, round(WORTH / cost)))):
            step = self.step.now if state.tuning else self.step.final
            steps = min(MOST_STEPS, max(1, round(LENGTH * state.rng.uniform(SHORTEST, LONGEST) / step)))
            momentum = state.rng.standard_normal(at.shape)
            end, error = marginal_trajectory(at, momentum, unit, priors, data, step, steps)
            accepted = float(np.exp(min(0.0, -error))) if np.isfinite(error) else 0.0
            if state.tuning:
                self.step.adapt(accepted)
            if state.rng.uniform() < accepted:
                at = end
        state.coefficients[:, 1 + state.factors :] = at[:-1].T
        _set_log_sigma(state, at[-1])

    def _units(self, state: State, law: Law) -> np.ndarray:
        """Return the first guesses of standard deviations given the rest, which stay: 0 for what does not move."""
        if self._unit is None:
            dates = np.maximum(state.rows.seen.sum(axis=1), 1.0)
            own = (law.sd[1 + state.factors :] > 0) * law.sigma / dates**0.5
            self._unit = np.vstack([own, (0.0 if len(state.rows.u) else 1.0) / (2 * dates) ** 0.5])
        return self._unit

    def _dated(self, rest: np.ndarray) -> DatedResiduals:
        """Return residuals (asset, time) by pattern."""
        found, starts, ridge = [], [0], TINY * float(np.mean(rest**2))
        for m in range(len(self.seen)):
            own = rest[:, self.pattern == m]
            if own.shape[1] > len(own):
                own = np.linalg.cholesky(own @ own.T + ridge * np.eye(len(own)))
            found.append(own)
            starts.append(starts[-1] + own.shape[1])
        count = np.bincount(self.pattern).astype(float)
        return DatedResiduals(self.seen, count, np.ascontiguousarray(np.hstack(found)), np.array(starts))


def _scales(state: State) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Return l and omega, and centre and root of log sigma_i = l + omega (centre_i + root_i z_i), before the floor."""
    level, spread = (float(value[0]) for value in state.problem.scales(state.theta[None])[:2])
    data = state.problem.data
    start, v = (data[name] for name in ("log_sigma_start", "log_sigma_variance"))
    both = v + spread**2
    return level, spread, (start - level) * spread / both, np.sqrt(v / both)


def _log_sigma(state: State) -> np.ndarray:
    level, spread, centre, root = _scales(state)
    z = state.problem.block(state.theta, "log_sigma_z")
    assert z is not None, "every asset has a scale"
    return level + spread * (centre + root * z)


def _set_log_sigma(state: State, values: np.ndarray) -> None:
    level, spread, centre, root = _scales(state)
    state.set_block("log_sigma_z", ((values - level) / spread - centre) / root)


def _priors(state: State, law: Law) -> MovePriors:
    first, data = 1 + state.factors, state.problem.data
    level, spread, _, _ = _scales(state)
    loc, sd, own = law.mean[first:], law.sd[first:], law.sd[0]
    precision = np.where(sd > 0, 1 / np.where(sd > 0, sd, 1.0) ** 2, 0.0)
    n = loc.shape[1]
    scaled = float(data["alpha_unit"] > 0) * (own > 0)
    away = (state.coefficients[:, 0] - law.mean[0]) * law.sigma / np.where(own > 0, own, 1.0)
    return MovePriors(
        np.vstack([loc, np.full(n, level)]),
        np.vstack([precision, np.full(n, spread**-2.0)]),
        float(data["resolution"]) ** 2,
        scaled * away**2,
        scaled,
    )
