"""Compiled kernels are kept on disk under a name made of the source of all files in their folder, and of this one.

Numba looks only at the file of the outermost function when it decides whether a kept kernel is still good, so a
change in a file that is called from there would go unseen. They are kept beside their sources; where that cannot be
written, in the user's cache; where that cannot be either, in a temporary folder of this user's, and it is said.
"""

import hashlib
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

LOCK = threading.RLock()  # numba has one such folder for all threads
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "arcp", "nsz"}, "error_model": "numpy"}
IN_ORDER: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}
ALONE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # halves the time to compile
COUNTED: dict[str, Any] = {"_nrt": True}  # said, as numba would take it from whatever is being compiled
# no counting of references to arrays: in a loop over blocks that takes half of the time
BARE: dict[str, Any] = {"_nrt": False}
REMEDY = "Set the environment variable NUMBA_CACHE_DIR to a folder that you may write to."


@cache
def sources(folder: Path) -> str:
    """Return 16 hexadecimal digits that change with any kernel of a folder, or with how they are compiled."""
    files = [Path(__file__), *sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _own(folder: Path) -> bool:
    """Whether a folder can be written by this user and by nobody else: what is kept there is code that will run."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    private = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return private and not folder.is_symlink() and _writable(folder)


def _temporary() -> Path | None:
    """Return a temporary folder of this user's, the same one in the next process; None where there is none."""
    try:
        name = f"bayesfactor-{os.getuid() if hasattr(os, 'getuid') else 'kernels'}"
        folder = Path(tempfile.gettempdir()) / name
        return folder if _own(folder) else Path(tempfile.mkdtemp(prefix="bayesfactor-"))
    except OSError:
        return None


@cache
def _place(given: str, kernels: Path) -> str | None:
    """Return where the kernels of a folder are kept: `given` if the user set one; None where nothing can be kept."""
    if given and _writable(Path(given)):
        return given
    user, version = Path(AppDirs(appname="bayesfactor", appauthor=False).user_cache_dir), sources(kernels)
    for folder in (kernels / "__pycache__", user):
        if _writable(folder / version):
            return str(folder / version)
    own = _temporary()
    where = f"are kept in {own}, which may be emptied" if own else "are compiled anew in every process"
    asked = f"'{given}' (NUMBA_CACHE_DIR) nor " if given else ""
    warnings.warn(
        f"Compiled kernels {where}: neither {asked}the folder of the package nor the user's cache can be written. "
        f"{REMEDY}",
        RuntimeWarning,
        stacklevel=2,
    )
    return None if own is None else str(own / version)


def _kept[T](function: Callable[..., Any], make: Callable[[bool], T]) -> T:
    """Call `make` while numba's folder is one that only a function's sources use; a folder set by the user stays.

    It is told whether kernels can be kept.
    """
    with LOCK:
        settings = vars(numba.config)  # they become attributes only as numba is imported
        before = settings["CACHE_DIR"]
        place = _place(before, Path(inspect.getfile(function)).parent)
        settings["CACHE_DIR"] = place or before
        try:
            return make(place is not None)
        finally:
            settings["CACHE_DIR"] = before


def jit_strict[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; it runs beside other threads, and adds in the order that is written."""
    return _kept(function, lambda keep: numba.njit(cache=keep, nogil=True, **IN_ORDER)(function))


def jit[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; it runs beside other threads."""
    return _kept(function, lambda keep: numba.njit(cache=keep, nogil=True, **COUNTED, **OPTIONS)(function))


def jit_shared[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call from Python; a kernel that calls it takes its lines as its own."""
    return _kept(function, lambda keep: numba.njit(cache=keep, inline="always", **COUNTED, **OPTIONS)(function))


def jit_part[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: it has no way in from Python, and a call from there would crash.

    It counts no references, so it may make no arrays, and return none; its caller keeps those that it works on.
    """
    return _kept(function, lambda keep: numba.njit(cache=keep, **ALONE, **BARE, **OPTIONS)(function))


def jit_inline[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a `jit_part` into every kernel that calls it."""
    return _kept(function, lambda keep: numba.njit(cache=keep, forceinline=True, **ALONE, **BARE, **OPTIONS)(function))


def jit_alloc[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call, as a `jit_part` does, and that makes or returns arrays."""
    return _kept(function, lambda keep: numba.njit(cache=keep, **ALONE, **COUNTED, **OPTIONS)(function))


def jit_entry(signature: Signature, function: Callable[..., int]) -> CFunc:
    """Compile a function that C code can call."""
    return _kept(function, lambda keep: numba.cfunc(signature, cache=keep)(function))
