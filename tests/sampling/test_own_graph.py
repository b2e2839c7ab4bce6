"""A graph that its user changed is refused where answers could not be made (`test_sampled_graphs` samples one)."""

from dataclasses import replace

import numpy as np
import pymc as pm
import pytest

import bayesfactor as bf
from bayesfactor.posterior.schema import REQUIRED
from bayesfactor.sampling import own_graph
from tests.support.panels import make_panel, reduced

SAMPLER = bf.Sampler(seed=3, progress=False)


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=60, shortest=25, groups=2, seed=5)


@pytest.fixture
def graph(panel):
    return bf.build(panel, "static", centred=False)


def test_a_model_of_one_family_is_of_those_factors(panel):
    graph = bf.build(panel, "capm", centred=False)
    assert own_graph.matched(panel, graph).factor_names == panel.factor_names[:1]


def refused(panel, graph, match):
    with pytest.raises(bf.SpecError, match=match) as caught:
        bf.fit(panel, graph, SAMPLER)
    assert caught.value.place == "fit.model"
    assert "bf.build(panel, model, centred=False)" in caught.value.remedy


def test_without_a_variable(panel):
    refused(panel, bf.build(panel, "static", marginal=True), r"'loading' \(chain, draw, asset, factor\) is missing")


def test_a_plain_model_names_all_that_it_lacks(panel):
    with pm.Model() as graph:
        pm.Normal("loading")
    refused(panel, graph, r"'alpha' .* is missing.*'residual_sd' .* is missing")


def test_with_other_dimensions(panel, graph):
    del graph.named_vars_to_dims["alpha"]
    refused(panel, graph, r"'alpha' has the dimensions .* must have \(chain, draw, asset\)")


def test_with_a_renamed_asset(panel):
    names = ["btc", *panel.assets[1:]]
    renamed = replace(
        panel, returns=panel.returns.assign_coords(asset=names), groups=panel.groups.assign_coords(asset=names)
    )
    refused(panel, bf.build(renamed, "static", centred=False), "'btc'")


def test_with_a_discrete_variable(panel, graph):
    with graph:
        pm.Bernoulli("crash", 0.1)
    refused(panel, graph, "'crash' is of type int64")


def test_of_another_panel(panel, graph):
    other = make_panel(assets=4, traded=1, other=1, periods=60, shortest=25, groups=2, seed=6)
    refused(other, graph, "'observed_returns' is not the panel's.*'factor_values' is not the panel's")
    with pytest.raises(bf.SpecError, match="the panel holds statistics"):
        bf.fit(reduced(panel), graph, SAMPLER)
    with graph:
        pm.set_data({"observed_factors": 2 * panel.factors.values})
    refused(panel, graph, "'observed_factors' is not the panel's")


def test_of_other_factors_or_groups(panel, graph):
    turned = replace(panel, factors=-panel.factors)
    refused(turned, graph, "'factor_values' is not the panel's")
    swapped = replace(panel, groups=panel.groups.copy(data=np.sort(panel.groups.values)))
    refused(swapped, graph, "'group_of' is not the panel's")
    info = tuple(replace(factor, traded=True, transform="none", lag=0) for factor in panel.factor_info)
    refused(replace(panel, factor_info=info), graph, "'nontraded' is not the panel's")


@pytest.mark.parametrize(("option", "value"), [("engine", "kernel"), ("store", "run.zarr")])
def test_options_that_it_cannot_have(panel, graph, option, value):
    with pytest.raises(bf.SpecError, match="not for a graph of your own") as caught:
        bf.fit(panel, graph, SAMPLER, **{option: value})
    assert caught.value.place == f"fit.{option}"


def test_what_is_no_model_at_all(panel):
    with pytest.raises(bf.SpecError, match="expected a model, found int"):
        bf.fit(panel, 42)


def test_many_panels_are_not_of_one_graph(panel, graph):
    with pytest.raises(bf.SpecError, match="the data of one panel") as caught:
        bf.fit_many([panel], graph)
    assert caught.value.place == "fit_many.model"


def test_a_start_without_a_density_names_the_variable_at_once(panel, graph, monkeypatch):
    with graph:
        pm.Normal("lost", np.nan, 1.0)
        pm.Potential("impossible", pm.math.log(graph["alpha"].sum() * 0.0 - 1.0))
    monkeypatch.setattr("bayesfactor.sampling.compiled_graphs.compile_graph", lambda *_: pytest.fail("compiled"))
    with pytest.raises(bf.FitError, match=r"'lost' \(nan\), 'impossible' \(nan\)"):
        bf.fit(panel, graph, SAMPLER)


def test_nothing_observed(panel):
    factors = panel.factor_names
    with pm.Model(coords={"asset": panel.assets, "factor": factors, "factor_other": factors}) as graph:
        for name, dims in REQUIRED.items():
            pm.Normal(name, dims=dims)
    refused(panel, graph, "nothing is observed")


def test_a_variable_named_as_a_dimension_of_draws(panel, graph):
    with graph:
        pm.Normal("chain")
    refused(panel, graph, "'chain' is the name of a dimension of draws")


def test_an_engine_that_does_not_exist(panel, graph):
    with pytest.raises(bf.SpecError, match="grph"):
        bf.fit(panel, graph, SAMPLER, engine="grph")


def test_a_graph_is_of_no_other_model(panel):
    with pm.Model() as outer:
        bf.build(panel, "capm")
    assert not outer.free_RVs
