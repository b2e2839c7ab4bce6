"""Measures of forecasts by model, with standard errors from blocks of dates."""

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.analysis.comparison.judged import ALL, EQUAL
from bayesfactor.analysis.comparison.score_summaries import block_error
from benchmarks.scores.panels import RANDOM
from benchmarks.scores.peers import EXPANDING, LEAST

Estimate = tuple[float, float]  # a value and its standard error; NaN of what a covariance without an inverse lacks
Measures = dict[str, dict[str, Estimate]]  # model -> measure -> estimate
KEYS = ["date", "kind", "asset"]
UNKNOWN = (np.nan, np.nan)


def ratio(own: pd.Series, other: pd.Series, date: pd.Series) -> Estimate:
    """Return sum(own) / sum(other) and its standard error."""
    one, two = (values.groupby(date, sort=True).sum(skipna=False).to_numpy(dtype=float) for values in (own, other))
    return float(one.sum() / two.sum()), block_error(one, two)


def average(values: pd.Series, date: pd.Series) -> Estimate:
    """Return the mean and its standard error."""
    return ratio(values.astype(float), pd.Series(1.0, values.index), date)


def root(estimate: Estimate, scale: float = 1.0) -> Estimate:
    """Return the square root of an estimate."""
    value = float(np.sqrt(estimate[0]))
    return scale * value, scale * estimate[1] / (2 * value)


def variance(values: pd.Series, date: pd.Series) -> Estimate:
    """Return the variance and its standard error."""
    return average((values - values.mean()) ** 2, date)


def covered(part: pd.DataFrame, level: float) -> Estimate:
    """Return how often the equal-tailed interval held the return."""
    return average((part["pit"] - 0.5).abs() <= level / 2, part["date"])


def bias(part: pd.DataFrame) -> Estimate:
    """Return the standard deviation of returns less their mean over their standard deviation."""
    return root(variance((part["observed"] - part["mean"]) / part["sd"], part["date"]))


def compared(part: pd.DataFrame, other: pd.DataFrame, score: str) -> Estimate:
    """Return the sum of a score over that of another model on the same dates and assets."""
    both = part.set_index(KEYS)[[score]].join(other.set_index(KEYS)[score].rename("other")).reset_index()
    return ratio(both[score], both["other"], both["date"])


def gain(one: pd.DataFrame, other: pd.DataFrame, score: str) -> Estimate:
    """Return a joint score less that of another model on the same dates, a return."""
    both = one.set_index("date")[[score, "count"]].join(other.set_index("date")[score].rename("other")).reset_index()
    return ratio(both[score] - both["other"], both["count"], both["date"])


def parts(scores: bf.Scores, entry: str) -> dict[str, pd.DataFrame]:
    """Return the rows of an entry by model; of minimum variance, of those that have it on every date."""
    asset = scores.dates["asset"]
    chosen = {ALL: scores.dates["kind"] == "asset", RANDOM: asset.str.startswith(RANDOM)}.get(entry, asset == entry)
    found = {str(model): part for model, part in scores.dates[chosen].groupby("model", sort=False)}
    dates = scores.joint["date"].nunique()
    return {model: part for model, part in found.items() if entry != LEAST or len(part) == dates}


def measured(scores: bf.Scores, periods_per_year: int) -> Measures:
    """Return the measures of every model; log scores and R-squared are those of `Scores.table`."""
    each, books = parts(scores, ALL), {entry: parts(scores, entry) for entry in (LEAST, EQUAL, RANDOM)}
    table = scores.table().query("asset == @ALL").set_index("model")
    joint = {str(model): part for model, part in scores.joint.groupby("model", sort=False)}
    normal = scores.joint_table().set_index("model")
    found: Measures = {}
    for model, part in each.items():
        row, least = table.loc[model], books[LEAST].get(model)
        found[model] = {
            "crps": compared(part, each[EXPANDING], "crps"),
            "log": (row["log_score"], row["se"]),
            "joint": gain(joint[model], joint[model].assign(log_score=0.0), "log_score"),
            "normal": (normal.loc[model, "log_score_normal"], normal.loc[model, "se_normal"]),
            "r2": (row["r2_mean"], row["se_r2_mean"]),
            **{f"cover {level}": covered(part, level / 100) for level in (50, 90, 99)},
            **{f"bias {name}": bias(own[model]) if model in own else UNKNOWN for name, own in books.items()},
            "volatility": UNKNOWN
            if least is None
            else root(variance(least["observed"], least["date"]), 100 * periods_per_year**0.5),
        }
    return found


def against(scores: bf.Scores) -> Measures:
    """Return how the first model did against every other: CRPS over its, gains in log scores, risk over its."""
    each, least = parts(scores, ALL), parts(scores, LEAST)
    joint = {str(model): part for model, part in scores.joint.groupby("model", sort=False)}
    risks = {
        model: part.assign(risk=(part["observed"] - part["observed"].mean()) ** 2) for model, part in least.items()
    }
    first, *others = each
    gains = scores.gains_table(over=None).set_index("model")
    found: Measures = {}
    for other in others:
        known = other in risks
        found[other] = {
            "crps": compared(each[first], each[other], "crps"),
            "log": (-gains.loc[other, "gain"], gains.loc[other, "se"]),
            "joint": gain(joint[first], joint[other], "log_score") if known else UNKNOWN,
            "risk": root(compared(risks[first], risks[other], "risk")) if known else UNKNOWN,
        }
    return found
