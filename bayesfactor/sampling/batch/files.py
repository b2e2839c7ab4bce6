"""A folder of saved fits: file names, keys and integrity checks."""

import hashlib
import json
import os
import re
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.base.files import digest, require_writable
from bayesfactor.base.version import __version__
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.storage.files import WRITABLE
from bayesfactor.posterior.storage.formats import FORMAT
from bayesfactor.sampling.engines import Engine
from bayesfactor.spec.files import model_id
from bayesfactor.spec.model import FactorModel

PACKAGE = Path(__file__).parents[2]
DRAWING = ("base", "panel", "spec", "graph", "sampling")  # rooms whose code the draws depend on
FILE = re.compile(r".*\.([0-9a-f]{16})\.([0-9a-f]{16})\.nc")


@cache
def code_digest() -> str:
    """Return 16 hexadecimal digits that change with any line of code that the draws depend on."""
    return digest(path for room in DRAWING for path in sorted((PACKAGE / room).rglob("*.py")))


def fit_key(name: str, panel: PanelBase, model: FactorModel, sampler: Sampler, engine: Engine) -> str:
    """Return 16 hexadecimal digits that change with panel, model, sampler, engine, name, and the code that draws."""
    settings = {field: value for field, value in asdict(sampler).items() if field not in ("cores", "progress")}
    programs = [engine.name, *(version(library) for library in engine.libraries)]
    parts = (FORMAT, __version__, code_digest(), programs, name, panel.fingerprint, model_id(model), settings)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return 16 hexadecimal digits that change with any byte of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def label(name: str) -> str:
    """Return what a file's name begins with."""
    return re.sub(r"[^\w-]", "_", name)[:60]


def keep(fit: Fit, folder: Path, name: str, key: str, token: str) -> Path:
    """Save a fit under its name, its key and a hash of the file itself.

    It is written under a hidden name with the token first, and renamed when complete.
    """
    temporary = fit.save(folder / f".{token}.{key}")
    try:
        target = folder / f"{label(name)}.{key}.{file_digest(temporary)}.nc"
        os.replace(temporary, target)
    except OSError as error:
        raise FitError(f"'{name}': cannot be saved in {folder} ({error.strerror}).", remedy=WRITABLE) from None
    return target


def kept(folder: Path) -> dict[str, list[Path]]:
    """Return the files in a folder that `keep` wrote, by key."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if match := FILE.fullmatch(path.name):
            found.setdefault(match[1], []).append(path)
    return found


def is_whole(path: Path) -> bool:
    """Return whether a file that `keep` wrote is unchanged."""
    try:
        return path.name.split(".")[-2] == file_digest(path)
    except OSError:
        return False


def open_folder(folder: object) -> Path:
    """Return the folder, created if it does not exist.

    Raises
    ------
    SpecError
        When it is not a path or not a folder, or cannot be created or written.
    """
    remedy = "Give the path of a folder for the fits; it is created if it does not exist."
    if not isinstance(folder, (str, os.PathLike)):
        raise SpecError(f"fit_many: {folder!r} is not a path.", place="fit_many.folder", found=folder, remedy=remedy)
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        require_writable(path)
    except OSError as error:
        does = "written" if path.is_dir() else "created"
        what = "is a file" if path.is_file() else f"cannot be {does} ({error.strerror})"
        raise SpecError(
            f"fit_many: the folder '{folder}' {what}.", place="fit_many.folder", found=folder, remedy=remedy
        ) from None
    return path
