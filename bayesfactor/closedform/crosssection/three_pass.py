"""Premia that survive omitted factors: a factor's premium is that of what returns' own components say of it."""

import numpy as np
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.crosssection.sandwich import long_run_covariance
from bayesfactor.closedform.data import Rectangle, loading_signal, rectangle
from bayesfactor.closedform.results import PremiaEstimate
from bayesfactor.closedform.saturated import DEPENDENT, require_independent
from bayesfactor.panel.panel import Panel

MOST = 20  # components that the rule for their number looks at


def three_pass(panel: Panel, components: int | None = None) -> PremiaEstimate:
    """Return risk premia that hold when priced factors are missing from the panel.

    Returns are driven by p factors that need not be seen; a factor's premium is what its projection on them earns.
    With Sigma_r = U D U', and U_p, D_p its p largest components::

        lambda_f = Sigma_fr U_p D_p^-1 U_p' mean(r)

    Parameters
    ----------
    panel : Panel
        Every asset on every date, the more assets the better; there may be more assets than dates.
    components : int, optional
        p, from 1 to the number of assets. With all of them the result is the premium of the mimicking portfolio,
        Sigma_fr Sigma_r^-1 mean(r). By default `count_components`.

    Returns
    -------
    PremiaEstimate
        Decimal per period. Standard errors by the delta method: every period's influence on means, covariances and
        components, under any law without autocorrelation, for a given number of components.

    Raises
    ------
    SpecError
        When `components` is not an integer from 1 to the number of assets.
    DataError
        When an asset has gaps, a factor is constant or a combination of others, or the returns have fewer components.

    Notes
    -----
    Too many components cost precision, too few omit a premium: report results for several numbers. No zero-beta rate
    is estimated.

    Wrong to use: for a factor to which the assets are hardly exposed, whose estimate is near zero whatever its premium;
    with standard errors where the p-th and the next component are about as large, so that they change places.

    References
    ----------
    Giglio and Xiu (2021, J. Political Economy 129); the number of components: Bai and Ng (2002, Econometrica 70).
    """
    rect = rectangle(panel, "three_pass")
    require_independent(rect.factors, rect.names, "three_pass")
    n = len(rect.assets)
    if components is None:
        components = count_components(rect.returns)
    elif not isinstance(components, (int, np.integer)) or isinstance(components, bool) or not 1 <= components <= n:
        raise SpecError(
            f"three_pass: components is {components!r}; it must be an integer from 1 to {n} (the number of assets).",
            place="three_pass.components",
            found=components,
            remedy="Leave it out for the default.",
        )
    premium, influence = component_premia(rect, int(components))
    names = list(rect.names)
    return PremiaEstimate(
        estimate=xr.DataArray(premium, {"factor": names}, ("factor",)),
        covariance=xr.DataArray(
            long_run_covariance(influence, 0, 0), {"factor": names, "factor_other": names}, ("factor", "factor_other")
        ),
        signal=loading_signal(rect, names),
        periods_per_year=rect.periods_per_year,
        method=f"three-pass, {components} components; errors by the delta method, robust to heteroskedasticity",
    )


def count_components(returns: np.ndarray) -> int:
    """Return the number of components that minimises BIC_3 (Bai and Ng 2002), up to 20 and to half the assets.

    ::

        V(p) + p V(most) (N + T - p) log(NT) / (NT)         V(p) = mean squared residual after p components

    Of their criteria the one least affected by correlated residuals. At least one component.
    """
    periods, n = returns.shape
    size = np.linalg.eigvalsh(np.cov(returns, rowvar=False).reshape(n, n))[::-1]
    most = max(1, min(MOST, n // 2, periods // 2))
    count = np.arange(1, most + 1)
    left = (size.sum() - np.cumsum(size)[:most]) / n
    penalty = left[-1] * (n + periods - count) * np.log(n * periods) / (n * periods)
    return int(count[np.argmin(left + count * penalty)])


def component_premia(rect: Rectangle, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Return premia (factor) and what each period adds to them (time, factor).

    The inverse of the largest components, G = U g(D) U', moves with the covariance by
    U (Gamma * U'dSigma U) U', Gamma_ij = (g_i - g_j)/(d_i - d_j), and -1/d_i^2 where both are the same kept component.
    """
    mean = rect.returns.mean(axis=0)
    size, vector = np.linalg.eigh(np.cov(rect.returns, rowvar=False, ddof=0).reshape(len(mean), len(mean)))
    if size[-components] <= DEPENDENT * size[-1]:
        found = int(np.sum(size > DEPENDENT * size[-1]))
        raise DataError(
            f"three_pass: the returns have {found} independent components; {components} were requested.",
            series="panel",
            value=found,
            remedy="Ask for fewer, or leave out assets that are combinations of others.",
        )
    kept = np.arange(len(size)) >= len(size) - components
    inverse = np.where(kept, 1 / size, 0.0)
    factor = rect.factors - rect.factors.mean(axis=0)
    score = (rect.returns - mean) @ vector
    exposure, reward = factor.T @ score / len(score), mean @ vector
    premium = (exposure * inverse) @ reward
    both = np.outer(kept, kept)
    gap = np.where(both | ~(kept[:, None] | kept), 1.0, size[:, None] - size)
    slope = np.where(both, -np.outer(inverse, inverse), (inverse[:, None] - inverse) / gap)
    influence = factor * (score @ (inverse * reward))[:, None] + score @ (exposure * inverse).T - premium
    turned = np.stack([score @ (row[:, None] * slope * reward) for row in exposure])
    influence += np.einsum("ktn,tn->tk", turned, score) - np.einsum("ki,ii,i,i->k", exposure, slope, size, reward)
    return premium, influence
