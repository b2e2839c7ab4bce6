"""What is known of a factor that is seen through noise, against dense normals, quadrature and simulation."""

import numpy as np
import pytest
from scipy.stats import beta as beta_law, invwishart, norm

from bayesfactor.panel.moments import cross_products
from bayesfactor.sampling.conditional_coefficients import draw_coefficients
from bayesfactor.sampling.latents.factor_rows import draw_row_covariance, row_moments
from bayesfactor.sampling.latents.measured_history import (
    BetaPrior,
    Measured,
    Normals,
    draw_history,
    draw_reliability,
    given_others,
    given_returns,
    given_series,
    returns_say,
)
from bayesfactor.spec.factors import ScaledFactors

NOISY = 1  # the column of the factor with error


def some(rng, *, dates=6, assets=3, series=1):
    """Return numbers of every kind."""
    found = {
        "root": rng.uniform(0.5, 1.5, (assets, dates)) * (rng.uniform(size=(assets, dates)) < 0.8),
        "loading": rng.normal(0.5, 1, assets),
        "sigma": rng.uniform(0.5, 2, assets),
        "series": rng.normal(0, 1.5, (series, dates)),
        "variance": rng.uniform(1, 3, series),
    }
    found["gap"] = rng.normal(0, 2, (assets, dates)) * (found["root"] > 0)
    return found


@pytest.mark.parametrize("series", [1, 2])
def test_the_law_is_that_of_a_dense_normal(series):
    rng, k = np.random.default_rng(1), 3
    numbers = some(rng, series=series)
    root = rng.normal(size=(k, k))
    mean, covariance, weight = rng.normal(size=k), root @ root.T + np.eye(k), rng.uniform(0.5, 2, 6)
    values, reliability = rng.normal(size=(6, k)), 0.7
    measured = Measured(numbers["series"], numbers["variance"])
    law = given_others(values, NOISY, mean, covariance, weight)
    law = given_returns(law, *returns_say(numbers["gap"], numbers["root"], numbers["loading"], numbers["sigma"]))
    law, _ = given_series(law, measured, reliability)
    for t in range(6):  # f, then the gaps of assets and the series, then condition
        slope = np.concatenate([numbers["root"][:, t] * numbers["loading"], np.ones(series)])
        noise = np.concatenate([numbers["sigma"] ** 2, measured.noise(reliability)])
        seen = np.concatenate([numbers["gap"][:, t], numbers["series"][:, t]])
        design = np.vstack([np.delete(np.eye(k), NOISY, axis=0), np.outer(slope, np.eye(k)[NOISY])])
        omega = covariance / weight[t]
        total = design @ omega @ design.T + np.diag(np.concatenate([np.zeros(k - 1), noise]))
        gain = np.linalg.solve(total, design @ omega[:, NOISY])
        data = np.concatenate([np.delete(values[t], NOISY), seen])
        assert law.mean[t] == pytest.approx(mean[NOISY] + gain @ (data - design @ mean), rel=1e-10)
        assert law.variance[t] == pytest.approx(omega[NOISY, NOISY] - gain @ (design @ omega[:, NOISY]), rel=1e-10)


@pytest.mark.parametrize("series", [1, 2])
def test_the_density_of_reliability_is_an_integral_over_the_history(series):
    numbers, grid = some(np.random.default_rng(3), dates=4, series=series), np.linspace(-40, 40, 400_001)
    measured = Measured(numbers["series"], numbers["variance"])
    law = Normals(np.array([0.3, -1.0, 0.2, 0.0]), np.array([1.2, 0.4, 2.0, 1.0]))
    known = given_returns(law, *returns_say(numbers["gap"], numbers["root"], numbers["loading"], numbers["sigma"]))
    for reliability in (0.05, 0.6, 0.97):
        expected = 0.0
        for t in range(4):
            log_prior = norm(law.mean[t], law.variance[t] ** 0.5).logpdf(grid)
            for i in range(3):
                fitted = numbers["root"][i, t] * numbers["loading"][i] * grid
                log_prior += norm(fitted, numbers["sigma"][i]).logpdf(numbers["gap"][i, t])
            log_joint = log_prior.copy()
            for s in range(series):
                log_joint += norm(grid, measured.noise(reliability)[s] ** 0.5).logpdf(numbers["series"][s, t])
            expected += np.log(np.exp(log_joint).sum()) - np.log(np.exp(log_prior).sum())
        assert given_series(known, measured, reliability)[1] == pytest.approx(expected, abs=1e-8)


def test_a_value_that_is_missing_says_nothing():
    law = Normals(np.array([0.3, -1.0]), np.array([1.2, 0.4]))
    both = Measured(np.array([[0.5, 0.1], [np.nan, np.nan]]), np.array([1.0, 2.0]))
    one = Measured(both.series[:1], both.variance[:1])
    for found, expected in zip(given_series(law, both, 0.4), given_series(law, one, 0.4), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_reliability_on_the_line_has_the_beta_law():
    prior, line = BetaPrior(3.0, 1.5), np.linspace(-8, 8, 4001)
    found = np.exp([prior.log_density(at) for at in line])
    rho = 1 / (1 + np.exp(-line))
    expected = beta_law(3, 1.5).pdf(rho) * rho * (1 - rho)
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), rtol=1e-10)


def test_history_and_loading_in_turn_have_the_law_that_quadrature_finds():
    """One asset, whose only coefficient that is free is the loading: f integrated out, its density is on a line."""
    rng, dates, sigma, shift, reliability = np.random.default_rng(8), 5, 0.6, 0.4, 0.5
    measured = Measured(rng.normal(0, 1.5, (1, dates)), np.array([2.0]))
    prior, returns = Normals(np.zeros(dates), np.full(dates, 1.3)), rng.normal(0, 1.5, dates)
    seen, _ = given_series(prior, measured, reliability)
    line = np.linspace(-6, 6, 4001)
    total = sigma**2 + line**2 * seen.variance[:, None]
    away = returns[:, None] - line * (seen.mean[:, None] + shift)
    log_density = norm(0.5, 0.8).logpdf(line) - 0.5 * np.sum(np.log(total) + away**2 / total, axis=0)
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    history = seen.mean[:, None] + line * seen.variance[:, None] / total * away
    expected = [weight @ line, weight @ line**2, *(history @ weight)]

    loading, found = 0.5, []
    for _ in range(12_000):
        gap = (returns - loading * shift)[None]
        said = returns_say(gap, np.ones((1, dates)), np.array([loading]), np.array([sigma]))
        law = given_returns(prior, *said)
        f = draw_history(given_series(law, measured, reliability)[0], rng)
        moments = cross_products(returns[:, None], f[:, None])
        loc, sd = np.array([[[0.0, 0.5]]]), np.array([[[0.0, 0.8]]])
        drawn = draw_coefficients(moments, loc, sd, np.array([[sigma]]), np.array([[shift]]), rng)
        loading = drawn[0, 0, 1]
        found.append([loading, loading**2, *f])
    _agree(np.array(found), np.array(expected))


def _agree(draws, expected, limit=4.0):
    """Means of autocorrelated draws (draw, quantity) are as expected, in standard errors of batches."""
    batches = np.array([batch.mean(axis=0) for batch in np.array_split(draws, 50)])
    error = batches.std(axis=0, ddof=1) / 50**0.5
    z = (draws.mean(axis=0) - expected) / error
    assert np.abs(z).max() < limit, z


PRIOR = ScaledFactors(np.zeros(2), np.ones(2), np.array([6.0, 8.0]), 9.0)
MEAN, SHIFT = np.array([0.2, -0.1]), np.array([0.0, 0.5])
LOC, SD = np.array([0.1, 1.0, 0.6]), np.array([0.2, 0.5, 0.7])
SIGMA, VARIANCE = np.array([0.8, 1.2, 1.0]), np.array([2.0, 2.5])
WEIGHT = np.array([0.4, 0.7, 1.0, 1.0, 1.2, 1.7])
BETA = BetaPrior(4.0, 3.0)
SEEN = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 1, 1]], dtype=float)


def _returns(values, coefficients, rng):
    fitted = coefficients[:, :1] + coefficients[:, 1:] @ (values + SHIFT).T
    return fitted + SIGMA[:, None] * rng.standard_normal(fitted.shape)


def _series(values, reliability, rng):
    noise = ((1 - reliability) * VARIANCE[:, None]) ** 0.5
    return values[:, NOISY] + noise * rng.standard_normal((2, len(values)))


def _from_prior(rng):
    """Return covariance, reliability, factors, coefficients, as the model has them before any data."""
    covariance = invwishart(PRIOR.covariance_dof, np.diag(PRIOR.covariance_scale)).rvs(random_state=rng)
    values = MEAN + rng.multivariate_normal(np.zeros(2), covariance, 6) / WEIGHT[:, None] ** 0.5
    return covariance, rng.beta(BETA.a, BETA.b), values, LOC + SD * rng.standard_normal((3, 3))


def _functions(covariance, reliability, values, coefficients, returns, series):
    f, loading = values[:, NOISY], coefficients[:, 2]
    return [
        reliability, reliability**2, np.log(covariance[1, 1]), covariance[0, 1], f.mean(), (f**2).mean(), f[0] * f[3],
        loading.mean(), (loading**2).mean(), loading.mean() * f.mean(), (f * series).mean(), (f * returns[0]).mean(),
        (reliability * np.log(covariance[1, 1])), np.log(np.mean((series - f) ** 2)),
    ]  # fmt: skip


def test_joint_law_of_history_reliability_covariance_and_data():
    """Geweke (2004): given data the sampler's step, given all else new data; every function has its prior's mean."""
    rng = np.random.default_rng(4)
    first = []
    for _ in range(5000):
        covariance, reliability, values, coefficients = _from_prior(rng)
        drawn = _returns(values, coefficients, rng), _series(values, reliability, rng)
        first.append(_functions(covariance, reliability, values, coefficients, *drawn))
    covariance, reliability, values, coefficients = _from_prior(rng)
    second = []
    for _ in range(6000):
        slope = covariance[0, 1] / covariance[1, 1]
        spare = ((covariance[0, 0] - slope * covariance[0, 1]) / WEIGHT) ** 0.5
        values[:, 0] = MEAN[0] + slope * (values[:, 1] - MEAN[1]) + spare * rng.standard_normal(6)
        returns, series = _returns(values, coefficients, rng), _series(values, reliability, rng)
        second.append(_functions(covariance, reliability, values, coefficients, returns, series))
        covariance, reliability, values, coefficients = _step(reliability, values, coefficients, returns, series, rng)
    _agree(np.array(second), np.mean(first, axis=0), limit=4.0)


def _step(reliability, values, coefficients, returns, series, rng):
    """One step of the sampler that a fit makes, at priors that are fixed."""
    measured = Measured(series, VARIANCE)
    covariance = draw_row_covariance(row_moments(values, WEIGHT), PRIOR, MEAN, rng)
    others = (values + SHIFT) * [1, 0] + SHIFT * [0, 1]
    gap = SEEN * (returns - coefficients[:, :1] - coefficients[:, 1:] @ others.T)
    law = given_others(values, NOISY, MEAN, covariance, WEIGHT)
    law = given_returns(law, *returns_say(gap, SEEN, coefficients[:, 2], SIGMA))
    reliability = draw_reliability(law, measured, BETA, reliability, rng)
    values = np.stack([values[:, 0], draw_history(given_series(law, measured, reliability)[0], rng)], axis=1)
    moments = cross_products(np.where(SEEN.T > 0, returns.T, np.nan), values)
    each = np.broadcast_to(LOC, (1, 3, 3)), np.broadcast_to(SD, (1, 3, 3)), SIGMA[None], SHIFT[None]
    return covariance, reliability, values, draw_coefficients(moments, *each, rng)[0]


def test_law_of_the_covariance_is_the_inverse_wishart():
    rng = np.random.default_rng(6)
    values = rng.multivariate_normal(MEAN, np.array([[1.0, 0.4], [0.4, 2.0]]), 6)
    span, away = row_moments(values, WEIGHT), values - MEAN
    scale = np.diag(PRIOR.covariance_scale) + (WEIGHT[:, None] * away).T @ away
    found = np.array([draw_row_covariance(span, PRIOR, MEAN, rng) for _ in range(4000)])
    expected = scale / (PRIOR.covariance_dof + 6 - 3)
    z = (found.mean(axis=0) - expected) / (found.std(axis=0) / 4000**0.5)
    assert np.abs(z).max() < 4
