"""What a token costs beside what its network does, as a factor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_count, require_number
from bayesfactor.base.errors import SpecError
from bayesfactor.data.factors.annual_periods import periods_of_year
from bayesfactor.data.factors.descriptions import known_from, of_levels, over
from bayesfactor.data.factors.observations import (
    name_of,
    read_positive,
    read_together,
    require_above,
    require_regular,
)
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_mean
from bayesfactor.data.factors.series_units import Sizes, check_sizes, require_one_unit
from bayesfactor.data.integration.factor_series import FactorSeries

SIZES = Sizes(
    "market_cap / fundamental", (1e-4, 1e11), (0.05, 1e6),
    "Look at their units: a price, or a ratio such as MVRV, is no capitalisation, and coins are not dollars. Fees of a "
    "quiet chain may be so small.",
)  # fmt: skip
YIELDS = Sizes(
    "(fees + burned + issued) / market_cap a year", (1e-10, 100.0), (1e-6, 1.0),
    "Look at their units: flows in coins beside a capitalisation in dollars are of this size, and sums since the "
    "beginning are no flows.",
)  # fmt: skip

RATIOS = {"mvrv": "realised capitalisation", "nvt": "transfer value"}


def valuation(market_cap: Any, fundamental: Any, *, name: str | None = None, lag: int = 1) -> FactorSeries:
    r"""Make a factor of a valuation ratio: log differences of market capitalisation over a fundamental.

    With adjusted transfer value it is NVT, with realised capitalisation MVRV.

    Parameters
    ----------
    market_cap, fundamental : Series (dates)
        In one unit. A ratio as it is published (NVTAdj, CapMVRVCur) is neither.
    name : str, optional
        Of the factor; ``valuation``.
    lag : int
        Publication delay, in periods of the two. By default 1, see the notes. Counted in whole rows of a
        panel whose rows are longer (`Factor.shares_price`).

    Returns
    -------
    FactorSeries
        Of family ``valuation``, in log differences.

    Raises
    ------
    DataError
        For series of different units, by what their readers or names say or by a typical ratio below 1e-4 or above
        1e11; a value of zero or below, a date that one of the two lacks, a value that is missing, dates out of order or
        twice.

    Notes
    -----
    Capitalisation is the price times the supply, so that without a lag the factor holds the token's own return, and its
    loading is about 1 by identity: that of MVRV, and that of NVT so far as transfer value does not move with the price.
    Another way out is the denominator alone, by `activity`.

    Definitions: Coin Metrics (NVTAdj, CapMVRVCur).
    """
    given = [("market_cap", market_cap), ("fundamental", fundamental)]
    require_one_unit(given)
    cap, basis = read_positive(given)
    ratio = cap / basis
    ratio.attrs["warnings"] = check_sizes(ratio, SIZES)
    called = name_of(name, "valuation", "valuation")
    about = f"market capitalisation / {_fundamental(called, str(cap.name), str(basis.name))}"
    return of_levels(
        ratio, called, "valuation", lag,
        transform="log_diff", aggregate="last", description=about, shares_price=True,
    )  # fmt: skip


def _fundamental(called: str, cap: str, basis: str) -> str:
    """Return words on the denominator: its name, or by that of the factor where it has none or that of a token."""
    token = f" of {cap}" if cap == basis else ""
    if not token and basis != "fundamental":
        return f"{basis} (Coin Metrics: NVT, MVRV)"
    for key, what in RATIOS.items():
        if key in called.lower():
            return f"{what}{token} ({key.upper()}, Coin Metrics)"
    return f"a fundamental{token} (Coin Metrics: NVT, MVRV)"


def value_accrual(
    market_cap: Any,
    fees: Any,
    burned: Any = None,
    issued: Any = None,
    *,
    window: int = 30,
    periods_a_year: float | None = None,
    name: str | None = None,
    lag: int = 1,
) -> FactorSeries:
    r"""Make a factor of what holders of a token earn: differences of (fees + burned - issued) / capitalisation, a year.

    Flows are the mean of the last `window` periods times the periods of a year; the capitalisation is the last one.

    Parameters
    ----------
    market_cap : Series (dates)
    fees, burned, issued : Series (dates)
        Flows of each period in the unit of the capitalisation, zero or above. Without one of the last two, nothing is
        burned or issued.
    window : int
        Periods over which flows are averaged.
    periods_a_year : float, optional
        365 of days, 52 of weeks; by default as the dates say.
    name : str, optional
        Of the factor; ``value_accrual``.
    lag : int
        Publication delay, in periods of the series. By default 1: capitalisation holds the price. Counted in
        whole rows of a panel whose rows are longer (`Factor.shares_price`).

    Returns
    -------
    FactorSeries
        Decimals a year, of family ``on-chain``, in differences.

    Raises
    ------
    DataError
        For dates that do not say how many periods make a year (few dates, business days), or say another number; series
        of different units, by what their readers or names say or by a yield above 10,000 % a year; a capitalisation of
        zero or below, a negative flow, a date that one of them lacks, a value or a period that is missing, dates out of
        order or twice.
    """
    require_count(window, 1, "value_accrual.window")
    if periods_a_year is not None:
        require_number(periods_a_year, 0, np.inf, "value_accrual.periods_a_year")
    flows = {"fees": fees, "burned": burned, "issued": issued}
    if fees is None:
        raise SpecError("value_accrual: there are no fees.", place="value_accrual.fees", remedy="Give a series.")
    given = [("market_cap", market_cap), *((what, one) for what, one in flows.items() if one is not None)]
    yearly = _yield(given, window, periods_a_year)
    about = f"(fees + burned - issued) / market capitalisation, a year{over(window, 'periods', 'differences')}"
    return of_levels(
        yearly, name_of(name, "value_accrual", "value_accrual"), "on-chain", lag,
        transform="diff", aggregate="last", description=about, shares_price=True,
    )  # fmt: skip


def _yield(given: Sequence[tuple[str, Any]], window: int, periods_a_year: float | None) -> pd.Series:
    """Return what flows of the window (all but the first of the series) come to a year, over capitalisation."""
    require_one_unit(given)
    cap, *found = read_together(given)
    require_above(cap, 0.0, "market_cap", "Look at its source.")
    year = periods_of_year(cap.index, "market_cap", periods_a_year)
    net, gross = np.zeros(len(cap)), np.zeros(len(cap))
    for (what, _), values in zip(given[1:], found, strict=True):
        require_above(values, 0.0, what, "A flow counts what was paid, burned or issued.", equal=True)
        net += -values.to_numpy() if what == "issued" else values.to_numpy()
        gross += values.to_numpy()
    why = f"value_accrual over {window}"
    require_longer(cap.index, window, "market_cap", why)
    require_regular(cap.index, "market_cap", why)
    yearly = rolling_mean(net, window) * year / cap
    if np.median(gross) > 0.0:
        yearly.attrs["warnings"] = check_sizes(gross * year / cap, YIELDS)
    return known_from(yearly, why, "")
