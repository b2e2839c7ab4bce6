"""Misfit: what is called a premium is an expected return, or a check fails and every table says so."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.posterior.diagnostics import said, short, warning_of
from bayesfactor.posterior.misfit import AT_FLOOR
from bayesfactor.spec.priors import HalfNormal
from tests.support.panels import make_panel, reduced
from tests.support.pseudo import STUDENT, made, pseudo_fit, simulated

TAILS, MEDIAN, BEYOND = (
    "tails: P(degrees of freedom at floor)",
    "variance: implied over sample, median",
    "variance: share beyond sampling error",
)
IMPLIED, PREMIUM, FURTHEST = (
    "means: average implied mean against sample mean (SE)",
    "means: average premium against sample mean (SE)",
    "means: implied mean of the asset furthest off (SE)",
)


def failed(fit):
    return {check.name for check in fit.misfit.checks if check.passed is False}


def found(fit, name):
    return next(check for check in fit.misfit.checks if check.name == name)


@pytest.mark.parametrize(
    ("dof", "settings"),
    [
        (np.inf, {}),
        (np.inf, {"common": 0.5, "priced": True}),  # alphas that no posterior moves, assets that move together
        (np.inf, {"shortest": 25, "priced": True}),
        (5.0, {"priced": True}),
        (3.0, {"shortest": 25}),
        (2.6, {}),
    ],
)
def test_right_models_fail_one_time_in_a_hundred_at_most(dof, settings):
    settings, wrong, panels = dict(settings), 0, 40
    priced = settings.pop("priced", False)
    for seed in range(panels):
        rng = np.random.default_rng([7, seed])
        wrong += bool(failed(pseudo_fit(simulated(rng, dof=dof, **settings), rng, dof, draws=100, priced=priced)))
    assert stats.binom.sf(wrong - 1, panels, 0.01) > 0.01  # no more than a rate of 1 % gives


def test_degrees_of_freedom_at_their_floor_fail():
    rng = np.random.default_rng(0)
    fit = pseudo_fit(simulated(rng, dof=3.0), rng, 3.0, draws=400)
    posterior = fit.data["posterior"].to_dataset()
    for share, fails in ((0.04, False), (0.06, True), (1.0, True)):
        dof = np.where(np.arange(400) < share * 400, 2.19, 3.0)
        data = xr.DataTree.from_dict({"posterior": posterior.assign(dof=(("chain", "draw"), dof[None]))})
        check = found(replace(fit, data=data), TAILS)
        assert (check.value, check.limit, check.passed) == (pytest.approx(share), AT_FLOOR, not fails)
    higher = replace(STUDENT, noise=replace(STUDENT.noise, dof=replace(STUDENT.noise.dof, above=2.95)))
    assert TAILS in failed(replace(fit, model=higher))  # the floor is that of the model


def test_an_implied_variance_far_from_the_samples_fails():
    """Student-t of 2.2 degrees of freedom fitted to normal residuals: the variance is 11 times the scale's square."""
    rng = np.random.default_rng(1)
    panel = simulated(rng)
    fit = pseudo_fit(panel, rng, 2.2)
    assert {MEDIAN, TAILS} <= failed(fit)
    posterior = fit.posterior
    i, name = 3, "a03"
    x = np.column_stack([np.ones(170), panel.factors.values])
    c = np.concatenate([posterior["alpha"].values[0, :, i, None], posterior["loading"].values[0, :, i]], axis=1)
    residual = panel.returns.values[:, i] - c @ x.T
    implied = np.mean(posterior["residual_sd"].values[0, :, i] ** 2)
    sample = residual.var(axis=1, ddof=1).mean()
    assert fit.misfit.assets.loc[name, "variance_ratio"] == pytest.approx(implied / sample, rel=1e-9)
    ratios = fit.misfit.assets["variance_ratio"]
    assert found(fit, MEDIAN).value == pytest.approx(max(ratios.median(), 1 / ratios.median()))


def test_a_scale_that_is_too_small_fails_too():
    """Either way: normal draws with half of the residuals' standard deviation, a quarter of their variance."""
    rng = np.random.default_rng(2)
    fit = pseudo_fit(simulated(rng), rng)
    posterior = fit.data["posterior"].to_dataset()
    data = xr.DataTree.from_dict({"posterior": posterior.assign(residual_sd=posterior["residual_sd"] / 2)})
    fit = replace(fit, data=data)
    assert {MEDIAN, BEYOND} <= failed(fit)
    assert found(fit, MEDIAN).value == pytest.approx(4.0, rel=0.1)


def test_a_few_assets_with_another_variance_fail():
    """Five of twelve residual variances are beyond sampling error, the median is not."""
    rng = np.random.default_rng(3)
    fit = pseudo_fit(simulated(rng), rng)
    posterior = fit.data["posterior"].to_dataset()
    wide = xr.where(posterior["asset"].isin(["a01", "a02", "a05", "a07", "a11"]), 1.5, 1.0)
    data = xr.DataTree.from_dict({"posterior": posterior.assign(residual_sd=posterior["residual_sd"] * wide)})
    fit = replace(fit, data=data)
    assert failed(fit) == {BEYOND}
    assert found(fit, BEYOND).value == pytest.approx(5 / 12)


def moved(fit, by):
    """Return the fit with every alpha moved."""
    posterior = fit.data["posterior"].to_dataset()
    return replace(fit, data=xr.DataTree.from_dict({"posterior": posterior.assign(alpha=posterior["alpha"] + by)}))


@pytest.mark.parametrize("common", [0.0, 0.5])
def test_a_mean_that_the_sample_rules_out_fails_also_when_no_asset_alone_does(common):
    """All alphas off in one direction. The standard error of the average mean residual, by numpy on whole histories."""
    rng = np.random.default_rng(4)
    panel = simulated(rng, common=common)
    fit = pseudo_fit(panel, rng)
    posterior = fit.posterior.mean(("chain", "draw"))
    residual = panel.returns.values - posterior["alpha"].values - panel.factors.values @ posterior["loading"].values.T
    error = residual.mean(axis=1).std(ddof=1) / 170**0.5
    for size, fails in ((2.5, False), (3.6, True)):
        off = moved(fit, residual.mean() - size * error)
        check = found(off, IMPLIED)
        assert check.value == pytest.approx(size, rel=1e-6)
        assert (IMPLIED in failed(off)) == fails
        assert FURTHEST not in failed(off)
    assert check.limit == pytest.approx(stats.t.isf(0.00125, 169))
    assert "means" in warning_of(tuple(f"model does not fit: {name}" for name in failed(off)))


def test_one_asset_whose_mean_the_sample_rules_out_is_named():
    rng = np.random.default_rng(5)
    fit = pseudo_fit(simulated(rng), rng)
    posterior = fit.data["posterior"].to_dataset()
    error = 0.4 / 52**0.5 / 170**0.5
    away = xr.where(posterior["asset"] == "a06", 5.5 * error, 0.0)
    off = replace(fit, data=xr.DataTree.from_dict({"posterior": posterior.assign(alpha=posterior["alpha"] + away)}))
    assert failed(off) == {FURTHEST}
    assert found(off, FURTHEST).worst == "a06"
    assert off.misfit.assets.loc["a06", "implied_gap"] == pytest.approx(-5.5, rel=0.2)


def test_a_premium_that_the_sample_rules_out_fails():
    """The factor's own mean is known, but the premium reported is another: 60 % a year where it earned none."""
    rng = np.random.default_rng(6)
    panel = simulated(rng, premium=0.0)
    fit = pseudo_fit(panel, rng)
    posterior = fit.data["posterior"].to_dataset()
    data = xr.DataTree.from_dict({"posterior": posterior.assign(risk_premium=posterior["risk_premium"] + 0.6 / 52)})
    off = replace(fit, data=data)
    assert failed(off) == {PREMIUM}
    series = panel.returns.values.mean(axis=1)
    gap = (series.mean() - off.misfit.assets["premium"].mean() / 52) / (series.std(ddof=1) / 170**0.5)
    assert found(off, PREMIUM).value == pytest.approx(abs(gap), rel=1e-9)


def test_unequal_histories_weigh_as_assets_do():
    """The variance of the average of means: sum_ij c_ij n_ij / (n_i n_j), here of one common and of own residuals."""
    rng, off, panels = np.random.default_rng(8), [], 80
    for _ in range(panels):
        panel = simulated(rng, common=0.6, shortest=40, periods=120, assets=6)
        off.append(found(pseudo_fit(panel, rng, draws=20, priced=True), IMPLIED).value)
    assert np.mean(np.square(off)) == pytest.approx(1.0, abs=4.5 * 2**0.5 / panels**0.5)


def test_statistics_know_variances_and_not_how_assets_move_together():
    rng = np.random.default_rng(9)
    panel = simulated(rng, periods=60, assets=4)
    whole = pseudo_fit(panel, rng)
    fit = replace(whole, panel=reduced(panel))
    np.testing.assert_allclose(fit.misfit.assets, whole.misfit.assets, rtol=1e-8)
    for name in (IMPLIED, PREMIUM):
        check = found(fit, name)
        assert (check.passed, np.isnan(check.value)) == (None, True)
        assert check.advice.startswith("Cannot be computed")
    assert found(fit, FURTHEST).value == pytest.approx(found(whole, FURTHEST).value, rel=1e-8)


def test_exact_fits_and_assets_without_returns_have_no_say():
    """An asset that is the factor, one without returns, one of two dates."""
    rng = np.random.default_rng(10)
    panel = simulated(rng, assets=5)
    returns = panel.returns.values.copy()
    returns[:, 0] = panel.factors.values[:, 0]
    fit = pseudo_fit(panel, rng)
    returns[:, 1] = np.nan
    returns[:-2, 2] = np.nan
    posterior = fit.posterior
    loading, alpha = posterior["loading"].values[0].copy(), posterior["alpha"].values[0].copy()
    loading[:, 0], alpha[:, 0] = 1.0, 0.0
    c = np.concatenate([alpha[:, :, None], loading], axis=2)
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    fit = made(panel, c, posterior["residual_sd"].values[0], posterior["risk_premium"].values[0])
    table = fit.misfit.assets
    assert table.loc["a00", ["implied_gap", "variance_ratio"]].isna().all()
    assert (
        table.loc[["a01", "a02"], ["sample_mean", "gap_in_errors", "implied_gap", "variance_ratio"]]
        .isna()
        .all(axis=None)
    )
    assert failed(fit) == set()


def test_a_misfit_reaches_every_table_and_the_command_line(hier_fit, tmp_path, capsys, monkeypatch):
    """The draws converged; the law does not fit. Alphas 2 % a day off, so that no table goes without a word."""
    pytest.importorskip("typer", reason="the command line needs the extra 'cli'")
    from bayesfactor.cli import main

    data = hier_fit.data.copy()
    data["posterior"] = xr.DataTree(hier_fit.posterior.assign(alpha=hier_fit.posterior["alpha"] - 0.02))
    off = replace(hier_fit, data=data)
    assert [check.name for check in off.sampler_checks if not check.passed] == []
    assert not bf.check(off).ok
    assert all(problem.startswith("model does not fit: means: ") for problem in off.problems)
    word = "model does not fit: means"
    premium, pricing = bf.attribute(off), bf.price(off)
    note = "premia and sample mean returns differ by more than 2 standard errors for 9 of 9 assets, most for "
    assert any(one.startswith(note) for one in premium.notes)
    tables = [premium.table(), premium.uncertainty, bf.identify(off).table(), pricing.table(), pricing.errors()]
    tables += [bf.attribute(off, "return").table(), bf.attribute(off, "variance").share_table()]
    for table in tables:
        assert (table["warning"] == word).all()
    allowed = bf.attribute(off, allow_unconverged=True)  # that is of convergence
    assert all((table["warning"] == word).all() for table in (allowed.table(), allowed.uncertainty))
    caption = bf.to_markdown(premium.table())
    assert "WARNING: model does not fit: means: " in caption
    assert caption.count("model does not fit") == 1 + len(premium.table())  # once in the caption, and in every row
    path = off.save(tmp_path / "off.nc")
    for command in (["check"], ["attribute"], ["attribute", "--allow-unconverged"], ["premia"], ["price"]):
        monkeypatch.setattr("sys.argv", ["bayesfactor", command[0], str(path), *command[1:]])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 1
        out, err = capsys.readouterr()
        assert err.count("model does not fit: means") == 1 or "FAILED  means" in out
        assert "converge" not in err
    report = bf.write_report(off, tmp_path / "off.html").read_text(encoding="utf-8")
    assert "This fit FAILED its checks" in report
    assert "widen these" in report


def test_draws_that_did_not_converge_are_allowed_and_a_misfit_is_not(hier_fit):
    data = hier_fit.data.copy()
    data["posterior"] = xr.DataTree(hier_fit.posterior.assign(alpha=hier_fit.posterior["alpha"] - 0.02))
    data["sample_stats"] = xr.DataTree(data["sample_stats"].to_dataset().isel(draw=slice(0, 50)))
    off = replace(hier_fit, data=data.isel(draw=slice(0, 50)))
    word = "model does not fit: means"
    assert (bf.attribute(off).table()["warning"] == f"not converged; {word}").all()
    assert (bf.attribute(off, allow_unconverged=True).table()["warning"] == word).all()
    assert all(problem.startswith(word) for problem in bf.attribute(off, allow_unconverged=True).problems)


def test_words_of_a_warning():
    sampler, misfit = "R-hat 1.2 (limit 1.01) at sigma", "model does not fit: tails: P(x) 0.3 (limit 0.05)"
    assert warning_of((sampler,)) == "not converged"
    assert warning_of((misfit, misfit)) == "model does not fit: tails"
    assert warning_of((sampler, misfit)) == "not converged; model does not fit: tails"
    means = "model does not fit: means: y 4 (limit 3)"
    text = f"{sampler}; {misfit}; means: y 4 (limit 3)"
    assert said((sampler, misfit, means)) == text
    assert said((sampler,)) == sampler


@pytest.mark.parametrize(
    ("value", "text"), [(3.03361, "3.03"), (0.0833333, "0.0833"), (1000, "1000"), (12345.6, "12346"), (1.01, "1.01")]
)
def test_limits_have_three_digits(value, text):
    assert short(value) == text


def test_the_remedies_are_those_that_help():
    """Normal noise is advised where Student-t noise misfits, never the other way round."""
    rng = np.random.default_rng(1)
    panel = simulated(rng)
    heavy = pseudo_fit(panel, rng, 2.2)
    assert all("'static'" in found(heavy, name).advice for name in failed(heavy))
    normal = moved(pseudo_fit(panel, rng), 0.1)
    assert failed(normal)
    assert all("student" not in check.advice for check in normal.misfit.checks)


def test_the_settings_that_advice_names_bring_the_means_back():
    """Alphas of 252 % a year: fixed at 0, under a tight prior, under the presets' and under a wide one."""
    small = make_panel(assets=6, traded=1, other=0, periods=80, seed=2)
    panel = replace(small, returns=small.returns + 0.01)

    def fitted(alpha):
        sampler = bf.Sampler(draws=250, tune=300, chains=2, progress=False)
        return bf.fit(panel, replace(bf.FactorModel(), alpha=alpha), sampler)

    none, tight, default, wide = (
        fitted(alpha)
        for alpha in (
            bf.ZeroAlpha(),
            bf.AppraisalAlpha(HalfNormal(0.01)),
            bf.FactorModel().alpha,
            bf.AppraisalAlpha(HalfNormal(20.0)),
        )
    )
    advice = {name: found(fit, IMPLIED).advice for name, fit in (("none", none), ("tight", tight))}
    assert {IMPLIED} <= failed(none) & failed(tight)
    assert "alpha.kind = 'appraisal'" in advice["none"]
    assert "widen these (alpha.spread: scale, factors.premium: sd)" in advice["tight"]
    assert found(default, IMPLIED).value < found(none, IMPLIED).value
    assert found(wide, IMPLIED).value < found(tight, IMPLIED).value
    assert found(wide, IMPLIED).passed


@pytest.mark.parametrize(("dof", "periods"), [(2.4, 60), (2.6, 170), (np.inf, 25)])
def test_right_models_of_one_asset_fail_one_time_in_a_hundred_at_most(dof, periods):
    """The sample variance of one heavy-tailed history is far off as a rule, and says little."""
    wrong, panels = 0, 80
    for seed in range(panels):
        rng = np.random.default_rng([8, seed])
        panel = simulated(rng, dof=dof, assets=1, periods=periods)
        wrong += MEDIAN in failed(pseudo_fit(panel, rng, dof, draws=100, priced=True))
    assert stats.binom.sf(wrong - 1, panels, 0.01) > 0.01


def test_the_limit_of_the_median_variance_is_that_of_its_assets():
    """Normal, one asset of 25 periods: the sample variance is scale^2 chi2(24) / 24, and one in 400 is out."""
    rng = np.random.default_rng(0)
    check = found(pseudo_fit(simulated(rng, assets=1, periods=25), rng), MEDIAN)
    low, high = stats.chi2.ppf([0.00125, 0.99875], 24) / 24
    assert check.limit == pytest.approx(max(1 / low, high, 2.0))
    assert found(pseudo_fit(simulated(rng, periods=170), rng), MEDIAN).limit == 2.0
    heavy = found(pseudo_fit(simulated(rng, assets=1, dof=3.0, periods=60), rng, 3.0), MEDIAN)
    assert 2.0 < heavy.limit < 20.0


def test_one_asset_whose_implied_variance_is_far_off_fails():
    """Normal residuals and a law of five degrees of freedom that is three times too wide, or too narrow."""
    rng = np.random.default_rng(12)
    fit = pseudo_fit(simulated(rng, assets=1), rng, 5.0)
    posterior = fit.data["posterior"].to_dataset()
    for times in (3.0, 1 / 3):
        data = xr.DataTree.from_dict({"posterior": posterior.assign(residual_sd=posterior["residual_sd"] * times)})
        assert MEDIAN in failed(replace(fit, data=data))
