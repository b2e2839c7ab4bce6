"""The compiled kernels: lanes of doubles, and where they are kept."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np

from bayesfactor.density import lanes
from bayesfactor.density.lanes import WIDTH, exp, known, load, log, store

AT_ONCE = """
import threading, numba
from bayesfactor.density import compiled
threads = [threading.Thread(target=compiled.entries, args=(student,)) for student in (False, True)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(repr(numba.config.CACHE_DIR))
"""


@numba.njit
def of_lanes(x, exponentials, logarithms, numbers):
    for i in range(0, x.size, WIDTH):
        store(exponentials, i, exp(load(x, i)))
        store(logarithms, i, log(load(x, i)))
        store(numbers, i, known(load(x, i), load(x, i) + load(x, i)))


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
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        check=True,
    )
    assert done.stdout.strip() == "''"
    assert not list(tmp_path.iterdir())


def test_what_counts_no_references_makes_no_arrays():
    """A `part` that made an array, or called what makes one, would lose it or free it twice."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(lanes.__file__).parent.glob("*.py")]
    functions = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}
    by = {
        name: {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
        for name, node in functions.items()
    }
    makers = {name for name, marks in by.items() if marks & {"maker", "kernel", "shared"}} - {"quantile"}  # two numbers
    parts = [name for name, marks in by.items() if marks & {"part", "inlined"}]
    assert len(parts) > 20
    assert {"aligned", "rooms", "workspace", "room"} <= makers
    for name in parts:
        calls = [node.func for node in ast.walk(functions[name]) if isinstance(node, ast.Call)]
        called = {call.id if isinstance(call, ast.Name) else call.attr for call in calls}
        assert not called & (
            makers | {"empty", "zeros", "ones", "full_like", "empty_like", "zeros_like", "copy", "carray"}
        )
