"""The full graph with latent variables: residual factors, loadings that may be out, factors measured with error."""

from dataclasses import replace

import numpy as np
import pymc as pm
import pytensor
import pytest
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.paths.movement import Cell
from bayesfactor.posterior.schema import mismatches
from bayesfactor.sampling.graph_engine import GraphEngine
from bayesfactor.sampling.recovery import recover
from bayesfactor.spec.inclusion import BetaInclusion
from bayesfactor.spec.measurement_error import BetaReliability, KnownReliability
from bayesfactor.spec.priors import Normal
from bayesfactor.spec.residual_factors import CommonResiduals
from bayesfactor.spec.scaling import scale_priors
from tests.support.panels import make_panel

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
FAST = {"mode": "FAST_COMPILE"}
BASE = bf.FactorModel()
FLOOR = 0.2


def residual(count, groups=None, of=BASE):
    return replace(of, noise=replace(of.noise, common=CommonResiduals(count), groups=groups))


def sparse(spike):
    found = (("market", 1.0), ("default", BetaInclusion(6.0, 2.0, spike=spike, floor=FLOOR)))
    return replace(BASE, loadings=replace(BASE.loadings, inclusion=found))


def noisy(**errors):
    return replace(BASE, factors=replace(BASE.factors, error=tuple(errors.items())))


@pytest.fixture(scope="module")
def panel():
    """Histories of several lengths; more dates of factors than of returns."""
    panel = make_panel(assets=5, traded=1, other=3, periods=30, shortest=9, groups=2, seed=3, year=52)
    return replace(panel, returns=panel.returns.isel(time=slice(4, None)))


def evaluated(graph, seed=1):
    """Return log-densities of all variables, and values of all of these, at some point."""
    start, rng = graph.initial_point(), np.random.default_rng(seed)
    point = [
        start[v.name] + (0 if v.name.startswith("included") else 0.3 * rng.standard_normal(np.shape(start[v.name])))
        for v in graph.value_vars
    ]
    named = [*graph.free_RVs, *graph.deterministics]
    terms = graph.logp(vars=graph.basic_RVs, sum=False, jacobian=False)
    outputs = [*terms, *graph.replace_rvs_by_values(named)]
    found = pytensor.function(graph.value_vars, outputs, mode=AS_WRITTEN, on_unused_input="ignore")(*point)
    names = [*(f"log p({rv.name})" for rv in graph.basic_RVs), *(variable.name for variable in named)]
    return dict(zip(names, found, strict=True))


def fitted(here, graph, factors):
    """Return the mean of every observation given factors (time, factor)."""
    asset, time = graph["asset_of"].get_value(), graph["time_of"].get_value()
    x = factors[time] + here["risk_premium"] - here["factor_mean"]
    mean = here["alpha"][asset] + np.sum(here["loading"][asset] * x, axis=1)
    if "residual_loading" in here:
        mean += np.sum(here["residual_loading"][asset] * here["residual_factor_value"][time], axis=1)
    return mean, here["residual_sd"][asset]


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("groups", [None, Normal(0.25, 0.25)], ids=["common", "groups"])
def test_residual_factors_are_added_to_the_mean(groups, centred, panel):
    graph = bf.build(panel, residual(2, groups), centred=centred)
    here = evaluated(graph)
    mean, sd = fitted(here, graph, panel.aligned)
    np.testing.assert_allclose(
        here["log p(returns)"], stats.norm(mean, sd).logpdf(graph["observed_returns"].get_value())
    )
    np.testing.assert_allclose(here["log p(residual_factor_value)"], stats.norm.logpdf(here["residual_factor_value"]))
    names = ["common 1", "common 2", *(panel.group_names if groups else ())]
    assert list(graph.coords["residual_factor"]) == names
    member = np.hstack([np.ones((5, 2)), panel.group_numbers[:, None] == np.arange(len(names) - 2)]) > 0
    away = here["residual_loading"] - here["residual_loading_mean"][panel.group_numbers]
    np.testing.assert_array_equal(here["residual_loading"][~member], 0.0)
    if centred:
        own = here["log p(residual_loading_member)" if groups else "log p(residual_loading)"]
        scale = np.broadcast_to(here["residual_loading_scale"], member.shape)
        np.testing.assert_allclose(np.ravel(own), stats.norm.logpdf(away[member], scale=scale[member]))


def test_as_many_residual_factors_as_the_panel_shows(panel):
    returns = panel.returns + 0.03 * np.random.default_rng(2).standard_normal((26, 1))
    graph = bf.build(replace(panel, returns=returns), residual("auto"))
    assert list(graph.coords["residual_factor"]) == ["common 1"]
    assert "residual_loading" not in bf.build(panel, residual("auto")).named_vars


@pytest.mark.parametrize("spike", ["zero", "group"])
def test_loadings_that_are_out(spike, panel):
    """Both forms have one prior; a loading that is out is 0 or its group's mean, and one that is in is not."""
    names = ["included", "inclusion_rate", "loading", "loading_mean", "loading_scale"]
    drawn = []
    for centred in (True, False):
        graph = bf.build(panel, sparse(spike), centred=centred)
        found = pm.sample_prior_predictive(400, graph, var_names=names, random_seed=1, compile_kwargs=FAST)
        drawn.append({name: found["prior"][name].values[0] for name in names})
        here = drawn[-1]
        out = here["included"] == 0
        spiked = here["loading_mean"][:, panel.group_numbers] if spike == "group" else np.zeros(out.shape)
        np.testing.assert_array_equal(out, np.isclose(here["loading"], spiked, rtol=0, atol=1e-15))
        assert not out[..., 0].any()
        assert (here["inclusion_rate"][:, 0] == 1).all()
        assert abs(here["inclusion_rate"][:, 1:].mean() - 0.75) < 4 * (0.75 * 0.25 / 9 / 1200) ** 0.5
        above = here["loading_scale"] - graph["loading_floor"].get_value()
        assert above.min() > 0
        assert graph["loading_floor"].get_value()[0] == 0
    assert stats.ks_2samp(*(here["loading"][:, 3, 2] for here in drawn)).pvalue > 1e-3


@pytest.mark.parametrize("centred", [True, False])
def test_factors_with_error(centred, panel):
    """The true factors are normal with the factors' covariance; what is observed of them has the error that is said."""
    model = noisy(f2=KnownReliability(0.6), f1=BetaReliability(4.0, 2.0, proxy="f3"))
    graph = bf.build(panel, model, centred=centred)
    here = evaluated(graph)
    used = model.restrict(panel)
    values, mean, omega = used.factors.values.copy(), here["factor_mean"], here["factor_cov"]
    values[:, 1:] = here["factor_true"]
    rho = here["reliability"]
    assert (rho[0], rho[2]) == (1.0, 0.6)
    seen, v = panel.factors.values, panel.factors.values.var(axis=0, ddof=1)
    error = np.sqrt((1 - rho[1:]) * v[1:3])
    np.testing.assert_allclose(here["log p(factors_with_error)"], stats.norm.logpdf(seen[:, 1:3], values[:, 1:], error))
    proxy = stats.norm.logpdf(seen[:, 3], values[:, 1], np.sqrt((1 - rho[1]) * v[3]))
    np.testing.assert_allclose(here["log p(proxies)"][:, 0], proxy)
    fits, sd = fitted(here, graph, values[4:])
    np.testing.assert_allclose(
        here["log p(returns)"], stats.norm(fits, sd).logpdf(graph["observed_returns"].get_value())
    )
    joint = stats.multivariate_normal(mean, omega).logpdf(values)
    if centred:
        np.testing.assert_allclose(here["log p(factors)"] + here["log p(factor_true)"], joint)
    else:
        exact = stats.norm(mean[0], omega[0, 0] ** 0.5).logpdf(values[:, 0])
        rest = omega[1:, 1:] - np.outer(omega[1:, 0], omega[0, 1:]) / omega[0, 0]
        z = here["log p(factor_true_z)"].sum(axis=1) - 0.5 * np.linalg.slogdet(rest)[1]
        np.testing.assert_allclose(exact + z, joint)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (sparse("zero"), r"loadings\.inclusion.*discrete"),
        (noisy(f2=KnownReliability(0.6)), r"factors\.error"),
        (residual(1, of=bf.read_model("hierarchical")), "moves"),
    ],
    ids=["sparse", "noisy", "moving"],
)  # fmt: skip
def test_what_the_graph_engine_cannot_sample_is_refused_by_its_name(model, match, panel):
    with pytest.raises(bf.SpecError, match=match) as caught:
        bf.fit(panel, model, engine="graph")
    assert "engine='conditional' samples it" in str(caught.value)
    assert GraphEngine().refuses(panel, residual(1)) is None


@pytest.mark.parametrize("model", [sparse("zero"), noisy(f2=KnownReliability(0.6))], ids=["sparse", "noisy"])
def test_what_does_not_integrate_out_has_no_marginal_graph(model, panel):
    with pytest.raises(bf.SpecError, match="integrate out") as caught:
        bf.build(panel, model, marginal=True)
    assert caught.value.place == "build.marginal"


@pytest.mark.parametrize("equal", [True, False])
def test_draws_of_the_graph_that_is_sampled_become_a_posterior(equal, panel):
    """With residual factors integrated out where assets were observed together, else with all of their values."""
    used = replace(panel, returns=panel.returns.fillna(0.0)) if equal else panel
    model = residual(1, Normal(0.25, 0.25))
    design = model.design(used)
    run = GraphEngine().prepare(design, model, scale_priors(design, model), Cell())
    assert ("residual_factor_value" in run.graph.named_vars) is not equal
    drawn = pm.draw([run.graph[name] for name in run.stored], draws=8, random_seed=1, mode="FAST_COMPILE")
    labels = {name: ("chain", "draw", *(run.graph.named_vars_to_dims.get(name) or ())) for name in run.stored}
    arrays = {name: (labels[name], values[None]) for name, values in zip(run.stored, drawn, strict=True)}
    theta = run.theta(xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)}))
    posterior, _ = recover(theta, seed=1)
    assert not list(mismatches(posterior, used))
    assert list(posterior["residual_factor"].values) == ["common 1", *used.group_names]
    assert not {"residual_loading_mean", "residual_loading_scale", "residual_factor_value"} & set(posterior)
    np.testing.assert_array_equal(posterior["residual_loading"].values[0], drawn[run.stored.index("residual_loading")])
