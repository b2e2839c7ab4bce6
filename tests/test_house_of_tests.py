"""Tests and benchmarks use what the package shows, so that what is inside can change."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT
from tests.support.workers import LONGEST

FILES = sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
HIDDEN = "_" + "covariance"


def private(name: str) -> bool:
    return name.strip("_") != "" and name.startswith("_") and not name.endswith("__")


def defined(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a file of the package defines: functions, classes, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


@pytest.fixture(scope="module")
def inside() -> set[str]:
    """Private names of the package and of its files."""
    paths = list((ROOT / "bayesfactor").rglob("*.py"))
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return {name for tree in trees for name in defined(tree) if private(name)} | {
        path.stem for path in paths if private(path.stem)
    }


def used(tree: ast.AST, inside: set[str]) -> Iterator[str]:
    """Yield what is imported, called or patched of these names, also by a path or a program that is written as text."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "bayesfactor":
                yield from (f"{module}.{one.name}" for one in names if private(one.name) or "._" in module)
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.startswith("bayesfactor.") and "._" in one.name)
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if name in inside:
                yield ast.unparse(node)
            case ast.Call(args=[_, ast.Constant(value=str(name)), *_]) if name in inside:  # setattr and its kin
                yield ast.unparse(node)
            case ast.Constant(value=str(text)):
                yield from written(text, inside)


def written(text: str, inside: set[str]) -> Iterator[str]:
    yield from re.findall(r"bayesfactor(?:\.\w+)*\._\w+", text)
    if "\n" in text and text.isascii():
        try:
            program = ast.parse(text)
        except SyntaxError:
            return
        yield from used(program, inside)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_private_of_the_package_is_used(path, inside):
    assert sorted(used(ast.parse(path.read_text(encoding="utf-8")), inside)) == []


@pytest.mark.parametrize(
    "program",
    [
        "from bayesfactor.{file} import {name}",
        "from bayesfactor import {file}\n{file}.{name}(1)",
        "monkeypatch.setattr('bayesfactor.{file}.{name}', None)",
        "monkeypatch.setattr({file}, '{name}', None)",
        "getattr({file}, '{name}')",
        "PROGRAM = '''\nfrom bayesfactor.{file} import {name}\n'''",
        "PROGRAM = '''\nfrom bayesfactor import {file}\n{file}.{name} = 1\n'''",
    ],
)
def test_every_way_to_what_is_private_is_found(program):
    assert list(used(ast.parse(program.format(file="recovery", name=HIDDEN)), {HIDDEN}))
    assert not list(used(ast.parse(program.format(file="recovery", name=HIDDEN[1:])), {HIDDEN}))


def test_the_files_that_run_first_are_there():
    assert set(LONGEST) <= {path.stem for path in FILES}


def test_tests_mirror_the_rooms():
    rooms = {path.name for path in (ROOT / "bayesfactor").iterdir() if (path / "__init__.py").is_file()}
    folders = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").is_file()}
    assert folders - {"contracts", "recovery", "peers", "support"} <= rooms
    assert rooms - folders <= {"graph"}  # held to the kernels by contracts
