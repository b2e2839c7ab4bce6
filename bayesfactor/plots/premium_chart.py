"""What pays: contributions to a premium on one scale, with what the prior said of each behind it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.verdicts import UNIDENTIFIED
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.analysis.attribution.kinds import By
from bayesfactor.analysis.attribution.prior_premium import PriorPremium, prior_premium
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, Portfolio
from bayesfactor.base.errors import unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Intervals, Mark, Rules
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import beyond, numbered, reach
from bayesfactor.plots.scales import Unit, linear, rows, span
from bayesfactor.plots.table_rows import Row, all_numbers, numbers
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 12  # sources that have a row; smaller ones are summed
TOTAL = "total"


def contributions_chart(
    found: Attribution,
    entry: str | None = None,
    *,
    prior: PriorPremium | None = None,
    most: int = MOST,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> Chart:
    """Return contributions to the premium of one entry as intervals on one scale, the largest first.

    Parameters
    ----------
    found : Attribution
        Of a premium.
    entry : str, optional
        An asset, a group or the portfolio. By default the portfolio, where there is one; else the mean of all.
    prior : PriorPremium, optional
        Of the same entry: drawn faintly behind.
    most : int
        Sources that have a row of their own; the smallest are summed, draw by draw.
    ci_prob, ci_kind
        Of all intervals.

    Returns
    -------
    Chart
        A row per source, by the size of its posterior mean, and last the total. The axis follows the posterior: of a
        prior that reaches further a note says so.

    Raises
    ------
    SpecError
        When there is no such entry.
    """
    unit_of = str(found.draws.dims[2])
    names = found.draws[unit_of].values.tolist()
    if entry is not None and entry not in names:
        raise unknown(unit_of, entry, names, place="contributions_chart.entry")
    one = entry if entry is not None else PORTFOLIO if PORTFOLIO in names else names[0] if len(names) == 1 else None
    draws = (found.draws.mean(unit_of) if one is None else found.draws.sel({unit_of: one}, drop=True)).compute()
    order, draws = _ordered(draws, most)
    table = summarise(draws, ci_prob, ci_kind).set_index("source").loc[order]
    records = table.to_dict("records")
    before = _before(prior, order, ci_prob, ci_kind)
    unit: Unit = "money" if found.in_money and one == PORTFOLIO else "percent"
    unknown_pay = np.array([found.identification.get(name, "").endswith(UNIDENTIFIED) for name in order])
    unknown_pay[-1] = False  # of a sum it would say little
    place, inner = np.arange(len(order)), (table["lower"].to_numpy(), table["upper"].to_numpy())
    marks: list[Mark] = [Rules(len(order) - 1.5, of="y", role="faint")]
    ends = span(*inner)
    if before is not None:
        lows, middles, highs = (before[name].to_numpy() for name in ("lower", "mean", "upper"))
        ends = reach(ends, lows, highs)
        marks.append(Intervals(place, lows, middles, highs, "prior", look="bar"))
    priors = [None] * len(order) if before is None else before.to_dict("records")
    said = [_text(*row, unit, interval_name(ci_prob, ci_kind)) for row in zip(order, records, priors, strict=True)]
    for some, role in ((place < len(order) - 1, "posterior"), (place == len(order) - 1, "ink")):
        lower, middle, upper = (table[name].to_numpy()[some] for name in ("lower", "mean", "upper"))
        texts = tuple(text for text, its in zip(said, some, strict=True) if its)
        marks.append(Intervals(place[some], lower, middle, upper, role, texts, unknown_pay[some]))
    notes = tuple(numbers(row, unit) for row in records)
    whose = "the assets on average" if one is None else "the portfolio" if one == PORTFOLIO else one
    what = f"Contribution to the expected excess return of {whose}, a year{', in money' * (unit == 'money')}"
    panel = Panel(tuple(marks), linear(unit=unit, title=what, ends=ends), rows(order, notes))
    after = f"after the data: mean and {interval_name(ci_prob, ci_kind)}"
    key = [
        Key(after, "posterior"),
        *([] if before is None else [Key("before the data: the interval of the prior", "prior", "bar")]),
    ]
    if unknown_pay.any():
        key.append(Key("what one unit of it pays cannot be told from these data", "posterior", "hollow"))
    return Chart(what, (panel,), key=tuple(key), notes=_notes(prior, before, ends, unit))


def plot_sources(
    fit: Fit,
    entry: str | None = None,
    *,
    portfolio: Portfolio | None = None,
    by: By = "factor",
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
) -> "Figure":
    """Draw what pays: contributions to an expected excess return on one scale, the largest first, the prior behind.

    Parameters
    ----------
    fit : Fit
    entry : str, optional
        An asset. By default the portfolio, where there is one; else the mean of all assets.
    portfolio : mapping or Series of asset to weight, or Book, optional
    by : {"factor", "family", "level", "identification"}
        Sources, as in `attribute`.
    ci_prob, ci_kind
        Of all intervals.

    Returns
    -------
    matplotlib Figure
        A row per source, and last the total: mean and interval after the data, and as a grey bar the interval that the
        priors alone give, where they are known (2,000 draws of loadings, premia and alphas). The axis follows the
        posterior; below stands which priors reach further. Hollow: what it pays cannot be told from the data.

    Raises
    ------
    FitError, SpecError, DataError
        When it is no fit, or an entry, a weight or a choice is not one that can be used.
    """
    found = attribute(fit, portfolio=portfolio, by=by)
    whose = entry if entry is not None or portfolio is None else PORTFOLIO
    prior = prior_premium(fit, whose, portfolio=portfolio, by=by)
    return render(contributions_chart(found, entry, prior=prior, ci_prob=ci_prob, ci_kind=ci_kind))


def _ordered(draws: xr.DataArray, most: int) -> tuple[list[str], xr.DataArray]:
    """Return sources by the size of their mean, then the total; and draws of them, the smallest of many summed."""
    mean = abs(draws.mean(("chain", "draw"))).to_series().drop(TOTAL).sort_values(ascending=False, kind="stable")
    order = mean.index.tolist()
    if len(order) > most:
        kept, rest = order[: most - 1], order[most - 1 :]
        draws = with_rest(draws, rest)
        order = [*kept, rest_name(rest)]
    return [*order, TOTAL], draws


def rest_name(rest: list[str]) -> str:
    """Return what the sum of small sources is called."""
    return f"{len(rest)} smaller ones"


def with_rest(draws: xr.DataArray, rest: list[str]) -> xr.DataArray:
    """Return draws with the sum of some sources instead of each of them."""
    summed = draws.sel(source=rest).sum("source").expand_dims(source=[rest_name(rest)])
    return xr.concat([draws.drop_sel(source=rest), summed], "source").transpose("chain", "draw", "source")


def _before(prior: PriorPremium | None, order: list[str], ci_prob: float, ci_kind: Interval) -> pd.DataFrame | None:
    """Return the prior's numbers of each row; None where there are none."""
    if prior is None or prior.draws is None:
        return None
    draws = prior.draws
    rest = [name for name in draws["source"].values.tolist() if name not in order]
    if rest:
        draws = with_rest(draws, rest)
    return summarise(draws, ci_prob, ci_kind).set_index("source").reindex(order)


def _text(name: str, row: Row, prior: Row | None, unit: Unit, what: str) -> str:
    """Say the numbers of a row."""
    said = f"{name}: {numbers(row, unit)} a year, {what}"
    said += f"; above zero with probability {chance(float(row['prob_positive']))}"
    return f"{said}." if prior is None else f"{said}. Before the data: {numbers(prior, unit)}."


def _notes(
    prior: PriorPremium | None, before: pd.DataFrame | None, ends: tuple[float, float], unit: Unit
) -> tuple[str, ...]:
    """Say what is not drawn, and what is off the scale."""
    notes = []
    if prior is not None and prior.reason:
        notes.append(f"The prior is not drawn: {prior.reason}.")
    if prior is not None and prior.note:
        notes.append(f"{prior.note[:1].upper()}{prior.note[1:]}.")
    if before is not None:
        said = numbered(before.index.tolist(), all_numbers(before, unit))
        lows, highs = before["lower"].to_numpy(), before["upper"].to_numpy()
        notes += beyond("Priors that reach beyond the scale", ends, lows, highs, said)
    return tuple(notes)
