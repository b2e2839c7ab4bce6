"""Pricing errors shrunk towards zero, in proportion to residual risk (Pastor and Stambaugh)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.regressions.asset_regressions import as_rate, bounds, own_fits
from bayesfactor.closedform.saturated import require_independent
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.priors import Rate

TYPICAL = Rate(5.0)  # five per cent a year


@dataclass(frozen=True)
class MaxSharpe:
    """A prior on how much mispricing raises the Sharpe ratio.

    With Sh(f) the largest Sharpe ratio of portfolios of the factors `of` in the sample, the assets raise the
    expected squared one to ``multiple^2 Sh(f)^2``, so that alpha ~ N(0, k Sigma) with k = (multiple^2 - 1) Sh(f)^2 / N.

    Attributes
    ----------
    multiple : float
        Above 1.
    of : tuple of str
        Factors that set the scale; all of the panel's when empty.
    """

    multiple: float = 1.5
    of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_number(
            self.multiple, 1.0, np.inf, "MaxSharpe.multiple", "1.5 is half as much again as the factors' own."
        )
        object.__setattr__(self, "of", (self.of,) if isinstance(self.of, str) else tuple(self.of))


@dataclass(frozen=True, eq=False)
class ShrunkAlphas(FrozenResult):
    """Pricing errors and their posterior, decimal per period.

    Attributes
    ----------
    estimate, se : DataArray (asset)
        Least squares on the asset's own dates.
    mean, sd : DataArray (asset)
        Posterior.
    weight : DataArray (asset)
        Weight of zero in the posterior mean, 0 to 1.
    dof : DataArray (asset)
        Degrees of freedom of the posterior's Student-t law.
    spread : float
        k: prior variance of alpha_i over sigma_i^2.
    periods_per_year : int
    """

    estimate: xr.DataArray
    se: xr.DataArray
    mean: xr.DataArray
    sd: xr.DataArray
    weight: xr.DataArray
    dof: xr.DataArray
    spread: float
    periods_per_year: int

    def table(self, ci_prob: float = 0.9) -> pd.DataFrame:
        """Return one row per asset: estimate, se, mean, sd, lower, upper a year, weight, and the same per period."""
        dof, year = self.dof.values, self.periods_per_year
        low, high = bounds(self.mean.values, self.sd.values * np.sqrt((dof - 2) / dof), dof, ci_prob)
        values = {name: getattr(self, name).values for name in ("estimate", "se", "mean", "sd")}
        columns = {name: value * year for name, value in (values | {"lower": low, "upper": high}).items()}
        columns |= {"weight": self.weight.values} | {f"{name}_per_period": value for name, value in values.items()}
        table = pd.DataFrame(columns, index=pd.Index(self.mean["asset"].values, name="asset"))
        table.attrs = {"ci_kind": "eti", "ci_prob": ci_prob, "units": "decimal, per year"}
        return table


def shrinkage_weight(
    periods: float | np.ndarray, alpha_sd: float, residual_variance: float, sharpe_squared: float | np.ndarray = 0.0
) -> float | np.ndarray:
    """Return the weight of zero in the posterior mean of a pricing error.

    ::

        w = 1 / (1 + k A)       k = alpha_sd^2 / residual_variance       A = T / (1 + Sh^2)

    Parameters
    ----------
    periods : float
        T.
    alpha_sd, residual_variance : float
        Prior standard deviation of alpha, and expected residual variance, in the same unit of return and per period.
    sharpe_squared : float
        Squared largest Sharpe ratio per period of the factors. At 0 this is equation (40) of Pastor and Stambaugh
        (1999), who give w = .78 for T = 253 months, 5 % a year and a variance of .016 a month.
    """
    return 1 / (1 + alpha_sd**2 / residual_variance * periods / (1 + sharpe_squared))


def sharpe_squared(values: np.ndarray) -> float:
    """Return the squared largest Sharpe ratio per period of portfolios of traded factors, by maximum likelihood."""
    mean = values.mean(axis=0)
    centred = values - mean
    return float(mean @ np.linalg.solve(centred.T @ centred / len(values), mean))


def added_sharpe(panel: Panel, belief: MaxSharpe, verb: str) -> float:
    """Return k = (multiple^2 - 1) Sh(of)^2 / N."""
    names: Iterable[str] = belief.of or panel.factor_names
    for name in names:
        if name not in panel.factor_names:
            raise unknown("factor", name, panel.factor_names, place=f"{verb}: MaxSharpe.of")
    columns = [panel.factor_names.index(name) for name in names]
    return (belief.multiple**2 - 1) * sharpe_squared(panel.aligned[:, columns]) / len(panel.assets)


def require_traded(panel: Panel, verb: str) -> None:
    """Raise a SpecError when a factor is not traded: the intercept is then not a pricing error."""
    other = [factor.name for factor in panel.factor_info if not factor.traded]
    if other:
        raise SpecError(
            f"{verb} takes the intercept of a regression as a pricing error, but '{other[0]}' is not a traded factor.",
            place=f"{verb}.panel",
            found=other[0],
            remedy="Use panel.select(factors=...) for the traded ones, or bf.fit, which estimates the others' premia.",
        )


def shrunk_alphas(panel: Panel, spread: Rate | str | MaxSharpe = TYPICAL) -> ShrunkAlphas:
    """Return pricing errors shrunk to zero, with a prior variance in proportion to residual variance.

    The model is, for every asset on its own T_i dates::

        r_it = alpha_i + beta_i'f_t + e_it,   e_it ~ N(0, sigma_i^2)
        alpha_i | sigma_i ~ N(0, k sigma_i^2),    p(beta_i, sigma_i) ~ 1 / sigma_i
        E[alpha_i] = (1 - w_i) alpha_hat_i        w_i = 1 / (1 + k A_i),   A_i = T_i / (1 + Sh_i(f)^2)

    so that a large alpha comes with large risk, and Sharpe ratios stay bounded.

    Parameters
    ----------
    panel : Panel
        Traded factors only; gaps and unequal histories are allowed.
    spread : Rate, str or MaxSharpe
        How large pricing errors can be. A rate (``"5 %/year"``) is the prior standard deviation of a typical asset's
        alpha: k = rate^2 / mean of the residual variances. A `MaxSharpe` bounds the Sharpe ratio that they add.

    Returns
    -------
    ShrunkAlphas

    Raises
    ------
    SpecError
        When `spread` is neither, or a factor is not traded.
    DataError
        When an asset's history is too short.

    Notes
    -----
    Wrong to use: for a set of assets that was chosen for its past returns; where residuals are correlated, so are
    the posteriors of the assets, which this table does not show.

    References
    ----------
    Pastor and Stambaugh (1999, J. Finance 54); Pastor (2000, J. Finance 55).
    """
    fits = own_fits(panel, "shrunk_alphas", spare=1)
    require_traded(panel, "shrunk_alphas")
    if isinstance(spread, MaxSharpe):
        require_independent(panel.aligned, panel.factor_names, "shrunk_alphas")
        k = added_sharpe(panel, spread, "shrunk_alphas")
    else:
        k = as_rate(spread, "shrunk_alphas.spread").mean(panel.periods_per_year) ** 2 / fits.variance.mean()
    evidence = 1 / fits.inverse[:, 0, 0]  # T_i / (1 + Sh_i^2)
    weight = 1 / (1 + k * evidence)
    alpha, dof = fits.coefficient[:, 0], fits.count - len(panel.factor_names)
    squares = (fits.squares + alpha**2 * evidence * weight) / dof
    labels = {"asset": list(panel.assets)}

    def label(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, labels, ("asset",))

    return ShrunkAlphas(
        estimate=label(alpha),
        se=label(fits.error[:, 0]),
        mean=label((1 - weight) * alpha),
        sd=label(np.sqrt(squares * dof / (dof - 2) * k * weight)),
        weight=label(weight),
        dof=label(dof),
        spread=float(k),
        periods_per_year=panel.periods_per_year,
    )
