"""The density with coefficients and residual factors integrated out is that of all returns as one normal vector."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.panel.residual_products import observed_together, residual_products
from bayesfactor.sampling.correlated_coefficients import draw_correlated_coefficients
from tests.support.correlated import MODELS, Graph, assert_drawn, whole_normal, with_factors
from tests.support.panels import make_panel, reduced


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=5, traded=1, other=1, periods=20, groups=2, seed=3, year=52)


@pytest.mark.parametrize("name", MODELS)
def test_it_is_one_normal_vector(name, panel):
    """Also where alphas scale with residual risk, so that no two assets have the same law of coefficients."""
    graph = Graph(bf.build(panel, MODELS[name], marginal=True))
    _, found, _, values = graph.at(0.7 * np.random.default_rng(1).standard_normal(graph.ends[-1]))
    mean, covariance, _, _ = whole_normal(panel, values)
    assert found == pytest.approx(
        stats.multivariate_normal(mean, covariance).logpdf(panel.returns.values.T.ravel()), rel=1e-10
    )
    assert np.abs(values["residual_loading"]).max() > 0


def test_assets_of_other_groups_do_not_load_on_the_factor_of_a_group(panel):
    graph = Graph(bf.build(panel, MODELS["both"], marginal=True))
    *_, values = graph.at(np.random.default_rng(1).standard_normal(graph.ends[-1]))
    member = panel.group_numbers[:, None] == np.arange(2)
    np.testing.assert_array_equal(values["residual_loading"][:, 1:] != 0, member)


def test_its_gradient_is_that_of_differences(panel):
    """By the last coordinate of every variable, and in some directions."""
    graph = Graph(bf.build(panel, MODELS["both"], marginal=True), slopes=True)
    rng, step = np.random.default_rng(4), 1e-5
    at = 0.5 * rng.standard_normal(graph.ends[-1])
    gradient = graph.at(at)[2]
    for direction in (*np.eye(at.size)[graph.ends - 1], *rng.standard_normal((2, at.size))):
        slope = (graph.at(at + step * direction)[0] - graph.at(at - step * direction)[0]) / (2 * step)
        assert gradient @ direction == pytest.approx(slope, rel=1e-6, abs=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("name", ["both", "groups-zero"])
def test_coefficients_given_the_rest_are_normal_as_they_must_be(name, panel):
    """Mean and covariance of many draws against the whole normal vector, in Monte Carlo standard errors."""
    graph = Graph(bf.build(panel, MODELS[name], marginal=True))
    *_, values = graph.at(0.7 * np.random.default_rng(2).standard_normal(graph.ends[-1]))
    mean, covariance, cross, prior = whole_normal(panel, values)
    gain = cross @ np.linalg.inv(covariance)
    wanted = values["coefficient_loc"].ravel() + gain @ (panel.returns.values.T.ravel() - mean)
    spread = prior - gain @ cross.T
    draws, rng = 20_000, np.random.default_rng(5)

    def many(name):
        return np.broadcast_to(values[name], (draws, *values[name].shape))

    shift = many("risk_premium") - many("factor_mean")
    found = draw_correlated_coefficients(
        residual_products(panel), many("coefficient_loc"), many("coefficient_sd"), many("sigma"), shift,
        many("residual_loading"), rng,
    ).reshape(draws, -1)  # fmt: skip
    assert_drawn(found, wanted, spread)


def test_what_does_not_integrate_out_is_refused(panel):
    model = with_factors(1, None)
    returns = panel.returns.copy()
    returns[:5, 2] = np.nan
    unequal = replace(panel, returns=returns)
    assert observed_together(panel)
    assert not observed_together(unequal)
    with pytest.raises(bf.SpecError, match=r"'a02' has 15 returns, 'a00' 20") as caught:
        bf.build(unequal, model, marginal=True)
    assert caught.value.place == "build.marginal"
    with pytest.raises(bf.SpecError, match="needs single returns"):
        bf.build(reduced(panel), model, marginal=True)
    moving = replace(model, noise=replace(model.noise, volatility=bf.read_model("hierarchical").noise.volatility))
    with pytest.raises(bf.SpecError, match="the model moves"):
        bf.build(panel, moving, marginal=True)
