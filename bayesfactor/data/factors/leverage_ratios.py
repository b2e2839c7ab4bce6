"""Leverage of a market as a factor: open interest over capitalisation."""

from typing import Any

from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import name_of, read_positive
from bayesfactor.data.factors.series_units import Sizes, check_sizes, require_one_unit
from bayesfactor.data.integration.factor_series import FactorSeries

SIZES = Sizes(
    "open_interest / market_cap", (1e-6, 100.0), (1e-4, 1.0),
    "Look at their units: open interest in coins or contracts beside a capitalisation in dollars is of this size.",
)  # fmt: skip


def leverage(open_interest: Any, market_cap: Any, *, name: str | None = None, lag: int = 1) -> FactorSeries:
    r"""Make a factor of leverage: log differences of open interest over market capitalisation.

    Parameters
    ----------
    open_interest, market_cap : Series (dates)
        In one unit, both in money or both in coins. In the place of market capitalisation, reserves of exchanges give
        the estimated leverage ratio.
    name : str, optional
        Of the factor; ``leverage``.
    lag : int
        Publication delay, in periods of the two. By default 1: both hold the price. Counted in whole rows
        of a panel whose rows are longer (`Factor.shares_price`).

    Returns
    -------
    FactorSeries
        Of family ``leverage``, in log differences.

    Raises
    ------
    DataError
        For series of different units, by what their readers or names say or by a typical ratio below 1e-6 or above 100;
        a value of zero or below, a date that one of the two lacks, a value that is missing, dates out of order or
        twice.

    Notes
    -----
    Open interest or capitalisation in money moves with the price on the same date: without the lag its loading is in
    part an identity. Reserves are of the exchanges that a source knows, a measurement error (`BetaReliability`).
    """
    given = [("open_interest", open_interest), ("market_cap", market_cap)]
    require_one_unit(given)
    interest, cap = read_positive(given)
    ratio = interest / cap
    ratio.attrs["warnings"] = check_sizes(ratio, SIZES)
    about = "open interest / market capitalisation (CryptoQuant's estimated leverage ratio is of this kind)"
    return of_levels(
        ratio, name_of(name, "leverage", "leverage"), "leverage", lag,
        transform="log_diff", aggregate="last", description=about, shares_price=True,
    )  # fmt: skip
