"""Sufficient statistics against plain numpy on each asset's own rows."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayesfactor.panel.design import observe
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.regressions import least_squares, regressors, robust_fit
from tests.support.panels import make_panel


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
    found = panel.moments
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
    """An observation of weight 2 is one that was seen twice."""
    panel = make_panel(assets=2, periods=25, seed=1)
    weights = [np.random.default_rng(i).integers(1, 4, size=25) for i in range(2)]
    found = observe(panel, np.column_stack(weights).astype(float)).moments
    for i in range(2):
        x, y = own_rows(panel, i)
        x, y = np.repeat(x, weights[i], axis=0), np.repeat(y, weights[i])
        np.testing.assert_allclose(found.xx[:, :, i], x.T @ x, rtol=1e-12)
        np.testing.assert_allclose(found.xy[:, i], x.T @ y, rtol=1e-12, atol=1e-16)
        assert found.yy[i] == pytest.approx(y @ y, rel=1e-12)
        assert found.count[i] == weights[i].sum()


def test_factors_that_are_longer_than_returns_are_matched_by_date():
    panel = make_panel(assets=2, periods=40, seed=1)
    late = replace(panel, returns=panel.returns.isel(time=slice(25, None)))
    rows, y, x = regressors(late, 1)
    np.testing.assert_array_equal(rows, np.arange(15))
    np.testing.assert_array_equal(y, panel.returns.values[25:, 1])
    np.testing.assert_array_equal(x, np.c_[np.ones(15), panel.factors.values[25:]])
    assert factor_moments(late).count.tolist() == [40, 40, 40]


def test_least_squares_is_lstsq():
    panel = uneven()
    coefficients, residual_sd = least_squares(panel.moments)
    for i in range(4):
        x, y = own_rows(panel, i)
        expected, rss, _, _ = np.linalg.lstsq(x, y)
        np.testing.assert_allclose(coefficients[i], expected, rtol=1e-9, atol=1e-12)
        assert residual_sd[i] == pytest.approx(np.sqrt(rss[0] / (y.size - 4)), rel=1e-9)


def test_least_squares_of_too_few_dates_is_nan():
    coefficients, residual_sd = least_squares(uneven().moments)
    assert np.isnan(coefficients[[4, 5]]).all()
    assert np.isnan(residual_sd[[4, 5]]).all()
    assert np.isfinite(coefficients[:4]).all()


def test_least_squares_of_collinear_factors_is_nan_whatever_their_scale():
    panel = make_panel(assets=3, periods=50)
    factors = panel.factors.values.copy()
    factors[:, 1] *= 1e6
    scaled = least_squares(replace(panel, factors=panel.factors.copy(data=factors)).moments)[0]
    np.testing.assert_allclose(scaled[:, 2] * 1e6, least_squares(panel.moments)[0][:, 2], rtol=1e-9)
    factors[:, 2] = 1e-9 * factors[:, 1]
    assert np.isnan(least_squares(replace(panel, factors=panel.factors.copy(data=factors)).moments)[0]).all()


def test_factor_moments_are_numpys():
    panel = make_panel(assets=2, periods=37, seed=8)
    found, values = factor_moments(panel), panel.factors.values
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(values.T), rtol=1e-11, atol=1e-18)
    np.testing.assert_allclose(found.sd, values.std(axis=0, ddof=1), rtol=1e-12)
    assert found.count.tolist() == [37] * 3
    (span,) = found.spans
    assert (span.older, span.count) == (0, 37)


STARTS = (20, 0, 35, 20)


def ragged(periods=80, seed=5):
    """Return a panel of correlated factors that begin on rows `STARTS`, and its factors as an array."""
    panel = make_panel(assets=2, traded=3, other=1, periods=periods, seed=seed)
    mix = np.random.default_rng(seed).normal(size=(4, 4))
    values = 0.003 + panel.factors.values @ mix
    for k, start in enumerate(STARTS):
        values[:start, k] = np.nan
    returns = panel.returns.isel(time=slice(40, None))
    return replace(panel, returns=returns, factors=panel.factors.copy(data=values)), values


def expectation_maximisation(values, rounds=3000):
    """Return the mean and covariance under which incomplete normal rows are most likely (Dempster, Laird, Rubin)."""
    known = np.isfinite(values)
    mean, covariance = np.nanmean(values, axis=0), np.diag(np.nanvar(values, axis=0))
    patterns = np.unique(known, axis=0)
    for _ in range(rounds):
        filled, extra = np.where(known, values, 0.0), np.zeros_like(covariance)
        for seen in patterns:
            rows, lost = (known == seen).all(axis=1), ~seen
            slope = np.linalg.solve(covariance[np.ix_(seen, seen)], covariance[np.ix_(seen, lost)])
            filled[np.ix_(rows, lost)] = mean[lost] + (values[np.ix_(rows, seen)] - mean[seen]) @ slope
            left = covariance[np.ix_(lost, lost)] - covariance[np.ix_(lost, seen)] @ slope
            extra[np.ix_(lost, lost)] += rows.sum() * left
        mean = filled.mean(axis=0)
        covariance = ((filled - mean).T @ (filled - mean) + extra) / len(values)
    return mean, covariance


def test_means_of_unequal_histories_are_the_most_likely_ones():
    panel, values = ragged()
    found = factor_moments(panel)
    mean, _ = expectation_maximisation(values)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-5)
    assert found.count.tolist() == [60, 80, 45, 60]
    np.testing.assert_allclose(found.sd, np.nanstd(values, axis=0, ddof=1), rtol=1e-12)
    assert [(s.factors.tolist(), s.older, s.count) for s in found.spans] == [
        ([1], 0, 80),
        ([1, 0, 3], 1, 60),
        ([1, 0, 3, 2], 3, 45),
    ]
    assert np.abs(found.mean - np.nanmean(values, axis=0)).max() > 1e-4  # the histories do move means


def test_covariance_of_unequal_histories_is_stambaughs():
    """V_new,old = B V_old, V_new = B V_old B' + residual covariance, B by regression on common dates (1997, eq. 10)."""
    panel, values = ragged()
    covariance = np.full((4, 4), np.nan)
    for start, new, old in ((0, [1], []), (20, [0, 3], [1]), (35, [2], [1, 0, 3])):
        rows = values[start:]
        x = np.c_[np.ones(len(rows)), rows[:, old]]
        slope = np.linalg.lstsq(x, rows[:, new])[0]
        residual, b = rows[:, new] - x @ slope, slope[1:].T
        if old:
            covariance[np.ix_(new, old)] = b @ covariance[np.ix_(old, old)]
            covariance[np.ix_(old, new)] = covariance[np.ix_(new, old)].T
        own = b @ covariance[np.ix_(old, old)] @ b.T if old else 0.0
        covariance[np.ix_(new, new)] = residual.T @ residual / (len(rows) - 1) + own
    np.testing.assert_allclose(factor_moments(panel).covariance, covariance, rtol=1e-6, atol=1e-12)


def test_robust_weights_are_a_fixed_point_and_turn_from_outliers():
    """w = (nu + 1) / (nu + z^2) with nu = 4, at the regression that these weights themselves give."""
    panel = make_panel(assets=3, periods=200, seed=2)
    returns = panel.returns.values.copy()
    returns[17, 0] += 0.5
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    found = robust_fit(panel)
    weights = found.weight.T
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
    np.testing.assert_array_equal(found.weight[:, 4:], 1.0)
    assert np.isnan(found.scale).tolist() == [False] * 4 + [True] * 2


def test_an_asset_of_exact_returns_has_finite_weights():
    panel = make_panel(assets=1, periods=30)
    exact = xr.DataArray(panel.factors.values[:, :1] * 2.0, panel.returns.coords, panel.returns.dims)
    assert np.isfinite(robust_fit(replace(panel, returns=exact)).weight[:, 0]).all()
