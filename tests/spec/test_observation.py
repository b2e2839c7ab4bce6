"""Half-lives as values: read and written without loss, in periods of a calendar, refused where they make no sense."""

import hashlib
import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.design import observe
from bayesfactor.spec.files import model_id, model_text, parse_model, preset_folder
from bayesfactor.spec.observation import Duration, EqualWeights, HalfLife
from tests.support.panels import make_panel, reduced

UNITS = ("years", "months", "weeks", "days", "periods")
NORMAL = ("capm", "static", "pooled", "spike_slab", "unpooled")
SECTION = '[observation]\nkind = "half_life"\nhalf_life = "2 years"\n'

durations = st.builds(Duration, st.floats(1e-300, 1e300), st.sampled_from(UNITS))


def read(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return bf.read_model(path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 years", Duration(2.0, "years")),
        ("1 year", Duration(1.0, "years")),
        ("6 months", Duration(6.0, "months")),
        ("26weeks", Duration(26.0, "weeks")),
        (" 90.5  days ", Duration(90.5, "days")),
        (".5 years", Duration(0.5, "years")),
        ("1e2 days", Duration(100.0, "days")),
        ("2. years", Duration(2.0, "years")),
        ("104 periods", Duration(104.0, "periods")),
    ],
)
def test_a_length_of_time_can_be_written_in_many_ways(text, wanted):
    assert Duration.parse(text) == wanted


@settings(max_examples=300, deadline=None)
@given(duration=durations)
def test_a_duration_is_read_as_it_was_written(duration):
    assert Duration.parse(str(duration)) == duration


@settings(max_examples=100, deadline=None)
@given(duration=durations, preset=st.sampled_from(NORMAL))
def test_a_model_with_a_half_life_is_read_as_it_was_written(duration, preset, tmp_path_factory):
    model = replace(bf.read_model(preset), observation=HalfLife(duration))
    path = bf.write_model(model, tmp_path_factory.getbasetemp() / "half-life.toml")
    again = bf.read_model(path)
    assert again == model
    assert model_id(again) == model_id(model)


def test_whole_numbers_and_those_of_numpy_are_numbers():
    plain = replace(bf.FactorModel(), observation=HalfLife(Duration(2.0, "years")))
    for kind in (int, np.int64, np.float32, np.float64):
        same = replace(plain, observation=HalfLife(Duration(kind(2), "years")))
        assert model_text(same) == model_text(plain)
        assert model_id(same) == model_id(plain)


@pytest.mark.parametrize(
    "text", ["2 fortnights", "2", "years", "two years", "2 %/year", "nan years", "-1 years", "", 2]
)
def test_what_is_not_a_length_of_time_is_refused(text):
    with pytest.raises(SpecError, match="is not a length of time") as caught:
        Duration.parse(text, place="here")
    assert (caught.value.place, caught.value.found) == ("here", text)
    assert '"2 years"' in caught.value.remedy


@pytest.mark.parametrize("bad", [0, 0.0, -1.0, math.nan, math.inf, -math.inf, True, "2", None])
@pytest.mark.parametrize("unit", UNITS)
def test_a_length_of_time_is_positive_and_finite(bad, unit):
    with pytest.raises(SpecError, match=f"{unit}, and must be positive and finite") as caught:
        Duration(bad, unit)
    assert caught.value.place == "Duration.value"
    assert caught.value.found is bad
    assert '"2 years"' in caught.value.remedy


@pytest.mark.parametrize("unit", ["fortnights", "year", "", None])
def test_an_unknown_unit_is_refused(unit):
    with pytest.raises(SpecError, match="must be one of years, months, weeks, days, periods") as caught:
        Duration(2.0, unit)
    assert (caught.value.place, caught.value.found, caught.value.allowed) == ("Duration.unit", unit, UNITS)
    assert '"2 years"' in caught.value.remedy


@pytest.mark.parametrize("section", [SECTION, '[observation]\nkind = "equal"\n', ""])
def test_a_file_chooses_how_much_returns_count(section, tmp_path):
    wanted = HalfLife(Duration(2.0, "years")) if "half" in section else EqualWeights()
    assert read(section, tmp_path).observation == wanted


@pytest.mark.parametrize(
    ("old", "new", "where", "more"),
    [
        ('"2 years"', '"2 fortnights"', "observation.half_life: '2 fortnights' is not", '"2 years"'),
        ('"2 years"', "2", "observation.half_life: 2 is not a length of time", "with its unit"),
        ('"2 years"', "true", "observation.half_life: True is not a length of time", "with its unit"),
        ('"2 years"', "nan", "observation.half_life: nan is not a length of time", "with its unit"),
        ('"2 years"', '"-2 years"', "observation.half_life: '-2 years' is not", "with its unit"),
        ('"2 years"', '"0 years"', "observation: Duration is 0.0 years", "must be positive and finite"),
        ('"2 years"', f'"{"9" * 400} years"', "observation: Duration is inf years", "must be positive and finite"),
        ('half_life = "2 years"', "", "observation: 'half_life' is missing", 'half_life = "2 years"'),
        ('half_life = "2 years"', 'halflife = "2 years"', "observation: unknown key 'halflife'", "Did you mean 'half_"),
        ('"half_life"', '"halflife"', "unknown observation.kind 'halflife'", "Did you mean 'half_life'"),
        ('"half_life"', '"equal"', "observation: unknown key 'half_life'", ""),
        ('kind = "half_life"', "", "'observation.kind' is missing", "Allowed: equal, half_life"),
        ("[observation]", "[observations]", "unknown key 'observations'", "Did you mean 'observation'"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, where, more, tmp_path):
    assert old in SECTION
    with pytest.raises(SpecError) as caught:
        read(SECTION.replace(old, new, 1), tmp_path)
    assert str(caught.value).startswith("mine.toml: ")
    assert where in str(caught.value)
    assert more in str(caught.value)
    assert caught.value.place.startswith("mine.toml")


def test_heavy_tails_are_not_weighted(tmp_path):
    """By one error, from Python and from a file."""
    weighted = HalfLife(Duration(2.0, "years"))
    text = preset_folder().joinpath("student_t.toml").read_text(encoding="utf-8")
    for make in (
        lambda: replace(bf.read_model("student_t"), observation=weighted),
        lambda: read(text + SECTION, tmp_path),
    ):
        with pytest.raises(SpecError, match="cannot be weighted under 'student_t' noise") as caught:
            make()
        assert caught.value.place == "model 'student_t': observation"
        assert (caught.value.found, caught.value.allowed) == ("half_life", ("equal",))
        assert "normal noise" in caught.value.remedy


def test_statistics_are_not_weighted():
    """Neither a fit nor a prior prediction takes a half-life on a panel that holds no returns."""
    panel, model = reduced(make_panel(assets=3, periods=40)), bf.FactorModel(observation=HalfLife(Duration(9, "weeks")))
    for call in (
        lambda: bf.fit(panel, model),
        lambda: bf.prior_predict(panel, model),
        lambda: bf.build(panel, model),
        lambda: model.observation.weights(panel),
    ):
        with pytest.raises(SpecError, match="A half-life needs single returns") as caught:
            call()
        assert (caught.value.place, caught.value.found) == ("panel", "PanelStatistics")
        assert "bf.integrate" in caught.value.remedy
    assert EqualWeights().weights(panel) is None


@pytest.mark.parametrize(
    "weight", [np.ones((40, 2)), np.ones(40), -np.ones((40, 3)), np.full((40, 3), np.nan), np.full((40, 3), np.inf)]
)
def test_weights_are_numbers_of_the_shape_of_returns(weight):
    with pytest.raises(SpecError, match=r"from 0 on of shape \(40, 3\)") as caught:
        observe(make_panel(assets=3, periods=40), weight)
    assert caught.value.place == "observe.weight"
    with pytest.raises(SpecError, match="A weight for every return needs single returns"):
        observe(reduced(make_panel(assets=3, periods=40)), np.ones((40, 3)))


@pytest.mark.parametrize("year", [252, 52, 12, 365])
@pytest.mark.parametrize(
    ("duration", "years"),
    [
        (Duration(2.0, "years"), 2.0),
        (Duration(6.0, "months"), 0.5),
        (Duration(26.0, "weeks"), 182 / 365.25),
        (Duration(90.0, "days"), 90 / 365.25),
    ],
)
def test_a_length_of_time_is_the_same_on_every_calendar(duration, years, year):
    assert duration.periods(year) == pytest.approx(years * year, rel=1e-14)
    assert Duration(104.0, "periods").periods(year) == 104.0


@pytest.mark.parametrize("year", [252, 52, 12, 365])
def test_weights_halve_with_the_half_life(year):
    """w = 2^(-(T - t) / h), 1 on the last row, the same for all assets."""
    panel = make_panel(assets=3, periods=40, year=year)
    found = HalfLife(Duration(10 / year, "years")).weights(panel)
    assert found.shape == (40, 3)
    np.testing.assert_array_equal(found, found[:, :1] * np.ones(3))
    np.testing.assert_allclose(found[::-1, 0], [2.0 ** (-age / 10) for age in range(40)], rtol=1e-13)


@pytest.mark.parametrize("preset", [*NORMAL, "student_t"])
def test_the_id_of_a_model_without_a_half_life_is_what_it_was(preset):
    """That of its text, which knows no such section; a section that says `equal` changes nothing."""
    model = bf.read_model(preset)
    assert "observation" not in model_text(model)
    assert "observation" not in preset_folder().joinpath(f"{preset}.toml").read_text(encoding="utf-8")
    said = parse_model({**tomllib.loads(model_text(model)), "observation": {"kind": "equal"}}, place="said")
    assert said == model
    assert model_id(said) == model_id(model) == digest(model_text(model))


def digest(text):
    """Return twelve digits of the SHA-256 of a model file without its name."""
    rest = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("name = "))
    return hashlib.sha256(rest.encode()).hexdigest()[:12]


@pytest.mark.parametrize("preset", NORMAL)
def test_the_id_changes_with_a_half_life_and_its_length(preset):
    model = bf.read_model(preset)
    lengths = [Duration(2.0, "years"), Duration(3.0, "years"), Duration(2.0, "months"), Duration(2.0, "periods")]
    ids = {model_id(replace(model, observation=HalfLife(one))) for one in lengths}
    assert len(ids | {model_id(model)}) == len(lengths) + 1


@pytest.mark.parametrize("given", ["2 years", 2, None, Duration])
def test_a_half_life_is_a_duration(given):
    with pytest.raises(bf.SpecError, match="expected a Duration, found") as caught:
        HalfLife(given)
    assert 'bf.Duration(2, "years")' in caught.value.remedy


def test_a_half_life_of_a_few_rows_is_refused():
    """Next to no return would count: prior scales and checks would rest on nothing."""
    panel = make_panel(assets=3, periods=40, year=12)
    for length in (Duration(1, "days"), Duration(5, "months"), Duration(1e-9, "periods")):
        with pytest.raises(bf.SpecError, match="periods of this panel, and must be 6 or more"):
            bf.fit(panel, replace(bf.FactorModel(), observation=HalfLife(length)))
