"""Compile kernels with numba and cache the machine code under a digest of all sources in their folder and of this file.

Numba checks only the file of the outermost function when it decides whether cached code is still valid, so a change in
a file that is called from there would go unnoticed. The cache lies beside the sources; where that folder is read-only,
in the user's cache; where that is read-only too, in a temporary folder of this user, with a warning.
"""

import inspect
import os
import tempfile
import threading
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.ccallback import CFunc
from numba.core.typing.templates import Signature
from numba.misc.appdirs import AppDirs

from bayesfactor.base.files import digest

LOCK = threading.RLock()  # numba has one cache folder for all threads
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "arcp", "nsz"}, "error_model": "numpy"}
ANY_ORDER: dict[str, Any] = {"fastmath": {"contract", "arcp", "nsz", "reassoc"}, "error_model": "numpy"}
STRICT_ORDER: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}
NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # halves compile time
COUNTED: dict[str, Any] = {"_nrt": True}  # explicit, as numba would inherit it from the function that calls
UNCOUNTED: dict[str, Any] = {"_nrt": False}  # counting references to arrays takes half the time of a loop over blocks
REMEDY = "Set the environment variable NUMBA_CACHE_DIR to a folder that you may write to."


@cache
def source_digest(folder: Path) -> str:
    """Return 16 hexadecimal digits that change with any kernel of a folder, or with how they are compiled."""
    return digest([Path(__file__), *sorted(folder.glob("*.py"))])


def _is_writable(folder: Path) -> bool:
    """Return whether files can be written in a folder, which is created if it is absent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _is_private(folder: Path) -> bool:
    """Return whether only this user can write in a folder: cached code will be executed."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    private = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return private and not folder.is_symlink() and _is_writable(folder)


@cache
def _temporary_folder() -> Path | None:
    """Return a temporary folder of this user, if possible the same in every process; None if there is none."""
    try:
        name = f"bayesfactor-{os.getuid() if hasattr(os, 'getuid') else 'kernels'}"
        folder = Path(tempfile.gettempdir()) / name
        return folder if _is_private(folder) else Path(tempfile.mkdtemp(prefix="bayesfactor-"))
    except OSError:
        return None


@cache
def _cache_folder(given: str, kernels: Path) -> str | None:
    """Return where kernels of a folder are cached: `given` if the user set one; None where nothing can be written."""
    if given and _is_writable(Path(given)):
        return given
    user, version = Path(AppDirs(appname="bayesfactor", appauthor=False).user_cache_dir), source_digest(kernels)
    for folder in (kernels / "__pycache__", user):
        if _is_writable(folder / version):
            return str(folder / version)
    own = _temporary_folder()
    _warn_of_fallback(given, own)
    return None if own is None else str(own / version)


@cache
def _warn_of_fallback(given: str, own: Path | None) -> None:
    """Warn, once a process, that kernels are cached in a temporary folder or not at all."""
    where = f"are kept in {own}, which may be emptied" if own else "are compiled anew in every process"
    asked = f"'{given}' (NUMBA_CACHE_DIR) nor " if given else ""
    warnings.warn(
        f"Compiled kernels {where}: neither {asked}the folder of the package nor the user's cache can be written. "
        f"{REMEDY}",
        RuntimeWarning,
        stacklevel=2,
    )


def _with_cache[T](function: Callable[..., Any], make: Callable[[bool], T]) -> T:
    """Call `make` while numba's cache folder is that of a function's sources; a folder set by the user stays.

    `make` is told whether kernels can be cached.
    """
    with LOCK:
        settings = vars(numba.config)  # they become attributes only as numba is imported
        before = settings["CACHE_DIR"]
        place = _cache_folder(before, Path(inspect.getfile(function)).parent)
        settings["CACHE_DIR"] = place or before
        try:
            return make(place is not None)
        finally:
            settings["CACHE_DIR"] = before


def jit_strict[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; it releases the GIL, and sums are taken in the order written."""
    return _with_cache(function, lambda keep: numba.njit(cache=keep, nogil=True, **STRICT_ORDER)(function))


def jit_sums[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; it releases the GIL, and sums are taken in any order, several at once."""
    return _with_cache(function, lambda keep: numba.njit(cache=keep, nogil=True, **ANY_ORDER)(function))


def jit[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; it releases the GIL."""
    return _with_cache(function, lambda keep: numba.njit(cache=keep, nogil=True, **COUNTED, **OPTIONS)(function))


def jit_shared[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call from Python; kernels that call it inline its source."""
    return _with_cache(function, lambda keep: numba.njit(cache=keep, inline="always", **COUNTED, **OPTIONS)(function))


def jit_part[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: it has no Python wrapper, and a call from Python would crash.

    It counts no references, so it may neither allocate nor return arrays; its caller keeps alive those that it uses.
    """
    return _with_cache(function, lambda keep: numba.njit(cache=keep, **NO_WRAPPERS, **UNCOUNTED, **OPTIONS)(function))


def jit_inline[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a `jit_part` into every kernel that calls it."""
    return _with_cache(
        function,
        lambda keep: numba.njit(cache=keep, forceinline=True, **NO_WRAPPERS, **UNCOUNTED, **OPTIONS)(function),
    )


def jit_alloc[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call, as a `jit_part` does, and that allocates or returns arrays."""
    return _with_cache(function, lambda keep: numba.njit(cache=keep, **NO_WRAPPERS, **COUNTED, **OPTIONS)(function))


def jit_entry(signature: Signature, function: Callable[..., int]) -> CFunc:
    """Compile a function that C code can call."""
    return _with_cache(function, lambda keep: numba.cfunc(signature, cache=keep)(function))
