"""Options of Deribit's chain of 8 January 2024, by the names of their contracts."""

import pandas as pd

import bayesfactor as bf

AT = "2024-01-08T11:19:41.414Z"
KINDS = {"C": "call", "P": "put", "c": "call", "p": "put"}


def option_of(name, forward, price, quantity=1.0, **made):
    """Return the option of a name such as ETH-29MAR24-2500-C."""
    underlying, day, strike, kind = name.split("-")
    expiry = pd.to_datetime(day, format="%d%b%y")
    return bf.Option(underlying.lower(), KINDS[kind], float(strike), expiry, quantity, price, forward, **made)
