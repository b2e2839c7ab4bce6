"""What the compiled density takes a model for, and where its numbers stand."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.sampling.kernels.buffer import aligned_buffer
from bayesfactor.sampling.kernels.correlated_kernel import CORRELATED
from bayesfactor.sampling.kernels.coverage import KERNELS, refusal
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.sampling.kernels.prior import AT, PRIOR, SCALAR, SIZE, Blocks, Prior, Scalars
from bayesfactor.sampling.kernels.student_kernel import OWN
from bayesfactor.spec.model import parts
from tests.support.choices import derived, example
from tests.support.panels import make_panel

PRESETS = bf.list_models()


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=40)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_one_kernel(name, panel):
    model = bf.read_model(name)
    assert refusal(model) is None
    kernel, *others = [one for one in KERNELS if all(one.covers_choice(part, getattr(model, part)) for part in parts())]
    assert prepare(model.restrict(panel), model).kernel is kernel
    assert set(others) <= {CORRELATED}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_a_kernel_says_of_every_part_what_it_covers(kernel):
    assert {part: set(kernel.covers[part]) <= set(allowed) for part, allowed in parts().items()} == dict.fromkeys(
        kernel.covers, True
    )
    assert all(kernel.covers.values())


@pytest.mark.parametrize("part", parts())
def test_a_choice_without_a_compiled_density_is_refused(part, panel):
    """Also one that is derived from a choice that is covered: its law may be another."""
    model = replace(bf.FactorModel(), **{part: derived(getattr(bf.FactorModel(), part), kind="mine")})
    reason = f"no compiled density covers {part}.kind = 'mine'"
    assert refusal(model) == reason
    with pytest.raises(bf.SpecError, match=f"fit: {reason}\\.") as caught:
        prepare(panel, model)
    assert caught.value.place == f"fit.model: {part}"
    assert caught.value.found == "mine"
    assert 'engine="graph"' in caught.value.remedy


def test_of_several_parts_the_first_is_named():
    model = bf.FactorModel()
    choices = {part: derived(getattr(model, part), kind=f"my {part}") for part in ("noise", "alpha")}
    assert refusal(replace(model, **choices)) == "no compiled density covers alpha.kind = 'my alpha'"


def test_choices_that_no_one_kernel_covers_are_refused(panel):
    """Each is covered by some kernel, and together by none."""
    model = bf.read_model("student_t")
    object.__setattr__(model, "observation", example(bf.HalfLife))  # the model's own check would refuse it
    reason = "no compiled density covers observation.kind = 'half_life' together with the model's other choices"
    assert refusal(model) == reason
    with pytest.raises(bf.SpecError, match=reason):
        prepare(panel, model)


def test_a_part_that_is_new_is_not_covered(monkeypatch, panel):
    """A kernel knows nothing of a part that it does not name."""
    monkeypatch.setattr("bayesfactor.sampling.kernels.coverage.parts", lambda: {**parts(), "name": (str,)})
    assert refusal(bf.FactorModel()) == "no compiled density covers name.kind = 'str'"


def slot(problem, number):
    """Return one slot of a buffer, by its bounds in the header."""
    start, stop = problem.buffer[2 * number : 2 * number + 2].astype(int)
    return problem.buffer[start:stop]


@pytest.mark.parametrize("name", PRESETS)
def test_every_number_is_in_the_slot_of_its_name(name, panel):
    model = bf.read_model(name)
    problem = prepare(model.restrict(panel), model)
    data, n = problem.data, len(panel.assets)
    for field in set(Prior._fields) & set(data):
        found = slot(problem, getattr(PRIOR, field))
        np.testing.assert_array_equal(found[: data[field].size], data[field].ravel())
    assert slot(problem, PRIOR.size)[[SIZE.assets, SIZE.groups]].tolist() == [n, len(panel.group_names)]
    assert slot(problem, PRIOR.is_asset).tolist() == [1.0] * n + [0.0] * (8 - n)
    for field in Scalars._fields:
        assert slot(problem, PRIOR.scalars)[getattr(SCALAR, field)] == data[field]
    for field in Blocks._fields:
        assert slot(problem, PRIOR.offset)[getattr(AT, field)] == problem.layout[field][0]
    if "dof_z_log__" in {block for block, (at, _) in problem.layout.items() if at >= 0}:
        np.testing.assert_array_equal(slot(problem, OWN.xx), data["xx"].ravel())
        assert slot(problem, OWN.dates).tolist() == np.isfinite(panel.returns.values).sum(axis=0).tolist()


def test_a_buffer_holds_no_more_slots_than_its_header():
    with pytest.raises(AssertionError, match="header"):
        aligned_buffer([np.zeros(1)] * 48)
    assert aligned_buffer([np.zeros(1)] * 47).size == 96 + 47 * 8
