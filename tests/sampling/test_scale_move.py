"""The move of a noisy factor's scale: it leaves fitted returns and the joint law as they are."""

import numpy as np
import pytest
from scipy.stats import invwishart

from bayesfactor.sampling.latents.factor_rows import row_moments
from bayesfactor.sampling.latents.measured_history import Measured
from bayesfactor.sampling.latents.scale_move import (
    ScaledDown,
    ScaledPremium,
    draw_scale,
    log_scale_density,
    scaled_history,
)
from bayesfactor.spec.factors import ScaledFactors

NOISY, RELIABILITY = 1, 0.6
PRIOR = ScaledFactors(np.zeros(3), np.ones(3), np.array([6.0, 8.0, 5.0]), 9.0)
MEAN, WEIGHT = np.array([0.2, -0.1, 0.4]), np.array([0.4, 0.7, 1.0, 1.0, 1.2, 1.7])
VARIANCE = np.array([2.0, 1.5])
GROUPS = np.array([0, 1, 0, 1, 1])
LOC, SD, SPREAD = 0.4, 0.8, 0.6
PREMIUM_LOC, PREMIUM_SD = 0.3, 0.5
KINDS = ("grouped", "grouped, with a floor", "free", "common")


def _history(rng):
    covariance = invwishart(PRIOR.covariance_dof, np.diag(PRIOR.covariance_scale)).rvs(random_state=rng)
    values = MEAN + rng.multivariate_normal(np.zeros(3), covariance, 6) / WEIGHT[:, None] ** 0.5
    noise = ((1 - RELIABILITY) * VARIANCE[:, None]) ** 0.5
    series = values[:, NOISY] + noise * rng.standard_normal((2, 6))
    series[1, :2] = np.nan
    return values, Measured(series, VARIANCE)


def _loadings(kind, rng):
    """Return what is divided with the loadings, and loadings, from their prior."""
    if kind == "free":
        values = LOC + SD * rng.standard_normal(5)
        return ScaledDown(values, np.full(5, LOC), np.full(5, SD)), values
    means = LOC + SD * rng.standard_normal(1 if kind == "common" else 2)
    loc, sd = np.full(means.size, LOC), np.full(means.size, SD)
    if kind == "common":
        return ScaledDown(means, loc, sd), np.full(5, means[0])
    floor = 0.3 if "floor" in kind else 0.0
    spread = floor + SPREAD * abs(rng.standard_normal())
    return ScaledDown(means, loc, sd, spread, floor, SPREAD), means[GROUPS] + spread * rng.standard_normal(5)


def _functions(values, measured, down, loadings, premium):
    f = values[:, NOISY]
    spread = np.log(down.spread) if down.spread else 0.0
    return [
        f.mean(), (f**2).mean(), f[2] * f[4], np.log(np.mean((f - MEAN[NOISY]) ** 2)), (f * values[:, 0]).mean(),
        np.nanmean(f * measured.series), down.values.mean(), (down.values**2).mean(), spread, spread * down.values[0],
        loadings.mean(), (loadings**2).mean(), premium, premium**2, premium * loadings[0], premium * f[0],
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_leaves_the_joint_law_as_it_is(kind):
    """From the prior and its data: after the move the law is the same, and fitted returns are the very same."""
    rng, gaps = np.random.default_rng(7), []
    for _ in range(5000):
        values, measured = _history(rng)
        down, loadings = _loadings(kind, rng)
        premium = PREMIUM_LOC + PREMIUM_SD * rng.standard_normal()
        before = _functions(values, measured, down, loadings, premium)
        span = row_moments(values, WEIGHT)
        history = scaled_history(values, NOISY, MEAN, span, measured, RELIABILITY, PRIOR)
        u = draw_scale(history, down, ScaledPremium(premium, PREMIUM_LOC, PREMIUM_SD), rng)
        moved = values.copy()
        moved[:, NOISY] = MEAN[NOISY] + u * (values[:, NOISY] - MEAN[NOISY])
        fitted = loadings[:, None] * (values[:, NOISY] - MEAN[NOISY] + premium)
        again = loadings[:, None] / u * (moved[:, NOISY] - MEAN[NOISY] + u * premium)
        np.testing.assert_allclose(again, fitted, rtol=1e-12, atol=1e-14)
        lower = ScaledDown(down.values / u, down.loc, down.sd, down.spread / u, down.floor, down.spread_sd)
        gaps.append(np.subtract(_functions(moved, measured, lower, loadings / u, u * premium), before))
    gaps = np.array(gaps)
    error = gaps.std(axis=0) / len(gaps) ** 0.5
    assert np.abs(gaps.mean(axis=0) / np.where(error > 0, error, 1)).max() < 4
    assert np.mean(np.abs(gaps[:, 1]) > 0.01) > 0.9, "the move moves"


def test_the_history_has_the_density_of_the_factors_with_their_covariance_integrated_out():
    """p(f | mu) is proportional to |scale + sum_t phi_t (f_t - mu)(f_t - mu)'|^(-(dof + T) / 2)."""
    rng = np.random.default_rng(3)
    values, measured = _history(rng)
    history = scaled_history(values, NOISY, MEAN, row_moments(values, WEIGHT), measured, RELIABILITY, PRIOR)

    def dense(u):
        away = (values - MEAN) * np.where(np.arange(3) == NOISY, u, 1.0)
        scale = np.diag(PRIOR.covariance_scale) + (WEIGHT[:, None] * away).T @ away
        seen = measured.series - MEAN[NOISY] - away[:, NOISY]
        errors = np.nansum(seen**2 / measured.noise(RELIABILITY)[:, None])
        return -0.5 * (PRIOR.covariance_dof + 6) * np.linalg.slogdet(scale)[1] - 0.5 * errors

    found = [history.log_density(u) - history.log_density(1.0) for u in (0.3, 0.9, 2.5)]
    np.testing.assert_allclose(found, [dense(u) - dense(1.0) for u in (0.3, 0.9, 2.5)], rtol=1e-11)


def test_no_spread_below_its_floor():
    values, measured = _history(np.random.default_rng(5))
    history = scaled_history(values, NOISY, MEAN, row_moments(values, WEIGHT), measured, RELIABILITY, PRIOR)
    down, premium = ScaledDown(np.ones(1), np.ones(1), np.ones(1), 0.4, 0.3, 0.5), ScaledPremium(0.1, 0.0, 1.0)
    assert np.isfinite(log_scale_density(1.3, history, down, premium))
    assert log_scale_density(1.4, history, down, premium) == -np.inf
