"""The compiled kernels: eight doubles at a time, and where the machine code is cached."""

import ast
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from bayesfactor.base import jit
from bayesfactor.sampling.kernels import simd
from bayesfactor.sampling.kernels.simd import WIDTH, exp, load, log, store, zero_where_nan
from tests.support.paths import ROOT

HERE = Path(__file__).parent  # of the functions that are compiled here
SOURCES = jit.source_digest(HERE)

AT_ONCE = """
import threading, numba
from bayesfactor.sampling.kernels.coverage import KERNELS
threads = [threading.Thread(target=kernel.entries) for kernel in KERNELS]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(repr(numba.config.CACHE_DIR))
"""


@numba.njit
def of_lanes(x, exponentials, logarithms, numbers):
    for i in range(0, x.size, WIDTH):
        store(exponentials, i, exp(load(x, i)))
        store(logarithms, i, log(load(x, i)))
        store(numbers, i, zero_where_nan(load(x, i), load(x, i) + load(x, i)))


def evaluated(x):
    found = tuple(np.empty_like(x) for _ in range(3))
    of_lanes(x, *found)
    return found


def test_exponentials_and_logarithms_are_those_of_numpy():
    rng = np.random.default_rng(1)
    small = np.concatenate([rng.uniform(-700, 700, 8000), rng.uniform(-1, 1, 8000)])
    np.testing.assert_allclose(evaluated(small)[0], np.exp(small), rtol=1e-15)
    positive = np.concatenate([np.exp(small), rng.uniform(0.5, 2, 8000)])
    np.testing.assert_allclose(evaluated(positive)[1], np.log(positive), rtol=1e-15, atol=1e-16)


def test_what_has_no_logarithm_is_no_number():
    x = np.array([0.0, -1.0, np.inf, -np.inf, np.nan, 1.0, 2.0, 4.0])
    exponentials, logarithms, numbers = evaluated(x)
    assert np.isnan(logarithms[:5]).all()
    np.testing.assert_allclose(logarithms[5:], np.log(x[5:]), atol=1e-16)
    assert np.isnan(exponentials[4])
    np.testing.assert_array_equal(numbers[[4, 5, 6, 7]], [0.0, 2.0, 4.0, 8.0])


def test_threads_that_compile_at_once_leave_the_users_cache_alone(tmp_path):
    """Both kernels are loaded at the same time, and nothing is written beside them."""
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stdout.strip() == "''"
    assert not list(tmp_path.iterdir())


def test_what_counts_no_references_makes_no_arrays():
    """A `jit_part` that made an array, or called what makes one, would lose it or free it twice."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(simd.__file__).parent.glob("*.py")]
    functions = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}
    by = {
        name: {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
        for name, node in functions.items()
    }
    makers = {name for name, marks in by.items() if marks & {"jit_alloc", "jit", "jit_shared"}}
    makers -= {"quantile", "half_normal"}  # two numbers
    parts = [name for name, marks in by.items() if marks & {"jit_part", "jit_inline"}]
    assert len(parts) > 20
    assert {"aligned", "allocate_conditional", "allocate_workspace", "allocate_surrogate"} <= makers
    for name in parts:
        calls = [node.func for node in ast.walk(functions[name]) if isinstance(node, ast.Call)]
        called = {call.id if isinstance(call, ast.Name) else call.attr for call in calls}
        assert not called & (
            makers | {"empty", "zeros", "ones", "full_like", "empty_like", "zeros_like", "copy", "carray"}
        )


@pytest.fixture
def another(monkeypatch, tmp_path):
    """Return what makes kernels as a new process would make them, while some folders cannot be written."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))

    def load(*shut, given=""):
        def file(dir):
            if any(Path(dir).is_relative_to(one) for one in shut):
                raise PermissionError(dir)
            return tempfile.TemporaryFile(dir=dir)

        spec = importlib.util.spec_from_file_location("another_jit", jit.__file__)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        folders = {"gettempdir": tempfile.gettempdir, "mkdtemp": tempfile.mkdtemp}
        module.tempfile = SimpleNamespace(TemporaryFile=file, **folders)
        monkeypatch.setattr(numba.config, "CACHE_DIR", given)
        return module

    return load


@pytest.fixture
def place(another):
    """Ask where kernels are kept while some folders cannot be written; return the place and what was warned of."""

    def ask(*shut, given=""):
        module = another(*shut, given=given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = [module.jit(lambda x: x + 1.5).stats.cache_path for _ in range(3)]
        assert found[0] == found[1] == found[2]
        assert given == numba.config.CACHE_DIR
        if found[0]:  # a folder for kernels of this file: nothing was compiled
            os.rmdir(found[0])
        return found[0] and Path(found[0]).parent, [(one.category, str(one.message)) for one in caught]

    return ask


def test_kernels_are_kept_beside_the_package_or_where_the_user_says(place, tmp_path):
    assert place() == (HERE / "__pycache__" / SOURCES, [])
    assert place(given=str(tmp_path / "mine")) == (tmp_path / "mine", [])


@pytest.mark.skipif(sys.platform != "linux", reason="the user's cache is elsewhere")
def test_in_the_users_cache_they_have_the_name_of_their_sources(place, tmp_path):
    """So that those of another version are not taken for them."""
    assert place(HERE) == (tmp_path / "user" / "bayesfactor" / SOURCES, [])


def test_a_folder_of_the_users_that_cannot_be_written_is_passed_over(place, tmp_path):
    mine = str(tmp_path / "mine")
    assert place(mine, given=mine)[0] == HERE / "__pycache__" / SOURCES


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owner here")
def test_where_nothing_can_be_written_a_temporary_folder_is_used_and_said_once(place, tmp_path):
    found, warned = place(HERE, tmp_path / "user")
    assert found.parent.parent == tmp_path / "temporary"
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    ((category, text),) = warned
    assert category is RuntimeWarning
    assert str(found.parent) in text
    assert "Set the environment variable NUMBA_CACHE_DIR to a folder that you may write to." in text
    assert "\n" not in text
    assert place(HERE, tmp_path / "user")[0] == found  # that of the next process, too
    mine = str(tmp_path / "mine")
    assert f"neither '{mine}' (NUMBA_CACHE_DIR) nor" in place(HERE, tmp_path / "user", mine, given=mine)[1][0][1]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owner here")
@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_temporary_folder_that_others_can_write_is_not_used(place, tmp_path, trap):
    """What is kept there is code that will run."""
    own = tmp_path / "temporary" / f"bayesfactor-{os.getuid()}"
    if trap == "open":
        own.mkdir()
        own.chmod(0o777)
    elif trap == "link":
        own.symlink_to(tmp_path)
    else:
        own.write_text("")
    found, warned = place(HERE, tmp_path / "user")
    assert not found.is_relative_to(own)
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert len(warned) == 1


def test_without_any_folder_kernels_are_compiled_anew(place, another, tmp_path, monkeypatch):
    def none(*_, **__):
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    found, ((_, text),) = place(HERE, tmp_path / "user")
    assert found is None
    assert "compiled anew in every process" in text
    module = another(HERE, tmp_path / "user")
    with pytest.warns(RuntimeWarning, match="compiled anew in every process"):
        assert module.jit(lambda x: x + 1.5)(2.0) == 3.5
    assert module.jit_strict(lambda x: x * 2.0)(2.0) == 4.0


READ_ONLY = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from bayesfactor.sampling.kernels.mixture import quantile
    from bayesfactor.data.streaming import kernel
x, slope = quantile(0.5, 2.0, 0.01, 0.999999)
print(round(x / 2, 3), *[str(one.message) for one in caught if "NUMBA_CACHE_DIR" in str(one.message)], sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="root's rights are given up by a program of Linux")
def test_a_package_and_a_cache_that_are_read_only(tmp_path):
    """In a process that has no rights: both can be imported and run, with one warning."""
    root = ROOT
    bare = [] if os.getuid() else ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    package, home, temporary = tmp_path / "package", tmp_path / "home", tmp_path / "temporary"
    shutil.copytree(root / "bayesfactor", package / "bayesfactor", ignore=shutil.ignore_patterns("__pycache__"))
    home.mkdir()
    temporary.mkdir()
    paths = {"HOME": home, "XDG_CACHE_HOME": home, "TMPDIR": temporary, "PYTHONPATH": package}
    environment = {**os.environ, **{name: str(path) for name, path in paths.items()}, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    shut = [home, package, *(path for path in package.rglob("*") if path.is_dir())]
    for path in shut:
        path.chmod(0o555)
    try:
        write = [*bare, sys.executable, "-c", f"open({str(home / 'x')!r}, 'w')"]
        if bare and not shutil.which("setpriv"):
            pytest.skip("nothing here gives up root's rights")
        if subprocess.run(write, capture_output=True, check=False).returncode == 0:
            pytest.skip("rights of folders do not bind here")
        done = subprocess.run(
            [*bare, sys.executable, "-c", READ_ONLY],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    finally:
        for path in shut:
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    number, warned = done.stdout.strip().split("|")
    assert number == "0.5"
    assert str(temporary) in warned
