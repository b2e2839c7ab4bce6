"""How well factors are measured, and what they would load without their noise."""

import numpy as np
import pandas as pd
from scipy.stats import beta

from bayesfactor.base.errors import FitError
from bayesfactor.base.intervals import Interval, interval
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import in_long_run
from bayesfactor.posterior.summaries import finished, summarise

PROBABILITIES = (np.arange(10_000) + 0.5) / 10_000
PRIOR, LOADING = ("prior", "prior_lower", "prior_upper"), ("loading", "loading_lower", "loading_upper")


def has_noisy_factors(fit: Fit) -> bool:
    """Return whether some factor of a fit is measured with error."""
    return "reliability" in fit.posterior and bool(_noisy(fit).any())


def reliability(fit: Fit, *, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
    r"""Return how much of each factor that is measured with error is signal, and what it would load without noise.

    .. math:: o_t = f_t + u_t, \qquad u_t \sim N(0, (1 - \rho) v)

    with :math:`o` the series of the panel, :math:`v` its sample variance, :math:`f` the factor and :math:`\rho` its
    reliability. Least squares on :math:`o` finds loadings that are too near 0, by about :math:`\rho`; the model's are
    loadings on :math:`f`.

    Parameters
    ----------
    fit : Fit
        Of a model with ``[factors.error]``, or draws that hold ``reliability`` (factor).
    ci_prob, ci_kind
        Of every interval.

    Returns
    -------
    DataFrame
        One row per factor with error: ``factor``; ``prior``, ``prior_lower``, ``prior_upper``, mean and interval of
        the reliability before the data (NaN where the model is not known); ``mean``, ``sd``, ``lower``, ``upper``,
        ``mcse`` after them; ``loading``, ``loading_lower``, ``loading_upper``, posterior mean and interval of the mean
        loading without noise, in the long run; ``least_squares``, the mean loading that least squares finds on the
        series as it is. Both means are over the assets whose history is long enough for least squares (NaN without
        one). And ``warning`` when the fit failed a check.

    Raises
    ------
    FitError
        When it is no fit, or no factor of it is measured with error.

    Notes
    -----
    Data tell the reliability from what assets have in common beyond the other factors: with few assets or weak loadings
    it stays near its prior, and so does the loading. Loading times premium is known better than either of them. Source:
    Fuller (1987).
    """
    require_fit(fit, "reliability")
    if not has_noisy_factors(fit):
        raise FitError(
            "reliability: no factor of these draws is measured with error.",
            remedy="Factors have error in models with [factors.error], such as the preset 'noisy_factors'.",
        )
    noisy = _noisy(fit)
    names = [name for name, one in zip(fit.panel.factor_names, noisy, strict=True) if one]
    after = summarise(fit.posterior["reliability"].sel(factor=names), ci_prob, ci_kind).set_index("factor")
    before = pd.DataFrame(_before(fit, ci_prob, ci_kind)[noisy], after.index, list(PRIOR))
    found = before.join(after.drop(columns="prob_positive")).join(_loadings(fit, names, ci_prob, ci_kind))
    table = found.reset_index()
    return finished(table, {"ci_kind": ci_kind, "ci_prob": ci_prob}, fit.problems)


def _noisy(fit: Fit) -> np.ndarray:
    """Return whether each factor has error (factor): by the model, else where some draw says so."""
    prior = None if fit.priors is None else fit.priors.reliability
    if prior is not None:
        return prior.noisy
    return (fit.posterior["reliability"] < 1).any(("chain", "draw")).values


def _before(fit: Fit, prob: float, kind: Interval) -> np.ndarray:
    """Return mean and interval of reliabilities before the data (factor, 3)."""
    prior = None if fit.priors is None else fit.priors.reliability
    if prior is None:
        return np.full((len(fit.panel.factor_names), 3), np.nan)
    quantiles = np.where(np.isnan(prior.known), beta.ppf(PROBABILITIES[:, None], prior.a, prior.b), prior.known)
    mean = np.where(np.isnan(prior.known), prior.a / (prior.a + prior.b), prior.known)
    return np.stack([mean, *interval(quantiles, prob, kind)], axis=1)


def _loadings(fit: Fit, names: list[str], prob: float, kind: Interval) -> pd.DataFrame:
    """Return mean loadings over assets, without noise and by least squares, a row for each factor."""
    own = least_squares_loadings(fit.panel, fit.design.sample)[names]
    known = own.index[own.notna().all(axis=1)]
    if not len(known):
        return pd.DataFrame(np.nan, pd.Index(names, name="factor"), [*LOADING, "least_squares"])
    loading = in_long_run(fit, fit.posterior)["loading"].sel(factor=names, asset=known).mean("asset")
    table = (
        summarise(loading, prob, kind).set_index("factor")[["mean", "lower", "upper"]].set_axis(list(LOADING), axis=1)
    )
    return table.assign(least_squares=own.loc[known].mean())
