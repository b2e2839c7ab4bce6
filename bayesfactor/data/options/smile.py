"""Summaries of the implied volatilities of one expiry."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

DELTA = 0.25  # of the wings
LEAST = 3  # quotes of a smile


class Smile(NamedTuple):
    """Volatilities a year of one expiry: at the money, 25-delta risk reversal and butterfly, and model-free."""

    at_the_money: float
    risk_reversal: float
    butterfly: float
    model_free: float


def smile(forward: float, years: float, strike: np.ndarray, volatility: np.ndarray, value: np.ndarray) -> Smile:
    """Return the summaries of quotes out of the money, in order of strike.

    At the money: at the forward, with total variance linear in the logarithm of the strike. Wings: at deltas of 0.25
    of calls and puts, with volatility linear in delta; call less put, and their mean less at the money. NaN where the
    quotes do not reach so far. Model-free: of prices at all strikes (see `model_free`).
    """
    spread = volatility * np.sqrt(years)
    place = np.log(strike / forward)
    at_the_money = np.sqrt(_between(0.0, place, spread**2) / years)
    delta = ndtr(-place / spread + spread / 2)[::-1]  # of calls, rising
    call, put = (_between(one, delta, volatility[::-1]) for one in (DELTA, 1 - DELTA))
    free = model_free(forward, years, strike, value)
    return Smile(float(at_the_money), call - put, (call + put) / 2 - float(at_the_money), free)


def model_free(forward: float, years: float, strike: np.ndarray, value: np.ndarray) -> float:
    r"""Return the volatility of which the variance is what a portfolio of all quotes costs.

    .. math:: \sigma^2 = \frac{2}{T} \sum_i \frac{\Delta K_i}{K_i^2} Q_i - \frac{1}{T} \left(\frac{F}{K_0} - 1\right)^2

    with K_0 the last strike that is not above the forward. NaN where quotes are on one side of the forward only.

    Notes
    -----
    The formula of the Cboe's VIX, but for Q(K_0): the put's value, where the Cboe takes the mean of put and call. It is
    lower than theirs, the further the forward is above K_0: at a volatility of 0.60, 30 days and strikes 2 % apart by
    up to 0.005.
    """
    below = strike[strike <= forward]
    if not below.size or not strike[0] < forward < strike[-1]:
        return float("nan")
    width = np.empty_like(strike)
    width[1:-1] = (strike[2:] - strike[:-2]) / 2
    width[0], width[-1] = strike[1] - strike[0], strike[-1] - strike[-2]
    variance = 2 * (width / strike**2 * value).sum() - (forward / below[-1] - 1) ** 2
    return float(np.sqrt(variance / years)) if variance > 0 else float("nan")


def _between(at: float, x: np.ndarray, y: np.ndarray) -> float:
    """Return y at a place between the first and the last x, which rise; NaN outside."""
    if np.any(np.diff(x) <= 0):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return float(np.interp(at, x, y, left=np.nan, right=np.nan))
