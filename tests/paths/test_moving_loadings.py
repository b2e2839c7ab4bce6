"""Filters of loadings that move, held to dense Gaussians and to another program."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bayesfactor.panel.moments import cross_products
from bayesfactor.paths.blocks import block_edges, cross_products_in_blocks
from bayesfactor.paths.loading_draws import draw_ahead, draw_paths
from bayesfactor.paths.prewhitened import prewhitened, whiten
from tests.support.loading_filter import filter_loadings

KAPPA, PHI, CENTRE, SD = 0.4, 0.7, np.array([0.3, 0.0]), np.array([1.5, 0.8])
EXACT = {"rtol": 0, "atol": 1e-10}


@pytest.fixture(scope="module")
def panel():
    """Three assets: all rows, a late beginning that leaves blocks empty, holes."""
    rng = np.random.default_rng(3)
    returns, factors = rng.normal(size=(22, 3)), rng.normal(size=(22, 2)) * SD + CENTRE
    returns[:11, 1], returns[[3, 8, 9, 20], 2] = np.nan, np.nan
    return returns, factors, rng.uniform(0.5, 2.0, size=22)


@pytest.fixture(scope="module")
def blocks(panel):
    returns, factors, weight = panel
    return cross_products_in_blocks(returns, factors, block_edges(22, 5), CENTRE, SD, weight)


def dense(panel, blocks, asset):
    """Return returns and x of own rows, V*, and over sigma^2 the covariances of all v with returns and of v."""
    returns, factors, weight = panel
    rows = np.flatnonzero(np.isfinite(returns[:, asset]))
    of = np.searchsorted(blocks.edges, rows, side="right") - 1
    many = np.arange(blocks.edges.size - 1)
    z = (factors[rows] - CENTRE) / SD
    path = KAPPA**2 * PHI ** np.abs(many[:, None] - many)
    loads = np.zeros((rows.size, many.size, 2))
    loads[np.arange(rows.size), of] = z
    joint = np.kron(path, np.eye(2))
    loads = loads.reshape(rows.size, -1)
    v = np.diag(1 / weight[rows]) + loads @ joint @ loads.T
    return returns[rows, asset], np.column_stack([np.ones(rows.size), factors[rows]]), v, joint @ loads.T, joint


@pytest.mark.parametrize("asset", [0, 1, 2])
def test_prewhitened_statistics_are_those_of_the_dense_covariance(panel, blocks, asset):
    y, x, v, _, _ = dense(panel, blocks, asset)
    found = prewhitened(blocks, KAPPA, PHI)
    np.testing.assert_allclose(found.moments.xx[:, :, asset], x.T @ np.linalg.solve(v, x), **EXACT)
    np.testing.assert_allclose(found.moments.xy[:, asset], x.T @ np.linalg.solve(v, y), **EXACT)
    np.testing.assert_allclose(found.moments.yy[asset], y @ np.linalg.solve(v, y), **EXACT)
    np.testing.assert_allclose(found.log_det[asset], np.linalg.slogdet(v)[1], **EXACT)
    assert found.moments.count[asset] == y.size


def test_without_moves_they_are_the_weighted_ones(panel, blocks):
    returns, factors, weight = panel
    found, plain = prewhitened(blocks, 0.0, PHI), cross_products(returns, factors, np.tile(weight[:, None], 3))
    for name in ("xx", "xy", "yy"):
        np.testing.assert_allclose(getattr(found.moments, name), getattr(plain, name), **EXACT)
    np.testing.assert_array_equal(found.moments.count, np.isfinite(returns).sum(axis=0))
    np.testing.assert_allclose(found.log_det, -(np.log(weight) @ np.isfinite(returns)), **EXACT)


@pytest.mark.parametrize("asset", [0, 1, 2])
@pytest.mark.parametrize("sd", [np.array([0.05, 0.3, 0.2]), np.zeros(3)], ids=["spread", "no spread"])
def test_filter_and_smoother_are_the_dense_gaussian(panel, blocks, asset, sd):
    y, x, v, cross, joint = dense(panel, blocks, asset)
    mean, sigma = np.array([0.1, 1.0, -0.4]), np.array([0.6, 1.1, 0.9])
    found = filter_loadings(blocks, np.tile(mean, (3, 1)), sd, KAPPA, PHI, sigma)
    s2 = sigma[asset] ** 2
    total = s2 * v + x * sd**2 @ x.T
    np.testing.assert_allclose(found.log_density[asset].sum(), multivariate_normal(x @ mean, total).logpdf(y), **EXACT)
    gain = np.vstack([sd[:, None] ** 2 * x.T, s2 * cross])
    whole = np.concatenate([mean, np.zeros(len(joint))]) + gain @ np.linalg.solve(total, y - x @ mean)
    prior = np.zeros((whole.size, whole.size))
    prior[:3, :3], prior[3:, 3:] = np.diag(sd**2), s2 * joint
    cov = prior - gain @ np.linalg.solve(total, gain.T)
    for b in range(blocks.edges.size - 1):
        at = [0, 1, 2, 3 + 2 * b, 4 + 2 * b]
        np.testing.assert_allclose(found.smooth_mean[asset, b], whole[at], **EXACT)
        np.testing.assert_allclose(found.smooth_cov[asset, b], cov[np.ix_(at, at)], **EXACT)
    np.testing.assert_allclose(found.mean[asset, -1], found.smooth_mean[asset, -1], **EXACT)
    np.testing.assert_allclose(found.cov[asset, -1], found.smooth_cov[asset, -1], **EXACT)


def normals(rng, draws, blocks=5, factors=2):
    return rng.standard_normal((blocks, draws, factors))


@pytest.mark.parametrize("asset", [0, 1, 2])
def test_drawn_paths_have_the_mean_and_the_covariance_of_the_dense_gaussian(panel, blocks, asset):
    y, x, v, cross, joint = dense(panel, blocks, asset)
    u, sigma, draws = np.array([0.1, 0.9, 0.3]), 0.7, 40_000
    mean = cross @ np.linalg.solve(v, y - x @ u)
    cov = sigma**2 * (joint - cross @ np.linalg.solve(v, cross.T))
    sums, rng = whiten(blocks, KAPPA, PHI), np.random.default_rng(5)
    found = (
        draw_paths(blocks, sums, asset, np.tile(u, (draws, 1)), np.full(draws, sigma), normals(rng, draws))
        / blocks.unit
    )
    found = found.reshape(draws, -1)
    error = np.sqrt(np.diag(cov))
    assert np.abs((found.mean(axis=0) - mean) / error).max() < 4.5 / draws**0.5
    assert np.abs((np.cov(found.T) - cov) / np.outer(error, error)).max() < 6 / draws**0.5
    every = np.tile(u, (draws, 3, 1)), np.full((draws, 3), sigma)
    last = draw_ahead(blocks, sums, *every, rng, ahead=0.0)[:, asset] / blocks.unit
    assert np.abs((last.mean(axis=0) - mean[-2:]) / error[-2:]).max() < 4.5 / draws**0.5
    assert np.abs((np.cov(last.T) - cov[-2:, -2:]) / np.outer(error[-2:], error[-2:])).max() < 6 / draws**0.5


@pytest.mark.parametrize("asset", [0, 1])
def test_paths_that_lead_to_the_next_period_have_the_law_of_paths(blocks, asset):
    """Draws of the next period, then paths given them: the law of paths, and correlated with what they lead to."""
    sums, rng, draws = whiten(blocks, KAPPA, PHI), np.random.default_rng(6), 40_000
    u, sigma = np.array([0.1, 0.9, 0.3]), 0.7
    following = draw_ahead(blocks, sums, np.tile(u, (draws, 3, 1)), np.full((draws, 3), sigma), rng)[:, asset]
    args = blocks, sums, asset, np.tile(u, (draws, 1)), np.full(draws, sigma)
    led, free = (draw_paths(*args, normals(rng, draws), ahead) for ahead in (following, None))
    sd = free.std(axis=0)
    assert (np.abs(led.mean(axis=0) - free.mean(axis=0)) / sd).max() < 6.5 / draws**0.5
    flat = [paths.reshape(draws, -1) / sd.ravel() for paths in (led, free)]
    assert np.abs(np.cov(flat[0].T) - np.cov(flat[1].T)).max() < 8 / draws**0.5
    for k in range(2):
        expected = PHI**0.5 * sd[-1, k] / following[:, k].std()
        assert np.corrcoef(led[:, -1, k], following[:, k])[0, 1] == pytest.approx(expected, abs=4 / draws**0.5)


def test_each_draw_has_its_own_long_run_loadings_and_residual(blocks):
    sums, rng = whiten(blocks, KAPPA, PHI), np.random.default_rng
    u, sigma = rng(0).normal(size=(3, 3)), np.array([0.5, 1.0, 2.0])
    together = draw_paths(blocks, sums, 0, u, sigma, normals(rng(1), 3))
    still = draw_paths(blocks, sums, 0, np.tile(u[:1], (3, 1)), sigma, normals(rng(1), 3))
    np.testing.assert_allclose(together[0], still[0])
    assert np.all(np.abs(together[1:] - still[1:]).max(axis=(1, 2)) > 1e-3)


def test_nothing_moves_where_nothing_may(blocks):
    sums, rng = whiten(blocks, 0.0, PHI), np.random.default_rng(0)
    assert not draw_paths(blocks, sums, 0, np.ones((5, 3)), np.ones(5), normals(rng, 5)).any()
    assert not draw_ahead(blocks, sums, np.ones((5, 3, 3)), np.ones((5, 3)), rng).any()


def test_moves_ahead_revert(blocks):
    sums, rng, draws = whiten(blocks, KAPPA, PHI), np.random.default_rng(2), 40_000
    u, sigma = np.tile([0.1, 0.9, 0.3], (draws, 3, 1)), np.full((draws, 3), 0.7)
    last, near, far = (draw_ahead(blocks, sums, u, sigma, rng, ahead) / blocks.unit for ahead in (0.0, 0.5, 200.0))
    error = 4.5 * KAPPA * 0.7 / draws**0.5
    np.testing.assert_allclose(near.mean(axis=0), PHI**0.5 * last.mean(axis=0), atol=2 * error)
    np.testing.assert_allclose(far.mean(axis=0), 0.0, atol=error)
    np.testing.assert_allclose(far.std(axis=0), KAPPA * 0.7, rtol=0.02)
    expected = PHI * last.var(axis=0) + (1 - PHI) * (KAPPA * 0.7) ** 2
    np.testing.assert_allclose(near.var(axis=0), expected, rtol=0.05)


def test_the_next_period_is_half_a_block_after_the_middle_of_the_last_block():
    """Loadings that move every row, half-life of two blocks: 90 % of those after the last row are inside."""
    rng, assets, rows, kappa, phi = np.random.default_rng(0), 1000, 520, 0.3, 2**-0.5
    step = phi ** (1 / 26)
    v = rng.standard_normal((rows + 1, assets))
    for t in range(rows):
        v[t + 1] = step * v[t] + np.sqrt(1 - step**2) * v[t + 1]
    factor = rng.standard_normal((rows, assets))  # each asset's own, so that they are independent
    inside = []
    for i in range(assets):
        returns = (1 + kappa * v[:rows, i]) * factor[:, i] + rng.standard_normal(rows)
        blocks = cross_products_in_blocks(
            returns[:, None], factor[:, i : i + 1], block_edges(rows, 26), np.zeros(1), np.ones(1)
        )
        sums = whiten(blocks, kappa, phi)
        drawn = draw_ahead(blocks, sums, np.tile([0.0, 1.0], (400, 1, 1)), np.ones((400, 1)), rng)[:, 0, 0]
        low, high = np.quantile(drawn, [0.05, 0.95])
        inside.append(low < kappa * v[rows, i] < high)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.04)


def test_an_asset_that_is_a_factor_does_not_move(panel):
    _, factors, weight = panel
    blocks = cross_products_in_blocks(factors[:, :1], factors, block_edges(22, 5), CENTRE, SD, weight)
    found, sums = prewhitened(blocks, KAPPA, PHI).moments, whiten(blocks, KAPPA, PHI)
    assert found.residual_squares(0, np.array([0.0, 1.0, 0.0])) < 1e-12 * found.yy[0]
    rng, itself = np.random.default_rng(0), np.tile([0.0, 1.0, 0.0], (5, 1))
    assert np.abs(draw_paths(blocks, sums, 0, itself, np.full(5, 1e-9), normals(rng, 5))).max() < 1e-8


def test_rescaled_factors_move_as_much(panel):
    returns, factors, weight = panel
    scale, rng = np.array([100.0, 0.01]), np.random.default_rng
    u = rng(0).normal(size=(4, 3))
    drawn = []
    for by in (np.ones(2), scale):
        blocks = cross_products_in_blocks(returns, factors * by, block_edges(22, 5), CENTRE * by, SD * by, weight)
        sums = whiten(blocks, KAPPA, PHI)
        drawn.append(draw_paths(blocks, sums, 2, u / np.r_[1.0, by], np.ones(4), normals(rng(1), 4)) * by)
    np.testing.assert_allclose(drawn[0], drawn[1], rtol=1e-9)


def test_a_newer_row_changes_nothing_of_the_past(panel):
    returns, factors, weight = panel
    shorter, longer = (
        whiten(
            cross_products_in_blocks(
                returns[:rows], factors[:rows], block_edges(rows, 5, 20), CENTRE, SD, weight[:rows]
            ),
            KAPPA,
            PHI,
        )
        for rows in (21, 22)
    )
    for name in ("xx", "xy", "yy", "log_det", "cov", "mean_x", "mean_y"):
        np.testing.assert_array_equal(getattr(shorter, name)[:, :-1], getattr(longer, name)[:, :-1])


@pytest.fixture
def reference(shared_data):
    """Numbers of another program, by name."""
    return lambda name: np.load(shared_data.parent / "reference" / "time" / f"{name}.npz")


def test_block_filter_of_another_program(reference):
    known = reference("block_dlm_check")
    sigma = np.sqrt(known["sig2"])
    blocks = cross_products_in_blocks(
        known["y"][:, None], known["X"][:, 1:], known["edges"], np.zeros(2), np.ones(2), known["w"]
    )
    kappa, phi = known["om"][1:] / sigma, known["phi"][1:]  # alpha is given a move of 1e-9 there
    found = filter_loadings(blocks, known["m"][None], known["tau"], kappa, phi, np.array([sigma]))
    np.testing.assert_allclose(found.log_density.sum(), known["loglik"], **EXACT)
    coefficients = found.smooth_mean[0, :, :3].copy()
    coefficients[:, 1:] += found.smooth_mean[0, :, 3:]
    np.testing.assert_allclose(coefficients, known["posterior_mean"], **EXACT)


def test_prewhitened_statistics_of_another_program(reference):
    known = reference("prewhiten_check")
    factors = known["F"]
    blocks = cross_products_in_blocks(
        known["y"][:, None], factors, known["edges"], np.zeros(2), factors.std(axis=0), known["w"]
    )
    found = prewhitened(blocks, float(known["kappa"]), float(known["phi"]))
    np.testing.assert_allclose(found.moments.xx[:, :, 0], known["S"], **EXACT)
    np.testing.assert_allclose(found.moments.xy[:, 0], known["b"], **EXACT)
    np.testing.assert_allclose(found.moments.yy[0], known["q"], **EXACT)
    np.testing.assert_allclose(found.log_det[0], known["logdet"], **EXACT)
    sums = whiten(blocks, float(known["kappa"]), float(known["phi"]))
    np.testing.assert_allclose(sums.mean_y[0, -1] - sums.mean_x[0, -1] @ known["u"], known["v_mean"], **EXACT)
    np.testing.assert_allclose(sums.cov[0, -1], known["v_cov"], **EXACT)
