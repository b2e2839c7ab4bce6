"""The state of one chain of the conditional sampler, and what a latent variable is to it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import erf, erfc, ndtri

from bayesfactor.sampling.kernels.density_problem import DensityProblem
from bayesfactor.sampling.kernels.half_normal import half_normals
from bayesfactor.sampling.kernels.prior import PRIOR
from bayesfactor.sampling.kernels.trajectory import law_normal
from bayesfactor.sampling.latents.rows import Rows

ROOT_2 = float(np.sqrt(2.0))


@dataclass(frozen=True, eq=False)
class Law:
    """The law of coefficients and residuals given theta.

    Attributes
    ----------
    mean, sd : array (coefficient, asset)
        Of alpha_i + rate, beta_i and lambda_i.
    sigma : array (asset)
    shift : array (coefficient)
        (0, lambda - mu, 0): what is added to the regressors.
    """

    mean: np.ndarray
    sd: np.ndarray
    sigma: np.ndarray
    shift: np.ndarray


@dataclass
class State:
    """Where a chain is.

    Attributes
    ----------
    problem : DensityProblem
        Of the panel's factors and, after them, residual factors.
    buffer : array
        The chain's own: statistics, masks and factor terms are written into it.
    theta : array
    coefficients : array (asset, coefficient)
        On x_t + shift and z_t.
    rows : Rows
    rng : Generator
    tuning : bool
        Whether step sizes are adapted.
    """

    problem: DensityProblem
    buffer: np.ndarray
    theta: np.ndarray
    coefficients: np.ndarray
    rows: Rows
    rng: np.random.Generator
    tuning: bool = False

    @property
    def factors(self) -> int:
        """Number of the panel's factors."""
        return len(self.problem.design.panel.factor_info)

    @property
    def loading(self) -> np.ndarray:
        """Loadings on residual factors (asset, residual factor)."""
        return self.coefficients[:, 1 + self.factors :]

    def law(self) -> Law:
        """Return the law of coefficients and residuals at theta."""
        mean, sd, log_sigma, shift = law_normal(self.theta, self.buffer)
        n = len(self.coefficients)
        return Law(mean[:, :n], sd[:, :n], np.exp(log_sigma[:n]), shift)

    def on_rows(self, law: Law) -> np.ndarray:
        """Return coefficients (asset, coefficient) on x_t as it is, without the shift and residual factors."""
        own = self.coefficients[:, : 1 + self.factors].copy()
        own[:, 0] += own[:, 1:] @ law.shift[1 : 1 + self.factors]
        return own

    @property
    def start(self) -> np.ndarray:
        """Where coordinates of the means of the panel's factors start (factor)."""
        return self.problem.data["factor_mean_start"][: self.factors]

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Return means and premia of the panel's factors (factor)."""
        mean, premium = self.problem.means(self.theta[None])
        return mean[0, : self.factors], premium[0, : self.factors]

    def set_premium(self, factor: int, premium: float) -> None:
        """Set the premium of a factor that is not traded, with a normal prior; means stay as they are."""
        data, place = self.problem.data, int(np.flatnonzero(self.problem.non_traded == factor)[0])
        gap = self.means()[0][factor] - data["factor_mean_start"][factor]
        own = (1 - data["premium_blend"][factor]) * gap
        self.theta[self.problem.layout["premium_z"][0] + place] = (premium - own) / data["premium_sd"][factor]

    def set_factor_terms(self, precision: np.ndarray, centre: np.ndarray) -> None:
        """Write what factors say of their means (term, factor, factor), (term, factor) into the buffer."""
        spare = (0, self.coefficients.shape[1] - 1 - self.factors)
        self._write(PRIOR.factor_precision, np.pad(precision, ((0, 0), spare, spare)))
        self._write(PRIOR.factor_centre, np.pad(centre, ((0, 0), spare)))

    @property
    def grouped(self) -> bool:
        """Whether loadings have means and spreads of their own."""
        return self.problem.layout["loading_mean_z"][0] >= 0

    @property
    def common_loadings(self) -> np.ndarray | None:
        """The loadings of all assets (factor), where they are the same."""
        z = self.problem.block(self.theta, "loading_common_z")
        return None if z is None else self.problem.data["loading_loc"] + self.problem.data["loading_sd"] * z

    def divide_loadings(self, factor: int, by: float) -> None:
        """Divide the loadings on a factor, their means and their spread by a number."""
        data = self.problem.data
        self.coefficients[:, 1 + factor] /= by
        if self.grouped:
            mean, spread = self.group_means(), self.spreads()
            mean[:, factor] /= by
            spread[factor] = (data["loading_floor"][factor] + spread[factor]) / by - data["loading_floor"][factor]
            self.set_group_means(mean)
            self.set_spreads(spread)
        elif self.common_loadings is not None:
            common = self.common_loadings
            common[factor] /= by
            self.set_block("loading_common_z", (common - data["loading_loc"]) / data["loading_sd"])

    def group_means(self) -> np.ndarray:
        """Return m (group, factor), residual factors last."""
        z = self.problem.block(self.theta, "loading_mean_z")
        assert z is not None, "loadings are grouped"
        return self.problem.data["loading_loc"] + self.problem.data["loading_sd"] * z

    def set_group_means(self, mean: np.ndarray) -> None:
        """Set m (group, factor)."""
        data = self.problem.data
        self.set_block("loading_mean_z", (mean - data["loading_loc"]) / data["loading_sd"])

    def spreads(self) -> np.ndarray:
        """Return what is over the floor of the spreads tau (factor), residual factors last."""
        z = self.problem.block(self.theta, "loading_scale_z")
        assert z is not None, "loadings are grouped"
        return half_normals(z) * self.problem.data["loading_spread"]

    def set_spreads(self, spread: np.ndarray) -> None:
        """Set what is over the floor of the spreads tau (factor)."""
        self.set_block("loading_scale_z", half_normal_coordinates(spread / self.problem.data["loading_spread"]))

    def _write(self, slot: int, values: np.ndarray) -> None:
        start, end = self.buffer[2 * slot : 2 * slot + 2].astype(int)
        self.buffer[start:end] = values.ravel()

    def set_block(self, name: str, values: np.ndarray) -> None:
        """Set one block of theta."""
        at, _ = self.problem.layout[name]
        self.theta[at : at + values.size] = values.ravel()


def half_normal_coordinates(x: np.ndarray) -> np.ndarray:
    """Return u with P(X <= x) = Phi(u), X ~ HalfNormal(1): the inverse of `half_normals`."""
    below = ndtri(erf(x / ROOT_2))
    return np.where(x < 0.5, below, -ndtri(erfc(x / ROOT_2)))


class Latent(Protocol):
    """A variable given which the kernel's normal regression holds as it is; `sweeps` are made for each draw."""

    @property
    def sweeps(self) -> int:
        """How many sweeps."""

    def given_coefficients(self, state: State) -> None:
        """Draw it given coefficients and scales, and make its orbit moves."""

    def given_statistics(self, state: State) -> None:
        """Draw it given theta and the statistics in the buffer, with coefficients integrated out."""

    def record(self, state: State) -> dict[str, np.ndarray]:
        """Return what is kept of a draw."""
