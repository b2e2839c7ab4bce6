"""The walk of the presets: fits of all dates so far, `bf.score`, and what it does not say."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.analysis.comparison.scores import DRAWS as SCORED
from bayesfactor.sampling.batch.fits import Fits
from benchmarks.scores.panels import books
from benchmarks.scores.peers import LEAST, legs, peers, walk_peers
from benchmarks.truth.laws import DrawsLaw
from benchmarks.truth.panels import Case, so_far
from benchmarks.truth.portfolios import minimum_variance
from benchmarks.truth.walk import predictive

PRESETS = ("hierarchical", "moving_loadings", "static", "student_t", "unpooled", "capm")
SAMPLER = bf.Sampler(draws=500, chains=4, seed=20, progress=False)


@dataclass(frozen=True, eq=False)
class Walk:
    """What one preset forecast, as `bf.score` has it, and beside.

    Attributes
    ----------
    scores : Scores
    least : DataFrame
        Rows of `Scores.dates`: the portfolio of minimum variance of the law of each date.
    joint : DataFrame
        Joint log scores with the tails of the law: model, date, ``log_score``.
    """

    scores: bf.Scores
    least: pd.DataFrame
    joint: pd.DataFrame


def fit_all(case: Case, preset: str, sampler: bf.Sampler, folder: Path) -> Fits:
    """Return the fits of a preset by the row that they end before."""
    known = {str(start): so_far(case.panel, start) for start in case.wide.fits(case.panel)}
    fits = bf.fit_many(known, preset, sampler, folder=folder / preset)
    if fits.failures:
        raise RuntimeError(f"not every fit of '{preset}' was made: {fits.failures}")
    return fits


def walk(case: Case, model: str, fits: Fits) -> Walk:
    """Return what a preset forecast of the dates after each of its fits."""
    scores = bf.score({model: fits}, case.panel, portfolios=books(case.panel))
    scores = replace(scores, dates=scores.dates[scores.dates["model"] == model])
    held, joint = [], []
    for name, rows, assets in legs(case):
        returns = case.panel.returns.sel(asset=list(assets)).values
        for row, law in zip(rows, predictive(fits[name], case.panel, rows, SCORED), strict=True):
            here = np.isfinite(returns[row])
            seen, of = law.of(here), {"model": model, "date": case.panel.times[row]}
            score = seen.log_score(returns[row, here], np.random.default_rng(row))
            joint.append({**of, "log_score": score})
            held.append({**of, "fit": name, **least(seen, returns[row, here])})
    return Walk(scores, pd.DataFrame(held), pd.DataFrame(joint))


def least(law: DrawsLaw, returns: np.ndarray) -> dict[str, str | float]:
    """Return what became of the minimum-variance portfolio of a law's own covariance."""
    weights = minimum_variance(law.covariance)
    return {
        "kind": "portfolio",
        "asset": LEAST,
        "observed": float(weights[0] @ returns),
        "mean": float(law.mean.mean(axis=0) @ weights[0]),
        "sd": float(np.sqrt(weights[0] @ law.covariance @ weights[0])),
        "pit": float(law.below(weights, returns)[0]),
    }


def walk_presets(case: Case, presets: Sequence[str], sampler: bf.Sampler, folder: Path) -> list[Walk]:
    """Return the walks of presets, as many at once as there are processors."""
    fits = [fit_all(case, preset, sampler, folder) for preset in presets]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(partial(walk, case), presets, fits))


def together(case: Case, walks: Sequence[Walk]) -> bf.Scores:
    """Return the scores of presets and peers.

    `dates` has the portfolio of minimum variance as well; `joint` has ``log_score``, with the tails of the law.

    Raises
    ------
    ValueError
        When they were judged by other returns.
    """
    their_dates, their_joint = walk_peers(case, peers(case))
    dates = [part for own in walks for part in (own.scores.dates, own.least)]
    joint = [own.scores.joint.merge(own.joint, on=["model", "date"]) for own in walks]
    problems = {model: said for own in walks for model, said in own.scores.problems.items()}
    every = (pd.concat(parts, ignore_index=True) for parts in ([*dates, their_dates], [*joint, their_joint]))
    whole = bf.Scores(*every, problems)
    require_same(whole)
    return whole


def require_same(scores: bf.Scores) -> None:
    """Refuse models that were judged by other returns than the first of them."""
    common = scores.dates[scores.dates["asset"] != LEAST].set_index(["date", "kind", "asset"])
    (first, wanted), *others = ((str(model), part["observed"]) for model, part in common.groupby("model", sort=False))
    for name, returns in others:
        found = returns.reindex(wanted.index)
        if len(returns) != len(wanted) or not np.allclose(found, wanted, rtol=0, atol=1e-12):
            raise ValueError(f"'{name}' was judged by other returns than '{first}'")
