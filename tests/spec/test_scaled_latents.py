"""Residual factors, inclusion and reliability as numbers per period, their log prior, and draws from the prior."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, halfnorm

import bayesfactor as bf
from bayesfactor.spec.named_residual_factors import named_residual_factors
from tests.support.panels import make_panel
from tests.support.scaled import priors_of, units_of


@pytest.fixture(scope="module")
def panel():
    """f0 is the market and f1 a style, both traded; f2 and f3 are on-chain."""
    return make_panel(assets=6, traded=2, other=2, periods=80, seed=3)


def of_noise(panel, **parts):
    return priors_of(panel, replace(bf.FactorModel(), noise=replace(bf.FactorModel().noise, **parts))).residual_factors


def test_loadings_on_residual_factors_count_in_the_typical_standard_deviation(panel):
    typical = np.median(np.std(panel.returns.values, axis=0))
    found = of_noise(panel, common=bf.CommonResiduals("auto", bf.HalfNormal(0.3), bf.Normal(0.1, 0.4)))
    assert (found.loc, found.sd, found.spread) == pytest.approx((0.1 * typical, 0.4 * typical, 0.3 * typical), rel=1e-9)
    assert (found.group_loc, found.group_sd) == (None, None)
    found = of_noise(panel, groups=bf.Normal(0.25, 0.2))
    assert (found.group_loc, found.group_sd) == pytest.approx((0.25 * typical, 0.2 * typical), rel=1e-9)
    assert found.spread == pytest.approx(0.25 * typical, rel=1e-9)


def test_a_model_without_latent_variables_has_none(panel):
    for model in (bf.FactorModel(), *(bf.read_model(name) for name in ("unpooled", "pooled", "student_t"))):
        priors = priors_of(panel, model)
        assert priors.residual_factors is priors.inclusion is priors.reliability is None
        np.testing.assert_array_equal(priors.loadings.floor, np.zeros(4))


def sparse(*inclusion):
    return replace(bf.FactorModel(), loadings=replace(bf.FactorModel().loadings, inclusion=inclusion))


def test_inclusion_of_every_factor(panel):
    style = bf.BetaInclusion(2.0, 3.0, "group", floor=0.2)
    model = sparse(("style", style), ("default", bf.BetaInclusion(1.0, 4.0)), ("market", 1.0))
    priors = priors_of(panel, model)
    np.testing.assert_array_equal(priors.inclusion.free, [False, True, True, True])
    np.testing.assert_array_equal(priors.inclusion.a, [1.0, 2.0, 1.0, 1.0])
    np.testing.assert_array_equal(priors.inclusion.b, [1.0, 3.0, 4.0, 4.0])
    np.testing.assert_array_equal(priors.inclusion.to_group, [False, True, False, False])
    unit = units_of(panel).typical_sd / np.std(panel.factors.values, axis=0, ddof=1)
    np.testing.assert_allclose(priors.loadings.floor, np.array([0.0, 0.2, 0.1, 0.1]) * unit, rtol=1e-12)
    in_beta = replace(dict(model.loadings.prior)["market"], units="beta")
    own = replace(model.loadings, prior=(("default", in_beta),))
    np.testing.assert_allclose(priors_of(panel, replace(model, loadings=own)).loadings.floor, [0.0, 0.2, 0.1, 0.1])


def test_a_factor_without_a_key_is_always_in(panel):
    priors = priors_of(panel, sparse(("style", bf.BetaInclusion(2.0, 3.0))))
    np.testing.assert_array_equal(priors.inclusion.free, [False, True, False, False])
    assert priors_of(panel, sparse(("rates", bf.BetaInclusion(2.0, 3.0)), ("market", 1.0))).inclusion is None


def test_reliability_of_every_factor(panel):
    error = (("f1", bf.KnownReliability(0.9, unbiased=True)), ("f2", bf.BetaReliability(8.0, 4.0)))
    found = priors_of(panel, bf.FactorModel(factors=bf.FactorLaw(error=error))).reliability
    np.testing.assert_array_equal(found.noisy, [False, True, True, False])
    np.testing.assert_array_equal(found.known, [1.0, 0.9, np.nan, 1.0])
    np.testing.assert_array_equal(found.a, [1.0, 1.0, 8.0, 1.0])
    np.testing.assert_array_equal(found.b, [1.0, 1.0, 4.0, 1.0])
    np.testing.assert_allclose(found.variance, np.var(panel.factors.values, axis=0, ddof=1), rtol=1e-12)
    absent = (("rates", bf.KnownReliability(0.9)),)
    assert priors_of(panel, bf.FactorModel(factors=bf.FactorLaw(error=absent))).reliability is None


def test_log_priors_are_those_of_beta_and_half_normal_laws(panel):
    error = (("f1", bf.KnownReliability(0.9, unbiased=True)), ("f2", bf.BetaReliability(8.0, 4.0)))
    loadings = sparse(("market", 1.0), ("default", bf.BetaInclusion(2.0, 3.0))).loadings
    priors = priors_of(panel, bf.FactorModel(loadings=loadings, factors=bf.FactorLaw(error=error)))
    rng = np.random.default_rng(0)
    rate, rho = rng.uniform(0.1, 0.9, (2, 5, 4))
    rate[:, 0], rho[:, [0, 1, 3]] = 1.0, [1.0, 0.9, 1.0]
    scale = priors.loadings.floor + priors.loadings.spread * np.abs(rng.standard_normal((5, 4)))
    found = priors.log_prior({"inclusion_rate": rate, "reliability": rho, "loading_scale": scale})
    assert set(found) == {"inclusion_rate", "reliability", "loading_scale"}
    wanted = {
        "inclusion_rate": beta.logpdf(rate[:, 1:], 2.0, 3.0).sum(axis=1),
        "reliability": beta.logpdf(rho[:, 2], 8.0, 4.0),
        "loading_scale": halfnorm.logpdf(scale, priors.loadings.floor, priors.loadings.spread).sum(axis=1),
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name] - found[name][0], values - values[0], atol=1e-12)
    plain = priors_of(panel, bf.FactorModel())
    assert set(plain.log_prior({"inclusion_rate": rate, "reliability": rho})) == set()


def test_draws_of_loadings_from_the_prior_are_out_as_often_as_it_says(panel):
    style = bf.BetaInclusion(2.0, 3.0, "group")
    model = sparse(("style", style), ("default", bf.BetaInclusion(1.0, 4.0)), ("market", 1.0))
    law, groups = priors_of(panel, model).loadings, np.zeros(3, dtype=int)
    loading = model.loadings.simulate(law, groups, 40_000, np.random.default_rng(1))
    assert np.all(loading[:, :, 0] != 0)
    both = np.isclose(loading[:, 0], loading[:, 1], rtol=0, atol=0)
    for k, a, b, is_out in ((1, 2.0, 3.0, both[:, 1]), (2, 1.0, 4.0, both[:, 2])):
        wanted = b * (b + 1) / ((a + b) * (a + b + 1))  # E[(1 - pi)^2]: both of two loadings are out
        assert abs(is_out.mean() - wanted) < 4.5 * (wanted * (1 - wanted) / len(is_out)) ** 0.5, k
    assert np.all(loading[both[:, 2], 0, 2] == 0)
    assert np.std(loading[both[:, 1], 0, 1]) == pytest.approx(law.sd[1], rel=0.03)


def test_the_spread_of_loadings_that_are_in_is_at_least_the_floor(panel):
    narrow = replace(dict(bf.FactorModel().loadings.prior)["default"], spread=bf.HalfNormal(1e-9))
    inclusion = (("default", bf.BetaInclusion(1e6, 1e-6, floor=0.4)),)
    loadings = bf.GroupedLoadings((("default", narrow),), inclusion=inclusion)
    law = priors_of(panel, replace(bf.FactorModel(), loadings=loadings)).loadings
    drawn = loadings.simulate(law, np.zeros(2, dtype=int), 20_000, np.random.default_rng(2))
    apart = np.std(drawn[:, 0] - drawn[:, 1], axis=0) / 2**0.5
    np.testing.assert_allclose(apart, law.floor, rtol=0.03)


def test_only_groups_that_share_and_as_many_factors_as_assets_tell_apart(panel):
    """Of two assets one factor, of six three; a group of one asset has none of its own."""
    noise = replace(bf.FactorModel().noise, groups=bf.Normal(0.25, 0.2), common=bf.CommonResiduals(3))
    model = replace(bf.FactorModel(), noise=noise)
    group = ("one", "one", "one", "two", "two", "alone")
    grouped = replace(panel, groups=panel.groups.copy(data=np.array(group)))
    found = named_residual_factors(model.design(grouped), model, priors_of(grouped, model))
    assert found.names == ("common 1", "common 2", "common 3", "one", "two")
    np.testing.assert_array_equal(found.member[:, 3:], [[name == own for name in ("one", "two")] for own in group])
    more = replace(model, noise=replace(noise, common=bf.CommonResiduals(4)))
    with pytest.raises(bf.SpecError, match="count is 4: the covariances of 6 assets tell at most 3") as caught:
        named_residual_factors(more.design(panel), more, priors_of(panel, more))
    assert "Ask for 3" in caught.value.remedy
