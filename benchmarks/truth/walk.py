"""The walk forward: a model is fitted to all dates so far, and judged by the returns that came after."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.next_period import extended, next_periods
from benchmarks.truth.laws import DrawsLaw, Law, law_of
from benchmarks.truth.panels import Case, Dates, so_far
from benchmarks.truth.peers import Peer
from benchmarks.truth.portfolios import long_only, minimum_variance, residual

SEED, DRAWS, CHAINS = 20, 160, 2
Model = str | Path | bf.FactorModel


@dataclass(frozen=True, eq=False)
class Walk:
    """What was predicted and what came.

    Attributes
    ----------
    held : DataFrame
        A line for every date and asset or portfolio: fit, row, kind, name, `below` (predictive probability of less
        than what came) and `z` (standardised by the predictive mean and standard deviation).
    scores : DataFrame
        A line for every date: fit, row, block, assets, `score` (joint log density) and `given` (that given factors).
    loadings : DataFrame
        A line for every fit, asset and factor: `below`, the probability of less than the later estimate.
    """

    held: pd.DataFrame
    scores: pd.DataFrame
    loadings: pd.DataFrame


def fit_all(panel: Panel, dates: Dates, model: Model, folder: Path | None = None) -> dict[int, bf.Fit]:
    """Return the fits of a walk by the row that they end before."""
    known = {str(start): so_far(panel, start) for start in dates.fits(panel)}
    sampler = bf.Sampler(draws=DRAWS, chains=CHAINS, seed=SEED, progress=False)
    place = None if folder is None else folder / f"every {dates.step}"
    fits = bf.fit_many(known, model, sampler, folder=place)
    if fits.failures:
        raise RuntimeError(f"not every fit was made: {dict(fits.failures)}")
    return {int(name): fit for name, fit in fits.items()}


def predictive(fit: bf.Fit, panel: Panel, rows: Sequence[int], thinned: int | None = None) -> Iterator[DrawsLaw]:
    """Yield the law of the returns of each row of the panel, given the fit and what came before the row.

    Newer rows update what moves; nothing is sampled again. Of all draws, or thinned to about so many.
    """
    longer = extended(fit, panel.select(fit.panel.assets), "truth")
    begun = int(np.flatnonzero(panel.times == longer.times[0])[0])
    for draws in next_periods(fit, longer, [row - begun for row in rows], thinned):
        yield law_of(draws, fit.panel.assets, fit.seed)


def walk(case: Case, dates: Dates, model: Model, folder: Path | None = None) -> Walk:
    """Return the walk of a model."""
    held, scores, loadings = [], [], []
    for number, (start, fit) in enumerate(fit_all(case.panel, dates, model, folder).items()):
        rows = range(start, start + dates.ahead)
        lines = judged(case.panel, start, rows, predictive(fit, case.panel, rows), fit.panel.assets)
        for line, score in lines:
            held.append(line.assign(fit=number))
            scores.append({"fit": number, "block": number // dates.block, **score})
        loadings.append(later_loadings(fit, case, start).assign(fit=number))
    return Walk(pd.concat(held, ignore_index=True), pd.DataFrame(scores), pd.concat(loadings, ignore_index=True))


def walk_peer(case: Case, dates: Dates, peer: Peer) -> Walk:
    """Return the walk of a program that predicts without a model, on the same dates and assets."""
    held, scores = [], []
    for number, start in enumerate(dates.fits(case.panel)):
        rows, assets = range(start, start + dates.ahead), so_far(case.panel, start).assets
        for line, score in judged(case.panel, start, rows, peer(case.panel, rows, start, assets), assets):
            held.append(line.assign(fit=number))
            scores.append({"fit": number, "block": number // dates.block, **score})
    return Walk(pd.concat(held, ignore_index=True), pd.DataFrame(scores), pd.DataFrame())


def judged(
    panel: Panel, start: int, rows: Iterable[int], laws: Iterable[Law], assets: tuple[str, ...]
) -> Iterator[tuple[pd.DataFrame, dict[str, float]]]:
    """Yield what became of each date: a table of assets and portfolios, and the scores."""
    returns = panel.returns.sel(asset=list(assets)).values
    loading, _ = regressions(panel, assets, range(start))
    factors = panel.factors.sel(time=panel.returns["time"]).values
    for row, law in zip(rows, laws, strict=True):
        here = np.isfinite(returns[row])
        seen, law = returns[row, here], law.of(here)
        kinds = {
            "assets": np.eye(len(seen)),
            "equal": np.full((1, len(seen)), 1 / len(seen)),
            "long": long_only(here),
            "residual": residual(loading, here),
            "minimum": minimum_variance(law.covariance),
        }
        weights = np.concatenate(list(kinds.values()))
        table = pd.DataFrame({"below": law.below(weights, seen), "z": law.standardised(weights, seen)})
        table["kind"] = np.repeat(list(kinds), [len(group) for group in kinds.values()])
        table["name"] = table.groupby("kind").cumcount()
        score = {"row": row, "assets": len(seen), "score": law.log_score(seen, np.random.default_rng(row))}
        if isinstance(law, DrawsLaw):
            score["given"] = law.log_score_given(factors[row], seen, np.random.default_rng(row))
        yield table.assign(row=row), score


def regressions(panel: Panel, assets: tuple[str, ...], rows: range) -> tuple[np.ndarray, np.ndarray]:
    """Return least-squares loadings over some rows (asset, factor), and White's standard errors; NaN of too few."""
    returns = panel.returns.sel(asset=list(assets)).values[rows.start : rows.stop]
    factors = panel.factors.sel(time=panel.returns["time"]).values[rows.start : rows.stop]
    found = np.full((2, len(assets), factors.shape[1]), np.nan)
    for i, y in enumerate(returns.T):
        seen = np.isfinite(y)
        x = np.column_stack([np.ones(seen.sum()), factors[seen]])
        if len(x) > 2 * x.shape[1]:
            inverse = np.linalg.inv(x.T @ x)
            b = inverse @ x.T @ y[seen]
            meat = x * (y[seen] - x @ b)[:, None]
            found[:, i] = b[1:], np.sqrt(np.diag(inverse @ (meat.T @ meat) @ inverse))[1:]
    return found[0], found[1]


def later_loadings(fit: bf.Fit, case: Case, start: int) -> pd.DataFrame:
    """Return the posterior probability, White's error added, of loadings below those estimated from later rows."""
    stop = start + case.later
    if stop > len(case.panel.times):
        return pd.DataFrame(columns=["asset", "factor", "below"])
    estimate, error = regressions(case.panel, fit.panel.assets, range(start, stop))
    draws, spread = averages(fit, case.later)
    below = np.where(np.isnan(estimate), np.nan, ndtr((estimate - draws) / np.hypot(error, spread)).mean(axis=0))
    names = pd.MultiIndex.from_product([fit.panel.assets, fit.panel.factor_names], names=["asset", "factor"])
    return pd.Series(below.ravel(), names, name="below").dropna().reset_index()


def averages(fit: bf.Fit, periods: int) -> tuple[np.ndarray, np.ndarray | float]:
    """Return expected average loadings over the next periods (draw, asset, factor), and their standard deviation.

    Of a loading that moves, v_h = phi v_{h-1} + noise around the long run, with the long-run variance s^2: the mean of
    v_1, ..., v_H given v_1 is v_1 sum_h phi^(h-1) / H, and its variance s^2 sum_gh (phi^|g-h| - phi^(g+h-2)) / H^2.
    """
    draws = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", "asset", "factor", ...)
    loading = draws["loading"].values
    if "loading_long_run" not in draws:
        return loading, 0.0
    middle, age = draws["loading_long_run"].values, np.arange(periods)
    memory, cell = np.unique(draws["loading_memory"].values, return_inverse=True)
    phi = 2.0 ** (-1 / memory[:, None])
    weight = (phi**age).mean(axis=1)[cell, None, None]
    apart = phi[:, :, None] ** np.abs(age[:, None] - age) - phi[:, :, None] ** (age[:, None] + age)
    share = apart.mean(axis=(1, 2))[cell, None, None]
    now = draws["volatility_now"].values[:, None] if "volatility_now" in draws else 1.0
    level = (draws["residual_sd"].transpose("sample", "asset").values / now)[:, :, None]
    wander = draws["loading_move"].values[:, None, None] * level / fit.panel.factors.std("time").values
    return middle + weight * (loading - middle), wander * np.sqrt(share)
