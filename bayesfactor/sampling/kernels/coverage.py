"""Which compiled density covers a model, and in words why none does."""

from bayesfactor.base.errors import SpecError
from bayesfactor.sampling.kernels.correlated_kernel import CORRELATED
from bayesfactor.sampling.kernels.kernel import Kernel
from bayesfactor.sampling.kernels.normal_kernel import NORMAL
from bayesfactor.sampling.kernels.student_kernel import STUDENT
from bayesfactor.spec.model import FactorModel, parts

KERNELS = (NORMAL, STUDENT, CORRELATED)  # the first that covers a model has it given latent variables


def refusal(model: FactorModel) -> str | None:
    """Return None where some compiled density covers every part of a model; else the reason why none does."""
    part = _first_uncovered(model)
    return None if part is None else _reason(model, part)


def covering(model: FactorModel) -> Kernel:
    """Return the kernel that covers every part of a model.

    Raises
    ------
    SpecError
        When there is none.
    """
    part = _first_uncovered(model)
    if part is not None:
        raise SpecError(
            f"fit: {_reason(model, part)}.",
            place=f"fit.model: {part}",
            found=_kind(model, part),
            remedy='bf.fit(panel, model, engine="graph") samples its PyMC graph.',
        )
    return next(kernel for kernel in KERNELS if all(_covers(kernel, model, part) for part in parts()))


def _first_uncovered(model: FactorModel) -> str | None:
    """Return the first part that no kernel covers which covers the parts before it; None where there is none."""
    left = list(KERNELS)
    for part in parts():
        left = [kernel for kernel in left if _covers(kernel, model, part)]
        if not left:
            return part
    return None


def _covers(kernel: Kernel, model: FactorModel, part: str) -> bool:
    return kernel.covers_choice(part, getattr(model, part))


def _reason(model: FactorModel, part: str) -> str:
    alone = any(_covers(kernel, model, part) for kernel in KERNELS)
    beside = " together with the model's other choices" if alone else ""
    return f"no compiled density covers {part}.kind = '{_kind(model, part)}'{beside}"


def _kind(model: FactorModel, part: str) -> str:
    """Return the kind of a part; the name of its class where it has but one choice, and so no kind."""
    choice = getattr(model, part)
    return getattr(choice, "kind", type(choice).__name__)
