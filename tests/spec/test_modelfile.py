"""Model files: nothing is lost in a round trip, and nothing that is wrong gets through."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.spec import priors
from bayesfactor.spec.files import model_id, model_text, preset_folder
from tests.support.drawn_models import models

PRESETS = (
    "capm",
    "hierarchical",
    "moving_loadings",
    "noisy_factors",
    "pooled",
    "sparse",
    "spike_slab",
    "static",
    "student_t",
    "unpooled",
)
TEXT = preset_folder().joinpath("student_t.toml").read_text(encoding="utf-8")


@settings(max_examples=150, deadline=None)
@given(model=models)
def test_what_is_written_is_read(model, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round-trip.toml"
    assert bf.write_model(model, path) == path
    again = bf.read_model(path)
    assert again == model
    assert model_id(again) == model_id(model)


def test_numbers_of_numpy_and_whole_numbers_are_numbers():
    plain = replace(bf.FactorModel(), alpha=bf.FreeAlpha(priors.NormalRate(priors.Rate(1.0), priors.Rate(20.0))))
    for kind in (int, np.float64, np.float32, np.int64):
        rate = priors.NormalRate(priors.Rate(kind(1)), priors.Rate(kind(20)))
        same = replace(plain, alpha=bf.FreeAlpha(rate), noise=replace(plain.noise, spread=priors.HalfNormal(kind(1))))
        wanted = replace(plain, noise=replace(plain.noise, spread=priors.HalfNormal(1.0)))
        assert model_text(same) == model_text(wanted)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = bf.write_model(bf.read_model("capm"), tmp_path / "mine.toml")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert bf.read_model(path) == bf.read_model("capm")


def test_presets():
    assert bf.list_models() == PRESETS
    for name in PRESETS:
        model = bf.read_model(name)
        assert model.name == name
        assert len(preset_folder().joinpath(f"{name}.toml").read_text(encoding="utf-8").splitlines()) <= 40
    assert bf.read_model("static") == bf.FactorModel()
    assert len({model_id(bf.read_model(name)) for name in PRESETS}) == len(PRESETS)


def leaves(value, path=()):
    """Yield the path of every number and choice inside a value that a file would hold."""
    always_in = path[:2] == ("loadings", "inclusion") and len(path) == 4 and value == 1.0  # no other number is allowed
    if value is None or value == bf.CommonResiduals() or always_in:
        return
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path


def changed(value, path):
    """Return the value with the leaf at a path changed."""
    if not path:
        other = {
            "year": "period",
            "months": "years",
            "weeks": "months",
            "years": "months",
            "beta": "standardised",
            "standardised": "beta",
            "market": "style",
            "default": "other",
            "non-traded": "rates",
            "zero": "group",
            "": "a second series",
            "auto": 2,
        }
        if isinstance(value, bool):
            return not value
        return other[value] if isinstance(value, str) else 1.5 * value if value else 1.0
    if isinstance(value, tuple):
        return (*value[: path[0]], changed(value[path[0]], path[1:]), *value[path[0] + 1 :])
    return replace(value, **{path[0]: changed(getattr(value, path[0]), path[1:])})


@pytest.mark.parametrize("preset", PRESETS)
def test_the_id_changes_with_every_number_and_choice_but_the_name(preset):
    model = bf.read_model(preset)
    paths = [path for path in leaves(model) if path != ("name",)]
    ids = {model_id(changed(model, path)) for path in paths}
    assert len(paths) > 10
    assert len(ids | {model_id(model)}) == len(paths) + 1
    assert model_id(replace(model, name="another")) == model_id(model)


WRONG = [
    # what is replaced, by what, where the error says it is, what else it says
    ("[alpha]", "[alfa]", "unknown key 'alfa'", "Did you mean 'alpha'"),
    ("units  =", "unit =", "loadings.prior.market: unknown key 'unit'", "Did you mean 'units'"),
    ('"grouped"', '"groupd"', "unknown loadings.kind 'groupd'", "Did you mean 'grouped'"),
    ('"grouped"', '["grouped"]', "unknown loadings.kind", "Allowed: grouped, free, common"),
    ('kind   = "appraisal"', "", "'alpha.kind' is missing", "Allowed: zero, shrunk, scaled, sharpe, appraisal, free"),
    ('"student_t"                   ', '"normal"', "noise: unknown key 'dof'", "Allowed: level, spread"),
    ('"LogNormal"', '"LogNorml"', "noise.level: unknown dist 'LogNorml'", "Did you mean 'LogNormal'"),
    (
        '"HalfNormal", scale = 0.25',
        '"HalfCauchy", scale = 0.25',
        "prior.default.spread: unknown dist",
        "HalfNormal",
    ),
    ('"40 %/year"', '"40 %/yr"', "noise.level.median: '40 %/yr' is not a rate", "5 %/year"),
    ('"40 %/year"', "40.0", "noise.level.median: '40.0' is not a rate", "with its unit"),
    ('"40 %/year"', '"1e999 %/year"', "noise.level: Rate is inf", "finite"),
    ("scale = 0.25 }        #", 'scale = "5 %/year" } #', "alpha.spread.scale: expected a number", ""),
    ("weight = 2.0", 'weight = "2"', "factors.covariance.weight: expected a number, found '2'", ""),
    ("weight = 2.0", "weight = true", "factors.covariance.weight: expected a number, found True", ""),
    ("weight = 2.0", "weight = -2", "factors.covariance: InverseWishart.weight is -2.0", "positive"),
    ("mean = 1.0, sd = 0.5", "mean = nan, sd = 0.5", "prior.market.mean: Normal.mean is nan", "finite"),
    ("mean = 1.0, sd = 0.5", "mean = 1.0, sd = inf", "prior.market.mean: Normal.sd is inf", "finite"),
    ('"beta"', '"betas"', "prior.market.units: unknown value 'betas'", "Did you mean 'beta'"),
    (", scale = 0.25 }", "}", "prior.default.spread: 'scale' is missing", ""),
    (
        'default = { dist = "Normal", mean = 0.0,',
        'default = { dist = "Normal", slab = 0.5,',
        "factors.premium.default: unknown key 'slab'",
        "Allowed: mean, sd",
    ),
    ("above = 2.1", "above = 1.0", "noise.dof starts at 1.0", "start above 2"),
    ('name = "student_t"', "name = 7", "name: expected a text, found 7", ""),
    ('name = "student_t"', 'families = "market"', "families: expected a list, found 'market'", ""),
    ('name = "student_t"', "families = [7]", "families: expected a text, found 7", ""),
    ('name = "student_t"', "draws = 1000", "unknown key 'draws'", "Allowed: name, families"),
]


@pytest.mark.parametrize(("old", "new", "where", "more"), WRONG)
def test_a_mistake_is_named_with_its_place(old, new, where, more, tmp_path):
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        bf.read_model(path)
    assert str(caught.value).startswith("mine.toml: ")
    assert where in str(caught.value)
    assert more in str(caught.value)


def test_parts_that_are_no_tables_are_refused(tmp_path):
    path = tmp_path / "mine.toml"
    for text in ("alpha = 3", "noise = [1]", 'factors = "x"', "[loadings]\nkind = 'free'\nprior = 1"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SpecError, match="expected a table"):
            bf.read_model(path)
    path.write_text("[loadings]\nkind = 'free'", encoding="utf-8")
    with pytest.raises(SpecError, match="loadings: 'prior' is missing"):
        bf.read_model(path)


def test_sources_that_are_no_models(tmp_path):
    with pytest.raises(SpecError, match=r"unknown model 'hierarchial'\. Did you mean 'hierarchical'") as caught:
        bf.read_model("hierarchial")
    assert caught.value.allowed == PRESETS
    for source in (None, 3, "", tmp_path):
        with pytest.raises(SpecError, match="unknown model"):
            bf.read_model(source)
    with pytest.raises(SpecError, match=r"gone.toml: cannot be read \(No such file"):
        bf.read_model(tmp_path / "gone.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SpecError, match=r"cannot be read \(Is a directory"):
        bf.read_model(tmp_path / "folder.toml")
    for content in (b"not a model", b"\xff\xfe\x00", b"a = 1\na = 2"):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(SpecError, match="not a TOML file") as caught:
            bf.read_model(str(tmp_path / "bad.toml"))
        assert caught.value.place == str(tmp_path / "bad.toml")


def test_paths_that_cannot_be_written(tmp_path):
    for path in (tmp_path, tmp_path / "no" / "model.toml"):
        with pytest.raises(SpecError, match="cannot be written") as caught:
            bf.write_model(bf.FactorModel(), path)
        assert caught.value.place == str(path)


def test_a_part_that_is_no_choice_cannot_be_written(tmp_path):
    model = bf.FactorModel()
    object.__setattr__(model, "alpha", "zero")
    with pytest.raises(SpecError, match="is not one of the choices") as caught:
        bf.write_model(model, tmp_path / "model.toml")
    assert caught.value.allowed == (
        "ZeroAlpha",
        "ShrunkAlpha",
        "ScaledAlpha",
        "SharpeAlpha",
        "AppraisalAlpha",
        "FreeAlpha",
    )
    assert not (tmp_path / "model.toml").exists()


NEW = """
[alpha]
kind   = "sharpe"
spread = { dist = "HalfNormal", scale = 0.5 }

[zero_beta]
kind  = "free"
value = { dist = "Normal", mean = "1 %/year", sd = "3 %/year" }

[factors]
[factors.premium]
market  = { dist = "Normal", mean = 0.0, sd = 0.5 }
default = { dist = "SpikeSlab", slab = 0.8, inclusion = 0.3 }
"""


def read(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return bf.read_model(path)


def test_a_file_chooses_mispricing_a_zero_beta_rate_and_slabs(tmp_path):
    model = read(NEW, tmp_path)
    assert model.alpha == bf.SharpeAlpha(priors.HalfNormal(0.5))
    assert model.zero_beta == bf.FreeZeroBeta(priors.NormalRate(priors.Rate(1.0), priors.Rate(3.0)))
    assert dict(model.factors.premium) == {"market": priors.Normal(0.0, 0.5), "default": priors.SpikeSlab(0.8, 0.3)}
    scaled = (
        '[alpha]\nkind = "scaled"\nspread = { dist = "HalfNormal", scale = "6 %/year" }\n[zero_beta]\nkind = "none"'
    )
    model = read(scaled, tmp_path)
    assert model.alpha == bf.ScaledAlpha(priors.HalfNormalRate(priors.Rate(6.0)))
    assert model.zero_beta == bf.NoZeroBeta()


@pytest.mark.parametrize(
    ("old", "new", "where", "more"),
    [
        ('"SpikeSlab"', '"SpikeSlap"', "premium.default: unknown dist 'SpikeSlap'", "Did you mean 'SpikeSlab'"),
        ('dist = "SpikeSlab", ', "", "premium.default: unknown dist 'None'", "Allowed: Normal, SpikeSlab"),
        ('"SpikeSlab"', '["SpikeSlab"]', "premium.default: unknown dist", "Allowed: Normal, SpikeSlab"),
        ("inclusion = 0.3", "inclusion = 1.0", "premium.default: SpikeSlab.inclusion is 1.0", "between 0 and 1"),
        ("slab = 0.8, ", "", "premium.default: 'slab' is missing", ""),
        ("slab = 0.8", "sd = 0.8", "premium.default: unknown key 'sd'", "slab"),
        ('kind  = "free"', 'kind  = "fre"', "unknown zero_beta.kind 'fre'", "Did you mean 'free'"),
        ("[zero_beta]", "[zerobeta]", "unknown key 'zerobeta'", "Did you mean 'zero_beta'"),
        ('"1 %/year"', "0.01", "zero_beta.value.mean: '0.01' is not a rate", "with its unit"),
        ("scale = 0.5", 'scale = "5 %/year"', "alpha.spread.scale: expected a number", ""),
    ],
)
def test_a_mistake_in_a_new_choice_is_named_with_its_place(old, new, where, more, tmp_path):
    assert old in NEW
    with pytest.raises(SpecError) as caught:
        read(NEW.replace(old, new, 1), tmp_path)
    assert str(caught.value).startswith("mine.toml: ")
    assert where in str(caught.value)
    assert more in str(caught.value)


def test_the_id_changes_with_every_number_of_the_new_choices(tmp_path):
    model = read(NEW, tmp_path)
    paths = [path for path in leaves(model) if path != ("name",)]
    ids = {model_id(changed(model, path)) for path in paths}
    assert len(ids | {model_id(model)}) == len(paths) + 1
