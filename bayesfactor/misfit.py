"""Whether the fitted law has the sample's means and variances, so that a premium is an expected return."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binom, chi2, norm
from scipy.stats import t as student

from bayesfactor.blocks import blocks
from bayesfactor.diagnostics import UNSEEN, Check
from bayesfactor.moments import EXACT
from bayesfactor.panel import Panel
from bayesfactor.pointwise import raw_coefficients, thin
from bayesfactor.posterior import Fit
from bayesfactor.spec import StudentTNoise
from bayesfactor.statistics import moments, regressors
from bayesfactor.translation import translate

DRAWS, REPLICAS = 200, 5  # draws looked at; replicated histories of each
FEWEST = 20  # dates of an asset whose mean and variance are compared
ERROR = 0.0025  # probability with which each check of means fails a right model
FLOOR, AT_FLOOR = 0.1, 0.05  # distance from the least degrees of freedom; posterior probability of being within it
TIMES = 2.0  # implied residual variance over the sample's, either way, of the median asset
RARE = 0.01  # probability below which a variance is beyond sampling error
FOLLOWS = (
    "Do not use these premia: with normal noise (the preset 'hierarchical') means and variances follow the sample's."
)
HELD = "Do not use these premia: the priors of alphas and premia keep them from what the sample says; widen these."


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


def misfit(fit: Fit) -> Misfit:
    """Compare means and variances of the fitted law with those of the sample.

    Notes
    -----
    Of right models, each check of means fails one in four hundred: a posterior mean differs from the sample mean by no
    more than the standard error of the latter, over draws of the truth from the prior. The mean over assets has the
    standard error of its own series, so that assets may move together.
    """
    draws = thin(fit, DRAWS)
    coefficients = raw_coefficients(fit, draws)
    table = _assets(fit, draws, coefficients)
    used = (table["periods"] >= FEWEST) & table["implied_gap"].notna()
    checks = [*_tails(fit), *_variances(table[used])]
    means = coefficients.mean(axis=0)
    checks += _means(fit, table[used], *_average(fit, table, used.to_numpy(), means))
    return Misfit(table, tuple(checks))


def premia(fit: Fit) -> np.ndarray:
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


def _assets(fit: Fit, draws: xr.Dataset, coefficients: np.ndarray) -> pd.DataFrame:
    """Return the table of `Misfit`."""
    statistics, year = moments(fit.panel), fit.panel.periods_per_year
    count, index = statistics.count.astype(int), pd.Index(fit.panel.assets, name="asset")
    few, error = count < 3, statistics.deviation(ddof=1) / np.sqrt(np.maximum(count, 1))
    table = pd.DataFrame({"periods": count}, index=index)
    table["sample_mean"] = np.where(few, np.nan, statistics.mean * year)
    table["sample_se"] = np.where(few, np.nan, error * year)
    table["premium"] = premia(fit)
    away = table["sample_mean"] - table["premium"]
    table["gap_in_errors"] = away / table["sample_se"].where(table["sample_se"] > 0)
    columns = ["implied_mean", "implied_gap", "variance_ratio", "prob_variance"]
    return table.join(pd.DataFrame(list(_implied(fit, draws, coefficients)), columns=columns, index=index))


def _implied(fit: Fit, draws: xr.Dataset, coefficients: np.ndarray) -> Iterator[tuple[float, float, float, float]]:
    """Yield the last four columns of the table of `Misfit`, asset by asset."""
    flat = draws[[name for name in ("sigma", "dof") if name in draws]].compute()
    flat = flat.stack(sample=("chain", "draw"), create_index=False)
    scale = flat["sigma"].transpose("sample", "asset").values ** 2
    dof = flat["dof"].values if isinstance(fit.model.noise, StudentTNoise) else None
    wider = 1.0 if dof is None else dof / (dof - 2)
    statistics, year = moments(fit.panel), fit.panel.periods_per_year
    least = 2 * translate(fit.panel, fit.model).resolution ** 2  # the floor of the noise is not the asset's own
    counts = statistics.count.astype(int)
    replicas = {} if dof is None else _replicas(fit, dof, counts)
    for i, count in enumerate(counts.tolist()):
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
        size = centred / scale[:, i]
        below = chi2.cdf(size, count - 1) if dof is None else (replicas[count] < size / count).mean(axis=0)
        rare = 2 * min(below.mean(), 1 - below.mean())
        yield implied * year, gap, float(np.mean(scale[:, i] * wider) * (count - 1) / centred.mean()), rare


def _replicas(fit: Fit, dof: np.ndarray, counts: np.ndarray) -> dict[int, np.ndarray]:
    """Return, by length of history, variances of Student-t draws over their scale: (replica, sample)."""
    lengths, rng = np.unique(counts[counts > 0]), np.random.default_rng(fit.sampler.seed)
    found = np.empty((len(lengths), REPLICAS, len(dof)))
    for s, one in enumerate(dof):
        new = rng.standard_t(one, size=(REPLICAS, max(lengths, default=0)))
        mean, square = (np.cumsum(x, axis=1)[:, lengths - 1] / lengths for x in (new, new**2))
        found[:, :, s] = (square - mean**2).T
    return dict(zip(lengths.tolist(), found, strict=True))


def _tails(fit: Fit) -> list[Check]:
    """Return the check that the degrees of freedom are away from the least that the model allows."""
    if not isinstance(fit.model.noise, StudentTNoise):
        return []
    there = float((fit.posterior["dof"] < fit.model.noise.dof.above + FLOOR).mean())
    advice = "The law has next to no variance, and its mean cannot be told from data."
    return [
        Check("tails: P(degrees of freedom at floor)", there <= AT_FLOOR, there, AT_FLOOR, "", f"{advice} {FOLLOWS}")
    ]


def _variances(table: pd.DataFrame) -> list[Check]:
    """Return the checks of residual variances: that of the median asset, and how many are beyond sampling error."""
    seen = table.dropna(subset="prob_variance")
    if seen.empty:
        return []
    middle = float(seen["variance_ratio"].median())
    either = max(middle, 1 / middle)
    beyond = float((seen["prob_variance"] < RARE).mean())
    most = max(0.05, float(binom.ppf(1 - ERROR / 2, len(seen), RARE)) / len(seen))
    advice = f"The fitted law does not have the sample's variances. {FOLLOWS}"
    furthest = str(np.log(seen["variance_ratio"]).abs().idxmax())
    return [
        Check("variance: implied over sample, median", either <= TIMES, either, TIMES, "", advice, ".assets"),
        Check("variance: share beyond sampling error", beyond <= most, beyond, most, furthest, advice, ".assets"),
    ]


def _means(fit: Fit, table: pd.DataFrame, implied: tuple[float, int], premium: tuple[float, int]) -> list[Check]:
    """Return the checks of means: of the average asset, implied and as a premium, and of the asset furthest off."""
    remedy = FOLLOWS if isinstance(fit.model.noise, StudentTNoise) else HELD
    advice = f"The sample rules out the means of the fitted law. {remedy}"
    found = []
    for name, (gap, count) in (("implied mean", implied), ("premium", premium)):
        seen = np.isfinite(gap)
        limit = float(student.isf(ERROR / 2, max(count - 1, 1)))
        passed = bool(abs(gap) <= limit) if seen else None
        what = f"means: {name} of average asset, in SE"
        found.append(Check(what, passed, abs(gap), limit, "", advice if seen else UNSEEN, ".assets"))
    gaps = table["implied_gap"].abs()
    if gaps.empty:
        return found
    chance = np.maximum(student.sf(gaps, table["periods"] - 1), 1e-300)
    worst = int(np.argmin(chance))
    value, limit = float(norm.isf(chance[worst])), float(norm.isf(ERROR / 2 / len(gaps)))
    what = "means: implied mean furthest off, in SE"
    return [*found, Check(what, value <= limit, value, limit, str(gaps.index[worst]), advice, ".assets")]


def _average(
    fit: Fit, table: pd.DataFrame, used: np.ndarray, coefficients: np.ndarray
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
    for i in np.flatnonzero(used):
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
