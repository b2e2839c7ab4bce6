"""Draws of any program become a fit, of which every answer is made; what they lack is named once."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.posterior.schema import REQUIRED
from tests.support.panels import make_panel
from tests.support.write_fits import FITS

PORTFOLIO = {"a00": 0.7, "a02": -0.3}
SAVED = ["hierarchical_2.nc", "student_t_2.nc", "spike_slab_2.nc", "pooled_2.nc", "statistics_2.nc"]
KINDS = [
    ("premium", {}),
    ("premium", {"by": "family", "portfolio": PORTFOLIO}),
    ("premium", {"per": "group"}),
    ("variance", {"portfolio": PORTFOLIO}),
    ("return", {}),
]


@pytest.fixture(scope="module", params=SAVED)
def fit(request):
    return bf.open_fit(FITS / request.param)


@pytest.fixture(scope="module")
def hier():
    return bf.open_fit(FITS / "hierarchical_2.nc")


def plain(fit, names=None):
    """The draws as plain arrays: what another program would hand over."""
    draws = fit.posterior
    labels = {
        dim: draws[dim].values.tolist() for dim in ("asset", "factor", "factor_other", "group") if dim in draws.dims
    }
    return xr.Dataset(
        {name: (draws[name].dims, np.array(draws[name].values)) for name in names or draws.data_vars},
        {dim: values for dim, values in labels.items() if names is None or dim != "group"},
    )


def required(fit):
    return plain(fit, list(REQUIRED))


def attributions(fit):
    kinds = KINDS[:-1] if isinstance(fit.panel, PanelStatistics) else KINDS
    return [bf.attribute(fit, kind, **choices).draws for kind, choices in kinds]


def test_the_attribution_is_that_of_the_fit_itself(fit):
    """Whether or not the model is given, and with nothing that is optional."""
    wanted = attributions(fit)
    for draws, model in ((plain(fit), None), (plain(fit), fit.model), (required(fit), None)):
        made = bf.from_draws(fit.panel, draws, model)
        for one, two in zip(attributions(made), wanted, strict=True):
            xr.testing.assert_allclose(one.drop_attrs(), two.drop_attrs(), rtol=1e-12, atol=1e-15)


def test_draws_of_a_known_model_say_what_its_fit_says(fit):
    """Checks, identification, pricing: all but what comes of the sampler's record."""
    tree = xr.DataTree.from_dict({name: fit.data[name].to_dataset() for name in ("sample_stats", "log_prior")})
    tree["posterior"] = xr.DataTree(plain(fit))
    made = bf.from_draws(fit.panel, tree, fit.model)
    made = replace(made, sampler=fit.sampler)  # what is simulated at the draws has its seed
    for ask in (lambda f: bf.check(f).table, lambda f: bf.check(f).shrinkage, lambda f: bf.identify(f).table()):
        pd.testing.assert_frame_equal(ask(made), ask(fit))
    pd.testing.assert_frame_equal(bf.price(made).table(), bf.price(fit).table())
    assert made.problems == fit.problems
    if not isinstance(fit.panel, PanelStatistics):
        xr.testing.assert_allclose(bf.log_likelihood(made), bf.log_likelihood(fit), rtol=1e-12)


@pytest.fixture(scope="module")
def alone(hier):
    """Nothing but what is required."""
    return bf.from_draws(hier.panel, required(hier))


def test_a_model_in_a_file_a_preset_and_a_value_are_one(hier, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(hier.model_text)
    for model in ("static", path, hier.model):
        found = bf.from_draws(hier.panel, plain(hier), model).model
        assert replace(found, name=hier.model.name) == hier.model


def test_what_is_not_known_is_a_value_with_its_reason(alone):
    assert (alone.model, alone.sampler, alone.noise) == (None, None, None)
    assert "draws of another program" in repr(alone)
    report = bf.check(alone)
    lacking = report.table[report.table["advice"].str.startswith("Cannot be computed")]["advice"]
    assert set(lacking) == {
        "Cannot be computed: no sample_stats.",
        "Cannot be computed: no log_prior.",
        "Cannot be computed: no noise law, as the model of these draws is not known.",
        "Cannot be computed: no priors, as the model of these draws is not known.",
    }
    assert report.table.loc[lacking.index, "passed"].isna().all()
    assert report.table.loc[lacking.index, "value"].isna().all()
    assert "nan" not in str(report)
    assert report.shrinkage.isna().all(axis=None)
    assert report.assets["prob_tails"].isna().all()
    assert report.assets["implied_gap"].notna().all()


def test_without_priors_no_verdict_is_passed(alone):
    found = bf.identify(alone)
    table = found.table()
    assert found.verdicts == {"f0": "traded", "f1": "traded", "f2": "no verdict"}
    columns = ["prior_mean", "prior_sd", "posterior_contraction", "max_contraction"]
    assert table[columns].isna().all(axis=None)
    assert table.loc["f2", ["reason", "data_from"]].tolist() == [
        "its prior is not known",
        "not told: its prior is not known",
    ]
    assert not table["conflict"].any()
    assert "Priors are not known" in str(found)
    premium = bf.attribute(alone)
    assert premium.identification["f2"] == "no verdict"
    assert any("there is no verdict on the premia of f2" in note for note in premium.notes)
    by = bf.attribute(alone, by="identification").draws["source"].values.tolist()
    assert by == ["market", "other traded", "non-traded, no verdict", "alpha", "total"]
    assert bf.risk_premia(alone)["identification"].values.tolist() == ["traded", "traded", "no verdict"]


def test_what_needs_a_noise_law_says_so(alone):
    for ask in (bf.log_likelihood, bf.plot_check):
        with pytest.raises(bf.FitError, match="no noise law, as the model of these draws is not known"):
            ask(alone)
    with pytest.raises(bf.FitError, match="energy cannot be drawn"):
        bf.plot_check(alone, "energy")
    with pytest.raises(bf.SpecError, match="these draws have no 'loading_mean'"):
        bf.attribute(alone, by="level")
    assert bf.factor_log_likelihood(alone).sizes["chain"] == 2


def test_every_figure_is_drawn(alone):
    premium, variance = bf.attribute(alone), bf.attribute(alone, "variance")
    bf.plot_contributions(premium)
    bf.plot_risk(variance)
    bf.plot_realised(alone, "a01")
    bf.plot_loadings(alone)
    bf.plot_shrinkage(alone)
    bf.plot_premia(bf.identify(alone))
    bf.plot_pricing(bf.price(alone))
    bf.plot_check(alone, "rank")


@pytest.mark.parametrize("suffix", ["html", "md", "pdf"])
def test_a_report_is_written(hier, alone, tmp_path, suffix):
    path = bf.write_report(alone, tmp_path / f"report.{suffix}", portfolio=PORTFOLIO)
    assert path.stat().st_size > 5_000
    if suffix == "md":
        text = path.read_text()
        assert "The draws were made by another program, and their model was not given." in text
        assert "its prior is not known" in text
        assert "| not known |" in text
        assert "no verdict" in text
        assert "nan" not in text.replace("finan", "")
        assert "bf.Sampler(" not in text
    if suffix == "html":
        assert "bayesfactor report run.nc" in path.read_text()
    given = bf.from_draws(hier.panel, plain(hier), "static")
    bf.write_report(given, tmp_path / f"given.{suffix}")


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
@pytest.mark.parametrize("model", [None, "static"])
def test_it_is_saved_and_opened(hier, tmp_path, name, model):
    made = bf.from_draws(hier.panel, plain(hier), model)
    again = bf.open_fit(made.save(tmp_path / name))
    assert (again.model, again.sampler, again.versions) == (made.model, None, made.versions)
    for one, two in zip(attributions(again), attributions(made), strict=True):
        xr.testing.assert_allclose(one.compute(), two, rtol=1e-12)
    assert bf.check(again).table["value"].equals(bf.check(made).table["value"])


def test_labels_decide_and_the_callers_draws_stay_as_they_were(hier, alone):
    turned = required(hier).isel(asset=[2, 0, 3, 1], factor=[1, 2, 0], factor_other=[2, 1, 0])
    before = turned.copy(deep=True)
    made = bf.from_draws(hier.panel, turned)
    xr.testing.assert_identical(turned, before)
    for one, two in zip(attributions(made), attributions(alone), strict=True):
        xr.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-14)


def test_any_holder_of_draws_will_do(hier, alone):
    draws = required(hier)
    tree = xr.DataTree.from_dict({"posterior": draws, "other": xr.Dataset({"x": 1.0})})
    for given in (tree, SimpleNamespace(posterior=draws), draws.astype("float32").astype(float)):
        made = bf.from_draws(hier.panel, given)
        assert set(made.data.children) == {"posterior", "observed_data", "constant_data"}
        xr.testing.assert_allclose(bf.attribute(made).draws, bf.attribute(alone).draws, rtol=1e-5)
    said = draws.assign_attrs(inference_library="numpyro", inference_library_version="0.20")
    assert bf.from_draws(hier.panel, said).versions["numpyro"] == "0.20"


def test_other_variables_are_kept_and_their_convergence_is_checked(hier):
    rng = np.random.default_rng(1)
    extra = rng.normal(size=(2, 25, 3))
    extra[1] += 9.0  # two chains that do not meet
    made = bf.from_draws(hier.panel, required(hier).assign(mine=(("chain", "draw", "mine_dim"), extra)))
    assert bf.check(made).table.loc["R-hat", "worst"].startswith("mine[")


def test_the_same_draws_under_two_laws_have_one_variance(hier):
    """What a law is called does not change the standard deviation of residuals that the draws hold."""
    draws = plain(hier).assign(dof=(("chain", "draw"), np.full((2, 25), 3.0)))
    normal, student = (bf.from_draws(hier.panel, draws, model) for model in ("static", "student_t"))
    own = [bf.attribute(one, "variance").draws.sel(source="idiosyncratic") for one in (normal, student)]
    xr.testing.assert_identical(*own)
    np.testing.assert_allclose(own[0], 252 * hier.posterior["residual_sd"] ** 2, rtol=1e-12)
    strength = [bf.identify(one).strength for one in (normal, student)]
    xr.testing.assert_identical(*strength)
    assert not np.allclose(bf.log_likelihood(normal), bf.log_likelihood(student))


def test_a_draw_by_draw_law_of_another_program():
    """Conjugate draws made with numpy alone: the premium is alpha + sum beta lambda of these very numbers."""
    panel, rng = make_panel(assets=3, traded=1, other=1, periods=60, groups=1, seed=8), np.random.default_rng(2)
    shape = (2, 50)
    mean = rng.normal(0, 0.001, (*shape, 2))
    premium = mean + np.array([0.0, 0.0005])
    draws = {
        "loading": rng.normal(1, 0.1, (*shape, 3, 2)),
        "alpha": rng.normal(0, 1e-4, (*shape, 3)),
        "residual_sd": rng.uniform(0.01, 0.02, (*shape, 3)),
        "risk_premium": premium,
        "factor_mean": mean,
        "factor_cov": np.broadcast_to(np.diag([1e-4, 2e-4]), (*shape, 2, 2)),
    }
    labels = {"asset": list(panel.assets), "factor": ["f0", "f1"], "factor_other": ["f0", "f1"]}
    given = xr.Dataset({n: (("chain", "draw", *REQUIRED[n]), v) for n, v in draws.items()}, labels)
    fit = bf.from_draws(panel, given)
    total = bf.attribute(fit).draws.sel(source="total")
    wanted = 252 * (draws["alpha"] + (draws["loading"] * premium[:, :, None]).sum(-1))
    np.testing.assert_allclose(total, wanted, rtol=1e-12)
    assert json.loads(fit.attributes()["sampler"]) is None


def renamed(draws):
    return draws.assign_coords(asset=["a00", "a01", "a2", "a03"])


def one_sample(draws):
    return draws.isel(chain=0, drop=True).rename(draw="sample")


def not_finite(draws):
    alpha = draws["alpha"].copy(deep=True)
    alpha[1, 3, 2] = np.nan
    return draws.assign(alpha=alpha)


def own_premium(draws):
    return draws.assign(risk_premium=draws["risk_premium"] + xr.DataArray([0.0, 1e-4, 0.0], dims="factor"))


HOSTILE = {
    "a missing variable": (lambda d: d.drop_vars("alpha"), ["'alpha' (chain, draw, asset) is missing"]),
    "a scale": (
        lambda d: d.rename(residual_sd="sigma"),
        ["'residual_sd' (chain, draw, asset) is missing", "its 'sigma' is not taken for it"],
    ),
    "several": (
        lambda d: d.drop_vars(["alpha", "loading"]).assign(factor_mean=d["factor_mean"].rename(factor="k")),
        [
            "'loading' (",
            "'alpha' (",
            "'factor_mean' has the dimensions (chain, draw, k), and must have (chain, draw, f",
        ],
    ),
    "another asset": (renamed, ["lack 'a02' of the panel, and have 'a2'", "Is 'a2' the panel's 'a02'?"]),
    "no labels": (lambda d: d.drop_vars("asset"), ["have no labels along 'asset'"]),
    "too few factors": (lambda d: d.isel(factor=[0, 1]), ["lack 'f2' of the panel"]),
    "one chain without a name": (
        one_sample,
        ["of one chain, write draws.rename(sample='draw').expand_dims(chain=[0])"],
    ),
    "one dimension of all samples": (
        lambda d: d.stack(sample=("chain", "draw")),
        ["must have chain and draw: write draws.unstack('sample')"],
    ),
    "no chain": (lambda d: d.isel(chain=0, drop=True), ["of one chain, write draws.expand_dims(chain=[0])"]),
    "not finite": (not_finite, ["'alpha' holds 1 values that are not finite"]),
    "complex": (lambda d: d.assign(loading=d["loading"] + 1j), ["'loading' holds complex128 in place of real numbers"]),
    "texts": (lambda d: d.assign(alpha=d["alpha"].astype(str)), ["'alpha' holds <U"]),
    "empty": (lambda d: d.isel(draw=slice(0, 0)), ["each chain has 0 draws, and 4 are the least"]),
    "no chains": (lambda d: d.isel(chain=slice(0, 0)), ["there is no chain"]),
    "nothing": (lambda d: xr.Dataset(), [f"'{name}' (" for name in REQUIRED]),
    "a negative standard deviation": (
        lambda d: d.assign(residual_sd=-d["residual_sd"]),
        ["'residual_sd' holds 200 values of 0 or"],
    ),
    "no covariance": (lambda d: d.assign(factor_cov=d["factor_cov"] * 0), ["'factor_cov' is not positive definite"]),
    "a skew covariance": (
        lambda d: d.assign(factor_cov=d["factor_cov"] * xr.DataArray([1.0, 2.0, 1.0], dims="factor")),
        ["'factor_cov' is not symmetric"],
    ),
    "a traded factor's own premium": (
        own_premium,
        ["'risk_premium' of the traded factor 'f1' is up to 0.0001 from its 'factor_mean'"],
    ),
    "a variable without draws": (lambda d: d.assign(x=("asset", np.ones(4))), ["'x' has the dimensions (asset)"]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_cannot_be_used_is_named_once(hier, case):
    change, texts = HOSTILE[case]
    with pytest.raises(bf.FitError, match=r"^from_draws: ") as caught:
        bf.from_draws(hier.panel, change(required(hier)))
    for text in texts:
        assert str(caught.value).count(text) == 1, str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_noise_law_needs_its_parameters(hier):
    with pytest.raises(bf.FitError, match=r"'dof' \(chain, draw\) is missing: a parameter of the noise law"):
        bf.from_draws(hier.panel, plain(hier), "student_t")


def test_groups_of_other_draws_are_refused(hier):
    tree = xr.DataTree.from_dict({"posterior": required(hier), "sample_stats": hier.data["sample_stats"].to_dataset()})
    assert "sample_stats" in bf.from_draws(hier.panel, tree).data.children
    fewer = tree["sample_stats"].to_dataset().isel(chain=[0])
    other = SimpleNamespace(posterior=required(hier), sample_stats=fewer)
    with pytest.raises(bf.FitError, match="'sample_stats' has 1 chains of 25 draws, and 'posterior' 2 of 25"):
        bf.from_draws(hier.panel, other)


def test_a_samplers_record_may_hold_what_no_check_reads(hier, tmp_path):
    """PyMC's has infinite energy errors of steps that diverged, and warnings that are objects."""
    stats = hier.data["sample_stats"].to_dataset()
    more = stats.assign(
        max_energy_error=xr.full_like(stats["energy"], np.inf),
        warning=xr.full_like(stats["energy"], None, dtype=object),
    )
    made = bf.from_draws(hier.panel, xr.DataTree.from_dict({"posterior": required(hier), "sample_stats": more}))
    table = bf.check(made).table
    assert table.loc["divergences", "passed"]
    assert set(made.data["sample_stats"].data_vars) == {*stats.data_vars, "max_energy_error"}
    assert bf.check(bf.open_fit(made.save(tmp_path / "run.nc"))).table["value"].equals(table["value"])


@pytest.mark.parametrize("draws", [None, {}, 3, xr.DataTree(), "run.nc"])
def test_what_holds_no_draws_is_refused(hier, draws):
    with pytest.raises(bf.FitError, match="from_draws: found no posterior"):
        bf.from_draws(hier.panel, draws)


def test_what_is_no_panel_or_no_model_is_refused(hier):
    with pytest.raises(bf.SpecError, match="from_draws: expected a Panel"):
        bf.from_draws(hier, required(hier))
    with pytest.raises(bf.SpecError):
        bf.from_draws(hier.panel, required(hier), "hierarchic")
