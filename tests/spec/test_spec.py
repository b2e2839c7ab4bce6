"""Priors in economic units, the precedence of their keys, and models that do not suit a panel."""

import math
from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.records import Calendar, Factor
from bayesfactor.spec.alphas import (
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
)
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.keys import keyed
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.model import parts
from bayesfactor.spec.noise import StudentTNoise
from bayesfactor.spec.priors import (
    Exponential,
    HalfNormal,
    HalfNormalRate,
    InverseWishart,
    LogNormalRate,
    Normal,
    NormalRate,
    Rate,
    SpikeSlab,
)
from tests.support.panels import make_panel
from tests.support.scaled import priors_of, units_of


@pytest.mark.parametrize("year", [252, 52, 12])
def test_rates_scale_with_time_and_volatilities_with_its_root(year):
    rate = Rate.parse("5 %/year")
    assert rate.mean(year) == pytest.approx(0.05 / year, rel=1e-14)
    assert rate.volatility(year) == pytest.approx(0.05 / math.sqrt(year), rel=1e-14)
    fixed = Rate.parse("-0.5 %/period")
    assert fixed.mean(year) == fixed.volatility(year) == -0.005


@pytest.mark.parametrize(
    "text",
    ["5", "5 %", "5 %/month", "5 per cent", "1.2.3 %/year", "%/year", "nan %/year", ". %/year", 5, None],
)
def test_what_is_not_a_rate_is_refused(text):
    with pytest.raises(SpecError, match="is not a rate") as caught:
        Rate.parse(text, place="here")
    assert caught.value.place == "here"
    assert caught.value.found == text


@pytest.mark.parametrize("text", ["5%/year", " 5.0 % / year ", "+5 %/year", "5. %/year", "0.5e1 %/year"])
def test_a_rate_can_be_written_in_many_ways(text):
    assert Rate.parse(text) == Rate(5.0, "year")


@pytest.mark.parametrize(
    "make",
    [
        lambda bad: Normal(0.0, bad),
        lambda bad: HalfNormal(bad),
        lambda bad: HalfNormalRate(Rate(bad)),
        lambda bad: NormalRate(Rate(0.0), Rate(bad)),
        lambda bad: LogNormalRate(Rate(bad), 1.0),
        lambda bad: LogNormalRate(Rate(1.0), bad),
        lambda bad: Exponential(bad),
        lambda bad: InverseWishart(bad),
        lambda bad: SpikeSlab(bad),
        lambda bad: SpikeSlab(0.5, strength=bad),
        lambda bad: FreeZeroBeta(NormalRate(Rate(0.0), Rate(bad))),
    ],
)
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_every_prior_is_proper(make, bad):
    with pytest.raises(SpecError, match=r"must be (positive and )?finite"):
        make(bad)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_locations_are_finite(bad):
    for make in (lambda: Normal(bad, 1.0), lambda: Exponential(1.0, bad), lambda: Rate(bad)):
        with pytest.raises(SpecError, match="finite"):
            make()


def test_a_student_t_without_variance_is_refused():
    noise = bf.read_model("student_t").noise
    with pytest.raises(SpecError, match="start above 2") as caught:
        StudentTNoise(noise.level, noise.spread, Exponential(10.0, 1.9))
    assert caught.value.place == "noise.dof.above"


def test_a_factor_takes_the_prior_of_its_name_then_of_its_family():
    kinds = (("traded", "paid"), ("non-traded", "unpaid"), ("style", "by family"), ("default", "else"))
    assert keyed(kinds, Factor("vix", traded=False, family="volatility"), place="") == "unpaid"
    assert keyed(kinds, Factor("vix", traded=True, family="volatility"), place="") == "paid"
    assert keyed(kinds, Factor("vix", traded=False, family="style"), place="") == "by family"
    priors = (("size", "by name"), ("style", "by family"), ("default", "else"))
    assert keyed(priors, Factor("size", family="style"), place="") == "by name"
    assert keyed(priors[::-1], Factor("size", family="style"), place="") == "by name"
    assert keyed(priors, Factor("value", family="style"), place="") == "by family"
    assert keyed(priors, Factor("vix", family="volatility"), place="") == "else"
    with pytest.raises(SpecError, match="no prior for factor 'vix' of family 'volatility'") as caught:
        keyed(priors[:2], Factor("vix", family="volatility"), place="there")
    assert (caught.value.place, caught.value.found, caught.value.allowed) == (
        "there",
        "vix",
        ("size", "style"),
    )


def test_a_model_without_a_prior_for_a_factor_is_refused():
    panel = make_panel(assets=4, periods=30)
    market = FreeLoadings((("market", LoadingPrior(Normal(1.0, 1.0), "beta")),))
    with pytest.raises(SpecError, match="no prior for factor 'f1' of family 'style'"):
        bf.fit(panel, replace(bf.FactorModel(), loadings=market))
    premium = FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("style", Normal(0.0, 0.5))))
    with pytest.raises(SpecError, match=r"factors.premium: no prior for factor 'f2'"):
        bf.fit(panel, replace(bf.FactorModel(), factors=premium))


def test_a_family_that_the_panel_lacks_is_refused():
    panel = make_panel(assets=4, periods=30)
    for verb in (bf.fit, bf.prior_predict, bf.build):
        with pytest.raises(SpecError, match="factor family 'market'") as caught:
            verb(panel.select(factors=["f1", "f2"]), bf.read_model("capm"))
        assert caught.value.allowed == ("style", "on-chain")
    typo = replace(bf.FactorModel(), families=("markte",))
    with pytest.raises(SpecError, match="Did you mean 'market'"):
        typo.restrict(panel)


def test_a_model_keeps_the_factors_of_its_families():
    panel = make_panel(assets=4, periods=30)
    assert bf.read_model("capm").restrict(panel).factor_names == ("f0",)
    assert bf.FactorModel().restrict(panel) is panel
    both = replace(bf.FactorModel(), families=("on-chain", "market")).restrict(panel)
    assert both.factor_names == ("f0", "f2")
    np.testing.assert_array_equal(both.factors, panel.factors.sel(factor=["f0", "f2"]))


@pytest.mark.parametrize("year", [252, 52, 12])
def test_priors_become_numbers_per_period(year):
    """Each by the formula of its docstring, with numpy's own moments."""
    panel = replace(make_panel(assets=5, periods=80, seed=2), calendar=Calendar("any", year))
    model = bf.FactorModel()
    numbers = priors_of(panel, model)
    sd = np.std(panel.factors.values, axis=0, ddof=1)
    typical = np.median(np.std(panel.returns.values, axis=0))
    assert units_of(panel).typical_sd == pytest.approx(typical, rel=1e-12)
    np.testing.assert_allclose(numbers.loadings.loc, [1.0, 0.0, 0.0])
    np.testing.assert_allclose(numbers.loadings.sd, [0.5, 0.5 * typical / sd[1], 0.5 * typical / sd[2]])
    np.testing.assert_allclose(numbers.loadings.spread, [0.5, 0.25 * typical / sd[1], 0.25 * typical / sd[2]])
    np.testing.assert_allclose(numbers.premia.sd, 0.5 * sd / np.sqrt(year))
    np.testing.assert_allclose(numbers.factors.mean_sd, [*(0.5 * sd[:2] / np.sqrt(year)), sd[2]])
    np.testing.assert_allclose(numbers.factors.covariance_scale, 2.0 * sd**2)
    assert numbers.factors.covariance_dof == 2 + 3 + 1
    assert numbers.alpha.sd / numbers.alpha.per_residual_sd == pytest.approx(0.25 / np.sqrt(year))
    assert np.exp(numbers.noise.level_loc) == pytest.approx(0.40 / np.sqrt(year))


def test_alphas_become_numbers_per_period():
    panel = make_panel(assets=4, periods=30, year=12)
    for alpha, expected in (
        (ZeroAlpha(), (0.0, 0.0)),
        (ShrunkAlpha(HalfNormalRate(Rate(6.0))), (0.0, 0.005)),
        (FreeAlpha(NormalRate(Rate(1.2), Rate(0.2, "period"))), (0.001, 0.002)),
    ):
        numbers = priors_of(panel, replace(bf.FactorModel(), alpha=alpha))
        assert (numbers.alpha.loc, numbers.alpha.sd) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["inclusion", "spike"])
@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.1, math.nan, math.inf])
def test_shares_of_a_spike_and_slab_are_between_0_and_1(name, bad):
    with pytest.raises(SpecError, match=f"SpikeSlab.{name} is .* between 0 and 1") as caught:
        SpikeSlab(0.5, **{name: bad})
    assert caught.value.place == f"SpikeSlab.{name}"


def test_a_spike_and_slab_is_for_factors_that_are_not_traded():
    panel = make_panel(assets=4, periods=30)  # f0 market and f1 style are traded, f2 is not
    law = FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("default", SpikeSlab(0.5))))
    for verb in (bf.fit, bf.prior_predict, bf.build):
        with pytest.raises(SpecError, match="'f1' is traded") as caught:
            verb(panel, replace(bf.FactorModel(), factors=law))
        assert caught.value.place == "model 'static': factors.premium"
        assert caught.value.found == "f1"
        assert "key the spike and slab 'non-traded'" in str(caught.value)
    general = FactorLaw(premium=(("non-traded", SpikeSlab(0.5)), ("default", Normal(0.0, 0.5))))
    assert replace(bf.FactorModel(), factors=general).restrict(panel) is panel
    both = FactorLaw(premium=(*law.premium, ("style", Normal(0.0, 0.5))))
    assert replace(bf.FactorModel(), factors=both).restrict(panel) is panel
    used = replace(bf.FactorModel(), families=("market", "on-chain"), factors=law).restrict(panel)
    assert used.factor_names == ("f0", "f2")  # a factor that is left out needs no prior


@pytest.mark.parametrize("part", ["loadings", "alpha", "zero_beta", "factors", "noise"])
def test_a_part_is_one_of_its_choices(part):
    for wrong in (None, "free", Normal()):
        with pytest.raises(SpecError, match=f"model 'static': {part}: .* is not one of the choices") as caught:
            replace(bf.FactorModel(), **{part: wrong})
        assert caught.value.allowed == tuple(one.__name__ for one in parts()[part])


def test_the_choices_of_every_part():
    assert set(parts()) == {"loadings", "alpha", "zero_beta", "factors", "noise", "observation"}
    assert parts()["alpha"] == (ZeroAlpha, ShrunkAlpha, ScaledAlpha, SharpeAlpha, AppraisalAlpha, FreeAlpha)
    assert parts()["zero_beta"] == (NoZeroBeta, FreeZeroBeta)
    assert parts()["factors"] == (FactorLaw,)
