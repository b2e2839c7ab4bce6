"""Which loadings are in, where a model lets them be out: probabilities before and after the data."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import FitError
from bayesfactor.base.intervals import Interval
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished, summarise

COLUMNS = ["asset", "factor", "prior", "probability", "mcse", "rate", "rate_lower", "rate_upper"]


def has_inclusion(fit: Fit) -> bool:
    """Return whether draws say which loadings are in."""
    return "inclusion_probability" in fit.posterior


def inclusion(fit: Fit, *, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
    r"""Return the probability that each loading is in, before and after the data, where a model lets it be out.

    .. math:: \gamma_{ik} \sim \operatorname{Bernoulli}(\pi_k), \qquad \pi_k \sim \operatorname{Beta}(a_k, b_k)

    with :math:`\gamma_{ik} = 1` where the loading of asset i on factor k is in. A probability is the mean over draws of
    :math:`P(\gamma_{ik} = 1)` given all else of a draw (Rao-Blackwell), not the share of draws in which it is in.

    Parameters
    ----------
    fit : Fit
        Of a model with ``[loadings.inclusion]``, or draws that hold ``inclusion_probability`` (asset, factor).
    ci_prob, ci_kind
        The interval of rates.

    Returns
    -------
    DataFrame
        One row per asset and factor of which a loading may be out: ``asset``, ``factor``; ``prior``, a / (a + b), NaN
        where the model is not known; ``probability`` after the data and ``mcse``, its Monte Carlo error; ``rate``,
        ``rate_lower``, ``rate_upper``: posterior mean and interval of :math:`\pi_k`, the share of all assets that are
        like these whose loading on the factor is in (NaN where draws have none); and ``warning`` when the fit failed a
        check.

    Raises
    ------
    FitError
        When it is no fit, or its draws do not say which loadings are in.

    Notes
    -----
    With short histories most probabilities stay near the prior: that is no evidence that a loading is out. A rate
    stands on the same few returns as all of them, and moves with the spread of loadings that are in: never read it
    alone. Source: George and McCulloch (1993); Barbieri and Berger (2004) on which to keep.
    """
    require_fit(fit, "inclusion")
    if not has_inclusion(fit):
        raise FitError(
            "inclusion: these draws have no 'inclusion_probability': every loading is in.",
            remedy="Loadings may be out in models with [loadings.inclusion], such as the preset 'sparse'.",
        )
    probability, rate = fit.posterior["inclusion_probability"], fit.posterior.get("inclusion_rate")
    found = summarise(probability.transpose(..., "asset", "factor"), ci_prob, ci_kind)
    table = found[["asset", "factor", "mean", "mcse"]].rename(columns={"mean": "probability"})
    names = list(fit.panel.factor_names)
    prior = None if fit.priors is None else fit.priors.inclusion
    chance = np.full(len(names), np.nan) if prior is None else prior.a / (prior.a + prior.b)
    table["prior"] = table["factor"].map(dict(zip(names, chance, strict=True)))
    of_rate = None if rate is None else summarise(rate, ci_prob, ci_kind).set_index("factor")
    for column, name in (("rate", "mean"), ("rate_lower", "lower"), ("rate_upper", "upper")):
        table[column] = np.nan if of_rate is None else of_rate[name].reindex(table["factor"]).to_numpy()
    free = _free(fit)
    table = table.loc[table["factor"].isin([name for name, may in zip(names, free, strict=True) if may]), COLUMNS]
    table = table.reset_index(drop=True)
    return finished(table, {"ci_kind": ci_kind, "ci_prob": ci_prob}, fit.problems)


def _free(fit: Fit) -> np.ndarray:
    """Return whether loadings may be out (factor): by the model, else where some draw says so."""
    prior = None if fit.priors is None else fit.priors.inclusion
    if prior is not None:
        return prior.free
    found = (fit.posterior["inclusion_probability"] < 1).any(("chain", "draw", "asset"))
    if "inclusion_rate" in fit.posterior:
        found = found | (fit.posterior["inclusion_rate"] < 1).any(("chain", "draw"))
    return found.values
