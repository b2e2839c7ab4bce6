"""Predictive laws of the returns of one date: mixtures over posterior draws, and what they say of a return."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
import xarray as xr
from scipy.special import ndtr

from benchmarks.truth.densities import log_mean_exp, normal_factors, student_factors, student_given_factors

NORMAL = 1e5  # degrees of freedom from which on a Student-t is normal to rounding
COPIES = 4  # of every draw, each with variances of its own, where residuals are Student-t


class Law(Protocol):
    """What is predicted of the returns of one date."""

    assets: tuple[str, ...]

    @property
    def covariance(self) -> np.ndarray:
        """Of the returns (asset, asset)."""
        ...

    def of(self, here: np.ndarray) -> Self:
        """Return the law of the assets that were traded."""
        ...

    def standardised(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return (w'r - mean) / sd of every portfolio (portfolio, asset)."""
        ...

    def below(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return the predictive probability of a return below the one that came, of every portfolio."""
        ...

    def log_score(self, returns: np.ndarray, rng: np.random.Generator) -> float:
        """Return the log density of all returns of the date together."""
        ...


@dataclass(frozen=True, eq=False)
class NormalLaw:
    """r ~ N(mean, covariance): what a program predicts that gives two moments."""

    assets: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray

    def of(self, here: np.ndarray) -> "NormalLaw":
        """Return the law of some of the assets."""
        names = tuple(name for name, kept in zip(self.assets, here, strict=True) if kept)
        return NormalLaw(names, self.mean[here], self.covariance[np.ix_(here, here)])

    def standardised(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return (w'r - w'mean) / sqrt(w'S w)."""
        sd = np.sqrt(np.einsum("pi,ij,pj->p", weights, self.covariance, weights))
        return weights @ (returns - self.mean) / sd

    def below(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return the normal probability."""
        return ndtr(self.standardised(weights, returns))

    def log_score(self, returns: np.ndarray, rng: np.random.Generator) -> float:
        """Return the normal log density."""
        root = np.linalg.cholesky(self.covariance)
        z = np.linalg.solve(root, returns - self.mean)
        return float(-0.5 * (z @ z + len(z) * np.log(2 * np.pi)) - np.log(np.diag(root)).sum())


@dataclass(frozen=True, eq=False)
class DrawsLaw:
    """r = mean_d + B_d (f - mu_d) + L_d z + e, f ~ N(mu_d, Omega_d), e_i of variance s_id^2, d from the posterior.

    z ~ N(0, I) are residual factors, where there are any.

    e is normal, or Student-t with the degrees of freedom of the draw. A Student-t is normal given a scale, which is
    drawn: intervals are those of a mixture of normals, smooth in the return. Densities need no such draw.
    """

    assets: tuple[str, ...]
    mean: np.ndarray  # (draw, asset)
    loading: np.ndarray  # (draw, asset, factor)
    factor_mean: np.ndarray  # (draw, factor)
    factor_cov: np.ndarray  # (draw, factor, factor)
    sd: np.ndarray  # (draw, asset)
    dof: np.ndarray | None = None  # (draw)
    seed: int = 0
    common: np.ndarray | None = None  # (draw, asset, residual factor)

    def of(self, here: np.ndarray) -> "DrawsLaw":
        """Return the law of some of the assets."""
        names = tuple(name for name, kept in zip(self.assets, here, strict=True) if kept)
        parts = self.mean[:, here], self.loading[:, here], self.factor_mean, self.factor_cov, self.sd[:, here]
        return DrawsLaw(names, *parts, self.dof, self.seed, None if self.common is None else self.common[:, here])

    @cached_property
    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Loadings on all factors, residual factors last (draw, asset, source), and the covariance of these."""
        if self.common is None:
            return self.loading, self.factor_cov
        k, q = self.loading.shape[2], self.common.shape[2]
        whole = np.zeros((len(self.mean), k + q, k + q))
        whole[:, :k, :k], whole[:, k:, k:] = self.factor_cov, np.eye(q)
        return np.concatenate([self.loading, self.common], axis=2), whole

    @cached_property
    def covariance(self) -> np.ndarray:
        """E[B Omega B' + L L' + diag(s^2)] + Var(mean)."""
        loading, cov = self.sources
        common = np.einsum("dik,dkl,djl->ij", loading, cov, loading, optimize=True)
        return common / len(self.mean) + np.diag(np.mean(self.sd**2, axis=0)) + np.cov(self.mean.T, ddof=0)

    @cached_property
    def variances(self) -> np.ndarray:
        """Of the residuals given their scales (copy, draw, asset)."""
        if self.dof is None:
            return self.sd[None] ** 2
        rng, dof = np.random.default_rng(self.seed), np.broadcast_to(self.dof[None, :, None], (COPIES, *self.sd.shape))
        return self.sd**2 * (dof - 2) / rng.chisquare(dof)

    def standardised(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return (w'r - w'E[mean]) / sqrt(w'S w)."""
        return NormalLaw(self.assets, self.mean.mean(axis=0), self.covariance).standardised(weights, returns)

    def below(self, weights: np.ndarray, returns: np.ndarray) -> np.ndarray:
        """Return the mean of the normal probabilities over draws."""
        loading, cov = self.sources
        exposure = np.einsum("pi,dik->dpk", weights, loading)
        common = np.einsum("dpk,dkl,dpl->dp", exposure, cov, exposure, optimize=True)
        sd = np.sqrt(common + self.variances @ weights.T**2)
        return ndtr((weights @ returns - self.mean @ weights.T) / sd).mean(axis=(0, 1))

    def log_score(self, returns: np.ndarray, rng: np.random.Generator) -> float:
        """Return the log of the mean density over draws; factors are integrated out, under t by importance sampling."""
        return self._log_density(returns - self.mean, *self.sources, rng)

    def _log_density(self, away: np.ndarray, loading: np.ndarray, cov: np.ndarray, rng: np.random.Generator) -> float:
        """Return the log of the mean density of deviations (draw, asset), sources integrated out."""
        if self.dof is None:
            return log_mean_exp(normal_factors(away, loading, cov, self.sd))
        return log_mean_exp(student_factors(away, loading, cov, self.sd, self.dof, rng))

    def log_score_given(self, factors: np.ndarray, returns: np.ndarray, rng: np.random.Generator) -> float:
        """Return the log density of the returns of the date given its factors; residual factors are integrated out."""
        away = returns - self.mean - np.einsum("dik,dk->di", self.loading, factors - self.factor_mean)
        if self.common is not None:
            identity = np.broadcast_to(np.eye(self.common.shape[2]), (len(away), *[self.common.shape[2]] * 2))
            return self._log_density(away, self.common, identity, rng)
        if self.dof is not None:
            return log_mean_exp(student_given_factors(away, self.sd, self.dof[:, None]).sum(axis=1))
        z = away / self.sd
        return log_mean_exp(-(0.5 * (z**2 + np.log(2 * np.pi)) + np.log(self.sd)).sum(axis=1))


def law_of(draws: xr.Dataset, assets: tuple[str, ...], seed: int) -> DrawsLaw:
    """Return the law of the period whose draws these are."""
    draws = draws.stack(sample=("chain", "draw")).transpose("sample", ...)
    names = ("alpha", "loading", "risk_premium", "factor_mean", "factor_cov", "residual_sd")
    alpha, loading, premium, centre, omega, sd = (draws[name].values for name in names)
    rate = draws["zero_beta"].values[:, None] if "zero_beta" in draws else 0.0
    mean = alpha + rate + np.einsum("sik,sk->si", loading, premium)
    dof = np.minimum(draws["dof"].values, NORMAL) if "dof" in draws else None
    some = draws.sizes.get("residual_factor")
    common = draws["residual_loading"].transpose("sample", "asset", ...).values if some else None
    return DrawsLaw(assets, mean, loading, centre, omega, sd, dof, seed, common)
