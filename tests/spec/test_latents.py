"""Residual factors, sparse loadings and measurement error: which numbers they take, and what they do not go with."""

import math
import tomllib
from dataclasses import replace

import pytest

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.spec.files import model_text
from tests.support.panels import make_panel, reduced


@pytest.mark.parametrize("count", [-1, 6, 2.0, 2.5, True, None, "all", [2]])
def test_a_number_of_residual_factors_is_whole_and_at_most_5(count):
    with pytest.raises(SpecError, match="whole number from 0 to 5, or 'auto'") as caught:
        bf.CommonResiduals(count)
    assert caught.value.place == "CommonResiduals.count"
    assert caught.value.found == count
    assert caught.value.allowed == ("0", "1", "2", "3", "4", "5", "auto")


def test_priors_of_residual_factors_that_are_not_there_are_refused():
    noise, narrow, low = bf.FactorModel().noise, bf.HalfNormal(0.1), bf.Normal(-1.0, 1.0)
    for common, groups in (
        (bf.CommonResiduals(spread=narrow), None),
        (bf.CommonResiduals(mean=low), None),
        (bf.CommonResiduals(mean=low), bf.Normal(0.25, 0.25)),
    ):
        with pytest.raises(SpecError, match=r"no common residual factors for these priors \(count = 0\)") as caught:
            replace(noise, common=common, groups=groups)
        assert caught.value.place == "noise.common"
    assert replace(noise, common=bf.CommonResiduals(spread=narrow), groups=low).has_residual_factors
    assert replace(noise, common=bf.CommonResiduals("auto", narrow, low)).has_residual_factors
    assert not noise.has_residual_factors
    assert not bf.read_model("student_t").noise.has_residual_factors


@pytest.mark.parametrize(("part", "wrong"), [("common", 2), ("common", None), ("groups", 0.25), ("groups", "market")])
def test_parts_of_noise_are_of_their_classes(part, wrong):
    with pytest.raises(SpecError, match=f"noise.{part}: .* is not one of the choices"):
        replace(bf.FactorModel().noise, **{part: wrong})


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_numbers_of_beta_priors_are_positive_and_finite(bad):
    for make in (bf.BetaInclusion, bf.BetaReliability):
        for given in ((bad, 1.0), (1.0, bad)):
            with pytest.raises(SpecError, match=rf"{make.__name__}\.[ab] is .* positive and finite"):
                make(*given)
    with pytest.raises(SpecError, match=r"BetaInclusion\.floor"):
        bf.BetaInclusion(1.0, 1.0, floor=bad)


def test_a_spike_is_at_zero_or_at_the_group():
    with pytest.raises(SpecError, match="unknown spike 'none'") as caught:
        bf.BetaInclusion(1.0, 1.0, "none")
    assert caught.value.allowed == ("zero", "group")


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.5, 1.5, math.nan, True, "high"])
def test_a_reliability_is_between_0_and_1(bad):
    with pytest.raises(SpecError, match=r"KnownReliability\.reliability is .* between 0 and 1") as caught:
        bf.KnownReliability(bad)
    assert caught.value.place == "KnownReliability.reliability"


@pytest.mark.parametrize("make", [lambda **k: bf.KnownReliability(0.5, **k), lambda **k: bf.BetaReliability(8, 4, **k)])
def test_a_proxy_is_a_name_and_unbiased_a_flag(make):
    with pytest.raises(SpecError, match=r"Reliability.proxy is 3; it must be the name of a factor"):
        make(proxy=3)
    with pytest.raises(SpecError, match=r"Reliability.unbiased is 1; it must be True or False"):
        make(unbiased=1)


@pytest.mark.parametrize("value", [0.5, 0, True, "in", None, bf.Normal()])
def test_a_loading_is_always_in_or_in_with_some_probability(value):
    with pytest.raises(SpecError, match=r"loadings\.inclusion\.market is .* 1\.0: always in") as caught:
        replace(bf.FactorModel().loadings, inclusion=(("market", value),))
    assert caught.value.place == "loadings.inclusion.market"
    assert caught.value.found == value


def test_an_error_is_one_of_its_choices():
    with pytest.raises(SpecError, match=r"factors\.error\.market: 0\.6 is not one of the choices") as caught:
        bf.FactorLaw(error=(("market", 0.6),))
    assert caught.value.allowed == ("KnownReliability", "BetaReliability")


def latent(name):
    """The parts of a model with one kind of latent variables."""
    plain = bf.FactorModel()
    return {
        "noise.common.count = 2": {"noise": replace(plain.noise, common=bf.CommonResiduals(2))},
        "noise.groups": {"noise": replace(plain.noise, groups=bf.Normal(0.25, 0.25))},
        "loadings.inclusion": {
            "loadings": replace(plain.loadings, inclusion=(("default", bf.BetaInclusion(1.0, 1.0)),))
        },
        "factors.error": {"factors": bf.FactorLaw(error=(("non-traded", bf.KnownReliability(0.6)),))},
    }[name]


LATENT = ("noise.common.count = 2", "noise.groups", "loadings.inclusion", "factors.error")


@pytest.mark.parametrize("words", LATENT)
def test_latent_variables_do_not_combine_with_recency_nor_do_without_returns(words):
    model = replace(bf.FactorModel(), **latent(words))
    assert (model.latents_in_words, model.has_latents) == (words, True)
    with pytest.raises(SpecError, match=f"recency does not combine with {words}") as caught:
        replace(model, observation=bf.HalfLife(bf.Duration(2, "years")))
    assert caught.value.place == "model 'static': observation"
    assert (caught.value.found, caught.value.allowed) == ("half_life", ("equal",))
    assert "Leave observation out" in caught.value.remedy
    panel = make_panel(assets=4, periods=40)
    assert model.design(model.restrict(panel)).panel is panel
    with pytest.raises(SpecError, match=f"{words} needs single returns, but a PanelStatistics"):
        model.design(model.restrict(reduced(panel)))


@pytest.mark.parametrize("words", ["loadings.inclusion", "factors.error"])
def test_latent_variables_do_not_combine_with_student_t_noise(words):
    with pytest.raises(SpecError, match=f"'student_t' noise does not combine with {words}") as caught:
        replace(bf.read_model("student_t"), **latent(words))
    assert caught.value.place == "model 'student_t': noise"
    assert (caught.value.found, caught.value.allowed) == ("student_t", ("normal",))


def test_latent_variables_go_with_what_moves():
    for words in LATENT:
        moving, part = bf.read_model("moving_loadings"), latent(words)
        noise = part.get("noise", replace(moving.noise, common=bf.CommonResiduals()))
        part["noise"] = replace(noise, volatility=moving.noise.volatility)
        if "loadings" in part:
            part["loadings"] = replace(part["loadings"], path=moving.loadings.path)
        assert replace(moving, **part).latents_in_words == words


def test_presets_without_latent_variables_have_no_line_of_them():
    for name in ("capm", "moving_loadings", "pooled", "spike_slab", "static", "student_t", "unpooled"):
        model = bf.read_model(name)
        assert not model.has_latents
        table = tomllib.loads(model_text(model))
        assert not {"common", "groups"} & set(table["noise"])
        assert "inclusion" not in table["loadings"]
        assert "error" not in table["factors"]


def test_moving_loadings_are_the_default_without_residual_factors():
    found, default = bf.read_model("moving_loadings"), bf.read_model("hierarchical")
    loadings = replace(found.loadings, path=default.loadings.path)
    noise = replace(found.noise, common=bf.CommonResiduals("auto"))
    assert default == replace(found, name="hierarchical", loadings=loadings, noise=noise)
    assert default.movement_in_words == "noise.volatility = 'common', factors.volatility = 'moving'"


def test_a_loading_that_is_always_in_is_no_latent_variable():
    model = bf.FactorModel(loadings=replace(bf.FactorModel().loadings, inclusion=(("default", 1.0),)))
    assert not model.has_latents
