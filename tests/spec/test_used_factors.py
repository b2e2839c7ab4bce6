"""Factors with error on a panel: which key a factor takes, what it cannot have, and second series of the same thing."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.records import Factor
from tests.support.panels import make_panel

NOISY, TWICE = bf.KnownReliability(0.6), bf.BetaReliability(8.0, 4.0, proxy="f3")


def model_of(*error, **parts):
    return replace(bf.FactorModel(), factors=bf.FactorLaw(error=error, **parts))


@pytest.fixture(scope="module")
def panel():
    """f0 is the market and f1 a style, both traded; f2, f3 and f4 are on-chain."""
    return make_panel(assets=4, traded=2, other=3, periods=40)


def test_a_factor_takes_the_error_of_its_name_then_of_its_family_or_none():
    law = bf.FactorLaw(error=(("volume", NOISY), ("on-chain", TWICE)))
    assert law.error_of(Factor("volume", traded=False, family="on-chain")) is NOISY
    assert law.error_of(Factor("fees", traded=False, family="on-chain")) is TWICE
    assert law.error_of(Factor("vix", traded=False, family="volatility")) is None
    law = bf.FactorLaw(error=(("non-traded", NOISY),))
    assert law.error_of(Factor("vix", traded=False, family="volatility")) is NOISY
    assert law.error_of(Factor("size", traded=True, family="style")) is None


@pytest.mark.parametrize("key", ["f1", "style", "traded"])
def test_a_traded_factor_has_error_only_where_its_mean_has_none(panel, key):
    for verb in (bf.fit, bf.prior_predict, bf.build):
        with pytest.raises(
            SpecError, match=r"'f[01]' is traded, and its observed mean is its risk premium only"
        ) as caught:
            verb(panel, model_of((key, NOISY)))
        assert caught.value.place == "model 'static': factors.error"
        assert caught.value.found == ("f0" if key == "traded" else "f1")
        assert caught.value.allowed == ("non-traded factors", "unbiased = true")
        assert "Write unbiased = true" in caught.value.remedy
    assert model_of((key, bf.KnownReliability(0.6, unbiased=True))).restrict(panel) is panel


def test_a_factor_with_error_has_no_spike_and_slab(panel):
    premium = (("f2", bf.SpikeSlab(0.5)), ("default", bf.Normal(0.0, 0.5)))
    with pytest.raises(SpecError, match="has no spike and slab on its premium, and 'f2' has") as caught:
        model_of(("non-traded", NOISY), premium=premium).restrict(panel)
    assert (caught.value.found, caught.value.allowed) == ("f2", ("Normal",))
    assert model_of(("f3", NOISY), premium=premium).restrict(panel) is panel


@pytest.mark.parametrize(("part", "key"), [("factors.error", "on-chian"), ("loadings.inclusion", "makret")])
def test_a_key_that_is_no_factor_and_no_family_is_refused(panel, part, key):
    model = bf.FactorModel()
    if part == "factors.error":
        model = model_of((key, NOISY))
    else:
        inclusion = ((key, bf.BetaInclusion(1.0, 1.0)),)
        model = replace(model, loadings=replace(model.loadings, inclusion=inclusion))
    with pytest.raises(SpecError, match=f"{part}: unknown factor or family '{key}'. Did you mean") as caught:
        model.restrict(panel)
    assert caught.value.place == f"model 'static': {part}"
    assert caught.value.found == key


@pytest.mark.parametrize("young", ["f0", "f2", "f4"])
def test_where_a_factor_has_error_all_histories_are_equal(panel, young):
    longer = make_panel(assets=4, traded=2, other=3, periods=60)
    values = longer.factors.copy()
    values.loc[{"factor": young, "time": values["time"][:20]}] = np.nan
    uneven = replace(longer, factors=values, returns=longer.returns.isel(time=slice(20, None)))
    assert bf.FactorModel().restrict(uneven) is uneven
    with pytest.raises(SpecError, match=f"'{young}' has 40 values and other factors 60") as caught:
        model_of(("f2", NOISY)).restrict(uneven)
    assert caught.value.place == "model 'static': factors.error"
    assert caught.value.found == young
    assert f"to the dates of '{young}'" in caught.value.remedy
    other = {"f0": "f1", "f2": "f3", "f4": "f3"}[young]
    families = uneven.select(factors=[name for name in uneven.factor_names if name != young])
    error = bf.KnownReliability(0.6, unbiased=True)
    assert model_of((other, error)).restrict(families) is families


def test_a_proxy_is_no_regressor(panel):
    model = model_of(("f2", TWICE))
    assert model.restrict(panel).factor_names == ("f0", "f1", "f2", "f4")
    found = model.proxies(panel)
    assert list(found) == ["f2"]
    np.testing.assert_array_equal(found["f2"], panel.factors.sel(factor="f3"))
    few = replace(model, families=("market", "on-chain"))
    assert few.restrict(panel).factor_names == ("f0", "f2", "f4")
    assert bf.FactorModel().proxies(panel) == {}
    assert replace(model, families=("market",)).proxies(panel) == {}


def test_a_proxy_of_another_family_serves_too(panel):
    model = replace(model_of(("f2", bf.KnownReliability(0.5, proxy="f1"))), families=("market", "on-chain"))
    assert model.restrict(panel).factor_names == ("f0", "f2", "f3", "f4")
    np.testing.assert_array_equal(model.proxies(panel)["f2"], panel.factors.sel(factor="f1"))


def test_a_proxy_keyed_by_the_family_that_it_is_in(panel):
    pair = panel.select(factors=["f0", "f2", "f3"])
    assert model_of(("on-chain", TWICE)).restrict(pair).factor_names == ("f0", "f2")


def test_a_proxy_has_a_value_wherever_its_factor_has(panel):
    values = panel.factors.copy()
    longer = replace(panel, returns=panel.returns.isel(time=slice(20, None)))
    values.loc[{"factor": "f3", "time": values["time"][:15]}] = np.nan
    young = replace(longer, factors=values)
    with pytest.raises(SpecError, match="'f3' has 25 values and other factors 40") as caught:
        model_of(("f2", TWICE)).restrict(young)
    assert caught.value.found == "f3"
    values = panel.factors.copy()
    values.loc[{"factor": ["f0", "f1", "f2", "f4"], "time": values["time"][:15]}] = np.nan
    old = replace(longer, factors=values)
    model = model_of(("f2", TWICE))
    assert model.restrict(old).factors.sizes["time"] == 25
    np.testing.assert_array_equal(model.proxies(old)["f2"], values.sel(factor="f3")[15:])


def test_a_proxy_that_the_panel_lacks_is_refused(panel):
    model = model_of(("f2", bf.KnownReliability(0.5, proxy="f9")))
    for verb in (model.restrict, model.proxies):
        with pytest.raises(SpecError, match="proxy of 'f2': unknown factor 'f9'") as caught:
            verb(panel)
        assert caught.value.allowed == panel.factor_names


def test_a_proxy_of_two_factors_is_refused(panel):
    for error in ((("f2", TWICE), ("f4", TWICE)), (("on-chain", TWICE),)):
        with pytest.raises(SpecError, match="'f3' is the proxy of 'f4' and of another factor") as caught:
            model_of(*error).restrict(panel)
        assert caught.value.found == "f3"


def test_a_proxy_of_nothing_but_itself_is_refused(panel):
    alone = panel.select(factors=["f0", "f3"])
    with pytest.raises(SpecError, match="'f3' is the proxy of no other factor, and has an error of its own"):
        model_of(("on-chain", TWICE)).restrict(alone)
