"""Answers are made of draws: nobody downstream asks which choice a model made."""

import ast

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "bayesfactor"
ROOMS = ("posterior", "analysis", "plots", "reporting", "cli")
CHOICES = {
    node.name
    for name in (
        "alphas",
        "factors",
        "inclusion",
        "loadings",
        "measurement_error",
        "noise",
        "observation",
        "residual_factors",
    )
    for node in ast.parse((PACKAGE / f"spec/{name}.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef) and not node.name.startswith("Scaled")
} | {"SpikeSlab"}


def asked(tree):
    """Yield what in a file asks which choice it has: isinstance, match, ``kind``, or a law's own parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            yield from CHOICES & {one.id for one in ast.walk(node.args[1]) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.MatchClass):
            yield from CHOICES & {one.id for one in ast.walk(node.cls) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.Attribute) and node.attr in ("kind", "dof"):
            owner = node.value
            if node.attr == "dof" or (isinstance(owner, ast.Attribute) and owner.attr in PARTS):
                yield f".{node.attr}"
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("bayesfactor.spec"):
            yield from (f"import of {one.name}" for one in node.names if one.name in CHOICES or one.name in FILES)
        elif isinstance(node, ast.Constant) and node.value == "dof":
            yield '"dof"'


FILES = ("alphas", "factors", "loadings", "noise", "observation", "priors")  # by which their classes could be had
PARTS = ("alpha", "loadings", "noise", "zero_beta", "factors", "observation")


# Files that read the variable `dof` of draws: of the tails of the next period, whatever program made the draws.
OF_DRAWS = {"predictive_law.py", "plausibility.py", "moved_draws.py", "diagnostics.py", "one_step.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_downstream_asks_which_choice_it_is(room):
    found = {
        f"{path.name}: {what}"
        for path in (PACKAGE / room).rglob("*.py")
        for what in asked(ast.parse(path.read_text(encoding="utf-8")))
        if not (path.name in OF_DRAWS and what in (".dof", '"dof"'))
    }
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "isinstance(model.noise, StudentTNoise)",
        "isinstance(x, (int, ZeroAlpha))",
        "match model.loadings:\n    case FreeLoadings():\n        pass",
        "model.noise.kind",
        "'dof' in posterior",
        "model.noise.dof.above",
        "from bayesfactor.spec.noise import StudentTNoise as S",
        "from bayesfactor.spec import noise",
    ],
)
def test_asking_is_seen(text):
    assert list(asked(ast.parse(text)))
