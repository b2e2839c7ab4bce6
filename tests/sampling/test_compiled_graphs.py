"""When a graph that was compiled is used again: for other data of the same graph, and for nothing else."""

from dataclasses import dataclass, replace

import numpy as np
import nutpie
import pymc as pm
import pytensor
import pytest
import xarray as xr

from bayesfactor.sampling.compiled_graphs import compile_graph, labelled


def build(
    data=(0.5, 1.0),
    scale=1.0,
    start=None,
    dims="asset",
    labels=("a", "b"),
    free="x",
    name="twice",
    factor=2.0,
    dtype=float,
):
    coords = {} if labels is None else {"asset": labels, "other": labels}
    dims = None if labels is None else dims
    with pm.Model(coords=coords) as graph:
        given = pm.Data("given", np.array(data, dtype=dtype))
        x = pm.Normal(free, given, scale, dims=dims, initval=start)
        pm.Deterministic(name, factor * x, dims=dims)
    return graph


OTHERS = {
    "a constant": {"scale": 2.0},
    "a Deterministic": {"factor": 3.0},
    "the name of a Deterministic": {"name": "double"},
    "the name of a free variable": {"free": "y"},
    "dimensions": {"dims": "other"},
    "the type of data": {"dtype": int},
    "where it starts": {"start": np.array([0.0, 1.0])},
    "how it starts": {"start": "prior"},
    "more assets": {"data": (0.5, 1.0, 2.0), "labels": ("a", "b", "c")},
}


@dataclass(frozen=True)
class Compiled:
    """Of what nutpie compiles as much as is used."""

    shared_var_keys: dict
    given: np.ndarray
    initial_point_func: object = None

    def with_data(self, given):
        return replace(self, given=given)


@pytest.fixture
def compiled(monkeypatch):
    """What was compiled, in order, by a compiler that does nothing."""
    made = []

    def compile_pymc_model(graph, var_names):
        held = {variable: "key" for variable in graph.named_vars.values() if variable.name == "given"}
        made.append(Compiled(held, graph["given"].get_value()))
        return made[-1]

    monkeypatch.setattr(nutpie, "compile_pymc_model", compile_pymc_model)
    monkeypatch.setattr("bayesfactor.sampling.compiled_graphs.KEPT_GRAPHS", type(made)())
    return made


def names(graph):
    return [variable.name for variable in graph.deterministics]


def test_other_data_and_labels_are_of_the_same_graph(compiled):
    for data, labels in (((0.5, 1.0), ("a", "b")), ((3.0, 4.0), ("c", "d"))):
        graph = build(data=data, labels=labels)
        found = compile_graph(graph, names(graph))
        np.testing.assert_array_equal(found.given, data)
        assert np.abs(found.initial_point_func(1) - np.array(data)).max() <= 1  # from the means of its own priors
    assert len(compiled) == 1


@pytest.mark.parametrize("change", OTHERS, ids=list(OTHERS))
def test_anything_else_is_another_graph(compiled, change):
    for graph in (build(), build(**OTHERS[change])):
        compile_graph(graph, names(graph))
    assert len(compiled) == 2


def test_data_that_were_resized_are_another_graph(compiled):
    """The container of a graph that was compiled is not what its code was made for."""
    graph = build(labels=None)
    compile_graph(graph, names(graph))
    with graph:
        pm.set_data({"given": np.zeros(3)})
    compile_graph(graph, names(graph))
    assert len(compiled) == 2


def test_data_without_a_name_cannot_be_told_apart(compiled):
    for values in ([5.0, 6.0], [7.0, 8.0]):
        graph = build()
        with graph:
            pm.Potential("pull", -((graph["x"] - pytensor.shared(np.array(values))) ** 2).sum())
        compile_graph(graph, names(graph))
    assert len(compiled) == 2


def test_large_starts_that_differ_somewhere(compiled):
    size = 3000
    for start in (np.zeros(size), np.arange(size) == size // 2):
        graph = build(data=np.zeros(size), labels=range(size), start=start.astype(float))
        compile_graph(graph, names(graph))
    assert len(compiled) == 2


def test_draws_have_the_labels_of_their_own_graph():
    draws = xr.Dataset({"x": (("chain", "draw", "asset"), np.zeros((1, 2, 2)))}, {"asset": ["a", "b"]})
    assert labelled(draws, build(labels=("d", "c")))["asset"].values.tolist() == ["d", "c"]
