"""The inverse and the root of a small symmetric matrix, in place."""

import numpy as np

from bayesfactor.base.jit import jit_part


@jit_part
def invert(a: np.ndarray) -> float:
    """Replace a positive definite matrix by its inverse (Gauss and Jordan); return the logarithm of its determinant."""
    size, value = a.shape[0], 0.0
    for k in range(size):
        value += np.log(a[k, k])
        inverse = 1.0 / a[k, k]
        a[k, k] = 1.0
        for j in range(size):
            a[k, j] *= inverse
        for i in range(size):
            if i != k:
                ratio = a[i, k]
                a[i, k] = 0.0
                for j in range(size):
                    a[i, j] -= ratio * a[k, j]
    return value


@jit_part
def take_root(a: np.ndarray) -> None:
    """Replace the lower triangle of a positive definite matrix by its lower root (Cholesky)."""
    size = a.shape[0]
    for j in range(size):
        for k in range(j):
            for i in range(j, size):
                a[i, j] -= a[i, k] * a[j, k]
        pivot = np.sqrt(a[j, j])
        for i in range(j, size):
            a[i, j] /= pivot
