"""Engines: which one samples a model, and that their draws are of the same variables."""

from dataclasses import replace

import numpy as np
import pytensor
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.moments import Moments
from bayesfactor.paths.movement import Cell
from bayesfactor.sampling.conditional_coefficients import draw_coefficients
from bayesfactor.sampling.fitting import ENGINES, engine_of
from bayesfactor.sampling.graph_engine import GraphEngine
from bayesfactor.sampling.kernel_engine import KernelEngine
from bayesfactor.spec.scaling import scale_priors
from tests.support.choices import derived
from tests.support.panels import make_panel

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
LAWS = ("static", "student_t")  # one for each kernel
SIZE = {"assets": 6, "traded": 1, "other": 1, "periods": 80, "groups": 2, "shortest": 25}
FEW = bf.Sampler(draws=20, tune=50, chains=1, seed=3, progress=False)


def test_a_kernel_is_taken_where_one_covers_the_model():
    panel, model = make_panel(**SIZE), bf.FactorModel()
    assert engine_of("auto", panel, model).name == "kernel"
    unknown = replace(model, alpha=derived(model.alpha, "wild"))
    assert engine_of("auto", panel, unknown).name == "graph"
    with pytest.raises(bf.SpecError, match=r"no compiled density covers alpha\.kind = 'wild'") as caught:
        engine_of("kernel", panel, unknown)
    assert 'engine="graph"' in caught.value.remedy
    assert caught.value.found == "kernel"


def test_an_engine_that_does_not_exist():
    with pytest.raises(bf.SpecError, match="grph") as caught:
        bf.fit(make_panel(**SIZE), "static", FEW, engine="grph")
    assert caught.value.allowed == ("auto", *(engine.name for engine in ENGINES))


@pytest.mark.parametrize("name", LAWS)
def test_the_graph_and_the_kernel_have_the_same_variables_at_any_point(name):
    """To rounding; coefficients where they are variables, and not drawn given the rest."""
    panel, model = make_panel(**SIZE, seed=5), bf.read_model(name)
    design = model.design(panel)
    kernel, graph = (
        one.prepare(design, model, scale_priors(design, model), Cell()) for one in (KernelEngine(), GraphEngine())
    )
    points = 0.6 * np.random.default_rng(3).standard_normal((4, kernel.problem.size))
    ours = kernel.theta(
        xr.DataTree.from_dict({"posterior": xr.Dataset({"theta": (("chain", "draw", "place"), points[None])})})
    )
    theirs = graph.theta(xr.DataTree.from_dict({"posterior": at_points(graph, kernel.problem, points)}))
    one, two = ours.shared(), theirs.shared()
    assert set(one) == set(two)
    for variable, (values, dims) in one.items():
        assert two[variable][1] == dims
        np.testing.assert_allclose(two[variable][0], values, rtol=1e-9, err_msg=variable)
    every = slice(None)
    np.testing.assert_allclose(theirs.scales(0, every), ours.scales(0, every), rtol=1e-9)
    assert ("coefficients" in theirs.draws) == (not model.noise.sums_suffice)
    if "coefficients" in theirs.draws:
        found, wanted = (theta.coefficients(0, every, np.random.default_rng(0)) for theta in (theirs, ours))
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def at_points(run, problem, points):
    """Return what the graph of a run stores at points of a density problem, as its draws."""
    graph, inputs = run.graph, run.graph.value_vars
    outputs = graph.replace_rvs_by_values([graph[name] for name in run.stored])
    function = pytensor.function(inputs, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    drawn = zip(*(function(*(problem.block(theta, v.name) for v in inputs)) for theta in points), strict=True)
    dims = {name: ("chain", "draw", *(graph.named_vars_to_dims.get(name) or ())) for name in run.stored}
    return xr.Dataset(
        {name: (dims[name], np.stack(values)[None]) for name, values in zip(run.stored, drawn, strict=True)}
    )


def test_coefficients_given_the_rest_are_those_of_a_bayesian_regression():
    """Mean and covariance of many draws against the normal equations, in Monte Carlo standard errors."""
    rng, draws, periods = np.random.default_rng(2), 40_000, 12
    x = np.column_stack([np.ones(periods), rng.standard_normal((periods, 2))])
    y = rng.standard_normal(periods)
    shift, sigma = np.array([0.3, 0.0]), 0.8
    loc, sd = np.array([0.1, 1.0, -0.5]), np.array([0.2, -0.7, 0.0])  # of either sign; the last is fixed
    moments = Moments(xx=(x.T @ x)[..., None], xy=(x.T @ y)[:, None], yy=np.array([y @ y]), count=np.array([periods]))
    whole = (draws, 1, 3)
    found = draw_coefficients(
        moments, np.broadcast_to(loc, whole), np.broadcast_to(sd, whole), np.full((draws, 1), sigma),
        np.broadcast_to(shift, (draws, 2)), rng,
    )[:, 0]  # fmt: skip
    moved, free = x + np.array([0.0, *shift]), slice(0, 2)
    precision = np.diag(sd[free] ** -2) + moved[:, free].T @ moved[:, free] / sigma**2
    rest = y - moved[:, 2] * loc[2]
    mean = np.linalg.solve(precision, loc[free] / sd[free] ** 2 + moved[:, free].T @ rest / sigma**2)
    covariance = np.linalg.inv(precision)
    np.testing.assert_array_equal(found[:, 2], loc[2])
    assert (np.abs(found[:, free].mean(0) - mean) < 4 * np.sqrt(np.diag(covariance) / draws)).all()
    np.testing.assert_allclose(
        np.cov(found[:, free].T), covariance, atol=4 * np.diag(covariance).max() * (2 / draws) ** 0.5
    )
