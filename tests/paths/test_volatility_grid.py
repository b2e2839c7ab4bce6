"""Log volatility on a grid: densities, moves, filter and smoother."""

import numpy as np
import pytest
from scipy import stats

from bayesfactor.paths.volatility_grid import log_densities, run_filter, smooth, start, transition
from tests.paths.reference import GRID, evidence, residuals

DOFS = (None, 2.1, 3.0, 6.0, 30.0)


def direct(z, dof, grid, unit):
    scaled = z[..., None] * np.exp(-grid)
    if dof is None:
        return np.nansum(stats.norm.logpdf(scaled) - grid, axis=1)
    scale = ((dof - 2) / dof) ** 0.5 if unit == "sd" else 1.0
    return np.nansum(stats.t.logpdf(scaled, dof, scale=scale) - grid, axis=1)


@pytest.mark.parametrize("unit", ["scale", "sd"])
@pytest.mark.parametrize("assets", [1, 16, 500])
def test_densities_are_sums_of_each_assets(unit, assets):
    rng = np.random.default_rng(1)
    z = rng.standard_t(2.5, (30, assets)) * 10.0 ** rng.integers(-3, 3, (30, assets))
    z[rng.random(z.shape) < 0.2] = np.nan
    z[0] = np.nan
    found = log_densities(z, DOFS, GRID, unit=unit)
    for one, dof in zip(found, DOFS, strict=True):
        np.testing.assert_allclose(one, direct(z, dof, GRID, unit), rtol=1e-12, atol=1e-8)


@pytest.mark.parametrize(("nu", "phi", "omega", "expected", "last"), evidence("grid"))
def test_evidence_is_that_of_another_program(nu, phi, omega, expected, last):
    density = log_densities(residuals(), [None if np.isnan(nu) else nu], GRID, unit="scale")
    moves, begin = transition(phi, omega, GRID)[None], start(phi, omega, GRID)[None]
    found = run_filter(density, moves, begin)
    np.testing.assert_allclose(found.score.sum(), expected, rtol=0, atol=1e-10 * abs(expected))
    np.testing.assert_allclose(smooth(density, moves, begin)[0, -1] @ GRID, last, rtol=0, atol=1e-10)


def test_filter_and_smoother_are_sums_over_all_paths():
    """On a grid of four points every path of five dates can be gone through."""
    grid, z, share = np.array([-0.5, 0.0, 0.5, 1.0]), residuals()[:5, :3], 0.6
    density = log_densities(z, [4.0], grid)
    moves, begin = transition(0.8, 0.4, grid), start(0.8, 0.4, grid)
    paths = np.stack(np.meshgrid(*[np.arange(4)] * 5, indexing="ij"), -1).reshape(-1, 5)
    prior = begin[paths[:, 0]] * np.prod(moves[paths[:, :-1], paths[:, 1:]], axis=1)
    lot = density[0][np.arange(5), paths]
    posterior = prior * np.exp(share * lot.sum(axis=1))
    smoothed = smooth(density, moves[None], begin[None], share)[0]
    found = run_filter(density, moves[None], begin[None], share)
    for date in range(5):
        for point in range(4):
            here = paths[:, date] == point
            np.testing.assert_allclose(smoothed[date, point], posterior[here].sum() / posterior.sum(), rtol=1e-12)
        past = prior * np.exp(share * lot[:, :date].sum(axis=1))
        score = np.log(np.sum(past * np.exp(lot[:, date])) / past.sum())
        np.testing.assert_allclose(found.score[0, 0, date], score, rtol=1e-12)
    np.testing.assert_allclose(found.following[0, 0], smoothed[-1] @ moves, rtol=1e-12)


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_filter_goes_on_over_newer_rows(share):
    density = log_densities(residuals(), DOFS)
    cells = [(0.9, 0.2), (0.99, 0.01), (0.0, 0.0)]
    moves, begin = np.array([transition(*one) for one in cells]), np.array([start(*one) for one in cells])
    whole = run_filter(density, moves, begin, share)
    old = run_filter(density[:, :100], moves, begin, share)
    new = run_filter(density[:, 100:], moves, old.following, share)
    np.testing.assert_array_equal(np.concatenate((old.score, new.score), axis=-1), whole.score)
    np.testing.assert_array_equal(new.following, whole.following)


@pytest.mark.parametrize(("phi", "sd"), [(0.5, 0.3), (0.95, 0.3), (0.98, 0.2), (0.998, 0.15)])
def test_moves_have_the_mean_and_variance_of_their_law(phi, sd):
    """Also where a step is far below the spacing of the grid; within three deviations of the long run."""
    omega = sd * (1 - phi**2) ** 0.5
    grid = 0.0625 * np.arange(-35, 46)
    moves = transition(phi, omega)
    inside = np.abs(grid) < 3 * sd
    np.testing.assert_allclose(moves.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose((moves @ grid)[inside], phi * grid[inside], rtol=0, atol=1e-6 + 1e-3 * omega)
    variance = moves @ grid**2 - (moves @ grid) ** 2
    np.testing.assert_allclose(variance[inside], omega**2, rtol=0.02)


def test_a_path_that_does_not_move_is_zero():
    density = log_densities(residuals(), [None, 5.0])
    found = run_filter(density, transition(0.5, 0.0)[None], start(0.5, 0.0)[None])
    level = log_densities(residuals(), [None, 5.0], np.zeros(1))[..., 0]
    np.testing.assert_allclose(found.score[0], level, rtol=1e-12)
    assert found.following[0, 0].argmax() == 35
