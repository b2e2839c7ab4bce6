"""Normal forecasts of programs without a posterior, scored by the rules of `bf.score` on the same dates and assets."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.judged import Judged, judged
from bayesfactor.analysis.comparison.scoring_rules import crps_of_mixture, log_density, probability, spread
from bayesfactor.panel.panel import Panel
from benchmarks.scores.panels import books
from benchmarks.truth.laws import Law, NormalLaw
from benchmarks.truth.panels import Case, so_far
from benchmarks.truth.peers import Peer, factor_model, shrunk, weighted
from benchmarks.truth.portfolios import minimum_variance

EXPANDING, LEAST = "expanding mean", "minimum variance"
SHORT = 3  # the longer half-life over the shorter one
SINGULAR = 1e-10  # least over largest eigenvalue of a matrix that has no inverse


def expanding(panel: Panel, rows: Iterable[int], start: int, assets: tuple[str, ...]) -> Iterator[Law]:
    """Yield each asset's mean over its n returns before a row; sample covariances, times 1 + 1/n for that mean."""
    table = panel.returns.sel(asset=list(assets)).to_pandas()
    for row in rows:
        known = table.iloc[:row]
        wider = np.sqrt(1 + 1 / known.count().to_numpy())
        yield NormalLaw(assets, known.mean().to_numpy(), known.cov().to_numpy() * np.outer(wider, wider))


def renewed(peer: Peer) -> Peer:
    """Return a peer that is made anew on every date, of one that is held from fit to fit."""

    def predict(panel: Panel, rows: Iterable[int], start: int, assets: tuple[str, ...]) -> Iterator[Law]:
        for row in rows:
            yield from peer(panel, [row], row, assets)

    return predict


def peers(case: Case) -> dict[str, Peer]:
    """Return what the presets are compared with, by name."""
    return {
        EXPANDING: expanding,
        "Ledoit-Wolf": renewed(shrunk()),
        "long EWMA": weighted(case.half_life),
        "short EWMA": weighted(case.half_life // SHORT),
        "skfolio": factor_model(),
    }


def legs(case: Case) -> Iterator[tuple[str, range, tuple[str, ...]]]:
    """Yield the name of each fit, the rows that it is judged by, and its assets."""
    for start, stop in pairwise([*case.wide.fits(case.panel), len(case.panel.times)]):
        yield str(start), range(start, stop), so_far(case.panel, start).assets


def walk_peers(case: Case, chosen: dict[str, Peer]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of `Scores.dates` and `Scores.joint` of every peer, with the minimum-variance portfolio."""
    entries = judged(case.panel, books(case.panel))
    dates, joint = [], []
    for name, peer in chosen.items():
        for fit, rows, assets in legs(case):
            members = np.array([case.panel.assets.index(asset) for asset in assets])
            for row, law in zip(rows, peer(case.panel, rows, rows.start, assets), strict=True):
                if not isinstance(law, NormalLaw):
                    raise TypeError(f"'{name}' forecasts a {type(law).__name__}, and is scored as a normal law")
                each, together = one_date(law, entries, row, members)
                of = {"model": name, "fit": fit}
                dates.append(each.assign(**of))
                joint.append({**of, **together})
    return pd.concat(dates, ignore_index=True), pd.DataFrame(joint)


def one_date(
    law: NormalLaw, entries: Judged, row: int, members: np.ndarray
) -> tuple[pd.DataFrame, dict[str, np.datetime64 | float]]:
    """Return the scores of a normal law on one date: of every asset and portfolio, and of all assets together."""
    weights = entries.held(slice(row, row + 1), members)
    returns, held = entries.observed(slice(row, row + 1), members, weights)
    here, date = np.isfinite(returns), entries.panel.times[row]
    least, together = np.full((1, len(here)), np.nan), np.nan
    seen = law.of(here)
    if has_inverse(seen.covariance):
        least[:] = 0.0
        least[0, here] = minimum_variance(seen.covariance)[0]
        together = seen.log_score(returns[here], np.random.default_rng(row))
    observed = np.concatenate([returns, held, least @ np.where(here, returns, 0.0)])
    table = marginals(law, np.vstack([np.eye(len(here)), weights, least]), observed)
    table["date"] = date
    table["kind"] = np.repeat(["asset", "portfolio"], [len(here), len(weights) + 1])
    table["asset"] = [*law.assets, *entries.names, LEAST]
    table["past_mean"] = [*entries.past_means(row, members), np.nan]
    scores = {"log_score_normal": together, "log_score": together}
    return table[np.isfinite(observed)], {"date": date, "count": int(here.sum()), **scores}


def marginals(law: NormalLaw, weights: np.ndarray, observed: np.ndarray) -> pd.DataFrame:
    """Return the scores of the returns of portfolios of weights (portfolio, asset)."""
    mean = (weights @ law.mean)[None]
    sd = np.sqrt(np.einsum("pi,ij,pj->p", weights, law.covariance, weights))[None]
    one = np.ones(1)
    return pd.DataFrame(
        {
            "observed": observed,
            "mean": mean[0],
            "sd": sd[0],
            "log_score": log_density(observed, mean, sd, one),
            "crps": crps_of_mixture(observed, mean, sd, one, spread(mean, sd)),
            "pit": probability(observed, mean, sd, one),
        }
    )


def has_inverse(covariance: np.ndarray) -> bool:
    """Return whether a covariance is positive definite beyond rounding."""
    sizes = np.linalg.eigvalsh(covariance)
    return bool(sizes[0] > SINGULAR * sizes[-1])
