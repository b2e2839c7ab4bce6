"""Values and sensitivities of positions as a table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesfactor.analysis.portfolio.options.contract import Holding, Option
from bayesfactor.data.options.black76 import Contracts

UNITS = {
    "value": "money; of a mark in coin, times the index of the option, or the forward of its expiry where it has none",
    "implied_volatility": "a year, decimal",
    "delta": "units of the underlying",
    "net_delta": "units of the underlying; delta less the price where it is settled in coin",
    "exposure": "money per 100 % of the underlying",
    "gamma": "delta per unit of money that the forward moves",
    "vega": "money per 1.00 of volatility (a hundredth of it per point)",
    "theta": "money a year of 365 days",
    "rho": "money per 1.00 of the rate, at the forward as it is",
    "elasticity": "return of the value in money over that of the underlying",
    "elasticity_coin": "return of the value in coin over that of the underlying",
}
ADDED = ("value", "exposure", "vega", "theta", "rho")  # over all positions
OF_ONE = ("delta", "net_delta", "gamma")  # added where all are on one underlying
TOTAL = "total"


def greeks_table(
    positions: Sequence[Option | Holding],
    contracts: Contracts,
    volatilities: np.ndarray,
    reasons: Sequence[str],
    *,
    whole: bool,
) -> pd.DataFrame:
    """Return one row per position: of the quantities held and their total where `whole`, else of one contract each."""
    options = iter(_of_options(positions, contracts, volatilities, reasons))
    rows = [next(options) if isinstance(one, Option) else _of_asset(one) for one in positions]
    columns = ["position", "quantity", *UNITS, "reason"]
    table = pd.DataFrame(rows, columns=columns)
    if whole:
        scaled = [*ADDED, *OF_ONE]
        table[scaled] = table[scaled].mul(table["quantity"], axis=0)
        names = {one.underlying if isinstance(one, Option) else one.asset for one in positions}
        table = pd.DataFrame([*table.to_dict("records"), _total(table, len(names) == 1)], columns=columns)
    missing = [f"{name}: {reason}" for name, reason in zip(table["position"], table["reason"], strict=True) if reason]
    table.attrs = {"units": dict(UNITS), "notes": tuple(missing)}
    return table


def _of_options(
    positions: Sequence[Option | Holding], contracts: Contracts, volatilities: np.ndarray, reasons: Sequence[str]
) -> list[dict[str, object]]:
    options = [one for one in positions if isinstance(one, Option)]
    greeks = contracts.greeks(volatilities)
    rows: list[dict[str, object]] = []
    for i, one in enumerate(options):
        own = {name: float(values[i]) for name, values in greeks.items()}
        value = one.value
        elasticity = own["delta"] * one.forward / value if value else float("nan")
        coin = one.settled == "coin"
        own["net_delta"] = own["delta"] * (one.forward / one.coin) - one.price if coin else own["delta"]
        own |= {"exposure": own["delta"] * one.forward, "elasticity": elasticity, "elasticity_coin": elasticity - 1}
        named = {"position": one.name, "quantity": one.quantity, "value": value, "reason": reasons[i]}
        rows.append({**named, "implied_volatility": float(volatilities[i]), **own})
    return rows


def _of_asset(one: Holding) -> dict[str, object]:
    """Return the row of an asset; how many units it is is known where its price is."""
    price, delta = (1.0, float("nan")) if one.price is None else (one.price, 1.0)
    own = {"position": one.name, "quantity": one.quantity, "value": price, "exposure": price, "reason": ""}
    own |= {"delta": delta, "net_delta": delta, "elasticity": 1.0, "elasticity_coin": 0.0}
    return {**own, **dict.fromkeys(("gamma", "vega", "theta", "rho"), 0.0)}


def _total(table: pd.DataFrame, one_underlying: bool) -> dict[str, object]:
    """Return the sums over positions; NaN where one is not known."""
    row: dict[str, object] = {"position": TOTAL, "quantity": float("nan"), "reason": ""}
    for name in (*ADDED, *(OF_ONE if one_underlying else ())):
        row[name] = float(table[name].sum(skipna=False))
    value, exposure = table["value"].sum(), table["exposure"].sum(skipna=False)
    row["elasticity"] = exposure / value if value > 0 else float("nan")
    return row
