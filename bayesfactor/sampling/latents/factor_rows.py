"""What factors that are drawn say of their means and covariance, all of one history: f_t ~ N(mu, Omega / phi_t)."""

import numpy as np

from bayesfactor.panel.histories import FactorMoments, Span
from bayesfactor.paths.factor_covariance import draw_covariance
from bayesfactor.spec.factors import ScaledFactors


def row_moments(values: np.ndarray, weight: np.ndarray) -> Span:
    """Return the moments of rows f_t (time, factor), each counting as its weight phi_t, which is 1 on average."""
    mean = weight @ values / weight.sum()
    away = values - mean
    k = values.shape[1]
    return Span(np.arange(k), 0, len(values), float(weight.sum()), mean, (weight[:, None] * away).T @ away)


def draw_row_covariance(span: Span, prior: ScaledFactors, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return Omega | f, mu ~ IW(dof + T, scale + sum_t phi_t (f_t - mu)(f_t - mu)')."""
    history = FactorMoments(span.mean, span.mean, np.full(span.mean.size, span.rows), (span,))
    return draw_covariance(history, prior, mean[None], rng)[0]


def factor_terms(span: Span, prior: ScaledFactors, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `factor_precision` (1, factor, factor) and `factor_centre` (1, factor) of a density's buffer.

    log p(f | mu) with Omega integrated out is -power log(1 + T d'P d), d = mu - start - centre; count and power are
    those of the observed history.
    """
    precision = np.linalg.inv(span.scatter + np.diag(prior.covariance_scale))
    return precision[None], (span.mean - start)[None]
