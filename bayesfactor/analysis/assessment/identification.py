"""Whether the assets can tell what a non-traded factor pays: strength of its loadings, prior and posterior premium."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.data_premia import data_premia
from bayesfactor.analysis.assessment.loading_strength import NOISE, SURE, loading_strengths
from bayesfactor.analysis.assessment.verdicts import verdict
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.accessors import variable
from bayesfactor.posterior.diagnostics import said, statistic
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished, justified, summarise
from bayesfactor.spec.factors import ScaledPremia

CONFLICT = 2.0  # prior standard deviations that a mean moves by, or standard deviations between prior and data
PRINTED = ("prior_mean", "prior_sd", "data_mean", "data_se", "mean", "sd", "posterior_contraction")
_FOUND: WeakKeyDictionary[Fit, "Identification"] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Identification(FrozenResult):
    """How well each non-traded factor's premium is known, and why.

    Attributes
    ----------
    strength : DataArray (chain, draw, factor)
        Of non-traded factors: root mean square over assets of b_ik = beta_ik sd(f_k) / sd(eps_i); with a zero-beta
        rate, of what a constant does not explain of it.
    signal_to_noise : DataArray (chain, draw, factor)
        R_k: see `identify`. Noise gives at most about 2.
    smallest_singular_value : DataArray (chain, draw)
        Of the matrix of b_ik (assets by non-traded factors) over the root of the number of assets.
    premium : DataArray (chain, draw, factor)
        Of all factors, decimal per year for one unit of loading.
    facts : DataFrame
        Per factor: traded, prior_mean, prior_sd, data_mean, data_se and their Monte Carlo errors (a year), data_from,
        posterior_contraction and its Monte Carlo error, max_contraction, conflict, prior_inclusion, inclusion,
        prob_above_noise, verdict, reason.
    problems : tuple of str
        Why the fit cannot be trusted.
    """

    strength: xr.DataArray
    signal_to_noise: xr.DataArray
    smallest_singular_value: xr.DataArray
    premium: xr.DataArray
    facts: pd.DataFrame
    problems: tuple[str, ...] = ()

    @property
    def verdicts(self) -> dict[str, str]:
        """Per factor: ``traded``, ``identified``, ``weak`` or ``unidentified``; ``no verdict`` without priors."""
        return dict(zip(self.facts.index.tolist(), self.facts["verdict"].tolist(), strict=True))

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return one row per factor: its premium by prior, data and posterior, strength of its loadings, and a verdict.

        Returns
        -------
        DataFrame
            Columns prior_mean, prior_sd; data_mean, data_se (of a traded factor its own history's, of another what the
            data imply given the other priors, see `identify`; NaN where that cannot be told, and ``data_from`` says
            why); mean, sd, lower, upper, prob_positive (posterior), all of
            the premium a year; posterior_contraction, max_contraction, conflict; strength, strength_lower,
            strength_upper, prob_above_noise; prior_inclusion and inclusion (with a spike and slab); data_from, verdict,
            reason; and ``warning`` when the fit failed a check. A traded factor has no strength: NaN. Without priors
            their columns and those that compare with them are NaN.
        """
        premium = summarise(self.premium, ci_prob, ci_kind).set_index("factor")
        found = summarise(self.strength, ci_prob, ci_kind).set_index("factor") if self.strength.size else None
        before = self.facts[["prior_mean", "prior_sd"]].copy()
        for name in ("data_mean", "data_se"):
            before[name] = justified(self.facts[name], self.facts[f"{name}_mcse"])
        table = before.join(premium[["mean", "sd", "lower", "upper", "prob_positive"]])
        error = np.maximum(self.facts["posterior_contraction_mcse"], 1e-6)
        table["posterior_contraction"] = justified(np.maximum(self.facts["posterior_contraction"], 0.0), error)
        table["max_contraction"], table["conflict"] = self.facts["max_contraction"], self.facts["conflict"]
        for name, column in (("strength", "mean"), ("strength_lower", "lower"), ("strength_upper", "upper")):
            table[name] = np.nan if found is None else found[column].reindex(table.index)
        slabs = [] if self.facts["inclusion"].isna().all() else ["prior_inclusion", "inclusion"]
        table = table.join(self.facts[["prob_above_noise", *slabs, "data_from", "verdict", "reason"]])
        attrs = {"ci_kind": ci_kind, "ci_prob": ci_prob, "units": "decimal, per year"}
        return finished(table, attrs, self.problems)

    def __str__(self) -> str:
        table = self.table()
        marked = table["verdict"].where(~table["conflict"], table["verdict"] + ", CONFLICT")
        shown = table[list(PRINTED)].assign(verdict=marked, reason=table["reason"])
        lines = [shown.to_string(float_format=lambda value: f"{value:.3g}")]
        if self.facts["prior_sd"].isna().all():
            lines.append("Priors are not known, so that premia get no verdict.")
        if self.problems:
            lines.append(f"WARNING: {said(self.problems)}.")
        if self.strength.size:
            low, high = self.smallest_singular_value.quantile([0.05, 0.95]).values
            lines.append(f"Smallest singular value of the standardised loadings: {low:.3f} to {high:.3f} (90 % eti).")
        return "\n".join(lines)

    __repr__ = __str__


def identify(fit: Fit) -> Identification:
    r"""Say how well the premium of every non-traded factor is known.

    A factor that moves no asset has a premium that no asset can tell, whatever a second-pass regression prints. With
    b_ik = beta_ik sd(f_k) / sd(eps_i), and a_j from a regression of their posterior means across assets,

    .. math:: R_k = \frac{1}{N} \sum_i \frac{x_{ik}^2}{\operatorname{Var}(x_{ik})}, \qquad
              x_{ik} = b_{ik} - \sum_{j \ne k} a_j b_{ij}

    in every draw, over the other non-traded factors j that stand out from noise themselves; with a zero-beta rate, of
    what a constant does not explain of b_ik. Without signal R_k is at most about 2: one from the error of estimation,
    one from that of the draw. A premium is

    * ``unidentified`` when P(R_k > 2) < 0.95, or when its posterior contraction is less than a tenth, unless prior and
      data are in conflict,
    * ``weak`` when it is less than a quarter, or less than half of what it would be if the factor were traded, and
      where prior and data are in conflict but the premium would be unidentified,
    * ``identified`` otherwise: its size is estimated, and may be 0; ``reason`` says whether its sign is known (at
      95 %). ``traded`` factors price themselves. Without priors (draws whose model is not known) there is ``no
      verdict``.

    ``posterior_contraction`` is the share of the prior's variance that the data took off; the verdict leaves two of
    its Monte Carlo errors out of it. ``max_contraction`` is what the factor's own history of n periods would take off
    if the factor were traded: prior / (prior + sd(f)^2 / n), with the slab's variance for a spike and slab. Under a
    tight prior or over a short history that is little, and the premium is the prior's. Where the factors' volatility
    moves, that history is weighted by its precision. The strength of loadings is that of the long run.

    ``data_mean`` and ``data_se``, of a traded factor, are the sample mean of its own history and its standard error;
    ``data_from`` says where calm periods, which count more in the posterior, had another mean (by 2 errors). Of
    another they are implied by the data, given the other priors: its own prior divided out of the posterior, both as
    normal laws (1 / se^2 = 1 / sd^2 - 1 / prior_sd^2, and data_mean = se^2 (mean / sd^2 - prior_mean / prior_sd^2)),
    while the priors of alphas, loadings and other premia stay in. Dividing by the contraction magnifies Monte Carlo
    errors, so these are NaN where they come to more than a third of data_se, or the contraction is within four of its
    own of 0, or the prior is not normal; no digit finer than they are is shown. ``conflict``: the posterior mean is
    more than 2 prior standard deviations (of the slab) from the prior mean, or prior and data means are more than
    2 sqrt(prior_sd^2 + data_se^2) apart. Under a right prior that happens to one factor in twenty.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    Identification

    Raises
    ------
    FitError
        When it is no fit.

    Notes
    -----
    That noise gives 2 holds for residuals that are independent across assets, as the model has them. Where a factor is
    missing and they move together (`check` says how much), the loadings on a useless factor err together too, and may
    pass for signal; its premium is then still judged by its posterior contraction. That of a traded factor may exceed
    its maximum, by what factors correlated with it say of its mean.

    On useless and weak factors: Kan and Zhang (1999), Kleibergen (2009), Bryzgalova, Huang and Julliard (2023).
    """
    require_fit(fit, "identify")
    history, year = fit.design.history, fit.panel.periods_per_year
    prior = _not_given(len(fit.panel.factor_info)) if fit.priors is None else fit.priors.premia
    strength, ratio, smallest, alone = loading_strengths(fit, history)
    others, signals, premium = strength["factor"].values, ratio.values, fit.posterior["risk_premium"]
    facts = pd.DataFrame(index=pd.Index(fit.panel.factor_names, name="factor"))
    facts["traded"] = [factor.traded for factor in fit.panel.factor_info]
    facts["prior_mean"] = prior.loc * year
    facts["prior_sd"] = np.sqrt(prior.variance) * year
    spread = history.sd**2 if fit.design.means is history else np.diag(fit.design.means.covariance)
    own = spread / np.maximum(history.count, 1)
    sd = premium.std(("chain", "draw"), ddof=1).values
    mean, mixed = premium.mean(("chain", "draw")).values, prior.inclusion < 1
    facts["posterior_contraction"] = 1 - sd**2 / prior.variance
    facts["posterior_contraction_mcse"] = (
        2 * sd * np.nan_to_num(statistic(premium, "mcse", method="sd")) / prior.variance
    )
    sure = facts["posterior_contraction"] - 2 * facts["posterior_contraction_mcse"]
    slab = prior.sd**2
    facts["max_contraction"] = slab / (slab + own)
    path = None if fit.movement is None else fit.movement.factors
    told = data_premia(fit.panel, prior, premium, None if path is None else path.precision)
    facts["data_mean"], facts["data_se"], facts["data_from"] = told.mean * year, told.error * year, told.source
    facts["data_mean_mcse"], facts["data_se_mcse"] = told.mean_mcse * year, told.error_mcse * year
    apart = np.abs(told.mean - prior.loc) / np.sqrt(slab + told.error**2)
    facts["conflict"] = (np.abs(mean - prior.loc) > CONFLICT * prior.sd) | (apart > CONFLICT)
    facts["prior_inclusion"] = np.where(mixed, prior.inclusion, np.nan)
    flat = premium.transpose("chain", "draw", "factor").values.reshape(-1, premium.sizes["factor"])
    facts["inclusion"] = np.where(mixed, prior.prob_slab(flat).mean(axis=0), np.nan) if mixed.any() else np.nan
    facts["prob_above_noise"] = pd.Series((signals > NOISE).mean(axis=(0, 1)), others).reindex(facts.index)
    signs = np.maximum((flat > 0).mean(axis=0), (flat < 0).mean(axis=0)) >= SURE
    before = pd.Series(alone, others).reindex(facts.index)
    columns = (facts[name] for name in ("prob_above_noise", "max_contraction", "conflict"))
    above, most, conflict = columns
    rows = zip(facts["traded"], before, above, sure, most, conflict, signs, strict=True)
    verdicts = [verdict(*row) for row in rows]
    facts["verdict"], facts["reason"] = [v for v, _ in verdicts], [why for _, why in verdicts]
    return Identification(strength, ratio, smallest, premium * year, facts, fit.problems)


def cached_identification(fit: Fit) -> Identification:
    """Return what `identify` does, computed once for each fit; callers share it, and must not change it."""
    if fit not in _FOUND:
        _FOUND[fit] = identify(fit)
    return _FOUND[fit]


def risk_premia(fit: Fit) -> xr.DataArray:
    """Return the draws of lambda_k: (chain, draw, factor), decimal per period for one unit of loading.

    The coordinate ``identification`` says how well each is known: see `identify`.
    """
    verdicts = list(cached_identification(fit).verdicts.values()) if isinstance(fit, Fit) else []
    return variable(fit, "risk_premium").assign_coords(identification=("factor", verdicts))


def _not_given(factors: int) -> ScaledPremia:
    """Return the priors of draws whose model is not known."""
    unknown = np.full(factors, np.nan)
    return ScaledPremia(unknown, unknown, unknown, unknown)
