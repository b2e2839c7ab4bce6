"""Checks of how residuals of different assets go together."""

from collections.abc import Mapping, Set
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.residual_correlations import COPY, INTERVAL, Correlations
from bayesfactor.posterior.diagnostics import Check

MEAN = 0.05  # mean correlation
NAMED = 3  # pairs
MATERIAL = 0.25  # of a correlation: the residual volatility of two assets together is then off by an eighth at most
MISSING = (
    "Residuals, which the model takes as independent, move together: a factor is missing. Intervals are too narrow and "
    "idiosyncratic shares too small, above all of portfolios and groups."
)
MORE = "Residuals move together otherwise than the model's residual factors have it: portfolios and groups are off."
CORRELATED = (
    "{} of {} pairs are correlated beyond chance, under which no pair at all is, 99 times in a hundred: residuals are "
    "correlated. Take a model with residual factors (the preset hierarchical; noise.common.count, if it found none) or "
    "add the factor that these share: the risk of a portfolio that holds both is wrong."
)
APART = (
    "{} of {} pairs are correlated otherwise than the model's residual factors have it, beyond chance: allow more of "
    "them (noise.common.count), or add the factor that these share: the risk of a portfolio that holds both is wrong."
)
OF_INDEX = (
    "{many} of {count} pairs have residuals that are correlated{how}, beyond chance. '{name}', a factor of the model, "
    "is an index of {members} of the assets: their residuals, by its weights, sum to about 0, so that those of its "
    "largest members correlate negatively, and what these do alone moves the others together, by construction and not "
    "because a factor is missing. Take a market of other assets first, and residual factors (noise.common) only for "
    "what is correlated then; until then the model overstates the risk of a portfolio that holds the largest together."
)
INDEXED = (
    " '{name}' is an index of {members} of these assets, so that a part of it may be by construction: take a market "
    "of other assets before residual factors."
)
NONE = "No pair is correlated otherwise than the model has it, beyond what the largest of all is by chance."


def correlation_checks(found: Correlations, indexes: Mapping[str, Set[str]] = MappingProxyType({})) -> list[Check]:
    """Return the checks of residual correlations: their mean and mean square inform, the largest ones may fail.

    `indexes` has the assets of each factor that is an index of them, whose residuals correlate by construction.
    """
    advice, pairs = found.reason or (MORE if found.common else MISSING) + _indexed(indexes), found.pairs
    rest = " beyond the model's" if found.common else " of assets"
    checks = [
        Check(f"residuals: mean correlation{rest}", None, found.mean, MEAN, "", advice),
        Check(
            "residuals: rms correlation beyond noise", None, found.excess, found.limit, "",
            advice, "" if found.reason else ".pairs",
        ),
    ]  # fmt: skip
    if not len(pairs):
        return checks
    size, built = pairs["correlation"].abs(), np.zeros(len(pairs), dtype=bool)
    for held in indexes.values():
        built |= _built(pairs, held).to_numpy()
    copies = pairs[(size >= COPY) & (size > pairs["limit"]) & ~built]
    beyond = " beyond the model's" * bool(found.common)
    name = f"residuals: largest correlation of two{beyond}"
    if len(copies):
        same = "These two are one asset under two names: leave one of them out."
        checks.append(_check(name, False, copies, same))
        name = f"residuals: largest correlation of two others{beyond}"
    others = pairs.drop(copies.index)
    if len(others):
        sure = found.sure[others.index]
        words = _advice(found, others[sure], indexes) if sure.any() else NONE
        words = f"{words} In brackets: {100 * INTERVAL:g} % intervals (Fisher's z)."
        checks.append(_check(name, _verdict(others[sure]), others[sure] if sure.any() else others, words))
    return checks


def _indexed(indexes: Mapping[str, Set[str]]) -> str:
    """Return what to say of all pairs where a factor is an index of several of the assets."""
    return "".join(INDEXED.format(name=name, members=len(held)) for name, held in indexes.items() if len(held) > 1)


def _advice(found: Correlations, sure: pd.DataFrame, indexes: Mapping[str, Set[str]]) -> str:
    """Return what pairs that are surely apart from the model mean, and what to do."""
    many = max(found.beyond, int(found.sure.sum()))
    far = (sure["correlation"] - sure["model"]).abs().sort_values(ascending=False, kind="stable")
    for name, held in indexes.items():
        if _built(sure.loc[far.index[:NAMED]], held).any():
            how = " otherwise than the model has it" if found.common else ""
            return OF_INDEX.format(many=many, count=found.count, how=how, name=name, members=len(held))
    return (APART if found.common else CORRELATED).format(many, found.count) + _indexed(indexes)


def _built(pairs: pd.DataFrame, held: Set[str]) -> pd.Series:
    """Return of which pairs the residuals have opposite signs, beyond the model's, as members of one index."""
    return (pairs["correlation"] < pairs["model"]) & pairs["asset"].isin(held) & pairs["other"].isin(held)


def _verdict(sure: pd.DataFrame) -> bool | None:
    """Return whether pairs that are surely apart from the model fail; None where each is by too little to matter."""
    if sure.empty:
        return True
    return False if ((sure["correlation"] - sure["model"]).abs() > MATERIAL).any() else None


def _check(name: str, passed: bool | None, pairs: pd.DataFrame, advice: str) -> Check:
    """Return the check of some pairs: where it failed it names the largest, else the one that is closest to its limit.

    Largest is what is furthest from the model's interval.
    """
    r, low, high = (
        np.arctanh(pairs[name].clip(-1 + 1e-15, 1 - 1e-15)) for name in ("correlation", "model_lower", "model_upper")
    )
    away = np.maximum(r - high, low - r).clip(lower=0.0)
    order = -(away / np.arctanh(pairs["limit"]) if passed else away)
    named = pairs.loc[order.sort_values(kind="stable").index].head(1 if passed else NAMED)
    worst = ", ".join(_named(row) for _, row in named.iterrows())
    first = named.index[0]
    return Check(name, passed, float(np.tanh(away[first])), float(pairs["limit"][first]), worst, advice, ".pairs")


def _named(row: pd.Series) -> str:
    """Return a pair with its correlation: ``CVX-XOM .73 (.66 to .79)``."""
    text = f"{row['asset']}-{row['other']} {_short(row['correlation'])}"
    text += f" ({_short(row['lower'])} to {_short(row['upper'])})"
    if row["model_lower"] == row["model_upper"] == 0:
        return text
    model = f"{_short(row['model'])}, {_short(row['model_lower'])} to {_short(row['model_upper'])}"
    return f"{text}, the model's {model}"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1)
