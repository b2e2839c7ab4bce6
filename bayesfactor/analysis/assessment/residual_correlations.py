"""Whether residuals of different assets go together as the model has it: not at all, or through residual factors."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from bayesfactor.base.correlations import BLOCK, pairwise
from bayesfactor.base.intervals import interval
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.moments import EXACT
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.diagnostics import CANNOT, UNSEEN
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.observed_factors import given_observed, with_errors_of_factors

DRAWS = 200
FEWEST = 20  # dates that two assets share
SHOWN = 20  # pairs
COPY = 0.99  # correlation from which two assets count as one
SQUARE = 0.1  # root mean square correlation beyond noise
ERROR = 0.01  # probability with which the largest of all pairs is beyond its limit by chance
INTERVAL = 0.9  # probability of a correlation's interval, by Fisher's z
APART = f"Cannot be computed: no two assets have {FEWEST} dates in common."
COLUMNS = ["asset", "other", "correlation", "lower", "upper", "periods", "limit", "model", "model_lower", "model_upper"]


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of residuals over pairs of assets with `FEWEST` common dates.

    Attributes
    ----------
    mean, excess : float
        Mean over pairs; root of the mean square less that of noise, so that opposite signs do not cancel. Both of what
        is left of the model's correlations where it has residual factors. NaN where they cannot be computed.
    limit : float
        What `excess` exceeds in noise about one time in a thousand, at least `SQUARE`.
    pairs : DataFrame
        Of copies (`COPY` or more, and beyond the limit), at most half of `SHOWN`, and of other pairs those furthest
        from the model, `SHOWN` in all; those with the largest correlation, of either sign, first. Columns ``asset``,
        ``other``; ``correlation``, and the ends of its interval ``lower`` and ``upper`` (`INTERVAL`, Fisher's z);
        ``periods`` (common dates); ``limit``, what the largest correlation of all pairs exceeds in noise with
        probability `ERROR`, were all pairs of this length; the model's correlation ``model`` (posterior mean) and the
        ends of its equal-tailed interval (`INTERVAL`) ``model_lower`` and ``model_upper``: 0 without residual factors.
    beyond : int
        How many pairs are further from the model than the largest of all is in noise with probability `ERROR`.
    count : int
        How many pairs there are.
    common : bool
        Whether the model has residual factors.
    reason : str
        Why there are none, if so.
    """

    mean: float
    excess: float
    limit: float
    pairs: pd.DataFrame
    beyond: int = 0
    count: int = 0
    common: bool = False
    reason: str = ""

    @property
    def sure(self) -> pd.Series:
        """Whether each of `pairs` is apart from the model's interval, by an interval as wide as `limit`."""
        found, limit = (np.arctanh(_inside(self.pairs[name])) for name in ("correlation", "limit"))
        low, high = (np.arctanh(_inside(self.pairs[name])) for name in ("model_lower", "model_upper"))
        return pd.Series((found - limit > high) | (found + limit < low), self.pairs.index)


@dataclass(frozen=True, eq=False)
class CommonParts:
    """What draws say of residual correlations: loadings on residual factors over the residual's standard deviation.

    Attributes
    ----------
    values : array (asset, sample, residual_factor)
    """

    values: np.ndarray

    def mean(self, rows: slice, columns: slice) -> np.ndarray:
        """Return the mean correlations of some assets with others (asset, asset)."""
        flat = self.values.reshape(len(self.values), -1)
        return flat[rows] @ flat[columns].T / self.values.shape[1]

    def interval(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return mean, and lower and upper ends of the correlations of pairs (3, pair)."""
        each = np.einsum("psj,psj->ps", self.values[first], self.values[second])
        return np.vstack([each.mean(axis=1), *interval(each.T, INTERVAL, "eti")])


def common_parts(draws: xr.Dataset, panel: PanelBase) -> CommonParts | None:
    """Return the common parts of residuals of regressions on the observed factors; None where they are independent."""
    _, common = with_errors_of_factors(draws["loading"], draws.get("residual_loading"), draws, panel)
    if common is None:
        return None
    flat = draws[["residual_sd"]].assign(common=common).compute().stack(sample=("chain", "draw"), create_index=False)
    loading = flat["common"].transpose("asset", "sample", "residual_factor").values
    own = flat["residual_sd"].transpose("asset", "sample").values
    return CommonParts(loading / np.sqrt(np.sum(loading**2, axis=2) + own**2)[:, :, None])


def residual_correlations(fit: Fit, residuals: np.ndarray | None = None) -> Correlations:
    """Return the correlations of residuals at the posterior mean of the coefficients, which `mean_residuals` returns.

    Where volatility moves, of residuals over that of their date, so that turbulent dates do not count more.
    """
    dated = of_posterior(fit, DRAWS)
    own = mean_residuals(fit) if residuals is None else residuals
    if own is None:
        why = f"{CANNOT}{dated.path_lost}." if isinstance(fit.panel, Panel) else UNSEEN
        return Correlations(np.nan, np.nan, SQUARE, pd.DataFrame(columns=COLUMNS), reason=why)
    scale = np.column_stack([dated.scale(i) for i in range(own.shape[1])])
    common, weight = common_parts(dated.draws, fit.panel), fit.design.weight
    return correlations(own / scale, fit.panel.assets, len(fit.panel.factor_info), weight=weight, common=common)


def mean_residuals(fit: Fit) -> np.ndarray | None:
    """Return residuals at the posterior mean of coefficients, or of their paths (time, asset); NaN of an exact fit.

    None where the panel does not hold the returns, or a path is not known.
    """
    dated = of_posterior(fit, DRAWS)
    if not isinstance(fit.panel, Panel) or dated.path_lost:
        return None
    coefficients, residuals = dated.coefficients.mean(axis=0), np.full(fit.panel.returns.shape, np.nan)
    if (seen := given_observed(dated.draws, fit.panel)) is not None:
        attenuation, mean = seen[0].mean(("chain", "draw")).values, fit.posterior["factor_mean"].mean(("chain", "draw"))
        given = coefficients[:, 1:] @ attenuation
        coefficients[:, 0] += (coefficients[:, 1:] - given) @ mean.values
        coefficients[:, 1:] = given
    for i in range(residuals.shape[1]):
        rows, returns, x = regressors(fit.panel, i)
        own = returns - x @ coefficients[i] if dated.paths is None else dated.mean_residuals[i]
        if own @ own > EXACT * (returns @ returns):  # of an exact fit nothing is left but rounding
            residuals[rows, i] = own
    return residuals


def correlations(
    x: np.ndarray,
    names: tuple[str, ...],
    factors: int = 0,
    block: int = BLOCK,
    weight: np.ndarray | None = None,
    common: CommonParts | None = None,
) -> Correlations:
    """Return the correlations of columns of x (time, asset), NaN where not observed, that `factors` were taken off.

    In noise the z of Fisher, atanh(r) sqrt(n - 3 - factors), is standard normal; with weights (time, asset), n is the
    effective number of common dates. Limits hold for all pairs together (Bonferroni), which needs nothing of how pairs
    depend on each other, and lets each have its own dates.
    """
    total = square = noise = spread = 0.0
    count, beyond, kept, copies = 0, 0, np.empty((0, 6)), np.empty((0, 6))
    sure = norm.isf(ERROR / max(x.shape[1] * (x.shape[1] - 1), 1))
    for first, second, r, dates, n in _blocks(x, block, weight):
        model = np.zeros_like(r) if common is None else _model(common, first, second)
        spare, free, away = np.maximum(n - 1 - factors, 1), 1 - model**2, r - model
        count, total, square = count + r.size, total + float(away.sum()), square + float(away @ away)
        noise, spread = noise + float(np.sum(free**2 / spare)), spread + float(np.sum(2 * free**4 / spare**2))
        far = np.abs(np.arctanh(_inside(r)) - np.arctanh(_inside(model))) * np.sqrt(np.maximum(n - 3 - factors, 1))
        found = np.column_stack([first, second, r, dates, n, far])
        same = (np.abs(r) >= COPY) & (far > sure)
        beyond += int(np.sum(far > sure))
        copies = _closest(np.vstack([copies, found[same]]))[: SHOWN // 2]  # room is left for what is no copy
        kept = _furthest(np.vstack([kept, _furthest(found[~same])]))
    if not count:
        return Correlations(np.nan, np.nan, SQUARE, pd.DataFrame(columns=COLUMNS), reason=APART)
    excess = max(square - noise, 0.0) / count
    limit = max(SQUARE, (3 * spread**0.5 / count) ** 0.5)
    shown = _closest(np.vstack([copies, kept])[:SHOWN])
    first, second, (r, dates, n) = *shown[:, :2].T.astype(int), shown[:, 2:5].T
    spare = np.sqrt(np.maximum(n / _tails(x, first, second, r) - 3 - factors, 1))
    model = np.zeros((3, len(r))) if common is None else common.interval(first, second)
    half, reach = norm.isf((1 - INTERVAL) / 2) / spare, norm.isf(ERROR / 2 / count) / spare
    middle, one, other = np.arctanh(_inside(r)), *([names[i] for i in which] for which in (first, second))
    ends = np.tanh(middle - half), np.tanh(middle + half)
    columns = one, other, r, *ends, dates.astype(int), np.tanh(reach), *model
    pairs = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return Correlations(total / count, excess**0.5, limit, pairs, beyond, count, common is not None)


def _model(common: CommonParts, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the model's mean correlation of each pair of a block."""
    if not second.size:
        return np.empty(0)
    start, stop = int(second.min()), int(second.max()) + 1
    return common.mean(slice(0, stop), slice(start, stop))[first, second - start]


def _tails(x: np.ndarray, first: np.ndarray, second: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return by how much tails widen the sampling variance of each pair's correlation, at least 1.

    E[z_i^2 z_j^2] over 1 + 2 r^2, what it is for normal returns: volatility that both share is noise of that kind.
    """
    found = np.ones(len(r))
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        both = x[:, [one, other]]
        both = both[np.isfinite(both).all(axis=1)]
        z = (both - both.mean(axis=0)) ** 2
        found[number] = np.mean(z[:, 0] * z[:, 1]) / np.prod(z.mean(axis=0))
    return np.maximum(found / (1 + 2 * r**2), 1.0)


def _inside(r: np.ndarray | pd.Series) -> np.ndarray:
    """Return correlations that have an atanh."""
    return np.clip(np.asarray(r, dtype=float), -1 + 1e-15, 1 - 1e-15)


def _closest(pairs: np.ndarray) -> np.ndarray:
    """Return pairs (first, second, correlation, ...), those with the largest correlation first."""
    return pairs[np.argsort(-np.abs(pairs[:, 2]), kind="stable")]


def _furthest(pairs: np.ndarray) -> np.ndarray:
    """Return the pairs that are furthest from the model, `SHOWN` at most."""
    return pairs[np.argsort(-pairs[:, 5], kind="stable")[:SHOWN]]


def _blocks(x: np.ndarray, block: int, weight: np.ndarray | None) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield pairs of columns (first, second), their correlations, and their common rows: count and effective number."""
    for start, found, count, size in pairwise(x, block, weight):
        before = np.arange(len(found))[:, None] < start + np.arange(found.shape[1])
        first, second = np.nonzero((count >= FEWEST) & before & np.isfinite(found))
        yield first, second + start, found[first, second], count[first, second], size[first, second]
