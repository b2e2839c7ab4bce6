"""Stress: laws that hold in every draw, the law of the outcome, and what tables say."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from bayesfactor.analysis.scenarios.simulation import paths
from bayesfactor.posterior.predictive_law import law_of
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws

MIX = {"a00": 0.6, "a02": -0.3}
PANEL = make_panel(assets=4, traded=2, other=1, periods=120, seed=2)
LAWS = ((), MOVING)
EVERY = {"f0": -0.03, "f1": 0.01, "f2": 0.02}
shocks = st.dictionaries(st.sampled_from(PANEL.factor_names), st.floats(-0.2, 0.2), min_size=1)
seeds = st.integers(0, 10_000)
quick = settings(max_examples=15, deadline=None)


def fit_of(seed=0, panel=PANEL, **made):
    return bf.from_draws(panel, synthetic_draws(panel, seed=seed, **{"draws": 6, **made}))


def total(stressed):
    return stressed.draws.sel(source="total")


@quick
@given(
    shocks=shocks,
    seed=seeds,
    moving=st.sampled_from(LAWS),
    periods=st.integers(1, 4),
    others=st.sampled_from(["expected", "unchanged"]),
)
def test_sources_add_up_and_the_portfolio_is_its_weights(shocks, seed, moving, periods, others):
    fit = fit_of(seed, moving=moving, common=1)
    found = bf.stress(fit, bf.Scenario(shocks, periods=periods), others, MIX)
    parts = found.draws.drop_sel(source="total").sum("source")
    np.testing.assert_allclose(parts, total(found), rtol=1e-10, atol=1e-13)
    for array in (found.draws, *([found.outcome] if not found.floored.any() else [])):
        weighted = 0.6 * array.sel(asset="a00") - 0.3 * array.sel(asset="a02")
        np.testing.assert_allclose(array.sel(asset="portfolio"), weighted, rtol=1e-10, atol=1e-13)


@quick
@given(shocks=shocks, seed=seeds, moving=st.sampled_from(LAWS), periods=st.integers(1, 4))
def test_the_distance_is_that_of_the_completed_vector(shocks, seed, moving, periods):
    fit = fit_of(seed, moving=moving, doubt=0.0)
    one = bf.stress(fit, bf.Scenario(shocks, periods=periods))
    completed = one.factors.isel(chain=0, draw=0)
    whole = bf.stress(fit, bf.Scenario({str(k): float(v) for k, v in completed.to_series().items()}, periods=periods))
    own = [found.plausibility.distance.sel(volatility="next period") for found in (one, whole)]
    np.testing.assert_allclose(*own, rtol=1e-7)
    np.testing.assert_allclose(total(one), total(whole), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("row", [0, 57, 119])
def test_an_episode_of_one_date_is_what_was_realised_less_the_residual(row):
    fit, day = fit_of(draws=50), PANEL.times[row]
    happened = bf.attribute(fit, "return", window=(day, day), portfolio=MIX).draws
    found = bf.stress(fit, bf.episode(PANEL, day), portfolio=MIX).draws
    left = happened.sel(source="total") - happened.sel(source="residual")
    np.testing.assert_allclose(found.sel(source="total"), left, rtol=1e-10, atol=1e-14)
    for source in (*PANEL.factor_names, "alpha"):
        np.testing.assert_allclose(found.sel(source=source), happened.sel(source=source), rtol=1e-9, atol=1e-14)


@quick
@given(name=st.sampled_from(PANEL.factor_names), seed=seeds, periods=st.integers(1, 4))
def test_a_shock_at_its_mean_leaves_expectations_as_they_are(name, seed, periods):
    fit = fit_of(seed)
    found = bf.stress(fit, bf.Scenario({name: bf.Sigmas(0)}, periods=periods), portfolio=MIX)
    premium = bf.attribute(fit, "premium", portfolio=MIX).draws
    wanted = premium * periods / PANEL.periods_per_year
    np.testing.assert_allclose(found.draws.sel(source=wanted["source"]), wanted, rtol=1e-9, atol=1e-14)
    assert float(found.factor_sd.sel(factor=name).max()) == 0.0
    assert float(found.plausibility.distance.max()) < 1e-12


def test_and_removes_the_variance_of_that_factor():
    """Of factors that do not move together."""
    draws = synthetic_draws(PANEL, draws=20_000, doubt=0.0)
    apart = draws["factor_cov"] * xr.DataArray(np.eye(3), dims=("factor", "factor_other"))
    fit = bf.from_draws(PANEL, draws.assign(factor_cov=apart))
    shocked = bf.stress(fit, bf.Scenario({"f0": bf.Sigmas(0)})).outcome.var(("chain", "draw"))
    one = draws.isel(chain=0, draw=0)
    rest = (one["loading"] ** 2 * apart.isel(chain=0, draw=0).values.diagonal()).sel(factor=["f1", "f2"]).sum("factor")
    np.testing.assert_allclose(shocked, rest + one["residual_sd"] ** 2, rtol=0.04)


@pytest.mark.parametrize("moving", LAWS)
def test_with_all_factors_shocked_the_residual_is_left(moving):
    """The factors' covariance no longer matters, and the rest has the variance of residuals, shared ones among them."""
    draws = synthetic_draws(PANEL, draws=10_000, doubt=0.0, common=2, moving=moving)
    found = bf.stress(bf.from_draws(PANEL, draws), bf.Scenario(EVERY), portfolio=MIX)
    other = bf.stress(bf.from_draws(PANEL, draws.assign(factor_cov=3 * draws["factor_cov"])), bf.Scenario(EVERY))
    assert float(found.factor_sd.max()) == 0.0
    np.testing.assert_allclose(other.outcome, found.outcome.drop_sel(asset="portfolio"), rtol=0, atol=1e-13)
    left = (found.outcome - total(found)).stack(sample=("chain", "draw"))
    shared = draws["residual_loading"].isel(chain=0, draw=0).values
    cov = shared @ shared.T + np.diag(draws["residual_sd"].isel(chain=0, draw=0).values ** 2)
    weights = np.vstack([np.eye(4), [0.6, 0, -0.3, 0]])
    wanted = weights @ cov @ weights.T
    np.testing.assert_allclose(np.cov(left.transpose("asset", "sample")), wanted, rtol=0.1, atol=0.03 * wanted.max())


@quick
@given(exponents=st.lists(st.floats(-3, 3), min_size=3, max_size=3), seed=seeds, periods=st.integers(1, 3))
def test_units_of_factors_do_not_matter(exponents, seed, periods):
    """Rescaling a factor and its shock changes nothing; they are not traded, so that no value is too large."""
    info = tuple(replace(factor, traded=False) for factor in PANEL.factor_info)
    by = xr.DataArray(10.0 ** np.array(exponents), {"factor": list(PANEL.factor_names)}, "factor")
    draws, other = synthetic_draws(PANEL, seed=seed, draws=6), by.rename(factor="factor_other")
    scaled = draws.assign(
        loading=draws["loading"] / by,
        risk_premium=draws["risk_premium"] * by,
        factor_mean=draws["factor_mean"] * by,
        factor_cov=draws["factor_cov"] * by * other,
    )
    small = 0.03
    one = bf.stress(bf.from_draws(replace(PANEL, factor_info=info), draws), bf.Scenario({"f1": small}, periods=periods))
    larger = replace(PANEL, factor_info=info, factors=PANEL.factors * by)
    two = bf.stress(
        bf.from_draws(larger, scaled), bf.Scenario({"f1": small * float(by.sel(factor="f1"))}, periods=periods)
    )
    for name in ("draws", "outcome"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(two.plausibility.distance, one.plausibility.distance, rtol=1e-8)
    assert two.plausibility.rank == one.plausibility.rank


@pytest.mark.parametrize(("moving", "periods"), [((), 1), ((), 3), (MOVING, 1), (MOVING, 3), (("factors",), 4)])
def test_the_outcome_is_the_conditional_law_of_simulated_paths(moving, periods):
    """Returns regressed on the sums of the shocked factors, over paths that nothing was asked of."""
    made = synthetic_draws(PANEL, chains=1, draws=1, doubt=0.0, common=1, moving=moving, repeat=40_000)
    if "loading" in moving:
        made = made.assign(loading_move=1e-6 + 0 * made["loading_move"])  # else the spread depends on the shock
    fit = bf.from_draws(PANEL, made)
    rng, law = np.random.default_rng(3), law_of(fit, made)
    factors, returns = [], 0.0

    def kept():
        for j in range(periods):
            left = law.cov_phi[:, None, None] ** j
            cov = law.long_run_cov + left * (law.cov - law.long_run_cov)
            drawn = np.einsum("skl,sl->sk", np.linalg.cholesky(cov), rng.standard_normal(law.premium.shape))
            factors.append(drawn + law.factor_mean)
            yield drawn

    for period in paths(law, periods, rng, kept()):
        returns = returns + period.returns
    x = np.column_stack([np.ones(40_000), sum(factors)[:, [0, 2]]])
    slopes, squares, *_ = np.linalg.lstsq(x, returns, rcond=None)
    found = bf.stress(fit, bf.Scenario({"f0": -0.03, "f2": 0.02}, periods=periods))
    at = np.array([1, -0.03, 0.02])
    sd = np.sqrt(squares / 40_000)
    error = np.sqrt(at @ np.linalg.solve(x.T @ x, at)) * sd
    assert (np.abs(total(found).values[0, 0] - at @ slopes) < 4.5 * error).all()
    np.testing.assert_allclose(found.outcome.values[0].std(axis=0), sd, rtol=0.025)
    mean = found.outcome.values[0].mean(axis=0)
    assert (np.abs(mean - total(found).values[0, 0]) < 4.5 * sd / 200).all()


def test_a_moving_loading_counts_with_its_value_of_the_next_period():
    fit = fit_of(moving=("loading",))
    found = bf.stress(fit, bf.Scenario(EVERY))
    traded = fit.posterior["loading"].sel(factor="f0") * EVERY["f0"]
    np.testing.assert_allclose(found.draws.sel(source="f0", drop=True), traded.drop_vars("factor"), rtol=1e-12)


def test_sigmas_are_of_each_draw_and_of_either_volatility():
    fit = fit_of(moving=("factors",))
    now = bf.stress(fit, bf.Scenario({"f0": bf.Sigmas(-4)}))
    later = bf.stress(fit, bf.Scenario({"f0": bf.Sigmas(-4, "long run")}))
    distance = now.plausibility.distance
    np.testing.assert_allclose(distance.sel(volatility="next period"), 4.0)
    np.testing.assert_allclose(later.plausibility.distance.sel(volatility="long run"), 4.0)
    assert (distance.sel(volatility="long run") > 4.5).all()
    assert list(bf.stress(fit_of(), bf.Scenario({"f0": -0.01})).plausibility.table()["volatility"]) == ["next period"]


def test_unchanged_leaves_the_others_at_their_means_and_says_so():
    fit = fit_of()
    found = bf.stress(fit, bf.Scenario({"f0": -0.04}), "unchanged")
    rest = fit.posterior["factor_mean"].sel(factor=["f1", "f2"])
    np.testing.assert_allclose(found.factors.sel(factor=["f1", "f2"]), rest, rtol=1e-12)
    expected = bf.stress(fit, bf.Scenario({"f0": -0.04}))
    xr.testing.assert_allclose(found.factor_sd, expected.factor_sd)
    assert "the other factors are expected at their means" in found.notes[0]
    moved = found.outcome - expected.outcome - (total(found) - total(expected))
    assert float(np.abs(moved).max()) < 1e-12  # the same draws around another expectation


def test_tables_say_what_they_are_of():
    fit = fit_of(draws=100)
    found = bf.stress(fit, bf.Scenario({"f0": -0.04}, "crash", periods=2), portfolio=MIX)
    table = found.table(0.8, "hdi", rounded=False)
    assert list(table["source"][:5]) == ["f0", "f1", "f2", "alpha", "total"]
    assert table["asset"].iloc[0] == "portfolio"
    assert (table.attrs["ci_prob"], table.attrs["scenario"], table.attrs["units"]) == (
        *(0.8, "crash"), "decimal over 2 periods",
    )  # fmt: skip
    outcome = found.outcome_table(-0.02, rounded=False).set_index("asset")
    below = (found.outcome.sel(asset="a01") < -0.02).mean()
    assert outcome.loc["a01", "prob_below"] == pytest.approx(float(below))
    assert (outcome["sd"] > table[table["source"] == "total"].set_index("asset")["sd"]).all()
    factors = found.factors_table().set_index("factor")
    assert factors["shocked"].tolist() == [True, False, False]
    assert (factors.loc["f0", "mean"], factors.loc["f0", "spread"]) == (-0.04, 0)
    assert factors.loc["f1", "unit"] == "a return"
    assert "returns of several periods are summed, not compounded" in found.notes
    assert "Stress 'crash'" in repr(found)
    assert "Plausibility" in repr(found.plausibility)


def test_a_zero_beta_rate_is_a_source_of_its_own():
    draws = synthetic_draws(PANEL, draws=6)
    fit = bf.from_draws(PANEL, draws.assign(zero_beta=0.001 + 0 * draws["alpha"].isel(asset=0, drop=True)))
    found = bf.stress(fit, bf.Scenario({"f0": -0.01}, periods=2), portfolio=MIX).draws
    np.testing.assert_allclose(found.sel(source="zero_beta", asset="portfolio"), 0.3 * 0.002)
    np.testing.assert_allclose(found.sel(source="alpha", asset="a01"), 2 * draws["alpha"].sel(asset="a01"))
    np.testing.assert_allclose(found.drop_sel(source="total").sum("source"), found.sel(source="total"), atol=1e-14)


def test_the_rank_and_the_windows_as_far_are_those_of_history():
    fit = fit_of(doubt=0.0)
    values = PANEL.factors.sel(factor="f0").values
    worst = float(values.min())
    found = bf.stress(fit, bf.Scenario({"f0": worst})).plausibility
    assert (found.windows, found.as_far["f0"]) == (120, 1)
    own = bf.stress(fit, bf.Scenario({"f0": float(np.sort(values)[4])})).plausibility
    assert own.as_far["f0"] == 5
    assert own.rank > found.rank
    assert bf.stress(fit, bf.Scenario({"f0": -0.3}, periods=200)).plausibility.windows == 0


def test_years_one_waits_are_those_of_a_chi_squared_law():
    """A factor beyond 2 standard deviations either way: 4.55 % of days, 11.5 times a year of 252."""
    found = bf.stress(fit_of(), bf.Scenario({"f0": bf.Sigmas(-2)})).plausibility
    assert found.years["next period"] == pytest.approx(1 / (252 * 0.0455002639), rel=1e-8)
    three = bf.stress(fit_of(), bf.Scenario({"f0": bf.Sigmas(-2)}, periods=3)).plausibility
    assert three.years["next period"] == pytest.approx(3 * found.years["next period"])


def test_outcomes_lose_no_more_than_everything_and_notes_say_so():
    draws = synthetic_draws(PANEL, draws=2_000)
    fit = bf.from_draws(PANEL, draws.assign(residual_sd=1 + 0 * draws["residual_sd"]))
    found = bf.stress(fit, bf.Scenario({"f0": -0.9}), portfolio={"a00": 2.0, "a01": 2.0})
    assert float(found.outcome.min()) == -1.0
    assert found.floored["a00"] > 0.05
    assert any("an outcome below -100 % was taken as -100 %" in note for note in found.notes)
    assert any("the expected return of 'portfolio' is below -100 %" in note for note in found.notes)


def test_the_same_call_gives_the_same_draws_which_are_read_only():
    fit = fit_of()
    one, two = (bf.stress(fit, bf.Scenario({"f0": -0.01})) for _ in range(2))
    xr.testing.assert_identical(one.outcome, two.outcome)
    with pytest.raises(ValueError, match="read-only"):
        one.draws.values[:] = 0


def test_what_a_fit_is_warned_of_is_in_every_table():
    fit = fit_of(draws=4)
    assert fit.problems
    found, back = bf.stress(fit, bf.Scenario({"f0": -0.01})), bf.reverse_stress(fit, -0.05)
    tables = [found.table(), found.outcome_table(), found.factors_table(), found.plausibility.table()]
    tables += [back.table(), back.distance_table(), back.maximum_loss()]
    for table in tables:
        assert table["warning"].str.startswith("not converged").all()
        assert table.attrs["problems"] == fit.problems
