"""Volatility of a market as a factor."""

from typing import Any, get_args

from bayesfactor.base.arguments import require
from bayesfactor.data.factors.chain_volatilities import AtTheMoney, Butterfly, ModelFree, RiskReversal
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.implied_index import Implied
from bayesfactor.data.factors.intraday import Bipower, Realised
from bayesfactor.data.factors.observations import name_of
from bayesfactor.data.factors.price_ranges import CloseToClose, GarmanKlass, Parkinson, RogersSatchell, YangZhang
from bayesfactor.data.integration.factor_series import FactorSeries

OfBars = CloseToClose | Parkinson | GarmanKlass | RogersSatchell | YangZhang | Realised | Bipower
OfOptions = Implied | AtTheMoney | ModelFree | RiskReversal | Butterfly
Volatility = OfBars | OfOptions
KINDS = (*get_args(OfBars), *get_args(OfOptions))


def volatility(prices: Any, kind: Volatility, *, name: str | None = None, lag: int = 0) -> FactorSeries:
    r"""Make a volatility factor from the prices of one market.

    With s the standard deviation of a bar's log price (of a day's, from bars within it) by the estimator chosen, the
    factor is log s_t - log s_{t-1}; of what options imply, an index or a number of their chains, it is its change.

    Parameters
    ----------
    prices : DataFrame (dates, field), Series (dates), or chains of options
        Bars, with those of the columns open, high, low, close that the estimator needs, or closes only; times within
        the day for `Realised` and `Bipower`; the level of an index for `Implied`. Windows end on their own bar.
        For `AtTheMoney`, `ModelFree`, `RiskReversal` and `Butterfly` a mapping of each day to its chain (see
        `surface`) or to the `Surface` of it, or one table of chains with a column ``quoted``, or ``date``; days are
        those of universal time.
    kind : CloseToClose, Parkinson, GarmanKlass, RogersSatchell, YangZhang, Realised, Bipower
        The estimator and its window;
        or Implied, AtTheMoney, ModelFree, RiskReversal, Butterfly
        and its maturity.
    name : str, optional
        Of the factor; by default ``volatility``, and of options by its kind.
    lag : int
        Publication delay, in bars.

    Returns
    -------
    FactorSeries
        Standard deviations a bar (of options a year), of family ``volatility``. Days whose chain has no value at the
        maturity are not in it, and ``notes`` says why of each: nothing is extrapolated.

    Raises
    ------
    DataError
        For a column that is not there, a price of zero or below, a high below its low, a value or a bar that is
        missing, dates out of order or twice, a window without a move: with the column, the date and a remedy. For a
        chain that `surface` refuses, one of another day than its own, and chains of which none has a value.
    SpecError
        When `kind` is none of these.

    Notes
    -----
    The transform is not a choice: values of overlapping windows are autocorrelated. Each implied volatility of a chain
    is solved for: for several kinds give ``{day: bf.surface(chain), ...}``, so that it is done once.
    """
    require(kind, KINDS, "volatility.kind")
    about = {"transform": kind.transform, "aggregate": "last", "description": kind.description}
    return of_levels(kind.measure(prices), name_of(name, kind.label, "volatility"), "volatility", lag, **about)
