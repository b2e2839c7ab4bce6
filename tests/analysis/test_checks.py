"""check: a good fit passes, every fault is found, and the figures are ArviZ's and the formulas'."""

from dataclasses import replace

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.analysis.assessment.correlation_checks import correlation_checks
from bayesfactor.analysis.assessment.residual_correlations import correlations, residual_correlations
from bayesfactor.base.errors import FitError
from bayesfactor.spec.alphas import ZeroAlpha
from tests.support.panels import make_panel
from tests.support.pseudo import pseudo_fit, simulated


@pytest.fixture(scope="module")
def report(hier_fit):
    return bf.check(hier_fit)


def row(report, name):
    return next(check for check in report.checks if check.name == name)


def test_a_good_fit_is_ok(report, hier_fit):
    assert report.ok
    assert hier_fit.problems == ()
    assert report.table.loc["R-hat", "passed"] is True
    assert report.table["passed"].map(lambda passed: passed is None).sum() == 8
    assert report.table["advice"].str.len().min() > 5
    assert "FAILED" not in str(report)
    assert str(report).startswith("The fit passed its checks.")


@pytest.mark.parametrize("name", ["hier_fit", "student_fit"])
def test_figures_are_those_of_arviz(name, request):
    fit = request.getfixturevalue(name)
    summary = arviz_stats.summary(fit.data, kind="diagnostics", round_to="none")
    found = bf.check(fit)
    r_hat, bulk, tail = (row(found, n) for n in ("R-hat", "effective draws, bulk", "effective draws, tail"))
    assert r_hat.value == pytest.approx(summary["r_hat"].max(), rel=1e-12)
    assert bulk.value == pytest.approx(summary["ess_bulk"].min(), rel=1e-12)
    assert summary["r_hat"].idxmax() == r_hat.worst
    assert summary["ess_bulk"].idxmin() == bulk.worst
    tails = arviz_stats.ess(fit.data, method="tail", prob=(0.05, 0.95))
    tails = tails.to_dataset() if isinstance(tails, xr.DataTree) else tails
    assert tail.value == pytest.approx(min(float(v.min()) for v in tails.data_vars.values()), rel=1e-12)
    bfmi = arviz_stats.bfmi(fit.data)["energy"]  # with ddof = 1
    assert row(found, "E-BFMI").value == pytest.approx(float(bfmi.min()), rel=2 / fit.sampler.draws)


@pytest.mark.parametrize("saved", [False, True])
def test_arviz_labels_every_quantity_as_we_do(hier_fit, saved, tmp_path):
    """arviz.summary 1.3 takes the order of dimensions from the dataset; ours is made so that this does no harm."""
    fit = bf.open_fit(hier_fit.save(tmp_path / "run.nc")) if saved else hier_fit
    means = arviz_stats.summary(fit.data, kind="stats", round_to="none")["mean"]
    posterior = fit.posterior.mean(("chain", "draw"))
    for asset, factor in (("a00", "f2"), ("a07", "f1")):
        expected = float(posterior["loading"].sel(asset=asset, factor=factor))
        assert means[f"loading[{asset}, {factor}]"] == pytest.approx(expected)
    for group, factor in (("g0", "f2"), ("g2", "f1")):
        expected = float(posterior["loading_mean"].sel(group=group, factor=factor))
        assert means[f"loading_mean[{group}, {factor}]"] == pytest.approx(expected)


def doctored(fit, group, **variables):
    """Return the fit with some variables of a group replaced."""
    data = fit.data.copy()
    data[group] = xr.DataTree(data[group].to_dataset().assign(variables))
    return replace(fit, data=data)


def shifted_chain(fit):
    draws = fit.posterior["alpha"].copy(deep=True)
    draws[2, :, 4] += 2 * draws[..., 4].std()
    return doctored(fit, "posterior", alpha=draws)


def slow_chains(fit):
    """A random walk that all chains share the start and end of: few effective draws."""
    draws = fit.posterior["residual_sd"].copy(deep=True)
    wave = np.sin(np.linspace(0, 40 * np.pi, 1000))
    draws[:, :, 3] = float(draws[:, :, 3].mean()) * (1 + 0.1 * wave)
    return doctored(fit, "posterior", residual_sd=draws)


def stuck_in_the_tails(fit):
    """Bulk as before, but the largest draws come in one long stay."""
    draws = fit.posterior["log_sigma_mean"].copy(deep=True)
    high = np.sort(draws.values.ravel())[-400]
    values = np.where(draws > high, draws.median(), draws)
    values[:, 450:550] = high + 1e-3 * np.arange(100)
    return doctored(fit, "posterior", log_sigma_mean=draws.copy(data=values))


def one_divergence(fit):
    diverging = fit.data["sample_stats/diverging"].copy(deep=True)
    diverging[:] = False
    diverging[1, 7] = True
    return doctored(fit, "sample_stats", diverging=diverging)


def deep_trees(fit):
    deep = fit.data["sample_stats/maxdepth_reached"].copy(deep=True)
    deep[:, :20] = True
    return doctored(fit, "sample_stats", maxdepth_reached=deep)


def deep_trees_of_pymc(fit):
    stats = fit.data["sample_stats"].to_dataset()
    deep = stats["maxdepth_reached"].copy(deep=True)
    deep[:, :20] = True
    data = fit.data.copy()
    data["sample_stats"] = xr.DataTree(stats.drop_vars("maxdepth_reached").assign(reached_max_treedepth=deep))
    return replace(fit, data=data)


def slow_energy(fit):
    energy = fit.data["sample_stats/energy"].copy(deep=True)
    energy[3] = np.cumsum(np.random.default_rng(0).normal(size=1000))
    return doctored(fit, "sample_stats", energy=energy)


def keep(fit, **which):
    data = xr.DataTree.from_dict(
        {name: child.isel(which) if "chain" in child.dims else child for name, child in fit.data.children.items()}
    )
    return replace(fit, data=data)


FAULTS = {
    shifted_chain: ("R-hat", "alpha[a04]"),
    slow_chains: ("effective draws, bulk", "residual_sd[a03]"),
    stuck_in_the_tails: ("effective draws, tail", "log_sigma_mean"),
    one_divergence: ("divergences", ""),
    deep_trees: ("tree depth reached", ""),
    deep_trees_of_pymc: ("tree depth reached", ""),
    slow_energy: ("E-BFMI", ""),
    lambda fit: keep(fit, draw=slice(240)): ("draws", ""),
    lambda fit: keep(fit, chain=slice(3)): ("chains", ""),
}


@pytest.mark.parametrize(("fault", "found"), FAULTS.items(), ids=[name for name, _ in FAULTS.values()])
def test_every_fault_is_found(hier_fit, fault, found):
    name, worst = found
    fit = fault(hier_fit)
    report = bf.check(fit)
    check = row(report, name)
    assert check.passed is False
    assert check.worst == worst
    assert not report.ok
    assert any(problem.startswith(name) for problem in fit.problems)
    assert "The fit FAILED its checks" in str(report)
    assert f"\n  FAILED  {name} " in str(report)
    assert check.advice in str(report)
    assert report.table.loc[name, "passed"] is False
    assert "warning" in bf.attribute(fit).table()


def test_a_fault_is_named_alone(hier_fit):
    for fault in (one_divergence, deep_trees, slow_energy):
        assert len(fault(hier_fit).problems) == 1
    assert row(bf.check(deep_trees(hier_fit)), "tree depth reached").value == pytest.approx(0.02)


def test_a_fit_of_hardly_any_draws_can_be_checked(a_panel):
    fit = bf.fit(a_panel, "static", bf.Sampler(draws=4, tune=50, chains=1, progress=False))
    report = bf.check(fit)
    assert not report.ok
    assert {c.name for c in report.checks if c.passed is False} >= {"draws", "chains", "effective draws, bulk"}


def test_heavy_tails_are_seen_under_normal_noise_only():
    panel, rng = make_panel(assets=6, periods=500, seed=4), np.random.default_rng(4)
    noise = 0.02 * rng.standard_t(3, size=panel.returns.shape)
    panel = replace(panel, returns=panel.returns.copy(data=panel.returns.values + noise))
    sampler = bf.Sampler(draws=300, tune=400, target_accept=0.9, progress=False)
    fits = [bf.fit(panel, model, sampler) for model in ("static", "student_t")]
    assert all(check.passed for fit in fits for check in fit.misfit.checks)  # 3 degrees of freedom are a right model's
    normal, student = (bf.check(fit) for fit in fits)
    name = "tails: share of assets with heavier tails than the noise law"
    assert row(normal, name).value > 0.8
    assert (normal.assets["prob_tails"] < 0.01).mean() == row(normal, name).value
    assert "Residuals are heavier-tailed than the noise law" in str(normal)
    assert "student_t" not in str(normal)
    assert row(student, name).value == 0.0
    assert row(normal, name).passed is row(student, name).passed is None


def test_means_are_those_of_the_sample_of_the_report_and_of_the_model(hier_fit, report):
    """Premium: as attribute's. Implied: alpha + sum_traded beta fbar + sum_nontraded beta (fbar - mu + lambda)."""
    panel, posterior = hier_fit.panel, hier_fit.posterior
    premia = bf.attribute(hier_fit).draws.sel(source="total").mean(("chain", "draw"))
    for i, name in enumerate(panel.assets):
        seen = np.isfinite(panel.returns.values[:, i])
        returns = panel.returns.values[seen, i]
        fbar = panel.factors.values[seen].mean(axis=0)
        shift = (posterior["risk_premium"] - posterior["factor_mean"]).values
        shift[..., :2] = 0.0  # traded
        beta = posterior["loading"].sel(asset=name).values
        implied = posterior["alpha"].sel(asset=name).values + (beta * (fbar + shift)).sum(axis=-1)
        found = report.assets.loc[name]
        assert found["periods"] == seen.sum()
        assert found["sample_mean"] == pytest.approx(252 * returns.mean(), rel=1e-12)
        assert found["sample_se"] == pytest.approx(252 * returns.std(ddof=1) / seen.sum() ** 0.5, rel=1e-9)
        assert found["premium"] == pytest.approx(float(premia.sel(asset=name)), rel=1e-9)
        away = (found["sample_mean"] - found["premium"]) / found["sample_se"]
        assert found["gap_in_errors"] == pytest.approx(away, rel=1e-9)
        thinned = 252 * implied.std() / 200**0.5  # it uses 200 of the draws
        assert found["implied_mean"] == pytest.approx(252 * implied.mean(), abs=4.5 * thinned)
        error = np.median(posterior["residual_sd"].sel(asset=name)) / seen.sum() ** 0.5
        gap = (found["sample_mean"] - found["implied_mean"]) / 252 / error
        assert found["implied_gap"] == pytest.approx(gap, rel=0.15)
    off = bf.check(doctored(hier_fit, "posterior", alpha=posterior["alpha"] + 0.02))
    assert row(off, "means: share of premia more than 2 SE from the sample mean").value == 1.0


def test_shrinkage_is_vasiceks_weight():
    """One factor and no alpha: 1 / (1 + tau^2 sum f^2 / sigma^2), the weight of the group's mean."""
    panel = make_panel(assets=6, traded=1, other=0, periods=80, shortest=6, seed=9)
    model = replace(bf.FactorModel(), alpha=ZeroAlpha())
    fit = bf.fit(panel, model, bf.Sampler(draws=500, tune=400, progress=False))
    found, posterior = bf.check(fit).shrinkage["f0"], fit.posterior
    for i, name in enumerate(panel.assets):
        f = panel.factors.values[np.isfinite(panel.returns.values[:, i]), 0]
        tau, sigma = posterior["loading_scale"].values[..., 0], posterior["residual_sd"].sel(asset=name).values
        weight = 1 / (1 + tau**2 * (f @ f) / sigma**2)
        assert found[name] == pytest.approx(weight.mean(), abs=4.5 * weight.std() / 200**0.5)
    assert found.max() - found.min() > 0.05  # a short history is shrunk more


def test_shrinkage_without_data_is_whole(hollow_fit, report, a_panel):
    found = bf.check(hollow_fit)
    np.testing.assert_allclose(found.shrinkage.loc["a08"], 1.0, rtol=1e-12)
    assert (found.shrinkage.drop("a08") < 1.0).all(axis=None)
    assert found.assets.loc["a08", "periods"] == 0
    assert np.isnan(found.assets.loc["a08", "gap_in_errors"])
    assert report.shrinkage.shape == (9, 3)
    assert ((report.shrinkage > 0) & (report.shrinkage < 1)).all(axis=None)
    pooled = bf.fit(a_panel, "pooled", bf.Sampler(draws=250, tune=200, progress=False))
    assert (bf.check(pooled).shrinkage == 1.0).all(axis=None)


def test_all_assets_too_short_for_tails(a_panel):
    """Two returns each: there is nothing to compare, and no crash."""
    late = a_panel.returns.where(a_panel.returns["time"] >= a_panel.returns["time"][-2])
    fit = bf.fit(replace(a_panel, returns=late), "static", bf.Sampler(draws=250, tune=300, progress=False))
    report = bf.check(fit)
    assert report.assets["prob_tails"].isna().all()
    assert row(report, "tails: share of assets with heavier tails than the noise law").worst == ""


def test_sensitivity_is_finite_and_the_priors_that_matter_show(report):
    table = report.sensitivity
    assert np.isfinite(table).all(axis=None)
    assert {"risk_premium[f2]", "alpha_scale", "loading_scale[f0]", "loading_mean[g0, f1]"} <= set(table.index)
    assert table.loc["alpha_scale", "prior"] > 0.05  # 160 days say little of an alpha of 5 % a year
    assert table.loc["log_sigma_mean", "prior"] < 0.05  # twelve assets say how large residuals are


def test_what_is_no_fit_is_refused(a_panel):
    with pytest.raises(FitError, match="expected a Fit, found Panel"):
        bf.check(a_panel)


def test_premia_that_the_data_do_not_tell_are_counted(cross_fit, a_panel):
    """One of two non-traded factors is useless; it informs, and fails nothing."""
    name = "premia: share of non-traded factors unidentified"
    found = bf.check(cross_fit)
    share = row(found, name)
    assert (share.passed, share.value, share.limit, share.worst) == (None, 0.5, 0.0, "f2")
    assert found.ok
    assert share.details == "bf.identify(fit)"
    assert share.advice in str(found)
    traded = a_panel.select(factors=["f0", "f1"])
    none = row(bf.check(bf.fit(traded, "static", bf.Sampler(draws=250, tune=300, progress=False))), name)
    assert (none.passed, none.value, none.worst) == (None, 0.0, "")


def test_the_mean_correlation_is_that_of_pandas():
    """Over pairs with twenty common rows; columns without spread or without rows have none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 40)) + 0.8 * rng.normal(size=(60, 1)) + 5.0
    for i in range(40):
        x[: rng.integers(0, 50), i] = np.nan
    x[:, 3], x[:, 4] = np.nan, 0.0
    names = tuple(f"a{i:02d}" for i in range(40))
    each = pd.DataFrame(x, columns=names).corr(min_periods=20)
    pairs = each.to_numpy()[np.triu_indices(40, 1)]
    known = np.isfinite(x).astype(float)
    spare = (known.T @ known)[np.triu_indices(40, 1)] - 1
    kept = np.isfinite(pairs)
    beyond = np.mean(pairs[kept] ** 2 - 1 / spare[kept])
    for block in (1, 7, 1000):
        found = correlations(x, names, block=block)
        assert found.mean == pytest.approx(np.nanmean(pairs), rel=1e-10)
        assert found.excess == pytest.approx(beyond**0.5, rel=1e-10)
        assert len(found.pairs) == 20
        assert found.pairs["correlation"].abs().is_monotonic_decreasing
        for pair in found.pairs.itertuples():
            assert pair.correlation == pytest.approx(each.loc[pair.asset, pair.other], rel=1e-9)
            assert (
                pair.periods
                == (np.isfinite(x[:, names.index(pair.asset)]) & np.isfinite(x[:, names.index(pair.other)])).sum()
            )
    assert correlations(x[:10], names).reason.startswith("Cannot be computed: no two assets have 20 dates")
    assert correlations(x[:10], names).pairs.empty


LARGEST, SQUARE = "residuals: largest correlation of two", "residuals: rms correlation beyond noise"


def noises(rng, periods=250, assets=20):
    """Residuals of zero beta: the fits below are of pure noise beside a factor."""
    return rng.standard_normal((periods, assets))


def checks_of(x, factors=1):
    names = tuple(f"a{i:02d}" for i in range(x.shape[1]))
    found = correlations(x, names, factors)
    return found, {check.name: check for check in correlation_checks(found)}


def test_one_pair_among_twenty_assets_is_named():
    """The mean over 190 pairs hides a correlation of .73: it is .73 / 190 of it."""
    rng = np.random.default_rng(3)
    x = noises(rng)
    x[:, 11] = 0.73 * x[:, 4] + (1 - 0.73**2) ** 0.5 * x[:, 11]
    found, checks = checks_of(x)
    check = checks[LARGEST]
    assert checks["residuals: mean correlation of assets"].value < 0.05
    r = np.corrcoef(x[:, 4], x[:, 11])[0, 1]
    own = (x[:, [4, 11]] - x[:, [4, 11]].mean(axis=0)) ** 2
    tails = max(1, np.mean(own[:, 0] * own[:, 1]) / np.prod(own.mean(axis=0)) / (1 + 2 * r**2))
    spare = (250 / tails - 3 - 1) ** 0.5
    low, high = np.tanh(np.arctanh(r) + norm.ppf([0.05, 0.95]) / spare)  # Fisher's z
    assert check.passed is False
    assert check.worst == f"a04-a11 {r:.2f} ({low:.2f} to {high:.2f})".replace("0.", ".")
    assert check.value == pytest.approx(abs(r), rel=1e-9)
    assert check.limit == pytest.approx(np.tanh(norm.isf(0.01 / 2 / 190) / spare), rel=1e-9)  # Bonferroni over pairs
    assert "1 of 190 pairs are correlated beyond chance" in check.advice
    assert found.pairs["correlation"].abs().is_monotonic_decreasing


@pytest.mark.parametrize(("true", "verdict"), [(0.0, True), (0.18, None), (0.4, False)])
def test_a_pair_that_is_surely_but_hardly_apart_informs(true, verdict):
    rng = np.random.default_rng(6)
    x = noises(rng, 2000, 10)
    x[:, 1] = true * x[:, 0] + (1 - true**2) ** 0.5 * x[:, 1]
    _, checks = checks_of(x)
    assert checks[LARGEST].passed is verdict
    assert checks[LARGEST].exceeds_limit is (true > 0)


def test_opposite_signs_do_not_cancel():
    """Two blocks that move against each other: correlations of +.5 and -.5, a mean near 0."""
    rng = np.random.default_rng(4)
    side = np.where(np.arange(20) < 10, 1.0, -1.0)
    x = noises(rng) + side * rng.standard_normal((250, 1))
    _, checks = checks_of(x)
    assert abs(checks["residuals: mean correlation of assets"].value) < 0.05
    assert checks[SQUARE].value == pytest.approx(0.5, abs=0.06)
    assert checks[SQUARE].exceeds_limit


def test_a_pair_with_few_common_dates_is_judged_by_these():
    """0.6 on 20 dates is noise among 190 pairs, 0.4 on 250 is not: the check names the latter."""
    rng = np.random.default_rng(5)
    x = noises(rng)
    x[:, 1] = 0.4 * x[:, 0] + (1 - 0.16) ** 0.5 * x[:, 1]
    x[:-20, 2] = np.nan
    x[-20:, 2] = 0.6 * x[-20:, 3] + 0.8 * rng.standard_normal(20)
    found, checks = checks_of(x)
    assert checks[LARGEST].worst.startswith("a00-a01 .")
    short = found.pairs[found.pairs["periods"] == 20]
    assert (short["correlation"].abs() < short["limit"]).all()


@pytest.mark.parametrize("dof", [np.inf, 5])
def test_noise_is_beyond_its_limits_one_time_in_a_hundred_at_most(dof):
    beyond = {LARGEST: 0, SQUARE: 0}
    for seed in range(200):
        rng = np.random.default_rng([1, seed])
        x = noises(rng, 120, 12) if np.isinf(dof) else rng.standard_t(dof, size=(120, 12))
        _, checks = checks_of(x)
        for name in beyond:
            beyond[name] += checks[name].exceeds_limit
    assert all(count <= 6 for count in beyond.values()), beyond  # P(more than 6 of 200 at 1 %) = 0.4 %


OTHERS = "residuals: largest correlation of two others"


def test_a_copy_of_a_short_history_fails_beside_a_stronger_pair():
    """1.000 over 30 dates is a copy; .95 over 5,000 is further beyond its own noise, and a note."""
    rng = np.random.default_rng(7)
    x = noises(rng, 5000, 4)
    x[:, 3] = 0.95 * x[:, 2] + (1 - 0.95**2) ** 0.5 * x[:, 3]
    x[:, 1] = np.where(np.arange(5000) < 4970, np.nan, -3 * x[:, 0])
    found, checks = checks_of(x)
    assert (checks[LARGEST].passed, checks[LARGEST].worst) == (False, "a00-a01 -1.00 (-1.00 to -1.00)")
    assert checks[LARGEST].value == pytest.approx(1.0)
    assert (checks[OTHERS].passed, checks[OTHERS].worst) == (False, "a02-a03 .95 (.95 to .95)")
    assert found.pairs.loc[0, ["asset", "other", "periods"]].tolist() == ["a00", "a01", 30]


@pytest.mark.parametrize("block", [3, 256])
def test_a_copy_leads_the_pairs_of_assets_that_all_move_together(block):
    """435 pairs of .97 on 2,000 dates are each further beyond noise than the copy of 40."""
    rng = np.random.default_rng(8)
    x = rng.standard_normal((2000, 1)) + 0.17 * rng.standard_normal((2000, 30))
    x[:-40, 17] = np.nan
    x[-40:, 17] = x[-40:, 4] + 1e-3 * rng.standard_normal(40)
    found = correlations(x, tuple(f"a{i:02d}" for i in range(30)), 1, block)
    check, other = [check for check in correlation_checks(found) if check.passed is False]
    assert (check.name, check.worst) == (LARGEST, "a04-a17 1.00 (1.00 to 1.00)")
    assert other.name == OTHERS
    assert found.pairs.loc[0, ["asset", "other"]].tolist() == ["a04", "a17"]
    assert len(found.pairs) == 20
    assert found.pairs["correlation"].abs().is_monotonic_decreasing


def test_many_copies_leave_room_for_what_is_none():
    rng = np.random.default_rng(9)
    x = noises(rng, 300, 12)
    x[:, :9] = x[:, :1] * rng.choice([-1.0, 2.0], size=9)  # 36 pairs
    x[:, 11] = 0.7 * x[:, 10] + 0.7 * x[:, 11]
    found, checks = checks_of(x)
    assert checks[LARGEST].passed is False
    assert len(found.pairs) == len(found.pairs[["asset", "other"]].drop_duplicates()) == 20
    assert (found.pairs["correlation"].abs() > 0.99).sum() == 10
    assert checks[OTHERS].worst.startswith("a10-a11 .")
    assert checks[OTHERS].passed is False


def test_few_dates_and_many_factors_make_no_copy():
    """With 22 dates and 18 factors correlations of .995 are noise."""
    rng = np.random.default_rng(10)
    x = noises(rng, 22, 12)
    x[:, 1] = x[:, 0] + 0.1 * rng.standard_normal(22)
    assert abs(np.corrcoef(x[:, 0], x[:, 1])[0, 1]) > 0.99
    _, checks = checks_of(x, factors=18)
    assert checks[LARGEST].passed is True


@pytest.mark.parametrize("scale", [1.0, 2.0, -1.0])
def test_two_names_of_one_series_fail(scale):
    """As they are, levered, and short."""
    rng = np.random.default_rng(6)
    panel = simulated(rng, assets=6)
    returns = panel.returns.values.copy()
    returns[:, 5] = scale * returns[:, 2]
    fit = pseudo_fit(replace(panel, returns=panel.returns.copy(data=returns)), rng)
    found = residual_correlations(fit)
    (check,) = [check for check in correlation_checks(found) if check.name == LARGEST]
    assert check.passed is False
    assert check.worst.startswith("a02-a05 ")
    assert check.value == pytest.approx(1.0, abs=1e-3)
    assert "one asset under two names" in check.advice
    assert found.pairs.loc[0, "correlation"] == pytest.approx(np.sign(scale), abs=1e-3)


def test_the_report_of_checks_has_the_pairs(report, hier_fit):
    assert report.pairs.columns.tolist() == [
        "asset", "other", "correlation", "lower", "upper", "periods", "limit", "model", "model_lower", "model_upper",
    ]  # fmt: skip
    assert (report.pairs[["model", "model_lower", "model_upper"]] == 0).all(axis=None)
    assert len(report.pairs) == 20
    check = row(report, LARGEST)
    assert check.details == ".pairs"
    assert check.worst.split(" ")[0] in {f"{p.asset}-{p.other}" for p in report.pairs.itertuples()}
    posterior = hier_fit.posterior
    c = posterior.mean(("chain", "draw"))
    first = report.pairs.iloc[0]
    shift = (posterior["risk_premium"] - posterior["factor_mean"]).mean(("chain", "draw")).values
    shift[:2] = 0.0
    errors = []
    for name in (first["asset"], first["other"]):
        beta = c["loading"].sel(asset=name).values
        fitted = float(c["alpha"].sel(asset=name)) + (hier_fit.panel.factors.values + shift) @ beta
        errors.append(hier_fit.panel.returns.sel(asset=name).values - fitted)
    seen = np.isfinite(errors).all(axis=0)
    assert first["periods"] == seen.sum()
    assert first["correlation"] == pytest.approx(np.corrcoef(*np.array(errors)[:, seen])[0, 1], abs=0.02)


def test_no_advice_leads_to_student_t(report):
    assert "student" not in " ".join(check.advice for check in report.checks).lower()
