"""What is installed, what is imported when, and which way imports go."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bayesfactor as bf

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bayesfactor"
PRESETS = {"capm", "hierarchical", "pooled", "spike_slab", "student_t", "unpooled"}

LAYERS = {
    0: ("errors", "dates"),
    1: (
        "correlations",
        "fingerprints",
        "panel",
        "panelbase",
        "panelstatistics",
        "moments",
        "windows",
        "executors",
        "spec",
        "priors",
        "modelfile",
        "calendars",
        "description",
        "integration",
        "screening",
        "readers",
    ),
    2: (
        "intervals",
        "labelled",
        "catalog",
        "simulation",
        "closedform",
        "statistics",
        "streaming",
        "translation",
        "density",
    ),
    3: (
        "alignment",
        "blocks",
        "collection",
        "convergence",
        "diagnostics",
        "drawstore",
        "loglikelihood",
        "misfit",
        "pointwise",
        "posterior",
        "progress",
        "recovery",
        "storage",
        "tables",
        "wholefiles",
    ),
    4: ("graph",),
    5: ("inference",),
    6: (
        "checks",
        "residualchecks",
        "strength",
        "attribution",
        "contributions",
        "datapremia",
        "doubts",
        "entries",
        "identification",
        "pricing",
        "holdings",
        "realised",
        "predictive",
        "evidence",
        "forecast",
        "many",
        "workers",
    ),
    7: ("reporting", "plots", "typesetting"),
    8: ("cli", "__main__"),
}
SAMPLERS = {"pymc", "pytensor", "nutpie"}
MAY_SAMPLE = {"graph", "inference"}


def layer(module: str) -> int:
    """Layer of a module: its own, or that of its package."""
    top = module.split(".")[0]
    for number, names in LAYERS.items():
        if top in names:
            return number
    raise AssertionError(f"{module} has no layer: give it one in LAYERS")


def modules():
    """Yield the name of every module below the package, and its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node: ast.AST):
    """Yield the full name of every import that runs, wherever it stands."""
    if is_typing_only(node):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        if node.module == "bayesfactor":
            yield from (f"bayesfactor.{alias.name}" for alias in node.names)
        else:
            yield str(node.module)
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def test_imports_go_down_only():
    wrong = []
    for name, tree in modules():
        for target in imported(tree):
            own = target.removeprefix("bayesfactor.")
            if own != target and own != "__version__" and layer(own) > layer(name):
                wrong.append(f"{name} (layer {layer(name)}) imports {own} (layer {layer(own)})")
    assert not wrong


def test_samplers_are_imported_in_two_places_only():
    users = {
        name.split(".")[0] for name, tree in modules() if SAMPLERS & {target.split(".")[0] for target in imported(tree)}
    }
    assert users <= MAY_SAMPLE


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
    }
    assert not heavy & set(loaded)


IMPORT_EACH = """
import importlib, pathlib, sys
package = pathlib.Path(sys.argv[1])
for path in sorted(package.rglob("*.py")):
    name = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
    for loaded in [one for one in sys.modules if one.split(".")[0] == "bayesfactor"]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRAS:
            print(f"{name}: {error}")
    except ImportError as error:
        print(f"{name}: {error}")
"""


def test_every_module_can_be_imported_first():
    extras = "EXTRAS = {'typer', 'rich', 'linearmodels', 'pyarrow'}"
    assert run_python(f"{extras}\n{IMPORT_EACH}", str(PACKAGE)) == ""


@pytest.mark.parametrize("name", bf.__all__)
def test_public_name_resolves(name):
    assert getattr(bf, name) is not None
    taken = {path.stem for path in PACKAGE.iterdir()}
    assert name == "__version__" or name not in taken, f"{name} is also the name of a module"


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
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
