"""The posterior of means as an uncertainty set of skfolio."""

import numpy as np
import pytest
from scipy.stats import chi2
from skfolio.optimization import MeanRisk

import bayesfactor as bf
from tests.optimisers.weights import SAMPLER, UTILITY, by_cvxpy
from tests.support.synthetic_draws import synthetic_draws


def test_robust_weights_are_those_of_cvxpy(fit, x):
    """The worst mean over an ellipsoid is w'mu - kappa |L'w|; it moves the weights."""
    moments, kappa = bf.moments(fit), np.sqrt(chi2.ppf(0.9, 5))
    mean, covariance = moments.mean.to_numpy(), moments.covariance.to_numpy()
    reach = kappa * np.linalg.cholesky(moments.mean_covariance.to_numpy())
    plain, robust = (
        MeanRisk(prior_estimator=bf.FactorPrior(fit), mu_uncertainty_set_estimator=each, **UTILITY).fit(x).weights_
        for each in (None, bf.PosteriorMeans(0.9))
    )
    np.testing.assert_allclose(plain, by_cvxpy(covariance, mean, 3), atol=1e-4)
    np.testing.assert_allclose(robust, by_cvxpy(covariance, mean, 3, reach), atol=1e-4)
    assert np.abs(robust - plain).max() > 0.05


def test_the_ellipsoid_holds_the_level_of_a_normal_posterior(panel, x):
    draws = synthetic_draws(panel, chains=4, draws=5000)
    still = draws.assign(loading=0 * draws["loading"])  # so that means are the alphas, which are normal
    distribution = bf.FactorPrior(bf.from_draws(panel, still)).fit(x).return_distribution_
    found = bf.PosteriorMeans(0.8).fit(x, return_distribution=distribution).uncertainty_set_
    means = still["alpha"].values.reshape(-1, 5) - distribution.mu
    away = np.linalg.norm(np.linalg.solve(found.geometry, means.T), axis=0)
    assert (away <= found.radius).mean() == pytest.approx(0.8, abs=0.012)
    np.testing.assert_allclose(found.geometry @ found.geometry.T, distribution.mean_covariance, atol=1e-18)


def test_means_that_are_known_from_each_other_have_an_ellipsoid_of_fewer_dimensions(panel, x):
    draws = synthetic_draws(panel, doubt=0.5)
    same = draws.assign(alpha=0 * draws["alpha"] + draws["alpha"].isel(asset=0), loading=0 * draws["loading"])
    distribution = bf.FactorPrior(bf.from_draws(panel, same)).fit(x).return_distribution_
    found = bf.PosteriorMeans(0.9).fit(x, return_distribution=distribution).uncertainty_set_
    assert found.geometry.shape == (5, 1)
    assert found.radius == pytest.approx(np.sqrt(chi2.ppf(0.9, 1)))


def test_without_doubt_there_is_nothing_to_fear(panel, x):
    prior = bf.FactorPrior(bf.from_draws(panel, synthetic_draws(panel, doubt=0.0)))
    plain, robust = (
        MeanRisk(prior_estimator=prior, mu_uncertainty_set_estimator=each, **UTILITY).fit(x).weights_
        for each in (None, bf.PosteriorMeans(0.9))
    )
    np.testing.assert_allclose(plain, robust, atol=1e-5)


def test_the_level_is_of_all_means_at_once_and_none_is_no_doubt(fit, x):
    prior = bf.FactorPrior(fit)
    plain, none, some = (
        MeanRisk(prior_estimator=prior, mu_uncertainty_set_estimator=each, **UTILITY).fit(x).weights_
        for each in (None, bf.PosteriorMeans(0), bf.PosteriorMeans(0.9))
    )
    np.testing.assert_allclose(none, plain, atol=1e-5)
    assert np.abs(some - plain).max() > 0.05
    distribution = prior.fit(x).return_distribution_
    own = bf.PosteriorMeans(chi2.cdf(1.64**2, 5)).fit(x, return_distribution=distribution).uncertainty_set_
    assert own.radius == pytest.approx(1.64)


@pytest.mark.parametrize("level", [90, 1, -0.1, True, "0.9", float("nan"), None])
def test_a_level_is_a_probability_below_one(fit, x, level):
    with pytest.raises(bf.SpecError, match=r"PosteriorMeans\.level is .*; it must be a number from 0 to below 1"):
        bf.PosteriorMeans(level, bf.FactorPrior(fit)).fit(x)


def test_means_of_an_own_prior(fit, x, factors, sampled, routing):
    alone = bf.PosteriorMeans(0.9, bf.FactorPrior(fit)).fit(x).uncertainty_set_
    handed = bf.PosteriorMeans(0.9).fit(x, return_distribution=bf.FactorPrior(fit).fit(x).return_distribution_)
    np.testing.assert_allclose(alone.geometry, handed.uncertainty_set_.geometry)
    bf.PosteriorMeans(0.9, bf.FactorPrior("static", SAMPLER)).fit(x, factors=factors.loc[x.index])
    assert len(sampled) == 1


def test_an_uncertainty_set_needs_the_posterior_of_means(x):
    with pytest.raises(bf.SpecError, match="a ReturnDistribution has no posterior of expected returns"):
        MeanRisk(mu_uncertainty_set_estimator=bf.PosteriorMeans(0.9), **UTILITY).fit(x)
    with pytest.raises(bf.SpecError, match="no distribution of returns"):
        bf.PosteriorMeans(0.9).fit(x)
