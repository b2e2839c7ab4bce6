"""Bayesian Fama-MacBeth: two-pass premia of draws of means and covariances from their posterior."""

import numpy as np
import xarray as xr

from bayesfactor.base.arguments import require_draws, require_flag
from bayesfactor.base.errors import DataError, unknown
from bayesfactor.closedform.crosssection.first_pass import self_priced_assets
from bayesfactor.closedform.data import Rectangle, loading_signal, rectangle
from bayesfactor.closedform.results import ZERO_BETA, PremiaDraws
from bayesfactor.closedform.saturated import WEIGHTS, Weights, moment_draws, require_independent
from bayesfactor.panel.panel import Panel


def fama_macbeth(
    panel: Panel,
    weights: Weights = "ols",
    intercept: bool = False,
    self_priced: bool = False,
    *,
    draws: int = 10_000,
    seed: int = 1,
) -> PremiaDraws:
    """Return the posterior of risk premia in the cross-section of mean returns.

    Factors and returns Y_t = (f_t, r_t) are normal with mean mu and covariance Sigma, under a flat prior::

        Sigma ~ W^-1(T - 1, sum_t (Y_t - mean)(Y_t - mean)')            mu | Sigma ~ N(mean, Sigma / T)

    In every draw beta = Sigma_rf Sigma_f^-1, H = (1, beta) or beta, and::

        lambda = (H'WH)^-1 H'W mu_r             W = 1 ("ols") or (Sigma_r - beta Sigma_f beta')^-1 ("gls")

    The uncertainty of the loadings is inside the draws, so a useless factor gets a wide interval and not a large t.

    Parameters
    ----------
    panel : Panel
        Every asset on every date, more dates than assets and factors together.
    weights : {"ols", "gls"}
    intercept : bool
        Estimate a zero-beta rate, the same for all test assets.
    self_priced : bool
        Make the traded factors test assets too. With ``"gls"`` and no intercept the premium of each is then its mean
        in every draw.
    draws, seed : int
        Independent draws; the same seed gives the same.

    Returns
    -------
    PremiaDraws
        Premia, decimal per period, and the adjusted cross-sectional R-squared of each draw (in the metric of the
        weights; that of the returns' covariance where traded factors price themselves).

    Raises
    ------
    SpecError
        When a choice does not exist, or `self_priced` finds no traded factor.
    DataError
        When an asset has gaps, assets or periods are too few, or a series is constant or a combination of others.

    Notes
    -----
    BayesianFactorZoo scales the inverse Wishart by T / (T - 1), which widens the draws by half a T-th part.

    Wrong to use: with few more periods than series, where the flat prior leaves hardly anything known (use `bf.fit`);
    with a free intercept for traded factors.

    References
    ----------
    Bryzgalova, Huang and Julliard (2023, J. Finance 78).
    """
    if weights not in WEIGHTS:
        raise unknown("weights", weights, WEIGHTS, place="fama_macbeth.weights")
    require_draws(draws, seed, "fama_macbeth")
    require_flag(intercept, "fama_macbeth.intercept")
    require_flag(self_priced, "fama_macbeth.self_priced")
    rect = rectangle(panel, "fama_macbeth", more_periods_than="assets")
    own = self_priced_assets(rect, "fama_macbeth") if self_priced else np.array([], dtype=int)
    names = [ZERO_BETA, *rect.names] if intercept else list(rect.names)
    assets = len(rect.assets) + len(own)
    if assets <= len(names):
        raise DataError(
            f"fama_macbeth estimates {len(names)} premia from {assets} mean returns, and needs more assets.",
            series="panel",
            value=assets,
            remedy="Add assets, or leave factors or the intercept out.",
        )
    series = np.column_stack([rect.factors, rect.returns])
    require_independent(series, (*rect.names, *rect.assets), "fama_macbeth")
    parts = [
        second_pass(mean, covariance, rect, own, weights, intercept)
        for mean, covariance in moment_draws(series, draws, seed)
    ]
    premium, fit = (np.concatenate(part) for part in zip(*parts, strict=True))
    priced = ", traded factors price themselves" if self_priced else ""
    return PremiaDraws(
        draws=xr.DataArray(premium, {"draw": np.arange(draws), "factor": names}, ("draw", "factor")),
        r_squared=xr.DataArray(fit, {"draw": np.arange(draws)}, ("draw",)),
        signal=loading_signal(rect, names),
        periods_per_year=rect.periods_per_year,
        method=f"Bayesian Fama-MacBeth, {weights}{priced}; flat prior",
    )


def second_pass(
    mean: np.ndarray, covariance: np.ndarray, rect: Rectangle, own: np.ndarray, weights: Weights, intercept: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return premia (draw, coefficient) and adjusted R-squared (draw) of draws of means and covariances."""
    k = len(rect.names)
    tested = np.concatenate([np.arange(k, mean.shape[1]), own])
    among_factors, among_assets = covariance[:, :k, :k], covariance[:, tested[:, None], tested]
    loading = np.linalg.solve(among_factors, covariance[:, :k, tested]).transpose(0, 2, 1)
    if len(own):
        loading[:, len(rect.assets) :] = np.eye(k)[own]
    design = np.concatenate([np.ones((*loading.shape[:2], 1)), loading], axis=2) if intercept else loading
    reward = mean[:, tested]
    away = reward - reward.mean(axis=1, keepdims=True)
    stacked = np.concatenate([design, reward[..., None], away[..., None]], axis=2)
    if weights == "ols":
        weighted = stacked
    elif len(own):
        weighted = np.linalg.solve(among_assets, stacked)
    else:
        weighted = np.linalg.solve(among_assets - loading @ among_factors @ loading.transpose(0, 2, 1), stacked)
    p, n = design.shape[2], len(tested)
    premium = np.linalg.solve(
        design.transpose(0, 2, 1) @ weighted[..., :p], design.transpose(0, 2, 1) @ weighted[..., p:-1]
    )
    alpha = np.concatenate([-premium, np.ones((len(premium), 1, 1))], axis=1)
    left = (stacked[..., :-1] @ alpha)[..., 0]
    unexplained = np.einsum("dn,dn->d", left, (weighted[..., :-1] @ alpha)[..., 0])
    total = np.einsum("dn,dn->d", away, weighted[..., -1])
    return premium[..., 0], 1 - unexplained / total * (n - 1) / (n - p)
