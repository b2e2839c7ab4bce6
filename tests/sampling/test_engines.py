"""Engines: which one samples a model, and that they sample the same posterior."""

from dataclasses import replace

import arviz
import numpy as np
import nutpie
import pytest

import bayesfactor as bf
from bayesfactor.panel.moments import Moments
from bayesfactor.sampling.conditional_coefficients import draw_coefficients
from bayesfactor.sampling.fitting import ENGINES, engine_of
from tests.support.choices import derived
from tests.support.panels import make_panel, reduced

LAWS = ("static", "student_t")  # one for each kernel
SIZE = {"assets": 6, "traded": 1, "other": 1, "periods": 80, "groups": 2, "shortest": 25}
SAMPLER = bf.Sampler(draws=1000, tune=500, chains=4, seed=3, progress=False)
FEW = replace(SAMPLER, draws=20, tune=50, chains=1)


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


@pytest.fixture(scope="module", params=LAWS)
def both(request):
    """One model by both engines that sample it."""
    panel, model = make_panel(**SIZE, seed=5), bf.read_model(request.param)
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
    if model.noise.sums_suffice:
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
