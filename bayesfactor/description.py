"""The description of a panel: what was done to each series, and what looks wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesfactor.panel import Note, Panel
from bayesfactor.panelbase import PanelBase
from bayesfactor.panelstatistics import PanelStatistics
from bayesfactor.screening.factors import condition_number

_ROWS = 20
_WIDTH = 100


def _table(frame: pd.DataFrame, title: str) -> str:
    """Print the first rows of a table within the width of a terminal; the last column is wrapped short."""
    shown = frame.head(_ROWS).astype(object)
    shown.index = [str(label)[:24] for label in shown.index]
    last = shown.columns[-1]
    others = shown.drop(columns=last).to_string() if shown.shape[1] > 1 else "\n".join(["", *shown.index])
    room = _WIDTH - max(len(line) for line in others.splitlines()) - 2
    lines = []
    texts = [str(last), *shown[last].astype(str)]
    for line, text in zip(others.splitlines(), texts, strict=True):
        cut = text if len(text) <= room else text[: room - 3] + "..."
        lines.append(f"{line.ljust(_WIDTH - room - 2)}  {cut}".rstrip())
    if len(frame) > _ROWS:
        lines.append(f"... and {len(frame) - _ROWS} more")
    return "\n".join([title, *lines])


@dataclass(frozen=True, eq=False)
class Description:
    """What a panel is made of.

    Attributes
    ----------
    assets : DataFrame
        Per asset: group, first and last date, periods used, what was done.
    factors : DataFrame
        Per factor: family, traded, transform, aggregate, lag, first and last date and periods of its own
        history, what was done.
    warnings : DataFrame
        series, text.
    panel : str
        Calendar, span and condition number of the factors.
    """

    assets: pd.DataFrame
    factors: pd.DataFrame
    warnings: pd.DataFrame
    panel: str

    def __str__(self) -> str:
        """Return the text for a terminal of 100 columns."""
        short = self.factors.drop(columns=["aggregate"])
        parts = [self.panel, _table(self.assets, "Assets"), _table(short, "Factors")]
        if len(self.warnings):
            lines = [f"  {row.series}: {row.text}" for row in self.warnings.head(_ROWS).itertuples()]
            cut = [line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..." for line in lines]
            more = len(self.warnings) - _ROWS
            parts.append("\n".join(["What looks wrong", *cut, *([f"... and {more} more"] if more > 0 else [])]))
        else:
            parts.append("Nothing looks wrong.")
        return "\n\n".join(parts)


def _done(notes: tuple[Note, ...], name: str, role: str) -> str:
    """Join what was done to a series, for the asset or for the factor of that name."""
    other = "as a factor: " if role == "an asset" else "as an asset: "
    texts = [note.text for note in notes if note.series == name and note.kind == "done"]
    own = [text.removeprefix(f"as {role}: ") for text in texts if not text.startswith(other)]
    return "; ".join(own) or "as given"


def _span(time: np.ndarray) -> tuple[str, str]:
    if not len(time):
        return "", ""
    first, last = time[[0, -1]].astype("datetime64[D]")
    return str(first), str(last)


def _lives(panel: PanelBase) -> Iterator[np.ndarray]:
    """Yield first and last date of each asset, or nothing of one without a return."""
    if isinstance(panel, Panel):
        for column in panel.returns.values.T:
            yield panel.times[~np.isnan(column)]
    elif isinstance(panel, PanelStatistics):
        for ends in np.column_stack([panel.first.values, panel.last.values]):
            yield ends[~np.isnat(ends)]


def _describe_assets(panel: PanelBase) -> pd.DataFrame:
    rows = []
    for place, (name, life) in enumerate(zip(panel.assets, _lives(panel), strict=True)):
        first, last = _span(life)
        rows.append(
            {
                "group": panel.groups.values[place],
                "first": first,
                "last": last,
                "periods": int(panel.moments.count[place]),
                "done": _done(panel.notes, name, "an asset"),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(panel.assets, name="asset"))


def _describe_factors(panel: PanelBase) -> pd.DataFrame:
    time, known = panel.factors["time"].values, ~np.isnan(panel.factors.values)
    rows = []
    for place, factor in enumerate(panel.factor_info):
        first, last = _span(time[known[:, place]])
        rows.append(
            {
                "family": factor.family,
                "traded": factor.traded,
                "transform": factor.transform,
                "aggregate": factor.aggregate,
                "lag": factor.lag,
                "first": first,
                "last": last,
                "periods": int(known[:, place].sum()),
                "done": _done(panel.notes, factor.name, "a factor"),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(panel.factor_names, name="factor"))


def describe_panel(panel: PanelBase) -> Description:
    """Say what was done to each series of a panel, the span and count used, and what looks wrong.

    Returns
    -------
    Description
        Prints as text; its ``assets``, ``factors`` and ``warnings`` are DataFrames. Dates are text, empty for
        an asset without a return.
    """
    first, last = _span(panel.times)
    condition = condition_number(panel.aligned)
    done = [note.text for note in panel.notes if note.series == "panel" and note.kind == "done"]
    text = (
        f"{panel.calendar.frequency.capitalize()} panel, {panel.periods_per_year} periods a year: "
        f"{len(panel.assets)} assets, {len(panel.factor_names)} factors, "
        f"{len(panel.times)} periods from {first} to {last}; "
        f"condition number of the factors {condition:.1f}"
    )
    warnings = [(note.series, note.text) for note in panel.notes if note.kind == "warning"]
    return Description(
        assets=_describe_assets(panel),
        factors=_describe_factors(panel),
        warnings=pd.DataFrame(warnings, columns=["series", "text"]),
        panel="; ".join([text, *done]) + ".",
    )
