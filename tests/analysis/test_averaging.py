"""Attributions averaged over models: laws of a mixture, weights that say where they are from, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.spec.volatility import MovingVolatility
from tests.support.moved_fits import moved_fit_of
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MIX = {"a00": 0.6, "a02": 0.4}
HALF = {"a": 0.25, "b": 0.75}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, periods=80, seed=2)


@pytest.fixture(scope="module")
def fits(panel):
    """Two models: the second without factor f1, and with a zero-beta rate."""
    fewer = panel.select(factors=["f2", "f0"], assets=panel.assets[::-1])
    rate = synthetic_draws(fewer, chains=3, draws=500, seed=2)
    rate["zero_beta"] = (("chain", "draw"), np.random.default_rng(0).normal(0.001, 1e-4, (3, 500)))
    return {
        "a": bf.from_draws(panel, synthetic_draws(panel, draws=400, seed=1)),
        "b": bf.from_draws(fewer, rate),
    }


def asked(fits, kind="premium", **given):
    return {name: bf.attribute(fit, kind, **given) for name, fit in fits.items()}


@pytest.fixture(scope="module", params=["premium", "return", "variance"])
def parts(request, fits):
    return asked(fits, request.param, portfolio=MIX)


@pytest.fixture(scope="module")
def mixed(parts):
    return bf.average(parts, HALF, origin="judgement")


def test_sources_of_either_add_up_in_every_draw(parts, mixed):
    names = mixed.draws["source"].values.tolist()
    assert names[-1] == "total"
    assert set(names) == {name for one in parts.values() for name in one.draws["source"].values}
    assert len(names) == len(set(names))
    whole = mixed.draws.sel(source=names[:-1]).sum("source")
    np.testing.assert_allclose(whole, mixed.draws.sel(source="total"), rtol=1e-10, atol=1e-12)
    assert mixed.draws["asset"].values.tolist() == parts["a"].draws["asset"].values.tolist()


def test_draws_are_in_proportion_to_weights(parts, mixed):
    assert dict(mixed.draws.sizes) == {**parts["a"].draws.sizes, "source": mixed.draws.sizes["source"]}
    absent = (mixed.draws.sel(source="f1") == 0).all("asset")
    assert absent.sum("draw").values.tolist() == [300, 300]
    early = absent.isel(draw=slice(100)).sum("draw")
    assert (np.abs(early - 75) < 3).all()


def test_means_and_variances_are_those_of_a_mixture(parts, mixed):
    total = {name: one.draws.sel(source="total") for name, one in parts.items()}
    order = mixed.draws["asset"].values
    mean, var = (
        {name: getattr(one, what)(("chain", "draw")).sel(asset=order).values for name, one in total.items()}
        for what in ("mean", "var")
    )
    centre = 0.25 * mean["a"] + 0.75 * mean["b"]
    spread = sum(HALF[name] * (var[name] + (mean[name] - centre) ** 2) for name in HALF)
    found = mixed.draws.sel(source="total")
    np.testing.assert_allclose(found.mean(("chain", "draw")), centre, atol=4 * (spread.max() / 800) ** 0.5 + 1e-12)
    np.testing.assert_allclose(found.var(("chain", "draw")), spread, rtol=0.25, atol=1e-12)


def test_the_portfolio_is_that_of_the_mixture(mixed):
    if mixed.kind != "variance":
        held = 0.6 * mixed.draws.sel(asset="a00") + 0.4 * mixed.draws.sel(asset="a02")
        np.testing.assert_allclose(mixed.draws.sel(asset="portfolio"), held, atol=1e-12)
    assert mixed.table()["asset"].iloc[0] == "portfolio"


def test_a_return_is_what_happened(fits):
    mixed = bf.average(asked(fits, "return"), HALF, origin="judgement")
    total = mixed.draws.sel(source="total")
    np.testing.assert_allclose(total, total.isel(chain=0, draw=0).broadcast_like(total), atol=1e-9)
    assert mixed.span.loc["a00", "periods"] == 80


def test_a_weight_of_one_is_that_model(parts):
    found = bf.average(parts, {"a": 1, "b": 0}, origin="judgement")
    np.testing.assert_array_equal(found.draws, parts["a"].draws)
    assert found.notes[0] == "a mixture of models, by weights from judgement: a 1"
    assert found.table()["warning"].iloc[0] == parts["a"].table()["warning"].iloc[0]


def test_the_doubt_between_models_is_a_share_of_its_own(fits):
    parts = asked(fits, portfolio=MIX)
    mixed = bf.average(parts, HALF, origin="judgement")
    table = mixed.uncertainty.drop(columns="warning")
    np.testing.assert_allclose(table.drop(columns="sd").sum(axis=1), 1, rtol=1e-9)
    assert (table["model"] > 0).all()
    sd = mixed.draws.sel(source="total").std(("chain", "draw"))
    np.testing.assert_allclose(table["sd"], sd.sel(asset=table.index.to_numpy()), rtol=0.12)
    same = bf.average({"a": parts["a"], "b": parts["a"]}, HALF, origin="judgement").uncertainty
    np.testing.assert_allclose(same["model"], 0, atol=1e-12)
    np.testing.assert_allclose(same["premia"], parts["a"].uncertainty["premia"], rtol=1e-9)
    assert bf.average(asked(fits, "variance"), HALF, origin="judgement").uncertainty is None


def test_what_all_models_say_is_said_once(fits):
    parts = asked(fits)
    one, two = (replace(parts[name], notes=("of both", f"of {name}")) for name in "ab")
    notes = bf.average({"a": one, "b": two}, HALF, origin="judgement").notes
    assert notes[1:] == ("of both", "a: of a", "b: of b")


def test_a_verdict_is_the_least_of_those_of_the_models(panel):
    draws = synthetic_draws(panel, draws=200)
    known, unknown = bf.from_draws(panel, draws, model="static"), bf.from_draws(panel, draws)
    parts = asked({"a": known, "b": unknown})
    found = bf.average(parts, HALF, origin="judgement").identification
    assert found["f0"] == "traded"
    assert found["f2"].removeprefix("partly ") in (parts["a"].identification["f2"], "no verdict")
    assert "no verdict" in found["f2"] or parts["a"].identification["f2"] == "unidentified"


def test_what_moves_and_what_does_not_are_mixed(panel):
    still = bf.read_model("static")
    model = replace(still, factors=replace(still.factors, volatility=MovingVolatility()))
    one = panel.select(factors=["f0", "f1"])
    fits = {"a": moved_fit_of(one, model), "b": bf.from_draws(one, synthetic_draws(one))}
    parts = asked(fits, "variance")
    assert parts["b"].long_run is None
    mixed = bf.average(parts, {"a": 0.5, "b": 0.5}, origin="judgement")
    assert "today's level" in mixed.units
    assert mixed.long_run.sizes == mixed.draws.sizes
    same = (mixed.long_run == mixed.draws).all(("asset", "source"))
    assert same.sum("draw").values.tolist() == [10, 10]
    assert "long_run" in mixed.table()


def test_a_comparison_gives_its_weights(panel):
    draws = [synthetic_draws(panel, seed=0, draws=200), synthetic_draws(panel, seed=1, draws=200)]
    fits = {name: bf.from_draws(panel, one, model="static") for name, one in zip("ab", draws, strict=True)}
    compared, parts = bf.compare(fits), asked(fits)
    found = [bf.average(parts, weights) for weights in (compared, compared.weights)]
    assert "weights from stacking" in found[0].notes[0]
    np.testing.assert_array_equal(found[0].draws, found[1].draws)
    told = bf.average(parts, compared.weights, origin="my committee")
    assert "weights from my committee" in told.notes[0]


def refused(*given, error=bf.SpecError, **named):
    with pytest.raises(error) as caught:
        bf.average(*given, **named)
    return str(caught.value)


def test_weights_without_an_origin_are_refused(fits):
    parts = asked(fits)
    for origin in (None, "", "  ", 3):
        said = refused(parts, HALF, origin=origin)
        assert "not said where the weights are from" in said
        assert "origin='stacking'" in said
    assert "not said" in refused(parts, pd.Series(HALF))


def test_weights_that_are_none_are_refused(fits):
    parts = asked(fits)
    for weights, words in (
        ({"a": 0.5, "b": 0.6}, "add up to 1.1"),
        ({"a": 1.0}, "'b' has no weight"),
        ({"a": 0.5, "c": 0.5}, "unknown model 'c'"),
        ({"a": 1.5, "b": -0.5}, "the weight of 'b' is -0.5"),
        ({"a": np.nan, "b": 1}, "the weight of 'a' is nan"),
        ({"a": "half", "b": 0.5}, "the weight of 'a' is 'half'"),
        ([0.5, 0.5], "weights are a list"),
    ):
        assert words in refused(parts, weights, origin="judgement")


def test_attributions_of_other_things_are_refused(fits, panel):
    parts = asked(fits)
    other = {
        "are of a premium and of a variance": bf.attribute(fits["b"], "variance"),
        "do not both have the asset 'portfolio'": bf.attribute(fits["b"], portfolio=MIX),
        "are per asset and per group": bf.attribute(fits["b"], per="group"),
        "are by factor and by family": bf.attribute(fits["b"], by="family"),
    }
    for words, one in other.items():
        assert words in refused({"a": parts["a"], "b": one}, HALF, origin="judgement")
    whole = asked(fits, "return")
    short = bf.attribute(fits["b"], "return", window=("2015-02", None))
    assert "are of other periods" in refused({"a": whole["a"], "b": short}, HALF, origin="judgement")
    compounded = bf.attribute(fits["b"], "return", compounded=True)
    assert "have other units" in refused({"a": whole["a"], "b": compounded}, HALF, origin="judgement")
    assert "at least two attributions" in refused(parts["a"], HALF, error=bf.FitError, origin="judgement")
    assert "at least two" in refused({"a": parts["a"]}, {"a": 1}, error=bf.FitError, origin="judgement")
    assert "'b' is a Fit" in refused({**parts, "b": fits["b"]}, HALF, error=bf.FitError, origin="judgement")
