"""How draws are shared out among cells with weights."""

import numpy as np


def allot(weight: np.ndarray, draws: int) -> np.ndarray:
    """Return how many of some draws each cell gets (cell): by weight, the largest remainders rounded up."""
    exact = weight * draws
    count = np.floor(exact).astype(int)
    count[np.argsort(count - exact, kind="stable")[: draws - count.sum()]] += 1
    return count


def shuffled(count: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the cell of each draw (draw): every stretch of draws has each cell by about its share."""
    cells = np.repeat(np.arange(len(count)), count)
    place = np.concatenate([(np.arange(n) + rng.uniform(size=n)) / n for n in count.tolist()])
    return cells if len(count) == 1 else cells[np.argsort(place, kind="stable")]
