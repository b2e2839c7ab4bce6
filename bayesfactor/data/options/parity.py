"""Whether the marks of a chain contradict its forwards: put-call parity, and marks below intrinsic value."""

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.options.mark_units import SPREAD

NEAR = 3  # strikes of each expiry, those where a call is worth as much as a put
SAID = 0.005  # of the forward: a difference that is said, and a mark below intrinsic value that no rounding makes
SHARE = 0.1  # of marks below intrinsic value, above which they do not go with the forwards
REMEDY = (
    "underlying_price is the forward of each expiry, not the index, and mark the price of one option, in the unit that "
    "settled says, at the same moment."
)


def check_parity(chain: pd.DataFrame) -> list[str]:
    r"""Return notes on expiries whose marks say another forward than they have.

    .. math:: F = K + c - p, \qquad \text{of marks in coin} \quad F = K / (1 - c + p)

    Raises
    ------
    DataError
        When that is more than 2 % from the forward that an expiry has, or more than a tenth of all marks are clearly
        below intrinsic value.
    """
    notes = []
    for expiry, quotes in chain[chain["mark"] > 0].groupby("expiry"):
        forward, said = float(quotes["underlying_price"].iloc[0]), _forward(quotes)
        away = abs(said / forward - 1)
        words = f"{expiry:%Y-%m-%d}: its calls and puts say a forward of {said:,.6g}, and it has {forward:,.6g}"
        if away > SPREAD:
            raise DataError(
                f"surface: {words} (put-call parity).", series="underlying_price", value=forward, remedy=REMEDY
            )
        if away > SAID:
            notes.append(f"{words} (put-call parity)")
    known = chain[chain["mark"] > 0]
    intrinsic = (known["sign"] * (known["underlying_price"] - known["strike"])).clip(lower=0.0)
    below = intrinsic - known["value"] > SAID * known["underlying_price"]
    if below.mean() > SHARE:
        first = known[below].iloc[0]
        raise DataError(
            f"surface: {int(below.sum())} of {len(known)} marks are below intrinsic value, such as "
            f"'{first['instrument']}', {first['mark']:g}.",
            series=str(first["instrument"]),
            value=float(first["mark"]),
            remedy=REMEDY,
        )
    return notes


def _forward(quotes: pd.DataFrame) -> float:
    """Return the median forward by parity, NaN where no strike has a call and a put."""
    calls, puts = (quotes[quotes["sign"] == sign].set_index("strike") for sign in (1.0, -1.0))
    apart = (calls["mark"] - puts["mark"]).dropna()
    near = apart[apart.abs().sort_values().index[:NEAR]]
    strike = near.index.to_numpy(dtype=float)
    coin = (calls["settled"].reindex(near.index) == "coin").to_numpy()
    return float(pd.Series(strike / (1 - near.to_numpy())).where(coin, strike + near.to_numpy()).median())
