"""Scores of fits on what came after them: which rows, which numbers, the truth wins, and input that is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.comparison.score_summaries import block_error
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws

MIX = {"mix": {"a00": 0.5, "a02": -0.5}, "one": {"a01": 1.0}}


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=120, seed=5, shortest=60)


@pytest.fixture(scope="module")
def fits(panel):
    windows = bf.rolling(panel, 80, 15, past=True)
    return {
        name: bf.from_draws(window, synthetic_draws(window, seed=k)) for k, (name, window) in enumerate(windows.items())
    }


@pytest.fixture(scope="module")
def scores(fits, panel):
    return bf.score(fits, panel, portfolios=MIX)


def of_models(scores, asset=None):
    """The rows of single scores without the benchmark's, of an asset or of all."""
    own = scores.dates[scores.dates["model"] != "EWMA"]
    return own if asset is None else own[own["asset"] == asset]


def own_table(scores):
    table = scores.table()
    return table[table["model"] != "EWMA"].set_index("asset")


def test_each_row_is_judged_once_by_the_newest_fit(fits, panel, scores):
    assert [len(fit.panel.times) for fit in fits.values()] == [80, 80, 80]
    ends = [fit.panel.times[-1] for fit in fits.values()]
    assert list(scores.joint["date"]) == list(panel.times[80:])
    for name, date in zip(scores.joint["fit"], scores.joint["date"], strict=True):
        assert name == max(name for name, end in zip(fits, ends, strict=True) if end < np.datetime64(date))


def test_the_order_of_fits_is_that_of_their_dates(fits, panel, scores):
    turned = bf.score(dict(reversed(fits.items())), panel, portfolios=MIX)
    pd.testing.assert_frame_equal(turned.dates, scores.dates)
    in_list = bf.score(list(fits.values()), panel, portfolios=MIX)
    pd.testing.assert_frame_equal(in_list.joint.drop(columns="fit"), scores.joint.drop(columns="fit"))


def test_one_fit_is_judged_to_the_end(fits, panel):
    first = next(iter(fits.values()))
    assert bf.score(first, panel).joint["date"].nunique() == 40


def test_returns_are_those_of_the_panel(panel, scores):
    assets = of_models(scores).query("kind == 'asset'")
    returns = panel.returns[80:].to_pandas().stack()
    found = assets.set_index(["date", "asset"])["observed"]
    assert len(found) == np.isfinite(panel.returns.values[80:]).sum()
    np.testing.assert_allclose(found, returns.loc[found.index], rtol=1e-12, atol=1e-15)
    equal = of_models(scores, "equal-weighted").set_index("date")["observed"]
    np.testing.assert_allclose(equal, panel.returns[80:].mean("asset"), atol=1e-15)
    mix = of_models(scores, "mix").set_index("date")["observed"]
    held = panel.returns[80:].to_pandas()[["a00", "a02"]].dropna()
    np.testing.assert_allclose(mix, 0.5 * held["a00"] - 0.5 * held["a02"], atol=1e-15)


def test_forecasts_are_the_moments(fits, panel, scores):
    first = next(iter(fits))
    moments, date = bf.moments(fits[first]), scores.joint["date"][0]
    own = of_models(scores).set_index("date").loc[date].set_index("asset")
    names = list(panel.assets)
    np.testing.assert_allclose(own.loc[names, "mean"], moments.mean, rtol=1e-10)
    np.testing.assert_allclose(own.loc[names, "sd"], np.sqrt(np.diag(moments.covariance)), rtol=1e-10)
    w = np.array([0.5, 0, -0.5, 0])
    assert own.loc["mix", "sd"] == pytest.approx(np.sqrt(w @ moments.covariance.to_numpy() @ w), rel=1e-10)


def test_a_portfolio_of_one_asset_is_that_asset(scores):
    table = own_table(scores).drop(columns=["model", "warning"], errors="ignore")
    np.testing.assert_allclose(table.loc["one"], table.loc["a01"], rtol=1e-9)


def test_columns_are_means_of_the_dates(scores):
    table = own_table(scores)
    own = of_models(scores, "a02")
    row = table.loc["a02"]
    assert row["count"] == len(own)
    assert row["log_score"] == pytest.approx(own["log_score"].mean())
    assert row["crps"] == pytest.approx(own["crps"].mean())
    inside = ((own["pit"] > 0.05) & (own["pit"] < 0.95)).mean()
    assert row["cover_90"] == pytest.approx(inside)
    error = own["observed"] - own["mean"]
    assert row["bias"] == pytest.approx((error / own["sd"]).std())
    assert row["r2_zero"] == pytest.approx(1 - (error**2).sum() / (own["observed"] ** 2).sum())
    away = own["observed"] - own["past_mean"]
    assert row["r2_mean"] == pytest.approx(1 - (error**2).sum() / (away**2).sum())
    assert row["se"] == pytest.approx(block_error(own["log_score"].to_numpy(), np.ones(len(own))))
    together = scores.joint_table().iloc[0]
    assert together["log_score_normal"] == pytest.approx(
        scores.joint["log_score_normal"].sum() / scores.joint["count"].sum()
    )
    assert list(table.index[:4]) == ["all assets", "equal-weighted", "mix", "one"]


def test_r_squared_has_the_error_of_a_ratio(scores):
    """The delta method, of sums by date: that of A - (A / B) B over B, with as many blocks as dates."""
    own = of_models(scores, "a02").head(20)
    found = own_table(bf.Scores(own, scores.joint)).loc["a02"]
    for name, benchmark in (("mean", own["past_mean"]), ("zero", 0.0)):
        a, b = (own["observed"] - own["mean"]) ** 2, (own["observed"] - benchmark) ** 2
        assert found[f"r2_{name}"] == pytest.approx(1 - a.sum() / b.sum())
        away = a - a.sum() / b.sum() * b
        assert found[f"se_r2_{name}"] == pytest.approx(away.std(ddof=1) * np.sqrt(20) / b.sum())


def test_shares_of_tenths(scores):
    table = scores.pit_table("a01").query("model == 'model'")
    own = of_models(scores, "a01")
    assert table["share"].to_numpy() == pytest.approx(np.histogram(own["pit"], np.linspace(0, 1, 11))[0] / len(own))
    inside = own["pit"].between(0.3, 0.4).to_numpy().astype(float)
    assert table.loc[3, "se"] == pytest.approx(block_error(inside, np.ones(len(own))))
    assert scores.pit_table().groupby("model")["share"].sum().tolist() == pytest.approx([1, 1])
    with pytest.raises(bf.SpecError, match="unknown asset 'a09'"):
        scores.pit_table("a09")


def test_gains_are_of_returns_that_both_were_judged_by(panel, fits, scores):
    first = next(iter(fits.values()))
    small = first.panel.select(["a00", "a02"])
    other = bf.from_draws(small, synthetic_draws(small, seed=9))
    found = bf.score({"all": fits, "two": [other]}, panel)
    assert found.gains_table()[["gain", "se"]].to_numpy()[0].tolist() == [0.0, 0.0]
    row = found.gains_table(over="two").iloc[0]
    a, b = (
        found.dates[found.dates["model"] == name].set_index(["date", "kind", "asset"])["log_score"]
        for name in ("all", "two")
    )
    wanted = (a - b).dropna().drop("portfolio", level="kind")
    assert row["count"] == len(wanted)
    assert row["gain"] == pytest.approx(wanted.mean())
    by_date = wanted.groupby("date")
    assert row["se"] == pytest.approx(block_error(by_date.sum().to_numpy(), by_date.size().to_numpy()))
    assert found.gains_table("two")["gain"].tolist()[:2] == pytest.approx([row["gain"], 0.0])
    assert bf.score(fits, panel, 5).gains_table()[["gain", "se"]].isna().all(axis=None)
    with pytest.raises(bf.SpecError, match="unknown model 'three'"):
        found.gains_table("three")


def test_past_means_are_of_earlier_returns_only(panel, scores):
    own = of_models(scores, "a03").set_index("date")["past_mean"]
    returns = panel.returns.sel(asset="a03").to_pandas()
    wanted = returns.expanding().mean().shift()
    np.testing.assert_allclose(own, wanted[own.index], rtol=1e-12, atol=1e-15)


def test_an_error_of_a_mean_is_that_of_blocks():
    """Of independent dates the usual one; of runs of equal ones that of the runs."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=20)
    assert block_error(values, np.ones(20)) == pytest.approx(values.std(ddof=1) / np.sqrt(20))
    runs = np.repeat(values, 5)
    assert block_error(runs, np.ones(100)) == pytest.approx(values.std(ddof=1) / np.sqrt(20))
    assert np.isnan(block_error(np.ones(1), np.ones(1)))


def truth(panel, loading, sd, *, dof=None, wider=1.0, samples=8):
    """Draws that are all the law which simulated the panel, with every standard deviation `wider`."""
    given = synthetic_draws(panel, chains=2, draws=samples, doubt=0.0, dof=dof)
    cov = xr.ones_like(given["factor_cov"]) * np.diag([0.01**2, 0.01**2]) * wider**2
    return bf.from_draws(
        panel,
        given.assign(
            loading=xr.zeros_like(given["loading"]) + loading,
            alpha=0 * given["alpha"],
            residual_sd=0 * given["residual_sd"] + wider * sd,
            factor_mean=0 * given["factor_mean"],
            risk_premium=0 * given["risk_premium"],
            factor_cov=cov,
        ),
    )


def simulated(periods, dof=None):
    rng = np.random.default_rng(8)
    panel = make_panel(assets=4, traded=1, other=1, periods=periods, seed=5)
    factors = rng.normal(0, 0.01, (periods, 2))
    loading, sd = rng.normal(0.8, 0.3, (4, 2)), np.array([0.01, 0.015, 0.02, 0.03])
    noise = (
        rng.standard_normal((periods, 4)) if dof is None else rng.standard_t(dof, (periods, 4)) * np.sqrt(1 - 2 / dof)
    )
    whole = replace(
        panel,
        returns=panel.returns.copy(data=factors @ loading.T + sd * noise),
        factors=panel.factors.copy(data=factors),
    )
    first = replace(whole, returns=whole.returns[:100], factors=whole.factors[:100])
    return whole, first, loading, sd


@pytest.mark.parametrize("dof", [None, 4])
def test_the_truth_scores_best_and_covers(dof):
    whole, first, loading, sd = simulated(700, dof)
    models = {
        "truth": truth(first, loading, sd, dof=dof),
        "wide": truth(first, loading, sd, dof=dof, wider=1.5),
        "narrow": truth(first, loading, sd, dof=dof, wider=0.67),
        "loadings": truth(first, loading - 0.6, sd, dof=dof),
    }
    if dof is not None:
        models["normal"] = truth(first, loading, sd)
    found = bf.score({name: [fit] for name, fit in models.items()}, whole)
    table = found.table().query("asset == 'all assets'").set_index("model")
    assert table["log_score"].idxmax() == "truth"
    assert table["crps"].drop("normal", errors="ignore").idxmin() == "truth"  # tails hardly count in it
    joint = found.joint_table().set_index("model")
    assert joint["log_score_given_factors"].idxmax() == "truth"
    assert joint["energy_score"].drop("normal", errors="ignore").idxmin() == "truth"
    row = table.loc["truth"]
    assert row["cover_50"] == pytest.approx(0.5, abs=0.04)
    assert row["cover_90"] == pytest.approx(0.9, abs=0.025)
    assert row["cover_99"] == pytest.approx(0.99, abs=0.008)
    assert row["pit"] == pytest.approx(0.5, abs=0.03)
    portfolio = found.table().query("asset == 'equal-weighted'").set_index("model").loc["truth"]
    assert portfolio["cover_90"] == pytest.approx(0.9, abs=0.04)
    assert portfolio["bias"] == pytest.approx(1.0, abs=0.1)


def test_several_periods_are_compounded_and_do_not_overlap(fits, panel):
    found = bf.score(fits, panel, 5, portfolios=MIX)
    assert list(found.joint["date"]) == list(panel.times[84::5])
    own = of_models(found, "a00").set_index("date")["observed"]
    wanted = [np.prod(1 + panel.returns.values[end - 4 : end + 1, 0]) - 1 for end in range(84, 120, 5)]
    np.testing.assert_allclose(own, np.array(wanted)[np.isfinite(wanted)], rtol=1e-12)
    assert found.dates["log_score"].isna().all()
    assert found.table()["se"].isna().all()
    assert found.dates["crps"].gt(0).all()


def test_several_periods_of_the_truth_are_covered():
    whole, first, loading, sd = simulated(1600)
    found = bf.score(truth(first, loading, sd, samples=250), whole, 3, portfolios={"mix": {"a00": 0.5, "a01": 0.5}})
    table = own_table(found)
    assert table.loc["all assets", "cover_90"] == pytest.approx(0.9, abs=0.03)
    assert table.loc["mix", "cover_90"] == pytest.approx(0.9, abs=0.04)


def test_assets_that_a_fit_does_not_have_are_not_judged(panel):
    own = panel.select(["a00", "a01"])
    first = replace(own, returns=own.returns[:80], factors=own.factors[:80])
    found = bf.score(bf.from_draws(first, synthetic_draws(first)), panel, portfolios=MIX)
    assert set(found.dates["asset"]) == {"a00", "a01", "equal-weighted", "one"}


def test_the_unit_of_a_factor_and_the_order_of_assets_do_not_matter(panel, fits, scores):
    turned = panel.select(panel.assets[::-1])
    again = bf.score(
        {name: replace_panel(fit, panel.assets[::-1]) for name, fit in fits.items()}, turned, portfolios=MIX
    )
    one, two = (own_table(s).drop(columns=["model", "warning"], errors="ignore") for s in (scores, again))
    np.testing.assert_allclose(two.loc[one.index], one, rtol=1e-9)
    first, second = scores.joint_table(), again.joint_table()
    for name in ("log_score_normal", "log_score_given_factors"):
        np.testing.assert_allclose(second[name], first[name], rtol=1e-10)


def replace_panel(fit, names):
    return bf.from_draws(fit.panel.select(list(names)), fit.posterior)


def test_problems_are_said_and_scored_all_the_same(scores):
    """Draws of a few are not converged."""
    assert set(scores.problems) == {"model"}
    assert all(": " in text for text in scores.problems["model"])
    assert bool(scores.problems["model"]) == ("warning" in scores.table())
    assert "Scores of 40 dates" in repr(scores)


def test_what_moves_is_judged_by_the_first_row_alone_without_its_path(panel):
    first = replace(panel, returns=panel.returns[:119], factors=panel.factors[:119])
    fit = bf.from_draws(first, synthetic_draws(first, moving=MOVING, dof=5, common=1))
    found = bf.score(fit, panel)
    assert len(found.joint) == 1
    assert np.isfinite(found.joint[["log_score_normal", "log_score_given_factors", "energy_score"]].to_numpy()).all()
    earlier = replace(panel, returns=panel.returns[:110], factors=panel.factors[:110])
    with pytest.raises(bf.FitError, match="Newer rows cannot update"):
        bf.score(bf.from_draws(earlier, synthetic_draws(earlier, moving=MOVING)), panel)


def test_input_that_is_refused(panel, fits):
    one = next(iter(fits.values()))
    for wrong in (3, "fits", panel, None):
        with pytest.raises(bf.FitError, match="score: "):
            bf.score(wrong, panel)
    for wrong in ({}, [], {"a": []}, {"a": one, "b": [one]}, [one, 3]):
        with pytest.raises(bf.FitError, match="score: "):
            bf.score(wrong, panel)
    with pytest.raises(bf.SpecError, match="both end on"):
        bf.score({"a": one, "b": one}, panel)
    with pytest.raises(bf.DataError, match="no returns after the last row"):
        bf.score(one, one.panel)
    with pytest.raises(bf.SpecError, match="score needs single returns"):
        bf.score(one, "panel")
    with pytest.raises(bf.SpecError, match="score: periods is 0"):
        bf.score(one, panel, 0)
    with pytest.raises(bf.DataError, match="does not go on from the fit's"):
        bf.score(one, replace(panel, returns=panel.returns + 0.01))
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        bf.score(one, panel, portfolios={"mine": {"btc": 1.0}})
    with pytest.raises(bf.DataError, match="portfolios is a list"):
        bf.score(one, panel, portfolios=[{"a00": 1.0}])
    with pytest.raises(bf.DataError, match="a portfolio is named 'equal-weighted'"):
        bf.score(one, panel, portfolios={"equal-weighted": {"a00": 1.0}})
