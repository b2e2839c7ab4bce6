"""Scores of the law of one period: of every asset, of portfolios, and of all returns together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln

from bayesfactor.analysis.comparison.scoring_rules import (
    ROOT_TWO_PI,
    crps_of_mixture,
    energy_score,
    equal,
    log_density,
    log_mean_exp,
    probability,
    spread,
)
from bayesfactor.analysis.comparison.tail_nodes import tail_nodes
from bayesfactor.posterior.predictive_law import PredictiveLaw

TAIL_SCALES = 16  # residual variances drawn at each draw, where residuals are Student-t
MEMBERS = 8  # returns simulated at each draw, for the energy score


@dataclass(frozen=True, eq=False)
class Marginals:
    """What is said of single returns: arrays (entry)."""

    mean: np.ndarray
    sd: np.ndarray
    log_score: np.ndarray
    crps: np.ndarray
    pit: np.ndarray


@dataclass(frozen=True, eq=False)
class Together:
    """What is said of all returns together."""

    log_score_normal: float
    log_score_given_factors: float
    energy_score: float


@dataclass(frozen=True, eq=False)
class Components:
    """A mixture of normals for every entry: mean and sd (component, entry), weights (component) that sum to 1."""

    mean: np.ndarray
    sd: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class OneStep:
    """The law of one period's returns at draws, as normals given the scales of heavy tails.

    Attributes
    ----------
    law : PredictiveLaw
    rng : Generator
        Of tail scales and of the sample for the energy score.
    """

    law: PredictiveLaw
    rng: np.random.Generator

    @cached_property
    def residual_variance(self) -> np.ndarray:
        """Variances (scale, sample, asset) of residuals; one scale of a normal law."""
        squares = self.law.sd**2
        if not np.isfinite(self.law.dof).any():
            return squares[None]
        drawn = self.law.tail_scales((TAIL_SCALES, squares.shape[1]), self.rng)
        return np.moveaxis(drawn, 1, 0) * squares

    @cached_property
    def shared_variance(self) -> np.ndarray:
        """Variance (sample, asset) of what factors and residual factors give."""
        return (self.law.common_columns**2).sum(axis=2)

    @cached_property
    def asset_components(self) -> Components:
        """Of every asset's return, with the scales of its residual integrated over."""
        scale, weight = tail_nodes(self.law.dof)
        mean, sd = _components(self.law.mean, self.shared_variance + scale[:, :, None] * self.law.sd**2)
        return Components(mean, sd, weight.ravel() / weight.sum())

    @cached_property
    def asset_spread(self) -> np.ndarray:
        """E|x - x'| (asset) of two returns."""
        return spread(*_components(self.law.mean, self.shared_variance + self.residual_variance))

    def sample(self) -> np.ndarray:
        """Return simulated returns (member, asset), the same number at every draw."""
        law = self.law
        z = self.rng.standard_normal((MEMBERS, len(law.sd), law.common_columns.shape[2]))
        noise = law.sd * self.rng.standard_normal((MEMBERS, *law.sd.shape))
        noise *= np.sqrt(np.moveaxis(law.tail_scales((MEMBERS, law.sd.shape[1]), self.rng), 1, 0))
        shared = np.swapaxes(law.common_columns @ np.moveaxis(z, 0, 2), 1, 2)
        return (law.mean + np.moveaxis(shared, 1, 0) + noise).reshape(-1, law.sd.shape[1])

    def judge(
        self, returns: np.ndarray, held: np.ndarray, factors: np.ndarray, weights: np.ndarray
    ) -> tuple[Marginals, Marginals, Together]:
        """Return the scores of assets, of portfolios of weights (portfolio, asset), and of all assets together."""
        together = Together(
            self.joint_normal(returns), self.joint_given_factors(returns, factors), self.energy(returns)
        )
        return self.of_assets(returns), self.of_portfolios(weights, held), together

    def of_assets(self, observed: np.ndarray) -> Marginals:
        """Return the scores of every asset's return; NaN where it was not observed."""
        variance = self.shared_variance + self.law.sd**2
        return _marginals(observed, self.asset_components, self.asset_spread, _sd(self.law.mean, variance))

    def of_portfolios(self, weights: np.ndarray, observed: np.ndarray) -> Marginals:
        """Return the scores of portfolios of weights (portfolio, asset)."""
        exposure = np.einsum("pn,snk->spk", weights, self.law.common_columns)
        shared, squares, centre = (exposure**2).sum(axis=2), (weights**2).T, self.law.mean @ weights.T
        mean, sd = _components(centre, shared + self.residual_variance @ squares)
        whole = _sd(centre, shared + self.law.sd**2 @ squares)
        return _marginals(observed, Components(mean, sd, equal(mean)), spread(mean, sd), whole)

    def joint_normal(self, observed: np.ndarray) -> float:
        """Return the log-density of all returns together, with normal residuals of the same variance."""
        seen = np.isfinite(observed)
        gap = observed[seen] - self.law.mean[:, seen]
        return float(log_mean_exp(_log_normal(gap, self.law.sd[:, seen], self.law.common_columns[:, seen])))

    def joint_given_factors(self, observed: np.ndarray, factors: np.ndarray) -> float:
        """Return the log-density of all returns together given the factors, by the law of the residuals."""
        seen = np.isfinite(observed)
        away = np.einsum("sik,sk->si", self.law.loading[:, seen], factors - self.law.factor_mean)
        gap, sd = observed[seen] - self.law.mean[:, seen] - away, self.law.sd[:, seen]
        common = self.law.common[:, seen]
        if not np.isfinite(self.law.dof).any():
            return float(log_mean_exp(_log_normal(gap, sd, common)))
        many = TAIL_SCALES if common.shape[2] else 1
        z = self.rng.standard_normal((many, len(sd), common.shape[2]))
        residual = gap - np.einsum("sik,jsk->jsi", common, z)
        return float(log_mean_exp(_log_student(residual, sd, self.law.dof).reshape(-1)))

    def energy(self, observed: np.ndarray) -> float:
        """Return the energy score of all returns together."""
        seen = np.isfinite(observed)
        return energy_score(observed[seen], self.sample()[:, seen])


def _components(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sd (component, entry), of means (sample, entry) and variances (scale, sample, entry)."""
    shape = (-1, mean.shape[1])
    return np.broadcast_to(mean, variance.shape).reshape(shape), np.sqrt(variance).reshape(shape)


def _sd(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the standard deviation (entry) of a mixture of laws with means and variances (sample, entry)."""
    return np.sqrt(variance.mean(axis=0) + mean.var(axis=0))


def _marginals(observed: np.ndarray, of: Components, within: np.ndarray, sd: np.ndarray) -> Marginals:
    return Marginals(
        mean=of.weight @ of.mean,
        sd=sd,
        log_score=log_density(observed, of.mean, of.sd, of.weight),
        crps=crps_of_mixture(observed, of.mean, of.sd, of.weight, within),
        pit=probability(observed, of.mean, of.sd, of.weight),
    )


def _log_normal(gap: np.ndarray, sd: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return log N(gap; 0, diag(sd^2) + X X') (sample), with X the columns (sample, asset, column)."""
    z, scaled = gap / sd, columns / sd[:, :, None]
    total = (z * z).sum(axis=1) + 2 * np.log(ROOT_TWO_PI * sd).sum(axis=1)
    if columns.shape[2]:
        turned = np.swapaxes(scaled, 1, 2)
        root = np.linalg.cholesky(np.eye(columns.shape[2]) + turned @ scaled)
        solved = np.linalg.solve(root, turned @ z[:, :, None])[:, :, 0]
        total = total - (solved**2).sum(axis=1) + 2 * np.log(np.einsum("skk->sk", root)).sum(axis=1)
    return -0.5 * total


def _log_student(residual: np.ndarray, sd: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """Return the log-density (..., sample) of independent residuals (..., sample, asset) with the sd given."""
    tail = np.isfinite(dof)
    nu = np.where(tail, dof, 3.0)[:, None]
    scale = sd * np.sqrt((nu - 2) / nu)
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
    student = constant - np.log(scale) - 0.5 * (nu + 1) * np.log1p((residual / scale) ** 2 / nu)
    normal = -0.5 * (residual / sd) ** 2 - np.log(ROOT_TWO_PI * sd)
    return np.where(tail[:, None], student, normal).sum(axis=-1)
