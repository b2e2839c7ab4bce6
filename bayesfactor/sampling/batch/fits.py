"""Many fits in the order requested, in memory or as files in one folder."""

from collections.abc import ItemsView, Iterator, KeysView
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesfactor.base.errors import BayesFactorError, FitError, unknown
from bayesfactor.posterior.fit import Fit, open_fit

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5  # failures that are printed


@dataclass(frozen=True, eq=False)
class Entry:
    """The result for one panel.

    Attributes
    ----------
    name : str
    key : str
        Returned by `fit_key`; part of the file's name.
    state : {"fitted", "opened", "refitted", "failed"}
        "opened": found in the folder. "refitted": the file found there was damaged and has been replaced.
    result : Fit, Path or BayesFactorError
        The fit, its file, or the error.
    assets : int
    first, last : str
        Dates of the panel's returns (ISO), or empty.
    seconds : float
        Duration of the fit; NaN when none was run.
    superseded : bool
        Whether the folder had a fit of this name by other data, another model or sampler, or other code, which stays.
    """

    name: str
    key: str
    state: Literal["fitted", "opened", "refitted", "failed"]
    result: Fit | Path | BayesFactorError
    assets: int
    first: str
    last: str
    seconds: float = np.nan
    superseded: bool = False


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of one model to many panels, in the order of the panels.

    ``fits["2020-01-31"]`` and ``fits[0]`` (the panel's name or its position among all panels, including failed
    ones) return a Fit; iteration is over the names of the fitted panels, and ``fits.items()`` over (name, Fit). With a
    folder, a fit is read from its file at each access and not kept in memory.

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
        """Errors of the panels without a fit: name -> error."""
        return {entry.name: entry.result for entry in self.entries if isinstance(entry.result, BayesFactorError)}

    def __getitem__(self, name: str | int) -> Fit:
        entry = self._entry(name)
        if isinstance(entry.result, BayesFactorError):
            raise FitError(f"'{entry.name}' has no fit: {entry.result}") from entry.result
        return open_fit(entry.result) if isinstance(entry.result, Path) else entry.result

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
        """Return the names of the fitted panels, in order."""
        return KeysView(self)

    def items(self) -> ItemsView[str, Fit]:
        """Return (name, Fit) of the fitted panels, in order."""
        return ItemsView(self)

    def table(self) -> "pd.DataFrame":
        """Return one row per panel.

        Returns
        -------
        DataFrame
            Index ``name``; ``state`` (fitted, opened, refitted or failed), number of ``assets``, ``first`` and
            ``last`` date of the returns, ``seconds`` that the fit took (NaN where none was run), and the
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
        anew = sum(entry.superseded and entry.state == "fitted" for entry in self.entries)
        if anew:
            lines.append(
                f"  fitted anew, as the file in the folder is of other data, settings or code (it stays): {anew}"
            )
        return "\n".join(lines)
