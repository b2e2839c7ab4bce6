"""Values of options on a forward (Black 1976), their sensitivities, and implied volatilities."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from bayesfactor.base.extras import not_installed
from bayesfactor.base.records import FrozenArrays

Numbers = np.ndarray | float
LEAST = 1e-14  # of the forward: a forward or a standard deviation is not below it, so that its logarithm is a number
ROUNDED = 8 * np.finfo(float).eps  # relative: time value that is rounding alone
SQRT_2PI = np.sqrt(2 * np.pi)


def black(forward: Numbers, strike: Numbers, spread: Numbers, sign: Numbers) -> np.ndarray:
    r"""Return undiscounted values, of a lognormal forward with this standard deviation of its logarithm.

    .. math:: s \, (F N(s d_1) - K N(s d_2)), \quad d_{1,2} = \ln(F/K) / v \pm v/2

    with s = 1 of a call and -1 of a put; at v = 0 the intrinsic value.
    """
    f = np.maximum(forward, LEAST * np.asarray(strike))
    v = np.maximum(spread, LEAST)
    d1 = np.log(f / strike) / v + v / 2
    return sign * (f * ndtr(sign * d1) - strike * ndtr(sign * (d1 - v)))


@dataclass(frozen=True, eq=False)
class Contracts(FrozenArrays):
    """European options on forwards, one in each place of every array.

    Attributes
    ----------
    forward, strike : array (option)
        In money.
    years : array (option)
        To expiry, of 365 days.
    rate : array (option)
        A year, continuously compounded.
    sign : array (option)
        1 of a call, -1 of a put.
    """

    forward: np.ndarray
    strike: np.ndarray
    years: np.ndarray
    rate: np.ndarray
    sign: np.ndarray

    @property
    def discount(self) -> np.ndarray:
        """What 1 at expiry is worth."""
        return np.exp(-self.rate * self.years)

    @property
    def intrinsic(self) -> np.ndarray:
        """Value without volatility."""
        return self.discount * np.maximum(self.sign * (self.forward - self.strike), 0.0)

    def only(self, which: np.ndarray) -> "Contracts":
        """Return some of the contracts, by a mask (option)."""
        return Contracts(*(getattr(self, field.name)[which] for field in fields(self)))

    def values(self, volatility: np.ndarray) -> np.ndarray:
        """Return values in money at these volatilities."""
        return self.discount * black(self.forward, self.strike, volatility * np.sqrt(self.years), self.sign)

    def greeks(self, volatility: np.ndarray) -> dict[str, np.ndarray]:
        """Return sensitivities of the values, by name.

        ``delta`` and ``gamma``: to the forward, first and second. ``vega``: to volatility, per 1.00. ``theta``: to
        time, per year. ``rho``: to the rate, per 1.00, at the forward as it is.
        """
        root = np.sqrt(self.years)
        v = volatility * root
        d1 = np.log(self.forward / self.strike) / v + v / 2
        density = self.discount * np.exp(-(d1**2) / 2) / SQRT_2PI
        value = self.values(volatility)
        return {
            "delta": self.discount * self.sign * ndtr(self.sign * d1),
            "gamma": density / (self.forward * v),
            "vega": self.forward * density * root,
            "theta": self.rate * value - self.forward * density * volatility / (2 * root),
            "rho": -self.years * value,
        }


def implied_volatilities(contracts: Contracts, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return volatilities at which contracts have these values, NaN where there is none, and the reasons for that.

    Raises
    ------
    SpecError
        When vollib is not installed.

    Notes
    -----
    By Jaeckel (2015), "Let's be rational", in vollib.
    """
    found, reasons = np.full(len(values), np.nan), [""] * len(values)
    undiscounted, most = values / contracts.discount, np.where(contracts.sign > 0, contracts.forward, contracts.strike)
    for i, value in enumerate(undiscounted):
        reasons[i] = _out_of_bounds(values[i], contracts.intrinsic[i], contracts.discount[i] * most[i])
        if reasons[i]:
            continue
        flag = "c" if contracts.sign[i] > 0 else "p"
        numbers = float(value), float(contracts.forward[i]), float(contracts.strike[i]), float(contracts.years[i])
        volatility = _implied(*numbers, flag)
        if np.isfinite(volatility) and volatility > 0:
            found[i] = volatility
        else:
            reasons[i] = f"no volatility has the value {values[i]:g}"
    return found, reasons


def _out_of_bounds(value: float, intrinsic: float, most: float) -> str:
    """Return why no volatility has a value; nothing where one has."""
    if not value > 0:
        return f"a mark of {value:g} has no implied volatility"
    near = ROUNDED * most  # intrinsic value is a difference of numbers as large
    if value <= intrinsic + near * (intrinsic > 0):
        beside = f"{intrinsic - value:.4g} below" if value < intrinsic - near else "at"
        return f"the mark, {value:.6g}, is {beside} the intrinsic value, {intrinsic:.6g}"
    if value >= most:
        return f"the mark, {value:.6g}, is not below {most:.6g}, the most that the option can be worth"
    return ""


def _implied(value: float, forward: float, strike: float, years: float, flag: str) -> float:
    """Return the volatility by vollib, NaN where it finds none."""
    try:
        from vollib.black.implied_volatility import implied_volatility
        from vollib.helpers.exceptions import PriceIsAboveMaximum, PriceIsBelowIntrinsic
    except ImportError:
        raise not_installed("Implied volatilities need vollib", "vollib", "options") from None
    try:
        return float(implied_volatility(value, forward, strike, 0.0, years, flag))
    except (PriceIsAboveMaximum, PriceIsBelowIntrinsic):
        return float("nan")
