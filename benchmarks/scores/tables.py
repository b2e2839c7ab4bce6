"""The tables of a panel, and what they say in words."""

from collections.abc import Iterator, Mapping

import numpy as np

import bayesfactor as bf
from benchmarks.common import Table, markdown
from benchmarks.scores.measures import Estimate, Measures
from benchmarks.scores.peers import SHORT
from benchmarks.scores.walk import PRESETS
from benchmarks.truth.panels import Case

CLEAR = 2.0  # standard errors
NEGLIGIBLE = 5e-5  # an R-squared that is 0 in the table: the mean is the past mean
SCORES = {  # measure -> column, digits, scale
    "crps": ("CRPS, % of the expanding mean's", 2, 100.0),
    "log": ("log score", 3, 1.0),
    "joint": ("joint log score", 3, 1.0),
    "normal": ("the same, normal tails", 3, 1.0),
    "r2": ("R² over the past mean, %", 2, 100.0),
}
RISKS = {
    **{f"cover {level}": (f"{level} % intervals hold, %", 1, 100.0) for level in (50, 90, 99)},
    "bias minimum variance": ("bias: minimum variance", 2, 1.0),
    "bias equal-weighted": ("bias: equal weights", 2, 1.0),
    "bias random ": ("bias: 20 long-only", 2, 1.0),
    "volatility": ("volatility of minimum variance, % a year", 2, 1.0),
}
AGAINST = {
    "joint": ("joint log score, gain", 3, 1.0),
    "log": ("log score, gain", 3, 1.0),
    "crps": ("CRPS, ratio", 4, 1.0),
    "risk": ("volatility of minimum variance, ratio", 3, 1.0),
}
DUELS = {  # measure -> name, value of a draw, whether more of it is better
    "joint": ("Joint log score", 0.0, 1),
    "log": ("Log score", 0.0, 1),
    "crps": ("CRPS", 1.0, -1),
    "risk": ("Volatility of minimum variance", 1.0, -1),
}
WIDE = ("too wide", "not told from right", "too narrow")
UNDER = ("understated", "not told from right", "overstated")
RIGHT = {  # measure -> name, value where it is right, words for more of it and less
    **{f"cover {level}": (f"{level} % intervals", level / 100, WIDE) for level in (50, 90, 99)},
    "bias minimum variance": ("Risk of minimum variance", 1.0, UNDER),
    "bias equal-weighted": ("Risk of equal weights", 1.0, UNDER),
    "bias random ": ("Risk of 20 long-only portfolios", 1.0, UNDER),
}


def text(estimate: Estimate, digits: int, scale: float) -> str:
    """Return a value and its standard error in brackets."""
    if np.isnan(estimate[0]):
        return "no inverse"
    return f"{scale * estimate[0]:.{digits}f} ({scale * estimate[1]:.{digits}f})"


def section(case: Case, scores: bf.Scores, found: Measures, other: Measures) -> str:
    """Return the text of a panel: scores, risk, the first model against the others, and what they say."""
    first, says = next(iter(found)), "\n".join(f"* {line}" for line in said(found, other))
    tables = (
        Table(case.name, rows(found, SCORES), f"{dates_said(case, scores)} {fits_said(scores)}"),
        Table(f"{case.name}: intervals and risk", rows(found, RISKS), "Standard errors in brackets."),
        Table(f"{case.name}: {first} against the others", rows(other, AGAINST), says),
    )
    return "\n".join(map(markdown, tables))


def summary(panels: Mapping[str, Measures]) -> str:
    """Return by how many standard errors the first model is ahead of every other, by panel, and how often."""
    lines, lost, counts = [], [], {"ahead": 0, "level": 0, "behind": 0}
    for model in next(iter(panels.values())):
        line: dict[str, object] = {"against": model}
        for name, (head, _, _) in (item for item in DUELS.items() if item[0] != "risk"):
            away = [ahead(other[model], name) for other in panels.values()]
            line[head] = " ".join("none" if np.isnan(value) else f"{value:+.1f}" for value in away)
            behind = sum(value < -CLEAR for value in away)
            lost += [f"{model} ({head}, {behind} of {len(panels)} panels)"] if behind else []
            if model not in PRESETS:
                counts["ahead"] += sum(value > CLEAR for value in away)
                counts["level"] += sum(abs(value) <= CLEAR for value in away)
                counts["behind"] += behind
        lines.append(line)
    note = (
        f"Panels in each cell: {', '.join(panels)}. Of {sum(counts.values())} comparisons with what has no posterior, "
        f"the default is ahead by two standard errors in {counts['ahead']}, level in {counts['level']} and behind in "
        f"{counts['behind']}. All that it is behind: {', '.join(lost) or 'nothing'}."
    )
    return markdown(Table("The default against the others, in standard errors", tuple(lines), note))


def ahead(own: Mapping[str, Estimate], measure: str) -> float:
    """Return by how many standard errors the first model is ahead."""
    _, centre, sign = DUELS[measure]
    return sign * distance(own[measure], centre)


def rows(found: Measures, columns: Mapping[str, tuple[str, int, float]]) -> tuple[dict[str, object], ...]:
    """Return a line for every model."""
    return tuple(
        {"model": model, **{name: text(own[key], *form) for key, (name, *form) in columns.items()}}
        for model, own in found.items()
    )


def dates_said(case: Case, scores: bf.Scores) -> str:
    """Return when models were fitted and judged, in words."""
    dates, starts = scores.joint["date"], case.wide.fits(case.panel)
    return (
        f"{len(starts)} fits, every {case.wide.step} periods, of {starts[0]} to {starts[-1]} periods; judged by "
        f"{dates.nunique()} dates, {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}. Half-lives of EWMA: "
        f"{case.half_life} and {case.half_life // SHORT} periods."
    )


def fits_said(scores: bf.Scores) -> str:
    """Return how many fits of each model had problems."""
    fits = scores.dates.groupby("model")["fit"].nunique()
    counts = [f"{model} {len(each)} of {fits[model]}" for model, each in scores.problems.items() if each]
    return f"Fits that failed a check, scored all the same: {', '.join(counts) or 'none'}."


def said(found: Measures, other: Measures) -> Iterator[str]:
    """Yield sentences: where the first model loses, who is ahead of whom, what is right; with standard errors."""
    first, lost = next(iter(found)), []
    lines = []
    for key, (name, _, _) in DUELS.items():
        away = {model: ahead(own, key) for model, own in other.items()}
        better = [model for model in away if away[model] < -CLEAR]
        lost += [f"{name} (better: {', '.join(better)})"] if better else []
        lines.append(f"{name}: {first} is {placed(away, 'ahead of', 'level with', 'behind')}.")
    for key, (name, centre, words) in RIGHT.items():
        away = {model: distance(own[key], centre) for model, own in found.items()}
        far = {model: abs(own[key][0] - centre) for model, own in found.items()}
        nearer = [model for model in far if far[model] < far[first]]
        if abs(away[first]) > CLEAR:
            lost.append(f"{name} ({f'nearer to right: {", ".join(nearer)}' if nearer else 'none is nearer to right'})")
        lines.append(f"{name}: {placed(away, *words)}.")
    away = {model: distance(own["r2"], 0.0) for model, own in found.items() if abs(own["r2"][0]) > NEGLIGIBLE}
    lines.append(f"Means: {placed(away, 'better than the past mean', 'as good as it', 'worse than it')}.")
    yield f"**Where {first} loses**, by two standard errors or more: {'; '.join(lost) or 'nowhere'}."
    yield from lines


def placed(away: Mapping[str, float], more: str, level: str, less: str) -> str:
    """Return models in groups by how many standard errors they are away, with these in brackets."""
    groups = {
        more: [model for model in away if away[model] > CLEAR],
        level: [model for model in away if abs(away[model]) <= CLEAR],
        less: [model for model in away if away[model] < -CLEAR],
    }
    known = {
        word: ", ".join(f"{model} ({abs(away[model]):.1f})" for model in models)
        for word, models in groups.items()
        if models
    }
    return "; ".join(f"*{word}* {models}" for word, models in known.items())


def distance(estimate: Estimate, centre: float) -> float:
    """Return by how many standard errors an estimate is above a value."""
    return (estimate[0] - centre) / estimate[1]
