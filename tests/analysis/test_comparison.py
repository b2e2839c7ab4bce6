"""Models compared by periods left out: exact where there is a closed form, as ArviZ has it, and what is refused."""

import warnings
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import minimize_scalar

import bayesfactor as bf
from bayesfactor.spec.volatility import MovingVolatility
from tests.support.flat_priors import exact_leave_one_out, flat_fit
from tests.support.moved_fits import moved_fit_of
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import synthetic_draws
from tests.support.write_fits import FITS

SAVED = ("hierarchical_1", "student_t_1", "pooled_1")


@pytest.fixture(scope="module")
def saved():
    return {name: bf.open_fit(FITS / f"{name}.nc") for name in SAVED}


@pytest.fixture(scope="module")
def series():
    """Returns with an alpha that is worth some nats, and their factor."""
    rng = np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    return 0.004 + 0.9 * factor + rng.normal(0, 0.03, 240), factor


@pytest.fixture(scope="module")
def exact(series):
    """Exact log-densities of each period by the rest, with an alpha and without."""
    y, factor = series
    x = np.column_stack([np.ones(240), factor])
    return np.stack([exact_leave_one_out(y, x), exact_leave_one_out(y, x[:, 1:])])


@pytest.fixture(scope="module")
def flat(series):
    return {"alpha": flat_fit(*series), "none": flat_fit(*series, intercept=False)}


@pytest.fixture(scope="module")
def found(flat):
    return bf.compare(flat)


def test_each_period_has_its_exact_density(found, exact):
    assert found.elpd.dims == ("model", "time")
    np.testing.assert_allclose(found.elpd, exact, atol=0.05)
    assert float(found.pareto_k.max()) < 0.5
    table = found.table().set_index("model")
    np.testing.assert_allclose(table.loc[["alpha", "none"], "elpd"], exact.sum(axis=1), atol=0.15)
    assert table.loc["alpha", "parameters"] == pytest.approx(3, abs=0.7)
    assert table.loc["none", "parameters"] == pytest.approx(2, abs=0.7)


def test_a_difference_and_its_error_are_those_of_the_exact_densities(found, exact):
    apart = exact[1] - exact[0]
    row = found.table().set_index("model").loc["none"]
    assert row["difference"] == pytest.approx(apart.sum(), abs=0.1)
    assert row["difference_se"] == pytest.approx(240**0.5 * apart.std(), rel=0.03)


def test_stacking_weights_are_those_of_the_best_mixture(found, exact):
    def loss(w):
        return -np.log(w * np.exp(exact[0]) + (1 - w) * np.exp(exact[1])).sum()

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded").x
    assert found.weights.sum() == pytest.approx(1)
    assert found.weights.name == "stacking"
    assert found.weights["alpha"] == pytest.approx(best, abs=0.03)


def test_it_is_what_arviz_says(saved):
    found = bf.compare(saved).table().set_index("model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        wanted = az.compare({name: fit.with_log_likelihood().data for name, fit in saved.items()}, round_to="none")
    assert found.index.tolist() == wanted.index.tolist()
    pairs = {"elpd": "elpd", "se": "se", "difference": "elpd_diff", "difference_se": "dse", "parameters": "p"}
    for own, theirs in pairs.items():
        np.testing.assert_allclose(found[own], wanted[theirs], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found["weight"], wanted["weight"], atol=1e-4)


def test_the_same_draws_do_not_differ(saved):
    fit = saved["hierarchical_1"]
    table = bf.compare({"one": fit, "two": fit}).table()
    assert table["difference"].tolist() == [0, 0]
    assert table["difference_se"].tolist() == [0, 0]
    np.testing.assert_allclose(table["weight"], 0.5)


def test_the_order_of_assets_and_models_changes_nothing(saved):
    fit = saved["hierarchical_1"]
    turned = fit.panel.select(assets=fit.panel.assets[::-1], factors=fit.panel.factor_names[::-1])
    same = bf.compare({"one": fit, "two": bf.Fit(turned, fit.model, fit.sampler, fit.data)})
    np.testing.assert_allclose(same.elpd[1], same.elpd[0], rtol=1e-9)
    one, two = (bf.compare(fits) for fits in (saved, dict(reversed(saved.items()))))
    pd.testing.assert_frame_equal(one.table(), two.table(), atol=1e-5)


def test_a_period_that_is_refitted_has_its_exact_density(series, flat, exact):
    """Of a period far off, which importance sampling is least sure of."""
    y, factor = series
    far = np.flatnonzero(np.abs(y - 0.9 * factor) > 0.07)[:2]
    times = flat["alpha"].panel.times
    refits = {str(times[t])[:10]: flat_fit(y, factor, without=[t]) for t in far}
    found = bf.compare(flat, refits={"alpha": refits})
    assert found.table().set_index("model")["refits"].to_dict() == {"alpha": 2, "none": 0}
    assert np.flatnonzero(found.refitted[0]).tolist() == far.tolist()
    np.testing.assert_allclose(found.elpd[0, far], exact[0, far], atol=0.02)
    others = np.delete(np.arange(240), far)
    np.testing.assert_array_equal(found.elpd[0, others], bf.compare(flat).elpd[0, others])


def test_periods_that_need_refits_are_named_until_they_have_them():
    panel = make_panel(assets=5, periods=60, seed=4)
    values = panel.returns.values.copy()
    values[20] *= 12
    panel = replace(panel, returns=panel.returns.copy(data=values))
    fit, other = (bf.from_draws(panel, synthetic_draws(panel, seed=k, draws=300), model="static") for k in (1, 2))
    found = bf.compare({"a": fit, "b": other})
    needed = found.refits_needed
    assert needed.columns.tolist() == ["model", "time", "pareto_k"]
    assert needed["pareto_k"].is_monotonic_decreasing
    assert (needed["pareto_k"] > 0.7).all()
    own = needed[needed["model"] == "a"]
    assert pd.Timestamp(panel.times[20]) in own["time"].tolist()
    assert f"Pareto k is above 0.7 in {len(own)} of 60 periods" in found.problems["a"][-1]
    assert "refits needed" in found.table().set_index("model").loc["a", "warning"]
    assert found.totals.loc["a", "high_k"] == len(own)
    made = {}
    for k, date in enumerate(own["time"]):
        left = panel.without(date)
        made[date] = bf.from_draws(left, synthetic_draws(left, seed=k, draws=300), model="static")
    again = bf.compare({"a": fit, "b": other}, refits={"a": made})
    assert again.totals.loc["a", ["high_k", "refits"]].tolist() == [0, len(own)]
    assert not (again.refits_needed["model"] == "a").any()
    assert not any("refits needed" in problem for problem in again.problems["a"])
    first = pd.Timestamp(own["time"].iloc[0]).date()
    assert f"the fit without {first}: {made[own['time'].iloc[0]].problems[0]}" in again.problems["a"]


def test_densities_beyond_what_a_computer_holds_are_stacked():
    """Those of 700 returns together are about e^2000."""
    panel = make_panel(assets=700, periods=40, seed=1)
    fits = {
        name: bf.from_draws(panel, synthetic_draws(panel, seed=k, doubt=0.02), model="static")
        for k, name in enumerate("ab")
    }
    found = bf.compare(fits)
    assert float(np.abs(found.elpd).max()) > 800
    assert np.isfinite(found.totals.drop(columns=["factor_elpd"])).all(axis=None)
    assert found.weights.sum() == pytest.approx(1)


def test_draws_that_do_not_vary_predict_what_they_say():
    panel = make_panel(assets=3, periods=50, seed=1)
    fit = bf.from_draws(panel, synthetic_draws(panel, doubt=0.0), model="static")
    found = bf.compare({"a": fit, "b": fit})
    np.testing.assert_allclose(found.elpd[0], bf.log_likelihood(fit)[0, 0], rtol=1e-9)
    assert found.totals["high_k"].tolist() == [0, 0]


def test_factors_have_a_density_apart(saved):
    fit = saved["hierarchical_1"]
    wide = fit.posterior.assign(factor_cov=4 * fit.posterior["factor_cov"])
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(wide)
    found = bf.compare({"one": fit, "wide": replace(fit, data=data)})
    np.testing.assert_array_equal(found.elpd[0], found.elpd[1])
    assert found.factor_elpd.dims == ("model", "factor_time")
    near = bf.factor_log_likelihood(fit).mean(("chain", "draw"))
    assert 0 < float((near - found.factor_elpd[0]).sum()) < 40  # some nine parameters
    assert found.totals.loc["one", "factor_elpd"] == pytest.approx(float(found.factor_elpd[0].sum()))
    assert found.totals.loc["wide", "factor_elpd"] < found.totals.loc["one", "factor_elpd"] - 10


def test_factors_whose_covariance_moves_have_no_density_of_a_period():
    panel = make_panel(assets=3, traded=2, other=0, periods=80, seed=1)
    still = bf.read_model("static")
    model = replace(still, factors=replace(still.factors, volatility=MovingVolatility()))
    fits = {
        "moving": moved_fit_of(panel, model),
        "static": bf.from_draws(panel, synthetic_draws(panel), model="static"),
    }
    found = bf.compare(fits)
    assert np.isnan(found.factor_elpd.sel(model="moving")).all()
    assert np.isfinite(found.factor_elpd.sel(model="static")).all()
    assert np.isfinite(found.elpd).all()
    assert any("covariance of factors moves in moving" in note for note in found.notes)


def test_a_fit_that_failed_its_checks_says_so(flat, saved, short_fit, hier_fit):
    found = bf.compare({"good": hier_fit, "short": short_fit})
    assert found.problems["short"][: len(short_fit.problems)] == short_fit.problems
    assert "not converged" in found.table().set_index("model").loc["short", "warning"]
    assert "not converged" in str(found)


def test_what_a_reader_should_know_is_said(saved):
    notes = bf.compare(saved).notes
    assert any("no probabilities of models" in note for note in notes)
    assert any("40 periods are few" in note for note in notes)
    fit = saved["hierarchical_1"]
    many = bf.compare({f"m{k}": fit for k in range(12)})
    assert any("best of 12 models" in note for note in many.notes)
    assert any("differ by less than 4" in note for note in many.notes)


def refused(fits, error=bf.SpecError, **given):
    with pytest.raises(error) as caught:
        bf.compare(fits, **given)
    return str(caught.value)


def of(panel, model="static", **made):
    return bf.from_draws(panel, synthetic_draws(panel, **made), model=model)


def test_what_is_not_comparable_is_refused_by_name():
    panel = make_panel(assets=3, periods=60, seed=1)
    good, static = of(panel), bf.read_model("static")
    recent = replace(static, observation=bf.HalfLife(bf.Duration(20, "periods")))
    said = refused({"good": good, "recent": of(panel, recent)})
    assert "'recent' weights returns" in said
    assert "bf.score" in said
    said = refused({"good": good, "moves": moved_fit_of(panel, bf.read_model("moving_loadings"))})
    assert "'moves' lets volatility or loadings move" in said
    assert "bf.score" in said
    said = refused({"good": good, "path": of(panel, moving=("volatility",))})
    assert "'path' lets volatility" in said
    noisy = synthetic_draws(panel)
    noisy["reliability"] = (("chain", "draw", "factor"), np.full((2, 20, 3), 0.8))
    said = refused({"good": good, "noisy": bf.from_draws(panel, noisy, model="static")})
    assert "'noisy' has factors that are measured with error" in said
    said = refused({"good": good, "tails": of(panel, "student_t", dof=6.0, common=1)})
    assert "'tails' has Student-t residuals that load on residual factors" in said
    said = refused({"good": good, "own": bf.from_draws(panel, synthetic_draws(panel))}, bf.FitError)
    assert "'own'" in said
    assert "no noise law" in said
    sums = reduced(panel)
    said = refused({"good": good, "sums": of(sums)})
    assert "'sums'" in said
    assert "needs single returns" in said


def test_other_data_are_refused_by_name():
    panel = make_panel(assets=3, periods=60, seed=1)
    good = of(panel)
    fewer = panel.select(assets=panel.assets[:2])
    assert "'good' has the asset 'a02', and 'b' has not" in refused({"good": good, "b": of(fewer)})
    one = panel.select(factors=["f0", "f2"])
    said = refused({"good": good, "b": of(one)})
    assert "'good' has the factor 'f1', and 'b' has not" in said
    assert "scan_models" in said
    assert "'b' has the factor 'f1', and 'good' has not" in refused({"good": of(one), "b": good})
    late = panel.without(*panel.times[:5])
    said = refused({"good": good, "late": of(late)})
    assert "'good' has returns on 2015-01-01, and 'late' has none there; they share 55 of 60 periods" in said
    values = panel.returns.values.copy()
    values[7, 1] += 0.001
    said = refused({"good": good, "b": of(replace(panel, returns=panel.returns.copy(data=values)))})
    assert "the returns of 'a01' on 2015-01-12" in said
    values = panel.factors.values.copy()
    values[7, 1] += 0.001
    said = refused({"good": good, "b": of(replace(panel, factors=panel.factors.copy(data=values)))})
    assert "the factors of 'f1' on 2015-01-12" in said


def test_what_is_no_set_of_fits_is_refused():
    good = of(make_panel(assets=3, periods=60, seed=1))
    for fits, words in (
        (good, "expected fits by name, found Fit"),
        ([good, good], "expected fits by name, found list"),
        ({}, "there are no fits"),
        ({"a": good}, "there is one fit"),
        ({"a": good, "b": "run.nc"}, "'b' is a str"),
        ({"a": good, 3: good}, "named 3"),
    ):
        assert words in refused(fits, bf.FitError)


def test_refits_that_do_not_stand_in_are_refused(series, flat):
    y, factor = series
    times = flat["alpha"].panel.times
    day = str(times[9])[:10]
    left = flat_fit(y, factor, 50, without=[9])
    assert "unknown model 'alfa'" in refused(flat, refits={"alfa": {day: left}})
    for wrong in ([left], left, {"alpha": left}, {"alpha": [left]}):
        assert "expected refits by model and period" in refused(flat, bf.FitError, refits=wrong)
    assert "none of the 240 periods" in refused(flat, refits={"alpha": {"2030-01-31": left}})
    assert "is not a date" in refused(flat, refits={"alpha": {"first": left}})
    assert f"has returns on {day}" in refused(flat, refits={"alpha": {day: flat["alpha"]}})
    other = replace(left, model=bf.read_model("student_t"))
    assert "of another model" in refused(flat, refits={"alpha": {day: other}})
    both = flat_fit(y, factor, 50, without=[9, 10])
    assert "alpha without" in refused(flat, refits={"alpha": {day: both}})
    assert "and no fit" in refused(flat, bf.FitError, refits={"alpha": {day: "run.nc"}})


def test_a_french_portfolio(shared_data):
    """Numbers of another program: exact 845.944081 in closed form, PSIS 845.9616, its error and effective number."""
    frame = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0).loc["1990":"2020-01"].loc[:"2019-12-31"]
    y, factor = (frame["P25_ME3BM3"] - frame["RF"]).to_numpy(), frame["MKT_RF"].to_numpy()
    found = bf.compare({"one": flat_fit(y, factor), "two": flat_fit(y, factor, seed=6)})
    exact = exact_leave_one_out(y, np.column_stack([np.ones(360), factor]))
    for row in found.totals.to_dict("records"):
        assert row["elpd"] == pytest.approx(845.9440811485334, abs=0.15)
        assert row["se"] == pytest.approx(18.10226491548795, abs=0.1)
        assert row["parameters"] == pytest.approx(4.217097019243106, abs=0.3)
    assert float(np.abs(found.elpd - exact).max()) < 0.06
    assert float(found.pareto_k.max()) < 0.5
    row = found.table().iloc[1]
    assert abs(row["difference"]) < 4 * 0.05


def test_french_portfolios(shared_data):
    """25 portfolios, 360 months, four factors: 24,047.4 (se 261.5), 252 parameters and 11 high Pareto k elsewhere.

    The sum by importance sampling is too high: of the month that is furthest off by several nats.
    """
    frame = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0)
    frame.index = pd.to_datetime(frame.index)
    frame, names = frame.loc["1990":"2019"], ["MKT_RF", "SMB", "HML", "MOM"]
    info = {name: {"family": "market" if name == "MKT_RF" else "style"} for name in names}
    panel = bf.integrate(frame.filter(like="P25_"), frame[names], info, risk_free=frame["RF"])
    sampler = bf.Sampler(draws=1000, progress=False)
    fits = {name: bf.fit(panel, name, sampler) for name in ("static", "pooled")}
    found = bf.compare(fits)
    row = found.totals.loc["static"]
    assert row["elpd"] == pytest.approx(24047.37928823429, abs=12)
    assert row["se"] == pytest.approx(261.4551675090226, abs=3)
    assert row["parameters"] == pytest.approx(251.98788392223236, abs=12)
    assert 7 <= row["high_k"] <= 18
    assert found.elpd.sizes["time"] == 360
    worst = found.refits_needed.query("model == 'static'").iloc[0]
    assert worst["pareto_k"] == pytest.approx(2.363599982341575, abs=0.5)
    date = worst["time"]
    again = bf.compare(fits, refits={"static": {date: bf.fit(panel.without(date), "static", sampler)}})
    assert float(again.elpd.sel(model="static", time=date)) < float(found.elpd.sel(model="static", time=date)) - 3
    assert again.totals.loc["static", "high_k"] == row["high_k"] - 1
