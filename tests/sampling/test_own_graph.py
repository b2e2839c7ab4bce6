"""A graph that its user changed: sampled as it stands, checked, saved, and refused where answers could not be made."""

from dataclasses import replace

import arviz
import numpy as np
import pymc as pm
import pytest

import bayesfactor as bf
from bayesfactor.posterior.fit import OWN_GRAPH
from bayesfactor.posterior.schema import REQUIRED
from bayesfactor.sampling import own_graph
from tests.support.panels import make_panel, reduced

SAMPLER = bf.Sampler(draws=1500, tune=1000, chains=4, seed=3, progress=False)
VIEW = 0.1  # standard deviation of a view on a loading


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=60, shortest=25, groups=2, seed=5)


@pytest.fixture
def graph(panel):
    return bf.build(panel, "static", centred=False)


@pytest.fixture(scope="module")
def viewed(panel):
    """A view on one loading, and a latent variable; of the model whose graph compiles soonest."""
    graph = bf.build(panel, "capm", centred=False)
    with graph:
        pm.HalfNormal("positive", 0.5)
        pm.Potential("view", pm.logp(pm.Normal.dist(1.5, VIEW), graph["loading"][0, 0]))
        latent = pm.Normal("latent", 2.0, 0.5, dims="group")
        pm.Deterministic("doubled", 2 * latent, dims="group")
    return bf.fit(panel, graph, SAMPLER)


def test_it_is_sampled_as_it_stands(viewed, panel):
    """The posterior is that without the view, weighted by the view; a latent variable beside it keeps its prior."""
    without = bf.fit(panel, "capm", bf.Sampler(draws=5000, seed=3, progress=False))
    here = {"asset": panel.assets[0], "factor": panel.factor_names[0]}
    before = without.posterior["loading"].sel(here).values.ravel()
    weight = np.exp(-0.5 * ((before - 1.5) / VIEW) ** 2)
    weight /= weight.sum()
    mean = weight @ before
    error = np.sqrt(weight**2 @ (before - mean) ** 2)
    after = viewed.posterior["loading"].sel(here)
    for draws, wanted, other in ((after, mean, error), (viewed.posterior["latent"], 2.0, 0.0)):
        own = arviz.mcse(draws.to_dataset(name="x"))["x"]
        assert (np.abs(draws.mean(("chain", "draw")) - wanted) < 4 * np.hypot(own, other)).all()
    assert float(viewed.posterior["positive"].min()) > 0  # what is sampled as its logarithm is kept as it is
    assert {"loading_scale", "alpha_scale", "log_sigma_scale"} <= set(viewed.posterior)
    assert abs(before.mean() - mean) > 10 * error  # without the view it would be seen
    np.testing.assert_allclose(viewed.posterior["doubled"], 2 * viewed.posterior["latent"])


def test_its_fit_answers_and_says_what_it_is(viewed, tmp_path):
    assert (viewed.engine, viewed.model) == (OWN_GRAPH, None)
    assert OWN_GRAPH in repr(viewed)
    assert viewed.sampler == SAMPLER
    assert {"pymc", "pytensor", "nutpie"} <= set(viewed.versions)
    assert bf.check(viewed).ok
    table = bf.attribute(viewed, "premium").table()
    opened = bf.open_fit(viewed.save(tmp_path / "own.nc"))
    assert opened.engine == OWN_GRAPH
    assert bf.attribute(opened, "premium").table().equals(table)
    assert bf.write_report(opened, tmp_path / "own.html").stat().st_size > 0


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
