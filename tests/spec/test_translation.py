"""Priors that depend on the panel: mispricing tied to residual risk, slabs tied to the strength of loadings."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.panel.records import Calendar
from bayesfactor.panel.regressions import robust_fit
from bayesfactor.spec.alphas import AppraisalAlpha, FreeZeroBeta, ScaledAlpha, SharpeAlpha
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, Normal, NormalRate, Rate, SpikeSlab
from bayesfactor.spec.units import FAINTEST
from tests.support.panels import make_panel
from tests.support.scaled import priors_of, units_of


def regressions(panel):
    """Return per asset coefficients, residual standard deviation and standard errors by the textbook formulas."""
    for i in range(len(panel.assets)):
        y = panel.returns.values[:, i]
        seen = np.isfinite(y)
        x = np.c_[np.ones(seen.sum()), panel.factors.values[seen]]
        b, rss, _, _ = np.linalg.lstsq(x, y[seen])
        s2 = rss[0] / (seen.sum() - x.shape[1])
        yield b, s2**0.5, np.sqrt(s2 * np.diag(np.linalg.inv(x.T @ x))), np.std(y[seen])


@pytest.mark.parametrize("year", [252, 12])
def test_mispricing_is_tied_to_residual_risk(year):
    panel = replace(make_panel(assets=6, periods=90, shortest=40, seed=3), calendar=Calendar("any", year))
    s = np.sqrt(np.mean([sd**2 for _, sd, _, _ in regressions(panel)]))
    assert units_of(panel).residual_scale == pytest.approx(s, rel=1e-9)
    scaled = priors_of(panel, replace(bf.FactorModel(), alpha=ScaledAlpha(HalfNormalRate(Rate(6.0)))))
    assert (scaled.alpha.sd, scaled.alpha.per_residual_sd) == pytest.approx((0.06 / year, s), rel=1e-9)
    sharpe = priors_of(panel, replace(bf.FactorModel(), alpha=SharpeAlpha(HalfNormal(0.5))))
    assert sharpe.alpha.per_residual_sd == pytest.approx(s, rel=1e-9)
    assert sharpe.alpha.sd / s * np.sqrt(6 * year) == pytest.approx(0.5, rel=1e-9)
    robust = units_of(panel, bf.read_model("student_t")).residual_scale
    assert robust == pytest.approx(np.sqrt(np.mean(robust_fit(panel).scale ** 2)), rel=1e-12)


def implied(panel, alpha, draws=40_000):
    """Return alphas and residual variances (draw, asset) a year, of a prior under which factors pay nothing."""
    nothing = FactorLaw(premium=(("default", Normal(0.0, 1e-12)),))
    model = replace(bf.FactorModel(), alpha=alpha, factors=nothing)
    found = bf.prior_predict(panel, model, draws, seed=1).draws.transpose("draw", "asset")
    variance = found["volatility"] ** 2 * (1 - found["r_squared"])
    return (found["sharpe"] * found["volatility"]).values, variance.values


def assert_average(values, wanted):
    """The average over draws is as wanted, within Monte Carlo error."""
    assert abs(values.mean() - wanted) < 4.5 * values.std() / len(values) ** 0.5


def test_the_sharpe_ratio_that_mispricing_adds_is_that_of_the_prior():
    """E[sum alpha^2 / sigma^2] a year = E[q^2] = scale^2, whatever the residual variances."""
    alpha, own = implied(make_panel(assets=8, periods=60, year=52), SharpeAlpha(HalfNormal(0.7)))
    square = np.sum(alpha**2 / own, axis=1)
    assert_average(square, 0.49)
    order = np.argsort(own.sum(axis=1))
    assert own[order[-10_000:]].mean() > 4 * own[order[:10_000]].mean()
    for some in order.reshape(4, -1):
        assert_average(square[some], 0.49)


def test_the_sd_of_a_scaled_alpha_is_proportional_to_the_residual_sd():
    """Of quiet assets and of wild ones."""
    panel, law = make_panel(assets=3, periods=60), ScaledAlpha(HalfNormalRate(Rate(5.0)))
    alpha, own = implied(panel, law)
    relative = own / (252 * priors_of(panel, replace(bf.FactorModel(), alpha=law)).alpha.per_residual_sd ** 2)
    for i in range(3):
        order = np.argsort(relative[:, i])
        for some in order.reshape(4, -1):
            assert_average(alpha[some, i] ** 2 / relative[some, i], 0.05**2)
        assert relative[order[-10_000:], i].mean() > 4 * relative[order[:10_000], i].mean()


@pytest.mark.parametrize("year", [252, 52, 12])
def test_an_appraisal_ratio_is_that_of_every_asset_however_many_they_are(year):
    """E[(alpha / sigma)^2] a year = scale^2, for a bond fund and a token, one asset or eight."""
    for assets in (1, 8):
        alpha, own = implied(make_panel(assets=assets, periods=60, year=year), AppraisalAlpha(HalfNormal(0.3)))
        for i in range(assets):
            order = np.argsort(own[:, i])
            for some in order.reshape(4, -1):
                assert_average(alpha[some, i] ** 2 / own[some, i], 0.09)
            assert own[order[-10_000:], i].mean() > 4 * own[order[:10_000], i].mean()


@pytest.mark.parametrize("demeaned", [False, True])
def test_strength_of_loadings_is_that_of_a_plain_regression(demeaned):
    panel = make_panel(assets=10, traded=1, other=2, periods=120, shortest=60, seed=4, zero=(2,))
    sd = panel.factors.values.std(axis=0, ddof=1)
    rows = list(regressions(panel))
    b = np.array([coefficients[1:] * sd / spread for coefficients, _, _, spread in rows])
    noise = np.array([error[1:] * sd / spread for _, _, error, spread in rows]) ** 2
    if demeaned:
        b, noise = b - b.mean(axis=0), 0.9 * noise
    expected = np.sqrt(np.maximum((b**2 - noise).mean(axis=0), FAINTEST**2))
    np.testing.assert_allclose(units_of(panel).loading_strength(demeaned=demeaned), expected, rtol=1e-8)


def test_strength_is_near_the_truth_and_that_of_a_useless_factor_near_nothing():
    """Known loadings, long histories: rms of beta sd(f) / sd(r), with and without its mean over assets."""
    rng = np.random.default_rng(0)
    panel = make_panel(assets=20, traded=1, other=1, periods=5000, zero=(1,), seed=2)
    beta = 1.0 + 0.5 * rng.normal(size=20)
    returns = panel.factors.values[:, :1] * beta + 0.02 * rng.standard_normal((5000, 20))
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    b = beta * 0.01 / np.sqrt(0.01**2 * beta**2 + 0.02**2)
    for demeaned, truth in ((False, np.sqrt(np.mean(b**2))), (True, np.std(b))):
        found = units_of(panel).loading_strength(demeaned=demeaned)
        assert found[0] == pytest.approx(truth, rel=0.05)
        assert FAINTEST <= found[1] < 0.02


def test_a_panel_too_short_for_regressions_has_the_faintest_loadings():
    panel = make_panel(assets=3, traded=1, other=1, periods=20)
    late = replace(panel, returns=panel.returns.isel(time=slice(-2, None)))
    np.testing.assert_array_equal(units_of(late).loading_strength(demeaned=False), FAINTEST)


def test_slabs_scale_with_the_strength_of_loadings():
    panel = make_panel(assets=10, traded=1, other=2, periods=150, zero=(2,), seed=4)
    slab = SpikeSlab(0.8, inclusion=0.3, spike=0.01, strength=0.25)
    law = FactorLaw(premium=(("market", Normal(0.1, 0.5)), ("default", slab)))
    sd = panel.factors.values.std(axis=0, ddof=1) / 252**0.5
    for zero_beta in (bf.FactorModel().zero_beta, FreeZeroBeta(NormalRate(Rate(1.0), Rate(4.0)))):
        numbers = priors_of(panel, replace(bf.FactorModel(), factors=law, zero_beta=zero_beta))
        found = units_of(panel).loading_strength(demeaned=isinstance(zero_beta, FreeZeroBeta))
        width = np.array([0.5, *(0.8 * found[1:] / 0.25)])
        np.testing.assert_allclose(numbers.premia.sd, width * sd, rtol=1e-12)
        np.testing.assert_allclose(numbers.premia.loc, [0.1 * sd[0], 0, 0], rtol=1e-12)
        np.testing.assert_array_equal(numbers.premia.inclusion, [1.0, 0.3, 0.3])
        np.testing.assert_array_equal(numbers.premia.spike, [1.0, 0.01, 0.01])
    assert (numbers.zero_beta.loc, numbers.zero_beta.sd) == pytest.approx((0.01 / 252, 0.04 / 252))
    x = np.random.default_rng(0).normal(size=(50, 3)) * numbers.premia.sd
    slabs = norm.pdf(x, numbers.premia.loc, numbers.premia.sd)
    spikes = norm.pdf(x, 0.0, 0.1 * numbers.premia.sd)
    share = np.array([1.0, 0.3, 0.3])
    density = share * slabs + (1 - share) * spikes
    np.testing.assert_allclose(numbers.premia.prob_slab(x), share * slabs / density, rtol=1e-10)
    away = numbers.premia.log_density(x) - np.log(density)
    np.testing.assert_allclose(away, np.broadcast_to(away[0], away.shape), atol=1e-9)


def test_strength_does_not_depend_on_the_unit_of_another_factor():
    panel = make_panel(assets=20, traded=1, other=2, periods=200, zero=(2,), seed=3)
    by = np.array([1.0, 1e10, 1.0])
    other = replace(panel, factors=panel.factors * by)
    for demeaned in (False, True):
        np.testing.assert_allclose(
            units_of(other).loading_strength(demeaned=demeaned),
            units_of(panel).loading_strength(demeaned=demeaned),
            rtol=1e-6,
        )
