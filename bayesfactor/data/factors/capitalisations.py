"""Whether amounts are the capitalisations of assets with these prices: price times a supply that hardly moves."""

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.screening.dates import day

SMALL = 1000.0  # of any money: a median below which they are in billions, or no capitalisations
_SPAN, _DATES = 10, 30  # periods of a change of supply against one of the price, and dates from which it is told
_STILL, _MOVES = 0.2, 0.02  # share of a change of the price that a capitalisation has at least; of a price that moves
_COINS = 1e-4  # of capitalisation over price, below which prices and capitalisations are exchanged
_JUMP = np.log(3.0)  # of capitalisation over price, from one date to the next
_APART = (2e-4, 1e5)  # of the median capitalisation of the others
_FEW, _MANY = 2e4, 1e6  # coins of an asset, and of the others, that tell the same
_UNITS = "Give market capitalisations in one unit, price times supply, such as CapMrktCurUSD."


def check_capitalisations(prices: pd.DataFrame, caps: pd.DataFrame) -> tuple[str, ...]:
    """Return warnings of capitalisations of the assets that `prices` are of, on the same dates.

    Warned of: an asset whose capitalisation over price moves by more than a factor of three from one date to the next,
    one whose capitalisation is far from those of the others, and a small median.

    Raises
    ------
    DataError
        For capitalisations that do not move when the price does (supplies), capitalisations and prices that are
        exchanged, and a value of one date that is more than three times what those before and after it are.
    """
    coins = caps / prices
    if coins.median().max() < _COINS:
        asset = str(coins.columns[0])
        raise DataError(
            f"market_caps of '{asset}' are {coins[asset].median():.3g} of its price on a typical date: less than a "
            "coin of each asset.",
            series=asset,
            date=coins[asset].first_valid_index(),
            value=float(coins[asset].median()),
            remedy="Are they exchanged? bf.capitalisation_index(prices, market_caps).",
        )
    warnings = []
    for asset in prices.columns:
        both = pd.DataFrame({"price": prices[asset], "cap": caps[asset]}).dropna()
        logs = both.apply(np.log)
        _check_moves(str(asset), logs)
        warnings += _jumps(str(asset), logs["cap"] - logs["price"], both["cap"])
    return (*warnings, *_apart(caps, coins), *_small(caps))


def _check_moves(asset: str, logs: pd.DataFrame) -> None:
    """Raise an error for a capitalisation that stays when the price of its asset moves."""
    if len(logs) < _DATES:
        return
    moves = logs.diff(_SPAN).abs().median()
    if moves["price"] > _MOVES and moves["cap"] < _STILL * moves["price"]:
        raise DataError(
            f"market_caps of '{asset}' do not move with its price: by {moves['cap']:.2%} over {_SPAN} dates from "
            f"{day(logs.index[0])} on, and the price by {moves['price']:.2%}. A supply does so.",
            series=asset,
            date=logs.index[0],
            value=float(moves["cap"] / moves["price"]),
            remedy=_UNITS,
        )


def _jumps(asset: str, coins: pd.Series, caps: pd.Series) -> list[str]:
    """Return the warning of a jump of log capitalisation over price; raise an error for one that is taken back."""
    steps = np.diff(coins.to_numpy())
    far = np.abs(steps) > _JUMP
    back = far[:-1] & far[1:] & (steps[:-1] * steps[1:] < 0)
    if back.any():
        place = int(np.argmax(back)) + 1
        before, value, date = float(caps.iloc[place - 1]), float(caps.iloc[place]), coins.index[place]
        raise DataError(
            f"market_caps of '{asset}' are {value:.6g} on {day(date)}, {np.exp(steps[place - 1]):.3g} times those of "
            f"the date before ({before:.6g}) at the same price, and are back on the next: it would have the weight of "
            "the next return.",
            series=asset,
            date=date,
            value=value,
            remedy="Correct it, or its price.",
        )
    if not far.any():
        return []
    place = int(np.argmax(far)) + 1
    return [
        f"market_caps of '{asset}' over its price are {np.exp(steps[place - 1]):.3g} times as much on "
        f"{day(coins.index[place])} as on the date before: another unit or source, or a supply that changed"
    ]


def _apart(caps: pd.DataFrame, coins: pd.DataFrame) -> list[str]:
    """Return warnings of assets whose capitalisation is of another size than that of the others."""
    middle, supply, found = caps.median(), coins.median(), []
    for asset in caps.columns if caps.shape[1] > 1 else ():
        share = float(middle[asset] / middle.drop(asset).median())
        few = supply[asset] < _FEW and supply.drop(asset).median() > _MANY
        if few or not _APART[0] <= share <= _APART[1]:
            found.append(
                f"market_caps of '{asset}' are {share:.2g} of those of the other assets (from "
                f"{day(caps[asset].first_valid_index())} on): is it in another unit, as in millions?"
            )
    return found


def _small(caps: pd.DataFrame) -> list[str]:
    """Return the warning of capitalisations that are too small to be any."""
    middle = float(np.nanmedian(caps.to_numpy()))
    if middle >= SMALL:
        return []
    return [
        f"market_caps have a median of {middle:.3g}: right in billions, wrong of prices or of a ratio such as MVRV, "
        "by which the assets would then be weighted"
    ]
