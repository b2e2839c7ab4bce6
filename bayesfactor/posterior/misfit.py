"""Whether the fitted law has the sample's means and variances, so that a premium is an expected return."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta, binom, norm, t as student

from bayesfactor.base.wording import percent
from bayesfactor.panel.panel import require_returns
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.diagnostics import UNSEEN, Check, cannot
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.implied_moments import asset_table, average_gaps, calm_against_turbulent
from bayesfactor.posterior.residuals import parameters, residual_law
from bayesfactor.spec.sample_variance import VarianceLaw, dated_variance

DRAWS = 200  # looked at
FEWEST = 20  # dates of an asset whose mean and variance are compared
ERROR = 0.0025  # probability with which each check of means fails a right model
AT_FLOOR = 0.05  # posterior probability of a parameter of the noise law being at its bound
TIMES = 2.0  # implied residual variance over the sample's, either way, of the median asset
FEW = 5  # assets below which the law itself makes that limit wider
RARE = 0.01  # probability below which a variance is beyond sampling error
FOLLOWS = "Do not use these premia: with normal noise (the preset 'static') means and variances follow the sample's."
HELD = (
    "Do not use these premia: the priors of alphas and premia keep them from what the sample says; widen these "
    "(alpha.spread: scale, factors.premium: sd)."
)
NO_ALPHA = (
    "Do not use these premia: alphas are fixed at 0 (alpha.kind = 'zero'), so that there is none to widen: let the "
    "model have alphas (alpha.kind = 'appraisal') or the factor that is missing, or widen factors.premium (sd)."
)
NARROW = (
    "Do not use these premia: the prior of the residual scales keeps them from what the sample says (noise.level, "
    "noise.spread), or a few returns are most of the sample's variance: look at panel.describe()."
)
CALM = (
    "The average asset earned {} (\N{PLUS-MINUS SIGN} {}) a year {} with all periods counted alike than with turbulent "
    "ones counted less, as the model does. Use its premia as those of calm periods, or fit the preset 'static', whose "
    "means follow the sample's."
)
UNKNOWN = (
    "Do not use these premia: look at the noise law and the priors of alphas and premia in the model that these draws "
    "are of."
)
PREMIUM = "average premium"  # what the check of the mean premium over assets is called, after "means: "
MEDIAN = "variance: implied over sample, median"
TURBULENT = "means: turbulent periods against calm ones (SE)"
NO_LAW = "no noise law, as the model of these draws is not known"


@dataclass(frozen=True, eq=False)
class Misfit:
    """Means and variances of the fitted law, compared with those of the sample.

    Attributes
    ----------
    assets : DataFrame
        Per asset, means a year: ``periods``, and the ``effective`` number of them, the sum of their weights;
        ``sample_mean`` of its excess returns, weighted as the fit weights them, and its standard error ``sample_se``;
        ``premium``, the posterior mean of its total in `attribute`; ``gap_in_errors``, sample mean less premium, in
        standard errors of the sample mean, which hold what factors happened to do; ``implied_mean``, of alpha and
        the loadings of each date with what factors did on the asset's own dates; ``implied_gap``, sample mean less
        that, in standard errors of the mean residual; ``variance_ratio``, implied over sample residual variance, with
        the volatility of the asset's own dates; ``prob_variance``, the two-sided probability under the law of a
        residual variance at least as far out. NaN where there are too few dates, an exact fit, or no record of the path
        of what moves.
    checks : tuple of Check
        Of these; a failed one says that premia are not expected returns under a law that the sample supports.
    """

    assets: pd.DataFrame
    checks: tuple[Check, ...]


def misfit(fit: FitFacts) -> Misfit:
    """Compare means and variances of the fitted law with those of the sample.

    Notes
    -----
    Of right models, each check of means fails one in four hundred: a posterior mean differs from the sample mean by no
    more than the standard error of the latter, over draws of the truth from the prior. The mean over assets has the
    standard error of its own series, so that assets may move together.

    That bound holds where dates are weighted by their precision too: a posterior mean's error is uncorrelated with any
    function of the data, so that Var(sample mean - posterior mean) = Var(sample mean) - Var(posterior mean), and the
    standard errors are those of residuals whose variance moves (White 1980). The part of the gap that comes from the
    weights has a check of its own, which only informs.
    """
    dated = of_posterior(fit, DRAWS)
    law = _variance_law(dated)
    table = asset_table(dated, law)
    size = fit.design.sample.count
    judged = table.assign(size=size, which=size if dated.still else np.arange(len(table)))
    told = table["effective"] >= FEWEST / 2  # of weights alone it may be less than the size of the sample
    used = (judged["size"] >= FEWEST) & told & table["implied_gap"].notna()
    checks = [*_tails(fit), *_variances(judged[used], law, _remedy(fit, NARROW))]
    remedy = _remedy(fit, NO_ALPHA if (dated.draws["alpha"] == 0).all() else HELD)
    told_apart, calm = _weighted(dated, used.to_numpy(), table["sample_mean"] - table["implied_mean"])
    checks += _means(calm or remedy, judged[used], *average_gaps(dated, table, used.to_numpy()))
    if dated.unknown:
        checks = [_lost(check, dated.unknown) for check in (*checks, cannot(MEDIAN, TIMES, ""))]
    return Misfit(table, (*checks, *told_apart))


def _variance_law(dated: Dated) -> VarianceLaw | None:
    """Return the law of the sample variance of residuals at draws; None without a noise law."""
    fit = dated.fit
    if fit.noise is None or dated.unknown:
        return None
    residuals, counts = residual_law(fit.noise, dated.draws), fit.panel.moments.count.astype(int)
    rng = np.random.default_rng(fit.seed)
    if dated.still:
        return fit.noise.sample_variance(counts, residuals.standard, rng)
    seen = np.isfinite(require_returns(fit.panel).returns.values)
    return dated_variance(fit.noise, seen, dated.mean_squares**0.5, residuals.standard, rng)


def _lost(check: Check, reason: str) -> Check:
    """Return a check that has no value because a path is not known, or the check itself where it needs none."""
    return check if np.isfinite(check.value) else cannot(check.name, check.limit, reason)


def _weighted(dated: Dated, used: np.ndarray, gap: pd.Series) -> tuple[list[Check], str]:
    """Return the check of what the weights of dates do to means, and words if they are most of the average gap.

    Parameters
    ----------
    dated : Dated
    used : array of bool (asset)
    gap : Series
        Sample mean of each asset less its implied mean, a year.
    """
    away, errors = calm_against_turbulent(dated, used)
    if np.isnan(errors):
        return [], ""
    yearly = away * dated.fit.panel.periods_per_year
    spread = abs(yearly / errors)
    words = CALM.format(percent(abs(yearly), spread), percent(spread, spread / 3), "more" if yearly > 0 else "less")
    limit = float(norm.isf(ERROR / 2))
    most = yearly / gap[used].mean() > 0.5
    return [Check(TURBULENT, None, abs(errors), limit, "", words, ".assets")], words if most else ""


def _reach(law: VarianceLaw, table: pd.DataFrame) -> float:
    """Return what the median over assets of implied over sample variance, either way, exceeds with `ERROR`.

    The median of n probabilities is Beta((n + 1) / 2, (n + 1) / 2); all assets are taken to be as long as the median
    one.
    """
    half, count = (len(table) + 1) / 2, float(np.quantile(table["size"], 0.5, method="lower"))
    which = float(table.loc[table["size"] == count, "which"].iloc[0])
    low, high = law.quantile(beta.ppf([ERROR / 2, 1 - ERROR / 2], half, half), which)
    return float(max(1 / low, high))


def _tails(fit: FitFacts) -> list[Check]:
    """Return the checks that sampled parameters of the noise law are away from where it has next to no variance."""
    if fit.noise is None or fit.model is None or not fit.model.noise.parameters:
        return []
    advice = "The law has next to no variance, and its mean cannot be told from data."
    return [
        Check(f"tails: P({what} at floor)", there <= AT_FLOOR, there, AT_FLOOR, "", f"{advice} {FOLLOWS}")
        for what, there in fit.noise.boundary(parameters(fit.noise, fit.posterior)).items()
    ]


def _variances(table: pd.DataFrame, law: VarianceLaw | None, remedy: str) -> list[Check]:
    """Return the checks of residual variances: that of the median asset, and how many are beyond sampling error."""
    seen = table.dropna(subset="variance_ratio")
    if seen.empty:
        return []
    median, share = MEDIAN, "variance: share beyond sampling error"
    advice = f"The fitted law does not have the sample's variances. {remedy}"
    middle = float(seen["variance_ratio"].median())
    either, times = max(middle, 1 / middle), TIMES
    if law is None:
        return [Check(median, either <= times, either, times, "", advice, ".assets"), cannot(share, 0.05, NO_LAW)]
    if len(seen) < FEW:
        times = max(TIMES, _reach(law, seen))
    beyond = float((seen["prob_variance"] < RARE).mean())
    most = max(0.05, share_by_chance(len(seen), RARE, ERROR / 2))
    furthest = str(np.log(seen["variance_ratio"]).abs().idxmax())
    return [
        Check(median, either <= times, either, times, "", advice, ".assets"),
        Check(share, beyond <= most, beyond, most, furthest, advice, ".assets"),
    ]


def share_by_chance(count: int, each: float, above: float) -> float:
    """Return the share of so many, each beyond a limit with probability `each`, that chance exceeds with `above`."""
    return float(binom.ppf(1 - above, count, each)) / count


def _remedy(fit: FitFacts, own: str) -> str:
    """Return what to do about moments that are not the sample's; `own` of a law whose moments follow the sample's."""
    if fit.model is None:
        return UNKNOWN
    return own if fit.model.noise.matches_sample_moments else FOLLOWS


def _means(remedy: str, table: pd.DataFrame, implied: tuple[float, float], premium: tuple[float, float]) -> list[Check]:
    """Return the checks of means: of the average asset, implied and as a premium, and of the asset furthest off."""
    advice = f"The sample rules out the means of the fitted law. {remedy}"
    found = []
    for name, (gap, count) in (("average implied mean", implied), (PREMIUM, premium)):
        seen = np.isfinite(gap)
        limit = float(student.isf(ERROR / 2, max(count - 1, 1)))
        passed = bool(abs(gap) <= limit) if seen else None
        what = f"means: {name} against sample mean (SE)"
        found.append(Check(what, passed, abs(gap), limit, "", advice if seen else UNSEEN, ".assets"))
    gaps = table["implied_gap"].abs()
    if gaps.empty:
        return found
    chance = np.maximum(student.sf(gaps, table["size"] - 1), 1e-300)
    worst = int(np.argmin(chance))
    value, limit = float(norm.isf(chance[worst])), float(norm.isf(ERROR / 2 / len(gaps)))
    what = "means: implied mean of the asset furthest off (SE)"
    return [*found, Check(what, value <= limit, value, limit, str(gaps.index[worst]), advice, ".assets")]
