"""The common precision of residuals, discounted."""

import numpy as np
import pytest

from bayesfactor.paths.discounted_precision import filter_precision
from tests.paths.reference import evidence, residuals


@pytest.mark.parametrize(("nu", "discount", "share", "expected", "last"), evidence("discount"))
def test_evidence_is_that_of_another_program(nu, discount, share, expected, last):
    z = residuals()
    found = filter_precision(np.sum(z**2, axis=1), np.full(len(z), z.shape[1]), discount, share)
    np.testing.assert_allclose(found.score.sum(), expected, rtol=1e-12)
    np.testing.assert_allclose(found.variance[0, -1], last, rtol=1e-12)


def test_smoothed_precision_is_the_mean_of_drawn_paths():
    """Drawn backward: phi_t = d phi_{t+1} + Gamma((1 - d) n_t / 2, n_t s_t / 2)."""
    z, rng, d, draws = residuals()[:40], np.random.default_rng(0), 0.8, 20_000
    found = filter_precision(np.sum(z**2, axis=1), np.full(len(z), 10), [d, 0.5], 0.3)
    n, s = found.count[0], found.variance[0]
    path = rng.gamma(n[-1] / 2, 2 / (n[-1] * s[-1]), draws)
    expected, error = np.zeros(len(z)), np.zeros(len(z))
    for date in range(len(z) - 1, -1, -1):
        if date < len(z) - 1:
            path = d * path + rng.gamma((1 - d) * n[date] / 2, 2 / (n[date] * s[date]), draws)
        expected[date], error[date] = path.mean(), path.std() / draws**0.5
    assert np.max(np.abs(found.smoothed()[0] - expected) / error) < 4.5


def test_one_cell_is_what_it_is_among_many():
    z = residuals()
    squares, count = np.sum(z**2, axis=1), np.full(len(z), 10)
    many = filter_precision(squares, count, [0.5, 0.8], np.array([0.25, 0.1]))
    one = filter_precision(squares, count, 0.8, 0.1)
    np.testing.assert_array_equal(many.score[1], one.score[0])
    np.testing.assert_array_equal(many.smoothed()[1], one.smoothed()[0])
