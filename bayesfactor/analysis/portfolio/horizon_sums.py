"""What moments of a sum of periods need of the paths: sums over periods, in closed form or term by term."""

from dataclasses import dataclass, fields

import numpy as np

from bayesfactor.posterior.predictive_law import PredictiveLaw

TERMS = 256  # periods that are in memory at once


@dataclass(frozen=True, eq=False)
class HorizonSums:
    """Sums over the periods j = 1..h, at draws (sample).

    With a_j and c_j what is left of the distance of loadings and of the factors' covariance from the long run, and
    s_j = 1 - a_j^2 the share of the long-run variance that a loading has gained.

    Attributes
    ----------
    a, aa, c, ac, aac : array (sample)
        Of a_j, a_j^2, c_j, a_j c_j, a_j^2 c_j.
    s, sc : array (sample)
        Of s_j and s_j c_j.
    ss : array (sample)
        Variance of the sum of a loading's own moves over its long-run variance.
    g : array (sample)
        Of E[g_j^2] / g_1^2, the growth of the variance that residuals share.
    own : array (sample, asset)
        Of the same times the growth of each asset's own drift, squared.
    """

    a: np.ndarray
    aa: np.ndarray
    c: np.ndarray
    ac: np.ndarray
    aac: np.ndarray
    s: np.ndarray
    sc: np.ndarray
    ss: np.ndarray
    g: np.ndarray
    own: np.ndarray


def horizon_sums(law: PredictiveLaw, periods: int) -> HorizonSums:
    """Return the sums over so many periods.

    E[g_j^2] = exp(2 p x + 2 size^2 (1 - p^2)) with x = log g_1 and p = phi^(j-1).
    """
    names = [field.name for field in fields(HorizonSums)]
    size = len(law.sd)
    if not law.moves:
        full, none = np.full(size, float(periods)), np.zeros(size)
        still = {name: none if name in ("s", "sc", "ss") else full for name in names}
        return HorizonSums(**{**still, "own": np.full(law.sd.shape, float(periods))})
    total = {name: np.zeros(law.sd.shape if name == "own" else size) for name in names}
    for start in range(0, periods, TERMS):
        j = np.arange(start, min(start + TERMS, periods), dtype=float)
        for name, terms in _terms(law, j, periods).items():
            total[name] += terms.sum(axis=1)
            if name == "g":
                total["own"] += terms @ law.drift_at(j).T ** 2
    return HorizonSums(**total)


def common_covariance(law: PredictiveLaw, sums: HorizonSums, periods: int) -> np.ndarray:
    """Return the covariance (asset, asset) of what residual factors give over so many periods, summed over draws.

    As residuals do, it grows with g and with each asset's own drift.
    """

    def weighed(factor: np.ndarray) -> np.ndarray:
        columns = np.moveaxis(law.common * np.sqrt(factor)[:, None, None], 1, 0).reshape(law.sd.shape[1], -1)
        return columns @ columns.T

    if not law.common.shape[2] or not np.any(law.log_drift):
        return weighed(sums.g)
    total = np.zeros((law.sd.shape[1],) * 2)
    for j in range(periods):
        drift = law.drift_at(j)
        total += weighed(growth(law, np.array([float(j)]))[:, 0]) * np.outer(drift, drift)
    return total


def summed_covariance(law: PredictiveLaw, all_of: np.ndarray | float, now: np.ndarray) -> np.ndarray:
    """Return sum_j w_j Omega_j (sample, factor, factor) over periods, given sum_j w_j and sum_j w_j c_j (sample)."""
    share = now[:, None, None]
    return law.long_run_cov * (np.broadcast_to(all_of, now.shape)[:, None, None] - share) + law.cov * share


def growth(law: PredictiveLaw, j: np.ndarray) -> np.ndarray:
    """Return E[g^2] / g_1^2 (sample, period) of periods that are `j` after the next one."""
    p = law.volatility_phi[:, None] ** j
    return np.exp(2 * (p - 1) * law.log_volatility[:, None] + 2 * law.size[:, None] ** 2 * (1 - p**2))


def _terms(law: PredictiveLaw, j: np.ndarray, periods: int) -> dict[str, np.ndarray]:
    """Return the terms (sample, period) of periods that are `j` after the next one."""
    phi = law.loading_phi[:, None]
    a, c = phi**j, law.cov_phi[:, None] ** j
    s = 1 - a**2
    later = periods - 1 - j
    onward = np.where(phi < 1, phi * (1 - phi**later) / np.where(phi < 1, 1 - phi, 1.0), later)
    terms = {"a": a, "aa": a**2, "c": c, "ac": a * c, "aac": a**2 * c, "s": s, "sc": s * c}
    return {**terms, "ss": s * (1 + 2 * onward), "g": growth(law, j)}
