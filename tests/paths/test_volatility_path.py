"""The path of volatility that residuals share, and each asset's own drift beside it."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.paths.own_drift import own_drift
from bayesfactor.paths.volatility_grid import GRID, log_densities, run_filter
from bayesfactor.paths.volatility_path import common_path
from bayesfactor.spec.volatility import CommonVolatility
from tests.support.panels import make_panel

NO_DRIFT = CommonVolatility()


def simulated(log_g, assets=20, seed=5, dof=8.0):
    """Return a panel whose residuals are t times g_t times each asset's level."""
    periods, rng = len(log_g), np.random.default_rng(seed)
    panel = make_panel(assets, periods=periods, seed=seed)
    z = rng.standard_t(dof, (periods, assets)) * ((dof - 2) / dof) ** 0.5
    loading = 0.5 + rng.random((3, assets))
    values = panel.aligned @ loading + np.exp(log_g)[:, None] * z * 0.015 * np.exp(0.3 * rng.normal(size=assets))
    return replace(panel, returns=panel.returns.copy(data=values))


def moving(periods=600, seed=2):
    rng, phi, size = np.random.default_rng(seed), 2 ** (-1 / 40), 0.5
    x = np.zeros(periods)
    for date in range(1, periods):
        x[date] = phi * x[date - 1] + size * (1 - phi**2) ** 0.5 * rng.standard_normal()
    return x - x.mean()


@pytest.fixture(scope="module")
def moved():
    log_g = moving()
    panel = simulated(log_g)
    return log_g, panel, common_path(panel, NO_DRIFT)


def test_path_is_found(moved):
    log_g, _, path = moved
    found = -0.5 * np.log(path.weight)
    assert np.corrcoef(found, log_g)[0, 1] > 0.93
    assert np.sqrt(np.mean((found - log_g) ** 2)) < 0.2  # of g: 20 assets tell 1 / sqrt(40) in one period
    assert path.probability[path.size == 0].sum() < 1e-6
    np.testing.assert_allclose(path.probability.sum(), 1)
    assert 10 <= np.exp(path.probability @ np.log(path.memory)) <= 160
    assert 4 <= path.dof @ path.probability <= 20


def test_constant_volatility_is_found_constant():
    path = common_path(simulated(np.zeros(400)), NO_DRIFT)
    assert path.probability[path.size == 0].sum() > 0.9
    np.testing.assert_allclose(path.weight, 1, atol=0.05)


def test_order_and_units_do_not_matter(moved):
    _, panel, path = moved
    other = panel.select(assets=list(panel.assets)[::-1])
    other = replace(other, returns=other.returns * 3.0)
    found = common_path(other, NO_DRIFT)
    np.testing.assert_allclose(found.weight, path.weight, rtol=1e-8)
    np.testing.assert_allclose(found.probability, path.probability, rtol=1e-6)
    np.testing.assert_allclose(found.level[::-1], 3 * path.level, rtol=1e-8)


def test_assets_that_tell_nothing_are_left_out(moved):
    """One that is a factor, and one with six returns."""
    _, panel, path = moved
    values = panel.returns.values.copy()
    values[:, 0] = panel.aligned[:, 0]
    values[:-6, 1] = np.nan
    found = common_path(replace(panel, returns=panel.returns.copy(data=values)), NO_DRIFT)
    assert list(np.flatnonzero(np.isnan(found.level))) == [0, 1]
    rest = common_path(panel.select(assets=list(panel.assets)[2:]), NO_DRIFT)
    np.testing.assert_allclose(found.weight, rest.weight, rtol=1e-8)
    assert np.corrcoef(np.log(found.weight), np.log(path.weight))[0, 1] > 0.98


def test_no_asset_tells_anything(moved):
    _, panel, _ = moved
    values = np.where(np.arange(len(panel.times))[:, None] < len(panel.times) - 5, np.nan, panel.returns.values)
    path = common_path(replace(panel, returns=panel.returns.copy(data=values)), CommonVolatility())
    np.testing.assert_array_equal(path.weight, 1)
    np.testing.assert_array_equal(path.drift, 1)
    assert np.isfinite(path.following).all()
    assert path.share == 1


def test_newer_rows_are_the_filters_next_rows(moved):
    _, panel, _ = moved
    old = replace(panel, returns=panel.returns[:550], factors=panel.factors[:550])
    path = common_path(old, NO_DRIFT)
    after, weight = path.follow(panel.returns.values[550:], panel.aligned[550:])
    z = panel.returns.values[550:] - path.coefficients[:, 0] - panel.aligned[550:] @ path.coefficients[:, 1:].T
    for cell in range(path.dof.size):
        density = log_densities(z / path.level, [path.dof[cell]])
        filtered = run_filter(density, path.moves.transitions(GRID)[[cell]], path.following[[cell]], path.share)
        np.testing.assert_allclose(after[-1, cell], filtered.following[0, 0], rtol=1e-9, atol=1e-200)
    assert np.all(weight > 0)


def test_draws_of_the_next_period_are_those_of_the_grid(moved):
    _, _, path = moved
    cell = np.repeat(np.arange(path.dof.size), 20_000)
    drawn = np.log(path.draw_next(cell, np.random.default_rng(0))) + path.shift
    for number in range(path.dof.size):
        mean = path.following[number] @ GRID
        sd = (path.following[number] @ (GRID - mean) ** 2) ** 0.5
        assert abs(drawn[cell == number].mean() - mean) < 4.5 * sd / 20_000**0.5


def test_own_drift_follows_an_assets_level():
    """One asset's standard deviation doubles half-way; the other's does not."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((800, 2))
    z[400:, 0] *= 2
    z[:50, 1] = np.nan
    drift, after = own_drift(z**2, 100.0, 15.0)
    assert abs(np.median(drift[500:, 0]) / np.median(drift[:300, 0]) - 2) < 0.3
    assert np.all(np.abs(np.log(drift[:, 1])) < 0.35)
    np.testing.assert_allclose(np.mean(np.log(drift[50:, 1])), 0, atol=1e-12)
    assert abs(after[0] / after[1] - 2**0.5) < 0.4
