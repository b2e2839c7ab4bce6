"""Weights of what is attributed: single assets, groups, and a portfolio."""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.panel.base import PanelBase

Portfolio = Mapping[str, float] | pd.Series | Book
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


def own_assets(portfolio: Mapping[str, float] | pd.Series) -> list[str]:
    """Return the assets that a portfolio holds."""
    return [str(name) for name, weight in portfolio.items() if weight != 0]


def holdings(panel: PanelBase, per: Literal["asset", "group"], portfolio: Portfolio | None) -> xr.DataArray:
    """Return weights (asset or group, member), or ones (asset) when each holding is one asset.

    Raises
    ------
    DataError
        When a weight is not a finite number, or none is given.
    SpecError
        When a weight is for an asset that is not in the panel, or a book holds options.
    """
    return rows_of(panel, per, None if portfolio is None else _weights(panel, portfolio))


def rows_of(panel: PanelBase, per: Literal["asset", "group"], mixed: np.ndarray | None) -> xr.DataArray:
    """Return what `holdings` does, with the weights (asset) of a portfolio where there is one."""
    assets = list(panel.assets)
    if per == "asset" and mixed is None:
        return xr.DataArray(np.ones(len(assets)), dims="asset", coords={"asset": assets})
    if per == "asset":
        names, rows = assets, np.eye(len(assets))
    else:
        names = list(panel.group_names)
        member = np.array([[group == name for group in panel.groups.values] for name in names], dtype=float)
        rows = member / member.sum(axis=1, keepdims=True)
    if mixed is not None:
        if PORTFOLIO in names:
            raise DataError(
                f"There is already an entry named '{PORTFOLIO}'.",
                series=PORTFOLIO,
                remedy="Rename it to attribute a portfolio.",
            )
        names, rows = [*names, PORTFOLIO], np.vstack([rows, mixed])
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


def _weights(panel: PanelBase, portfolio: Portfolio) -> np.ndarray:
    if isinstance(portfolio, Book):
        portfolio = _amounts(portfolio)
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


def _amounts(book: Book) -> dict[str, float]:
    """Return the quantities of a book of holdings alone, or raise a SpecError."""
    if book.options:
        raise SpecError(
            f"{PORTFOLIO}: a book with options is no list of weights: what it gains is not in proportion to returns.",
            place=PORTFOLIO,
            found=book,
            remedy="Ask bf.stress or bf.forecast, which reprice it, or bf.moments or bf.attribute of its exposures.",
        )
    found: dict[str, float] = {}
    for one in book.holdings:
        found[one.asset] = found.get(one.asset, 0.0) + one.value
    if any(one.price is not None for one in book.holdings):
        raise _no_weights(book, found, "its holdings have prices")
    if sum(map(abs, found.values())) > LEVERAGE:
        raise _no_weights(book, found, f"its quantities are more than {LEVERAGE:g} without signs")
    return found


def _no_weights(book: Book, amounts: Mapping[str, float], why: str) -> SpecError:
    """Say that a book of holdings is amounts of money, and which weights they are."""
    total = sum(amounts.values())
    shares = ", ".join(f'"{name}": {amount / total:.4g}' for name, amount in amounts.items()) if total > 0 else ""
    return SpecError(
        f"{PORTFOLIO}: a book without options is a mapping of weights, and {why}: they are amounts of money, "
        f"{total:.6g} in all.",
        place=PORTFOLIO,
        found=book,
        remedy=f"Give the weights: portfolio={{{shares}}}."
        if shares
        else "Give each as a share of the capital, without a price.",
    )


def weights_and_book(portfolio: Portfolio | None) -> tuple[Mapping[str, float] | pd.Series | None, Book | None]:
    """Return weights, or a book with options; of a book of holdings alone its weights."""
    if not isinstance(portfolio, Book):
        return portfolio, None
    return (None, portfolio) if portfolio.options else (_amounts(portfolio), None)


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
