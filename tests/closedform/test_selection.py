"""Spike and slab: every model against its plain formula, laws, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.closedform.data import rectangle
from bayesfactor.closedform.discountfactor.enumeration import SlabPrior, enumerate_models, mixture, sample
from bayesfactor.closedform.discountfactor.prices import prices_of_risk
from bayesfactor.closedform.discountfactor.selection import ContinuousSpike, DiracSpike, spike_and_slab
from bayesfactor.closedform.discountfactor.slab import sharpe_for_slab
from bayesfactor.closedform.saturated import pricing_draws
from tests.support.panels import make_panel

N = 7
PRIORS = {
    "continuous": SlabPrior(np.array([0.5, 0.8, 0.3]), 0.001, np.zeros(3), 0.3, None, N),
    "continuous, intercept": SlabPrior(np.array([0.5, 0.8, 0.3]), 0.01, np.zeros(3), 0.6, 1e-5, N),
    "dirac": SlabPrior(np.array([0.5, 0.8, 0.3]), 0.0, np.zeros(3), 0.3, None, N),
    "dirac elsewhere, intercept": SlabPrior(np.array([0.5, 0.8, 0.3]), 0.0, np.array([0.1, 0, -0.2]), 0.5, 1e-5, N),
}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=N, traded=2, other=1, periods=200, seed=1)


@pytest.fixture(scope="module", params=PRIORS.values(), ids=PRIORS.keys())
def case(request, panel):
    """A prior, and five cross-sections."""
    rect = rectangle(panel, "test")
    (pricing,) = pricing_draws(rect, "gls", request.param.intercept is not None, 5, 3)
    return request.param, pricing


def plain(pricing, prior, d, inside):
    """Return mean, spread, sum of squares and log weight of one model in one draw, straight from the formulas."""
    first = prior.first
    keep = np.array([True] * first + [bool(one) or prior.ratio > 0 for one in inside])
    scale = np.where(inside, 1.0, prior.ratio)
    precision = np.concatenate([[1e-5] * first, 1 / np.maximum(scale * prior.variance, 1e-300)])
    fixed = np.concatenate([np.zeros(first), np.where(inside, 0, prior.point)])
    cross, right = pricing.cross[d], pricing.right[d] - pricing.cross[d] @ fixed
    square = pricing.square[d] - 2 * pricing.right[d] @ fixed + fixed @ pricing.cross[d] @ fixed
    a = cross[np.ix_(keep, keep)] + np.diag(precision[keep])
    mean, spread = fixed.copy(), np.zeros(len(keep))
    mean[keep], spread[keep] = np.linalg.solve(a, right[keep]), np.diag(np.linalg.inv(a))
    errors = square - right[keep] @ mean[keep]
    weight = 0.5 * (np.log(precision[keep]).sum() - np.linalg.slogdet(a)[1])
    odds = sum(np.log(prior.inclusion if one else 1 - prior.inclusion) for one in inside)
    return mean, spread, errors, weight + odds


def test_every_model_has_its_plain_formula(case):
    prior, pricing = case
    mean, spread, errors, weight = enumerate_models(pricing, prior)
    for d in range(5):
        wanted = [plain(pricing, prior, d, inside) for inside in prior.members]
        np.testing.assert_allclose(mean[d], [one[0] for one in wanted], atol=1e-10)
        np.testing.assert_allclose(spread[d], [one[1] for one in wanted], atol=1e-10)
        np.testing.assert_allclose(errors[d], [one[2] for one in wanted], rtol=1e-9)
        plain_weight = np.array([one[3] for one in wanted])
        np.testing.assert_allclose(weight[d] - weight[d, -1], plain_weight - plain_weight[-1], atol=1e-9)


def test_integral_over_prices_and_variance_by_quadrature():
    """One factor, three assets: the two marginal likelihoods, with prices and sigma^2 integrated on a grid."""
    panel = make_panel(assets=3, traded=1, other=0, periods=200, seed=4)
    prior = SlabPrior(np.array([0.4]), 0.05, np.zeros(1), 0.5, None, 3)
    (pricing,) = pricing_draws(rectangle(panel, "test"), "ols", False, 2, 1)
    found = mixture(pricing, prior, np.random.default_rng(1)).inclusion[0, 0]
    c, h, q = pricing.cross[0, 0, 0], pricing.right[0, 0], pricing.square[0]
    variance = np.exp(np.linspace(np.log(q) - 12, np.log(q) + 20, 1500))[:, None]
    price = np.linspace(-12, 12, 1201)[None, :] * np.sqrt(variance)  # in units of sigma, so d price = sigma d grid
    fit = np.exp(-0.5 * (q - 2 * price * h + price**2 * c) / variance) / variance**1.5
    inside, outside = (
        (fit * stats.norm.pdf(price, 0, np.sqrt(psi * variance)) * np.sqrt(variance)).sum() for psi in (0.4, 0.02)
    )
    assert found == pytest.approx(inside / (inside + outside), rel=1e-6)


def test_draws_have_the_moments_of_the_mixture(case):
    prior, pricing = case
    repeat = {name: np.repeat(getattr(pricing, name)[:1], 40_000, axis=0) for name in ("cross", "right", "square")}
    pricing = replace(pricing, **repeat)
    rng = np.random.default_rng(5)
    found = mixture(pricing, prior, rng)
    draws = sample(pricing, prior, found.picked, rng)
    error = np.sqrt(found.second[0] - found.mean[0] ** 2) / 200
    assert (np.abs(draws.mean(axis=0) - found.mean[0]) < 5 * error).all()
    square = draws**2
    assert (np.abs(square.mean(axis=0) - found.second[0]) < 5 * square.std(axis=0) / 200).all()
    share = prior.members[found.picked].mean(axis=0)
    assert (np.abs(share - found.inclusion[0]) < 5 * 0.5 / 200).all()


def test_a_thin_spike_is_a_point(panel):
    thin = spike_and_slab(panel, intercept=True, spike=ContinuousSpike(1e-10), draws=300)
    point = spike_and_slab(panel, intercept=True, spike=DiracSpike(), draws=300)
    np.testing.assert_allclose(thin.inclusion, point.inclusion, atol=1e-6)
    np.testing.assert_allclose(thin.price_sd, point.price_sd, rtol=1e-5)


@pytest.mark.parametrize("weights", ["ols", "gls"])
def test_permuting_and_rescaling(panel, weights):
    one = spike_and_slab(panel, weights, draws=20_000)
    order = ["f2", "f0", "f1"]
    two = spike_and_slab(panel.select(assets=panel.assets[::-1], factors=order), weights, draws=20_000, seed=2)
    error = np.hypot(one.inclusion_mcse, two.inclusion_mcse.sel(factor=one.inclusion["factor"]))
    assert (np.abs(one.inclusion - two.inclusion.sel(factor=one.inclusion["factor"])) < 5 * error + 1e-12).all()
    scaled = replace(panel, returns=panel.returns * 100, factors=panel.factors * [3.0, 0.1, 50.0])
    short, again = (spike_and_slab(each, weights, draws=300) for each in (panel, scaled))
    np.testing.assert_allclose(short.inclusion, again.inclusion, rtol=1e-7)
    np.testing.assert_allclose(short.price_mean, again.price_mean, rtol=1e-6)


def test_a_useless_factor_stays_at_its_prior():
    panel = make_panel(assets=25, traded=1, other=1, periods=1000, seed=5, zero=(1,))
    for inclusion in (0.2, 0.5):
        table = spike_and_slab(panel, inclusion=inclusion, intercept=True).table()
        assert abs(table.loc["f1", "posterior"] - inclusion) < 0.1
        flat = prices_of_risk(panel, intercept=True, draws=2000).table()
        assert abs(table.loc["f1", "mean"]) < 0.02 * flat.loc["f1", "sd"]


def test_a_priced_factor_is_found():
    """Two factors that assets are exposed to; only the first is paid, and alphas are larger than sampling error."""
    panel = make_panel(assets=25, traded=0, other=2, periods=5000, seed=9)
    rng = np.random.default_rng(2)
    factors, loading = rng.normal(size=(5000, 2)), rng.normal([1, 0], 1, size=(25, 2))
    returns = 0.3 * loading[:, 0] + rng.normal(0, 0.1, size=25) + factors @ loading.T + rng.normal(size=(5000, 25))
    found = spike_and_slab(
        replace(panel, returns=panel.returns.copy(data=returns), factors=panel.factors.copy(data=factors)), slab=5
    )
    table = found.table()
    assert table.loc["f0", "posterior"] > 0.99
    assert table.loc["f1", "posterior"] < 0.5
    assert table.loc["f0", "mean_per_period"] == pytest.approx(0.3, abs=0.05)


def test_tables(panel):
    found = spike_and_slab(panel, intercept=True, inclusion=0.3, slab=2.0, draws=400)
    table = found.table(ci_prob=0.8, ci_kind="hdi")
    assert list(table.index) == ["f0", "f1", "f2"]
    assert (table["prior"] == 0.3).all()
    assert table.attrs["prior_odds"] == pytest.approx(3 / 7)
    assert table.attrs["ci_prob"] == 0.8
    assert table.attrs["prior_sharpe"] == sharpe_for_slab(panel, 2.0, inclusion=0.3, intercept=True)
    np.testing.assert_allclose(table["mean"], table["mean_per_period"] * 252**0.5)
    models, sizes = found.models(8), found.sizes()
    assert models["posterior"].sum() == pytest.approx(1)
    assert models["prior"].sum() == pytest.approx(1)
    assert models.loc["none", "factors"] == 0
    np.testing.assert_allclose(sizes["prior"], stats.binom(3, 0.3).pmf(range(4)))
    np.testing.assert_allclose(sizes["posterior"] @ np.arange(4), table["posterior"].sum())
    holds_f1 = models.index.str.contains("f1")
    assert models.loc[holds_f1, "posterior"].sum() == pytest.approx(table.loc["f1", "posterior"])
    assert not found.inclusion.values.flags.writeable
    np.testing.assert_array_equal(
        found.draws, spike_and_slab(panel, intercept=True, inclusion=0.3, slab=2.0, draws=400).draws
    )


def test_draws_are_split_when_models_are_many():
    """Twelve factors: the pieces that memory allows give what one piece would."""
    panel = make_panel(assets=14, traded=12, other=0, periods=200, seed=3)
    found = spike_and_slab(panel, slab=0.5, draws=60)
    assert found.model_probability.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.model_probability @ found.member, found.inclusion, rtol=1e-10)


def test_refusals(panel):
    with pytest.raises(bf.SpecError, match="at most 2\\^15, but the panel has 16 factors"):
        spike_and_slab(make_panel(assets=4, traded=16, other=0, periods=100))
    with pytest.raises(bf.DataError, match="three assets"):
        spike_and_slab(panel.select(assets=panel.assets[:2]))
    with pytest.raises(bf.SpecError, match=r"ContinuousSpike\.ratio"):
        spike_and_slab(panel, spike=ContinuousSpike(0))
    with pytest.raises(bf.SpecError, match="unknown factor 'fo'"):
        spike_and_slab(panel, spike=DiracSpike((("fo", 0.1),)))
    with pytest.raises(bf.SpecError, match=r"DiracSpike\.at: f0"):
        spike_and_slab(panel, spike=DiracSpike((("f0", "much"),)))
    with pytest.raises(bf.SpecError, match=r"spike_and_slab\.spike"):
        spike_and_slab(panel, spike="dirac")
    with pytest.raises(bf.SpecError, match=r"spike_and_slab\.slab"):
        spike_and_slab(panel, slab=-1)
    with pytest.raises(bf.SpecError, match=r"spike_and_slab\.inclusion"):
        spike_and_slab(panel, inclusion=1)
    with pytest.raises(bf.SpecError, match="unknown weights"):
        spike_and_slab(panel, "wls")
    with pytest.raises(bf.SpecError, match="draws is 0"):
        spike_and_slab(panel, draws=0)
    with pytest.raises(bf.SpecError, match="expected a Panel"):
        spike_and_slab("panel")


def test_hypotheses_are_pairs_or_a_mapping():
    assert DiracSpike({"f0": 0.2}) == DiracSpike((("f0", 0.2),))
    for at in ("f0", ("f0",), 3):
        with pytest.raises(bf.SpecError, match="must hold factors and values"):
            DiracSpike(at)
