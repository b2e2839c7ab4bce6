"""Realised returns and variances where loadings and volatility move."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated import Dated
from tests.support.moving_loadings import permuted, still

MIX = {"a01": 0.5, "a03": 0.7, "a07": -0.2}


def sources_of(found):
    return [name for name in found.draws["source"].values if name != "total"]


@pytest.mark.parametrize("portfolio", [None, MIX])
@pytest.mark.parametrize("by", ["factor", "family"])
@pytest.mark.parametrize("per", ["asset", "group"])
@pytest.mark.parametrize("compounded", [False, True])
def test_sources_of_a_return_add_up_in_every_draw(moved_fit, portfolio, by, per, compounded):
    found = bf.attribute(moved_fit, "return", by=by, per=per, portfolio=portfolio, compounded=compounded)
    gap = found.draws.sel(source=sources_of(found)).sum("source") - found.draws.sel(source="total")
    assert float(np.abs(gap).max()) < 1e-10


@pytest.mark.parametrize("compounded", [False, True])
def test_a_portfolio_of_one_asset_is_that_asset(moved_fit, compounded):
    found = bf.attribute(moved_fit, "return", portfolio={"a04": 1.0}, compounded=compounded).draws
    np.testing.assert_allclose(found.sel(asset="portfolio"), found.sel(asset="a04"), rtol=0, atol=1e-12)


def test_contributions_are_those_of_the_loadings_of_each_block(moved_fit):
    """By hand: sum_t beta_b(t) (f_t + lambda - mu of what is not traded)."""
    window = ("2018-03", "2020-02")
    found = bf.attribute(moved_fit, "return", window=window)
    panel, posterior, history = moved_fit.panel, moved_fit.posterior, bf.loading_paths(moved_fit)
    times = panel.returns.sel(asset="a02").dropna("time").sel(time=slice("2018-03-01", "2020-02-29"))["time"]
    block = np.searchsorted(history.blocks["first"], times.values, side="right") - 1
    path = history.draws("a02").transpose("chain", "draw", "factor", "block").values[..., block]
    shift = (posterior["risk_premium"] - posterior["factor_mean"]).values * np.array([0.0, 1.0])
    values = panel.factors.sel(time=times).values.T + shift[..., None]
    wanted = (path * values).sum(axis=-1)
    mine = found.draws.sel(asset="a02", source=list(panel.factor_names)).transpose("chain", "draw", "source")
    np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-12)
    alpha = posterior["alpha"].sel(asset="a02") * times.size
    np.testing.assert_allclose(found.draws.sel(asset="a02", source="alpha"), alpha, rtol=0, atol=1e-12)
    assert any("loadings are those of each block of 26 periods" in note for note in found.notes)


def test_a_portfolio_is_the_weighted_sum_on_common_dates(moved_fit):
    start = moved_fit.panel.returns.sel(asset=list(MIX)).dropna("time")["time"].values[0]
    found = bf.attribute(moved_fit, "return", portfolio=MIX, window=(start, None)).draws
    wanted = sum(weight * found.sel(asset=name, drop=True) for name, weight in MIX.items())
    np.testing.assert_allclose(found.sel(asset="portfolio", drop=True), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "portfolio"), [("a02", None), (None, MIX)])
def test_a_path_ends_where_the_attribution_is_up_to_its_date(moved_fit, name, portfolio):
    path = realised_path(moved_fit, name, portfolio, None, by_family=False)
    date, step = path["time"].values[40], moved_fit.posterior.sizes["draw"] // 100
    found = bf.attribute(moved_fit, "return", portfolio=portfolio, window=(None, date)).draws
    own = found.sel(asset=name or "portfolio").isel(draw=slice(None, None, step))
    wanted = own.stack(sample=("chain", "draw"), create_index=False).transpose("sample", "source")
    mine = path.isel(time=40).transpose("sample", "source").sel(source=wanted["source"])
    np.testing.assert_allclose(mine.values, wanted.values, rtol=0, atol=1e-12)


def test_loadings_that_do_not_move_give_what_the_long_run_does(moved_fit):
    fit = still(moved_fit)
    found = bf.attribute(fit, "return", portfolio=MIX)
    data = fit.data.copy()
    del data["paths"]
    constant = replace(fit, data=data)
    other = bf.attribute(constant, "return", portfolio=MIX)
    np.testing.assert_allclose(found.draws, other.draws, rtol=0, atol=1e-14)
    assert any("no record of how they moved" in note for note in other.notes)


def test_the_residual_is_smaller_than_with_long_run_loadings(moved_fit):
    """What the paths explain is what the long run leaves."""
    dated = Dated(moved_fit, moved_fit.posterior)
    rows, residual, _ = dated.residuals(0)
    _, returns, x = regressors(moved_fit.panel, 0)
    alone = returns - dated.coefficients[:, 0] @ x.T
    assert len(rows) == residual.shape[1]
    assert (residual**2).mean() < (alone**2).mean()


def test_permuting_assets_permutes_variances(moved_fit):
    order = [3, 0, 7, 1, 2, 6, 5, 4]
    one, other = (bf.attribute(fit, "variance", portfolio=MIX) for fit in (permuted(moved_fit, order), moved_fit))
    names = other.draws["asset"].values
    np.testing.assert_allclose(one.draws.sel(asset=names), other.draws, rtol=1e-12)
    np.testing.assert_allclose(one.long_run.sel(asset=names), other.long_run, rtol=1e-12)


def test_a_variance_is_at_todays_level_with_the_long_run_beside(moved_fit):
    found, posterior = bf.attribute(moved_fit, "variance"), moved_fit.posterior
    assert found.units.endswith("at today's level")
    assert "variances are at today's level" in found.notes[0]
    squares = xr.DataArray(Dated(moved_fit, posterior).mean_squares.mean(axis=0), dims="asset")
    own = posterior["residual_sd"] / posterior["volatility_now"] / moved_fit.movement.residuals.next_drift
    wanted = (own**2 * 52 * squares).transpose("chain", "draw", "asset")
    np.testing.assert_allclose(found.long_run.sel(source="idiosyncratic"), wanted, rtol=1e-12)
    b, omega = posterior["loading_long_run"].values, posterior["factor_cov_long_run"].values * 52
    total = np.einsum("cdak,cdkl,cdal->cda", b, omega, b) + wanted.values
    np.testing.assert_allclose(found.long_run.sel(source="total"), total, rtol=1e-10)
    assert (found.long_run["source"] == found.draws["source"]).all()
    table = found.table(rounded=False, assets=["a03", "a01"]).set_index(["asset", "source"])
    for (asset, source), row in table.iterrows():
        assert row["long_run"] == pytest.approx(float(found.long_run.sel(asset=asset, source=source).mean()))
    shares = found.share_table(rounded=False).set_index(["asset", "source"])
    known = found.long_run / found.long_run.sel(source="total", drop=True)
    assert shares.loc[("a05", "market"), "long_run"] == pytest.approx(
        float(known.sel(asset="a05", source="market").mean())
    )


def test_static_variances_have_no_long_run_beside(hier_fit):
    found = bf.attribute(hier_fit, "variance")
    assert found.long_run is None
    assert found.units == "decimal squared, per year"
    assert found.notes == ()
    assert "long_run" not in found.table()
    assert "long_run" not in found.share_table()
