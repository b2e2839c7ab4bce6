"""The log-likelihood of every period: what models are compared by, in closed form and by ArviZ."""

import warnings
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats import psense
from scipy import stats

import bayesfactor as bf
from bayesfactor.posterior import log_likelihood as loglikelihood
from tests.support.flat_priors import exact_leave_one_out, flat_fit
from tests.support.panels import make_panel, reduced
from tests.support.write_fits import FITS

SAVED = ["hierarchical_1", "student_t_1", "spike_slab_1", "pooled_1", "unpooled_1", "capm_1"]
QUICK = bf.Sampler(draws=200, tune=200, chains=2, progress=False)


@pytest.fixture(scope="module", params=SAVED)
def saved(request):
    return bf.open_fit(FITS / f"{request.param}.nc")


def test_periods_add_up_to_assets_in_every_draw(saved):
    """The same observations, added up in two orders; and the factors', which stand apart."""
    by_period, by_asset = bf.log_likelihood(saved), bf.log_likelihood(saved, per="asset")
    assert by_period.dims == ("chain", "draw", "time")
    assert by_period.name == "returns"
    gap = by_period.sum("time") - by_asset.sel(unit=list(saved.panel.assets)).sum("unit")
    assert float(np.abs(gap).max()) < 1e-9
    factors = bf.factor_log_likelihood(saved)
    assert factors.dims == ("chain", "draw", "factor_time")
    assert float(np.abs(factors.sum("factor_time") - by_asset.sel(unit="factors")).max()) < 1e-9


def test_a_period_is_the_sum_over_assets_of_scipys_density(saved):
    found, panel = bf.log_likelihood(saved), saved.panel
    draw = saved.posterior.isel(chain=1, draw=7)
    traded = [factor.traded for factor in panel.factor_info]
    shift = np.where(traded, 0.0, draw["risk_premium"] - draw["factor_mean"])
    for t in (0, 21, 39):
        total = 0.0
        for i, r in enumerate(panel.returns.values[t]):
            if np.isfinite(r):
                mean = draw["alpha"].values[i] + draw["loading"].values[i] @ (panel.aligned[t] + shift)
                sd, dof = float(draw["residual_sd"][i]), float(draw.get("dof", np.inf))
                law = stats.t(dof, mean, sd * (1 - 2 / dof) ** 0.5) if "dof" in draw else stats.norm(mean, sd)
                total += law.logpdf(r)
        assert float(found.isel(chain=1, draw=7).sel(time=panel.times[t])) == pytest.approx(total, rel=1e-9)


def test_factors_are_normal_on_each_date(saved):
    found, draw = bf.factor_log_likelihood(saved), saved.posterior.isel(chain=0, draw=3)
    law = stats.multivariate_normal(draw["factor_mean"].values, draw["factor_cov"].values)
    np.testing.assert_allclose(found.isel(chain=0, draw=3), law.logpdf(saved.panel.factors.values), rtol=1e-9)


def test_blocks_of_draws_change_nothing(saved, monkeypatch):
    whole = bf.log_likelihood(saved), bf.factor_log_likelihood(saved)
    monkeypatch.setattr(loglikelihood, "NUMBERS", 150)
    for one, two in zip(whole, (bf.log_likelihood(saved), bf.factor_log_likelihood(saved)), strict=True):
        xr.testing.assert_allclose(one, two, rtol=1e-12)


def test_factors_that_begin_later_count_where_they_are_known():
    panel = make_panel(assets=3, traded=2, other=1, periods=40, seed=4)
    values = panel.factors.values.copy()
    values[:10, 1], values[:17, 2] = np.nan, np.nan
    ragged = replace(panel, factors=panel.factors.copy(data=values), returns=panel.returns.isel(time=slice(17, None)))
    fit = bf.fit(ragged, "static", bf.Sampler(draws=6, tune=60, chains=1, progress=False))
    found = bf.factor_log_likelihood(fit)
    mean, omega = (fit.posterior[name].values[0, 2] for name in ("factor_mean", "factor_cov"))
    for t, row in enumerate(values):
        seen = np.isfinite(row)
        wanted = stats.multivariate_normal(mean[seen], omega[np.ix_(seen, seen)]).logpdf(row[seen])
        assert float(found[0, 2, t]) == pytest.approx(wanted, rel=1e-9)
    assert bf.log_likelihood(fit).sizes["time"] == 23
    assert bf.log_likelihood(fit, per="asset").sel(unit="factors")[0, 2] == pytest.approx(float(found[0, 2].sum()))


def test_periods_without_a_return_are_no_units(saved):
    values = saved.panel.returns.values.copy()
    values[[3, 30]] = np.nan
    fit = replace(saved, panel=replace(saved.panel, returns=saved.panel.returns.copy(data=values)))
    found = bf.log_likelihood(fit)
    assert found["time"].values.tolist() == np.delete(saved.panel.times, [3, 30]).tolist()
    kept = bf.log_likelihood(saved).sel(time=found["time"])
    xr.testing.assert_allclose(found, kept, rtol=1e-12)


def test_leave_one_out_of_one_asset_is_that_of_the_closed_form():
    rng = np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    y = 0.002 + 0.9 * factor + rng.normal(0, 0.03, 240)
    wanted = exact_leave_one_out(y, np.column_stack([np.ones(240), factor]))
    found = az.loo(flat_fit(y, factor).with_log_likelihood().data, pointwise=True)
    assert float(found.pareto_k.max()) < 0.5
    np.testing.assert_allclose(found.elpd_i, wanted, atol=0.05)
    assert found.elpd == pytest.approx(wanted.sum(), abs=0.15)


def test_leave_one_out_of_a_french_portfolio(shared_data):
    """845.944081: an exact leave-one-out sum made by another program (Student-t, closed form)."""
    frame = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0).loc["1990":"2020-01"].loc[:"2019-12-31"]
    y, factor = (frame["P25_ME3BM3"] - frame["RF"]).to_numpy(), frame["MKT_RF"].to_numpy()
    assert len(y) == 360
    wanted = exact_leave_one_out(y, np.column_stack([np.ones(360), factor]))
    assert wanted.sum() == pytest.approx(845.9440811485334, abs=1e-8)
    found = az.loo(flat_fit(y, factor).with_log_likelihood().data, pointwise=True)
    assert found.elpd == pytest.approx(845.9440811485334, abs=0.15)
    assert float(found.pareto_k.max()) < 0.5


def test_periods_of_portfolios_can_be_left_out_and_whole_assets_cannot(shared_data):
    """25 French portfolios, 1990 to 2019: all 26 assets and factors have Pareto k > 0.7, of 360 months a few."""
    frame = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0)
    frame.index = pd.to_datetime(frame.index)
    frame = frame.loc["1990":"2019"]
    factors = frame[["MKT_RF", "SMB", "HML"]]
    info = {"MKT_RF": {"family": "market"}, "SMB": {"family": "style"}, "HML": {"family": "style"}}
    panel = bf.integrate(frame.filter(like="P25_"), factors, info, risk_free=frame["RF"])
    fit = bf.fit(panel, "static", bf.Sampler(draws=1000, progress=False))
    data = fit.with_log_likelihood().data
    whole = data.copy()
    whole["log_likelihood"] = xr.DataTree(xr.Dataset({"returns": bf.log_likelihood(fit, per="asset")}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        periods, assets = (az.loo(tree, pointwise=True) for tree in (data, whole))
    assert periods.pareto_k.sizes == {"time": 360}
    assert float((periods.pareto_k > 0.7).mean()) < 0.06  # 11 of 360, and 26 of 26, with draws of another program
    assert (assets.pareto_k > 0.7).all()


def test_arviz_leaves_out_a_period_at_a_time(hier_fit):
    data = hier_fit.with_log_likelihood().data
    found = az.loo(data, pointwise=True)
    k = found.pareto_k
    assert k.sizes == {"time": len(hier_fit.panel.times)}
    assert float((k > 0.7).mean()) < 0.02
    assert found.elpd == pytest.approx(float(found.elpd_i.sum()), rel=1e-9)
    left = bf.log_likelihood(hier_fit).mean(("chain", "draw")).sum()
    assert 0 < float(left) - found.elpd < 120  # some 9 x (4 + 1) parameters


def test_arviz_compares_models(hier_fit, a_panel):
    """A model whose loadings are held at nothing but a common value describes such a panel worse."""
    pooled = bf.fit(a_panel, "pooled", QUICK)
    fits = {"static": hier_fit, "pooled": pooled}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = az.compare({name: fit.with_log_likelihood().data for name, fit in fits.items()})
    assert table.index.tolist() == ["static", "pooled"]
    assert table.loc["pooled", "elpd_diff"] < -2 * table.loc["pooled", "dse"]


def test_arviz_scales_the_likelihood(hier_fit):
    """Of a traded factor's mean returns given the factors say nothing, and the factors' own density all there is."""
    names, traded = ["factor_mean", "residual_sd"], [f.name for f in hier_fit.panel.factor_info if f.traded]
    alone, both = (
        psense(hier_fit.with_log_likelihood(factors=factors).data, group="likelihood", var_names=names)
        for factors in (False, True)
    )
    assert (alone["residual_sd"] > 0.05).all()
    assert (both["residual_sd"] > 0.05).all()
    one, two = (found["factor_mean"].sel(factor=traded).sum() for found in (alone, both))
    assert two > 2 * one


def test_the_factors_density_is_a_variable_of_its_own(hier_fit):
    data = hier_fit.with_log_likelihood(factors=True).data["log_likelihood"].to_dataset()
    assert list(data.data_vars) == ["returns", "factors"]
    alone = hier_fit.with_log_likelihood().data["log_likelihood"].to_dataset()
    assert list(alone.data_vars) == ["returns"]
    both = hier_fit.with_log_likelihood(factors=True).data
    assert az.loo(both, var_name="returns").elpd == az.loo(hier_fit.with_log_likelihood().data).elpd


def test_the_fit_itself_stays_as_it_was(hier_fit):
    before = list(hier_fit.data.children)
    made = hier_fit.with_log_likelihood()
    assert list(hier_fit.data.children) == before
    assert [*before, "log_likelihood"] == list(made.data.children)
    assert made.panel is hier_fit.panel
    assert made.problems == hier_fit.problems
    again = made.with_log_likelihood(factors=True)
    assert list(again.data.children) == [*before, "log_likelihood"]


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_it_is_saved_and_opened(saved, tmp_path, name):
    made = saved.with_log_likelihood(factors=True)
    opened = bf.open_fit(made.save(tmp_path / name))
    groups = (fit.data["log_likelihood"].to_dataset() for fit in (opened, made))
    xr.testing.assert_equal(*groups)
    xr.testing.assert_allclose(bf.log_likelihood(opened), bf.log_likelihood(made), rtol=1e-12)


def test_statistics_hold_no_single_period():
    fit = bf.open_fit(FITS / "statistics_1.nc")
    for ask in (bf.log_likelihood, lambda fit: fit.with_log_likelihood()):
        with pytest.raises(bf.SpecError, match="The log-likelihood of a period needs single returns") as caught:
            ask(fit)
        assert "PanelStatistics" in str(caught.value)
    whole = bf.open_fit(FITS / "hierarchical_1.nc")
    assert fit.panel.fingerprint == reduced(whole.panel).fingerprint
    found = bf.log_likelihood(fit, per="asset")
    assert found["unit"].values.tolist() == [*fit.panel.assets, "factors"]
    moved = replace(whole, data=fit.data)
    total = bf.log_likelihood(moved).sum("time")
    np.testing.assert_allclose(found.sel(unit=list(fit.panel.assets)).sum("unit"), total, rtol=1e-8)


@pytest.mark.parametrize("per", ["cell", "periods", None, 3, ["period"]])
def test_units_are_two(saved, per):
    with pytest.raises(bf.SpecError, match="log_likelihood: unknown per"):
        bf.log_likelihood(saved, per=per)


def test_what_is_no_fit():
    for ask in (bf.log_likelihood, bf.factor_log_likelihood):
        with pytest.raises(bf.FitError, match="expected a Fit"):
            ask("run.nc")


def test_student_t_noise_needs_its_degrees_of_freedom():
    """Otherwise it would be taken for normal."""
    whole = bf.open_fit(FITS / "student_t_1.nc")
    data = whole.data.copy()
    data["posterior"] = xr.DataTree(whole.posterior.drop_vars("dof"))
    for per in ("period", "asset"):
        with pytest.raises(bf.FitError, match="is StudentTNoise, and its draws have no 'dof'"):
            bf.log_likelihood(replace(whole, data=data), per=per)
    extra = bf.open_fit(FITS / "hierarchical_1.nc")
    data = extra.data.copy()
    data["posterior"] = xr.DataTree(extra.posterior.assign(dof=extra.posterior["alpha_scale"] * 0 + 3.0))
    for per in ("period", "asset"):
        xr.testing.assert_identical(
            bf.log_likelihood(replace(extra, data=data), per=per), bf.log_likelihood(extra, per=per)
        )
