"""Volatility of a market as a factor."""

from typing import Any

from bayesfactor.base.arguments import require
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.implied_index import Implied
from bayesfactor.data.factors.intraday import Bipower, Realised
from bayesfactor.data.factors.observations import name_of
from bayesfactor.data.factors.price_ranges import CloseToClose, GarmanKlass, Parkinson, RogersSatchell, YangZhang
from bayesfactor.data.integration.factor_series import FactorSeries

Volatility = CloseToClose | Parkinson | GarmanKlass | RogersSatchell | YangZhang | Realised | Bipower | Implied
KINDS = (CloseToClose, Parkinson, GarmanKlass, RogersSatchell, YangZhang, Realised, Bipower, Implied)


def volatility(prices: Any, kind: Volatility, *, name: str | None = None, lag: int = 0) -> FactorSeries:
    r"""Make a volatility factor from the prices of one market.

    With s the standard deviation of a bar's log price (of a day's, from bars within it) by the estimator chosen, the
    factor is log s_t - log s_{t-1}; of an index of implied volatility it is the change of the index.

    Parameters
    ----------
    prices : DataFrame (dates, field), or Series (dates)
        Bars, with those of the columns open, high, low, close that the estimator needs, or closes only; times within
        the day for `Realised` and `Bipower`; the level of an index for `Implied`. Windows end on their own bar.
    kind : CloseToClose, Parkinson, GarmanKlass, RogersSatchell, YangZhang, Realised, Bipower or Implied
        The estimator and its window.
    name : str, optional
        Of the factor; ``volatility``, or ``implied_volatility``.
    lag : int
        Publication delay, in bars.

    Returns
    -------
    FactorSeries
        Standard deviations a bar (of `Implied` a year), of family ``volatility``.

    Raises
    ------
    DataError
        For a column that is not there, a price of zero or below, a high below its low, a value or a bar that is
        missing, dates out of order or twice, a window without a move: with the column, the date and a remedy.
    SpecError
        When `kind` is none of these.

    Notes
    -----
    The transform is not a choice: values of overlapping windows are autocorrelated.
    """
    require(kind, KINDS, "volatility.kind")
    about = {"transform": kind.transform, "aggregate": "last", "description": kind.description}
    return of_levels(kind.measure(prices), name_of(name, kind.label, "volatility"), "volatility", lag, **about)
