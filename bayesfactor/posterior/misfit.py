"""Whether the fitted law has the sample's means and variances, so that a premium is an expected return."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import beta, binom, chi2, norm, t as student

from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import moments, regressors
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.diagnostics import UNSEEN, Check
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.posterior.residuals import degrees_of_freedom, noise, raw_coefficients, thin, variance_factor
from bayesfactor.spec.alphas import ZeroAlpha
from bayesfactor.spec.scaling import translate

DRAWS, REPLICAS = 200, 5  # draws looked at; replicated histories of each
FEWEST = 20  # dates of an asset whose mean and variance are compared
ERROR = 0.0025  # probability with which each check of means fails a right model
FLOOR, AT_FLOOR = 0.1, 0.05  # distance from the least degrees of freedom; posterior probability of being within it
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


@dataclass(frozen=True, eq=False)
class Misfit:
    """What the fitted law says of means and variances, beside what the sample says.

    Attributes
    ----------
    assets : DataFrame
        Per asset, means a year: ``periods``; ``sample_mean`` of its excess returns, and its standard error
        ``sample_se``; ``premium``, the posterior mean of its total in `attribute`; ``gap_in_errors``, sample mean less
        premium, in standard errors of the sample mean, which hold what factors happened to do; ``implied_mean``, of
        alpha and loadings with what factors did on the asset's own dates; ``implied_gap``, sample mean less that, in
        standard errors of the mean residual; ``variance_ratio``, implied over sample residual variance;
        ``prob_variance``, how probable the law makes a residual variance as far out (two-sided). NaN where there are
        too few dates, or an exact fit.
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
    law = _law(fit, draws)
    table = _assets(fit, draws, coefficients, law)
    used = (table["periods"] >= FEWEST) & table["implied_gap"].notna()
    checks = [*_tails(fit), *_variances(table[used], law)]
    means = coefficients.mean(axis=0)
    checks += _means(fit, table[used], *_average(fit, table, used.to_numpy(), means))
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


@dataclass(frozen=True, eq=False)
class _Law:
    """The noise law at draws, at a scale of 1.

    Attributes
    ----------
    factor : array (sample)
        Its variance.
    replicas : mapping of int to array (replica, sample), or None
        By length of history, variances of its draws (mean taken off, ddof 0); None of a normal law.
    """

    factor: np.ndarray
    replicas: dict[int, np.ndarray] | None

    def below(self, size: np.ndarray, count: int) -> float:
        """Return how probable a sum of squares (sample) below that is, of `count` draws about their mean."""
        own = chi2.cdf(size, count - 1) if self.replicas is None else self.replicas[count] < size / count
        return float(own.mean())

    def reach(self, counts: np.ndarray) -> float:
        """Return what the median over assets of implied over sample variance, either way, exceeds with `ERROR`.

        The median of n probabilities is Beta((n + 1) / 2, (n + 1) / 2); all assets are taken to be as long as the
        median one.
        """
        half, count = (counts.size + 1) / 2, int(np.quantile(counts, 0.5, method="lower"))
        ends = beta.ppf([ERROR / 2, 1 - ERROR / 2], half, half)
        if self.replicas is None:
            low, high = chi2.ppf(ends, count - 1) / (count - 1)
        else:
            low, high = np.quantile(self.replicas[count], ends) * count / (count - 1)
        return float(max(self.factor.mean() / low, high / self.factor.mean()))


def _law(fit: FitFacts, draws: xr.Dataset) -> _Law:
    dof, counts = degrees_of_freedom(draws), moments(fit.panel).count.astype(int)
    factor = np.atleast_1d(variance_factor(draws).values.ravel())
    return _Law(factor, None if dof is None else _replicas(fit.sampler.seed, dof, counts))


def _assets(fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: _Law) -> pd.DataFrame:
    """Return the table of `Misfit`."""
    statistics, year = moments(fit.panel), fit.panel.periods_per_year
    count, index = statistics.count.astype(int), pd.Index(fit.panel.assets, name="asset")
    few, error = count < 3, statistics.sd(ddof=1) / np.sqrt(np.maximum(count, 1))
    table = pd.DataFrame({"periods": count}, index=index)
    table["sample_mean"] = np.where(few, np.nan, statistics.mean * year)
    table["sample_se"] = np.where(few, np.nan, error * year)
    table["premium"] = premia(fit)
    away = table["sample_mean"] - table["premium"]
    table["gap_in_errors"] = away / table["sample_se"].where(table["sample_se"] > 0)
    columns = ["implied_mean", "implied_gap", "variance_ratio", "prob_variance"]
    return table.join(pd.DataFrame(list(_implied(fit, draws, coefficients, law)), columns=columns, index=index))


def _implied(
    fit: FitFacts, draws: xr.Dataset, coefficients: np.ndarray, law: _Law
) -> Iterator[tuple[float, float, float, float]]:
    """Yield the last four columns of the table of `Misfit`, asset by asset."""
    flat = draws[["sigma"]].compute().stack(sample=("chain", "draw"), create_index=False)
    scale = flat["sigma"].transpose("sample", "asset").values ** 2
    statistics, year = moments(fit.panel), fit.panel.periods_per_year
    least = 2 * translate(fit.panel, fit.model).resolution ** 2  # the floor of the noise is not the asset's own
    for i, count in enumerate(statistics.count.astype(int).tolist()):
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
        below = law.below(centred / scale[:, i], count)
        ratio = float(np.mean(scale[:, i] * law.factor) * (count - 1) / centred.mean())
        yield implied * year, gap, ratio, 2 * min(below, 1 - below)


def _replicas(seed: int, dof: np.ndarray, counts: np.ndarray) -> dict[int, np.ndarray]:
    """Return the replicas of a Student-t law."""
    lengths, rng = np.unique(counts[counts > 0]), np.random.default_rng(seed)
    found = np.empty((len(lengths), REPLICAS, len(dof)))
    for s, one in enumerate(dof):
        new = noise(rng, one, (REPLICAS, max(lengths, default=0)))
        mean, square = (np.cumsum(x, axis=1)[:, lengths - 1] / lengths for x in (new, new**2))
        found[:, :, s] = (square - mean**2).T
    return dict(zip(lengths.tolist(), found, strict=True))


def _tails(fit: FitFacts) -> list[Check]:
    """Return the check that the degrees of freedom are away from the least that the model allows."""
    dof = degrees_of_freedom(fit.posterior)
    if dof is None:
        return []
    there = float((dof < translate(fit.panel, fit.model).dof_above + FLOOR).mean())
    advice = "The law has next to no variance, and its mean cannot be told from data."
    return [
        Check("tails: P(degrees of freedom at floor)", there <= AT_FLOOR, there, AT_FLOOR, "", f"{advice} {FOLLOWS}")
    ]


def _variances(table: pd.DataFrame, law: _Law) -> list[Check]:
    """Return the checks of residual variances: that of the median asset, and how many are beyond sampling error."""
    seen = table.dropna(subset="prob_variance")
    if seen.empty:
        return []
    middle = float(seen["variance_ratio"].median())
    either, times = max(middle, 1 / middle), TIMES
    if len(seen) < FEW:
        times = max(TIMES, law.reach(seen["periods"].to_numpy()))
    beyond = float((seen["prob_variance"] < RARE).mean())
    most = max(0.05, float(binom.ppf(1 - ERROR / 2, len(seen), RARE)) / len(seen))
    advice = f"The fitted law does not have the sample's variances. {FOLLOWS}"
    furthest = str(np.log(seen["variance_ratio"]).abs().idxmax())
    return [
        Check("variance: implied over sample, median", either <= times, either, times, "", advice, ".assets"),
        Check("variance: share beyond sampling error", beyond <= most, beyond, most, furthest, advice, ".assets"),
    ]


def _means(fit: FitFacts, table: pd.DataFrame, implied: tuple[float, int], premium: tuple[float, int]) -> list[Check]:
    """Return the checks of means: of the average asset, implied and as a premium, and of the asset furthest off."""
    held = NO_ALPHA if isinstance(fit.model.alpha, ZeroAlpha) else HELD
    remedy = held if degrees_of_freedom(fit.posterior) is None else FOLLOWS
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
    chance = np.maximum(student.sf(gaps, table["periods"] - 1), 1e-300)
    worst = int(np.argmin(chance))
    value, limit = float(norm.isf(chance[worst])), float(norm.isf(ERROR / 2 / len(gaps)))
    what = "means: implied mean of the asset furthest off (SE)"
    return [*found, Check(what, value <= limit, value, limit, str(gaps.index[worst]), advice, ".assets")]


def _average(
    fit: FitFacts, table: pd.DataFrame, used: np.ndarray, coefficients: np.ndarray
) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the gaps of the average asset in standard errors: of the implied mean and of the premium, with dates.

    The average over assets of x_it - mean_i, each over its number of dates, is a series whose sum of squares is the
    variance of the average mean, however assets move together. NaN where the panel holds no returns.
    """
    nothing = (np.nan, 0)
    if not isinstance(fit.panel, Panel) or not used.any():
        return nothing, nothing
    own, whole = (np.zeros(len(fit.panel.times)) for _ in range(2))
    away, seen = 0.0, np.zeros(len(own), dtype=bool)
    for i in np.flatnonzero(used).tolist():
        rows, returns, x = regressors(fit.panel, i)
        residual = returns - x @ coefficients[i]
        own[rows] += (residual - residual.mean()) / rows.size
        whole[rows] += (returns - returns.mean()) / rows.size
        away, seen[rows] = away + residual.mean(), True
    short = float((table["sample_mean"] - table["premium"])[used].sum()) / fit.panel.periods_per_year
    count = int(seen.sum())
    gaps = [
        gap / np.sqrt(np.sum(series**2) * count / (count - 1)) if np.any(series) else np.nan
        for gap, series in ((away, own), (short, whole))
    ]
    return (gaps[0], count), (gaps[1], count)
