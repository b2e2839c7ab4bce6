"""Draws of another program that cannot be right: one error names what, before any answer is made of them."""

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf

NAMES = ["loading", "alpha", "residual_sd", "risk_premium", "factor_mean", "factor_cov"]


@pytest.fixture(scope="module")
def draws(hier_fit):
    return hier_fit.posterior.isel(draw=slice(0, 100))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.assign(factor_cov=d.factor_cov * 1e4), r"'factor_cov' gives 'f0' 1\S* times the variance"),
        (
            lambda d: d.assign(factor_cov=d.factor_cov / 252),
            "times the variance of its history: give decimals per period",
        ),
        (
            lambda d: d.assign(factor_mean=d.factor_mean + 0.5, risk_premium=d.risk_premium + 0.5),
            "'factor_mean' of 'f0' is",
        ),
        (lambda d: d.assign(loading_scale=-d.loading_scale), "'loading_scale' falls to"),
        (lambda d: d.assign(alpha_scale=-d.alpha_scale), "'alpha_scale' falls to"),
    ],
)
def test_units_and_spreads(a_panel, draws, change, said):
    with pytest.raises(bf.FitError, match=said):
        bf.from_draws(a_panel, change(draws))


@pytest.mark.parametrize("dof", [2.0, 1.0, -3.0])
def test_degrees_of_freedom_without_a_variance(a_panel, draws, dof):
    given = draws.assign(dof=xr.full_like(draws["alpha_scale"], dof))
    with pytest.raises(bf.FitError, match=r"'dof' falls to .* and must be above 2"):
        bf.from_draws(a_panel, given, "student_t")


@pytest.mark.parametrize("values", [np.nan, "no"])
def test_what_the_sampler_says_is_numbers(a_panel, draws, values):
    shape = (draws.sizes["chain"], draws.sizes["draw"])
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.full(shape, values))})
    tree = xr.DataTree.from_dict({"posterior": xr.DataTree(draws), "sample_stats": xr.DataTree(stats)})
    with pytest.raises(bf.FitError, match="'diverging' of 'sample_stats' holds values that are no finite numbers"):
        bf.from_draws(a_panel, tree)


def test_a_zero_beta_rate_that_the_model_has_not(a_panel, draws):
    given = draws.assign(zero_beta=draws["alpha_scale"])
    assert "zero_beta" in bf.attribute(bf.from_draws(a_panel, given), "premium", allow_unconverged=True).draws["source"]
    with pytest.raises(bf.FitError, match="has no zero-beta rate, and the draws have 'zero_beta'"):
        bf.from_draws(a_panel, given, "static")


def test_what_is_no_model_is_named_by_its_type(a_panel, draws):
    with pytest.raises(bf.SpecError, match="expected a model, found Dataset"):
        bf.from_draws(a_panel, draws, draws)


def test_variances_need_no_law(a_panel, draws):
    """The residual standard deviation is one whatever the law: that of a year, a period taken for it, is seen."""
    right = bf.check(bf.from_draws(a_panel, draws[NAMES])).table
    wrong = bf.check(bf.from_draws(a_panel, draws[NAMES].assign(residual_sd=draws["residual_sd"] * 252**0.5))).table
    name = "variance: implied over sample, median"
    assert bool(right.loc[name, "passed"])
    assert not wrong.loc[name, "passed"]
    assert wrong.loc[name, "value"] == pytest.approx(252 * right.loc[name, "value"], rel=0.6)


def test_a_spread_that_is_sampled_and_not_given_leaves_no_shrinkage(a_panel, draws):
    """In place of that of another parameter's prior."""
    given = bf.from_draws(a_panel, draws[NAMES], "static")
    assert bf.check(given).shrinkage.isna().all().all()
    assert bf.check(bf.from_draws(a_panel, draws, "static")).shrinkage.notna().all().all()


def test_one_chain_selected_is_told_how_to_be_one_again(a_panel, draws):
    with pytest.raises(bf.FitError, match=r"write draws.expand_dims\('chain'\)"):
        bf.from_draws(a_panel, draws.isel(chain=0))
