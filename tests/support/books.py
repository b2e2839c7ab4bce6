"""A posterior with known numbers, a volatility factor among them, and books on its assets."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.panel.records import Calendar
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

AT = pd.Timestamp("2024-01-08T12:00Z")
FACTORS = ("f0", "vol", "rates")


def book_panel(transform="diff", frequency="daily", assets=3):
    """Return a panel with a market, a volatility and a rate factor."""
    panel = make_panel(assets=assets, traded=1, other=2, periods=120, seed=2, year=365 if frequency == "daily" else 52)
    names = dict(zip(panel.factor_names, FACTORS, strict=True))
    info = [replace(one, name=names[one.name]) for one in panel.factor_info]
    info = (info[0], replace(info[1], transform=transform), replace(info[2], transform="diff"))
    factors = panel.factors.assign_coords(factor=list(FACTORS))
    return replace(panel, factors=factors, factor_info=info, calendar=Calendar(frequency, panel.periods_per_year))


def book_fit(panel=None, seed=0, **made):
    """Return draws around known numbers."""
    own = book_panel() if panel is None else panel
    return bf.from_draws(own, synthetic_draws(own, seed=seed, **{"draws": 8, **made}))


def priced(forward, strike, volatility, years, kind, rate=0.0):
    """Return the value of an option, with scipy's normal distribution."""
    v = np.maximum(volatility * np.sqrt(max(years, 0.0)), 1e-13)
    d1 = np.log(forward / strike) / v + v / 2
    sign = 1 if kind == "call" else -1
    value = sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * (d1 - v)))
    return np.exp(-rate * max(years, 0.0)) * value


def option(underlying="a00", kind="call", strike=100.0, days=60, volatility=0.7, quantity=1.0, forward=100.0, **made):
    """Return an option that is worth its value at a volatility."""
    expiry, years = AT + pd.Timedelta(days=days), days / 365
    value = priced(forward, strike, volatility, years, kind, made.get("rate", 0.0))
    price = value / forward if made.get("settled", "coin") == "coin" else value
    return bf.Option(underlying, kind, strike, expiry, quantity, float(price), forward, **made)


def revalued(one, growth, volatility, days):
    """Return the value in money of one of an option after its underlying, its volatility and time have moved."""
    left = (one.expiry - AT) / pd.Timedelta(days=365) - days / 365
    return priced(one.forward * growth, one.strike, volatility, left, one.kind, one.rate)
