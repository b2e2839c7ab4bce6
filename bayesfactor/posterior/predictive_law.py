"""The law of returns of the next period and of those after it, at draws of a fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesfactor.panel.panel import require_returns
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import residual_level, residual_sd

NUMBERS = 2**22  # loadings that are in memory at once
BASIC = ("loading", "alpha", "residual_sd", "risk_premium", "factor_mean", "factor_cov")
OTHERS = (
    "zero_beta",
    "dof",
    "residual_loading",
    "loading_long_run",
    "loading_move",
    "loading_memory",
    "volatility_now",
    "volatility_memory",
    "volatility_size",
    "factor_cov_long_run",
    "factor_memory",
)


@dataclass(frozen=True, eq=False)
class PredictiveLaw:
    r"""r_i = m_i + beta_i'(f - mu) + sigma_i e_i + lambda_i'z of the next period, and how it reverts after it.

    f ~ N(mu, Omega); z standard normal; e standard normal, or Student-t of variance 1. Where volatility moves, log g of
    the period h follows N(phi^(h-1) log g_1, size^2 (1 - phi^(2(h-1)))), and residuals are in proportion to g
    and to each asset's own drift, which reverts to 1. Where they move, factor covariance and loadings revert to their
    long-run values, loadings with a spread of their own.

    Attributes
    ----------
    intercept, sd : array (sample, asset)
        alpha and zero-beta rate; standard deviation of a residual.
    premium, factor_mean : array (sample, factor)
    loading, long_run : array (sample, asset, factor)
        Of the next period, and in the long run; the same where loadings do not move.
    cov, long_run_cov : array (sample, factor, factor)
    common : array (sample, asset, residual factor)
        Loadings on residual factors; of none, without columns.
    dof : array (sample)
        Degrees of freedom; infinite of a normal law.
    loading_phi, cov_phi, volatility_phi : array (sample)
        What is left, a period later, of a distance from the long run.
    wander : array (sample, asset, factor) or None
        Long-run standard deviation of a loading around its long-run value.
    log_volatility, size : array (sample)
        log g of the next period, and its long-run standard deviation.
    log_drift : array (asset)
        Log of each asset's own volatility beside g in the next period; 0 in the long run.
    drift_phi : float
        What is left of it a period later.
    """

    intercept: np.ndarray
    sd: np.ndarray
    premium: np.ndarray
    factor_mean: np.ndarray
    loading: np.ndarray
    long_run: np.ndarray
    cov: np.ndarray
    long_run_cov: np.ndarray
    common: np.ndarray
    dof: np.ndarray
    loading_phi: np.ndarray
    cov_phi: np.ndarray
    volatility_phi: np.ndarray
    wander: np.ndarray | None
    log_volatility: np.ndarray
    size: np.ndarray
    log_drift: np.ndarray
    drift_phi: float

    def drift_at(self, j: np.ndarray | int) -> np.ndarray:
        """Return own volatility j periods after the next, over that of the next (asset, ...)."""
        return np.exp(np.multiply.outer(self.log_drift, self.drift_phi ** np.asarray(j) - 1))

    @cached_property
    def mean(self) -> np.ndarray:
        """Expected return (sample, asset) of the next period."""
        return self.intercept + np.einsum("sik,sk->si", self.loading, self.premium)

    @cached_property
    def root(self) -> np.ndarray:
        """Cholesky factor (sample, factor, factor) of the factors' covariance of the next period."""
        return np.linalg.cholesky(self.cov)

    @cached_property
    def common_columns(self) -> np.ndarray:
        """Loadings (sample, asset, column) on independent sources of variance 1: factors, then residual factors."""
        return np.concatenate([self.loading @ self.root, self.common], axis=2)

    @property
    def moves(self) -> bool:
        """Whether a later period has another law than the next one."""
        still = self.wander is None and self.long_run is self.loading and self.long_run_cov is self.cov
        return not still or bool(np.any(self.log_volatility) or np.any(self.size) or np.any(self.log_drift))

    def of(self, assets: np.ndarray) -> "PredictiveLaw":
        """Return the law of some assets, by their places."""
        loading = self.loading[:, assets]
        return replace(
            self,
            intercept=self.intercept[:, assets],
            sd=self.sd[:, assets],
            loading=loading,
            long_run=loading if self.long_run is self.loading else self.long_run[:, assets],
            common=self.common[:, assets],
            wander=None if self.wander is None else self.wander[:, assets],
            log_drift=self.log_drift[assets],
        )

    def tail_scales(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return draws (sample, ...) of the variance of a residual over its mean: 1 of a normal law."""
        tail = np.isfinite(self.dof)
        scales = np.ones((len(self.dof), *shape))
        if tail.any():
            dof = self.dof[tail].reshape(-1, *(1,) * len(shape))
            scales[tail] = (dof / 2 - 1) / rng.standard_gamma(dof / 2, size=(int(tail.sum()), *shape))
        return scales


def law_of(fit: FitFacts, draws: xr.Dataset) -> PredictiveLaw:
    """Return the law at draws of a fit, which are the samples in order of chain and draw."""
    flat = draws[[name for name in (*BASIC, *OTHERS) if name in draws]].compute()
    flat = flat.stack(sample=("chain", "draw"), create_index=False)

    def array(name: str, *dims: str) -> np.ndarray:
        return np.ascontiguousarray(flat[name].transpose("sample", *dims).values)

    size = flat.sizes["sample"]
    zeros, ones = np.zeros(size), np.ones(size)
    loading, sd = array("loading", "asset", "factor"), array("residual_sd", "asset")
    cov = array("factor_cov", "factor", "factor_other")
    moving, common, swings = "loading_long_run" in flat, "residual_loading" in flat, "volatility_now" in flat
    reverting = "factor_cov_long_run" in flat
    path = None if fit.movement is None else fit.movement.residuals
    level = residual_sd(draws.assign(residual_sd=residual_level(fit, draws)))
    return PredictiveLaw(
        intercept=array("alpha", "asset") + (array("zero_beta")[:, None] if "zero_beta" in flat else 0.0),
        sd=sd,
        premium=array("risk_premium", "factor"),
        factor_mean=array("factor_mean", "factor"),
        loading=loading,
        long_run=array("loading_long_run", "asset", "factor") if moving else loading,
        cov=cov,
        long_run_cov=array("factor_cov_long_run", "factor", "factor_other") if reverting else cov,
        common=array("residual_loading", "asset", "residual_factor") if common else np.zeros((*sd.shape, 0)),
        dof=array("dof") if "dof" in flat else np.full(size, np.inf),
        loading_phi=_phi(array("loading_memory")) if moving else zeros,
        cov_phi=_phi(array("factor_memory")) if reverting else zeros,
        volatility_phi=_phi(array("volatility_memory")) if swings else zeros,
        wander=_wander(fit, array("loading_move"), level) if moving else None,
        log_volatility=np.log(array("volatility_now") if swings else ones),
        size=array("volatility_size") if swings else zeros,
        log_drift=np.zeros(sd.shape[1]) if path is None else np.log(path.next_drift),
        drift_phi=1.0 if path is None else path.drift_phi,
    )


def laws(fit: FitFacts, draws: xr.Dataset) -> Iterator[tuple[slice, PredictiveLaw]]:
    """Yield the law at some draws of every chain after the other, so that memory is bounded, and which draws."""
    panel, chains = fit.panel, draws.sizes["chain"]
    step = max(1, NUMBERS // max(chains * len(panel.assets) * len(panel.factor_names), 1))
    for start in range(0, draws.sizes["draw"], step):
        own = slice(start, start + step)
        yield own, law_of(fit, draws.isel(draw=own))


def _phi(memory: np.ndarray) -> np.ndarray:
    """Return what is left after one period of what is half after `memory` periods."""
    return 2.0 ** (-1.0 / memory)


def _wander(fit: FitFacts, move: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return kappa sigma_i / sd(f_k), with the level of residuals and factors over the rows that were fitted."""
    paths = None if fit.movement is None else fit.movement.loadings
    values = require_returns(fit.panel).aligned
    sd = values[: len(values) if paths is None else paths.rows].std(axis=0, ddof=1)
    return move[:, None, None] * level[:, :, None] / np.where(sd > 0, sd, np.inf)
