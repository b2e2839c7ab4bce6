"""Tables of what residual factors say: correlations of residuals, and how much of their variance is common."""

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.base.intervals import Interval
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_covariance import common_share as share_in_common, components
from bayesfactor.posterior.residuals import with_whole_sd
from bayesfactor.posterior.summaries import finished, summarise


def residual_correlations(
    fit: Fit, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True
) -> pd.DataFrame:
    r"""Return the correlations of the residuals of every two assets, the largest first.

    .. math:: \rho_{ij} = \Sigma_{ij} / \sqrt{\Sigma_{ii} \Sigma_{jj}}, \qquad \Sigma = \Lambda \Lambda' + D

    Parameters
    ----------
    fit : Fit
        Of a model with residual factors.
    ci_prob : float
        Probability of the interval.
    ci_kind : {"eti", "hdi"}
        Equal-tailed, or of highest density.
    rounded : bool
        Whether to drop the digits that Monte Carlo error does not justify.

    Returns
    -------
    DataFrame
        Columns asset, asset_other, mean, sd, lower, upper, prob_positive, mcse, each pair once, by the size of the
        mean; and ``warning`` when the fit failed a check. ``attrs`` hold ci_kind, ci_prob, units and problems.

    Raises
    ------
    FitError
        When it is no fit, or has no residual factors.

    Notes
    -----
    What the model says, and not what the residuals observed have: for these see ``bf.check(fit).pairs``.
    """
    draws = _with_factors(fit, "residual_correlations")
    over = draws["residual_loading"] / with_whole_sd(draws)["residual_sd"]
    over = over.transpose("chain", "draw", "asset", "residual_factor").compute()
    names, values = over["asset"].values.astype(str), over.values
    parts = []
    for i in range(len(names) - 1):  # draws of the pairs of one asset are in memory at a time
        found = np.einsum("cdq,cdjq->cdj", values[:, :, i], values[:, :, i + 1 :])
        labels = {"chain": over["chain"], "draw": over["draw"], "asset_other": names[i + 1 :]}
        part = summarise(xr.DataArray(found, labels, ("chain", "draw", "asset_other")), ci_prob, ci_kind, rounded)
        part.insert(0, "asset", names[i])
        parts.append(part)
    if not parts:
        raise FitError("residual_correlations: the fit has one asset, and a correlation is of two.")
    table = pd.concat(parts, ignore_index=True).sort_values("mean", key=np.abs, ascending=False, kind="stable")
    return finished(table.reset_index(drop=True), {**parts[0].attrs, "units": "correlation"}, fit.problems)


def common_share(fit: Fit, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
    r"""Return the share of each asset's residual variance that residual factors give.

    .. math:: (\Lambda \Lambda')_{ii} / (\Lambda \Lambda' + D)_{ii}

    Parameters
    ----------
    fit : Fit
        Of a model with residual factors.
    ci_prob, ci_kind, rounded
        As of `residual_correlations`.

    Returns
    -------
    DataFrame
        Columns asset, mean, sd, lower, upper, prob_positive, mcse, and ``warning`` when the fit failed a check.
        ``attrs`` hold ci_kind, ci_prob, units and problems; ``components``, the names of residual factors (a group, or
        the two assets that load most), with the share of residual variance that each has on average over assets; and
        ``count``, how many of these shares are above 1 %.

    Raises
    ------
    FitError
        When it is no fit, or has no residual factors.
    """
    draws = _with_factors(fit, "common_share")
    table = summarise(share_in_common(draws), ci_prob, ci_kind, rounded)
    found = components(draws, fit.panel.group_names)
    named = tuple(zip(found.names, found.share.values.tolist(), strict=True))
    attrs = {**table.attrs, "units": "share of residual variance", "components": named, "count": found.count}
    return finished(table, attrs, fit.problems)


def _with_factors(fit: Fit, verb: str) -> xr.Dataset:
    """Return the draws of a fit with residual factors."""
    require_fit(fit, verb)
    if "residual_loading" not in fit.posterior:
        raise FitError(
            f"{verb}: the fit has no residual factors: its residuals are independent across assets.",
            remedy="Fit a model with noise.common (count = 1 to 5; 'auto' may count none) or noise.groups, or give "
            "draws with 'residual_loading'.",
        )
    return fit.posterior
