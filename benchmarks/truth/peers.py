"""Covariances that need no model of factors: Ledoit and Wolf's, exponentially weighted ones, and skfolio's factors'."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from bayesfactor.panel.panel import Panel
from benchmarks.truth.laws import Law, NormalLaw

DIAGONAL = 0.05  # share of an exponentially weighted covariance whose correlations are 0, so that it has an inverse
Peer = Callable[[Panel, Iterable[int], int, tuple[str, ...]], Iterator[Law]]


def ledoit_wolf(returns: np.ndarray) -> np.ndarray:
    """Return the covariance of rows shrunk towards a multiple of the identity, as scikit-learn's LedoitWolf has it."""
    x = returns - returns.mean(axis=0)
    count, size = x.shape
    sample = x.T @ x / count
    typical = np.trace(sample) / size
    apart = (np.sum(sample**2) - size * typical**2) / size
    noise = (np.sum((x**2).T @ (x**2)) / count - np.sum(sample**2)) / (size * count)
    share = 0.0 if apart == 0 else min(noise, apart) / apart
    return (1 - share) * sample + share * typical * np.eye(size)


def complete(panel: Panel, end: int, assets: tuple[str, ...], rows: int | None = None) -> np.ndarray:
    """Return the rows before `end`, or the last so many of them, on which every one of the assets was traded."""
    returns = panel.returns.sel(asset=list(assets)).values[:end]
    returns = returns if rows is None else returns[-rows:]
    return returns[np.isfinite(returns).all(axis=1)]


def shrunk(rows: int | None = None) -> Peer:
    """Return Ledoit and Wolf's covariance of all history, or of so many rows, held from fit to fit."""

    def predict(panel: Panel, judged: Iterable[int], start: int, assets: tuple[str, ...]) -> Iterator[Law]:
        known = complete(panel, start, assets, rows)
        law = NormalLaw(assets, known.mean(axis=0), ledoit_wolf(known))
        yield from (law for _ in judged)

    return predict


def weighted(half_life: int) -> Peer:
    """Return an exponentially weighted covariance about the mean of all history, new on every date."""

    def predict(panel: Panel, judged: Iterable[int], start: int, assets: tuple[str, ...]) -> Iterator[Law]:
        for row in judged:
            known = complete(panel, row, assets)
            x = known - known.mean(axis=0)
            weight = 0.5 ** (np.arange(len(x))[::-1] / half_life)
            sample = x.T @ (weight[:, None] * x) / weight.sum()
            yield NormalLaw(assets, known.mean(axis=0), (1 - DIAGONAL) * sample + DIAGONAL * np.diag(np.diag(sample)))

    return predict


def factor_model() -> Peer:
    """Return skfolio's moments of a time-series factor model on all history, held from fit to fit."""
    from skfolio.prior import TimeSeriesFactorModel

    def predict(panel: Panel, judged: Iterable[int], start: int, assets: tuple[str, ...]) -> Iterator[Law]:
        returns = panel.returns.sel(asset=list(assets)).to_pandas().iloc[:start].dropna()
        factors = panel.factors.to_pandas().loc[returns.index]
        found = TimeSeriesFactorModel().fit(returns, factors=factors).return_distribution_
        law = NormalLaw(assets, np.asarray(found.mu), np.asarray(found.covariance))
        yield from (law for _ in judged)

    return predict
