"""Prior prediction: sane presets pass, silly priors do not, and the quantities have known laws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.spec.alphas import FreeZeroBeta, ScaledAlpha, SharpeAlpha, ZeroAlpha
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, LoadingPrior
from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, LogNormalRate, Normal, NormalRate, Rate, SpikeSlab
from tests.support.panels import make_panel
from tests.support.scaled import priors_of

SURE = 1e-9  # a spread that pins a prior down


@pytest.mark.parametrize("name", bf.list_models())
def test_presets_are_sane(name):
    prediction = bf.prior_predict(make_panel(), name, draws=300)
    assert prediction.ok, prediction
    assert (prediction.draws["r_squared"] >= 0).all()
    assert (prediction.draws["r_squared"] <= 1).all()
    assert (prediction.draws["volatility"] > 0).all()
    assert prediction.draws["sharpe"].sizes == {"draw": 300, "asset": 12}
    assert "NOT" not in str(prediction)


def free(mean, sd, units="beta"):
    return FreeLoadings((("default", LoadingPrior(Normal(mean, sd), units)),))


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"loadings": free(0.0, 50.0, "standardised")}, "r_squared"),
        ({"factors": FactorLaw(premium=(("default", Normal(0.0, 20.0)),))}, "sharpe"),
        ({"noise": replace(bf.FactorModel().noise, level=LogNormalRate(Rate(5000.0), 0.1))}, "volatility"),
    ],
)
def test_silly_priors_are_not(change, culprit):
    prediction = bf.prior_predict(make_panel(), replace(bf.FactorModel(), **change))
    assert not prediction.ok
    assert not prediction.table.loc[culprit, "sane"]
    assert "NOT in" in str(prediction)


def test_one_factor_by_hand():
    """Nothing is left to chance but the premium: every quantity follows from beta = 2, 30 % residual volatility."""
    panel = make_panel(assets=3, traded=1, other=0, periods=60, year=52)
    model = replace(
        bf.FactorModel(),
        loadings=free(2.0, SURE),
        alpha=ZeroAlpha(),
        factors=FactorLaw(premium=(("default", Normal(0.4, 0.3)),)),
        noise=replace(bf.FactorModel().noise, level=LogNormalRate(Rate(30.0), SURE), spread=HalfNormal(SURE)),
    )
    found = bf.prior_predict(panel, model, draws=4000).draws
    variance = 52 * np.var(panel.factors.values, ddof=1)
    total = 4 * variance + 0.3**2
    np.testing.assert_allclose(found["r_squared"], 4 * variance / total, rtol=1e-6)
    np.testing.assert_allclose(found["volatility"], np.sqrt(total), rtol=1e-6)
    sharpe = found["sharpe"].sel(asset="a00").values  # beta sd_f (0.4 + 0.3 z) / volatility
    unit = 2 * np.sqrt(variance / total)
    assert stats.kstest(sharpe, stats.norm(0.4 * unit, 0.3 * unit).cdf).pvalue > 1e-3
    np.testing.assert_allclose(found["sharpe"].sel(asset="a02"), sharpe, rtol=1e-6)


def test_moments_of_the_hierarchy():
    """E[beta] = 1, Var[beta] = 0.5^2 + 0.5^2 for the market, seen through the systematic variance of one factor."""
    panel = make_panel(assets=3, groups=1, traded=1, other=0, periods=60)
    found = bf.prior_predict(panel, draws=20_000).draws
    systematic = (found["r_squared"] * found["volatility"] ** 2).mean("asset") / (
        252 * np.var(panel.factors.values, ddof=1)
    )
    error = float(systematic.std()) / 20_000**0.5
    assert float(systematic.mean()) == pytest.approx(1.0 + 0.25 + 0.25, abs=4 * error)


def test_common_loadings_are_common_and_student_noise_is_wider():
    panel = make_panel(assets=3, traded=1, other=0, periods=60)
    common = CommonLoadings((("default", LoadingPrior(Normal(1.0, 0.5), "beta")),))
    pooled = bf.prior_predict(panel, replace(bf.FactorModel(), loadings=common)).draws
    systematic = pooled["r_squared"] * pooled["volatility"] ** 2
    np.testing.assert_allclose(systematic, systematic.sel(asset=["a00"]).values.repeat(3, axis=1), rtol=1e-9)
    sure = replace(bf.read_model("student_t").noise, level=LogNormalRate(Rate(30.0), SURE), spread=HalfNormal(SURE))
    still = free(0.0, SURE)
    heavy = bf.prior_predict(panel, replace(bf.FactorModel(), loadings=still, noise=sure)).draws["volatility"]
    assert (heavy > 0.3).all()  # sigma^2 nu / (nu - 2)
    above = stats.expon(scale=10.0)  # nu - 2, so that volatility^2 / 0.3^2 = 1 + 2 / (nu - 2)
    excess = 2 / ((heavy.sel(asset="a00").values / 0.3) ** 2 - 1)
    assert stats.kstest(excess, above.cdf).pvalue > 1e-3


def still(**parts):
    """A model without loadings, all residual standard deviations 30 % a year."""
    noise = replace(bf.FactorModel().noise, level=LogNormalRate(Rate(30.0), SURE), spread=HalfNormal(SURE))
    return replace(bf.FactorModel(), **{"loadings": free(0.0, SURE), "noise": noise, "alpha": ZeroAlpha(), **parts})


def moment(values, expected):
    """Whether the mean square of draws is as expected, within Monte Carlo error."""
    square = np.asarray(values) ** 2
    return abs(square.mean() - expected) < 4.5 * square.std() / square.size**0.5


def test_moments_of_mispricing_and_of_a_zero_beta_rate():
    """Without loadings the Sharpe ratio is (alpha + lambda_0) / sigma, sigma = 30 % a year."""
    panel, many = make_panel(assets=4, traded=1, other=0, periods=60), 20_000
    rate = FreeZeroBeta(NormalRate(Rate(6.0), Rate(9.0)))
    found = bf.prior_predict(panel, still(zero_beta=rate), draws=many).draws["sharpe"]
    assert moment(found[:, 0] - 0.2, 0.09)
    np.testing.assert_allclose(found, found[:, [0]].values.repeat(4, axis=1), rtol=0, atol=1e-6)  # one rate for all
    sharpe = bf.prior_predict(panel, still(alpha=SharpeAlpha(HalfNormal(0.6))), draws=many).draws["sharpe"]
    assert moment(np.sqrt((sharpe**2).sum("asset")), 0.36)
    scaled = still(alpha=ScaledAlpha(HalfNormalRate(Rate(5.0))))
    unit = priors_of(panel, scaled).alpha.per_residual_sd * 252**0.5
    sharpe = bf.prior_predict(panel, scaled, draws=many).draws["sharpe"]
    assert moment(sharpe[:, 1], (0.05 / unit) ** 2)


def test_moments_of_a_spike_and_slab():
    """With loading 1 and no noise to speak of the Sharpe ratio is lambda / sd: variance s^2 (p + (1 - p) spike)."""
    panel = make_panel(assets=3, traded=0, other=1, periods=60)
    quiet = replace(still().noise, level=LogNormalRate(Rate(1e-4), SURE))
    law = FactorLaw(premium=(("default", SpikeSlab(0.5, inclusion=0.3, spike=0.04)),))
    model = still(loadings=free(1.0, SURE), noise=quiet, factors=law)
    numbers = priors_of(panel, model)
    slab = numbers.premia.sd[0] * 252**0.5 / panel.factors.values.std(ddof=1)
    found = bf.prior_predict(panel, model, draws=20_000).draws["sharpe"][:, 0]
    assert moment(found, slab**2 * (0.3 + 0.7 * 0.04))
    law = stats.norm(0, slab), stats.norm(0, 0.2 * slab)
    assert stats.kstest(found, lambda x: 0.3 * law[0].cdf(x) + 0.7 * law[1].cdf(x)).pvalue > 1e-3


def test_the_seed_decides():
    one, two, other = (bf.prior_predict(make_panel(), draws=20, seed=seed) for seed in (1, 1, 2))
    assert one.draws.identical(two.draws)
    assert not one.draws.equals(other.draws)


def test_bad_input():
    panel = make_panel()
    for draws in (0, -1, 2.5, "9", True):
        with pytest.raises(SpecError, match="whole number above 0") as caught:
            bf.prior_predict(panel, draws=draws)
        assert caught.value.found is draws
    with pytest.raises(SpecError, match="expected a Panel, found DataArray"):
        bf.prior_predict(panel.returns)
    with pytest.raises(SpecError, match="unknown model"):
        bf.prior_predict(panel, "hierarchic al")
