"""Whether the fitted law has the sample's means and variances, so that a premium is an expected return."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import beta, binom, norm, t as student

from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.diagnostics import UNSEEN, Check, cannot
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import parameters, raw_coefficients, residual_law, residual_sd, thin
from bayesfactor.spec.noise import VarianceLaw

DRAWS = 200  # looked at
FEWEST = 20  # dates of an asset whose mean and variance are compared
ERROR = 0.0025  # probability with which each check of means fails a right model
AT_FLOOR = 0.05  # posterior probability of a parameter of the noise law being at its bound
TIMES = 2.0  # implied residual variance over the sample's, either way, of the median asset
FEW = 5  # assets below which the law itself makes that limit wider
RARE = 0.01  # probability below which a variance is beyond sampling error
FOLLOWS = (
    "Do not use these premia: with normal noise (the preset 'hierarchical') means and variances follow the sample's."
)
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
UNKNOWN = (
    "Do not use these premia: look at the noise law and the priors of alphas and premia in the program that made these "
    "draws."
)
NO_LAW = "no noise law, as the model of these draws was not given"


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
        loadings with what factors did on the asset's own dates; ``implied_gap``, sample mean less that, in standard
        errors of the mean residual; ``variance_ratio``, implied over sample residual variance; ``prob_variance``, the
        two-sided probability under the law of a residual variance at least as far out. NaN where there are too few
        dates, or an exact fit.
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
    """
    draws = thin(fit, DRAWS)
    coefficients = raw_coefficients(fit, draws)
    law = _variance_law(fit, draws)
    table = _assets(fit, draws, coefficients, law)
    judged = table.assign(size=fit.design.sample.count)
    told = table["effective"] >= FEWEST / 2  # of weights alone it may be less than the size of the sample
    used = (judged["size"] >= FEWEST) & told & table["implied_gap"].notna()
    checks = [*_tails(fit), *_variances(judged[used], law, _variance_remedy(fit))]
    means = coefficients.mean(axis=0)
    remedy = _remedy(fit, priced=bool((draws["alpha"] == 0).all()))
    checks += _means(remedy, judged[used], *_average(fit, table, used.to_numpy(), means))
    return Misfit(table, tuple(checks))


def premia(fit: FitFacts) -> np.ndarray:
    """Return the posterior mean of every asset's premium, decimal a year: alpha, zero-beta rate and sum beta lambda."""
    posterior = fit.posterior
    paid, rate = posterior["risk_premium"].compute(), float(posterior.get("zero_beta", xr.DataArray(0.0)).mean())
    parts = [
        (
            block["alpha"].mean(("chain", "draw")) + (block["loading"] * paid).sum("factor").mean(("chain", "draw"))
        ).values
        for block in blocks(posterior[["alpha", "loading"]], "asset")
    ]
    return (np.concatenate(parts) + rate) * fit.panel.periods_per_year


def _variance_law(fit: FitFacts, draws: xr.Dataset) -> VarianceLaw | None:
    """Return the law of the sample variance of residuals at draws; None without a noise law."""
    if fit.noise is None:
        return None
    residuals, counts = residual_law(fit.noise, draws), fit.panel.moments.count.astype(int)
    return fit.noise.sample_variance(counts, residuals.standard, np.random.default_rng(fit.seed))


def _reach(law: VarianceLaw, counts: np.ndarray) -> float:
    """Return what the median over assets of implied over sample variance, either way, exceeds with `ERROR`.

    The median of n probabilities is Beta((n + 1) / 2, (n + 1) / 2); all assets are taken to be as long as the median
    one.
    """
    half, count = (counts.size + 1) / 2, float(np.quantile(counts, 0.5, method="lower"))
    low, high = law.quantile(beta.ppf([ERROR / 2, 1 - ERROR / 2], half, half), count)
    return float(max(1 / low, high))


def _assets(fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: VarianceLaw | None) -> pd.DataFrame:
    """Return the table of `Misfit`."""
    statistics, year = fit.design.sample, fit.panel.periods_per_year
    count, index = statistics.count, pd.Index(fit.panel.assets, name="asset")
    few, error = count < 3, statistics.sd(ddof=1) / np.sqrt(np.maximum(count, 1))
    table = pd.DataFrame(
        {"periods": fit.panel.moments.count.astype(int), "effective": fit.design.effective}, index=index
    )
    table["sample_mean"] = np.where(few, np.nan, statistics.mean * year)
    table["sample_se"] = np.where(few, np.nan, error * year)
    table["premium"] = premia(fit)
    away = table["sample_mean"] - table["premium"]
    table["gap_in_errors"] = away / table["sample_se"].where(table["sample_se"] > 0)
    columns = ["implied_mean", "implied_gap", "variance_ratio", "prob_variance"]
    return table.join(pd.DataFrame(list(_implied(fit, draws, coefficients, law)), columns=columns, index=index))


def _implied(
    fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: VarianceLaw | None
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the last four columns of the table of `Misfit`, asset by asset."""
    variance = residual_sd(draws) ** 2
    statistics, year = fit.design.sample, fit.panel.periods_per_year
    floor = 0.0 if fit.priors is None else fit.priors.noise.floor  # which is not the asset's own
    least = 2 * floor**2
    for i, count in enumerate(statistics.count.tolist()):
        if count < 3:
            yield np.nan, np.nan, np.nan, np.nan
            continue
        centre = coefficients[:, i].mean(axis=0)
        implied = float(centre @ statistics.xx[0, :, i]) / count
        squares = statistics.residual_squares(i, np.vstack([centre, coefficients[:, i]]))
        if squares[0] <= max(EXACT * statistics.yy[i], count * least):  # as of a factor put in as an asset
            yield implied * year, np.nan, np.nan, np.nan
            continue
        away = statistics.mean[i] - implied
        gap = away / np.sqrt((squares[0] - count * away**2) / (count - 1) / count)
        centred = squares[1:] - count * (statistics.mean[i] - coefficients[:, i] @ statistics.xx[0, :, i] / count) ** 2
        ratio = float(np.mean(variance[:, i]) * (count - 1) / centred.mean())
        below = np.nan if law is None else law.cdf(centred / variance[:, i], count)
        yield implied * year, gap, ratio, 2 * float(np.minimum(below, 1 - below))


def _tails(fit: FitFacts) -> list[Check]:
    """Return the checks that parameters of the noise law are away from where it has next to no variance."""
    if fit.noise is None:
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
    median, share = "variance: implied over sample, median", "variance: share beyond sampling error"
    advice = f"The fitted law does not have the sample's variances. {remedy}"
    middle = float(seen["variance_ratio"].median())
    either, times = max(middle, 1 / middle), TIMES
    if law is None:
        return [Check(median, either <= times, either, times, "", advice, ".assets"), cannot(share, 0.05, NO_LAW)]
    if len(seen) < FEW:
        times = max(TIMES, _reach(law, seen["size"].to_numpy()))
    beyond = float((seen["prob_variance"] < RARE).mean())
    most = max(0.05, float(binom.ppf(1 - ERROR / 2, len(seen), RARE)) / len(seen))
    furthest = str(np.log(seen["variance_ratio"]).abs().idxmax())
    return [
        Check(median, either <= times, either, times, "", advice, ".assets"),
        Check(share, beyond <= most, beyond, most, furthest, advice, ".assets"),
    ]


def _variance_remedy(fit: FitFacts) -> str:
    """Return what to do about variances that are not the sample's."""
    if fit.noise is None:
        return UNKNOWN
    return NARROW if fit.noise.matches_sample_moments else FOLLOWS


def _remedy(fit: FitFacts, *, priced: bool) -> str:
    """Return what to do about means that the sample rules out; `priced`: every alpha is 0 at every draw."""
    if fit.noise is None:
        return UNKNOWN
    if not fit.noise.matches_sample_moments:
        return FOLLOWS
    return NO_ALPHA if priced else HELD


def _means(remedy: str, table: pd.DataFrame, implied: tuple[float, float], premium: tuple[float, float]) -> list[Check]:
    """Return the checks of means: of the average asset, implied and as a premium, and of the asset furthest off."""
    advice = f"The sample rules out the means of the fitted law. {remedy}"
    found = []
    for name, (gap, count) in (("average implied mean", implied), ("average premium", premium)):
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


def _average(
    fit: FitFacts, table: pd.DataFrame, used: np.ndarray, coefficients: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the gaps of the average asset in standard errors: of the implied mean and of the premium, with dates.

    The average over assets of w_it (x_it - mean_i) / sum_t w_it is a series whose sum of squares is the variance of the
    average mean, however assets move together. NaN where the panel holds no returns.
    """
    nothing = (np.nan, 0.0)
    if not isinstance(fit.panel, Panel) or not used.any():
        return nothing, nothing
    own, whole = (np.zeros(len(fit.panel.times)) for _ in range(2))
    away, seen = 0.0, np.zeros(len(own))
    for i in np.flatnonzero(used).tolist():
        rows, returns, x, weight = fit.design.rows(i)
        share = weight / weight.sum()
        residual = returns - x @ coefficients[i]
        own[rows] += share * (residual - share @ residual)
        whole[rows] += share * (returns - share @ returns)
        away, seen[rows] = away + share @ residual, np.maximum(seen[rows], weight)
    short = float((table["sample_mean"] - table["premium"])[used].sum()) / fit.panel.periods_per_year
    count = float(seen.sum() ** 2 / (seen @ seen))  # dates, or their effective number
    gaps = [
        gap / np.sqrt(np.sum(series**2) * count / (count - 1)) if np.any(series) else np.nan
        for gap, series in ((away, own), (short, whole))
    ]
    return (gaps[0], count), (gaps[1], count)
