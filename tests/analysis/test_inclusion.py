"""Which loadings are in: the table states priors, means of draws and their errors."""

from dataclasses import replace

import pandas as pd
import pytest
from arviz_stats import mcse

import bayesfactor as bf
from bayesfactor.base.intervals import interval
from bayesfactor.spec.inclusion import BetaInclusion
from tests.support.panels import make_panel
from tests.support.sparse import sparse_draws, sparse_fit

FREE = {"f1": BetaInclusion(1.0, 3.0), "f2": BetaInclusion(2.0, 2.0, spike="group")}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=6, traded=2, other=1, periods=60, seed=4)


@pytest.fixture(scope="module")
def fit(panel):
    return sparse_fit(panel, **FREE)


def test_it_has_a_row_for_each_loading_that_may_be_out(fit, panel):
    table = bf.inclusion(fit)
    assert list(table.columns[:8]) == [
        "asset", "factor", "prior", "probability", "mcse", "rate", "rate_lower", "rate_upper"
    ]  # fmt: skip
    pairs = [(asset, factor) for asset in panel.assets for factor in FREE]
    assert list(zip(table["asset"], table["factor"], strict=True)) == pairs
    assert table.set_index("factor")["prior"].to_dict() == {"f1": 0.25, "f2": 0.5}


def test_probabilities_are_means_of_draws_with_their_monte_carlo_errors(fit):
    table = bf.inclusion(fit)
    draws = fit.posterior["inclusion_probability"]
    for row in table.to_dict("records"):
        own = draws.sel(asset=row["asset"], factor=row["factor"])
        error = float(mcse(own, method="mean"))
        assert row["probability"] == pytest.approx(float(own.mean()), abs=5 * error)
        assert row["mcse"] == pytest.approx(error, abs=error / 2)  # rounded, as in every table


@pytest.mark.parametrize(("prob", "kind"), [(0.9, "eti"), (0.5, "hdi")])
def test_rates_have_the_interval_asked_for(fit, prob, kind):
    table = bf.inclusion(fit, ci_prob=prob, ci_kind=kind)
    assert (table.attrs["ci_prob"], table.attrs["ci_kind"]) == (prob, kind)
    for factor, part in table.groupby("factor"):
        own = fit.posterior["inclusion_rate"].sel(factor=factor).values.ravel()
        (row,) = part[["rate", "rate_lower", "rate_upper"]].drop_duplicates().to_numpy()
        low, high = interval(own, prob, kind)
        assert row == pytest.approx([own.mean(), float(low), float(high)], abs=0.05)  # to the digits that draws justify


def test_without_a_model_priors_are_not_known_and_draws_say_what_may_be_out(panel):
    table = bf.inclusion(bf.from_draws(panel, sparse_draws(panel, ["f0"], draws=100)))
    assert table["prior"].isna().all()
    assert set(table["factor"]) == {"f0"}
    alone = sparse_draws(panel, ["f0"], draws=100).drop_vars("inclusion_rate")
    table = bf.inclusion(bf.from_draws(panel, alone))
    assert set(table["factor"]) == {"f0"}
    assert table[["rate", "rate_lower", "rate_upper"]].isna().all(axis=None)


def test_permuting_assets_permutes_the_table(panel):
    draws = sparse_draws(panel, ["f1"], draws=100)
    order = [3, 1, 5, 0, 2, 4]
    moved = replace(panel, returns=panel.returns.isel(asset=order), groups=panel.groups.isel(asset=order))
    first, second = (bf.inclusion(bf.from_draws(one, draws)).set_index(["asset", "factor"]) for one in (panel, moved))
    pd.testing.assert_frame_equal(second.loc[first.index], first)


def test_a_fit_that_failed_says_so(panel):
    draws = sparse_draws(panel, ["f1"], draws=50)
    draws["alpha"] = draws["alpha"] + 0.01 * (draws["alpha"]["chain"] > 0)
    fit = bf.from_draws(panel, draws)
    assert fit.problems
    table = bf.inclusion(fit)
    assert table["warning"].str.contains("not converged").all()
    assert table.attrs["problems"] == fit.problems


def test_where_every_loading_is_in_there_is_no_table(hier_fit):
    with pytest.raises(bf.FitError, match="every loading is in") as caught:
        bf.inclusion(hier_fit)
    assert "loadings.inclusion" in caught.value.remedy
    with pytest.raises(bf.FitError, match="expected a Fit"):
        bf.inclusion("fit")
