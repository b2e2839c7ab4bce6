"""What residual factors add to variances, to realised returns, and to moments, forecasts and scores."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.analysis.portfolio.horizon_sums import common_covariance, horizon_sums
from bayesfactor.analysis.scenarios.simulation import paths
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.predictive_law import law_of
from tests.support import moving
from tests.support.moved_fits import moved_fit_of
from tests.support.moving_loadings import permuted
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import synthetic_draws

COMMON = "common residual"
MIX = {"a00": 0.6, "a02": 0.7, "a03": -0.3}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=5, traded=2, other=1, periods=80, shortest=50, seed=6)


@pytest.fixture(scope="module")
def static(panel):
    return bf.from_draws(panel, synthetic_draws(panel, common=2))


@pytest.fixture(scope="module")
def moved():
    panel = moving.moving_panel(seed=1, assets=5, periods=90, late=1).panel
    return moved_fit_of(panel, moving.moving_model(), common=2, draws=30)


@pytest.fixture(params=["static", "moved"])
def fit(request):
    return request.getfixturevalue(request.param)


def gap(found):
    draws = found.draws
    sources = [name for name in draws["source"].values if name != "total"]
    return float(np.abs(draws.sel(source=sources).sum("source") - draws.sel(source="total")).max())


@pytest.mark.parametrize("by", ["factor", "family"])
@pytest.mark.parametrize("per", ["asset", "group"])
@pytest.mark.parametrize("kind", ["variance", "return"])
def test_sources_add_up_in_every_draw(fit, kind, by, per):
    found = bf.attribute(fit, kind, by=by, per=per, portfolio=MIX)
    assert gap(found) < 1e-10
    assert found.draws["source"].values.tolist()[-3:] in (
        [COMMON, "idiosyncratic", "total"],
        [COMMON, "residual", "total"],
    )
    assert COMMON in set(found.table()["source"])


def test_compounded_parts_add_up_too(fit):
    assert gap(bf.attribute(fit, "return", compounded=True, portfolio=MIX)) < 1e-10


def test_a_premium_has_none(fit):
    assert COMMON not in bf.attribute(fit).draws["source"].values


@pytest.mark.parametrize("kind", ["variance", "return"])
def test_a_portfolio_of_one_asset_is_that_asset(fit, kind):
    found = bf.attribute(fit, kind, portfolio={"a02": 1.0}).draws
    np.testing.assert_allclose(found.sel(asset="portfolio"), found.sel(asset="a02"), rtol=0, atol=1e-12)


def test_the_variance_is_that_of_the_portfolios_exposure(fit):
    found = bf.attribute(fit, "variance", portfolio=MIX).draws.sel(asset="portfolio")
    weights, year = xr.DataArray(list(MIX.values()), {"asset": list(MIX)}, ("asset",)), fit.panel.periods_per_year
    exposure = (fit.posterior["residual_loading"] * weights).sum("asset")
    own = (fit.posterior["residual_sd"] ** 2 * weights**2).sum("asset")
    np.testing.assert_allclose(found.sel(source=COMMON), year * (exposure**2).sum("residual_factor"), rtol=1e-10)
    np.testing.assert_allclose(found.sel(source="idiosyncratic"), year * own, rtol=1e-10)


def test_the_long_run_is_at_the_mean_of_the_variance_over_the_sample(moved):
    found = bf.attribute(moved, "variance")
    dated, year = Dated(moved, moved.posterior), moved.panel.periods_per_year
    squares = (dated.residual_factors.loading**2).sum(axis=2) * dated.mean_squares.mean(axis=0) * year
    mine = found.long_run.sel(source=COMMON).transpose("chain", "draw", "asset").values
    np.testing.assert_allclose(mine.reshape(squares.shape), squares, rtol=1e-10)


def test_permuting_assets_permutes_variances(static):
    order = [3, 1, 4, 0, 2]
    found, turned = (bf.attribute(one, "variance", portfolio=MIX).draws for one in (static, permuted(static, order)))
    np.testing.assert_allclose(turned.sel(asset=found["asset"]), found, rtol=1e-10)


def test_permuting_assets_permutes_what_residual_factors_gave(static):
    """Up to the order of sums: their noise is of dates."""
    turned = permuted(static, [3, 1, 4, 0, 2])
    found, other = (bf.attribute(one, "return", portfolio=MIX).draws for one in (static, turned))
    np.testing.assert_allclose(other.sel(asset=found["asset"]), found, rtol=0, atol=1e-11)


def test_a_return_has_what_the_factors_drawn_again_gave(fit):
    dated, found = Dated(fit, fit.posterior), bf.attribute(fit, "return").draws.sel(asset="a02", source=COMMON)
    rows = np.flatnonzero(np.isfinite(fit.panel.returns.sel(asset="a02").values))
    wanted = np.einsum(
        "sqt,sq,t->s", dated.common[:, :, rows], dated.residual_factors.loading[:, 2], dated.scale(2)[rows]
    )
    np.testing.assert_allclose(found.transpose("chain", "draw").values.ravel(), wanted, rtol=0, atol=1e-12)


def test_a_portfolio_is_the_weighted_sum_on_common_dates(fit):
    start = fit.panel.returns.sel(asset=list(MIX)).dropna("time")["time"].values[0]
    found = bf.attribute(fit, "return", portfolio=MIX, window=(start, None)).draws
    wanted = sum(weight * found.sel(asset=name, drop=True) for name, weight in MIX.items())
    np.testing.assert_allclose(found.sel(asset="portfolio", drop=True), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "portfolio"), [("a02", None), (None, MIX)])
def test_a_path_ends_where_the_attribution_is(fit, name, portfolio):
    path = realised_path(fit, name, portfolio, None, by_family=False).isel(time=-1)
    found = bf.attribute(fit, "return", portfolio=portfolio).draws.sel(asset=name or "portfolio")
    wanted = found.stack(sample=("chain", "draw"), create_index=False).transpose("sample", "source")
    mine = path.sel(source=wanted["source"]).transpose("sample", "source")
    np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-11)


@pytest.mark.parametrize("why", ["statistics", "no record of the path"])
def test_residuals_stay_whole_where_factors_cannot_be_drawn_again(panel, why):
    used = reduced(panel) if why == "statistics" else panel
    fit = bf.from_draws(used, synthetic_draws(panel, common=1, moving=() if why == "statistics" else ("volatility",)))
    found = bf.attribute(fit, "return")
    assert COMMON not in found.draws["source"].values
    assert any("part of 'residual'" in note and why in note for note in found.notes)


def test_the_moments_are_those_of_the_attribution(static):
    year, found = static.panel.periods_per_year, bf.moments(static)
    draws = bf.attribute(static, "variance", portfolio=MIX).draws.mean(("chain", "draw"))
    weights = np.array([MIX.get(name, 0.0) for name in static.panel.assets])
    residuals = draws.sel(asset="portfolio", source=[COMMON, "idiosyncratic"]).sum()
    assert weights @ found.from_residuals.to_numpy() @ weights * year == pytest.approx(float(residuals), rel=1e-10)


def test_own_drifts_revert_in_what_residual_factors_give(panel):
    """Covariance of sums of residuals over 6 periods, of simulated paths."""
    draws = synthetic_draws(panel, chains=1, draws=4, doubt=0.0, common=2, repeat=20_000)
    fit = bf.from_draws(panel, draws)
    law = law_of(fit, fit.posterior.isel(draw=slice(1)))
    drift = {"log_drift": np.array([0.8, -0.5, 0.3, 0.0, -0.9]), "drift_phi": 0.7}
    own = replace(law, **drift)
    many = replace(law_of(fit, fit.posterior), **drift)
    many = replace(many, cov=1e-12 * many.cov, long_run_cov=1e-12 * many.cov)
    total = sum(period.returns - period.expected for period in paths(many, 6, np.random.default_rng(3)))
    sums = horizon_sums(own, 6)
    wanted = common_covariance(own, sums, 6) + np.diag((own.sd**2 * sums.own)[0])
    sd = np.sqrt(np.diag(wanted))
    assert np.abs((np.cov(total.T) - wanted) / np.outer(sd, sd)).max() < 4.5 * 2**0.5 / np.sqrt(len(total))


def test_forecasts_have_the_covariance_of_both_parts(panel):
    draws = synthetic_draws(panel, chains=1, draws=4, doubt=0.0, common=2, repeat=20_000)
    fit = bf.from_draws(panel, draws)
    found = bf.forecast(fit, portfolio=MIX).draws.transpose("chain", "draw", "asset").values[0]
    weights = np.vstack([np.eye(5), [MIX.get(name, 0.0) for name in panel.assets]])
    wanted = weights @ bf.moments(fit).covariance.to_numpy() @ weights.T
    sd = np.sqrt(np.diag(wanted))
    assert np.abs((np.cov(found.T) - wanted) / np.outer(sd, sd)).max() < 4.5 * 2**0.5 / np.sqrt(len(found))


def test_the_score_of_a_portfolio_is_that_of_its_own_law(panel):
    short = replace(panel, returns=panel.returns.isel(time=slice(79)), factors=panel.factors.isel(time=slice(79)))
    fit = bf.from_draws(short, synthetic_draws(short, common=2))
    table = bf.score(fit, panel, portfolios={"mine": MIX}).dates.query("asset == 'mine'").iloc[0]
    weights = np.array([MIX.get(name, 0.0) for name in panel.assets])
    flat = fit.posterior.stack(sample=("chain", "draw"), create_index=False).transpose("sample", ...)
    one = {name: flat[name].values for name in flat.data_vars}
    mean = (one["alpha"] + np.einsum("sik,sk->si", one["loading"], one["risk_premium"])) @ weights
    beta, exposure = (
        np.einsum("sik,i->sk", one["loading"], weights),
        np.einsum("siq,i->sq", one["residual_loading"], weights),
    )
    variance = np.einsum("sk,skl,sl->s", beta, one["factor_cov"], beta) + (exposure**2).sum(1)
    variance += one["residual_sd"] ** 2 @ weights**2
    observed = float(panel.returns.values[79] @ weights)
    assert table["observed"] == pytest.approx(observed, rel=1e-10)
    wanted = logsumexp(norm.logpdf(observed, mean, np.sqrt(variance))) - np.log(len(mean))
    assert table["log_score"] == pytest.approx(wanted, rel=1e-9)
    assert table["sd"] == pytest.approx(np.sqrt(variance.mean() + mean.var()), rel=1e-9)


def truth(panel, seed=0):
    """Return a panel whose residuals share one factor, and draws at the truth: with that factor, and without."""
    rng, draws = np.random.default_rng(seed), synthetic_draws(panel, chains=4, draws=250, doubt=0.0, common=1)
    loading = 0.02 * rng.uniform(0.5, 1.0, (len(panel.assets), 1))
    draws["residual_loading"] = draws["residual_loading"].copy(data=np.broadcast_to(loading, (4, 250, *loading.shape)))
    one = draws.isel(chain=0, draw=0)
    shift = np.array([0.0 if factor.traded else 1.0 for factor in panel.factor_info])
    x = panel.factors.values + shift * (one["risk_premium"] - one["factor_mean"]).values
    common = rng.standard_normal((len(x), 1)) @ loading.T
    noise = rng.standard_normal(panel.returns.shape) * one["residual_sd"].values
    returns = one["alpha"].values + x @ one["loading"].values.T + common + noise
    seen = np.isfinite(panel.returns.values)
    made = replace(panel, returns=panel.returns.copy(data=np.where(seen, returns, np.nan)))
    whole = np.sqrt(draws["residual_sd"] ** 2 + (draws["residual_loading"] ** 2).sum("residual_factor"))
    return (
        made,
        draws,
        draws.drop_vars("residual_loading").assign(residual_sd=whole.transpose(*draws["residual_sd"].dims)),
    )


def test_checks_hold_residuals_to_the_correlations_of_the_model():
    panel, with_factor, without = truth(make_panel(assets=8, traded=2, other=1, periods=300, shortest=150, seed=9))
    found = {}
    for name, draws in (("with", with_factor), ("without", without)):
        report = bf.check(bf.from_draws(panel, draws, model="static"))
        found[name] = {check.name: check for check in report.checks}
        variances = found[name]["variance: implied over sample, median"]
        assert variances.passed, variances.value
    mean, rms = "residuals: mean correlation {}", "residuals: rms correlation beyond noise"
    assert abs(found["with"][mean.format("beyond the model's")].value) < 0.05
    assert found["without"][mean.format("of assets")].value > 0.4
    assert not found["with"][rms].exceeds_limit
    assert found["without"][rms].exceeds_limit


@pytest.mark.parametrize("suffix", ["html", "md"])
def test_a_report_has_them_beside_idiosyncratic_risk(static, tmp_path, suffix):
    path = bf.write_report(static, tmp_path / f"report.{suffix}", portfolio=MIX)
    text = path.read_text()
    assert text.count(COMMON) > 1
    assert "common to several assets" in text


def test_figures_have_them(static):
    risk = bf.plot_risk(bf.attribute(static, "variance", portfolio=MIX))
    assert COMMON in [text.get_text() for text in risk.legends[0].get_texts()]
    realised = bf.plot_realised(static, portfolio=MIX)
    assert any(axis.get_title(loc="left").startswith(f"{COMMON}: ") for axis in realised.axes)
