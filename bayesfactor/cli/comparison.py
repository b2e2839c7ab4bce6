"""Models beside each other, as the command line prints them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bayesfactor.analysis.comparison.model_comparison import Comparison
from bayesfactor.base.errors import SpecError
from bayesfactor.cli.output import number, say, show_rows

SHOWN = {
    "elpd": "elpd",
    "se": "se",
    "difference": "difference",
    "difference_se": "se",
    "weight": "weight",
    "parameters": "parameters",
}  # columns of the table, and how they are headed


def named(runs: Sequence[Path], verb: str) -> dict[str, Path]:
    """Return files by name: the file's own, with as much of its folder as tells it from others.

    Raises
    ------
    SpecError
        When one is given twice.
    """
    whole = [path.absolute().resolve() for path in runs]
    for place, path in enumerate(whole):
        if path in whole[:place]:
            raise SpecError(f"{verb}: '{runs[place]}' is given twice.", place=verb, found=str(runs[place]))
    stems = [path.stem for path in runs]
    return {stem if stems.count(stem) == 1 else str(path): path for stem, path in zip(stems, runs, strict=True)}


def show_comparison(found: Comparison) -> None:
    """Print the models, the best first, and which periods need refits."""
    table = found.table()
    say("Log density of each period's returns given its factors, without that period; nats, summed over periods.")
    say(*(f"Note: {note}." for note in found.notes))
    print()
    rows = [
        [str(row["model"]), *(number(row[name]) for name in SHOWN), str(row["high_k"])]
        for row in table.to_dict("records")
    ]
    show_rows(["model", *SHOWN.values(), "k > 0.7"], rows)
    if not table["factor_elpd"].isna().all():
        parts = (f"{row['model']} {_beside(row['factor_elpd'], row['factor_se'])}" for row in table.to_dict("records"))
        say("", f"The factors' own density, apart: {', '.join(parts)}.")
    needed = found.refits_needed
    for name, own in needed.groupby("model", sort=False):
        dates = [str(date) for date in np.sort(own["time"].to_numpy().astype("datetime64[D]"))]
        say("", f"{name}: fit it without each of these, importance sampling fails there: {', '.join(dates)}.")


def _beside(value: float, error: float) -> str:
    return "not defined" if np.isnan(value) else f"{value:.1f} (se {error:.1f})"
