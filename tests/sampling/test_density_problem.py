"""What the compiled density takes a model for."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

import bayesfactor as bf
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.spec.alphas import ScaledAlphas
from tests.support.panels import make_panel


@dataclass(frozen=True)
class Mine:
    """A choice that the package does not know."""

    kind: ClassVar[str] = "mine"
    law: ScaledAlphas

    def scaled(self, units):
        return self.law


def with_choice(part, choice):
    """Return the default model with a choice that its own checks would refuse."""
    model = replace(bf.FactorModel())
    object.__setattr__(model, part, choice)
    return model


def test_alphas_are_what_their_scaled_law_says():
    """A new choice with the law of an old one has its density, and its places in theta."""
    panel = make_panel(assets=4, traded=1, other=1, periods=40)
    old = replace(bf.FactorModel(), alpha=bf.ShrunkAlpha(bf.HalfNormalRate(bf.Rate(5.0))))
    known = prepare(panel, old)
    new = prepare(panel, with_choice("alpha", Mine(known.priors.alpha)))
    assert new.layout == known.layout
    assert (new.buffer == known.buffer).all()


@pytest.mark.parametrize("part", ["loadings", "noise"])
def test_a_choice_without_a_compiled_density_is_refused(part):
    panel, known = make_panel(assets=3, periods=40), getattr(bf.FactorModel(), part)
    unknown = type("Unknown", (), {"kind": "unknown", "__getattr__": lambda self, name: getattr(known, name)})()
    with pytest.raises(bf.SpecError, match=f"no compiled density covers {part}.kind = 'unknown'") as caught:
        prepare(panel, with_choice(part, unknown))
    assert "bf.build" in caught.value.remedy
