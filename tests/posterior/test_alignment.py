"""Draws meet their panel by label: whatever their order, every answer is the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings, strategies as st

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.write_fits import FITS

PORTFOLIO = {"a00": 0.7, "a02": -0.3}
NAMES = ["hierarchical_1", "student_t_1", "spike_slab_1", "pooled_1"]


@pytest.fixture(scope="module", params=NAMES)
def fit(request):
    return bf.open_fit(FITS / f"{request.param}.nc")


@pytest.fixture(scope="module")
def told(fit):
    return answers(fit)


def with_posterior(fit, posterior):
    """Return the tree of a fit with other draws."""
    tree = fit.data.copy()
    tree["posterior"] = xr.DataTree(posterior)
    return tree


def shuffled(fit, seed, dims=("asset", "factor", "factor_other", "group")):
    """Return the fit made again from draws in another order along some dimensions."""
    rng = np.random.default_rng(seed)
    posterior = fit.posterior
    turn = {dim: rng.permutation(posterior.sizes[dim]) for dim in dims if dim in posterior.sizes}
    return bf.Fit(fit.panel, fit.model, fit.sampler, with_posterior(fit, posterior.isel(turn)))


def answers(fit):
    """Return what is said of a fit, as a list of arrays and tables."""
    kinds = [("premium", {}), ("variance", {}), ("return", {}), ("return", {"compounded": True})]
    kinds += [("return", {"window": (None, "2015-02")}), ("return", {"per": "group"}), ("premium", {"by": "family"})]
    if "loading_mean" in fit.posterior:
        kinds.append(("premium", {"by": "level"}))
    said = [bf.attribute(fit, kind, portfolio=PORTFOLIO, **choices).draws for kind, choices in kinds]
    said += [bf.attribute(fit, portfolio=PORTFOLIO).uncertainty, bf.log_likelihood(fit), bf.factor_log_likelihood(fit)]
    said += [bf.log_likelihood(fit, per="asset"), bf.loadings(fit), bf.alphas(fit), bf.risk_premia(fit)]
    report, pricing = bf.check(fit), bf.price(fit)
    said += [report.table, report.assets, report.shrinkage, report.sensitivity, bf.identify(fit).table()]
    return [*said, pricing.table(), pricing.errors(), pricing.r_squared_table()]


def same(one, two):
    """Both are the same but for rounding: sums over an array turned in memory are made in another order."""
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, two, rtol=1e-9, atol=1e-12)
    else:
        assert set(one.coords) == set(two.coords)
        assert all(one[name].values.tolist() == two[name].values.tolist() for name in one.coords)
        xr.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("dims", [("asset",), ("factor",), ("factor_other",), ("group",), ("asset", "factor", "group")])
def test_every_answer_is_the_same_in_any_order(fit, told, dims):
    for one, two in zip(told, answers(shuffled(fit, 3, dims)), strict=True):
        same(one, two)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_law_the_order_of_draws_changes_nothing(fit, seed):
    other = shuffled(fit, seed)
    xr.testing.assert_identical(other.posterior, fit.posterior)
    for kind in ("premium", "return", "variance"):
        same(bf.attribute(fit, kind).draws, bf.attribute(other, kind).draws)


def test_a_realised_return_of_draws_in_another_order_is_that_of_its_equation(fit):
    """Sum of f beta of the very draws and labels given, written down without the package."""
    other = shuffled(fit, 5)
    given_draws = fit.posterior.isel(asset=[2, 0, 3, 1])
    found = bf.attribute(other, "return").draws
    for name in fit.panel.assets:
        held = fit.panel.returns.sel(asset=name).to_series().dropna().index
        for factor in fit.panel.factor_names[:2]:  # traded
            moved = float(fit.panel.factors.sel(factor=factor, time=held).sum())
            wanted = given_draws["loading"].sel(asset=name, factor=factor) * moved
            np.testing.assert_allclose(found.sel(asset=name, source=factor), wanted, rtol=1e-10)


def test_a_fit_of_shuffled_draws_is_saved_and_opened(fit, tmp_path):
    again = bf.open_fit(shuffled(fit, 1).save(tmp_path / "again.nc"))
    same(bf.attribute(again, "return").draws, bf.attribute(fit, "return").draws)


def test_draws_in_the_panels_order_are_taken_as_they_are(fit):
    assert bf.Fit(fit.panel, fit.model, fit.sampler, fit.data).data is fit.data


def test_the_callers_tree_stays_as_it_was(fit):
    posterior = fit.posterior.isel(asset=[3, 1, 0, 2], factor=[2, 0, 1])
    tree = with_posterior(fit, posterior)
    tree.attrs["mine"] = "kept"
    before = tree.copy(deep=True)
    made = bf.Fit(fit.panel, fit.model, fit.sampler, tree)
    xr.testing.assert_identical(tree, before)
    assert made.data is not tree
    assert made.data.attrs == {"mine": "kept"}
    assert set(made.data.children) == set(tree.children)
    xr.testing.assert_identical(made.data["log_prior"].to_dataset(), tree["log_prior"].to_dataset())
    xr.testing.assert_identical(made.data["sample_stats"].to_dataset(), tree["sample_stats"].to_dataset())


def test_draws_on_disk_stay_there(tmp_path):
    """None is read to compare labels or to bring draws in order."""
    fit = bf.open_fit(bf.open_fit(FITS / "hierarchical_1.nc").save(tmp_path / "run.zarr"))
    assert fit.posterior["loading"].chunks is not None
    other = shuffled(fit, 2)
    for name in ("loading", "alpha", "residual_sd"):
        assert other.posterior[name].chunks is not None
    same(bf.attribute(other, "return").draws.compute(), bf.attribute(fit, "return").draws.compute())
    same(bf.log_likelihood(other), bf.log_likelihood(fit))


def test_arviz_takes_the_data_of_a_shuffled_fit(fit):
    import arviz as az

    table = az.summary(shuffled(fit, 4).data, var_names=["alpha"], round_to="none")
    assert table.index.tolist() == [f"alpha[{name}]" for name in fit.panel.assets]


@pytest.fixture(scope="module")
def hier():
    return bf.open_fit(FITS / "hierarchical_1.nc")


def refused(fit, posterior, panel=None):
    with pytest.raises(bf.FitError) as caught:
        bf.Fit(panel or fit.panel, fit.model, fit.sampler, with_posterior(fit, posterior))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("dim", ["asset", "factor", "factor_other", "group"])
def test_labels_that_are_none_twice_missing_or_others_are_refused(hier, dim):
    posterior, own = hier.posterior, hier.posterior[dim].values.tolist()
    first = {"asset": "alpha", "factor": "loading_mean", "factor_other": "factor_cov", "group": "loading_mean"}[dim]
    assert f"draws of '{first}' have no labels along '{dim}'" in refused(hier, posterior.drop_vars(dim))
    twice = refused(hier, posterior.assign_coords({dim: [own[0], *own[:-1]]}))
    assert f"'{first}' have the label '{own[0]}' twice along '{dim}'" in twice
    other = refused(hier, posterior.assign_coords({dim: ["zzz", *own[1:]]}))
    assert f"'{first}' along '{dim}' lack '{own[0]}' of the panel, and have 'zzz', which" in other
    less = refused(hier, posterior.isel({dim: slice(1, None)}))
    assert f"along '{dim}' lack '{own[0]}' of the panel." in less
    numbers = refused(hier, posterior.assign_coords({dim: np.arange(len(own))}))
    assert f"along '{dim}' lack" in numbers


def test_more_assets_than_the_panel_has_are_left_out_as_advised(hier):
    few = hier.panel.select(assets=["a02", "a00"])
    with pytest.raises(bf.FitError, match=r"have 'a01' and 'a03'|have 'a01', 'a03'") as caught:
        bf.Fit(few, hier.model, hier.sampler, hier.data)
    assert "posterior.sel(asset=[...])" in caught.value.remedy
    assets = hier.posterior.sel(asset=list(few.assets))
    assert "along 'group' have 'g1', which the panel does not. Leave" in refused(hier, assets, few)
    kept = bf.Fit(few, hier.model, hier.sampler, with_posterior(hier, assets.sel(group=list(few.group_names))))
    xr.testing.assert_allclose(
        bf.attribute(kept, "return").draws, bf.attribute(hier, "return").draws.sel(asset=["a02", "a00"])
    )


def test_a_panel_of_the_assets_that_have_draws_is_taken_as_advised(hier):
    less = with_posterior(hier, hier.posterior.isel(asset=[2, 0]).sel(group=["g0"]))
    with pytest.raises(bf.FitError, match=r"panel.select\(assets=\[...\]\)"):
        bf.Fit(hier.panel, hier.model, hier.sampler, less)
    made = bf.Fit(hier.panel.select(assets=["a00", "a02"]), hier.model, hier.sampler, less)
    assert bf.attribute(made, "return").draws["asset"].values.tolist() == ["a00", "a02"]


def test_dimensions_without_their_names_are_refused(hier):
    posterior = hier.posterior
    text = refused(
        hier, posterior.assign(alpha=posterior["alpha"].rename(asset="alpha_dim_0").drop_vars("alpha_dim_0"))
    )
    assert "draws of 'alpha' have the dimensions chain, draw, alpha_dim_0. Name them: chain, draw, asset." in text


@pytest.mark.parametrize("data", [None, {}, xr.Dataset(), xr.DataTree()])
def test_what_is_no_tree_of_draws_is_refused(hier, data):
    with pytest.raises(bf.FitError, match='whose group "posterior" holds the draws'):
        bf.Fit(hier.panel, hier.model, hier.sampler, data)


def test_labels_that_are_numbers_meet_those_of_the_panel():
    """A panel of assets called 1, 2, ...: xarray would not match the text '10' and the number 10."""
    panel = make_panel(assets=4, traded=1, other=1, periods=30, groups=2, seed=2)
    names = ["10", "2", "33", "4"]
    called = replace(panel, **{name: getattr(panel, name).assign_coords(asset=names) for name in ("returns", "groups")})
    fit = bf.fit(called, sampler=bf.Sampler(draws=10, tune=60, chains=1, progress=False))
    numbered = fit.posterior.assign_coords(asset=[10, 2, 33, 4]).isel(asset=[3, 1, 0, 2])
    made = bf.Fit(called, fit.model, fit.sampler, with_posterior(fit, numbered))
    for kind in ("premium", "return", "variance"):
        same(
            bf.attribute(made, kind, portfolio={"33": 1.0}).draws, bf.attribute(fit, kind, portfolio={"33": 1.0}).draws
        )
