"""The compiled density of residual factors integrated out: against the graph, dense normals and the other engines."""

from dataclasses import replace

import arviz
import numpy as np
import pytensor
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.sampling.fitting import engine_of
from bayesfactor.sampling.kernels.correlated_kernel import CORRELATED
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.named_residual_factors import named_residual_factors
from bayesfactor.spec.priors import Normal, SpikeSlab
from bayesfactor.spec.scaling import scale_priors
from tests.support.correlated import MODELS, Graph, assert_drawn, whole_normal, with_factors
from tests.support.panels import make_panel, reduced

SIZE = {"assets": 9, "traded": 1, "other": 1, "periods": 24, "groups": 2, "seed": 3, "year": 52}


@pytest.fixture(autouse=True)
def _untraced():
    """Graphs are built faster without a record of the line that made each node."""
    with pytensor.config.change_flags(traceback__limit=0, traceback__compile_limit=0):
        yield


@pytest.fixture(scope="module")
def panel():
    return make_panel(**SIZE)


def problem_of(panel, model):
    """The density problem of a model with residual factors."""
    design = model.design(panel)
    priors = scale_priors(design, model)
    columns = ResidualColumns.of(named_residual_factors(design, model, priors))
    return pack(design, model, priors, columns, CORRELATED)


def placed(problem, graph, vector):
    """A point of a graph as one of a problem; of coordinates that only the problem has, 0, which are standard normals.

    Return it, the place in it of each number of the graph, and how many numbers only the problem has.
    """
    numbers = {name: at + np.arange(int(np.prod(s))).reshape(s) for name, (at, s) in problem.layout.items() if at >= 0}
    q, theta, places = len(problem.residual_factors), np.zeros(problem.size), []
    member = problem.data["member"][-q:].T > 0
    whole = {
        "residual_loading_mean_z": numbers["loading_mean_z"][..., -q:],
        "residual_loading_scale_z": numbers["loading_scale_z"][..., -q:],
        "residual_loading_member_z": numbers["residual_loading_z"][member],
    }
    for variable in graph.inputs:
        found = whole.get(variable.name, numbers.get(variable.name))
        if variable.name in ("factor_mean_z", "loading_mean_z", "loading_scale_z"):
            found = found[..., :-q]
        places.append(np.ravel(found))
    places = np.concatenate(places)
    theta[places] = vector
    return theta, places, problem.size - places.size


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_graph_and_all_returns_as_one_normal_vector(name, panel):
    """Value and gradient; also where alphas scale with residual risk, so that no two assets have the same law."""
    problem, graph = problem_of(panel, MODELS[name]), Graph(bf.build(panel, MODELS[name], marginal=True), slopes=True)
    at = 0.7 * np.random.default_rng(1).standard_normal(graph.ends[-1])
    total, likelihood, slopes, values = graph.at(at)
    theta, places, more = placed(problem, graph, at)
    found, gradient = problem.evaluate(theta)
    found += 0.5 * np.log(2 * np.pi) * more
    assert found == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(gradient[places], slopes, rtol=1e-8, atol=1e-9 * np.abs(slopes).max())
    mean, covariance, _, _ = whole_normal(panel, values)
    dense = stats.multivariate_normal(mean, covariance).logpdf(panel.returns.values.T.ravel())
    assert found - (total - likelihood) == pytest.approx(dense, rel=1e-10)
    np.testing.assert_allclose(problem.residual_loadings(theta[None])[0], values["residual_loading"], rtol=1e-10)


SLAB = FactorLaw((("market", Normal(0.0, 0.5)), ("default", SpikeSlab(0.8))))


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize("model", [MODELS["both"], replace(MODELS["common-free"], factors=SLAB)], ids=["both", "slab"])
def test_its_gradient_is_that_of_differences(model, others):
    panel = make_panel(**{**SIZE, "other": others})
    problem, rng, step = problem_of(panel, model), np.random.default_rng(4), 1e-5
    at = 0.5 * rng.standard_normal(problem.size)
    gradient = problem.evaluate(at)[1]
    for direction in (*np.eye(at.size)[::3], *rng.standard_normal((2, at.size))):
        ends = [problem.evaluate(at + side * step * direction)[0] for side in (1, -1)]
        assert gradient @ direction == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-6 * np.abs(gradient).max()
        )


@pytest.mark.parametrize("name", ["both", "groups-zero"])
def test_coefficients_given_the_rest_are_normal_as_they_must_be(name, panel):
    """Mean and covariance of many draws against the whole normal vector, in Monte Carlo standard errors."""
    problem, graph = problem_of(panel, MODELS[name]), Graph(bf.build(panel, MODELS[name], marginal=True))
    at = 0.7 * np.random.default_rng(2).standard_normal(graph.ends[-1])
    *_, values = graph.at(at)
    mean, covariance, cross, prior = whole_normal(panel, values)
    gain = cross @ np.linalg.inv(covariance)
    wanted = values["coefficient_loc"].ravel() + gain @ (panel.returns.values.T.ravel() - mean)
    spread, draws, n = prior - gain @ cross.T, 20_000, len(panel.assets)
    theta = np.tile(placed(problem, graph, at)[0], (draws, 1))
    found = problem.coefficients(theta, n, np.random.default_rng(5))
    q = len(problem.residual_factors)
    np.testing.assert_allclose(found[0, :, -q:], values["residual_loading"], rtol=1e-10)
    found = found[..., :-q].reshape(draws, -1)
    assert_drawn(found, wanted, spread)


def invariants(fit):
    """What is reported and no rotation of residual factors changes."""
    draws = fit.posterior
    common = draws["residual_loading"].transpose("chain", "draw", "asset", "residual_factor").values
    covariance = common @ common.swapaxes(-1, -2)
    own = {name: draws[name].values for name in ("alpha", "loading", "residual_sd", "risk_premium", "loading_mean")}
    return own | {
        "covariance": covariance,
        "portfolio": covariance.mean(axis=(-1, -2)),
        "loading_scale": draws["loading_scale"].values,
    }


def test_it_samples_the_posterior_of_the_conditional_engine():
    """Means and standard deviations of what is reported, within four Monte Carlo standard errors."""
    panel, model = make_panel(**{**SIZE, "periods": 60}), with_factors(1, None)
    sampler = bf.Sampler(draws=600, tune=300, chains=4, seed=3, progress=False)
    fits = [bf.fit(panel, model, sampler, engine=name) for name in ("kernel", "conditional")]
    assert fits[0].posterior.sizes == fits[1].posterior.sizes
    assert set(fits[0].posterior) == set(fits[1].posterior)
    assert list(fits[0].posterior["residual_factor"].values) == ["common 1"]
    one, two = (invariants(fit) for fit in fits)
    for name in one:
        for method, summary in (("mean", np.mean), ("sd", np.std)):
            errors = [_mcse(draws[name], method) for draws in (one, two)]
            values = [summary(draws[name], axis=(0, 1)) for draws in (one, two)]
            assert (np.abs(values[0] - values[1]) <= 4 * np.hypot(*errors)).all(), (name, method)


def _mcse(draws, method):
    """Monte Carlo standard errors of draws (chain, draw, ...)."""
    return np.asarray(arviz.mcse(arviz.convert_to_dataset({"x": draws}), method=method)["x"])


def test_where_the_kernel_is_taken_and_where_not(panel):
    model = with_factors(1, None)
    assert engine_of("auto", panel, model).name == "kernel"
    assert engine_of("auto", panel, with_factors("auto", None)).name == "kernel"
    returns = panel.returns.copy()
    returns[:5, 2] = np.nan
    unequal = replace(panel, returns=returns)
    moving = replace(model, noise=replace(model.noise, volatility=bf.read_model("hierarchical").noise.volatility))
    sparse = replace(model, loadings=replace(model.loadings, inclusion=(("market", bf.BetaInclusion(1.0, 1.0)),)))
    for one, other, reason in (
        (unequal, model, r"do not integrate out.*'a02' has 19 returns, 'a00' 24"),
        (panel, moving, "the model moves"),
        (panel, sparse, "no compiled density has the latent variables of .*loadings.inclusion"),
    ):
        assert engine_of("auto", one, other).name == "conditional"
        with pytest.raises(bf.SpecError, match=reason) as caught:
            engine_of("kernel", one, other)
        assert caught.value.place == "fit.engine"
    with pytest.raises(bf.SpecError, match="needs single returns"):
        bf.fit(reduced(panel), model)
