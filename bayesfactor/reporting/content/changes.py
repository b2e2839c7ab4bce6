"""The section on what has changed: volatility now over the long run, and loadings that have risen or fallen."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.loading_history import YEARS, loading_paths
from bayesfactor.analysis.attribution.variances import moves, residual_sd_over_sample
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, interval_name, join
from bayesfactor.plots.paths import paths_chart
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.grids import POSTERIOR_UNITS, Column, plain
from bayesfactor.reporting.content.parts import Heading, Part, Picture, TablePart, Text

SURE, MOST = 0.95, 20  # probability from which a loading has changed; rows of their table
RESIDUALS = "residuals of all assets"
WHAT = {
    "volatility_now": "the volatility of residuals",
    "factor_cov_long_run": "the covariance of factors",
    "loading_long_run": "loadings",
}


@dataclass(frozen=True, eq=False)
class Changes:
    """What moves.

    Attributes
    ----------
    fit : Fit
    ci_prob, ci_kind
        Of every interval.
    volatility : DataFrame or None
        Per source, volatility now over the long run; None where none moves.
    loadings : DataFrame or None
        As `loading_paths` has them, the largest change first; None where they do not move.
    still : float
        Posterior probability that loadings do not move.
    """

    fit: Fit
    ci_prob: float
    ci_kind: Interval
    volatility: pd.DataFrame | None
    loadings: pd.DataFrame | None
    still: float


def find_changes(fit: Fit, ci_prob: float, ci_kind: Interval) -> Changes | None:
    """Return what has changed; None where nothing moves in the model."""
    if not moves(fit.posterior):
        return None
    ratio = _volatility(fit.posterior, fit)
    volatility = None if ratio is None else summarise(ratio, ci_prob, ci_kind).set_index("source")
    if volatility is not None and ratio is not None:
        volatility["prob_higher"] = (ratio > 1).mean(("chain", "draw")).values
    known = fit.movement is not None and fit.movement.loadings is not None
    loadings = _by_size(fit, loading_paths(fit).table(ci_prob, ci_kind)) if known else None
    still = float((fit.posterior["loading_move"] == 0).mean()) if known else 1.0
    return Changes(fit, ci_prob, ci_kind, volatility, loadings, still)


def _volatility(posterior: xr.Dataset, fit: Fit) -> xr.DataArray | None:
    """Return standard deviations of the next period over those of the long run (chain, draw, source)."""
    found = []
    if "volatility_now" in posterior:
        own = (posterior["residual_sd"] / residual_sd_over_sample(fit)).mean("asset")
        found.append(own.expand_dims(source=[RESIDUALS]))
    if "factor_cov_long_run" in posterior:
        now, long_run = (
            np.sqrt(np.diagonal(posterior[name].transpose("chain", "draw", "factor", "factor_other"), axis1=2, axis2=3))
            for name in ("factor_cov", "factor_cov_long_run")
        )
        coords = {dim: posterior[dim].values for dim in ("chain", "draw")}
        labels = {**coords, "source": list(fit.panel.factor_names)}
        found.append(xr.DataArray(now / long_run, labels, ("chain", "draw", "source")))
    return xr.concat(found, "source").transpose("chain", "draw", "source") if found else None


def _by_size(fit: Fit, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the largest change first: of the return that goes with one sd of the factor."""
    factors = fit.panel.factors
    sd = pd.Series(factors.std("time", ddof=1).values, factors["factor"].values)
    size = (table["today"] - table["two_years_ago"]).abs() * table["factor"].map(sd)
    return table.loc[size.sort_values(ascending=False, kind="stable").index]


def changed(found: Changes) -> tuple[Part, ...]:
    """Return the parts of the section."""
    posterior = found.fit.posterior
    what = [said for name, said in WHAT.items() if name in posterior]
    parts: list[Part] = [
        Text(
            f"What moves in this model, around its long-run value: {join(what)}. Premia and alphas do not. What this "
            "report says of loadings, volatilities and shares of variances is of the period after the last row, unless "
            "it says otherwise."
        )
    ]
    if found.volatility is not None:
        columns: list[Column] = [
            ("mean", "now over long run", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent"),
            ("prob_higher", "P(higher now)", "chance"),
        ]  # fmt: skip
        caption = (
            "Volatility of the next period over that of the long run: posterior mean and "
            f"{interval_name(found.ci_prob, found.ci_kind)}. The long run of residuals is their mean variance over the "
            "sample."
        )
        table = plain(found.volatility, "source", columns, POSTERIOR_UNITS)
        parts += [Heading("Volatility"), TablePart(table, "changes-volatility", caption, "sources")]
    if found.loadings is not None:
        parts += [Heading("Loadings"), *_loadings(found, found.loadings)]
    return tuple(parts)


def _loadings(found: Changes, table: pd.DataFrame) -> tuple[Part, ...]:
    """Return the loadings that have risen or fallen, and the path of the one that changed most."""
    if found.still == 1:
        return (Text("The evidence is for loadings that do not move: none has changed."),)
    sure = table[(table["prob_up"] > SURE) | (table["prob_up"] < 1 - SURE)]
    count = f"{len(sure)} of {len(table)} loadings have" if len(sure) != 1 else f"1 of {len(table)} loadings has"
    doubt = f" The probability that no loading moves is {chance(found.still)}." if found.still else ""
    text = (
        f"{count} risen or fallen in {YEARS} years, or since an asset's first return, with a probability above "
        f"{100 * SURE:g} %.{doubt}"
    )
    more = f" The {MOST} largest changes are shown." if len(sure) > MOST else ""
    asset, factor = (sure if len(sure) else table).iloc[0][["asset", "factor"]]
    draw = partial(paths_chart, found.fit, asset, factor, ci_kind=found.ci_kind)
    said = (
        "The loading that changed most" if len(sure) else "The loading with the largest change, which may be none"
    ) + f": {asset} on {factor}."
    picture = Picture(draw, f"Loading of {asset} on {factor} over time, with bands and its long-run interval", said)
    return (Text(text + more), *([_table(found, sure.head(MOST))] if len(sure) else []), picture)


def _table(found: Changes, sure: pd.DataFrame) -> TablePart:
    columns: list[Column] = [
        ("factor", "factor", "text"), ("two_years_ago", "then", "number"), ("since", "then: from", "text"),
        ("today", "now", "number"), ("lower", "lower", "number"), ("upper", "upper", "number"),
        ("long_run", "long run", "number"), ("prob_up", "P(has risen)", "chance"),
    ]  # fmt: skip
    shown = sure.assign(since=pd.DatetimeIndex(sure["since"]).strftime("%Y-%m-%d")).set_index("asset")
    caption = (
        f"Loadings that have risen or fallen, the largest change first (in returns per standard deviation of the "
        f"factor): posterior means; ends of the {interval_name(found.ci_prob, found.ci_kind)} of now, the next period."
    )
    return TablePart(plain(shown, "asset", columns), "changes-loadings", caption, "loadings")
