"""What to say where a book's realised residual volatility and the model's are apart."""

from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.residual_risk import JUDGED, ResidualRisk, book_risk
from bayesfactor.base.wording import interval_name, observed, percent
from bayesfactor.posterior.fit import Fit

CORRELATED = (
    "residuals are correlated: take a model with residual factors (the preset hierarchical; noise.common.count, if it "
    "found none); until then the risk of portfolios and groups is larger than the model says, and intervals of their "
    "loadings are too narrow"
)
STILL_CORRELATED = (
    "residuals have more in common than the model's residual factors hold: allow more of them (noise.common.count), or "
    "add the factor that is missing"
)
OF_AN_INDEX = (
    "as '{}' is an index of these assets, what its largest members do alone moves the residuals of the others "
    "together; take a market of other assets first, and for what is correlated then, "
)
OFFSETTING = (
    "residuals offset each other, as where a factor is an index of these assets, so that their residuals sum to about "
    "0: the idiosyncratic risk of the whole is smaller than the model says; take a market from outside to see how they "
    "move together"
)
_SAID: WeakKeyDictionary[Fit, dict[tuple[str, bytes], tuple[str, ...]]] = WeakKeyDictionary()
CONSTANT = "loadings move in the model and are constant in realised residual risks, which hold what moves of them"


def cause(fit: Fit, apart: int) -> str:
    """Return what it means that a realised variance is beyond (1) the model's, or below it (-1)."""
    if apart < 0:
        return OFFSETTING
    what, remedy = (STILL_CORRELATED if "residual_loading" in fit.posterior else CORRELATED).split(": ", 1)
    names = [name for name, members in fit.panel.indexes.items() if len(members) > 1]
    return f"{what}: {OF_AN_INDEX.format(names[0]) if names else ''}{remedy}"


def comparison(row: pd.Series, *, share: bool = True) -> str:
    """Return one row of `ResidualRisk.table`, with the intervals of `JUDGED`, in words; with its shares or without."""
    realised = f"realised residual volatility is {observed(row['realised_volatility'])} a year"
    model = model_ends(row, "volatility")
    if share:
        realised += f", {observed(row['realised_share'])} of the variance (1 - R-squared)"
        model += f", {model_ends(row, 'share')}"
    return f"{realised}, over {row['periods']} periods; the model says {model} ({interval_name(JUDGED, 'eti')}s)"


def model_ends(row: pd.Series, name: str) -> str:
    """Return the model's mean and the ends of its interval, to a tenth of its width."""
    sd = (row[f"{name}_upper"] - row[f"{name}_lower"]) / 3
    mean, low, high = (percent(row[column], sd) for column in (name, f"{name}_lower", f"{name}_upper"))
    return f"{mean} ({low} to {high})"


def notes_on_residuals(fit: Fit, residuals: ResidualRisk) -> tuple[str, ...]:
    """Say which books' residual risk is not what was realised, and of which that cannot be told."""
    realised, apart = residuals.realised, residuals.books["apart"]
    unknown = realised.loc[realised["book"] & (realised["reason"] != ""), "reason"]
    notes = [
        f"{name}: realised residual risk {reason[:1].lower()}{reason[1:].rstrip('.')}"
        for name, reason in unknown.items()
    ]
    for sign in (1, -1):
        names = [str(name) for name in apart.index[apart == sign]]
        if names:
            table = residuals.of(names).table(JUDGED, "eti").set_index(residuals.unit)
            notes.append(f"{_compared(table)}: {cause(fit, sign)}")
    if "loading_long_run" in fit.posterior:
        notes.append(CONSTANT)
    return tuple(notes)


def notes_on_residual_risk(fit: Fit, weights: np.ndarray, name: str) -> tuple[str, ...]:
    """Say where the residual risk of a book of these weights (asset) is not what was realised.

    Computed once for each fit and book: every scenario and forecast of a report asks for it.
    """
    said = _SAID.setdefault(fit, {})
    key = name, weights.tobytes()
    if key not in said:
        said[key] = _note_on(fit, weights, name)
    return said[key]


def _note_on(fit: Fit, weights: np.ndarray, name: str) -> tuple[str, ...]:
    found = book_risk(fit, weights, fit.posterior, name=name)
    apart = found.books["apart"]  # empty of a single asset, and where it cannot be told
    sign = 0 if apart.empty else int(apart.iloc[0])
    if not sign:
        return ()
    return (f"{_compared(found.table(JUDGED, 'eti').set_index(found.unit))}: {cause(fit, sign)}",)


def _compared(table: pd.DataFrame) -> str:
    """Return what was realised beside what the model says: all of one book, volatilities of several."""
    if len(table) == 1:
        return f"{table.index[0]}: {comparison(table.iloc[0])}"
    each = (
        f"{name} {observed(row['realised_volatility'])} ({observed(row['volatility'])})"
        for name, row in table.iterrows()
    )
    return f"realised residual volatility a year (the model's): {', '.join(each)}"
