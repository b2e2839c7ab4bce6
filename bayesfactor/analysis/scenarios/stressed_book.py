"""A book with options under a scenario, at draws: repriced, beside what its exposures alone give."""

from collections.abc import Mapping

import numpy as np

from bayesfactor.analysis.portfolio.options.exposures import Positions
from bayesfactor.analysis.scenarios.repriced_book import FLAT, PARTS, changes_of, moves_of
from bayesfactor.analysis.scenarios.shocked_factors import ShockedFactors
from bayesfactor.analysis.scenarios.shocked_returns import Outcomes

CURVED = "curvature and time"  # what repricing adds to exposures times moves


def stressed_book(
    positions: Positions, shocked: ShockedFactors, drawn: Outcomes, by_source: np.ndarray
) -> Mapping[str, np.ndarray]:
    """Return expectations (sample, entry, source), outcomes (sample, entry), and `PARTS` and `FLAT` of a repriced book.

    Of assets (`by_source`, without a book), and after them of the book; the last source but one is `CURVED`.
    """
    years, now = shocked.ahead.periods * positions.period, positions.now
    factors = shocked.ahead.mean + drawn.factors

    def gains(growth: np.ndarray, moved: np.ndarray) -> np.ndarray:
        return positions.values(np.maximum(growth, 0.0), *changes_of(positions, moved), years) - now

    own, expected = gains(1 + drawn.returns, factors), gains(1 + by_source[:, :, -1], shocked.mean)
    capital = positions.book.capital
    outcome = np.concatenate([drawn.returns, own.sum(axis=1, keepdims=True) / capital], axis=1)
    return {
        "expected": _by_source(positions, shocked, by_source, expected.sum(axis=1) / capital),
        "outcome": outcome,
        "floored": np.concatenate([drawn.floored, np.zeros((len(outcome), 1), dtype=bool)], axis=1),
        PARTS[0]: own,
        PARTS[1]: expected,
        PARTS[2]: moves_of(positions, 1 + drawn.returns, factors),
        PARTS[3]: drawn.returns[:, positions.asset],
        FLAT: positions.flat(changes_of(positions, factors)[0], years),
    }


def _by_source(positions: Positions, shocked: ShockedFactors, of_assets: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return what is expected of each source, with that of the book: exposures times moves, and the rest."""
    size, assets, sources = of_assets.shape
    found = np.zeros((size, assets + 1, sources + 1))
    found[:, :assets, :-2], found[:, :assets, -1] = of_assets[:, :, :-1], of_assets[:, :, -1]
    linear = np.einsum("i,sik->sk", positions.weights, of_assets[:, :, :-1])
    linear[:, : positions.factors] += positions.direct * shocked.mean
    found[:, -1, :-2], found[:, -1, -1] = linear, total
    found[:, -1, -2] = total - linear.sum(axis=1)
    return found
