"""Sufficient statistics against plain numpy on each asset's own rows."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayesfactor.statistics import factor_moments, least_squares, moments, regressors, robust_fit
from tests.panels import make_panel


def uneven(seed=4):
    """Return a panel with a gap, an asset of four returns (as many as coefficients) and one of none."""
    panel = make_panel(assets=6, traded=2, other=1, periods=90, shortest=40, seed=seed)
    returns = panel.returns.values.copy()
    returns[60:70, 1] = np.nan
    returns[:-4, 4], returns[:, 5] = np.nan, np.nan
    return replace(panel, returns=panel.returns.copy(data=returns))


def own_rows(panel, i):
    y = panel.returns.values[:, i]
    seen = ~np.isnan(y)
    return np.c_[np.ones(seen.sum()), panel.factors.values[seen]], y[seen]


def test_moments_are_those_of_each_assets_own_rows():
    panel = uneven()
    found = moments(panel)
    for i in range(6):
        x, y = own_rows(panel, i)
        np.testing.assert_allclose(found.xx[:, :, i], x.T @ x, rtol=1e-13, atol=1e-18)
        np.testing.assert_allclose(found.xy[:, i], x.T @ y, rtol=1e-12, atol=1e-16)
        assert found.yy[i] == pytest.approx(y @ y, rel=1e-13)
        assert found.count[i] == y.size
    assert found.count[[4, 5]].tolist() == [4, 0]
    with pytest.raises(ValueError, match="read-only"):
        found.xx[0, 0, 0] = 1.0


def test_weights_count_as_repetitions():
    """An observation of weight 2 is one that was seen twice; count is of rows, whatever their weight."""
    panel = make_panel(assets=2, periods=25, seed=1)
    weights = [np.random.default_rng(i).integers(1, 4, size=25) for i in range(2)]
    found = moments(panel, [w.astype(float) for w in weights])
    for i in range(2):
        x, y = own_rows(panel, i)
        x, y = np.repeat(x, weights[i], axis=0), np.repeat(y, weights[i])
        np.testing.assert_allclose(found.xx[:, :, i], x.T @ x, rtol=1e-12)
        np.testing.assert_allclose(found.xy[:, i], x.T @ y, rtol=1e-12, atol=1e-16)
        assert found.yy[i] == pytest.approx(y @ y, rel=1e-12)
        assert found.count[i] == 25


def test_factors_that_are_longer_than_returns_are_matched_by_date():
    panel = make_panel(assets=2, periods=40, seed=1)
    late = replace(panel, returns=panel.returns.isel(time=slice(25, None)))
    rows, y, x = regressors(late, 1)
    np.testing.assert_array_equal(rows, np.arange(15))
    np.testing.assert_array_equal(y, panel.returns.values[25:, 1])
    np.testing.assert_array_equal(x, np.c_[np.ones(15), panel.factors.values[25:]])
    assert factor_moments(late).count == 40


def test_least_squares_is_lstsq():
    panel = uneven()
    coefficients, deviation = least_squares(moments(panel))
    for i in range(4):
        x, y = own_rows(panel, i)
        expected, rss, _, _ = np.linalg.lstsq(x, y)
        np.testing.assert_allclose(coefficients[i], expected, rtol=1e-9, atol=1e-12)
        assert deviation[i] == pytest.approx(np.sqrt(rss[0] / (y.size - 4)), rel=1e-9)


def test_least_squares_of_too_few_dates_is_nan():
    coefficients, deviation = least_squares(moments(uneven()))
    assert np.isnan(coefficients[[4, 5]]).all()
    assert np.isnan(deviation[[4, 5]]).all()
    assert np.isfinite(coefficients[:4]).all()


def test_least_squares_of_collinear_factors_is_nan_whatever_their_scale():
    panel = make_panel(assets=3, periods=50)
    factors = panel.factors.values.copy()
    factors[:, 1] *= 1e6
    scaled = least_squares(moments(replace(panel, factors=panel.factors.copy(data=factors))))[0]
    np.testing.assert_allclose(scaled[:, 2] * 1e6, least_squares(moments(panel))[0][:, 2], rtol=1e-9)
    factors[:, 2] = 1e-9 * factors[:, 1]
    assert np.isnan(least_squares(moments(replace(panel, factors=panel.factors.copy(data=factors))))[0]).all()


def test_factor_moments_are_numpys():
    panel = make_panel(assets=2, periods=37, seed=8)
    found, values = factor_moments(panel), panel.factors.values
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.scatter, 36 * np.cov(values.T), rtol=1e-11, atol=1e-18)
    np.testing.assert_allclose(found.deviation, values.std(axis=0, ddof=1), rtol=1e-12)
    assert found.count == 37


def test_robust_weights_are_a_fixed_point_and_turn_from_outliers():
    """w = (nu + 1) / (nu + z^2) with nu = 4, at the regression that these weights themselves give."""
    panel = make_panel(assets=3, periods=200, seed=2)
    returns = panel.returns.values.copy()
    returns[17, 0] += 0.5
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    found = robust_fit(panel)
    weights = found.weights
    for i in range(3):
        x, y = own_rows(panel, i)
        root = np.sqrt(weights[i])
        residual = y - x @ np.linalg.lstsq(x * root[:, None], y * root)[0]
        scale2 = np.mean(weights[i] * residual**2)
        assert found.scale[i] == pytest.approx(np.sqrt(scale2), rel=1e-3)
        np.testing.assert_allclose(weights[i], 5.0 / (4.0 + residual**2 / scale2), atol=2e-3)
        assert weights[i].max() <= 1.25
    assert weights[0][17] == weights[0].min() < 0.02
    assert np.median(weights[0]) > 0.9


def test_robust_weights_of_too_few_dates_are_one():
    found = robust_fit(uneven())
    np.testing.assert_array_equal(found.weights[4], np.ones(4))
    assert found.weights[5].size == 0
    assert np.isnan(found.scale).tolist() == [False] * 4 + [True] * 2


def test_an_asset_of_exact_returns_has_finite_weights():
    panel = make_panel(assets=1, periods=30)
    exact = xr.DataArray(panel.factors.values[:, :1] * 2.0, panel.returns.coords, panel.returns.dims)
    assert np.isfinite(robust_fit(replace(panel, returns=exact)).weights[0]).all()
