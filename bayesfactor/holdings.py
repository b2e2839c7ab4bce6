"""Weights of what is attributed: single assets, groups, and a portfolio."""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.errors import DataError, SpecError, unknown
from bayesfactor.panelbase import PanelBase

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
LEAST, MOST = 1e-9, 1e12  # of the largest weight: an amount of money is one too


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
    return result
