"""The move of a reliability against loadings leaves the joint law of all but the history as it is."""

import numpy as np
import pytest
from scipy.stats import invwishart, multivariate_normal

from bayesfactor.sampling.latents.measured_history import (
    BetaPrior,
    Measured,
    Normals,
    draw_history,
    given_others,
    given_returns,
    given_series,
    returns_say,
)
from bayesfactor.sampling.latents.reliability_move import OwnVariance, Ridge, Unseen
from bayesfactor.sampling.latents.scale_move import ScaledDown, ScaledPremium
from bayesfactor.spec.factors import ScaledFactors

NOISY = 1
PRIOR = ScaledFactors(np.zeros(3), np.ones(3), np.array([6.0, 8.0, 5.0]), 9.0)
MEAN, WEIGHT = np.array([0.2, -0.1, 0.4]), np.array([0.4, 0.7, 1.0, 1.0, 1.2, 1.7])
VARIANCE, BETA = np.array([2.0, 1.5]), BetaPrior(4.0, 3.0)
GROUPS, SIGMA = np.array([0, 1, 0, 1, 1]), np.array([1.0, 0.7, 1.4, 2.0, 1.1])
ROOT = np.where(np.arange(30).reshape(5, 6) % 7 == 3, 0.0, 1 / np.linspace(0.7, 1.4, 6))
ROOT[:, 0] = 0  # a row of the factors before the returns
LOC, SD, SPREAD = 0.4, 0.8, 0.6
PREMIUM_LOC, PREMIUM_SD = 0.3, 0.5


def _prior(kind, rng):
    """Return everything, from the prior; returns less what other factors explain, series with a late start."""
    covariance = invwishart(PRIOR.covariance_dof, np.diag(PRIOR.covariance_scale)).rvs(random_state=rng)
    values = MEAN + rng.multivariate_normal(np.zeros(3), covariance, 6) / WEIGHT[:, None] ** 0.5
    reliability, premium = rng.beta(BETA.a, BETA.b), PREMIUM_LOC + PREMIUM_SD * rng.standard_normal()
    if kind == "free":
        loadings = LOC + SD * rng.standard_normal(5)
        down = ScaledDown(loadings, np.full(5, LOC), np.full(5, SD))
    elif kind == "common":
        one = LOC + SD * rng.standard_normal(1)
        loadings, down = np.full(5, one[0]), ScaledDown(one, np.full(1, LOC), np.full(1, SD))
    else:
        floor = 0.3 if "floor" in kind else 0.0
        means, spread = LOC + SD * rng.standard_normal(2), floor + SPREAD * abs(rng.standard_normal())
        loadings = means[GROUPS] + spread * rng.standard_normal(5)
        down = ScaledDown(means, np.full(2, LOC), np.full(2, SD), spread, floor, SPREAD)
    noise = ((1 - reliability) * VARIANCE[:, None]) ** 0.5
    series = values[:, NOISY] + noise * rng.standard_normal((2, 6))
    series[1, :2] = np.nan
    fitted = loadings[:, None] * (values[:, NOISY] - MEAN[NOISY] + premium)
    returns = ROOT * fitted + SIGMA[:, None] * rng.standard_normal((5, 6)) * (ROOT > 0)
    return covariance, values, reliability, premium, loadings, down, series, returns


def _said(loadings, premium, returns):
    """Return what returns say of f - mu."""
    return returns_say(returns - ROOT * loadings[:, None] * premium, ROOT, loadings, SIGMA)


def _ridge(covariance, values, reliability, premium, loadings, down, series, returns):
    others = given_others(values, NOISY, MEAN, covariance, WEIGHT)
    measured = Measured(series - MEAN[NOISY], VARIANCE)
    unseen = Unseen(others.mean - MEAN[NOISY], others.variance, *_said(loadings, premium, returns), measured)
    own = OwnVariance.of(covariance, NOISY, PRIOR)
    return Ridge(unseen, own, BETA, reliability, down, ScaledPremium(premium, PREMIUM_LOC, PREMIUM_SD))


def _functions(values, own, reliability, premium, loadings, down, series, returns):
    f = values[:, NOISY]
    return [
        reliability, reliability**2, np.log(own), reliability * np.log(own), f.mean(), (f**2).mean(), f[2] * f[4],
        (f * values[:, 0]).mean(), np.nanmean(f * series), np.log(np.nanmean((f - series) ** 2)), down.values.mean(),
        np.log(down.spread) if down.spread else 0.0, loadings.mean(), (loadings**2).mean(), premium, premium**2,
        premium * loadings[0], (returns * loadings[:, None]).mean(), (returns * loadings[:, None] * f).mean(),
        reliability * premium, reliability * loadings[1],
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["grouped", "grouped, with a floor", "free", "common"])
def test_leaves_the_joint_law_as_it_is(kind):
    rng, gaps = np.random.default_rng(9), []
    for _ in range(2000):
        covariance, values, reliability, premium, loadings, down, series, returns = _prior(kind, rng)
        ridge = _ridge(covariance, values, reliability, premium, loadings, down, series, returns)
        before = _functions(values, ridge.own.value, reliability, premium, loadings, down, series, returns)
        u = ridge.draw(rng)
        lower = ScaledDown(down.values / u, down.loc, down.sd, down.spread / u, down.floor, down.spread_sd)
        law = Normals(ridge.unseen.mean, u * ridge.unseen.variance)
        law = given_returns(law, *_said(loadings / u, u * premium, returns))
        law, _ = given_series(law, ridge.unseen.measured, ridge.moved(u))
        drawn = values.copy()
        drawn[:, NOISY] = MEAN[NOISY] + draw_history(law, rng)
        own = u * ridge.own.value
        after = _functions(drawn, own, ridge.moved(u), u * premium, loadings / u, lower, series, returns)
        gaps.append(np.subtract(after, before))
    gaps = np.array(gaps)
    error = gaps.std(axis=0) / len(gaps) ** 0.5
    assert np.abs(gaps.mean(axis=0) / np.where(error > 0, error, 1)).max() < 4
    assert np.mean(np.abs(gaps[:, 0]) > 0.01) > 0.8, "the move moves"


def test_the_prior_of_the_own_variance_is_that_of_the_inverse_wishart():
    rng = np.random.default_rng(1)
    covariance = invwishart(PRIOR.covariance_dof, np.diag(PRIOR.covariance_scale)).rvs(random_state=rng)
    own = OwnVariance.of(covariance, NOISY, PRIOR)
    joint = invwishart(PRIOR.covariance_dof, np.diag(PRIOR.covariance_scale))
    for u in (0.4, 1.7):  # psi alone: the others' covariance and the slopes on them stay
        moved = covariance.copy()
        moved[NOISY, NOISY] += (u - 1) * own.value
        expected = joint.logpdf(moved) - joint.logpdf(covariance)
        assert own.log_density(u) - own.log_density(1.0) == pytest.approx(expected, abs=1e-9)


def test_returns_and_series_have_the_density_of_a_dense_normal():
    rng = np.random.default_rng(4)
    covariance, values, reliability, premium, loadings, down, series, returns = _prior("grouped", rng)
    ridge = _ridge(covariance, values, reliability, premium, loadings, down, series, returns)
    unseen = ridge.unseen

    def dense(u, rho):
        value = 0.0
        for t in range(6):
            seen, known = ROOT[:, t] > 0, np.isfinite(series[:, t])
            slope = np.r_[(ROOT[:, t] * loadings / u)[seen], np.ones(known.sum())]
            noise = np.r_[SIGMA[seen] ** 2, unseen.measured.noise(rho)[known]]
            data = np.r_[(returns[:, t] - ROOT[:, t] * loadings * premium)[seen], unseen.measured.series[known, t]]
            total = u * unseen.variance[t] * np.outer(slope, slope) + np.diag(noise)
            value += multivariate_normal(slope * unseen.mean[t], total).logpdf(data)
        return value

    found = [unseen.log_density(u, rho) - unseen.log_density(1.0, 0.5) for u, rho in ((0.4, 0.2), (1.8, 0.9))]
    np.testing.assert_allclose(found, [dense(u, rho) - dense(1.0, 0.5) for u, rho in ((0.4, 0.2), (1.8, 0.9))])
