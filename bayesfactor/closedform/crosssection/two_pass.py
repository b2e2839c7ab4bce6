"""The two-pass estimator: time-series loadings, then a cross-section of mean returns on them."""

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
import xarray as xr
from scipy.stats import chi2

from bayesfactor.base.arguments import require_flag
from bayesfactor.base.errors import unknown
from bayesfactor.closedform.crosssection.first_pass import FirstPass, first_pass, pricing_quadratic, projector
from bayesfactor.closedform.crosssection.sandwich import (
    bandwidth,
    long_run_covariance,
    premium_influence,
    two_pass_moments,
)
from bayesfactor.closedform.data import loading_signal, rectangle
from bayesfactor.closedform.results import PremiaEstimate
from bayesfactor.closedform.saturated import WEIGHTS, Weights, require_independent
from bayesfactor.panel.panel import Panel

Errors = Literal["shanken", "robust", "kernel"]
ERRORS = ("shanken", "robust", "kernel")


@dataclass(frozen=True, eq=False)
class PricingTest:
    """Test that all pricing errors are zero (Shanken 1985).

    Attributes
    ----------
    t_squared : float
        T q / (1 + lambda' Sigma_f^-1 lambda); about chi-squared when the model prices exactly.
    quadratic : float
        q = alpha'(M Sigma M)^+ alpha: the squared Sharpe ratio per period of the pricing errors.
    dof : int
        Test assets less estimated premia.
    p_value : float
        From the chi-squared distribution; too small when assets are many relative to periods.
    """

    t_squared: float
    quadratic: float
    dof: int
    p_value: float


@dataclass(frozen=True, eq=False)
class TwoPass(PremiaEstimate):
    """Two-pass premia, loadings and pricing errors.

    Attributes
    ----------
    loading : DataArray (asset, factor)
        Time-series loadings. Traded factors that price themselves are assets too.
    alpha : DataArray (asset)
        Pricing errors: mean returns less those explained by the premia, decimal per period.
    r_squared, r_squared_adjusted : float
        Share of the cross-sectional variation of mean returns (in the metric of the weights) that the premia explain.
    pricing_test : PricingTest or None
        None where there are too few periods for as many assets, or assets are combinations of one another.
    """

    loading: xr.DataArray
    alpha: xr.DataArray
    r_squared: float
    r_squared_adjusted: float
    pricing_test: PricingTest | None


def two_pass(
    panel: Panel,
    weights: Weights = "ols",
    intercept: bool = False,
    self_priced: bool = False,
    errors: Errors = "shanken",
) -> TwoPass:
    """Return risk premia from a cross-section of mean returns on loadings.

    The model is, for every asset and period::

        r_it = a_i + beta_i'f_t + e_it            E[r_i] = (lambda_0 +) beta_i'lambda

    First pass: loadings by least squares over time. Second pass: with H = (1, beta) or beta::

        lambda = (H'WH)^-1 H'W mean(r)            W = 1 ("ols") or Sigma_e^-1 ("gls")

    Parameters
    ----------
    panel : Panel
        Every asset on every date.
    weights : {"ols", "gls"}
    intercept : bool
        Estimate a zero-beta rate lambda_0, the same for all test assets.
    self_priced : bool
        Make the traded factors test assets too (loading 1 on themselves, residual 0). With ``"gls"`` and no intercept
        the premium of each is then exactly its mean over the dates of the returns.
    errors : {"shanken", "robust", "kernel"}
        ``"shanken"``: normal residuals of constant covariance, and loadings that are estimated (Shanken 1992)::

            cov(lambda) = [(H'WH)^-1 H'W Sigma_e W H (H'WH)^-1 (1 + lambda'Sigma_f^-1 lambda) + Sigma_f] / T

        with the ordinary least-squares lambda in the correction under either weights, as in BayesianFactorZoo.
        ``"robust"``: the sandwich of the stacked moments of both passes and of the estimated weights; holds under
        heteroskedasticity and when the model misprices. ``"kernel"``: the same under autocorrelation too (Bartlett's
        kernel, number of lags by Newey and West 1994).

    Returns
    -------
    TwoPass
        Decimal per period; ``table()`` per year, with ``loading_t2`` beside: near 1 for a factor to which no asset
        is exposed: do not use its premium.

    Raises
    ------
    SpecError
        When a choice does not exist, or `self_priced` finds no traded factor.
    DataError
        When an asset has gaps, assets or periods are too few, or the loadings do not identify the premia.

    Notes
    -----
    R-squared is 1 - alpha'W alpha / (m - mean m)'W(m - mean m) with m the mean returns; without an intercept it can be
    negative. Adjusted: 1 - (1 - R2)(n - 1)/(n - p) for p premia from n test assets.

    Wrong to use: with a free intercept for traded factors (their premium is their mean, and the cross-section hardly
    knows it); with useless factors, whose premia look significant (use `fama_macbeth`); with assets of unequal
    histories (use `bf.fit`).

    References
    ----------
    Shanken (1985, J. Financial Economics 14; 1992, Review of Financial Studies 5); Cochrane, Asset Pricing, ch. 12.
    """
    require_choice(weights, errors)
    require_flag(intercept, "two_pass.intercept")
    require_flag(self_priced, "two_pass.self_priced")
    gls = weights == "gls"
    rect = rectangle(panel, "two_pass", more_periods_than="assets" if gls else "")
    found = first_pass(rect, intercept, self_priced, "two_pass")
    if gls:
        require_independent(found.returns, found.assets, "two_pass(weights='gls')")
    weighing = found.weighing if gls else None
    weight = np.eye(len(found.assets)) if weighing is None else np.linalg.inv(weighing.T @ weighing / len(weighing))
    mean, design = found.returns.mean(axis=0), found.design
    projection = projector(design, weight)
    premium = projection @ mean
    alpha = mean - design @ premium
    centred = mean - mean.mean()
    total = float(centred @ weight @ centred)
    unexplained = float(alpha @ weight @ alpha) / total if total > 0 else 1.0
    n, p = design.shape
    names = list(found.coefficients)
    coordinates = {"factor": names, "factor_other": names}
    covariance = premium_covariance(found, weight, weighing, premium, errors)
    return TwoPass(
        estimate=xr.DataArray(premium, {"factor": names}, ("factor",)),
        covariance=xr.DataArray(covariance, coordinates, ("factor", "factor_other")),
        signal=loading_signal(rect, names),
        periods_per_year=rect.periods_per_year,
        method=f"two-pass, {weights}{', traded factors price themselves' if self_priced else ''}; {errors} errors",
        loading=xr.DataArray(
            found.loading, {"asset": list(found.assets), "factor": list(found.factors)}, ("asset", "factor")
        ),
        alpha=xr.DataArray(alpha, {"asset": list(found.assets)}, ("asset",)),
        r_squared=1 - unexplained,
        r_squared_adjusted=1 - unexplained * (n - 1) / (n - p),
        pricing_test=judge_pricing(found, len(rect.assets)),
    )


def require_choice(weights: str, errors: str) -> None:
    """Raise a SpecError for weights or errors that do not exist."""
    if weights not in WEIGHTS:
        raise unknown("weights", weights, WEIGHTS, place="two_pass.weights")
    if errors not in ERRORS:
        raise unknown("errors", errors, ERRORS, place="two_pass.errors")


def shanken_correction(found: FirstPass) -> float:
    """Return lambda' Sigma_f^-1 lambda, with the ordinary least-squares premia of the factors."""
    design, mean = found.design, found.returns.mean(axis=0)
    slopes = np.linalg.lstsq(design, mean, rcond=None)[0][int(found.intercept) :]
    return float(slopes @ np.linalg.solve(factor_covariance(found), slopes))


def factor_covariance(found: FirstPass) -> np.ndarray:
    """Return the sample covariance of the factors."""
    return np.cov(found.values, rowvar=False).reshape(len(found.factors), len(found.factors))


def premium_covariance(
    found: FirstPass, weight: np.ndarray, weighing: np.ndarray | None, premium: np.ndarray, errors: Errors
) -> np.ndarray:
    """Return the covariance of two-pass premia, (coefficient, coefficient)."""
    periods, parameters = len(found.returns), len(found.factors) + 1
    match errors:
        case "shanken":
            projection = projector(found.design, weight)
            covariance = projection @ found.residual_covariance @ projection.T * (1 + shanken_correction(found))
            first = int(found.intercept)
            covariance[first:, first:] += factor_covariance(found)
            return covariance / periods
        case "robust":
            return long_run_covariance(premium_influence(found, weight, premium, weighing), 0, parameters)
        case "kernel":
            lags = bandwidth(two_pass_moments(found, weight, premium))
            return long_run_covariance(premium_influence(found, weight, premium, weighing), lags, parameters)
        case _:
            assert_never(errors)


def judge_pricing(found: FirstPass, assets: int) -> PricingTest | None:
    """Return the test that pricing errors are zero; None where periods are too few for as many `assets`."""
    periods, (n, p) = len(found.returns), found.design.shape
    if periods <= assets + len(found.factors) + 1:
        return None
    quadratic = pricing_quadratic(found.design, found.returns.mean(axis=0), found.residual_covariance)
    if quadratic is None:
        return None
    statistic = periods * quadratic / (1 + shanken_correction(found))
    return PricingTest(statistic, quadratic, n - p, float(chi2.sf(statistic, n - p)))
