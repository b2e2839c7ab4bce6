"""Vasicek's loadings: precision-weighted averages of each asset's estimate and the cross-sectional mean."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import DataError
from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.regressions.asset_regressions import bounds, own_fits
from bayesfactor.closedform.regressions.conjugate import loading_prior
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.loadings import FreeLoadings


@dataclass(frozen=True, eq=False)
class ShrunkLoadings(FrozenResult):
    """Loadings shrunk to a common mean.

    Attributes
    ----------
    estimate, se : DataArray (asset, factor)
        Least squares on the asset's own dates.
    mean, sd : DataArray (asset, factor)
        Posterior.
    shrinkage : DataArray (asset, factor)
        Weight of the common mean, 0 to 1.
    prior_mean, prior_sd : DataArray (factor)
        Mean and standard deviation of the loadings over assets.
    """

    estimate: xr.DataArray
    se: xr.DataArray
    mean: xr.DataArray
    sd: xr.DataArray
    shrinkage: xr.DataArray
    prior_mean: xr.DataArray
    prior_sd: xr.DataArray

    def table(self, ci_prob: float = 0.9) -> pd.DataFrame:
        """Return one row per asset (with one factor) or per asset and factor.

        Columns estimate, se, mean, sd, lower, upper, shrinkage. ``attrs`` state the interval.
        """
        low, high = bounds(self.mean.values, self.sd.values, np.array(np.inf), ci_prob)
        columns = {name: getattr(self, name).values for name in ("estimate", "se", "mean", "sd")}
        columns |= {"lower": low, "upper": high, "shrinkage": self.shrinkage.values}
        assets, factors = self.mean["asset"].values, self.mean["factor"].values
        index = pd.MultiIndex.from_product([assets, factors], names=["asset", "factor"])
        if len(factors) == 1:
            index = pd.Index(assets, name="asset")
        table = pd.DataFrame({name: value.ravel() for name, value in columns.items()}, index=index)
        table.attrs = {"ci_kind": "eti", "ci_prob": ci_prob, "units": "loading"}
        return table


def vasicek(panel: Panel, prior: FreeLoadings | None = None) -> ShrunkLoadings:
    """Return loadings shrunk to their cross-sectional mean, in proportion to the sampling variance of each.

    With b_ik and s_ik the least-squares loading and its standard error, and m_k and V_k mean and variance over assets
    of the b_ik::

        E[beta_ik] = (b_ik / s_ik^2 + m_k / V_k) / (1 / s_ik^2 + 1 / V_k)       shrinkage = s_ik^2 / (s_ik^2 + V_k)

    Parameters
    ----------
    panel : Panel
        Gaps and unequal histories are allowed.
    prior : FreeLoadings, optional
        Means and standard deviations to use for m_k and V_k, keyed by the factor's name or family.

    Returns
    -------
    ShrunkLoadings

    Raises
    ------
    SpecError
        When `prior` is of the wrong class, or a factor has none.
    DataError
        When an asset's history is too short, or there are fewer than three assets and no prior.

    Notes
    -----
    V_k includes the sampling error of the estimates, as in the paper, so it shrinks too little; m_k and V_k are taken
    as known, and each factor is shrunk separately. `bf.fit` estimates all of this jointly.

    References
    ----------
    Vasicek (1973, J. Finance 28).
    """
    fits = own_fits(panel, "vasicek")
    estimate, error = fits.coefficient[:, 1:], fits.error[:, 1:]
    if prior is not None:
        require(prior, (FreeLoadings,), "vasicek.prior")
        centre, width = loading_prior(panel, prior, "vasicek.prior")
    elif len(panel.assets) < 3:
        raise DataError(
            f"vasicek needs at least three assets for the spread of loadings; the panel has {len(panel.assets)}.",
            series="panel",
            value=len(panel.assets),
            remedy="Give a prior=FreeLoadings(...), or more assets.",
        )
    else:
        centre, width = estimate.mean(axis=0), estimate.std(axis=0, ddof=1)
    total = error**2 + width**2
    weight = np.divide(error**2, total, out=np.ones_like(total), where=total > 0)
    labels = {"asset": list(panel.assets), "factor": list(panel.factor_names)}
    dims, own = ("asset", "factor"), {"factor": labels["factor"]}
    return ShrunkLoadings(
        estimate=xr.DataArray(estimate, labels, dims),
        se=xr.DataArray(error, labels, dims),
        mean=xr.DataArray((1 - weight) * estimate + weight * centre, labels, dims),
        sd=xr.DataArray(width * np.sqrt(weight), labels, dims),
        shrinkage=xr.DataArray(weight, labels, dims),
        prior_mean=xr.DataArray(centre, own, ("factor",)),
        prior_sd=xr.DataArray(width, own, ("factor",)),
    )
