"""Model files with residual factors, sparse loadings and measurement error: read as written, mistakes named."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.errors import SpecError
from bayesfactor.spec.files import model_id, model_text

TEXT = """
[loadings]
kind = "grouped"
[loadings.prior.default]
mean   = { dist = "Normal", mean = 0.0, sd = 0.5 }
spread = { dist = "HalfNormal", scale = 0.25 }
[loadings.inclusion]
default = { dist = "Beta", a = 1, b = 2, spike = "group" }
market  = 1.0

[noise]
kind   = "normal"
level  = { dist = "LogNormal", median = "40 %/year", sd = 1.0 }
spread = { dist = "HalfNormal", scale = 0.5 }
common = { count = "auto", spread = { dist = "HalfNormal", scale = 0.3 } }
groups = { dist = "Normal", mean = 0.25, sd = 0.25 }

[factors.error]
macro  = { reliability = 0.6 }
volume = { dist = "Beta", a = 8, b = 4, proxy = "volume_2" }
market = { reliability = 0.9, unbiased = true }
"""


def read(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return bf.read_model(path)


def test_a_file_chooses_residual_factors_inclusion_and_error(tmp_path):
    model = read(TEXT, tmp_path)
    assert dict(model.loadings.inclusion) == {"default": bf.BetaInclusion(1.0, 2.0, "group"), "market": 1.0}
    assert model.noise.common == bf.CommonResiduals("auto", bf.HalfNormal(0.3), bf.Normal(0.0, 0.5))
    assert model.noise.groups == bf.Normal(0.25, 0.25)
    assert dict(model.factors.error) == {
        "macro": bf.KnownReliability(0.6),
        "volume": bf.BetaReliability(8.0, 4.0, proxy="volume_2"),
        "market": bf.KnownReliability(0.9, unbiased=True),
    }
    assert model.has_latents
    words = "noise.common.count = 'auto', noise.groups, loadings.inclusion, factors.error"
    assert model.latents_in_words == words
    again = read(model_text(model), tmp_path)
    assert (again, model_id(again)) == (model, model_id(model))
    whole = replace(model, noise=replace(model.noise, common=bf.CommonResiduals(np.int64(2))))
    assert "count = 2\n" in model_text(whole)
    assert read(model_text(whole), tmp_path) == whole


@pytest.mark.parametrize(
    ("old", "new", "where", "more"),
    [
        ("[loadings.inclusion]", "[loadings.inclusions]", "loadings: unknown key 'inclusions'", "Did you mean 'inclu"),
        ('"Beta", a = 1', '"Betta", a = 1', "loadings.inclusion.default: unknown dist 'Betta'", "Did you mean 'Beta'"),
        ('dist = "Beta", a = 1, ', "a = 1, ", "loadings.inclusion.default: unknown dist 'None'", "Allowed: Beta"),
        ("a = 1, ", "", "loadings.inclusion.default: 'a' is missing", 'For instance { dist = "Beta", a = 1.0'),
        ("b = 2", "b = 0", "loadings.inclusion.default: BetaInclusion.b is 0.0", "positive"),
        ('"group"', '"groups"', "loadings.inclusion.default.spike: unknown value 'groups'", "Did you mean 'group'"),
        ('"group" }', '"group", floor = 0 }', "BetaInclusion.floor is 0.0", "could not be told apart"),
        ("market  = 1.0", "market  = 0.5", "loadings.inclusion.market is 0.5", "1.0: always in"),
        ("market  = 1.0", 'market  = "in"', "inclusion.market: expected a number, found 'in'", "For instance { dist"),
        ("market  = 1.0", "market  = true", "inclusion.market: expected a number, found True", "For instance { dist"),
        ("common =", "comon =", "noise: unknown key 'comon'", "Did you mean 'common'"),
        ('"auto"', "6", "noise.common: CommonResiduals.count is 6", "0 to 5, or 'auto'"),
        ('"auto"', "2.0", "noise.common: CommonResiduals.count is 2.0", "0 to 5, or 'auto'"),
        ('"auto"', '"many"', "noise.common: CommonResiduals.count is 'many'", "0 to 5, or 'auto'"),
        ("scale = 0.3", "scale = 0", "noise.common.spread: HalfNormal.scale is 0.0", "positive"),
        ('{ dist = "Normal", mean = 0.25', "{ mean = 0.25", "noise.groups: unknown dist 'None'", "Allowed: Normal"),
        ('{ dist = "Normal", mean = 0.25, sd = 0.25 }', "true", "noise.groups: expected a table, found True", ""),
        ("reliability = 0.6", "reliability = 1.0", "error.macro: KnownReliability.reliability is 1.0", "Leave out"),
        (
            "reliability = 0.6",
            "",
            "factors.error.macro: 'reliability' is missing",
            "For instance { reliability = 0.6 }",
        ),
        ("{ reliability = 0.6 }", "0.6", "factors.error.macro: expected a table, found 0.6", "For instance { rel"),
        ("a = 8", "a = -8", "factors.error.volume: BetaReliability.a is -8.0", "positive"),
        ('"volume_2"', "2", "factors.error.volume.proxy: expected a text, found 2", ""),
        ('"volume_2"', '"macro"', "factors.error.volume: its proxy 'macro' is no regressor", "Key errors by"),
        ('"volume_2"', '"volume"', "factors.error.volume: its proxy 'volume' is no regressor", "Key errors by"),
        ("unbiased = true", 'unbiased = "yes"', "error.market.unbiased: expected true or false, found 'yes'", ""),
        ("macro ", "default ", "factors.error.default: a factor without a key has no error", "Key errors by"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, where, more, tmp_path):
    assert old in TEXT
    with pytest.raises(SpecError) as caught:
        read(TEXT.replace(old, new, 1), tmp_path)
    assert str(caught.value).startswith("mine.toml: ")
    assert where in str(caught.value)
    assert more in str(caught.value)


@pytest.mark.parametrize("where", ['kind = "free"', 'kind = "common"'])
def test_only_grouped_loadings_may_be_out(where, tmp_path):
    text = TEXT.replace('kind = "grouped"', where).replace('spread = { dist = "HalfNormal", scale = 0.25 }', "")
    text = text.replace("mean   = {", "value = {", 1)
    with pytest.raises(SpecError, match="loadings: unknown key 'inclusion'"):
        read(text, tmp_path)


@pytest.mark.parametrize("key", ["common", "groups"])
def test_student_t_noise_has_no_residual_factors(key, tmp_path):
    text = TEXT.replace(
        'kind   = "normal"', 'kind = "student_t"\ndof = { dist = "Exponential", mean = 10.0, above = 2.1 }'
    )
    other = {"common": "groups", "groups": "common"}[key]
    text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{other} "))
    with pytest.raises(SpecError, match=f"noise: unknown key '{key}'"):
        read(text, tmp_path)


def test_the_id_changes_with_every_number(tmp_path):
    model, ids = read(TEXT, tmp_path), set()
    changes = [
        ("a = 1,", "a = 2,"),
        ("b = 2", "b = 3"),
        ('"group" }', '"zero" }'),
        ('"group" }', '"group", floor = 0.2 }'),
        ("market  = 1.0", ""),
        ('"auto"', "5"),
        ('"auto"', "4"),
        ("scale = 0.3", "scale = 0.4"),
        ("scale = 0.3 }", 'scale = 0.3 }, mean = { dist = "Normal", mean = 0.1, sd = 0.5 }'),
        ("mean = 0.25", "mean = 0.3"),
        ("sd = 0.25", "sd = 0.3"),
        ("reliability = 0.6", "reliability = 0.7"),
        ("a = 8", "a = 9"),
        ("b = 4", "b = 5"),
        ('"volume_2"', '"volume_3"'),
        ("unbiased = true", "unbiased = false"),
        ("macro ", "rates "),
    ]
    for old, new in changes:
        assert old in TEXT
        ids.add(model_id(read(TEXT.replace(old, new, 1), tmp_path)))
    assert len(ids | {model_id(model)}) == len(changes) + 1
