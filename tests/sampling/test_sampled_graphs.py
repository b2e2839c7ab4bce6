"""Graphs that are compiled and sampled; in one file, because what is compiled of one serves the next.

Of one model and of one own graph: that the densities and the variables of all others are those of the kernels is tested
without compiling (`contracts/test_density`, `test_engines`).
"""

from dataclasses import replace

import arviz
import numpy as np
import nutpie
import pymc as pm
import pytest

import bayesfactor as bf
from bayesfactor.posterior.fit import OWN_GRAPH
from bayesfactor.sampling.fitting import ENGINES
from tests.support.choices import derived
from tests.support.panels import make_panel, reduced

SIZE = {"assets": 6, "traded": 1, "other": 1, "periods": 80, "groups": 2, "shortest": 25}
SAMPLER = bf.Sampler(draws=1000, tune=500, chains=4, seed=3, progress=False)
FEW = replace(SAMPLER, draws=20, tune=50, chains=1)
LONG = replace(SAMPLER, draws=1500, tune=1000)
VIEW = 0.1  # standard deviation of a view on a loading


@pytest.fixture(scope="module")
def both():
    """One model by both engines that sample it."""
    panel, model = make_panel(**SIZE, seed=5), bf.read_model("static")
    names = [engine.name for engine in ENGINES if engine.refuses(panel, model) is None]
    assert names == ["kernel", "graph"]
    return [bf.fit(panel, model, SAMPLER, engine=name) for name in names]


def test_the_engines_sample_one_posterior(both):
    """Every mean and standard deviation is the same, within four Monte Carlo standard errors."""
    one, two = (fit.posterior for fit in both)
    assert set(one) == set(two)
    for name in one.data_vars:
        assert one[name].dims == two[name].dims
        for method in ("mean", "sd"):
            errors = [arviz.mcse(draws[[name]], method=method)[name].values for draws in (one, two)]
            how = "std" if method == "sd" else "mean"
            values = [getattr(draws[name], how)(("chain", "draw")).values for draws in (one, two)]
            assert (np.abs(values[0] - values[1]) <= 4 * np.hypot(*errors)).all(), (name, method)


def test_a_fit_says_what_was_sampled(both, tmp_path):
    kernel, graph = both
    assert (kernel.engine, graph.engine) == ("kernel", "graph")
    assert {"pymc", "pytensor"} <= set(graph.versions)
    assert set(kernel.data.children) == set(graph.data.children)
    assert set(kernel.data["log_prior"].data_vars) == set(graph.data["log_prior"].data_vars)
    assert bf.check(graph).ok
    assert bf.open_fit(graph.save(tmp_path / "graph.nc")).engine == "graph"


def test_a_graph_is_compiled_once_for_all_data_of_its_shape(both, monkeypatch):
    """Of another panel as large, of its statistics, and with draws on disk; not of another model."""
    model = both[1].model
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda *_, **__: pytest.fail("compiled again"))
    panel = make_panel(**SIZE, seed=5)
    again = bf.fit(panel, model, FEW, engine="graph")
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        bf.fit(panel, replace(model, alpha=bf.read_model("capm").alpha, families=("market",)), FEW, engine="graph")
    other = bf.fit(make_panel(**SIZE, seed=6), model, FEW, engine="graph")
    assert not np.array_equal(other.posterior["loading"], again.posterior["loading"])
    sums = bf.fit(reduced(panel), model, FEW, engine="graph")
    np.testing.assert_allclose(sums.posterior["loading"], again.posterior["loading"], rtol=1e-6)


def test_a_model_that_no_kernel_covers_is_sampled_as_its_graph(both):
    """A class of its own with the law of one that is known: the same graph, so the same draws."""
    panel, model = both[1].panel, both[1].model
    unknown = replace(model, alpha=derived(model.alpha, "wild"))
    fit = bf.fit(panel, unknown, FEW)
    assert fit.engine == "graph"
    np.testing.assert_array_equal(
        fit.posterior["loading"], bf.fit(panel, model, FEW, engine="graph").posterior["loading"]
    )


def test_draws_of_a_graph_on_disk_are_those_in_memory(both, tmp_path):
    panel, model = both[1].panel, both[1].model
    stored = bf.fit(panel, model, FEW, engine="graph", store=tmp_path / "run.zarr")
    assert stored.engine == "graph"
    np.testing.assert_array_equal(
        stored.posterior["loading"], bf.fit(panel, model, FEW, engine="graph").posterior["loading"]
    )


@pytest.fixture(scope="module")
def small():
    return make_panel(assets=4, traded=1, other=1, periods=60, shortest=25, groups=2, seed=5)


@pytest.fixture(scope="module")
def viewed(small):
    """A view on one loading, and a latent variable; of the model whose graph compiles soonest."""
    graph = bf.build(small, "capm", centred=False)
    with graph:
        pm.HalfNormal("positive", 0.5)
        pm.Potential("view", pm.logp(pm.Normal.dist(1.5, VIEW), graph["loading"][0, 0]))
        latent = pm.Normal("latent", 2.0, 0.5, dims="group")
        pm.Deterministic("doubled", 2 * latent, dims="group")
    return bf.fit(small, graph, LONG)


def test_an_own_graph_is_sampled_as_it_stands(viewed, small):
    """The posterior is that without the view, weighted by the view; a latent variable beside it keeps its prior."""
    without = bf.fit(small, "capm", bf.Sampler(draws=5000, seed=3, progress=False))
    here = {"asset": small.assets[0], "factor": small.factor_names[0]}
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


def test_the_fit_of_an_own_graph_answers_and_says_what_it_is(viewed, tmp_path):
    assert (viewed.engine, viewed.model) == (OWN_GRAPH, None)
    assert OWN_GRAPH in repr(viewed)
    assert viewed.sampler == LONG
    assert {"pymc", "pytensor", "nutpie"} <= set(viewed.versions)
    assert bf.check(viewed).ok
    table = bf.attribute(viewed, "premium").table()
    opened = bf.open_fit(viewed.save(tmp_path / "own.nc"))
    assert opened.engine == OWN_GRAPH
    assert bf.attribute(opened, "premium").table().equals(table)
    assert bf.write_report(opened, tmp_path / "own.html").stat().st_size > 0
