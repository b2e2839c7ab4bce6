"""What a token costs beside what its network does, as a factor."""

from typing import Any

import numpy as np

from bayesfactor.base.arguments import require_count, require_number
from bayesfactor.base.errors import SpecError
from bayesfactor.data.factors.descriptions import LAGGED, known_from, of_levels, over
from bayesfactor.data.factors.observations import (
    name_of,
    read_positive,
    read_together,
    require_above,
    require_regular,
)
from bayesfactor.data.factors.rolling_windows import require_longer, rolling_mean
from bayesfactor.data.integration.factor_series import FactorSeries


def valuation(market_cap: Any, fundamental: Any, *, name: str | None = None, lag: int = 1) -> FactorSeries:
    r"""Make a factor of a valuation ratio: log differences of market capitalisation over a fundamental.

    With adjusted transfer value it is NVT, with realised capitalisation MVRV.

    Parameters
    ----------
    market_cap, fundamental : Series (dates)
        In one unit.
    name : str, optional
        Of the factor; ``valuation``.
    lag : int
        Publication delay, in periods of the two. By default 1, see the notes.

    Returns
    -------
    FactorSeries
        Of family ``valuation``, in log differences.

    Raises
    ------
    DataError
        For a value of zero or below, a date that one of the two lacks, a value that is missing, dates out of order or
        twice.

    Notes
    -----
    Capitalisation is the price times the supply, so that without a lag the factor holds the token's own return, and its
    loading is about 1 by identity: that of MVRV, and that of NVT so far as transfer value does not move with the price.
    Another way out is the denominator alone, by `activity`.

    Definitions: Coin Metrics (NVTAdj, CapMVRVCur).
    """
    cap, basis = read_positive([("market_cap", market_cap), ("fundamental", fundamental)])
    over_what = "a fundamental" if basis.name in (None, "fundamental") else str(basis.name)
    about = f"market capitalisation / {over_what} (Coin Metrics: NVT, MVRV). {LAGGED}"
    return of_levels(
        cap / basis, name_of(name, "valuation", "valuation"), "valuation", lag,
        transform="log_diff", aggregate="last", description=about,
    )  # fmt: skip


def value_accrual(
    market_cap: Any,
    fees: Any,
    burned: Any = None,
    issued: Any = None,
    *,
    window: int = 30,
    periods_a_year: float = 365,
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
    periods_a_year : float
        365 of days, 52 of weeks.
    name : str, optional
        Of the factor; ``value_accrual``.
    lag : int
        Publication delay, in periods of the series. By default 1: capitalisation holds the price.

    Returns
    -------
    FactorSeries
        Decimals a year, of family ``on-chain``, in differences.

    Raises
    ------
    DataError
        For a capitalisation of zero or below, a negative flow, a date that one of them lacks, a value or a period that
        is missing, dates out of order or twice.
    """
    require_count(window, 1, "value_accrual.window")
    require_number(periods_a_year, 0, np.inf, "value_accrual.periods_a_year")
    flows = {"fees": fees, "burned": burned, "issued": issued}
    if fees is None:
        raise SpecError("value_accrual: there are no fees.", place="value_accrual.fees", remedy="Give a series.")
    given = [("market_cap", market_cap), *((what, one) for what, one in flows.items() if one is not None)]
    cap, *found = read_together(given)
    require_above(cap, 0.0, "market_cap", "Look at its source.")
    total = np.zeros(len(cap))
    for (what, _), values in zip(given[1:], found, strict=True):
        require_above(values, 0.0, what, "A flow counts what was paid, burned or issued.", equal=True)
        total += -values.to_numpy() if what == "issued" else values.to_numpy()
    why = f"value_accrual over {window}"
    require_longer(cap.index, window, "market_cap", why)
    require_regular(cap.index, "market_cap", why)
    yearly = cap.copy()
    yearly.iloc[:] = rolling_mean(total, window) * periods_a_year / cap.to_numpy()
    about = (
        f"(fees + burned - issued) / market capitalisation, a year{over(window, 'periods', 'differences')}. {LAGGED}"
    )
    return of_levels(
        known_from(yearly, why, ""), name_of(name, "value_accrual", "value_accrual"), "on-chain", lag,
        transform="diff", aggregate="last", description=about,
    )  # fmt: skip
