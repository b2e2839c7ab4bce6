"""What skfolio and scikit-learn do with estimators: clones, routing, walking forward, and what is easily got wrong."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.optimization import MeanRisk
from skfolio.prior import EmpiricalPrior, FactorModel, ReturnDistribution

import bayesfactor as bf
from tests.optimisers.weights import EXACT, GROUPS, SAMPLER, UTILITY, by_cvxpy


def test_skfolio_takes_no_covariance_beside_a_factor_model():
    """Why none is set: with one, the variance is that of the factor model's own square root."""
    variance, scenarios = np.array([1.0, 4, 9, 16, 25]) * 1e-4, np.random.default_rng(0).normal(0, 0.01, (50, 5))
    other = FactorModel(
        observations=np.arange(50),
        asset_names=np.array(list("abcde")),
        factor_names=np.array(["f"]),
        factor_families=None,
        loading_matrix=np.ones((5, 1)),
        exposures=None,
        factor_covariance=np.array([[1e-8]]),
        factor_mu=np.zeros(1),
        factor_returns=np.zeros((50, 1)),
        idio_covariance=variance[::-1],
        idio_variances=None,
        idio_mu=None,
        idio_returns=np.zeros((50, 5)),
    )

    class Given(EmpiricalPrior):
        model = None

        def fit(self, X, y=None):
            self.return_distribution_ = ReturnDistribution(
                np.zeros(5), np.diag(variance), scenarios, factor_model=self.model
            )
            return self

    class WithModel(Given):
        model = other

    plain, ignored = (
        MeanRisk(prior_estimator=each(), solver_params=EXACT).fit(scenarios).weights_ for each in (Given, WithModel)
    )
    np.testing.assert_allclose(plain, [0.683, 0.171, 0.076, 0.043, 0.027], atol=5e-4)
    np.testing.assert_allclose(ignored, plain[::-1], atol=1e-3)


def test_skfolio_makes_a_year_of_252_periods_unless_it_is_told(fit, x):
    """Of monthly returns the Sharpe ratio of a year is sqrt(12) times that of a month."""
    for given, periods in (({}, 252), ({"annualization_factor": 12}, 12)):
        model = MeanRisk(prior_estimator=bf.FactorPrior(fit), portfolio_params=given).fit(x)
        found = model.predict(x)
        assert found.annualized_sharpe_ratio == pytest.approx(found.sharpe_ratio * np.sqrt(periods))


@pytest.mark.parametrize("estimator", [bf.FactorPrior("static", SAMPLER, scenarios=10), bf.PosteriorMeans(0.8)])
def test_estimators_can_be_cloned_and_changed(estimator):
    found = sklearn.base.clone(estimator)
    assert found.get_params() == estimator.get_params()
    found.set_params(**{next(iter(found.get_params())): "other"})
    assert found.get_params() != estimator.get_params()


def test_a_prior_of_a_fit_can_be_cloned(fit, x):
    found = sklearn.base.clone(bf.FactorPrior(fit)).fit(x).return_distribution_
    np.testing.assert_array_equal(found.mu, bf.FactorPrior(fit).fit(x).return_distribution_.mu)


def test_factors_of_the_constructor_are_cut_at_the_last_date(x, factors, sampled):
    bf.FactorPrior("static", SAMPLER, factors=factors, asset_info=GROUPS).fit(x.iloc[:80])
    ((panel, model, sampler),) = sampled
    assert (model, sampler) == ("static", SAMPLER)
    assert panel.factors["time"].values[0] == factors.index[0]
    assert panel.factors["time"].values[-1] == panel.times[-1] == x.index[79]
    assert panel.group_names == ("even", "odd")


def test_factors_are_routed_and_a_prior_is_fitted_once(x, factors, sampled, routing):
    """However many ask for its distribution; weights are those without routing."""
    own = factors.loc[x.index]
    robust = {"mu_uncertainty_set_estimator": bf.PosteriorMeans(0.9), **UTILITY}
    one = MeanRisk(prior_estimator=bf.FactorPrior("static", SAMPLER), **robust).fit(x, factors=own)
    assert len(sampled) == 1
    with sklearn.config_context(enable_metadata_routing=False):
        other = MeanRisk(prior_estimator=bf.FactorPrior("static", SAMPLER, factors=own), **robust).fit(x)
    np.testing.assert_allclose(one.weights_, other.weights_, atol=1e-9)
    np.testing.assert_array_equal(sampled[0][0].factors, sampled[1][0].factors)


def test_walking_forward_no_step_sees_what_comes_after(x, factors, sampled, routing):
    model = MeanRisk(prior_estimator=bf.FactorPrior("static", SAMPLER))
    found = cross_val_predict(model, x, params={"factors": factors.loc[x.index]}, cv=WalkForward(20, 60))
    assert [panel.times[-1] for panel, *_ in sampled] == [x.index[row] for row in (59, 79, 99)]
    assert all(panel.factors["time"].values[-1] == panel.times[-1] for panel, *_ in sampled)
    assert len(found.returns) == 60


def test_walking_forward_with_sampling(x):
    """Weights of each step are those of a fit by hand on the rows before it; one asset is listed late."""
    late = x.copy()
    late.iloc[:90, 4] = np.nan
    noise = np.random.default_rng(1).normal(0, 0.002, len(x))
    factors = pd.DataFrame({"market": x.mean(axis=1) + noise}, x.index)
    prior = bf.FactorPrior("static", SAMPLER, factors=factors)
    model = MeanRisk(prior_estimator=prior, solver_params=EXACT)
    found = cross_val_predict(model, late.iloc[:119], cv=WalkForward(19, 80))
    assert len(found.portfolios) == 2
    for portfolio, first in zip(found.portfolios, (0, 19), strict=True):
        seen = late.iloc[first : first + 80].dropna(axis=1, how="all")
        fit = bf.fit(bf.integrate(seen, factors.loc[: seen.index[-1]]), "static", SAMPLER)
        wanted = by_cvxpy(bf.moments(fit).covariance.to_numpy())
        np.testing.assert_allclose(portfolio.weights[: len(wanted)], wanted, atol=1e-4)
        assert len(wanted) == 4 + bool(first)
