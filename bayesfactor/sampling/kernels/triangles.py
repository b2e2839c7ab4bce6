"""Lower triangles of eight assets at once: their factors, inverses and products with vectors.

Element (j, k), k <= j, of eight assets is at `tri(j, k)`, element j of eight vectors at `WIDTH * j`.
"""

import numpy as np

from bayesfactor.base.jit import jit_inline
from bayesfactor.sampling.kernels.simd import WIDTH, Lanes, full, load, log, store


@jit_inline
def tri(j: int, k: int) -> int:
    """Return the offset of element (j, k), k <= j, of a lower triangle."""
    return WIDTH * (j * (j + 1) // 2 + k)


@jit_inline
def factorize(low: np.ndarray, inv: np.ndarray, own: np.ndarray, p: int) -> Lanes:
    """Factor A = L E L' with ones on the diagonal of L; fill the rest of L^-1, and E^-1; return log|A| / 2.

    The lower triangle of A is in `low`, which is overwritten; E^-1 is `own`.
    """
    one = full(1.0)
    product, logs = one, full(0.0)
    for j in range(p):
        pivot = load(low, tri(j, j))
        product *= pivot
        inverse = one / pivot
        store(own, WIDTH * j, inverse)
        for k in range(j + 1, p):
            beside = load(low, tri(k, j))
            ratio = beside * inverse
            for m in range(j + 1, k):
                store(low, tri(k, m), load(low, tri(k, m)) - ratio * load(inv, tri(m, j)))
            store(low, tri(k, k), load(low, tri(k, k)) - ratio * beside)
            store(inv, tri(k, j), beside)
            store(low, tri(k, j), ratio)
        if j % 8 == 7:  # a product of many pivots could overflow: take its logarithm every eight steps
            logs += log(product)
            product = one
    for m in range(p):
        for k in range(m + 1, p):
            ratio = load(low, tri(k, m))
            for j in range(m):
                store(inv, tri(k, j), load(inv, tri(k, j)) - ratio * load(inv, tri(m, j)))
            store(inv, tri(k, m), full(0.0) - ratio)
    return full(0.5) * (logs + log(product))


@jit_inline
def forward_solve(inv: np.ndarray, v: np.ndarray, out: np.ndarray, p: int) -> None:
    """Fill out = L^-1 v."""
    for j in range(p):
        row = load(v, WIDTH * j)
        for k in range(j):
            row += load(inv, tri(j, k)) * load(v, WIDTH * k)
        store(out, WIDTH * j, row)


@jit_inline
def back_solve(inv: np.ndarray, x: np.ndarray, out: np.ndarray, p: int) -> None:
    """Fill out = L^-T x."""
    for j in range(p):
        row = load(x, WIDTH * j)
        for k in range(j + 1, p):
            row += load(inv, tri(k, j)) * load(x, WIDTH * k)
        store(out, WIDTH * j, row)
