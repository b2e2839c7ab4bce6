"""Walk-forward fits and their scores: what the command line takes, and what it prints."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.benchmark import EWMA, LAW
from bayesfactor.analysis.comparison.judged import ALL
from bayesfactor.analysis.comparison.scores import Scores
from bayesfactor.analysis.portfolio.portfolio_weights import holdings
from bayesfactor.base.arguments import require_periods
from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.base.wording import periods_in_words
from bayesfactor.cli.interrupts import wrote
from bayesfactor.cli.output import number, percent, say, show_rows
from bayesfactor.data.windows import Windows, rolling
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import written
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.batch.fits import Fits
from bayesfactor.spec.files import read_model
from bayesfactor.spec.model import FactorModel

HELD = {"50 %": "cover_50", "90 %": "cover_90", "99 %": "cover_99"}  # heads, and columns of the table


def models_by_name(given: Sequence[str]) -> dict[str, FactorModel]:
    """Return models by the names of presets or of files.

    Raises
    ------
    SpecError
        When there is no such model, two have one name, or one has the benchmark's.
    """
    found: dict[str, FactorModel] = {}
    for text in given:
        name = Path(text).stem if text.endswith(".toml") else text
        if name in found or name == EWMA:
            what = "two models are" if name in found else "a model is"
            raise SpecError(
                f"--model {text}: {what} called '{name}'{'' if name in found else ', as the benchmark is'}.",
                place="--model",
                found=text,
                remedy="Give the file another name.",
            )
        found[name] = read_model(text)
    return found


def require_judge(over: str, models: Mapping[str, FactorModel]) -> None:
    """Raise a SpecError unless it is one of the models, or the benchmark."""
    if over not in (*models, EWMA):
        raise unknown("model", over, [*models, EWMA], place="--over")


def windows_of(
    panel: Panel, first: str | None, every: int | None, periods: int, portfolio: Mapping[str, float] | None
) -> Windows:
    """Return the windows that are fitted, each as long as what is before the first return that is judged.

    Raises
    ------
    SpecError, DataError
        When the first date, the step, the periods or a weight is not one that can be used.
    """
    require_periods(periods, "score")
    holdings(panel, "asset", portfolio)
    step = max(1, panel.periods_per_year // 2) if every is None else every
    if step < periods:
        raise SpecError(
            f"--every {step} is less than --periods {periods}: no fit would be judged before the next one.",
            place="--every",
            found=step,
            remedy=f"Take --every {periods} or more.",
        )
    start = len(panel.times) // 2 if first is None else _row(panel, first)
    if not 2 <= start <= len(panel.times) - periods:
        raise SpecError(
            f"--first {first or written(panel.times[start])}: {start} of {len(panel.times)} periods are before it, "
            f"and it takes at least 2, and {periods} from it on.",
            place="--first",
            found=first,
            remedy=f"The returns are from {written(panel.times[0])} to {written(panel.times[-1])}.",
        )
    before = replace(panel, returns=panel.returns[: len(panel.times) - periods])  # a fit is judged by what is after it
    return rolling(before, start, step, past=True)


def _row(panel: Panel, first: str) -> int:
    date = pd.to_datetime(first, format="ISO8601", errors="coerce")
    if pd.isna(date) or date.tzinfo is not None:
        raise SpecError(
            f"--first {first}: it is no date.", place="--first", found=first, remedy="Write it as 2020-01-31."
        )
    return int(np.searchsorted(panel.times, np.datetime64(date)))


def fit_windows(windows: Windows, models: Mapping[str, FactorModel], sampler: Sampler, folder: Path) -> dict[str, Fits]:
    """Fit every model to every window, each model in a folder of its own, and say how many there are.

    Raises
    ------
    SpecError, FitError
        When the folder cannot be used, or no fit of a model succeeded.
    """
    from bayesfactor.sampling.batch.many_fits import fit_many

    first, *_, last = (*windows, *windows)
    if len(windows) == 1:
        say(f"1 fit of each model, to {windows.window} periods, that ends on {first}.")
    else:
        how = f"to {windows.window} periods each, that end on {first} and every {periods_in_words(windows.step)}"
        say(f"{len(windows)} fits of each model, {how} until {last}.")
    found: dict[str, Fits] = {}
    for name, model in models.items():
        fits = found[name] = fit_many(windows, model, sampler, folder=wrote(folder / name))
        say(f"{name}: {fits!r}")
        if not len(fits):
            window, error = next(iter(fits.failures.items()))
            raise FitError(f"score: no fit of '{name}' succeeded; the first, {window}: {error}")
    return found


def failures(scores: Scores, fits: Mapping[str, Fits]) -> list[str]:
    """Return what is wrong with the fits of each model."""
    said = []
    for name, found in scores.problems.items():
        many = f"of {len(fits[name].names)} fits"
        if found:
            said.append(f"{name}: problems of {len(found)} {many}; the first, {found[0]}")
        if fits[name].failures:
            lost = fits[name].failures
            said.append(f"{name}: {len(lost)} {many} failed, and the fit before was judged instead: {', '.join(lost)}")
    return said


def show_scores(scores: Scores, periods: int, over: str) -> None:
    """Print the scores of all assets and of portfolios by model, and gains over one of them."""
    table = scores.table()
    dates = [written(date) for date in np.unique(scores.joint["date"])]
    ahead = "each from the period before it" if periods == 1 else f"each over {periods_in_words(periods)}, compounded"
    print()
    say(
        f"Forecasts of {len(dates)} dates, {dates[0]} to {dates[-1]}, {ahead}. {EWMA}: {LAW}.",
        "Log score: higher is better; CRPS: lower is. R2: against the mean of earlier returns, and against 0. "
        "50, 90, 99 %: how often the interval held the return. PIT: 0.5 where forecasts are centred. se: from blocks "
        "of dates.",
    )
    print()
    columns = ["returns", "log score", "se", "CRPS, %", "R2, %", "se", "R2 of 0, %", *HELD, "PIT"]
    show_rows(["all assets", *columns], [[row["model"], *_scored(row)] for row in _rows(table, ALL)])
    _show_portfolios(table)
    gains = scores.gains_table(over)
    if gains["gain"].isna().all():
        say("", "Returns over several periods have no density: there are no log scores to compare.")
        return
    say("", f"Gain in log score over {over}'s, nats per return of all assets; above 0 is better.")
    print()
    gained = gains[gains["model"] != over].to_dict("records")
    show_rows(
        ["model", "returns", "gain", "se"],
        [[row["model"], str(row["count"]), f"{row['gain']:.4f}", f"{row['se']:.4f}"] for row in gained],
    )


def _show_portfolios(table: pd.DataFrame) -> None:
    """Print the scores of portfolios, with their bias statistics."""
    say("", "Bias: standard deviation of (observed - mean) / sd, above 1 where risk was larger than forecast.")
    print()
    names = [name for name in ("portfolio", "equal-weighted") if name in set(table["asset"])]
    rows = [
        [
            row["model"],
            name,
            str(row["count"]),
            number(row["log_score"]),
            number(row["se"]),
            f"{100 * row['crps']:.3g}",
            *(percent(row[column]) for column in HELD.values()),
            number(row["bias"]),
        ]
        for name in names
        for row in _rows(table, name)
    ]
    columns = ["model", "of", "returns", "log score", "se", "CRPS, %", *HELD, "bias"]
    show_rows(columns, rows, words=2)


def _rows(table: pd.DataFrame, asset: str) -> list[dict[Hashable, Any]]:
    return table[table["asset"] == asset].to_dict("records")


def _scored(row: Mapping[Hashable, Any]) -> list[str]:
    """Return the cells of a model's scores of all assets."""
    return [
        str(row["count"]),
        number(row["log_score"]),
        number(row["se"]),
        f"{100 * row['crps']:.3g}",
        percent(row["r2_mean"]),
        percent(row["se_r2_mean"]),
        percent(row["r2_zero"]),
        *(percent(row[column]) for column in HELD.values()),
        number(row["pit"]),
    ]
