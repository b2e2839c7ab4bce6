"""Weights of cells, design effect, independent share."""

import numpy as np

from bayesfactor.paths.evidence import cell_weights, independent_share, with_total


def test_weights_are_prior_times_tempered_evidence():
    score, prior = np.array([-10.0, -12.0, -11.0]), np.array([0.2, 0.5, 0.3])
    expected = prior * np.exp(score / 2)
    np.testing.assert_allclose(cell_weights(score, prior, 2.0, least=0), expected / expected.sum())


def test_light_cells_are_dropped_and_the_heaviest_kept():
    score, prior = np.array([0.0, -0.5, -1.0, -9.0]), np.ones(4)
    assert list(cell_weights(score, prior) > 0) == [True, True, True, False]
    few = cell_weights(score, prior, most=2)
    np.testing.assert_allclose(few, np.append(np.exp([0, -0.5]) / np.exp([0, -0.5]).sum(), [0, 0]))
    assert list(cell_weights(score, np.array([0.0, 1, 1, 1])) > 0) == [False, True, True, False]
    assert np.sum(cell_weights(np.zeros(40), np.ones(40)) > 0) == 40  # none weighs 5 %: all are as good


def test_independent_share_of_equally_correlated_residuals():
    rng = np.random.default_rng(1)
    rho, own = 0.3, rng.standard_normal((2000, 30))
    together = rho**0.5 * rng.standard_normal((2000, 1)) + (1 - rho) ** 0.5 * own
    together[:500, 3] = np.nan
    together[:, 4] = np.nan
    assert independent_share(own) > 0.97
    assert abs(1 / independent_share(together) - (1 + 28 * rho**2)) < 0.4
    assert independent_share(own[:, :1]) == 1


def test_cells_that_are_dropped_leave_their_weight_to_those_that_move():
    kept = with_total(np.array([0.5, 0.1, 0.1]), np.array([True, False, False]), 0.4)
    np.testing.assert_allclose(kept, [0.4, 0.3, 0.3])
    np.testing.assert_allclose(with_total(np.array([0.2, 0.2]), np.array([False, False]), 0.3), [0.5, 0.5])
    np.testing.assert_allclose(with_total(np.array([0.2]), np.array([True]), 0.3), [1.0])
