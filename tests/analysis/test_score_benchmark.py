"""The benchmark of scores: pandas' exponentially weighted covariance, one date later, and nothing that comes after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.analysis.comparison.weighted_covariance import half_life, weighted_covariances
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MIX = {"mix": {"a00": 0.5, "a02": -0.5}, "young": {"a03": 1.0}}
FIRST, LAST, LEAST = 80, 140, 23


@pytest.fixture(scope="module")
def panel():
    """The first return of asset a03 is of row 70."""
    whole = make_panel(assets=4, traded=1, other=1, periods=LAST, seed=5)
    values = whole.returns.values.copy()
    values[:70, 3] = np.nan
    return replace(whole, returns=whole.returns.copy(data=values))


def fit_of(panel, rows=FIRST, seed=0):
    first = replace(panel, returns=panel.returns[:rows], factors=panel.factors[:rows])
    return bf.from_draws(first, synthetic_draws(first, seed=seed, draws=5))


@pytest.fixture(scope="module")
def scores(panel):
    return bf.score(fit_of(panel), panel, portfolios=MIX)


def benchmark(scores):
    return scores.dates[scores.dates["model"] == "EWMA"]


def pandas_covariance(returns, decay=0.97, least=LEAST):
    """By date and asset, of the returns before each date."""
    found = returns.ewm(alpha=1 - decay, min_periods=least).cov()
    return {date: found.loc[before] for before, date in zip(returns.index[:-1], returns.index[1:], strict=True)}


def test_variances_are_those_of_pandas_one_date_later(panel, scores):
    returns = panel.returns.to_pandas()
    wanted = returns.ewm(alpha=0.03, min_periods=LEAST).var().shift().iloc[FIRST:].stack().dropna() ** 0.5
    own = benchmark(scores).query("kind == 'asset'").set_index(["date", "asset"])
    wanted = wanted[[key in own.index for key in wanted.index]]
    assert len(own) == len(wanted)
    np.testing.assert_allclose(own.loc[wanted.index, "sd"], wanted, rtol=1e-10)
    np.testing.assert_array_equal(own["mean"], own["past_mean"])


def test_volatilities_of_portfolios_are_those_of_the_covariance(panel, scores):
    covariance = pandas_covariance(panel.returns.to_pandas())
    own = benchmark(scores).set_index(["asset", "date"])["sd"]
    mix, even = np.array([0.5, 0.0, -0.5, 0.0]), np.full(4, 0.25)
    for name, weights in (("mix", mix), ("equal-weighted", even)):
        assert len(own.loc[name])
        for date, sd in own.loc[name].items():
            known = np.nan_to_num(covariance[date].to_numpy())
            assert sd == pytest.approx(np.sqrt(weights @ known @ weights), rel=1e-10)
    table = scores.table().set_index(["model", "asset"])
    rows = benchmark(scores).query("asset == 'mix'")
    assert table.loc[("EWMA", "mix"), "bias"] == pytest.approx(((rows["observed"] - rows["mean"]) / rows["sd"]).std())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.9, 0.94, 0.97, 0.99]), st.floats(0, 0.6))
def test_covariances_are_those_of_pandas_whatever_is_missing(seed, decay, missing):
    """With a decay of 0.5 a gap leaves one return next to all of the weight, and the correction for it cancels."""
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.001, 0.05, (60, 3)) * rng.uniform(0.1, 5, 3)
    returns[rng.random(returns.shape) < missing] = np.nan
    frame = pd.DataFrame(returns, pd.date_range("2020", periods=60, freq="D"))
    wanted = pandas_covariance(frame, decay, max(2, half_life(decay)))
    rows = sorted(rng.choice(np.arange(1, 60), 20, replace=False).tolist())
    for row, found in zip(rows, weighted_covariances(returns, decay, rows), strict=True):
        np.testing.assert_allclose(found, wanted[frame.index[row]], rtol=1e-8, atol=1e-14)


def test_halves_of_weights():
    assert (half_life(0.97), half_life(0.94), half_life(0.5)) == (23, 12, 1)


def test_scores_are_those_of_a_normal_law(scores):
    own = benchmark(scores)
    law = norm(own["mean"], own["sd"])
    np.testing.assert_allclose(own["log_score"], law.logpdf(own["observed"]), rtol=1e-12)
    np.testing.assert_allclose(own["pit"], law.cdf(own["observed"]), rtol=1e-12)
    z = (own["observed"] - own["mean"]) / own["sd"]
    crps = own["sd"] * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    np.testing.assert_allclose(own["crps"], crps, rtol=1e-10)


def test_it_is_judged_by_what_models_are_judged_by(panel, scores):
    """But for what has too short a history: of a03, 23 returns that end with row 92."""
    of_model, own = (
        frame.set_index(["date", "kind", "asset"])["observed"].sort_index()
        for frame in (scores.dates[scores.dates["model"] == "model"], benchmark(scores))
    )
    pd.testing.assert_series_equal(own, of_model[own.index])
    lacking = of_model.index.difference(own.index)
    assert set(lacking.get_level_values("asset")) == {"a03", "young", "equal-weighted"}
    assert lacking.get_level_values("date").max() == panel.times[92]
    assert scores.table()["model"].unique().tolist() == ["model", "EWMA"]
    assert scores.joint["model"].unique().tolist() == ["model"]
    assert not benchmark(scores)["fit"].any()


def test_gains_over_it(scores):
    own = scores.dates.set_index(["model", "date", "kind", "asset"])["log_score"]
    wanted = (own["model"] - own["EWMA"]).dropna().drop("portfolio", level="kind")
    row = scores.gains_table(over="EWMA").iloc[0]
    assert (row["count"], row["gain"]) == (len(wanted), pytest.approx(wanted.mean()))


@settings(max_examples=15, deadline=None)
@given(st.integers(FIRST, LAST - 1), st.integers(0, 1000))
def test_nothing_looks_ahead(panel, scores, row, seed):
    """Returns from a row on do not change what was said before, nor the forecast of the row itself."""
    rng = np.random.default_rng(seed)
    values = panel.returns.values.copy()
    values[row:] = rng.normal(0, 0.3, values[row:].shape)
    other = replace(panel, returns=panel.returns.copy(data=values))
    found = benchmark(bf.score(fit_of(panel), other, portfolios=MIX)).set_index(["asset", "date"])
    own = benchmark(scores).set_index(["asset", "date"])
    before = own[own.index.get_level_values("date") < panel.times[row]]
    pd.testing.assert_frame_equal(found.loc[before.index], before)
    here = own[own.index.get_level_values("date") == panel.times[row]][["mean", "sd"]]
    pd.testing.assert_frame_equal(found.loc[here.index, ["mean", "sd"]], here)


def test_several_models_are_beside_one_benchmark(panel):
    other = fit_of(panel.select(["a00", "a02"]), seed=3)
    found = bf.score({"all": [fit_of(panel)], "two": [other]}, panel)
    assert found.table()["model"].unique().tolist() == ["all", "two", "EWMA"]
    alone = bf.score({"all": [fit_of(panel)]}, panel)
    pd.testing.assert_frame_equal(benchmark(found).reset_index(drop=True), benchmark(alone).reset_index(drop=True))


def test_several_periods_are_as_if_independent(panel):
    one, three = (benchmark(bf.score(fit_of(panel), panel, periods)).query("asset == 'a00'") for periods in (1, 3))
    first, last = one.iloc[0], three.iloc[0]
    mean, growth = 1 + first["mean"], (1 + first["mean"]) ** 2
    assert last["mean"] == pytest.approx(mean**3 - 1)
    assert last["sd"] == pytest.approx(np.sqrt((growth + first["sd"] ** 2) ** 3 - growth**3))
    assert three["date"].tolist() == one["date"].iloc[2::3].tolist()
    assert three["log_score"].isna().all()
    assert three[["crps", "pit"]].notna().all(axis=None)


def test_it_follows_a_volatility_that_a_still_model_does_not(panel):
    """Returns are three times as wide after the fit."""
    values = panel.returns.values.copy()
    values[FIRST:] *= 3
    table = bf.score(fit_of(panel), replace(panel, returns=panel.returns.copy(data=values))).table()
    bias = table.query("asset == 'equal-weighted'").set_index("model")["bias"]
    assert abs(bias["EWMA"] - 1) < abs(bias["model"] - 1)


def test_an_asset_that_never_moved_is_not_judged(panel):
    values = panel.returns.values.copy()
    values[: FIRST + 1, 1] = 0.0
    still = replace(panel, returns=panel.returns.copy(data=values))
    own = benchmark(bf.score(fit_of(still), still)).query("asset == 'a01'")
    assert own["date"].min() == panel.times[FIRST + 2]


def test_what_cannot_be_used_is_refused(panel):
    for decay in (0, 1, 1.5, -0.1, "0.9", True, None, float("nan")):
        with pytest.raises(bf.SpecError, match=r"score\.decay is"):
            bf.score(fit_of(panel), panel, decay=decay)
    with pytest.raises(bf.SpecError, match="a model is named 'EWMA', which is what the benchmark is called"):
        bf.score({"EWMA": [fit_of(panel)]}, panel)
    faster = benchmark(bf.score(fit_of(panel), panel, decay=0.9)).query("asset == 'a00'")
    wanted = panel.returns.to_pandas()["a00"].ewm(alpha=0.1).std().shift().iloc[FIRST:]
    np.testing.assert_allclose(faster["sd"], wanted, rtol=1e-10)
