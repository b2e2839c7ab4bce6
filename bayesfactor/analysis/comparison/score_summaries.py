"""Scores by return and date, summed up, with standard errors from blocks of dates."""

import numpy as np
import pandas as pd

from bayesfactor.analysis.comparison.judged import ALL
from bayesfactor.base.errors import unknown

BLOCKS = 20  # of dates, at most, for standard errors
COVERS = (0.5, 0.9, 0.99)
BINS = 10


def of_entry(dates: pd.DataFrame, asset: str, place: str) -> pd.DataFrame:
    """Return the rows of an asset or portfolio, or of all assets.

    Raises
    ------
    SpecError
        When there is none of that name.
    """
    if asset == ALL:
        return dates[dates["kind"] == "asset"]
    known = [ALL, *dates["asset"].unique().tolist()]
    if asset not in known:
        raise unknown("asset", asset, known, place=place)
    return dates[dates["asset"] == asset]


def histogram(part: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `Scores.pit_table` of some returns."""
    edges, rows = np.linspace(0, 1, BINS + 1), []
    for model, own in part.groupby("model", sort=False):
        place = np.minimum((own["pit"].to_numpy() * BINS).astype(int), BINS - 1)
        inside = pd.DataFrame(place[:, None] == np.arange(BINS), own.index).groupby(own["date"], sort=True)
        totals, counts = inside.sum().to_numpy(), inside.size().to_numpy()
        for k in range(BINS):
            share, error = totals[:, k].sum() / counts.sum(), block_error(totals[:, k], counts)
            rows.append({"model": model, "from": edges[k], "to": edges[k + 1], "share": share, "se": error})
    return pd.DataFrame(rows)


def gains(part: pd.DataFrame, over: str | None) -> pd.DataFrame:
    """Return the rows of `Scores.gains_table` of some returns, over a model or the first.

    Raises
    ------
    SpecError
        When there is no such model.
    """
    models = part["model"].unique().tolist()
    if over is not None and over not in models:
        raise unknown("model", over, models, place="gains_table.over")
    base = models[0] if over is None else over
    wide = part.pivot(index=["date", "kind", "asset"], columns="model", values="log_score")
    rows = []
    for model in models:
        by_date = (wide[model] - wide[base]).dropna().groupby("date", sort=True)
        totals, counts = by_date.sum().to_numpy(), by_date.size().to_numpy()
        many, known = int(counts.sum()), len(counts) > 0
        gain, error = (totals.sum() / many, block_error(totals, counts)) if known else (np.nan, np.nan)
        rows.append({"model": model, "count": many, "gain": gain, "se": error})
    return pd.DataFrame(rows)


def means(part: pd.DataFrame) -> dict[str, float]:
    """Return the columns of `Scores.table` of some returns."""
    error = part["observed"] - part["mean"]
    by_date = part.groupby("date", sort=True)["log_score"]
    inside = {f"cover_{round(100 * prob)}": float(((part["pit"] - 0.5).abs() <= prob / 2).mean()) for prob in COVERS}
    return {
        "count": len(part),
        "log_score": part["log_score"].mean(),
        "se": block_error(by_date.sum(min_count=1).to_numpy(), by_date.size().to_numpy()),
        "crps": part["crps"].mean(),
        **inside,
        "pit": part["pit"].mean(),
        "bias": (error / part["sd"]).std(),
        **_r_squared(part, part["observed"] - part["past_mean"], "mean"),
        **_r_squared(part, part["observed"], "zero"),
    }


def _r_squared(part: pd.DataFrame, benchmark: pd.Series, name: str) -> dict[str, float]:
    """Return 1 - the ratio of sums of squared errors, and its standard error."""
    squares = pd.DataFrame({"own": (part["observed"] - part["mean"]) ** 2, "benchmark": benchmark**2})
    own, other = squares.groupby(part["date"], sort=True).sum().to_numpy().T
    if not other.sum() > 0:
        return {f"r2_{name}": np.nan, f"se_r2_{name}": np.nan}
    return {f"r2_{name}": 1 - own.sum() / other.sum(), f"se_r2_{name}": block_error(own, other)}


def block_error(totals: np.ndarray, counts: np.ndarray) -> float:
    """Return the standard error of sum(totals) / sum(counts), of sums by date, from blocks of consecutive dates."""
    length = -(-len(totals) // BLOCKS)
    starts = np.arange(0, len(totals), length)
    if len(starts) < 2:
        return np.nan
    mean = totals.sum() / counts.sum()
    away = np.add.reduceat(totals - mean * counts, starts)
    many = len(starts)
    return float(np.sqrt(many / (many - 1) * (away**2).sum()) / counts.sum())
