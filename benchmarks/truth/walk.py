"""The walk forward: a model is fitted to all dates so far, and judged by the returns that came after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
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
    fits = bf.fit_many(known, model, sampler, folder=folder)
    if fits.failures:
        raise RuntimeError(f"not every fit was made: {dict(fits.failures)}")
    return {int(name): fit for name, fit in fits.items()}


def predictive(fit: bf.Fit, panel: Panel, rows: Iterable[int]) -> Iterator[DrawsLaw]:
    """Yield the law of the returns of each row of the panel, given the fit and what came before the row."""
    law = law_of(fit)
    yield from (law for _ in rows)


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
            score["given"] = law.log_score_given(factors[row], seen)
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
    draws = fit.posterior["loading"].stack(sample=("chain", "draw")).transpose("sample", "asset", "factor").values
    below = np.where(np.isnan(estimate), np.nan, ndtr((estimate - draws) / error).mean(axis=0))
    names = pd.MultiIndex.from_product([fit.panel.assets, fit.panel.factor_names], names=["asset", "factor"])
    return pd.Series(below.ravel(), names, name="below").dropna().reset_index()
