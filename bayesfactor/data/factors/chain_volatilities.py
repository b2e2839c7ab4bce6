"""Implied volatility at a constant maturity, from the chains of options of many days."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.factors.dated_chains import surfaces
from bayesfactor.data.options.expiries import maturity_years
from bayesfactor.data.options.surface import Surface, beside, one_sided
from bayesfactor.data.screening.dates import day
from bayesfactor.panel.records import Transform

_BOTH = "lacks quotes on both sides of its forward"
_WINGS = "lacks quotes as far out as a delta of 0.25"
_REMEDY = "Give calls and puts, of expiries on both sides of that maturity."


@dataclass(frozen=True)
class ChainVolatility:
    """What is summed up of a chain: one number of each expiry, brought to a constant maturity.

    Attributes
    ----------
    maturity : str or Timedelta
        Such as ``"30 days"``.
    """

    maturity: str | pd.Timedelta = "30 days"
    label: ClassVar[str] = ""
    column: ClassVar[str] = ""  # of a surface
    what: ClassVar[str] = ""
    lacks: ClassVar[str] = _WINGS
    transform: ClassVar[Transform] = "diff"

    def __post_init__(self) -> None:
        maturity_years(self.maturity, f"{type(self).__name__}.maturity")

    @property
    def description(self) -> str:
        """What a value is."""
        return f"{self.what}, {self.maturity} ahead, of a chain of options: a level, hence differences"

    def measure(self, prices: Any) -> pd.Series:
        """Return the value of each day of which the chain gives one, in decimals a year; notes name the others."""
        found, notes = {}, []
        for of, surface in surfaces(prices):
            lacking = self._lacking(surface)
            if lacking:
                notes.append(f"no value on {day(of)}: {lacking}")
            else:
                found[of] = float(surface.at(self.maturity)[self.column])
        if not found:
            raise DataError(
                f"{type(self).__name__}({str(self.maturity)!r}) has no value on any date; {notes[0]}.",
                series="chains",
                remedy=_REMEDY,
            )
        days = pd.DatetimeIndex([*found]).as_unit("us")
        values = pd.Series([*found.values()], days, name=self.label)
        values.attrs = {"notes": tuple(notes)}
        return values

    def _lacking(self, surface: Surface) -> str:
        """Return why a surface has no value at the maturity; nothing where it has one."""
        pair = beside(surface.expiries, maturity_years(self.maturity, "maturity"))
        if pair.empty:
            return one_sided(surface.expiries, self.maturity)
        lost = pair.index[pair[self.column].isna()]
        return f"the expiry of {lost[0]:%Y-%m-%d} {self.lacks}" if len(lost) else ""


@dataclass(frozen=True)
class AtTheMoney(ChainVolatility):
    r"""Implied volatility at the forward, from a chain.

    .. math:: \sigma_T^2 \, T = \frac{(T_2 - T) \, \sigma_1^2 T_1 + (T - T_1) \, \sigma_2^2 T_2}{T_2 - T_1}

    with the expiries before and after the maturity T; each sigma between the strikes beside its forward, as `surface`
    has it.

    Parameters
    ----------
    maturity : str or Timedelta
        Such as ``"30 days"``.
    """

    label: ClassVar[str] = "at_the_money_volatility"
    column: ClassVar[str] = "at_the_money"
    what: ClassVar[str] = "implied volatility a year at the forward"
    lacks: ClassVar[str] = _BOTH


@dataclass(frozen=True)
class ModelFree(ChainVolatility):
    r"""Model-free implied volatility, of the value of calls and puts at all strikes, from a chain.

    .. math:: \sigma_i^2 = \frac{2}{T_i} \sum_j \frac{\Delta K_j}{K_j^2} Q(K_j)
        - \frac{1}{T_i} \left(\frac{F_i}{K_0} - 1\right)^2

    of each expiry, with total variances linear in time between the two beside the maturity, as of `AtTheMoney`.

    Parameters
    ----------
    maturity : str or Timedelta
        Such as ``"30 days"``.

    Notes
    -----
    It is that of the Cboe's VIX but for Q(K_0): the put's value, where the Cboe takes the mean of put and call. With
    strikes 2 % apart it is up to half a point lower, by where the forward is between two strikes.

    References
    ----------
    Britten-Jones, M. and Neuberger, A. (2000). Option prices, implied price processes, and stochastic volatility.
    Journal of Finance 55, 839-866.
    """

    label: ClassVar[str] = "model_free_volatility"
    column: ClassVar[str] = "model_free"
    what: ClassVar[str] = "model-free implied volatility a year"
    lacks: ClassVar[str] = _BOTH


@dataclass(frozen=True)
class RiskReversal(ChainVolatility):
    """Implied volatility of calls with a delta of 0.25 less that of puts with -0.25, from a chain.

    Below 0 where falls are feared more than rises are hoped for. Volatility is linear in delta between strikes, and the
    difference in time between the expiries beside the maturity.

    Parameters
    ----------
    maturity : str or Timedelta
        Such as ``"30 days"``.
    """

    label: ClassVar[str] = "risk_reversal"
    column: ClassVar[str] = "risk_reversal"
    what: ClassVar[str] = "implied volatility a year of 25-delta calls less that of puts"


@dataclass(frozen=True)
class Butterfly(ChainVolatility):
    """Mean of the implied volatilities of calls and puts with a delta of 0.25, less that at the money, from a chain.

    What large moves either way are worth. Volatility is linear in delta between strikes, and the butterfly in time
    between the expiries beside the maturity.

    Parameters
    ----------
    maturity : str or Timedelta
        Such as ``"30 days"``.
    """

    label: ClassVar[str] = "butterfly"
    column: ClassVar[str] = "butterfly"
    what: ClassVar[str] = "mean implied volatility a year of 25-delta calls and puts less that at the forward"
