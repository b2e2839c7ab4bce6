"""Evidence of pre-whitened statistics, at the mode of what the assets share."""

from dataclasses import dataclass, replace

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.paths.prewhitened import Whitened
from bayesfactor.spec.alphas import ScaledAlphas
from bayesfactor.spec.loadings import ScaledLoadings

CYCLES = 15  # of two EM steps
SETTLED = 5e-3  # relative change of standard deviations in a cycle
SMALL = 0.03  # tau below this share of its prior's scale is as good as 0
FAR = 4.0


@dataclass(frozen=True, eq=False)
class CoefficientPrior(FrozenArrays):
    """The law of long-run coefficients (alpha_i, beta_i').

    Where `spread` is above 0: c_ik ~ N(m_gk, tau_k^2), m_gk ~ N(loc, sd^2), tau_k ~ HalfNormal(spread), m_gk = loc
    if sd is 0. Else c_ik ~ N(loc, sd^2).

    Attributes
    ----------
    loc, sd, spread : array (coefficient)
    """

    loc: np.ndarray
    sd: np.ndarray
    spread: np.ndarray


def coefficient_prior(alphas: ScaledAlphas, loadings: ScaledLoadings) -> CoefficientPrior:
    """Return the law of coefficients; alphas that scale with residual risk are as the typical asset's."""
    own, shared = (0.0, alphas.sd) if alphas.hierarchical else (alphas.sd, 0.0)
    return CoefficientPrior(np.r_[alphas.loc, loadings.loc], np.r_[own, loadings.sd], np.r_[shared, loadings.spread])


@dataclass(frozen=True, eq=False)
class Shared(FrozenArrays):
    """What the coefficients share, and residual standard deviations.

    Attributes
    ----------
    mean : array (group, coefficient)
    sd : array (coefficient)
    sigma : array (asset)
    """

    mean: np.ndarray
    sd: np.ndarray
    sigma: np.ndarray

    def log_prior(self, prior: CoefficientPrior) -> float:
        """Return the log prior density of m and tau, but for constants."""
        pooled = prior.spread > 0
        placed = pooled & (prior.sd > 0)
        away = (self.mean - prior.loc)[:, placed] / prior.sd[placed]
        return -float(np.sum(away**2) + np.sum((self.sd[pooled] / prior.spread[pooled]) ** 2)) / 2


def shared_mode(
    sums: Whitened, groups: np.ndarray, prior: CoefficientPrior, sigma: np.ndarray, start: Shared | None = None
) -> Shared:
    """Return the mode of (m, tau, sigma) with coefficients integrated out, by the EM algorithm.

    Parameters
    ----------
    sums : Whitened
    groups : array (asset)
        Number of each asset's group.
    prior : CoefficientPrior
    sigma : array (asset)
        Where residual standard deviations start.
    start : Shared, optional
        A mode of similar statistics.
    """
    member = np.eye(int(groups.max()) + 1)[groups]
    whole = (sums.xx.sum(axis=1)[sums.pattern], sums.xy.sum(axis=1), sums.yy.sum(axis=1))
    count = sums.count.sum(axis=1)[sums.pattern]
    sd = np.where(prior.spread > 0, prior.spread, prior.sd)
    now = start or Shared(np.tile(prior.loc, (member.shape[1], 1)), sd, sigma)
    now = replace(now, sd=np.maximum(now.sd, 0.1 * prior.spread))  # from 0 there is no way up
    for _ in range(CYCLES):
        first = _step(whole, count, member, prior, now)
        second = _step(whole, count, member, prior, first)
        change = max(_change(second.sd, now.sd, SMALL * prior.spread), _change(second.sigma, now.sigma, 0.0))
        now = replace(second, sd=_extrapolated(now.sd, first.sd, second.sd))
        if change < SETTLED:
            break
    return now


def _step(
    whole: tuple[np.ndarray, np.ndarray, np.ndarray],
    count: np.ndarray,
    member: np.ndarray,
    prior: CoefficientPrior,
    now: Shared,
) -> Shared:
    """Return what assets share after one step of the EM algorithm."""
    (xx, xy, yy), sd, variance, mean = whole, now.sd, now.sigma**2, member @ now.mean
    inverse = np.linalg.inv(np.eye(sd.size) + sd[:, None] * xx * sd / variance[:, None, None])
    cov = sd[:, None] * inverse * sd
    c = mean + np.squeeze(cov @ (xy - np.squeeze(xx @ mean[..., None], -1))[..., None], -1) / variance[:, None]
    taken = sd.size - np.trace(inverse, axis1=1, axis2=2)  # degrees of freedom that coefficients take
    squares = yy - 2 * np.sum(c * xy, axis=-1) + np.sum(c * np.squeeze(xx @ c[..., None], -1), axis=-1)
    sigma = np.sqrt((np.maximum(squares, 0.0) + taken * variance) / count)
    return _pooled(c, np.diagonal(cov, axis1=1, axis2=2), member, prior, sd, sigma)


def _extrapolated(before: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return where steps that shrink geometrically end (Aitken), in logs and not farther than a factor of `FAR`.

    EM steps towards tau = 0 shrink too slowly to wait for them.
    """
    logs = np.log(np.where(before > 0, [before, first, second], 1.0))
    step, next_step = np.diff(logs, axis=0)
    shrinks = (step * next_step > 0) & (np.abs(next_step) < np.abs(step))
    left = np.where(shrinks, next_step**2 / np.where(shrinks, step - next_step, 1.0), 0.0)
    return second * np.exp(np.clip(left, -np.log(FAR), np.log(FAR)))


def _pooled(
    c: np.ndarray, variance: np.ndarray, member: np.ndarray, prior: CoefficientPrior, sd: np.ndarray, sigma: np.ndarray
) -> Shared:
    """Return the mode of m and then of tau, given means and variances (asset, coefficient) of coefficients."""
    pooled = prior.spread > 0
    precision, place = np.where(pooled, 1 / np.where(sd > 0, sd, 1.0) ** 2, 0.0), prior.sd**2
    many = member.sum(axis=0)[:, None]
    mean = (prior.loc + place * precision * (member.T @ c)) / (1 + place * precision * many)
    square = np.sum((c - member @ mean) ** 2 + variance, axis=0)
    n, scale = len(c), np.where(pooled, prior.spread, 1.0)
    tau = np.sqrt(2 * square / (n + np.sqrt(n**2 + 4 * square / scale**2)))
    return Shared(np.where(pooled, mean, prior.loc), np.where(pooled, tau, sd), sigma)


def _change(now: np.ndarray, before: np.ndarray, least: np.ndarray | float) -> float:
    """Return the largest change relative to what was, or to the least that matters."""
    size = np.maximum(before, least)
    return float(np.max(np.abs(now - before) / np.where(size > 0, size, 1.0), initial=0.0))


def predictive_densities(sums: Whitened, groups: np.ndarray, shared: Shared) -> np.ndarray:
    """Return log p(returns of block b | those before it) (asset, block), coefficients integrated out.

    Differences of log N(r_i | X m, sigma_i^2 (V* + X diag(tau^2) X')) over the blocks up to b.
    """
    xx, xy = np.cumsum(sums.xx, axis=1), np.cumsum(sums.xy, axis=1)
    yy, of = np.cumsum(sums.yy, axis=1), sums.pattern
    mean, sd, variance = shared.mean[groups], shared.sd, shared.sigma[:, None] ** 2
    at_mean = np.squeeze(xx[of] @ mean[:, None, :, None], -1)
    rest = xy - at_mean
    squares = yy - np.sum(mean[:, None] * (xy + rest), axis=-1)
    p = sd.size
    # The last pivot of this matrix is 1 plus the squares that are left: one factor gives both parts of a density.
    bordered = np.empty((*yy.shape, p + 1, p + 1))
    bordered[..., :p, :p] = np.eye(p) + (sd[:, None] * xx * sd)[of] / variance[..., None, None]
    bordered[..., p, :p] = bordered[..., :p, p] = rest * sd / variance[..., None]
    bordered[..., p, p] = 1 + squares / variance
    pivots = np.diagonal(np.linalg.cholesky(bordered), axis1=-2, axis2=-1)
    rows = np.cumsum(sums.count, axis=1)[of] * np.log(2 * np.pi * variance)
    twice = rows + np.cumsum(sums.log_det, axis=1)[of] + 2 * np.log(pivots[..., :p]).sum(axis=-1) + pivots[..., p] ** 2
    return -np.diff(twice - 1, axis=1, prepend=0.0) / 2
