"""Conjugate regressions: each asset's alpha and loadings with a normal prior, without a sampler."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require, require_number
from bayesfactor.base.errors import DataError
from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.data import require_panel
from bayesfactor.closedform.regressions.asset_regressions import as_rate, bounds, own_fits
from bayesfactor.panel.design import observe
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import SOURCES
from bayesfactor.panel.regressions import regressors
from bayesfactor.spec.alphas import FreeAlpha
from bayesfactor.spec.keys import keyed
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.priors import Normal, NormalRate, Rate
from bayesfactor.spec.units import typical_sd

ALPHA = SOURCES[0]
STURDY = FreeLoadings(
    prior=(("market", LoadingPrior(Normal(1.0, 0.5), "beta")), ("default", LoadingPrior(Normal(0.0, 0.5))))
)


SCEPTICAL = FreeAlpha(NormalRate(Rate(0.0), Rate(5.0)))
EXACT = 1e-4  # least residual standard deviation, as a share of the asset's own


@dataclass(frozen=True)
class KnownResidual:
    """The residual standard deviation of every asset is `sd`; None: each asset's own, by least squares."""

    sd: Rate | None = None


@dataclass(frozen=True)
class UncertainResidual:
    """sigma_i^2 ~ IG(weight / 2, weight s^2 / 2): worth `weight` periods with standard deviation s.

    s is `sd`, or each asset's own by least squares where that is None.
    """

    sd: Rate | None = None
    weight: float = 4.0

    def __post_init__(self) -> None:
        require_number(self.weight, 2.0, np.inf, "UncertainResidual.weight", "Above 2 the mean variance exists.")


UNCERTAIN = UncertainResidual()


@dataclass(frozen=True, eq=False)
class RegressionPosterior(FrozenResult):
    """Posterior of each asset's alpha and loadings.

    Attributes
    ----------
    mean : DataArray (asset, coefficient)
        ``alpha`` (decimal per period), then the loadings.
    covariance : DataArray (asset, coefficient, coefficient_other)
    sigma : DataArray (asset)
        Square root of the posterior mean of the residual variance, decimal per period.
    dof : DataArray (asset)
        Degrees of freedom of the Student-t law of the coefficients; infinite where the residual variance is known.
    count : DataArray (asset)
        Dates used.
    periods_per_year : int
    """

    mean: xr.DataArray
    covariance: xr.DataArray
    sigma: xr.DataArray
    dof: xr.DataArray
    count: xr.DataArray
    periods_per_year: int

    @property
    def sd(self) -> xr.DataArray:
        """Posterior standard deviations (asset, coefficient)."""
        return self.mean.copy(data=np.sqrt(np.einsum("ijj->ij", self.covariance.values)))

    def table(self, ci_prob: float = 0.9) -> pd.DataFrame:
        """Return one row per asset and coefficient: mean, sd, lower, upper (alpha per year), and alpha per period.

        Loadings do not depend on the unit of time: their two pairs of columns agree. ``attrs`` state the interval.
        """
        sd, dof = self.sd.values, self.dof.values[:, None]
        shrink = np.where(np.isinf(dof), 1.0, (np.where(np.isinf(dof), 3.0, dof) - 2) / np.where(np.isinf(dof), 1, dof))
        low, high = bounds(self.mean.values, sd * np.sqrt(shrink), dof, ci_prob)
        year = np.where(self.mean["coefficient"].values == ALPHA, self.periods_per_year, 1.0)
        columns = {"mean": self.mean.values * year, "sd": sd * year, "lower": low * year, "upper": high * year}
        columns |= {"mean_per_period": self.mean.values, "sd_per_period": sd}
        index = pd.MultiIndex.from_product(
            [self.mean["asset"].values, self.mean["coefficient"].values], names=["asset", "coefficient"]
        )
        table = pd.DataFrame({name: value.ravel() for name, value in columns.items()}, index=index)
        table.attrs = {"ci_kind": "eti", "ci_prob": ci_prob, "units": "alpha: decimal, per year"}
        return table


def conjugate_regression(
    panel: Panel,
    loadings: FreeLoadings = STURDY,
    alpha: FreeAlpha = SCEPTICAL,
    residual: KnownResidual | UncertainResidual = UNCERTAIN,
) -> RegressionPosterior:
    """Return the posterior of each asset's regression on the factors, each on its own dates.

    The model is, for asset i with c_i = (alpha_i, beta_i')' and x_t = (1, f_t')'::

        r_it = x_t'c_i + e_it,   e_it ~ N(0, sigma_i^2)
        c_i | sigma_i ~ N(c_0, sigma_i^2 / s_i^2 V_0)       sigma_i^2 ~ IG(weight / 2, weight s_i^2 / 2)

    so that an asset with twice the expected residual standard deviation has a prior twice as wide (Pastor and Stambaugh
    1999); with a `KnownResidual`, sigma_i = s_i.

    Parameters
    ----------
    panel : Panel
        Gaps and unequal histories are allowed.
    loadings : FreeLoadings
        Keyed by the factor's name or family, in the units of `LoadingPrior`.
    alpha : FreeAlpha
    residual : KnownResidual or UncertainResidual

    Returns
    -------
    RegressionPosterior

    Raises
    ------
    SpecError
        When a prior is of the wrong class, or a factor has none.
    DataError
        When s_i is estimated from an asset's own history and that is too short.

    Notes
    -----
    alpha_i is the regression's intercept: a pricing error only where every factor is traded.

    Wrong to use: for short histories, as nothing is pooled across assets (use `bf.fit`); for the joint posterior of a
    portfolio, since residuals of different assets are assumed independent.
    """
    require_panel(panel, "conjugate_regression")
    require(loadings, (FreeLoadings,), "conjugate_regression.loadings")
    require(alpha, (FreeAlpha,), "conjugate_regression.alpha")
    require(residual, (KnownResidual, UncertainResidual), "conjugate_regression.residual")
    centre, width = coefficient_prior(panel, loadings, alpha)
    scale = residual_scale(panel, residual)
    weight = residual.weight if isinstance(residual, UncertainResidual) else np.inf
    rows = [update(panel, i, centre, width, scale[i], weight) for i in range(len(panel.assets))]
    mean, covariance, variance, dof, count = (np.array(part) for part in zip(*rows, strict=True))
    assets, names = list(panel.assets), [ALPHA, *panel.factor_names]
    labels = {"asset": assets, "coefficient": names}
    other = {**labels, "coefficient_other": names}
    return RegressionPosterior(
        mean=xr.DataArray(mean, labels, ("asset", "coefficient")),
        covariance=xr.DataArray(covariance, other, ("asset", "coefficient", "coefficient_other")),
        sigma=xr.DataArray(np.sqrt(variance), {"asset": assets}, ("asset",)),
        dof=xr.DataArray(dof, {"asset": assets}, ("asset",)),
        count=xr.DataArray(count, {"asset": assets}, ("asset",)),
        periods_per_year=panel.periods_per_year,
    )


def loading_prior(panel: Panel, loadings: FreeLoadings, place: str) -> tuple[np.ndarray, np.ndarray]:
    """Return prior means and standard deviations of the loadings (factor), in units of the loading itself."""
    chosen = [keyed(loadings.prior, factor, place=place) for factor in panel.factor_info]
    sd = factor_moments(panel).sd
    if not sd.all():
        name = panel.factor_names[int(np.argmin(sd))]
        raise DataError(f"{place}: factor '{name}' is constant.", series=name, remedy="Leave it out (panel.select).")
    unit = (typical_sd(observe(panel)) or 1.0) / sd  # constant returns have no unit
    unit = np.where([prior.units == "beta" for prior in chosen], 1.0, unit)
    return np.array([prior.value.mean for prior in chosen]) * unit, np.array(
        [prior.value.sd for prior in chosen]
    ) * unit


def coefficient_prior(panel: Panel, loadings: FreeLoadings, alpha: FreeAlpha) -> tuple[np.ndarray, np.ndarray]:
    """Return prior means and standard deviations of (alpha, loadings), decimal per period."""
    mean, sd = loading_prior(panel, loadings, "conjugate_regression.loadings")
    year = panel.periods_per_year
    return np.append(alpha.value.mean.mean(year), mean), np.append(alpha.value.sd.mean(year), sd)


def residual_scale(panel: Panel, residual: KnownResidual | UncertainResidual) -> np.ndarray:
    """Return s_i (asset), decimal per period."""
    if residual.sd is None:
        own = np.sqrt(own_fits(panel, "conjugate_regression").variance)
        return np.maximum(own, EXACT * np.nanstd(panel.returns.values, axis=0))
    rate = as_rate(residual.sd, "conjugate_regression.residual.sd")
    return np.full(len(panel.assets), rate.volatility(panel.periods_per_year))


def update(
    panel: Panel, index: int, centre: np.ndarray, width: np.ndarray, scale: float, weight: float
) -> tuple[np.ndarray, np.ndarray, float, float, int]:
    """Return posterior mean, covariance, residual variance, degrees of freedom and dates of asset number `index`."""
    _, y, x = regressors(panel, index)
    prior = (scale / width) ** 2
    scaled = x * (width / scale)
    inverse = np.linalg.inv(np.eye(len(width)) + scaled.T @ scaled) * np.outer(width, width) / scale**2
    mean = centre + inverse @ (x.T @ (y - x @ centre))
    if np.isinf(weight):
        return mean, scale**2 * inverse, scale**2, weight, len(y)
    residual = y - x @ mean
    squares = weight * scale**2 + residual @ residual + prior @ (mean - centre) ** 2
    dof = weight + len(y)
    return mean, squares / (dof - 2) * inverse, squares / (dof - 2), dof, len(y)
