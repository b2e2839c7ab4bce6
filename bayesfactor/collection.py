"""Many fits in the order they were asked for, in memory or as files of one folder."""

import hashlib
import json
import os
import re
from collections.abc import ItemsView, Iterator, KeysView
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesfactor import __version__
from bayesfactor.density.cache import SOURCES
from bayesfactor.errors import BayesFactorError, FitError, SpecError, unknown
from bayesfactor.modelfile import model_id
from bayesfactor.panelbase import PanelBase
from bayesfactor.posterior import Fit, Sampler
from bayesfactor.spec import FactorModel
from bayesfactor.storage import FORMAT, WRITABLE, read_fit, save_fit
from bayesfactor.wholefiles import require_writable

if TYPE_CHECKING:
    import pandas as pd

FILE = re.compile(r".*\.([0-9a-f]{16})\.([0-9a-f]{16})\.nc")
SHOWN = 5  # failures that are printed


def fit_key(name: str, panel: PanelBase, model: FactorModel, sampler: Sampler) -> str:
    """Return 16 hexadecimal digits that change with panel, model, sampler, name, and the programs that draw."""
    settings = {field: value for field, value in asdict(sampler).items() if field not in ("cores", "progress")}
    programs = [version(library) for library in ("nutpie", "numpy")]
    parts = (FORMAT, __version__, SOURCES, programs, name, panel.fingerprint, model_id(model), settings)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return 16 hexadecimal digits that change with any byte of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def keep(fit: Fit, folder: Path, name: str, key: str, token: str) -> Path:
    """Save a fit under its name, its key and a hash of the file itself.

    It is written under a hidden name first, which holds the token, and moved when it is whole.
    """
    temporary = save_fit(fit, folder / f".{token}.{key}")
    label = re.sub(r"[^\w-]", "_", name)[:60]
    try:
        target = folder / f"{label}.{key}.{file_digest(temporary)}.nc"
        os.replace(temporary, target)
    except OSError as error:
        raise FitError(f"'{name}': cannot be kept in {folder} ({error.strerror}).", remedy=WRITABLE) from None
    return target


def kept(folder: Path) -> dict[str, list[Path]]:
    """Return the files of a folder that `keep` made, by key."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if match := FILE.fullmatch(path.name):
            found.setdefault(match[1], []).append(path)
    return found


def is_whole(path: Path) -> bool:
    """Say whether a file that `keep` made is as it was made."""
    try:
        return path.name.split(".")[-2] == file_digest(path)
    except OSError:
        return False


@dataclass(frozen=True, eq=False)
class Entry:
    """What became of one panel.

    Attributes
    ----------
    name : str
    key : str
        As `fit_key` returns it; part of the file's name.
    state : {"fitted", "opened", "refitted", "failed"}
        "opened": found in the folder. "refitted": a damaged file was found there, and replaced.
    result : Fit, Path or BayesFactorError
        The fit, its file, or why there is none.
    assets : int
    first, last : str
        Dates of the panel's returns (ISO), or empty.
    seconds : float
        Time that its fit took now; NaN when it did not take place.
    """

    name: str
    key: str
    state: Literal["fitted", "opened", "refitted", "failed"]
    result: Fit | Path | BayesFactorError
    assets: int
    first: str
    last: str
    seconds: float = np.nan


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of one model to many panels, in the order of the panels.

    ``fits["2020-01-31"]`` and ``fits[0]`` (the panel's name or its place among all panels, failed ones too) return a
    Fit; looping goes over the names of the panels that were fitted, and ``fits.items()`` over (name, Fit). With a
    folder, a fit is read from its file each time it is asked for, and is not kept in memory.

    Attributes
    ----------
    entries : tuple of Entry
        One per panel.
    folder : Path or None
    """

    entries: tuple[Entry, ...]
    folder: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all panels, in order."""
        return tuple(entry.name for entry in self.entries)

    @property
    def failures(self) -> dict[str, BayesFactorError]:
        """Why there is no fit: name -> error."""
        return {entry.name: entry.result for entry in self.entries if isinstance(entry.result, BayesFactorError)}

    def __getitem__(self, name: str | int) -> Fit:
        entry = self._entry(name)
        if isinstance(entry.result, BayesFactorError):
            raise FitError(f"'{entry.name}' has no fit: {entry.result}") from entry.result
        return read_fit(entry.result) if isinstance(entry.result, Path) else entry.result

    def _entry(self, name: str | int) -> Entry:
        if isinstance(name, (int, np.integer)) and -len(self.entries) <= name < len(self.entries):
            return self.entries[name]
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise unknown("fit", name, self.names, place="Fits")

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.entries if entry.state != "failed")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return any(name == one for one in self)

    def keys(self) -> KeysView[str]:
        """Return the names of the panels that were fitted, in order."""
        return KeysView(self)

    def items(self) -> ItemsView[str, Fit]:
        """Return (name, Fit) of the panels that were fitted, in order."""
        return ItemsView(self)

    def table(self) -> "pd.DataFrame":
        """Return one row per panel.

        Returns
        -------
        DataFrame
            Index ``name``; ``state`` (fitted, opened, refitted or failed), number of ``assets``, ``first`` and
            ``last`` date of the returns, ``seconds`` that the fit took (NaN where it did not take place now), and the
            ``reason`` of a failure.
        """
        import pandas as pd

        columns = ("name", "state", "assets", "first", "last", "seconds")
        rows = [{column: getattr(entry, column) for column in columns} for entry in self.entries]
        reasons = [str(self.failures.get(entry.name, "")) for entry in self.entries]
        return pd.DataFrame(rows, columns=list(columns)).assign(reason=reasons).set_index("name")

    def __repr__(self) -> str:
        states = [entry.state for entry in self.entries]
        failures = self.failures
        parts = [f"{len(states)} fits", f"{len(self)} done"]
        parts += [f"{states.count(state)} {state}" for state in ("opened", "refitted", "failed") if state in states]
        lines = [f"Fits: {', '.join(parts)}{f', in {self.folder}' if self.folder else ''}"]
        lines += [f"  '{name}' failed: {error}" for name, error in list(failures.items())[:SHOWN]]
        if len(failures) > SHOWN:
            lines.append(f"  ... and {len(failures) - SHOWN} more in .failures")
        damaged = [f"'{entry.name}'" for entry in self.entries if entry.state == "refitted"]
        if damaged:
            lines.append(f"  refitted, because the file was damaged: {', '.join(damaged)}")
        return "\n".join(lines)


def open_folder(folder: object) -> Path:
    """Return the folder, made if it is not there.

    Raises
    ------
    SpecError
        When it is no path, or not a folder, or cannot be made or written.
    """
    remedy = "Give the path of a folder for the fits; it is made when it is not there."
    if not isinstance(folder, (str, os.PathLike)):
        raise SpecError(f"fit_many: {folder!r} is not a path.", place="fit_many.folder", found=folder, remedy=remedy)
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        require_writable(path)
    except OSError as error:
        does = "written" if path.is_dir() else "made"
        what = "is a file" if path.is_file() else f"cannot be {does} ({error.strerror})"
        raise SpecError(
            f"fit_many: the folder '{folder}' {what}.", place="fit_many.folder", found=folder, remedy=remedy
        ) from None
    return path
