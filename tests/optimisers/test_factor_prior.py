"""The predictive law as a prior of skfolio."""

import numpy as np
import pytest
from skfolio import RiskMeasure
from skfolio.optimization import MeanRisk

import bayesfactor as bf
from tests.optimisers.weights import EXACT, GROUPS, SAMPLER, UTILITY, by_cvxpy


def test_the_prior_is_the_predictive_law(fit, x):
    found, wanted = bf.FactorPrior(fit).fit(x).return_distribution_, bf.moments(fit)
    np.testing.assert_allclose(found.mu, wanted.mean)
    np.testing.assert_allclose(found.covariance, wanted.covariance)
    np.testing.assert_allclose(found.mean_covariance, wanted.mean_covariance)
    np.testing.assert_allclose(found.returns, bf.forecast(fit).draws.values.reshape(-1, 5))
    assert found.factor_model is None


def test_minimum_variance_weights_are_those_of_cvxpy(fit, x):
    found = MeanRisk(prior_estimator=bf.FactorPrior(fit), solver_params=EXACT).fit(x).weights_
    np.testing.assert_allclose(found, by_cvxpy(bf.moments(fit).covariance.to_numpy()), atol=1e-4)


def test_assets_without_a_last_return_are_fitted_and_not_held(fit, x):
    """skfolio makes a distribution of those that can be held: the doubt about means has to be among it."""
    gone, kept = x.assign(unseen=np.nan), [0, 2, 3, 4]
    gone.iloc[-1, 1] = np.nan
    prior = bf.FactorPrior(fit)
    found = prior.fit(gone).return_distribution_
    np.testing.assert_array_equal(found.investable_mask, [True, False, True, True, True, False])
    assert np.isnan(found.returns[:, [1, 5]]).all()
    assert np.isfinite(found.returns[:, kept]).all()
    np.testing.assert_allclose(found.mu[kept], bf.moments(fit).mean.to_numpy()[kept])
    few = found.investable_subset()
    np.testing.assert_array_equal(few.mean_covariance, found.mean_covariance[np.ix_(kept, kept)])
    robust = MeanRisk(prior_estimator=prior, mu_uncertainty_set_estimator=bf.PosteriorMeans(0.9), **UTILITY).fit(gone)
    assert robust.weights_[1] == robust.weights_[5] == 0
    assert robust.weights_.sum() == pytest.approx(1)


def test_columns_meet_the_fit_by_name(fit, x):
    one = bf.FactorPrior(fit).fit(x).return_distribution_
    other = bf.FactorPrior(fit).fit(x[x.columns[::-1]]).return_distribution_
    np.testing.assert_array_equal(other.mu[::-1], one.mu)
    np.testing.assert_array_equal(other.covariance[::-1, ::-1], one.covariance)
    np.testing.assert_array_equal(other.returns[:, ::-1], one.returns)


def test_dates_with_a_time_zone_are_those_of_their_days(fit, x, factors, sampled):
    zoned = x.tz_localize("Europe/Paris")
    one, other = (bf.FactorPrior(fit).fit(each).return_distribution_ for each in (x, zoned))
    np.testing.assert_array_equal(one.mu, other.mu)
    bf.FactorPrior("static", SAMPLER, factors=factors).fit(zoned)
    assert sampled[0][0].times[-1] == x.index[-1]


def test_tail_risk_sees_the_scenarios(fit, x):
    """No other weights have a smaller mean of the five worst of a hundred scenarios."""
    prior = bf.FactorPrior(fit, scenarios=100)
    found = MeanRisk(prior_estimator=prior, risk_measure=RiskMeasure.CVAR, solver_params=EXACT).fit(x)
    scenarios = found.prior_estimator_.return_distribution_.returns
    assert scenarios.shape == (100, 5)

    def shortfall(weights):
        return np.sort(-scenarios @ weights)[-5:].mean()

    others = np.random.default_rng(1).dirichlet(np.ones(5), size=100)
    assert shortfall(found.weights_) <= min(map(shortfall, others)) + 1e-9


def test_a_fit_with_problems_says_so(fit, x):
    assert bf.FactorPrior(fit).fit(x).problems_ == fit.problems


def test_what_cannot_be_used_is_refused(x, factors, sampled):
    prior = bf.FactorPrior("static", SAMPLER)
    with pytest.raises(bf.SpecError, match="there are no factors"):
        prior.fit(x)
    with pytest.raises(bf.SpecError, match="to the constructor and to fit"):
        bf.FactorPrior("static", factors=factors).fit(x, factors=factors)
    for wrong in (x.to_numpy(), x.reset_index(drop=True), x.iloc[::-1], x.iloc[:0]):
        with pytest.raises(bf.DataError, match="FactorPrior: X "):
            prior.fit(wrong, factors=factors)
        with pytest.raises(bf.DataError, match="FactorPrior: factors "):
            prior.fit(x, factors=wrong)
    with pytest.raises(bf.DataError, match="X has two columns 'a00'"):
        prior.fit(x.rename(columns={"a01": "a00"}), factors=factors)
    with pytest.raises(bf.DataError, match="X has a column 1, a int, and names are text"):
        prior.fit(x.rename(columns={"a01": 1}), factors=factors)
    with pytest.raises(bf.DataError, match=r"factors begin on 20\d\d-\d\d-\d\d, and X ends on"):
        prior.fit(x.iloc[:50], factors=factors.loc[x.index[60] :])
    with pytest.raises(bf.DataError, match=r"meet on \d rows \(monthly\) of \d+ that X has in that time"):
        prior.fit(x, factors=factors.resample("ME").sum())
    assert not sampled


def test_factors_that_ended_are_refused_and_a_few_days_of_delay_are_not(x, factors, sampled):
    """Else every later step of a walk would be of the same old rows."""
    with pytest.raises(bf.DataError, match="up to 2015-06-01, and X has 12 rows after that, up to 2015-06-17"):
        bf.FactorPrior("static", SAMPLER, factors=factors.loc[: x.index[107]]).fit(x)
    assert not sampled
    bf.FactorPrior("static", SAMPLER, factors=factors.loc[: x.index[-5]]).fit(x)
    assert sampled[0][0].times[-1] == x.index[-5]


@pytest.mark.parametrize("scenarios", [1000, 1, 2.5, True])
def test_scenarios_are_as_many_as_there_are_draws(fit, x, scenarios):
    with pytest.raises(bf.SpecError, match=r"scenarios is .* from 2 to 400, the draws of the fit"):
        bf.FactorPrior(fit, scenarios=scenarios).fit(x)


def test_a_fit_that_is_given_has_to_be_of_the_past_and_nothing_goes_unread(fit, x, factors):
    with pytest.raises(bf.SpecError, match="the fit has seen returns up to"):
        bf.FactorPrior(fit).fit(x.iloc[:60])
    with pytest.raises(bf.SpecError, match=r"unknown asset of the fit 'a0'\. Did you mean 'a0.'"):
        bf.FactorPrior(fit).fit(x.rename(columns={"a00": "a0"}))
    for name, value in {"sampler": SAMPLER, "factors": factors, "asset_info": GROUPS, "factor_info": {}}.items():
        with pytest.raises(bf.SpecError, match=f"has been sampled, and {name} would not be read"):
            bf.FactorPrior(fit, **{name: value}).fit(x)
