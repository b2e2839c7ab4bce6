"""How draws are shared out among cells with weights."""

import numpy as np


def allot(weight: np.ndarray, draws: int) -> np.ndarray:
    """Return how many of some draws each cell gets (cell): by weight, the largest remainders rounded up."""
    exact = weight * draws
    count = np.floor(exact).astype(int)
    count[np.argsort(count - exact, kind="stable")[: draws - count.sum()]] += 1
    return count


def shuffled(count: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the cell of each draw (draw), in an order that tells nothing."""
    cells = np.repeat(np.arange(len(count)), count)
    return cells if len(count) == 1 else rng.permutation(cells)
