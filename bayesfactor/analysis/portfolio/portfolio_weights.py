"""Weights of what is attributed: single assets, groups, and a portfolio."""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.panel.base import PanelBase

PORTFOLIO = "portfolio"
CASH = (
    "cash",
    "money",
    "usd",
    "eur",
    "gbp",
    "jpy",
    "chf",
    "cad",
    "aud",
    "cny",
    "hkd",
    "sgd",
    "sek",
    "nok",
    "krw",
    "inr",
)
LEAST, MOST = 1e-9, 1e12  # of the largest weight
FLAT = 1e-9  # net weight, of the sum without signs, below which a portfolio has none
LEVERAGE = 10.0  # sum of absolute weights above which they are spoken of
_WHOLE = (95.0, 105.0)  # sum of weights in per cent


def holdings(
    panel: PanelBase, per: Literal["asset", "group"], portfolio: Mapping[str, float] | pd.Series | None
) -> xr.DataArray:
    """Return weights (asset or group, member), or ones (asset) when each holding is one asset.

    Raises
    ------
    DataError
        When a weight is not a finite number, or none is given.
    SpecError
        When a weight is for an asset that is not in the panel.
    """
    assets = list(panel.assets)
    if per == "asset" and portfolio is None:
        return xr.DataArray(np.ones(len(assets)), dims="asset", coords={"asset": assets})
    if per == "asset":
        names, rows = assets, np.eye(len(assets))
    else:
        names = list(panel.group_names)
        member = np.array([[group == name for group in panel.groups.values] for name in names], dtype=float)
        rows = member / member.sum(axis=1, keepdims=True)
    if portfolio is not None:
        if PORTFOLIO in names:
            raise DataError(
                f"There is already an entry named '{PORTFOLIO}'.",
                series=PORTFOLIO,
                remedy="Rename it to attribute a portfolio.",
            )
        names, rows = [*names, PORTFOLIO], np.vstack([rows, _weights(panel, portfolio)])
    return xr.DataArray(rows, dims=(per, "member"), coords={per: names, "member": assets})


def _not_held(name: object, assets: tuple[str, ...]) -> SpecError:
    """Say what to do about a holding that is not in the panel; cash has no place in one."""
    first = re.match(r"[\W_]*([a-z]*)", str(name).lower())
    if first is None or first[1] not in CASH or str(name).lower() in map(str.lower, assets):
        return unknown("asset", name, assets, place=PORTFOLIO)
    return SpecError(
        f"{PORTFOLIO}: '{name}' is not an asset of the panel.",
        place=PORTFOLIO,
        found=name,
        allowed=assets,
        remedy="Leave cash out: its excess return is 0, and weights need not add up to 1.",
    )


def _weights(panel: PanelBase, portfolio: Mapping[str, float] | pd.Series) -> np.ndarray:
    if isinstance(portfolio, pd.Series) and not portfolio.index.is_unique:
        twice = str(portfolio.index[portfolio.index.duplicated()][0])
        raise DataError(f"The portfolio holds '{twice}' twice.", series=twice, remedy="Add its weights up.")
    if not isinstance(portfolio, (Mapping, pd.Series)):
        raise DataError(
            f"A portfolio is a mapping or a Series of asset to weight, not a {type(portfolio).__name__}.",
            series=PORTFOLIO,
            value=portfolio,
            remedy='Give a mapping such as {"btc": 0.6, "eth": 0.4}.',
        )
    given = dict(portfolio.items())
    if not given:
        raise DataError(
            "The portfolio holds no weights.",
            series=PORTFOLIO,
            value=portfolio,
            remedy='Give a mapping such as {"btc": 0.6, "eth": 0.4}.',
        )
    result = np.zeros(len(panel.assets))
    for name, weight in given.items():
        if name not in panel.assets:
            raise _not_held(name, panel.assets)
        number = isinstance(weight, (int, float, np.integer, np.floating)) and not isinstance(weight, bool)
        if not number or not np.isfinite(weight):
            raise DataError(
                f"The weight of '{name}' is {weight!r}, and must be a finite number.",
                series=str(name),
                value=weight,
                remedy="A share of 60 % is 0.6.",
            )
        result[panel.assets.index(name)] = weight
    if not result.any():
        raise DataError("Every weight of the portfolio is 0.", series=PORTFOLIO, remedy="Hold something.")
    largest = float(np.abs(result).max())
    if not LEAST <= largest <= MOST:
        raise DataError(
            f"The largest weight of the portfolio is {largest:g}: such numbers cannot be computed with.",
            series=PORTFOLIO,
            value=largest,
            remedy="A share of 60 % is 0.6.",
        )
    if gross(result) > LEVERAGE and _WHOLE[0] <= abs(result.sum()) <= _WHOLE[1] and np.count_nonzero(result) > 1:
        raise not_weights(result, PORTFOLIO)
    return result


def gross(weights: np.ndarray) -> float:
    """Return the sum of absolute weights."""
    return float(np.abs(weights).sum())


def without_capital(weights: np.ndarray) -> bool:
    """Return whether the net weight is 0: a long-short book, whose returns compound in nothing."""
    return bool(abs(weights.sum()) <= FLAT * gross(weights))


def least_returns(weights: np.ndarray) -> np.ndarray:
    """Return the least return of assets, then of portfolios (portfolio, asset): -1, or none without capital to lose."""
    return np.array([-1.0] * weights.shape[1] + [-np.inf if without_capital(one) else -1.0 for one in weights])


def not_weights(weights: np.ndarray, series: str) -> DataError:
    """Say that weights are per cent, shares or amounts."""
    total = float(weights.sum())
    return DataError(
        f"The weights of the {PORTFOLIO} add up to {total:.6g}, {gross(weights):.6g} without signs: per cent, numbers "
        "of shares, or amounts?",
        series=series,
        value=total,
        remedy="A weight of 60 % is 0.6; of amounts, a weight is the value held over that of the portfolio. Of a "
        f"leverage above {LEVERAGE:g}, give a tenth: everything but variances is in proportion.",
    )


def leverage_note(weights: xr.DataArray) -> tuple[str, ...]:
    """Say that the weights of a portfolio are above any usual leverage."""
    per = str(weights.dims[0])
    if PORTFOLIO not in weights[per].values or gross(weights.values[-1]) <= LEVERAGE:
        return ()
    found = gross(weights.values[-1])
    return (
        f"the weights of the {PORTFOLIO} add up to {found:.6g} without signs, a leverage of {found:.6g}: a weight of "
        "60 % is 0.6; of shares or amounts, a weight is the value held over that of the portfolio",
    )
