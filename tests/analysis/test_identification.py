"""identify: strength recomputed plainly, what the data taught, and a verdict on strong and useless factors."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.analysis.assessment.data_premia import data_premia
from bayesfactor.base.errors import FitError
from bayesfactor.panel.records import Factor
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.spec.alphas import FreeZeroBeta, SharpeAlpha
from bayesfactor.spec.factors import FactorLaw, ScaledPremia
from bayesfactor.spec.priors import HalfNormal, Normal, NormalRate, Rate, SpikeSlab
from tests.support.panels import make_panel
from tests.support.pseudo import made

COLUMNS = [
    "prior_mean",
    "prior_sd",
    "data_mean",
    "data_se",
    "mean",
    "sd",
    "lower",
    "upper",
    "prob_positive",
    "posterior_contraction",
    "max_contraction",
    "conflict",
    "strength",
    "strength_lower",
    "strength_upper",
    "prob_above_noise",
    "data_from",
    "verdict",
    "reason",
]


def standardised(fit):
    """b_ik of every draw that `identify` looks at, plainly: (draw, asset, factor)."""
    panel, step = fit.panel, len(fit.posterior["draw"]) // len(bf.identify(fit).strength["draw"])
    others = [k for k, factor in enumerate(panel.factor_info) if not factor.traded]
    sd = panel.factors.values.std(axis=0, ddof=1)[others]
    draws = fit.posterior.isel(draw=slice(None, None, step)).stack(sample=("chain", "draw"), create_index=False)
    noise = draws["residual_sd"].transpose("sample", "asset").values
    beta = draws["loading"].transpose("sample", "asset", "factor").values[:, :, others]
    b = beta * sd / noise[:, :, None]
    if "zero_beta" in draws:
        for s in range(len(b)):
            one = 1 / noise[s][:, None]
            b[s] -= one @ np.linalg.lstsq(one, b[s])[0]
    return b


@pytest.fixture(scope="module")
def uneven_rate_fit(a_panel):
    """Unequal histories, one non-traded factor and a zero-beta rate."""
    return fitted(a_panel, zero_beta=FreeZeroBeta(NormalRate(Rate(0.0), Rate(5.0))))


@pytest.mark.parametrize("name", ["hier_fit", "student_fit", "cross_fit", "rate_fit", "uneven_rate_fit"])
def test_strength_is_that_of_plain_regressions(name, request):
    """One non-traded factor or two, with and without a zero-beta rate, normal noise and Student-t."""
    fit = request.getfixturevalue(name)
    found, panel = bf.identify(fit), fit.panel
    others = [k for k, factor in enumerate(panel.factor_info) if not factor.traded]
    assert found.strength.dims == found.signal_to_noise.dims == ("chain", "draw", "factor")
    assert found.strength["factor"].values.tolist() == [panel.factor_names[k] for k in others]
    b = standardised(fit)
    np.testing.assert_allclose(flat(found.strength), np.sqrt((b**2).mean(axis=1)), rtol=1e-9)
    smallest = [np.linalg.svd(one, compute_uv=False).min() / b.shape[1] ** 0.5 for one in b]
    np.testing.assert_allclose(flat(found.smallest_singular_value), smallest, rtol=1e-9)
    alone = (b**2 / b.var(axis=0)).mean(axis=1)
    strong = (alone > 2).mean(axis=0) >= 0.95
    assert strong.sum() <= 1  # nothing to take off here: see the factors with proportional loadings
    np.testing.assert_allclose(flat(found.signal_to_noise), alone, rtol=1e-9)
    assert found.facts["prob_above_noise"].dropna().tolist() == pytest.approx((alone > 2).mean(axis=0).tolist())


def flat(draws):
    """(chain, draw, ...) as (sample, ...)."""
    return draws.values.reshape(-1, *draws.shape[2:])


def test_a_strong_factor_is_identified_and_a_useless_one_is_not(cross_fit):
    assert cross_fit.problems == ()
    found = bf.identify(cross_fit)
    assert found.verdicts == {"f0": "traded", "f1": "identified", "f2": "unidentified"}
    table = found.table()
    assert table.loc["f1", "prob_above_noise"] == 1.0
    assert table.loc["f2", "prob_above_noise"] < 0.5
    assert table.loc["f1", "posterior_contraction"] > 0.5
    assert table.loc["f2", "reason"] == "its loadings on average are like noise"
    assert table.loc["f2", "strength"] < 0.1 * table.loc["f1", "strength"] + 0.03
    ratio = found.signal_to_noise.mean(("chain", "draw"))
    assert float(ratio.sel(factor="f2")) < 2  # the errors of estimation and of a draw make 2 at most
    assert float(ratio.sel(factor="f1")) > 5


def test_posterior_contraction_is_the_fall_of_the_premiums_variance(cross_fit):
    """Contraction: 1 - V1 / V0; at most: V0 / (V0 + s^2 / T), what a conjugate normal mean would lose."""
    table, panel = bf.identify(cross_fit).table(), cross_fit.panel
    sd, year = panel.factors.values.std(axis=0, ddof=1), 12
    prior = 0.5 * sd * year**0.5
    np.testing.assert_allclose(table["prior_sd"], prior, rtol=1e-12)
    assert (table["prior_mean"] == 0).all()
    own = sd * year / 400**0.5
    np.testing.assert_allclose(table["max_contraction"], prior**2 / (prior**2 + own**2), rtol=1e-12)
    after = (cross_fit.posterior["risk_premium"] * year).std(("chain", "draw"), ddof=1).values
    facts = bf.identify(cross_fit).facts
    np.testing.assert_allclose(facts["posterior_contraction"], 1 - after**2 / prior**2, rtol=1e-9)
    effective = statistic(cross_fit.posterior["risk_premium"], "ess", method="sd")
    error = 2 * (after / prior) ** 2 / np.sqrt(2 * effective)  # of a variance: its share times sqrt(2 / n)
    np.testing.assert_allclose(facts["posterior_contraction_mcse"], error, rtol=0.1)
    assert (
        abs(table["posterior_contraction"] - facts["posterior_contraction"].clip(lower=0))
        <= 5 * facts["posterior_contraction_mcse"]
    ).all()
    assert facts.loc["f0", "posterior_contraction"] == pytest.approx(table.loc["f0", "max_contraction"], abs=0.03)


def test_the_table_states_its_interval_and_has_no_hole_where_there_is_a_verdict(cross_fit, slab_fit):
    table = bf.identify(cross_fit).table(ci_prob=0.8, ci_kind="hdi")
    assert table.columns.tolist() == COLUMNS
    assert table.index.tolist() == ["f0", "f1", "f2"]
    assert table.index.name == "factor"
    assert table.attrs == {"ci_kind": "hdi", "ci_prob": 0.8, "units": "decimal, per year", "problems": ()}
    for one in (table, bf.identify(slab_fit).table()):
        assert one["verdict"].isin(["traded", "identified", "weak", "unidentified"]).all()
        assert (one["reason"].str.len() > 5).all()
        assert one.loc["f0", ["strength", "prob_above_noise"]].isna().all()
        shown = one.loc[["f1", "f2"], ["mean", "sd", "lower", "upper", "strength", "prob_above_noise"]]
        assert np.isfinite(shown.to_numpy(dtype=float)).all()
        assert (shown["lower"] < shown["upper"]).all()
    premium = 12 * cross_fit.posterior["risk_premium"].sel(factor="f1")
    error = float(array_stats.mcse(premium.values, chain_axis=0, draw_axis=1, method="mean"))
    end = error * (0.1 * 0.9) ** 0.5 / norm.pdf(norm.ppf(0.1))
    wide = bf.identify(cross_fit).table(ci_prob=0.8).loc["f1"]
    for found, exact, own in ((wide["mean"], premium.mean(), error), (wide["lower"], premium.quantile(0.1), end)):
        unit = 10.0 ** -np.floor(-np.log10(own))  # the last digit shown is no finer than the Monte Carlo error
        assert found == pytest.approx(float(exact), abs=0.5 * unit + 1e-12)
    assert "unidentified" in str(bf.identify(cross_fit))


@pytest.mark.parametrize(
    ("traded", "alone", "above", "contraction", "most", "verdict"),
    [
        (True, np.nan, np.nan, 0.0, 0.01, "traded"),
        (False, 0.949, 0.949, 0.9, 0.9, "unidentified"),
        (False, 0.95, 0.95, 0.9, 0.9, "identified"),
        (False, 1.0, 0.949, 0.9, 0.9, "unidentified"),
        (False, 1.0, 1.0, 0.4, 0.8, "identified"),
        (False, 1.0, 1.0, 0.39, 0.8, "weak"),
        (False, 1.0, 1.0, 0.25, 0.26, "identified"),
        (False, 1.0, 1.0, 0.249, 0.26, "weak"),
        (False, 1.0, 1.0, 0.1, 0.2, "weak"),
        (False, 1.0, 1.0, 0.099, 0.2, "unidentified"),
        (False, 1.0, 1.0, -0.1, 0.9, "unidentified"),
        (False, 1.0, 1.0, 0.9, 0.099, "unidentified"),
    ],
)
def test_rules_of_the_verdict(traded, alone, above, contraction, most, verdict):
    if traded:
        assert judged(1.0, 1.0, contraction, most).verdicts["f0"] == verdict
        return
    found = judged(alone, above, contraction, most)
    row = found.facts.loc["f1"]
    sure = row["posterior_contraction"] - 2 * row["posterior_contraction_mcse"]
    assert (row["prob_above_noise"], row["conflict"]) == (above, False)
    assert (sure, row["max_contraction"]) == pytest.approx((contraction, most), abs=1e-8)
    assert row["verdict"] == verdict
    assert (row["reason"] == "its loadings on average are like noise") == (alone < 0.95)
    assert (row["reason"] == "its loadings cannot be told from those on other factors") == (above < 0.95 <= alone)


def judged(alone, above, contraction, most, mean=0.0):
    """Return what is said of f1, whose draws are made so that it has these facts.

    `alone` and `above` are the shares of draws in which it stands out from noise, before and after f2 is taken off,
    `contraction` what is sure of the posterior's, `most` the maximum, `mean` the premium in prior standard deviations.
    """
    draws, periods = 1000, 60
    panel = make_panel(assets=2, traded=1, other=1 + (above < alone), periods=periods, year=12)
    prior = (12 * most / ((1 - most) * periods)) ** 0.5
    law = FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("default", Normal(0.0, prior))))
    b = np.zeros((draws, 2, 4 if above < alone else 3))
    up = np.arange(draws) % 2 - 0.5
    seen = np.random.default_rng(0).permutation(np.arange(draws) < round(above * draws))
    if above < alone:  # the first asset loads on both in the same proportion; the second on f1 alone, in some draws
        b[:, 0, 2], b[:, 1, 2], b[:, 0, 3] = 10 + up, seen, 1 - 0.1 * up
    else:
        b[:, :, 2] = seen[:, None] + 0.01 * up[:, None]
    sd = panel.factors.values.std(axis=0, ddof=1)
    b[:, :, 1:] *= 0.01 / sd
    z = norm.ppf((np.arange(draws) + 0.5) / draws)
    z = np.random.default_rng(0).permutation(z / z.std(ddof=1))
    error = float(statistic(xr.DataArray(z[None, :], dims=("chain", "draw")), "mcse", method="sd"))
    narrowed = ((1 - contraction - 1e-9) / (1 + 4 * error)) ** 0.5
    premium = np.zeros((draws, len(panel.factor_info)))
    premium[:, 1] = (mean + narrowed * z) * prior * sd[1] / 12**0.5
    fit = made(panel, b, np.full((draws, 2), 0.01), premium)
    record = dict.fromkeys(("energy", "diverging"), (("chain", "draw"), z[None, :]))
    data = xr.DataTree.from_dict({"posterior": fit.posterior, "sample_stats": xr.Dataset(record)})
    return bf.identify(replace(fit, data=data, model=replace(bf.FactorModel(), factors=law)))


def fitted(panel, **parts):
    sampler = bf.Sampler(draws=500, tune=500, chains=2, progress=False)
    return bf.fit(panel, replace(bf.FactorModel(), **parts), sampler)


def test_a_premium_that_no_history_could_change_is_unidentified(cross_panel):
    """Strong loadings, and a prior so tight that 400 months of the factor itself would not move it."""
    law = FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("default", Normal(0.3, 0.05))))
    found = bf.identify(fitted(cross_panel, factors=law))
    table = found.table()
    assert table.loc["f1", "prob_above_noise"] == 1.0
    assert found.verdicts["f1"] == "unidentified"
    assert "prior is too tight" in table.loc["f1", "reason"]
    assert table.loc["f1", "max_contraction"] == pytest.approx(0.05**2 / (0.05**2 + 12 / 400), rel=1e-9)
    sd = cross_panel.factors.sel(factor="f1").std(ddof=1).item()
    assert table.loc["f1", "prior_mean"] == pytest.approx(0.3 * sd * 12**0.5, rel=1e-12)


def test_few_assets_with_much_noise_say_little_of_a_premium(cross_panel):
    """The same loadings, and less than half of what the factor's own history would have told."""
    rng = np.random.default_rng(3)
    few = cross_panel.select(assets=cross_panel.assets[:4])
    noisy = replace(few, returns=few.returns + 0.04 * rng.standard_normal(few.returns.shape))
    found = bf.identify(fitted(noisy))
    assert found.verdicts["f1"] in ("weak", "unidentified")
    assert found.facts.loc["f1", "posterior_contraction"] < 0.5 * found.facts.loc["f1", "max_contraction"]


def proportional():
    """Two non-traded factors on which every asset loads in the same proportion."""
    panel, rng = make_panel(assets=20, traded=1, other=2, periods=400, seed=2, year=12), np.random.default_rng(0)
    one = rng.normal(1.0, 0.5, size=20)
    beta = np.c_[np.ones(20), one, 2 * one]
    returns = panel.factors.values @ beta.T + 0.01 * rng.standard_normal((400, 20))
    return replace(panel, returns=panel.returns.copy(data=returns))


def test_factors_with_proportional_loadings_are_not_identified():
    """Only the premium of their sum can be told; each of them alone would be identified."""
    panel = proportional()
    fit = fitted(panel)
    both = bf.identify(fit)
    assert [both.verdicts[name] for name in ("f1", "f2")] == ["unidentified"] * 2
    assert both.facts.loc["f1", "reason"] == "its loadings cannot be told from those on other factors"
    b = standardised(fit)
    centre = b.mean(axis=0)
    for place, other in ((0, 1), (1, 0)):
        slope = centre[:, place] @ centre[:, other] / (centre[:, other] @ centre[:, other])
        left = b[:, :, place] - slope * b[:, :, other]
        plain = (left**2 / left.var(axis=0)).mean(axis=1)
        np.testing.assert_allclose(flat(both.signal_to_noise)[:, place], plain, rtol=1e-6)
    alone = bf.identify(fitted(panel.select(factors=["f0", "f1"])))
    assert alone.verdicts["f1"] == "identified"
    assert float(alone.signal_to_noise.mean()) > 50


@pytest.mark.parametrize("name", ["unpooled", "pooled", "static"])
def test_noise_is_not_taken_for_signal_whatever_the_shrinkage(name, cross_panel):
    """Draws of loadings that no prior shrinks hold the error of estimation and that of the draw: 2, and no more."""
    found = bf.identify(bf.fit(cross_panel, name, bf.Sampler(draws=250, tune=300, chains=4, progress=False)))
    assert found.verdicts["f2"] == "unidentified"
    assert found.facts.loc["f2", "reason"] == "its loadings on average are like noise"


def test_the_unit_of_a_factor_does_not_matter(cross_fit):
    """A factor a hundred times as large: loadings over 100, premium times 100, and the same verdicts and strengths."""
    by = xr.DataArray([1.0, 100.0, 1e-3], {"factor": ["f0", "f1", "f2"]}, ("factor",))
    posterior, data = cross_fit.posterior, cross_fit.data.copy()
    changed = {
        "loading": posterior["loading"] / by,
        "risk_premium": posterior["risk_premium"] * by,
        "factor_mean": posterior["factor_mean"] * by,
    }
    data["posterior"] = xr.DataTree(posterior.assign(changed))
    other = replace(cross_fit, panel=replace(cross_fit.panel, factors=cross_fit.panel.factors * by), data=data)
    one, two = bf.identify(cross_fit), bf.identify(other)
    assert one.verdicts == two.verdicts
    xr.testing.assert_allclose(one.strength, two.strength, rtol=1e-8)
    xr.testing.assert_allclose(one.signal_to_noise, two.signal_to_noise, rtol=1e-8)
    xr.testing.assert_allclose(one.smallest_singular_value, two.smallest_singular_value, rtol=1e-8)
    np.testing.assert_allclose(one.facts["posterior_contraction"], two.facts["posterior_contraction"], rtol=1e-9)
    np.testing.assert_allclose(two.facts["prior_sd"], one.facts["prior_sd"] * by.values, rtol=1e-9)


def test_traded_factors_only():
    fit = fitted(make_panel(assets=4, traded=2, other=0, periods=60))
    found = bf.identify(fit)
    assert found.verdicts == {"f0": "traded", "f1": "traded"}
    assert found.strength.sizes["factor"] == 0
    assert (found.smallest_singular_value == 0).all()
    assert found.problems  # two chains are too few
    table = found.table()
    assert table.columns.tolist() == [*COLUMNS, "warning"]
    assert table[["strength", "prob_above_noise"]].isna().all(axis=None)
    assert np.isfinite(table[["mean", "sd", "prior_sd"]]).all(axis=None)


def test_assets_without_returns_do_not_count(hollow_fit, a_panel):
    """a08 has none: the others' strengths are those of eight assets."""
    found = bf.identify(hollow_fit)
    rest = [name for name in a_panel.assets if name != "a08"]
    data = hollow_fit.data.copy()
    data["posterior"] = xr.DataTree(hollow_fit.posterior.sel(asset=rest))
    fewer = replace(hollow_fit, panel=hollow_fit.panel.select(assets=rest), data=data)
    xr.testing.assert_allclose(found.strength, bf.identify(fewer).strength, rtol=1e-9)


def test_a_spike_and_slab_tells_how_likely_it_is_that_a_factor_pays(slab_fit):
    assert slab_fit.problems == ()
    found = bf.identify(slab_fit)
    table = found.table()
    assert table.columns.tolist() == [*COLUMNS[:-3], "prior_inclusion", "inclusion", *COLUMNS[-3:]]
    assert np.isnan(table.loc["f0", ["prior_inclusion", "inclusion"]].to_numpy(dtype=float)).all()
    assert (table.loc[["f1", "f2"], "prior_inclusion"] == 0.4).all()
    assert table.loc["f2", "inclusion"] == pytest.approx(0.4, abs=0.1)
    assert found.verdicts["f2"] == "unidentified"
    assert 0 < table.loc["f1", "inclusion"] < 1


def test_a_factor_that_pays_plainly_is_included():
    """A Sharpe ratio of 2 a year in the cross-section: the slab it is."""
    panel = make_panel(assets=24, traded=1, other=1, periods=400, seed=6, alpha=0.0, year=12)
    beta = np.random.default_rng(0).normal(0.0, 1.0, size=24)
    away = panel.factors.values[:, 1] - panel.factors.values[:, 1].mean() + 2 * 0.01 / 12**0.5
    returns = panel.factors.values[:, :1] + away[:, None] * beta
    returns = returns + 0.005 * np.random.default_rng(1).standard_normal(returns.shape)
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    law = FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("default", SpikeSlab(2.0, strength=1.0))))
    found = bf.identify(fitted(panel, factors=law))
    assert found.verdicts["f1"] == "identified"
    assert found.table().loc["f1", "inclusion"] > 0.95


def test_everything_at_once(cross_panel):
    """Student-t noise, mispricing by Sharpe ratio, a zero-beta rate and slabs: a verdict for every factor."""
    law = FactorLaw(premium=(("on-chain", SpikeSlab(0.5)), ("default", Normal(0.0, 0.5))))
    rate = FreeZeroBeta(NormalRate(Rate(0.0), Rate(5.0)))
    noise = bf.read_model("student_t").noise
    fit = fitted(cross_panel, factors=law, zero_beta=rate, noise=noise, alpha=SharpeAlpha(HalfNormal(0.5)))
    table = bf.identify(fit).table()
    assert table["verdict"].notna().all()
    assert table.loc["f2", "verdict"] == "unidentified"
    assert table.loc["f2", "inclusion"] == pytest.approx(0.5, abs=0.1)


def test_premia_carry_their_verdicts(cross_fit):
    premia = bf.risk_premia(cross_fit)
    assert premia["identification"].dims == ("factor",)
    assert premia["identification"].values.tolist() == ["traded", "identified", "unidentified"]
    np.testing.assert_array_equal(premia, cross_fit.posterior["risk_premium"])


def test_what_is_no_fit_is_refused(a_panel):
    for verb in (bf.identify, bf.price):
        with pytest.raises(FitError, match="expected a Fit, found Panel"):
            verb(a_panel)


def test_labels_follow_the_factors(cross_fit):
    """A non-traded factor before the traded one: strengths are still those of their own factors."""
    order = ["f2", "f0", "f1"]
    data = cross_fit.data.copy()
    moved = cross_fit.posterior.sel(factor=order, factor_other=order)
    data["posterior"] = xr.DataTree(moved)
    other = replace(cross_fit, panel=cross_fit.panel.select(factors=order), data=data)
    one, two = bf.identify(cross_fit), bf.identify(other)
    xr.testing.assert_allclose(two.strength.sel(factor=["f1", "f2"]), one.strength, rtol=1e-9)
    assert two.verdicts == {name: one.verdicts[name] for name in order}
    assert isinstance(other.panel.factor_info[0], Factor)
    assert two.facts.loc["f0", "traded"]


def test_one_asset_cannot_tell_two_factors_apart(cross_panel):
    found = bf.identify(fitted(cross_panel.select(assets=cross_panel.assets[:1])))
    assert (found.smallest_singular_value == 0).all()
    assert "identified" not in (found.verdicts["f1"], found.verdicts["f2"])


def test_of_a_traded_factor_the_data_say_its_own_history(cross_fit):
    """Sample mean and its standard error, over the factor's own values, a year."""
    table = bf.identify(cross_fit).table()
    values = cross_fit.panel.factors.sel(factor="f0").values
    assert table.loc["f0", "data_mean"] == pytest.approx(12 * values.mean(), rel=1e-12)
    assert table.loc["f0", "data_se"] == pytest.approx(12 * values.std(ddof=1) / 400**0.5, rel=1e-12)
    assert table.loc["f0", "data_from"] == "its own history"
    assert table.loc["f0", "reason"] == "its own history and the prior"
    between = sorted([table.loc["f0", "prior_mean"], table.loc["f0", "data_mean"]])
    assert between[0] < table.loc["f0", "mean"] < between[1]  # the posterior lies between prior and data


def test_a_factor_older_than_the_assets_has_its_own_history(cross_panel):
    """The mean is over all of its values, also those before the first return."""
    late = cross_panel.returns.isel(time=slice(150, None))
    found = bf.identify(fitted(replace(cross_panel, returns=late))).table()
    values = cross_panel.factors.sel(factor="f0").values
    assert found.loc["f0", "data_mean"] == pytest.approx(12 * values.mean(), rel=1e-12)


def with_premium(fit, name, draws):
    """Return the fit with other draws of one premium, a year."""
    posterior, data = fit.posterior, fit.data.copy()
    premium = posterior["risk_premium"].copy(deep=True)
    premium.loc[{"factor": name}] = np.asarray(draws).reshape(premium.shape[:2]) / fit.panel.periods_per_year
    data["posterior"] = xr.DataTree(posterior.assign(risk_premium=premium))
    return replace(fit, data=data)


@pytest.mark.parametrize(("mean", "sd"), [(0.1, 0.3), (-0.4, 0.5), (0.9, 0.1)])
def test_dividing_the_prior_out_gives_back_the_data(cross_fit, mean, sd):
    """A conjugate posterior of a likelihood N(mean, sd^2), in prior standard deviations: the data come back."""
    prior = bf.identify(cross_fit).facts.loc["f1", "prior_sd"]
    data, error = mean * prior, sd * prior
    after = (prior**-2 + error**-2) ** -0.5
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    z = np.random.default_rng(0).permutation(z / z.std(ddof=1))
    found = bf.identify(with_premium(cross_fit, "f1", data * after**2 / error**2 + after * z)).facts.loc["f1"]
    assert found["data_mean"] == pytest.approx(data, rel=1e-6)
    assert found["data_se"] == pytest.approx(error, rel=1e-6)
    assert found["data_from"] == "implied by the data, given the other priors"
    assert not found["conflict"]


def divided(contraction, seed, draws=4000, data=0.4):
    """Four chains of a conjugate posterior, prior N(0, 1), and what the data said: mean `data`, standard error e."""
    error = (1 / contraction - 1) ** 0.5
    z = np.random.default_rng(seed).standard_normal((4, draws // 4))
    posterior = data * contraction + (1 - contraction) ** 0.5 * z
    premium = xr.DataArray(posterior[:, :, None], dims=("chain", "draw", "factor"))
    return _divided_of(premium), error


def _divided_of(premium):
    """`data_premia` of one factor that is not traded, prior N(0, 1)."""
    panel = make_panel(assets=2, traded=0, other=1, periods=20, seed=1)
    prior = ScaledPremia(np.zeros(1), np.ones(1), np.ones(1), np.ones(1))
    return data_premia(panel, prior, premium)


@pytest.mark.parametrize("contraction", [0.05, 0.1, 0.3, 0.8])
def test_what_the_data_imply_is_as_near_as_its_monte_carlo_error_says(contraction):
    """Sampler seeds alone move it; a posterior of 4,000 draws tells its size within a third of a standard error."""
    runs = [divided(contraction, seed) for seed in range(200)]
    told = [(found, error) for found, error in runs if np.isfinite(found.mean[0])]
    assert len(told) >= {0.05: 0, 0.1: 100}.get(contraction, 200)
    assert all(max(found.mean_mcse[0], found.error_mcse[0]) <= found.error[0] / 3 for found, _ in told)
    assert all(abs(found.error[0] / error - 1) < 0.5 for found, error in told)
    if contraction >= 0.3:  # of less, those told are chosen
        for z in (
            [(found.mean[0] - 0.4) / found.mean_mcse[0] for found, _ in told],
            [(found.error[0] - error) / found.error_mcse[0] for found, error in told],
        ):
            assert np.sqrt(np.mean(np.square(z))) == pytest.approx(1.0, abs=0.35)


@pytest.mark.parametrize("contraction", [0.003, 0.01])
def test_a_prior_that_is_hardly_narrowed_is_not_divided_out(contraction):
    """Over 200 seeds: with 4,000 draws a hundredth cannot be told from other hundredths."""
    found = [divided(contraction, seed)[0] for seed in range(200)]
    assert not any(np.isfinite(one.mean[0]) for one in found)
    assert {one.source[0] for one in found} <= {
        "not told: the data hardly narrow the prior",
        "not told: the draws are too few to divide the prior out",
    }


def test_few_draws_divide_no_prior_out_and_many_do():
    few, many = (divided(0.08, 0, draws)[0].source[0] for draws in (400, 400_000))
    assert few.startswith("not told: ")
    assert many == "implied by the data, given the other priors"


def test_no_digit_of_what_the_data_imply_is_finer_than_its_monte_carlo_error(cross_fit):
    found = bf.identify(cross_fit)
    table, facts = found.table(), found.facts
    for name in ("data_mean", "data_se"):
        error = facts.loc["f1", f"{name}_mcse"]
        unit = 10.0 ** np.ceil(np.log10(error))
        assert table.loc["f1", name] == pytest.approx(facts.loc["f1", name], abs=unit / 2 + 1e-12)
        assert table.loc["f1", name] / unit == pytest.approx(round(table.loc["f1", name] / unit), abs=1e-6)
    assert (facts.loc["f0", ["data_mean_mcse", "data_se_mcse"]] == 0).all()


def test_what_the_data_alone_say_is_not_told_where_they_say_nothing(cross_fit, slab_fit):
    table = bf.identify(cross_fit).table()
    assert table.loc["f2", ["data_mean", "data_se"]].isna().all()
    assert table.loc["f2", "data_from"] == "not told: the data hardly narrow the prior"
    table = bf.identify(slab_fit).table()
    assert table.loc[["f1", "f2"], ["data_mean", "data_se"]].isna().all(axis=None)
    assert (table.loc[["f1", "f2"], "data_from"] == "not told: its prior is not normal").all()


@pytest.mark.parametrize(("moved", "conflict"), [(1.8, False), (-1.8, False), (2.2, True), (3.0, True), (-3.0, True)])
def test_a_premium_that_moved_is_not_called_the_priors(cross_fit, moved, conflict):
    """As wide as the prior, but 3 prior standard deviations away: unidentified would be false."""
    prior = bf.identify(cross_fit).facts.loc["f2", "prior_sd"]
    z = np.random.default_rng(0).standard_normal(4000)
    fit = with_premium(cross_fit, "f2", prior * (moved + z))
    found = bf.identify(fit)
    row = found.facts.loc["f2"]
    assert row["conflict"] == conflict
    assert row["verdict"] == ("weak" if conflict else "unidentified")
    assert row["reason"].startswith("prior and data are in conflict; its loadings") == conflict
    notes = bf.attribute(fit).notes
    assert any(note.startswith("prior and data are in conflict") and "f2" in note for note in notes) == conflict
    assert any(note.startswith("unidentified") and "f2" in note for note in notes) != conflict
    checked = bf.check(fit).table.loc["premia: share in conflict with the prior"]
    assert (checked["value"], checked["worst"]) == ((1 / 3, "f2") if conflict else (0.0, ""))


def test_a_traded_factor_whose_history_contradicts_its_prior_is_marked():
    """A Sharpe ratio of 2 a year over 33 years, where the prior says 0.05: 5 of sqrt(.05^2 + 1 / 33.3) apart."""
    panel = make_panel(assets=6, traded=1, other=0, periods=400, seed=3, year=12)
    f = panel.factors.values
    f = (f - f.mean()) / f.std(ddof=1) * 0.05 + 2.0 * 0.05 / 12**0.5
    returns = panel.returns.values - panel.factors.values + f
    panel = replace(panel, factors=panel.factors.copy(data=f), returns=panel.returns.copy(data=returns))
    law = FactorLaw(premium=(("default", Normal(0.0, 0.05)),))
    found = bf.identify(fitted(panel, factors=law))
    row = found.table().loc["f0"]
    assert row["data_mean"] / row["prior_sd"] == pytest.approx(2.0 / 0.05, rel=1e-9)
    assert row["data_se"] / row["prior_sd"] == pytest.approx((12 / 400) ** 0.5 / 0.05, rel=1e-9)
    assert row["conflict"]
    assert row["reason"] == "its own history and the prior, in conflict"


def test_identified_says_whether_the_sign_is_known():
    """-0.06 (-0.7 to 0.5) is identified: its size is known, and it is not said to be paid."""
    for mean, known in ((0.0, "not known"), (1.2, "known")):
        row = judged(1.0, 1.0, 0.6, 0.8, mean).facts.loc["f1"]
        assert not row["conflict"]
        assert row["verdict"] == "identified"
        assert row["reason"] == f"from the cross-section; its sign is {known}"


def test_the_sign_is_that_of_the_draws(cross_fit):
    prior = bf.identify(cross_fit).facts.loc["f1", "prior_sd"]
    z = np.random.default_rng(0).standard_normal(4000)
    for mean, known in ((0.5, False), (1.0, True), (-1.0, True), (0.0, False)):
        row = bf.identify(with_premium(cross_fit, "f1", prior * (mean + 0.5 * z))).facts.loc["f1"]
        assert row["verdict"] == "identified"
        assert row["reason"].endswith(f"its sign is {'known' if known else 'not known'}")
