"""Compiled kernels are kept on disk under a name made of the source of all of them.

Numba looks only at the file of the outermost function when it decides whether a kept kernel is still good, so a
change in a file that is called from there would go unseen.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

HERE = Path(__file__).parent
SOURCES = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))).hexdigest()[:16]
LOCK = threading.RLock()  # numba has one such folder for all threads
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "arcp", "nsz"}, "error_model": "numpy"}
ALONE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # halves the time to compile
COUNTED = {"_nrt": True}  # said, as numba would take it from whatever is being compiled
BARE = {"_nrt": False}  # no counting of references to arrays: in a loop over blocks that takes half of the time


def _kept[T](make: Callable[[], T]) -> T:
    """Call `make` while numba's folder is one that only these sources use; a folder set by the user stays."""
    with LOCK:
        before = numba.config.CACHE_DIR
        if not before:
            numba.config.CACHE_DIR = str(HERE / "__pycache__" / SOURCES)
        try:
            return make()
        finally:
            numba.config.CACHE_DIR = before


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call; it runs beside other threads."""
    return _kept(lambda: numba.njit(cache=True, nogil=True, **COUNTED, **OPTIONS)(function))


def shared(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call from Python; a kernel that calls it takes its lines as its own."""
    return _kept(lambda: numba.njit(cache=True, inline="always", **COUNTED, **OPTIONS)(function))


def part(function: Callable[..., Any]) -> Any:
    """Compile a function that only kernels call: it has no way in from Python, and a call from there would crash.

    It counts no references, so it may make no arrays, and return none; its caller keeps those that it works on.
    """
    return _kept(lambda: numba.njit(cache=True, **ALONE, **BARE, **OPTIONS)(function))


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a `part` into every kernel that calls it."""
    return _kept(lambda: numba.njit(cache=True, forceinline=True, **ALONE, **BARE, **OPTIONS)(function))


def maker(function: Callable[..., Any]) -> Any:
    """Compile a function that only kernels call, as `part` does, and that makes or returns arrays."""
    return _kept(lambda: numba.njit(cache=True, **ALONE, **COUNTED, **OPTIONS)(function))


def entry(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that C code can call."""
    return _kept(lambda: numba.cfunc(signature, cache=True)(function))
