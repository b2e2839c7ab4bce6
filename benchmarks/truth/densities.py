"""Log densities of the returns of one date under every posterior draw, factors integrated out."""

import numpy as np
from scipy.special import gammaln, logsumexp

SWEEPS = 6  # of weighted least squares towards the mode of the factors
PROPOSALS, TAIL = 8, 5.0  # draws of the factors for every posterior draw, from a t with so many degrees of freedom


def log_mean_exp(values: np.ndarray) -> float:
    """Return log mean exp."""
    return float(logsumexp(values) - np.log(values.size))


def normal_factors(away: np.ndarray, loading: np.ndarray, omega: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return log N(away; 0, B Omega B' + diag(sd^2)) of every draw, through K x K matrices.

    With P = Omega^-1 + B'D^-1 B and b = B'D^-1 a: log |S| = log |D| + log |Omega| + log |P|, a'S^-1 a = a'D^-1 a -
    b'P^-1 b.
    """
    z, scaled = away / sd, loading / sd[:, :, None]
    precision = np.linalg.inv(omega) + np.einsum("dik,dil->dkl", scaled, scaled)
    b = np.einsum("dik,di->dk", scaled, z)
    size = np.linalg.slogdet(omega)[1] + np.linalg.slogdet(precision)[1] + 2 * np.log(sd).sum(axis=1)
    square = (z**2).sum(axis=1) - (b * np.linalg.solve(precision, b[:, :, None])[:, :, 0]).sum(axis=1)
    return -0.5 * (square + size + away.shape[1] * np.log(2 * np.pi))


def student_given_factors(away: np.ndarray, sd: np.ndarray, dof: np.ndarray) -> np.ndarray:
    """Return log densities of Student-t residuals of standard deviation `sd`, one by one."""
    scale = sd * np.sqrt((dof - 2) / dof)
    constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi)
    return constant - np.log(scale) - 0.5 * (dof + 1) * np.log1p((away / scale) ** 2 / dof)


def student_factors(
    away: np.ndarray, loading: np.ndarray, omega: np.ndarray, sd: np.ndarray, dof: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return log p(away) of every draw and proposal, residuals Student-t: their mean over proposals is unbiased.

    The factors' deviations g ~ N(0, Omega) are integrated by importance sampling around the mode of p(g | away).
    """
    inverse, nu = np.linalg.inv(omega), dof[:, None]
    scale = sd * np.sqrt((nu - 2) / nu)
    found = np.zeros(omega.shape[:2])
    for _ in range(SWEEPS):
        residual = away - np.einsum("dik,dk->di", loading, found)
        weight = (nu + 1) / (nu + (residual / scale) ** 2) / scale**2
        precision = inverse + np.einsum("dik,di,dil->dkl", loading, weight, loading, optimize=True)
        found = np.linalg.solve(precision, np.einsum("dik,di->dk", loading, weight * away)[:, :, None])[:, :, 0]
    root = np.linalg.cholesky(np.linalg.inv(precision))
    size = (PROPOSALS, *found.shape)
    tail = np.sqrt(TAIL / rng.chisquare(TAIL, size=size[:2]))[:, :, None]
    u = rng.standard_normal(size) * tail
    g = found + np.einsum("dkl,pdl->pdk", root, u)
    k = found.shape[1]
    proposal = gammaln((TAIL + k) / 2) - gammaln(TAIL / 2) - 0.5 * k * np.log(TAIL * np.pi)
    proposal = proposal - np.log(np.einsum("dkk->dk", root)).sum(axis=1)
    proposal = proposal - 0.5 * (TAIL + k) * np.log1p((u**2).sum(axis=2) / TAIL)
    prior = -0.5 * (np.einsum("pdk,dkl,pdl->pd", g, inverse, g, optimize=True) + k * np.log(2 * np.pi))
    prior = prior - 0.5 * np.linalg.slogdet(omega)[1]
    residual = away - np.einsum("dik,pdk->pdi", loading, g)
    return student_given_factors(residual, sd, nu).sum(axis=2) + prior - proposal
