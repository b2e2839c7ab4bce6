"""Whether a fit can be trusted: convergence of the sampler, and how the model suits the data and the priors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from bayesfactor.analysis.assessment.book_check import book_check
from bayesfactor.analysis.assessment.correlation_checks import correlation_checks
from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.assessment.index_checks import index_checks
from bayesfactor.analysis.assessment.movement_checks import movement_checks
from bayesfactor.analysis.assessment.prior_sensitivity import check_of_priors, sensitivity_to_priors
from bayesfactor.analysis.assessment.residual_checks import shapes
from bayesfactor.analysis.assessment.residual_correlations import mean_residuals, residual_correlations
from bayesfactor.analysis.assessment.shrinkage import shrinkage_of_loadings
from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.diagnostics import UNSEEN, Check, cannot, short
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.misfit import NO_LAW, share_by_chance

RESIDUALS = "residuals: "  # how the names of checks begin on which single assets do not depend
PREMIA_APART = "means: share of premia more than 2 SE from the sample mean"
SHRUNK = "shrinkage of loadings, median"
NO_PRIORS = "no priors, as the model of these draws is not known"


@dataclass(frozen=True, eq=False)
class CheckReport:
    """The checks of a fit.

    Attributes
    ----------
    checks : tuple of Check
    assets : DataFrame
        Per asset: what `Misfit` has of it (its sample mean beside its premium, as reported by `attribute`, and the gap
        in standard errors; the mean and the variance that the fitted law implies on its own dates), and ``prob_tails``
        and ``prob_skewness``, the posterior predictive probabilities of residuals as heavy-tailed, and as skewed (of a
        law whose means do not follow the sample's), as those observed.
    shrinkage : DataFrame
        Asset by factor, 0..1: the weight of the prior in each loading's estimate; 1 = its own returns say nothing.
        NaN without a model.
    sensitivity : DataFrame
        Per top-level quantity: how much its posterior moves when the priors are made a little stronger. NaN without
        the group ``log_prior``.
    pairs : DataFrame
        The pairs of assets whose residuals are correlated most, relative to what noise gives on as many common dates:
        asset, other, correlation, the ends lower and upper of its 90 % interval (Fisher's z), periods, limit; and what
        the model says of it, 0 without residual factors: model, model_lower, model_upper (90 %, equal-tailed).
    """

    checks: tuple[Check, ...]
    assets: pd.DataFrame
    shrinkage: pd.DataFrame
    sensitivity: pd.DataFrame
    pairs: pd.DataFrame

    @property
    def ok(self) -> bool:
        """True when no check failed; checks that only inform do not count."""
        return all(check.passed is not False for check in self.checks)

    @property
    def unusable(self) -> str:
        """What must not be used, after what failed; empty when no check did."""
        failed = [check.name for check in self.checks if check.passed is False]
        if failed and all(name.startswith(RESIDUALS) for name in failed):
            return "risks of portfolios and groups"
        return "numbers" if failed else ""

    @property
    def table(self) -> pd.DataFrame:
        """One row per check: passed, value, limit, worst quantity, what to do, and where there is more."""
        rows = [(c.name, c.passed, c.value, c.limit, c.worst, c.advice, c.details) for c in self.checks]
        columns = ["check", "passed", "value", "limit", "worst", "advice", "details"]
        return pd.DataFrame(rows, columns=columns).set_index("check").astype({"passed": object})

    def __str__(self) -> str:
        words = {True: "ok", False: "FAILED", None: "note"}
        failed = f"The fit FAILED its checks: do not use its {self.unusable}."
        lines = ["The fit passed its checks." if self.ok else failed]
        for c in self.checks:
            where = f"  [{c.worst}]" if c.worst else ""
            value = "-" if c.uncomputed else f"{c.value:.5g}"
            lines.append(f"  {words[c.passed]:<6}  {c.name:<60} {value:>10}   limit {short(c.limit):<7}{where}")
            if c.exceeds_limit or c.uncomputed:
                lines.append(f"          -> {c.advice}{f' See {c.details}.' if c.details else ''}")
        return "\n".join(lines)

    __repr__ = __str__


def check(fit: Fit, portfolio: Mapping[str, float] | pd.Series | None = None) -> CheckReport:
    """Check a fit: convergence, means and variances of the fitted law, tails, residuals, priors, shrinkage, premia.

    Parameters
    ----------
    fit : Fit
    portfolio : mapping or Series of asset to weight, optional
        The book whose residual volatility is compared with what was realised; by default all assets, equally weighted,
        or as many of those with the longest histories as have most returns on dates that all of them share.

    Returns
    -------
    CheckReport
        Prints as a list. ``.ok`` is False when a check of the sampler failed, when the sample rules out means or
        variances of the fitted law (Student-t degrees of freedom at their floor are of that kind), so that what is
        called a premium is no expected return, when two assets are copies of each other, or when residuals go together
        otherwise than the model has it, so that the risk of portfolios is wrong. Other checks only inform.

    Notes
    -----
    R-hat and effective draws follow Vehtari et al. (2021), E-BFMI Betancourt (2016), prior sensitivity the power
    scaling of Kallioinen et al. (2024), all as ArviZ computes them. The tail check compares the kurtosis of
    standardised residuals with that of replicated ones of the same length. Limits of the checks of means and of the
    largest correlation follow from sampling theory: of right models each check of means fails one in 400, and the
    largest correlation of all pairs is beyond its limit one time in a hundred. The realised residual variance of a book
    fails where it is beyond the model's 90 % interval by more than its own sampling error (chi-squared, 99 %).
    """
    require_fit(fit, "check")
    assets = fit.misfit.assets.join(shapes(fit))
    shrinkage, sensitivity, residuals = shrinkage_of_loadings(fit), sensitivity_to_priors(fit), mean_residuals(fit)
    correlations = residual_correlations(fit, residuals)
    checks = (
        *fit.sampler_checks,
        *fit.misfit.checks,
        *_of_assets(fit, assets),
        check_of_priors(fit, sensitivity),
        _of_loadings(fit, shrinkage),
        *correlation_checks(correlations, fit.panel.indexes),
        *book_check(fit, portfolio, residuals),
        *index_checks(fit),
        *_of_premia(fit),
        *movement_checks(fit),
    )  # fmt: skip
    return CheckReport(checks, assets, shrinkage, sensitivity, correlations.pairs)


def _of_loadings(fit: Fit, shrinkage: pd.DataFrame) -> Check:
    """Return the check of how far loadings are shrunk, which only informs."""
    name = SHRUNK
    if shrinkage.isna().all(axis=None):
        return cannot(name, 0.5, Dated(fit, fit.posterior).unknown or NO_LAW)
    advice = "Most loadings depend more on their prior than on their own returns."
    return Check(name, None, float(np.median(shrinkage)), 0.5, "", advice, ".shrinkage")


def _of_assets(fit: Fit, assets: pd.DataFrame) -> tuple[Check, ...]:
    """Return the checks of tails and premia that only inform."""
    gaps = assets["gap_in_errors"].abs()
    known = int(gaps.count())
    most = share_by_chance(known, 2 * norm.sf(2), 0.025) if known else 0.05
    return (
        *_of_shapes(fit, assets),
        Check(
            PREMIA_APART, None, float((gaps.dropna() > 2).mean()), most, _worst(gaps),
            "Premia and sample means differ: read both before using these premia.", ".assets",
        ),
    )  # fmt: skip


def _of_shapes(fit: Fit, assets: pd.DataFrame) -> tuple[Check, ...]:
    """Return the check of tails and, of a law whose mean does not follow the sample's, that of skewness."""
    tails = _of_tails(fit, assets["prob_tails"])
    if fit.model is None or fit.model.noise.matches_sample_moments:
        return (tails,)
    name, prob = "tails: share of assets with skewed residuals", assets["prob_skewness"]
    return tails, Check(
        name, None, float((prob.dropna() < 0.01).mean()), 0.05, _worst(-prob),
        "The centre of the noise law is its mean, and that of skewed residuals is not: a few large returns of one sign "
        "are in the sample's mean and hardly in these premia. Under normal noise (the preset 'static') means follow "
        "the sample's.", ".assets",
    )  # fmt: skip


def _of_tails(fit: Fit, prob_tails: pd.Series) -> Check:
    name = "tails: share of assets with heavier tails than the noise law"
    if not isinstance(fit.panel, Panel):
        return Check(name, None, float("nan"), 0.05, "", UNSEEN)
    if fit.noise is None or Dated(fit, fit.posterior).unknown:
        return cannot(name, 0.05, Dated(fit, fit.posterior).unknown or NO_LAW)
    return Check(
        name, None, float((prob_tails.dropna() < 0.01).mean()), 0.05, _worst(-prob_tails),
        "Residuals are heavier-tailed than the noise law: a few dates have a large weight in loadings and alphas. Look "
        "at the largest returns of these assets.", ".assets",
    )  # fmt: skip


def _of_premia(fit: Fit) -> tuple[Check, ...]:
    """Return the checks of what factors pay: how many are unidentified, and how many in conflict with their priors."""
    facts = cached_identification(fit).facts
    others = facts[~facts["traded"].astype(bool)]
    unknown = others.index[others["verdict"] == UNIDENTIFIED].tolist()
    conflict = facts.index[facts["conflict"]].tolist()
    unidentified = "premia: share of non-traded factors unidentified"
    conflicting = "premia: share in conflict with the prior"
    if facts["prior_sd"].isna().all():
        return cannot(unidentified, 0.0, NO_PRIORS), cannot(conflicting, 0.0, NO_PRIORS)
    return (
        Check(
            unidentified, None, len(unknown) / max(len(others), 1), 0.0,
            unknown[0] if unknown else "",
            "What these factors pay comes from the prior, not from the data.", "bf.identify(fit)",
        ),
        Check(
            conflicting, None, len(conflict) / len(facts), 0.0,
            conflict[0] if conflict else "",
            "Prior and data disagree on what these factors pay, and the posterior lies between: read both, and justify "
            "the prior.",
            "bf.identify(fit)",
        ),
    )  # fmt: skip


def _worst(values: pd.Series) -> str:
    return str(values.idxmax()) if values.notna().any() else ""
