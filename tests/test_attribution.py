"""Attribution: sources add up in every draw, and every number is the formula's."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf

CASES = [
    *product(("premium", "return", "variance"), ("factor", "family"), ("asset", "group")),
    ("premium", "level", "asset"),
    ("premium", "level", "group"),
]
MIX = {"a00": 0.6, "a04": 0.7, "a05": -0.3}
SOURCES = {
    "premium": ["f0", "f1", "f2", "alpha", "total"],
    "return": ["f0", "f1", "f2", "alpha", "residual", "total"],
    "variance": ["f0", "f1", "f2", "idiosyncratic", "total"],
}


@pytest.fixture(params=["hier_fit", "student_fit"])
def fit(request):
    return request.getfixturevalue(request.param)


def vector(fit, weights):
    return np.array([weights.get(name, 0.0) for name in fit.panel.assets])


@pytest.mark.parametrize("portfolio", [None, MIX])
@pytest.mark.parametrize(("kind", "by", "per"), CASES)
def test_sources_add_up_to_the_total_in_every_draw(fit, kind, by, per, portfolio):
    found = bf.attribute(fit, kind, by=by, per=per, portfolio=portfolio)
    draws = found.draws
    assert found.kind == draws.name == kind
    assert draws.dims == ("chain", "draw", per, "source")
    assert draws[per].values.tolist() == [
        *(fit.panel.assets if per == "asset" else fit.panel.group_names),
        *(["portfolio"] if portfolio else []),
    ]
    assert draws["source"].values[-1] == "total"
    parts = draws.isel(source=slice(None, -1)).sum("source")
    np.testing.assert_allclose(parts, draws.isel(source=-1), rtol=0, atol=1e-10)
    assert np.isfinite(draws).all()
    if by == "factor":
        assert draws["source"].values.tolist() == SOURCES[kind]


def test_premia_are_loading_times_premium_a_year(fit):
    posterior = fit.posterior
    draws = bf.attribute(fit).draws
    for factor in fit.panel.factor_names:
        expected = 252 * posterior["loading"].sel(factor=factor) * posterior["risk_premium"].sel(factor=factor)
        np.testing.assert_allclose(draws.sel(source=factor), expected, rtol=1e-12)
    np.testing.assert_allclose(draws.sel(source="alpha"), 252 * posterior["alpha"], rtol=1e-12)


def test_a_year_is_that_of_the_calendar(hier_fit):
    weekly = replace(hier_fit, panel=replace(hier_fit.panel, calendar=bf.Calendar("weekly", 52)))
    for kind, ratio in (("premium", 52 / 252), ("variance", 52 / 252), ("return", 1.0)):
        one, two = (bf.attribute(f, kind) for f in (hier_fit, weekly))
        np.testing.assert_allclose(two.draws, ratio * one.draws, rtol=1e-9, atol=1e-14)
        assert one.units == two.units
        assert ("per year" in one.units) == (kind != "return")


@pytest.mark.parametrize(("kind", "by"), [(kind, by) for kind, by, per in CASES if per == "asset"])
def test_a_portfolio_of_one_asset_is_that_asset(fit, kind, by):
    draws = bf.attribute(fit, kind, by=by, portfolio={"a03": 1.0}).draws
    alone = bf.attribute(fit, kind, by=by).draws.sel(asset="a03")
    np.testing.assert_allclose(draws.sel(asset="portfolio"), alone, rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(draws.sel(asset="a03"), alone, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("by", ["factor", "family", "level"])
def test_a_portfolios_premium_is_the_weighted_sum_draw_by_draw(fit, by):
    for portfolio in (MIX, pd.Series(MIX)):
        draws = bf.attribute(fit, by=by, portfolio=portfolio).draws
        expected = sum(weight * draws.sel(asset=name) for name, weight in MIX.items())
        np.testing.assert_allclose(draws.sel(asset="portfolio"), expected.drop_vars("asset"), atol=1e-12)


def test_a_portfolios_variance_is_that_of_its_covariance(fit):
    """w'(B Omega B' + D)w, D the noise's variance: sigma^2, times nu / (nu - 2) for Student-t."""
    posterior, w = fit.posterior, vector(fit, MIX)
    own = posterior["sigma"] ** 2
    if "dof" in posterior:
        own = own * posterior["dof"] / (posterior["dof"] - 2)
    beta, omega = posterior["loading"].values, posterior["factor_cov"].values
    total = beta @ omega @ np.swapaxes(beta, -1, -2) + own.transpose("chain", "draw", "asset").values[
        ..., None
    ] * np.eye(9)
    found = bf.attribute(fit, "variance", portfolio=MIX).draws
    np.testing.assert_allclose(found.sel(asset="portfolio", source="total"), 252 * (total @ w) @ w, rtol=1e-10)
    diagonal = 252 * np.diagonal(total, axis1=-2, axis2=-1)
    np.testing.assert_allclose(found.sel(asset=list(fit.panel.assets), source="total"), diagonal, rtol=1e-10)
    b = np.einsum("cdik,i->cdk", beta, w)
    by_factor = 252 * b * np.einsum("cdkl,cdl->cdk", omega, b)
    np.testing.assert_allclose(found.sel(asset="portfolio").isel(source=slice(3)), by_factor, atol=1e-12)


@pytest.mark.parametrize("kind", ["premium", "return", "variance"])
def test_a_family_is_the_sum_of_its_factors_draw_by_draw(hier_fit, kind):
    panel = hier_fit.panel
    info = tuple(replace(f, family="market" if f.name != "f1" else "style") for f in panel.factor_info)
    fit = replace(hier_fit, panel=replace(panel, factor_info=info))
    factors = bf.attribute(fit, kind, portfolio=MIX).draws
    families = bf.attribute(fit, kind, portfolio=MIX, by="family").draws
    assert families["source"].values.tolist() == ["market", "style", *SOURCES[kind][3:]]
    both = factors.sel(source="f0") + factors.sel(source="f2")
    np.testing.assert_allclose(families.sel(source="market"), both, rtol=0, atol=1e-14)
    for name, source in (("style", "f1"), *((s, s) for s in SOURCES[kind][3:])):
        np.testing.assert_allclose(families.sel(source=name), factors.sel(source=source), rtol=0, atol=1e-14)


WINDOWS = [
    None,
    ("2015-03-02", "2015-06-30"),
    (None, "2015-07-01"),
    ("2015-08-03", None),
    (pd.Timestamp("2015-07-31"),) * 2,
]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_realised_return_is_what_happened(fit, window):
    """Totals are the panel's own sums; a portfolio counts the days on which all of it traded."""
    returns = fit.panel.returns.to_pandas().loc[slice(*window) if window else slice(None)]
    found = bf.attribute(fit, "return", window=window, portfolio=MIX)
    totals = found.draws.sel(source="total")
    assert (totals == totals[0, 0]).all()
    expected = [*returns.sum(), (returns[list(MIX)].dropna() * pd.Series(MIX)).sum().sum()]
    np.testing.assert_allclose(totals[0, 0], expected, atol=1e-13)
    counts = [*returns.count(), len(returns[list(MIX)].dropna())]
    assert f"periods counted: {min(counts)} to {max(counts)}" in found.notes[0]


def test_what_factors_did_is_loading_times_their_sum(fit):
    """A non-traded factor pays its premium and moves returns by its surprise: f - mu + lambda."""
    posterior, days = fit.posterior, slice("2015-05-01", "2015-06-30")
    returns = fit.panel.returns.sel(time=days, asset="a01").to_series().dropna()
    factors = fit.panel.factors.to_pandas().loc[returns.index]
    assert len(returns) > 20
    draws = bf.attribute(fit, "return", window=(days.start, days.stop)).draws.sel(asset="a01")
    loading = posterior["loading"].sel(asset="a01")
    shift = posterior["risk_premium"] - posterior["factor_mean"]
    for factor in ("f0", "f2"):
        moved = factors[factor].sum() + (len(returns) * shift.sel(factor=factor) if factor == "f2" else 0.0)
        np.testing.assert_allclose(draws.sel(source=factor), loading.sel(factor=factor) * moved, rtol=1e-9)
    np.testing.assert_allclose(draws.sel(source="alpha"), len(returns) * posterior["alpha"].sel(asset="a01"), rtol=1e-9)


@pytest.mark.parametrize("kind", ["premium", "variance", "return"])
def test_a_group_is_its_members_equally_weighted(hier_fit, kind):
    members = [
        name for name, group in zip(hier_fit.panel.assets, hier_fit.panel.groups.values, strict=True) if group == "g1"
    ]
    mine = bf.attribute(hier_fit, kind, portfolio=dict.fromkeys(members, 1 / 3)).draws.sel(asset="portfolio", drop=True)
    group = bf.attribute(hier_fit, kind, per="group").draws.sel(group="g1", drop=True)
    xr.testing.assert_allclose(group, mine, rtol=1e-10)


def test_levels_are_common_group_and_own(hier_fit):
    """The broad market is the same for all, the groups' parts cancel, the rest is the asset's distance and alpha."""
    posterior = hier_fit.posterior
    draws = bf.attribute(hier_fit, by="level").draws
    broad, group, own = (draws.sel(source=name) for name in ("broad market", "group", "asset alone"))
    np.testing.assert_allclose(broad, broad.isel(asset=[0]).values.repeat(9, axis=2), atol=1e-14)
    np.testing.assert_allclose(group.mean("asset"), 0.0, atol=1e-12)
    np.testing.assert_allclose(group.sel(asset="a01"), group.sel(asset="a04"), atol=1e-14)
    away = posterior["loading"].sel(asset="a01") - posterior["loading_mean"].sel(group="g1")
    expected = 252 * ((away * posterior["risk_premium"]).sum("factor") + posterior["alpha"].sel(asset="a01"))
    np.testing.assert_allclose(own.sel(asset="a01"), expected, atol=1e-12)
    total = bf.attribute(hier_fit).draws.sel(source="total")
    np.testing.assert_allclose(draws.sel(source="total"), total, atol=1e-12)


def test_shares_of_a_variance(hier_fit):
    found = bf.attribute(hier_fit, "variance", portfolio=MIX)
    shares = found.shares
    np.testing.assert_allclose(shares.isel(source=slice(None, -1)).sum("source"), 1.0, rtol=1e-12)
    own = found.draws.sel(source="idiosyncratic") / found.draws.sel(source="total")
    table = found.share_table(above=0.5, ci_prob=0.8).query("source == 'idiosyncratic'").set_index("asset")
    expected = (own > 0.5).mean(("chain", "draw")).to_series()
    assert 0 < expected.min() < 1
    pd.testing.assert_series_equal(table["prob_above"], expected, check_names=False)
    assert "prob_positive" not in table
    assert found.share_table(0.7).attrs["above"] == 0.7
    low = np.quantile(own.sel(asset="a02"), 0.1)
    assert table.loc["a02", "lower"] == pytest.approx(low, abs=10 * table.loc["a02", "mcse"])
