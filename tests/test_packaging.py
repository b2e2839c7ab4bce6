"""What is installed, what is imported when, and which way imports go."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

import bayesfactor as bf
from tests.support.paths import ROOT

PACKAGE = ROOT / "bayesfactor"
PRESETS = {"capm", "hierarchical", "static", "pooled", "sparse", "spike_slab", "student_t", "unpooled"}
PRESETS |= {"moving_loadings", "noisy_factors"}

LAYERS = (
    ("base",),
    ("panel",),
    ("spec", "data"),
    ("paths",),
    ("posterior", "graph", "closedform"),
    ("analysis", "sampling"),
    ("plots", "optimisers"),
    ("reporting",),
    ("cli",),
)
ROOMS = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
SAMPLERS = {"pymc", "pytensor", "nutpie"}
COMPILER = {"numba", "llvmlite"}
MAY_SAMPLE = ("graph", "sampling")
MAY_COMPILE = ("sampling", "data.streaming.kernel", "base.jit")  # the last is what both compile with


@cache
def modules():
    """Return the syntax tree of every file below the package, by its dotted name; of a folder that of its __init__."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def imported(tree):
    """Return the full names of everything that is imported, wherever it stands: typing-only and lazy imports count."""
    return [*_imports(tree)]


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def arrows():
    """Return what each file of the package imports of the others."""
    trees = modules()
    found = {}
    for name, tree in trees.items():
        assert "bayesfactor" not in imported(tree), f"{name} imports the package and not what it needs of it"
        own = [target.removeprefix("bayesfactor.") for target in imported(tree) if target.startswith("bayesfactor.")]
        found[name] = {target if target in trees else target.rpartition(".")[0] for target in own}
        assert found[name] <= set(trees), f"{name} imports {found[name] - set(trees)} from the package itself"
    return found


def circle(arrows):
    """Return the members of a circle of arrows, or nothing."""
    done = set()

    def walk(name, path):
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        found = next((one for target in sorted(arrows.get(name, ())) if (one := walk(target, [*path, name]))), [])
        done.add(name)
        return found

    return next((found for name in sorted(arrows) if (found := walk(name, []))), [])


def folders(name):
    """Yield the folders that a file is in, the room first."""
    parts = name.split(".")
    yield from (
        ".".join(parts[:depth]) for depth in range(1, len(parts) + 1) if (PACKAGE / "/".join(parts[:depth])).is_dir()
    )


def test_the_rooms_are_those_of_the_house():
    there = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert there - {"models"} == set(ROOMS)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert not [
        path
        for path in PACKAGE.rglob("*")
        if path.is_dir() and any(path.glob("*.py")) and not (path / "__init__.py").is_file()
    ]


def test_imports_go_down_only():
    """Rooms of one layer do not import each other."""
    wrong = [
        f"{name} imports {target}"
        for name, targets in arrows().items()
        for target in targets
        if name != "__main__"
        and (room := name.split(".")[0]) != (other := target.split(".")[0])
        and ROOMS[other] >= ROOMS[room]
    ]
    assert not wrong


def test_no_circle_of_files():
    assert circle(arrows()) == []


def test_no_circle_of_folders():
    """What a folder holds itself, beside its folders, counts as one of these."""
    found = {}
    for name, targets in arrows().items():
        own = [*folders(name)][-1] if "." in name or (PACKAGE / name).is_dir() else name
        for target in targets:
            other = [*folders(target)][-1]
            if own != other:
                found.setdefault(own, set()).add(other)
    assert circle(found) == []


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def users(libraries):
    return {name for name, tree in modules().items() if libraries & {target.split(".")[0] for target in imported(tree)}}


def test_samplers_and_the_compiler_are_imported_where_they_may_be():
    assert {name.split(".")[0] for name in users(SAMPLERS)} <= set(MAY_SAMPLE)
    assert not [name for name in users(COMPILER) if not name.startswith(MAY_COMPILE)]


def test_nothing_is_imported_by_a_text():
    """Whoever looks for what imports a file finds it."""
    for name, tree in modules().items():
        called = {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute)
        }
        assert not {"import_module", "__import__"} & called, name


def run_python(code: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_costs_almost_nothing():
    loaded = run_python("import sys, bayesfactor; print(*sorted({m.split('.')[0] for m in sys.modules}))").split()
    heavy = {
        "pymc",
        "pytensor",
        "nutpie",
        "arviz",
        "pandas",
        "matplotlib",
        "numpy",
        "xarray",
        "numba",
        "scipy",
        "skfolio",
        "sklearn",
    }
    assert not heavy & set(loaded)


IMPORT_EACH = """
import importlib, pathlib, sys
package = pathlib.Path(sys.argv[1])
for path in sorted(package.rglob("*.py")):
    name = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRAS:
            print(f"{name}: {error}")
    except ImportError as error:
        print(f"{name}: {error}")
"""


def test_every_module_can_be_imported():
    """In any order, as there is no circle."""
    extras = "EXTRAS = {'typer', 'rich', 'linearmodels', 'pyarrow'}"
    assert run_python(f"{extras}\n{IMPORT_EACH}", str(PACKAGE)) == ""


@pytest.mark.parametrize("name", bf.__all__)
def test_public_name_resolves(name):
    assert getattr(bf, name) is not None
    taken = {path.stem for path in PACKAGE.iterdir()}
    assert name == "__version__" or name not in taken, f"{name} is also the name of a module"


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="No bayesfactor attribute nothing"):
        _ = bf.nothing


def test_editable_install_finds_the_presets():
    assert set(bf.list_models()) == PRESETS


def test_wheel_holds_the_presets(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {Path(name).stem for name in names if name.startswith("bayesfactor/models/")} == PRESETS
    assert {"bayesfactor/py.typed", "bayesfactor/__init__.pyi"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    code = "import bayesfactor as bf; print(bf.__file__); print(*bf.list_models())"
    where, listed = run_python(code, PYTHONPATH=str(target)).splitlines()
    assert Path(where).is_relative_to(target)
    assert set(listed.split()) == PRESETS


def test_tracked_files_hold_no_machine_paths():
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    marks = [f"/{folder}/" for folder in ("home", "root", "Users", "work", "tmp")]
    wrong = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or b"\0" in (data := path.read_bytes()):
            continue
        text = data.decode("utf-8", errors="replace")
        wrong += [f"{name}: {mark}" for mark in marks if mark in name or mark in text]
    assert not wrong


def test_the_architecture_page_names_every_room():
    """And no other; and the folders that it names beside a room are that room's."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d) \| (.*) \|$", text, flags=re.MULTILINE)
    assert [int(layer) for layer, _ in table] == list(range(len(LAYERS), 0, -1))
    for rooms, (_, row) in zip(reversed(LAYERS), table, strict=True):
        assert set(re.findall(r"(?:^|\. )`(\w+)`: ", row)) == set(rooms)
        folders = {path.name for room in rooms for path in (PACKAGE / room).iterdir() if path.is_dir()}
        assert set(re.findall(r"`(\w+)`", row)) <= folders | set(rooms)


def test_what_the_architecture_page_names_is_there():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = [name.split(".") for name in re.findall(r"`(\w+\.\w+)`", text) if name.split(".")[0] in ROOMS]
    assert len(named) > 10
    for room, name in named:
        assert (PACKAGE / room / name).is_dir() or (PACKAGE / room / f"{name}.py").is_file(), f"{room}.{name}"


TYPED = """
import bayesfactor as bf

panel = bf.integrate({}, {})
fit: bf.Fit = bf.fit(panel, "hierarchical", bf.Sampler(draws=10))
reveal_type(bf.attribute(fit).table())
bf.fit(1, 2, 3)
bf.fitt
"""
READ_LITTLE = """
[mypy]
follow_imports = skip
[mypy-bayesfactor.*,pandas.*]
follow_imports = silent
"""  # what the names' own types are made of; the whole of what is imported takes ten times as long


def test_type_checkers_see_the_public_names(tmp_path):
    """Through the stub, which the wheel holds beside `py.typed`."""
    program, settings = tmp_path / "program.py", tmp_path / "mypy.ini"
    program.write_text(TYPED)
    settings.write_text(READ_LITTLE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "--config-file", str(settings), str(program)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    said = done.stdout
    assert 'Argument 1 to "fit" has incompatible type "int"' in said
    assert 'Argument 2 to "fit" has incompatible type "int"' in said
    assert 'Argument 3 to "fit" has incompatible type "int"' in said
    assert 'has no attribute "fitt"' in said
    assert "DataFrame" in said
