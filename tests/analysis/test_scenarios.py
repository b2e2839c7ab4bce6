"""Scenarios, episodes and scenario files: what they hold, and what is refused with a remedy."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=3, traded=2, other=1, periods=120, seed=2)


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=20))


def test_a_scenario_is_a_value():
    given = {"f0": -0.2, "f2": bf.Sigmas(3)}
    one = bf.Scenario(given)
    given["f0"] = 0.0
    assert one.shocks["f0"] == -0.2
    assert one.name == "f0 -0.2, f2 +3 sd"
    assert one == bf.Scenario({"f0": -0.2, "f2": bf.Sigmas(3)})
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    with pytest.raises(TypeError):
        one.shocks["f0"] = 1.0
    assert eval(repr(one), {"Scenario": bf.Scenario, "Sigmas": bf.Sigmas}) == one
    assert str(bf.Sigmas(-4, "long run")) == "-4 sd, long run"


@pytest.mark.parametrize("shock", [np.nan, np.inf, "a", None, True, [0.1]])
def test_a_shock_is_a_finite_number(shock):
    with pytest.raises(bf.SpecError, match=r"the shock of 'f0' is .* finite number"):
        bf.Scenario({"f0": shock})
    with pytest.raises(bf.SpecError, match=r"Sigmas is .* finite number"):
        bf.Sigmas(shock)


def test_an_empty_scenario_is_refused():
    with pytest.raises(bf.SpecError, match="no factor is shocked"):
        bf.Scenario({})
    with pytest.raises(bf.SpecError, match="not a list"):
        bf.Scenario([("f0", 1)])
    for periods in (0, -1, 1.5, True):
        with pytest.raises(bf.SpecError, match="Scenario: periods is"):
            bf.Scenario({"f0": 0.1}, periods=periods)
    with pytest.raises(bf.SpecError, match="at most 10,000 periods"):
        bf.Scenario({"f0": 0.1}, periods=10**6)
    for notes in ("text", 3, [3]):
        with pytest.raises(bf.SpecError, match="notes are a tuple of texts"):
            bf.Scenario({"f0": 0.1}, notes=notes)
    with pytest.raises(bf.SpecError, match="name is 3"):
        bf.Scenario({"f0": 0.1}, 3)
    with pytest.raises(bf.SpecError, match="unknown volatility 'today'"):
        bf.Sigmas(1, "today")


def test_an_unknown_factor_is_named_with_the_nearest(fit):
    with pytest.raises(bf.SpecError, match=r"scenario 'f00 -0.1': unknown factor 'f00'. Did you mean 'f0'") as caught:
        bf.stress(fit, bf.Scenario({"f00": -0.1}))
    assert caught.value.allowed == ("f0", "f1", "f2")


@pytest.mark.parametrize(("name", "shock"), [("f0", -20), ("f0", -1.5), ("f1", 5), ("f2", 3), ("f2", -1)])
def test_a_shock_in_per_cent_is_refused_with_its_unit(fit, name, shock):
    """Daily factors have a standard deviation of 1 %: a whole unit is a hundred of them."""
    with pytest.raises(bf.SpecError, match=f"the shock of '{name}' is .*: is it per cent\\?") as caught:
        bf.stress(fit, bf.Scenario({name: shock}))
    text = str(caught.value)
    assert "with a standard deviation of 0.0" in text
    assert f"Give decimals ({shock / 100:+g}), or, say, bf.Sigmas(" in text
    assert f"(transform '{PANEL.factor_info[0].transform}')" in text


def test_half_a_per_cent_is_refused_of_a_calm_factor():
    calm = replace(PANEL, factors=PANEL.factors / 20)  # standard deviations of 5 basis points
    few = bf.from_draws(calm, synthetic_draws(calm, draws=5))
    with pytest.raises(
        bf.SpecError, match=r"the shock of 'f2' is -0.5, .* is it per cent\? .*Give decimals \(-0.005\)"
    ):
        bf.stress(few, bf.Scenario({"f2": -0.5}))


def test_what_is_large_but_possible_is_not_refused(fit):
    """A factor of a large spread, a fall of everything, and whatever is said in standard deviations."""
    for shock in (-1.0, 0.9, bf.Sigmas(200)):
        if shock == -1.0:
            with pytest.raises(bf.SpecError, match="is it per cent"):  # 100 daily standard deviations
                bf.stress(fit, bf.Scenario({"f0": shock}))
        else:
            bf.stress(fit, bf.Scenario({"f0": shock}))
    wide = replace(PANEL, factors=PANEL.factors * 50)
    large = bf.from_draws(wide, synthetic_draws(wide, draws=5))
    assert bf.stress(large, bf.Scenario({"f0": -1.0})).plausibility.windows == 120
    assert bf.stress(large, bf.Scenario({"f2": -4.0})).plausibility.windows == 120
    with pytest.raises(bf.SpecError, match="a fall of more than 100 %"):
        bf.stress(large, bf.Scenario({"f0": -1.2}))


def test_transforms_of_shocked_factors_are_said(fit):
    info = tuple(replace(f, transform=t) for f, t in zip(PANEL.factor_info, ("none", "none", "log_diff"), strict=True))
    other = bf.from_draws(replace(PANEL, factor_info=info), synthetic_draws(PANEL, draws=5))
    found = bf.stress(other, bf.Scenario({"f2": 0.5}))
    assert "'f2' is a difference of its logarithm: +0.5 moves its level by 64.87 %" in found.notes
    assert any("standard deviations from its mean: is it in its units?" in note for note in found.notes)
    assert found.factors_table().set_index("factor").loc["f2", "unit"] == "a difference of its logarithm"
    with pytest.raises(bf.SpecError, match="a difference of its logarithm \\(transform 'log_diff'\\)"):
        bf.stress(other, bf.Scenario({"f2": 50}))
    moved = tuple(replace(f, transform="diff") for f in info)
    some = bf.from_draws(replace(PANEL, factor_info=moved), synthetic_draws(PANEL, draws=5))
    assert (
        bf.stress(some, bf.Scenario({"f2": 0.05})).notes[0].startswith("'f2' is a difference of its level, with a st")
    )


def test_an_episode_compounds_what_is_traded_and_sums_the_rest():
    rows = PANEL.factors.values[10:13]
    found = bf.episode(PANEL, PANEL.times[10], PANEL.times[12])
    wanted = {**dict(zip(("f0", "f1"), np.prod(1 + rows[:, :2], axis=0) - 1, strict=True)), "f2": rows[:, 2].sum()}
    assert dict(found.shocks) == pytest.approx(wanted, abs=1e-15)
    assert (found.periods, found.name) == (3, "2015-01-15 to 2015-01-19")
    assert bf.episode(PANEL, "2015-02").periods == 20
    assert bf.episode(PANEL, "2015-02-03", name="a day").name == "a day"


def test_an_episode_leaves_out_factors_that_were_not_known(fit):
    factors = PANEL.factors.copy()
    before = np.arange(5) - 5
    times = PANEL.times[0] + before.astype("timedelta64[D]")
    early = xr.DataArray(np.full((5, 3), 0.01), {"time": times, "factor": factors["factor"]}, ("time", "factor"))
    early[:, 1] = np.nan
    longer = replace(PANEL, factors=xr.concat([early, factors], "time"))
    found = bf.episode(longer, times[0], times[1])
    assert list(found.shocks) == ["f0", "f2"]
    assert "not known then, and not shocked: f1" in bf.stress(fit, found).notes


def test_episodes_that_cannot_be_are_refused():
    with pytest.raises(bf.SpecError, match="episode: expected a Panel"):
        bf.episode("panel", "2015")
    with pytest.raises(bf.SpecError, match=r"no date between these. Its factors are from 2015-01-01"):
        bf.episode(PANEL, "1999")
    with pytest.raises(bf.SpecError, match="the end '2015-02' is before the start '2015-03'"):
        bf.episode(PANEL, "2015-03", "2015-02")
    with pytest.raises(bf.SpecError, match="episode: start: 'yesterday' is not a date"):
        bf.episode(PANEL, "yesterday")
    with pytest.raises(bf.SpecError, match="episode: start: None is not a date"):
        bf.episode(PANEL, None)


def test_dates_outside_the_panel_are_said():
    assert bf.episode(PANEL, "2015-02", "2016").notes == (
        "the panel's factors are from 2015-01-01 to 2015-06-17: what is outside is not in it",
    )
    assert bf.episode(PANEL, "2014-12-30", "2015-02").notes
    assert not bf.episode(PANEL, "2015-01", "2015-02").notes


def test_what_stress_cannot_use_is_refused(fit):
    with pytest.raises(bf.FitError, match="stress: expected a Fit"):
        bf.stress(PANEL, bf.Scenario({"f0": -0.1}))
    with pytest.raises(bf.SpecError, match=r"expected a Scenario, found dict. Write bf.Scenario"):
        bf.stress(fit, {"f0": -0.1})
    with pytest.raises(bf.SpecError, match="unknown others 'same'"):
        bf.stress(fit, bf.Scenario({"f0": -0.1}), "same")
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        bf.stress(fit, bf.Scenario({"f0": -0.1}), portfolio={"btc": 1.0})
    with pytest.raises(bf.SpecError, match="below is nan"):
        bf.stress(fit, bf.Scenario({"f0": -0.1})).outcome_table(np.nan)
    for below in (-25, 25):
        with pytest.raises(bf.SpecError, match="no draw is as far out: is it per cent"):
            bf.stress(fit, bf.Scenario({"f0": -0.1})).outcome_table(below)
    assert bf.stress(fit, bf.Scenario({"f0": -0.1}), portfolio={"a00": 1.0, "a01": -1.0}).floored["portfolio"] == 0


FILE = """
[crash]
shocks = {f0 = -0.2, f2 = {sigmas = 4}}

["slow burn"]
periods = 6
shocks = {f1 = {sigmas = -1.5, volatility = "long run"}}
"""


def test_a_file_holds_named_scenarios(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    assert bf.read_scenarios(path) == bf.read_scenarios(str(path)) == (
        bf.Scenario({"f0": -0.2, "f2": bf.Sigmas(4)}, "crash"),
        bf.Scenario({"f1": bf.Sigmas(-1.5, "long run")}, "slow burn", 6),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no scenario. Write"),
        ("[a]\nshock = {f0 = 1}", "'a': unknown key 'shock'. Did you mean 'shocks'"),
        ("[a]", "'a': Scenario: no factor is shocked"),
        ("[a]\nshocks = {f0 = 'x'}", "'a': Scenario: the shock of 'f0' is 'x'"),
        ("[a]\nshocks = {f0 = nan}", "the shock of 'f0' is nan"),
        ("[a]\nshocks = 3", "'a': shocks are 3, and must be a table"),
        ("[a]\nperiods = 0\nshocks = {f0 = 1}", "'a': Scenario: periods is 0"),
        ("[a]\nshocks = {f0 = {sigma = 1}}", "shock of 'f0': unknown key 'sigma'. Did you mean 'sigmas'"),
        ("[a]\nshocks = {f0 = {volatility = 'long run'}}", "'sigmas' is missing"),
        ("[a]\nshocks = {f0 = {sigmas = 1, volatility = 'now'}}", "unknown volatility 'now'"),
        ("f0 = -0.2", "'f0' is -0.2, and must be a table"),
        ("[a", "not a TOML file"),
        ("['']\nshocks = {f0 = 1}", "'': a scenario needs a name"),
        ("['c ']\nshocks = {f0 = 1}", "'c ': a scenario needs a name without spaces"),
    ],
)
def test_files_that_cannot_be_used_say_where(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(bf.SpecError) as caught:
        bf.read_scenarios(path)
    assert "mine.toml" in str(caught.value)
    assert says in str(caught.value)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[crash]\nshocks = {f0 = -0.2}\n", encoding="utf-8-sig")
    assert bf.read_scenarios(path) == (bf.Scenario({"f0": -0.2}, "crash"),)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(bf.SpecError, match="cannot be read"):
        bf.read_scenarios(tmp_path / "none.toml")
    with pytest.raises(bf.SpecError, match="is not a path"):
        bf.read_scenarios(3)


def test_an_episode_of_a_panel_with_more_factors_says_which_panel_to_take():
    used = PANEL.select(factors=["f0", "f1"])
    few = bf.from_draws(used, synthetic_draws(used))
    with pytest.raises(bf.SpecError, match=r"unknown factor 'f2'. Make an episode of the panel that was fitted"):
        bf.stress(few, bf.episode(PANEL, "2015-02-03"))


def test_statistics_and_draws_on_disk_give_the_same(tmp_path):
    draws = synthetic_draws(PANEL, draws=10, common=1)
    scenario, mix = bf.Scenario({"f0": -0.05, "f2": bf.Sigmas(1)}, periods=2), {"a01": 1.0}
    one = bf.stress(bf.from_draws(PANEL, draws), scenario, portfolio=mix)
    few = bf.stress(bf.from_draws(reduced(PANEL), draws), scenario, portfolio=mix)
    bf.from_draws(PANEL, draws).save(tmp_path / "run.zarr")
    stored = bf.stress(bf.open_fit(tmp_path / "run.zarr"), scenario, portfolio=mix)
    for other in (few, stored):
        np.testing.assert_allclose(other.draws, one.draws, rtol=1e-12)
        np.testing.assert_allclose(other.outcome, one.outcome, rtol=1e-12)
        assert other.plausibility.rank == one.plausibility.rank


def test_factors_that_are_measured_with_error_are_named():
    draws = synthetic_draws(PANEL, draws=4)
    known = xr.DataArray([1.0, 1.0, 0.8], dims="factor") + 0 * draws["factor_mean"]
    noisy = bf.from_draws(PANEL, draws.assign(reliability=known))
    note = "measured with error, and shocked by their true values: f2"
    assert note in bf.stress(noisy, bf.Scenario({"f0": 0.01, "f2": 0.01})).notes
    assert note not in bf.stress(noisy, bf.Scenario({"f0": 0.01})).notes
