"""Whether residuals are as the model assumes: with the tails of the noise law, and uncorrelated across assets."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from bayesfactor.base.correlations import BLOCK, pairwise
from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.diagnostics import CANNOT, UNSEEN, Check
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import residual_law, standardised_residuals, thin

DRAWS = 200
MOST_RESIDUALS = 2**27  # in memory at once, unless one asset has more
FEWEST = 20  # dates that two assets share
SHOWN = 20  # pairs
COPY = 0.99  # correlation from which two assets count as one
MEAN, SQUARE = 0.05, 0.1  # mean and root mean square correlation beyond noise
ERROR = 0.01  # probability with which the largest of all pairs is beyond its limit by chance
APART = f"Cannot be computed: no two assets have {FEWEST} dates in common."
MORE = (
    "What residual factors leave of residuals moves together: there are too few of them. Let the model have more "
    "(noise.common.count), or the factor that is missing."
)
MISSING = (
    "Residuals, which the model takes as independent, move together: a factor is missing. Intervals are too narrow and "
    "idiosyncratic shares too small, above all of portfolios and groups."
)


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of residuals over pairs of assets with `FEWEST` common dates.

    Attributes
    ----------
    mean, excess : float
        Mean over pairs; root of the mean square less that of noise, so that opposite signs do not cancel. NaN where
        they cannot be computed.
    limit : float
        What `excess` exceeds in noise about one time in a thousand, at least `SQUARE`.
    pairs : DataFrame
        Columns ``asset``, ``other``, ``correlation``, ``periods`` (common dates), ``limit`` (what the largest
        correlation of all pairs exceeds in noise with probability `ERROR`, were all pairs of this length): of copies
        (`COPY` or more, and beyond the limit), at most half of `SHOWN`, and of other pairs those furthest beyond noise,
        `SHOWN` in all; those with the largest correlation, of either sign, first.
    reason : str
        Why there are none, if so.
    common : bool
        Whether they are of what residual factors leave.
    """

    mean: float
    excess: float
    limit: float
    pairs: pd.DataFrame
    reason: str = ""
    common: bool = False


def shapes(fit: Fit) -> pd.DataFrame:
    """Return, per asset, what the law of residuals says of the shape of those observed.

    ``prob_tails``: the posterior predictive probability of a kurtosis as large; ``prob_skewness``: of a skewness as far
    from 0, either way, by Kelly's coefficient, as heavy tails leave that of third moments no power; of residuals over
    the standard deviation of their date. NaN without a noise law or a record of the path of what moves, or where the
    panel does not hold the returns; skewness also where the law's means follow the sample's.
    """
    found = np.full((len(fit.panel.assets), 2), np.nan)
    draws = thin(fit, DRAWS)
    dated = Dated(fit, draws)
    if fit.noise is not None and isinstance(fit.panel, Panel) and not dated.unknown:
        law, residuals = fit.noise, residual_law(fit.noise, draws)
        asked = fit.model is not None and not fit.model.noise.matches_sample_moments
        one = {name: values[:, None] for name, values in residuals.standard.items()}

        def shape(i: int) -> tuple[float, float]:
            weight = fit.design.rows(i)[3]
            if weight.sum() < 3:
                return np.nan, np.nan
            rng = np.random.default_rng([fit.seed, i])
            if dated.still:
                z, own = standardised_residuals(fit, i, dated.coefficients, residuals.sd), residuals.of_asset(i)
            else:
                _, residual, sd = dated.residuals(i)
                z, own = residual / sd, one
            new = law.simulate(own, rng, z.shape)
            tail = float(np.mean(_kurtosis(new, weight) >= _kurtosis(z, weight)))
            return tail, float(np.mean(np.abs(_skewness(new)) >= np.abs(_skewness(z)))) if asked else np.nan

        _made(dated)
        room = MOST_RESIDUALS // (len(residuals.sd) * len(fit.panel.times))
        with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, room))) as pool:
            found = np.array(list(pool.map(shape, range(len(fit.panel.assets)))))
    index = pd.Index(fit.panel.assets, name="asset")
    return pd.DataFrame(found, index=index, columns=["prob_tails", "prob_skewness"])


def _made(dated: Dated) -> None:
    """Have what several threads ask for made once, before them."""
    _ = dated.coefficients, dated.level
    if dated.filters is not None:
        _ = dated.cell, dated.common


def _kurtosis(z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    share = weight / weight.sum()
    square = (z - (z @ share)[:, None]) ** 2
    return square**2 @ share / np.maximum((square @ share) ** 2, 1e-300)


def _skewness(z: np.ndarray) -> np.ndarray:
    """Return Kelly's coefficient (sample): how much further from the median the ninth decile is than the first."""
    low, middle, high = np.quantile(z, [0.1, 0.5, 0.9], axis=1)
    return (high + low - 2 * middle) / np.maximum(high - low, 1e-300)


def observed_correlations(fit: Fit) -> Correlations:
    """Return the correlations of residuals at the posterior mean of the coefficients.

    Where volatility moves, of residuals over that of their date, so that turbulent dates do not count more. Where there
    are residual factors, of what these leave at one draw: by the model they are those of noise.
    """
    dated = Dated(fit, thin(fit, DRAWS))
    if not isinstance(fit.panel, Panel) or dated.unknown:
        why = UNSEEN if not isinstance(fit.panel, Panel) else f"{CANNOT}{dated.unknown}."
        return Correlations(np.nan, np.nan, SQUARE, _table([], [], np.empty((0, 4)), 0, 0), why)
    coefficients = dated.coefficients.mean(axis=0)
    residuals = np.full(fit.panel.returns.shape, np.nan)
    if dated.residual_factors is not None:
        dated = Dated(fit, dated.draws.isel(chain=slice(-1, None), draw=slice(-1, None)))
    for i in range(residuals.shape[1]):
        rows, returns, x = regressors(fit.panel, i)
        own = returns - x @ coefficients[i]
        if not dated.still:
            own = dated.residuals(i)[1].mean(axis=0) / dated.scale(i)[rows]
        if dated.residual_factors is not None:
            own = (dated.residuals(i)[1] - dated.common_residuals(i, rows))[0] / dated.scale(i)[rows]
        if own @ own > EXACT * (returns @ returns):  # of an exact fit nothing is left but rounding
            residuals[rows, i] = own
    common = dated.residual_factors is not None
    taken = 0 if common else len(fit.panel.factor_info)  # of a draw no factor is fitted
    found = correlations(residuals, fit.panel.assets, taken, weight=fit.design.weight)
    return replace(found, common=common)


def correlations(
    x: np.ndarray, names: tuple[str, ...], factors: int = 0, block: int = BLOCK, weight: np.ndarray | None = None
) -> Correlations:
    """Return the correlations of columns of x (time, asset), NaN where not observed, that `factors` were taken off.

    In noise the z of Fisher, atanh(r) sqrt(n - 3 - factors), is standard normal; with weights (time, asset), n is the
    effective number of common dates.
    """
    total = square = noise = spread = 0.0
    count, kept, copies = 0, np.empty((0, 5)), np.empty((0, 5))
    sure = norm.isf(ERROR / max(x.shape[1] * (x.shape[1] - 1), 1))
    for first, second, r, dates, n in _blocks(x, block, weight):
        spare = np.maximum(n - 1 - factors, 1)
        count, total, square = count + r.size, total + float(r.sum()), square + float(r @ r)
        noise, spread = noise + float(np.sum(1 / spare)), spread + float(np.sum(2 / spare**2))
        found = np.column_stack([first, second, r, dates, n])
        far = _fisher(r, n, factors)
        same = (np.abs(r) >= COPY) & (far > sure)
        copies = _closest(np.vstack([copies, found[same]]))[: SHOWN // 2]  # room is left for what is no copy
        found, far = found[~same], far[~same]
        kept = np.vstack([kept, found[np.argsort(-far, kind="stable")[:SHOWN]]])
        kept = kept[np.argsort(-_fisher(kept[:, 2], kept[:, 4], factors), kind="stable")[:SHOWN]]
    if not count:
        return Correlations(np.nan, np.nan, SQUARE, _table([], [], np.empty((0, 4)), 0, factors), APART)
    excess = max(square - noise, 0.0) / count
    limit = max(SQUARE, (3 * spread**0.5 / count) ** 0.5)
    shown = _closest(np.vstack([copies, kept])[:SHOWN])
    one, other = ([names[int(i)] for i in shown[:, place]] for place in (0, 1))
    return Correlations(total / count, excess**0.5, limit, _table(one, other, shown[:, 1:], count, factors))


def _fisher(r: np.ndarray, n: np.ndarray, factors: int) -> np.ndarray:
    return np.arctanh(np.minimum(np.abs(r), 1 - 1e-15)) * np.sqrt(np.maximum(n - 3 - factors, 1))


def _closest(pairs: np.ndarray) -> np.ndarray:
    """Return pairs (first, second, correlation, ...), those with the largest correlation first."""
    return pairs[np.argsort(-np.abs(pairs[:, 2]), kind="stable")]


def _table(one: list[str], other: list[str], kept: np.ndarray, count: int, factors: int) -> pd.DataFrame:
    periods, size = kept[:, 2].astype(int), kept[:, 3]
    reach = norm.isf(ERROR / 2 / max(count, 1)) / np.sqrt(np.maximum(size - 3 - factors, 1))
    columns = {"asset": one, "other": other, "correlation": kept[:, 1], "periods": periods, "limit": np.tanh(reach)}
    return pd.DataFrame(columns)


def _blocks(x: np.ndarray, block: int, weight: np.ndarray | None) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield pairs of columns (first, second), their correlations, and their common rows: count and effective number."""
    for start, found, count, size in pairwise(x, block, weight):
        before = np.arange(len(found))[:, None] < start + np.arange(found.shape[1])
        first, second = np.nonzero((count >= FEWEST) & before & np.isfinite(found))
        yield first, second + start, found[first, second], count[first, second], size[first, second]


def correlation_checks(found: Correlations) -> list[Check]:
    """Return the checks of residual correlations: they inform, but for two assets that are one, which fails."""
    advice, pairs = found.reason or (MORE if found.common else MISSING), found.pairs
    checks = [
        Check("residuals: mean correlation of assets", None, found.mean, MEAN, "", advice),
        Check(
            "residuals: rms correlation beyond noise", None, found.excess, found.limit, "",
            advice, "" if found.reason else ".pairs",
        ),
    ]  # fmt: skip
    if not len(pairs):
        return checks
    size = pairs["correlation"].abs()
    copies = pairs[(size >= COPY) & (size > pairs["limit"])]
    name = "residuals: largest correlation of two"
    if len(copies):
        same = "These two are one asset under two names: leave one of them out."
        checks.append(_pair(name, False, copies.iloc[0], same))
        name = "residuals: largest correlation of two others"
    others = pairs.drop(copies.index)
    if len(others):
        excess = np.arctanh(np.minimum(others["correlation"].abs(), 1 - 1e-15)) / np.arctanh(others["limit"])
        advice = "A factor that only these two share is missing: the risk of a portfolio that holds both is wrong."
        checks.append(_pair(name, None, others.loc[excess.idxmax()], advice))
    return checks


def _pair(name: str, passed: bool | None, row: pd.Series, advice: str) -> Check:
    where, size = f"{row['asset']}, {row['other']}", abs(float(row["correlation"]))
    return Check(name, passed, size, float(row["limit"]), where, advice, ".pairs")
