"""What changed between two fits: contributions to a premium now, with those of the earlier fit behind them."""

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, Revisions
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Mark, Rules
from bayesfactor.plots.scales import linear, rows, span, with_interval
from bayesfactor.plots.table_rows import Row

MOST, TOTAL = 12, "total"
KINDS = (("previous", "previous_"), ("mean", ""))  # then and now: the mean, and how its other columns begin


def revisions_chart(found: Revisions, *, most: int = MOST) -> Chart:
    """Return contributions to the portfolio's premium as intervals, the largest first, the earlier ones behind.

    Parameters
    ----------
    found : Revisions
    most : int
        Sources that have a row; a note says how many smaller ones have none.

    Returns
    -------
    Chart
        A row per source, by the size of its posterior mean then or now, and last the total.
    """
    table = found.table("premium")
    table = table[table["asset"] == PORTFOLIO].set_index("source")
    size = table[["previous", "mean"]].abs().max(axis=1).drop(TOTAL).sort_values(ascending=False, kind="stable")
    table = table.loc[[*size.index[:most], TOTAL]]
    records, place = table.to_dict("records"), np.arange(len(table), dtype=float)
    then, now = (_ends(table, *kind) for kind in KINDS)
    interval = interval_name(table.attrs["ci_prob"], table.attrs["ci_kind"])
    marks: list[Mark] = [Rules(len(table) - 1.5, of="y", role="faint")]
    known = np.isfinite(then[1])
    lower, middle, upper = (values[known] for values in then)
    marks.append(Intervals(place[known], lower, middle, upper, "prior", look="bar"))
    said = [f"{name}: {_told(row, interval)}" for name, row in zip(table.index, records, strict=True)]
    for role, some in (("posterior", table.index != TOTAL), ("ink", table.index == TOTAL)):
        some = some & np.isfinite(now[1])
        texts = tuple(text for text, its in zip(said, some, strict=True) if its)
        lower, middle, upper = (values[some] for values in now)
        marks.append(Intervals(place[some], lower, middle, upper, role, texts))
    what = "Contribution to the expected excess return, a year, then and now"
    notes = tuple(_numbers(row, *KINDS[1]) or "not in this fit" for row in records)
    panel = Panel(
        tuple(marks), linear(unit="percent", title=what, ends=span(*then, *now)), rows(table.index.tolist(), notes)
    )
    key = (Key(f"this fit: mean and {interval}", "posterior"), Key("the earlier fit, likewise", "prior", "bar"))
    left = len(size) - most
    return Chart(what, (panel,), key=key, notes=(f"{left} smaller sources are not drawn.",) if left > 0 else ())


def _ends(table: pd.DataFrame, mean: str, prefix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lower end, mean and upper end of one of the fits."""
    lower, middle, upper = (table[name].to_numpy(dtype=float) for name in (f"{prefix}lower", mean, f"{prefix}upper"))
    return lower, middle, upper


def _numbers(row: Row, mean: str, prefix: str) -> str:
    """Return mean and interval of one of the fits; nothing where it has none."""
    value = float(row[mean])
    sd, lower, upper = (float(row[f"{prefix}{end}"]) for end in ("sd", "lower", "upper"))
    return with_interval(value, lower, upper, "percent", sd) if np.isfinite(value) else ""


def _told(row: Row, interval: str) -> str:
    """Say the numbers of a row."""
    then, now = (_numbers(row, *kind) for kind in KINDS)
    if row["verdict"] == ONE_ONLY:
        return f"{now or then} a year, {interval}; {row['verdict']}."
    return f"{now} a year, {interval}; {then} in the earlier fit; {row['verdict']}."
