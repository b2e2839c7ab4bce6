"""The full graph: what is observed in it, what it refuses, and what PyMC draws from it."""

from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.histories import factor_moments
from tests.support.panels import make_panel, reduced

FAST = {"mode": "FAST_COMPILE"}
DRAWS = 1000


@pytest.fixture(scope="module")
def panel():
    """Histories of several lengths, and factors that begin on two dates."""
    panel = make_panel(assets=5, traded=2, other=1, periods=80, shortest=20, groups=2, seed=3)
    values = panel.factors.values.copy()
    values[:6, 1] = np.nan
    return replace(panel, factors=panel.factors.copy(data=values), returns=panel.returns.isel(time=slice(10, None)))


def test_every_return_is_observed_with_its_asset_and_time_and_no_other(panel):
    graph = bf.build(panel, "static")
    seen = {name: graph[name].get_value() for name in ("observed_returns", "asset_of", "time_of")}
    found = np.full(panel.returns.shape, np.nan)
    found[seen["time_of"], seen["asset_of"]] = seen["observed_returns"]
    np.testing.assert_array_equal(found, panel.returns.values)
    assert seen["observed_returns"].size == np.isfinite(panel.returns.values).sum()
    assert graph.named_vars_to_dims["returns"] == ("observation",)
    assert list(graph.coords["time"]) == list(panel.returns["time"].values)


def test_factors_are_observed_by_stretches_on_which_the_same_ones_are_known(panel):
    graph = bf.build(panel, "static")
    assert [rv.name for rv in graph.observed_RVs] == ["factors_1", "factors_2", "returns"]
    for number, names in ((1, ["f0", "f2"]), (2, ["f0", "f2", "f1"])):
        assert list(graph.coords[f"factor_known_{number}"]) == names
        own = panel.factors.sel(time=list(graph.coords[f"factor_time_{number}"]), factor=names).values
        np.testing.assert_array_equal(graph[f"observed_factors_{number}"].get_value(), own)
    one = bf.build(replace(panel, factors=panel.factors.isel(time=slice(10, None))), "static")
    assert [rv.name for rv in one.observed_RVs] == ["factors", "returns"]


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("name", [name for name in bf.list_models() if not bf.read_model(name).moves])
def test_every_preset_has_its_variables_by_name(name, centred, panel):
    if bf.read_model(name).factors.error:  # where a factor has error, all begin on one date
        panel = replace(panel, factors=panel.factors.isel(time=slice(6, None)))
    graph = bf.build(panel, name, centred=centred)
    assert {"loading", "alpha", "sigma", "residual_sd", "risk_premium", "factor_mean", "factor_cov"} <= set(
        graph.named_vars
    )
    free = {rv.name for rv in graph.free_RVs}
    assert not centred or not {rv for rv in free if rv.endswith("_z")} - {"factor_cov_z", "dof_z"}
    assert centred or not {"loading", "alpha", "log_sigma"} & free


@pytest.mark.parametrize("model", ["static", "student_t"])
def test_prior_draws_are_those_of_prior_predict(model, panel):
    """R-squared, volatility and Sharpe ratio of an asset, the factors' covariance held as there."""
    graph = bf.build(panel, model)
    drawn = pm.sample_prior_predictive(DRAWS, graph, random_seed=1, compile_kwargs=FAST)
    prior = drawn["prior"].to_dataset().isel(chain=0)
    used = bf.read_model(model).restrict(panel)
    expected = bf.prior_predict(panel, model, DRAWS, seed=2).draws
    for asset in panel.assets[:2]:
        own = prior.sel(asset=asset)
        beta, omega = own["loading"].values, factor_moments(used).covariance
        systematic, noise = np.einsum("dk,kl,dl->d", beta, omega, beta), own["residual_sd"].values ** 2
        earned = own["alpha"].values + np.sum(beta * own["risk_premium"].values, axis=1)
        volatility = np.sqrt(252 * (systematic + noise))
        found = {
            "r_squared": systematic / (systematic + noise),
            "volatility": volatility,
            "sharpe": 252 * earned / volatility,
        }
        for name, values in found.items():
            assert stats.ks_2samp(values, expected[name].sel(asset=asset)).pvalue > 1e-3, name
    returns = drawn["prior_predictive"]["returns"].isel(chain=0)
    standard = (returns.values - fitted(prior, used, graph)) / prior["residual_sd"].values[
        :, graph["asset_of"].get_value()
    ]
    error = standard.size**-0.5
    assert abs(standard.mean()) < 4 * error
    if model != "student_t":  # whose fourth moment need not exist
        assert abs(standard.std() - 1) < 4 * error / 2**0.5


def fitted(draws, panel, graph):
    """Return the conditional mean of every observation (draw, observation)."""
    asset, time = graph["asset_of"].get_value(), graph["time_of"].get_value()
    traded = np.array([factor.traded for factor in panel.factor_info])
    shift = np.where(traded, 0.0, (draws["risk_premium"] - draws["factor_mean"]).values)
    moved = panel.aligned[time][None] + shift[:, None, :]
    rate = draws["zero_beta"].values[:, None] if "zero_beta" in draws else 0.0
    values = draws["alpha"].values[:, asset] + rate + np.sum(draws["loading"].values[:, asset] * moved, axis=2)
    return values


def test_the_prior_of_the_covariance_is_an_inverse_wishart(panel):
    """Its inverse has the mean dof / s^2, and log|Omega| the law of scipy's draws."""
    graph = bf.build(panel, "static")
    drawn = pm.sample_prior_predictive(DRAWS, graph, var_names=["factor_cov"], random_seed=4, compile_kwargs=FAST)
    omega = drawn["prior"]["factor_cov"].values[0]
    scale, dof = graph["covariance_scale"].get_value(), float(graph["covariance_dof"].get_value())
    other = stats.invwishart(dof, np.diag(scale)).rvs(DRAWS, random_state=5)
    for one, two in (
        (np.linalg.slogdet(omega)[1], np.linalg.slogdet(other)[1]),
        *((omega[:, k, k], other[:, k, k]) for k in range(3)),
        *((correlation(omega, j, k), correlation(other, j, k)) for j, k in ((0, 1), (0, 2), (1, 2))),
    ):
        assert stats.ks_2samp(one, two).pvalue > 1e-3


def correlation(omega, j, k):
    return omega[:, j, k] / np.sqrt(omega[:, j, j] * omega[:, k, k])


@pytest.mark.parametrize("model", ["static", "student_t"])
def test_draws_of_a_fit_predict_returns(model, panel):
    """As a Dataset with the graph's names: mean and standard deviation are those that the draws say."""
    fit, graph = (
        bf.fit(panel, model, bf.Sampler(draws=500, tune=500, chains=2, seed=1, progress=False)),
        bf.build(panel, model),
    )
    draws = fit.posterior
    sigma = draws["residual_sd"] * (((draws["dof"] - 2) / draws["dof"]) ** 0.5 if "dof" in draws else 1.0)
    floor = float(graph["resolution"].get_value())
    named = draws.assign(
        log_sigma=0.5 * np.log(sigma**2 - floor**2),
        premium=draws["risk_premium"].sel(factor=["f2"]).rename(factor="nontraded"),
    )
    if "dof" in draws:
        named["dof_z"] = (draws["dof"] - graph["dof_above"].get_value()) / graph["dof_mean"].get_value()
    held = [rv.name for rv in graph.free_RVs if rv.name in named]  # a Dataset has no record of the graph's data
    found = pm.sample_posterior_predictive(
        named,
        graph,
        var_names=["returns"],
        freeze_vars=held,
        random_seed=2,
        progressbar=False,
        compile_kwargs=FAST,
    )
    returns = found["posterior_predictive"]["returns"].stack(sample=("chain", "draw"), create_index=False)
    flat = draws.stack(sample=("chain", "draw"), create_index=False).transpose("sample", ...)
    mean = fitted(flat, panel, graph)
    sd = flat["residual_sd"].transpose("sample", "asset").values[:, graph["asset_of"].get_value()]
    standard = (returns.transpose("sample", "observation").values - mean) / sd
    error = standard.size**-0.5
    assert abs(standard.mean()) < 4 * error
    assert abs(standard.std() - 1) < 0.01


def test_draws_of_the_graph_become_a_fit(panel):
    """Whoever drew them, and answers are made of them."""
    graph = bf.build(panel, "static", centred=False)
    drawn = pm.sample_prior_predictive(200, graph, random_seed=1, compile_kwargs=FAST)
    fit = bf.from_draws(panel, drawn["prior"].to_dataset(), "static")
    parts = bf.attribute(fit, "premium", allow_unconverged=True).draws
    expected = 252 * (fit.posterior["loading"] * fit.posterior["risk_premium"]).sel(factor="f2")
    np.testing.assert_allclose(parts.sel(source="f2").transpose(*expected.dims).values, expected.values)


def test_what_the_full_graph_cannot_hold_is_refused(panel):
    """Statistics and weighted returns, which only the marginal graph takes."""
    recent = replace(bf.FactorModel(), observation=bf.HalfLife(bf.Duration(20, "periods")))
    for given, model, found in ((reduced(panel), "static", "PanelStatistics"), (panel, recent, "half_life")):
        with pytest.raises(SpecError, match=found) as caught:
            bf.build(given, model)
        assert "marginal=True" in caught.value.remedy
        assert np.isfinite(bf.build(given, model, marginal=True).initial_point()["log_sigma_z"]).all()


def test_what_moves_is_refused_by_its_name(panel):
    """The marginal graph is that of the cell that `fit` gives most draws."""
    with pytest.raises(
        SpecError, match=r"a model that moves \(noise.volatility = 'common', factors.*path = 'moving'"
    ) as caught:
        bf.build(panel, "moving_loadings")
    assert "static" in caught.value.remedy
    assert "marginal=True" in caught.value.remedy
    graph, still = (bf.build(panel, name, marginal=True) for name in ("moving_loadings", "static"))
    assert list(graph.named_vars) == list(still.named_vars)


def test_what_moves_is_refused_with_residual_factors_in_every_form(panel):
    moving = bf.read_model("moving_loadings")
    model = replace(moving, noise=replace(moving.noise, common=bf.CommonResiduals(1)))
    with pytest.raises(SpecError, match="a model that moves") as caught:
        bf.build(panel, model)
    assert "marginal" not in caught.value.remedy
    with pytest.raises(SpecError, match="do not integrate out together: the model moves"):
        bf.build(panel, model, marginal=True)


def test_the_marginal_graph_has_coordinates_of_its_own(panel):
    with pytest.raises(SpecError, match="centred=False goes with marginal=False"):
        bf.build(panel, "static", centred=False, marginal=True)
