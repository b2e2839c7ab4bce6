"""Do traded factors price the assets exactly: the test of Gibbons, Ross and Shanken, and its Bayes factor."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import chi2, f

from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.data import rectangle
from bayesfactor.closedform.regressions.mispricing import MaxSharpe, added_sharpe, require_traded, sharpe_squared
from bayesfactor.closedform.saturated import require_independent
from bayesfactor.panel.panel import Panel


@dataclass(frozen=True, eq=False)
class ExactPricing(FrozenResult):
    """Tests that every pricing error is zero.

    Attributes
    ----------
    alpha, se : DataArray (asset)
        Least-squares pricing errors and their standard errors, decimal per period.
    statistic, p_value : float
        Of Gibbons, Ross and Shanken: exactly F(dof) when residuals are normal.
    dof : tuple of int
        N and T - N - K.
    wald, wald_p_value : float
        alpha'V^-1 alpha with V robust to heteroskedasticity; about chi-squared(N) in long samples.
    sharpe_squared : float
        Squared largest Sharpe ratio per period of the factors.
    sharpe_squared_all : float
        The same with the assets added.
    spread : float or None
        k of the Bayes factor's prior; None where none was asked for.
    log_bayes_factor : float or None
        Log of the evidence for exact pricing over that for alpha ~ N(0, k Sigma): positive favours exact pricing.
    periods_per_year : int
    """

    alpha: xr.DataArray
    se: xr.DataArray
    statistic: float
    p_value: float
    dof: tuple[int, int]
    wald: float
    wald_p_value: float
    sharpe_squared: float
    sharpe_squared_all: float
    spread: float | None
    log_bayes_factor: float | None
    periods_per_year: int

    @property
    def prob_exact(self) -> float | None:
        """Posterior probability of exact pricing when it was as likely as not before; None without a Bayes factor."""
        if self.log_bayes_factor is None:
            return None
        return 0.5 * (1 + math.tanh(self.log_bayes_factor / 2))

    def table(self) -> pd.DataFrame:
        """Return one row per asset: estimate and se a year, t, and both per period; ``attrs`` hold the tests."""
        value, size, year = self.alpha.values, self.se.values, self.periods_per_year
        columns = {"estimate": value * year, "se": size * year, "t": value / size}
        columns |= {"estimate_per_period": value, "se_per_period": size}
        table = pd.DataFrame(columns, index=pd.Index(self.alpha["asset"].values, name="asset"))
        names = ("statistic", "p_value", "dof", "wald", "wald_p_value", "spread", "log_bayes_factor", "prob_exact")
        table.attrs = {"units": "decimal, per year"} | {name: getattr(self, name) for name in names}
        return table


def grs(panel: Panel, max_sharpe: float | MaxSharpe | None = 1.5) -> ExactPricing:
    """Return the test of Gibbons, Ross and Shanken, and the Bayes factor of exact pricing.

    The model is r_t = alpha + beta f_t + e_t with e_t ~ N(0, Sigma) and traded factors. With S the residuals' sums of
    squares and products, A = T / (1 + Sh(f)^2) and q = alpha'S^-1 alpha::

        F = (T - N - K) / N * A q                            F(N, T - N - K) when alpha = 0
        log BF_01 = N/2 log(1 + kA) - (T - K)/2 [log(1 + Aq) - log(1 + Aq/(1 + kA))]

    BF_01 is the evidence of alpha = 0 over that of alpha ~ N(0, k Sigma), under the same flat prior on (beta, Sigma).

    Parameters
    ----------
    panel : Panel
        Traded factors only, every asset on every date, T > N + K + 1.
    max_sharpe : float, MaxSharpe or None
        How large a Sharpe ratio the assets could reach, as a multiple (above 1) of the factors' own or of that of the
        factors a `MaxSharpe` names. k = (multiple^2 - 1) Sh^2 / N. None: no Bayes factor.

    Returns
    -------
    ExactPricing

    Raises
    ------
    SpecError
        When a factor is not traded, or the multiple is not above 1.
    DataError
        When an asset has gaps, periods are too few, or a series is constant or a combination of others.

    Notes
    -----
    To compare factor models by their Bayes factors give all of them the same k: name the same factors in `MaxSharpe`.

    Wrong to use: the F test with residuals of changing variance (see `wald`); the Bayes factor without saying k, on
    which it depends.

    References
    ----------
    Gibbons, Ross and Shanken (1989, Econometrica 57); Barillas and Shanken (2018, J. Finance 73).
    """
    rect = rectangle(panel, "grs", more_periods_than="assets")
    require_traded(panel, "grs")
    belief = max_sharpe if max_sharpe is None or isinstance(max_sharpe, MaxSharpe) else MaxSharpe(max_sharpe)
    series = np.column_stack([rect.factors, rect.returns])
    require_independent(series, (*rect.names, *rect.assets), "grs")
    periods, n, k = *rect.returns.shape, len(rect.names)
    x = np.column_stack([np.ones(periods), rect.factors])
    coefficient = np.linalg.lstsq(x, rect.returns, rcond=None)[0]
    alpha, residual = coefficient[0], rect.returns - x @ coefficient
    products = residual.T @ residual
    own = sharpe_squared(rect.factors)
    evidence = periods / (1 + own)
    q = float(alpha @ np.linalg.solve(products, alpha))
    statistic = (periods - n - k) / n * evidence * q
    pull = x @ np.linalg.inv(x.T @ x / periods)[0]
    robust = (residual * (pull**2)[:, None]).T @ residual / periods / (periods - k - 1)
    wald = float(alpha @ np.linalg.solve(robust, alpha))
    spread = None if belief is None else added_sharpe(panel, belief, "grs")
    labels = {"asset": list(rect.assets)}
    error = np.sqrt(np.diag(products) / (periods - k - 1) / evidence)
    return ExactPricing(
        alpha=xr.DataArray(alpha, labels, ("asset",)),
        se=xr.DataArray(error, labels, ("asset",)),
        statistic=statistic,
        p_value=float(f.sf(statistic, n, periods - n - k)),
        dof=(n, periods - n - k),
        wald=wald,
        wald_p_value=float(chi2.sf(wald, n)),
        sharpe_squared=own,
        sharpe_squared_all=own + periods * q,
        spread=spread,
        log_bayes_factor=None if spread is None else log_bayes_factor(spread, evidence, q, n, periods - k),
        periods_per_year=rect.periods_per_year,
    )


def log_bayes_factor(spread: float, evidence: float, quadratic: float, assets: int, dof: int) -> float:
    """Return log BF_01 of alpha = 0 over alpha ~ N(0, k Sigma).

    Parameters
    ----------
    spread, evidence, quadratic : float
        k, A = T / (1 + Sh^2) and q = alpha'S^-1 alpha.
    assets, dof : int
        N and T - K.
    """
    apart, left = 1 + spread * evidence, evidence * quadratic
    return float(assets / 2 * np.log(apart) - dof / 2 * (np.log1p(left) - np.log1p(left / apart)))
