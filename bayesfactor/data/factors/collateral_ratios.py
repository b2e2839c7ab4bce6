"""Collateral of lending protocols as a factor: how far debt is from liquidation."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, nearest
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import Source, name_of, read_columns, read_together, require_above, whole
from bayesfactor.data.factors.series_units import Sizes, check_sizes
from bayesfactor.data.integration.factor_series import FactorSeries

SIZES = Sizes(
    "collateral x threshold / debt", (1e-3, 1e6), (0.5, 1e3),
    "Look at their units: collateral and debt are both in money, or both in one coin.",
)  # fmt: skip


def collateral_health(
    collateral: Any, thresholds: Mapping[str, float], debt: Any, *, name: str | None = None, lag: int = 1
) -> FactorSeries:
    r"""Make a factor of the health of a protocol's debt: log differences of the health factor.

    .. math:: h = \frac{\sum_i c_i \theta_i}{d}

    Liquidation begins below 1, which a fall of all collateral by 1 - 1 / h reaches (`liquidation_distance`).

    Parameters
    ----------
    collateral : DataFrame (dates, asset)
        c, the value of each collateral.
    thresholds : mapping of asset to float
        theta, its liquidation threshold, between 0 and 1.
    debt : Series (dates)
        d, in the unit of collateral.
    name : str, optional
        Of the factor; ``collateral_health``.
    lag : int
        Publication delay, in periods of the two. By default 1: collateral holds the price. Counted in whole rows of
        a panel whose rows are longer (`Factor.shares_price`).

    Returns
    -------
    FactorSeries
        Of family ``leverage``, in log differences.

    Raises
    ------
    DataError
        For a typical health below 1e-3 or above 1e6, as of different units; a threshold that is missing or not between
        0 and 1, negative collateral or none at all, a debt of zero or below, a date that one of the two lacks, a value
        that is missing, dates out of order or twice.

    Notes
    -----
    Source: the health factor of Aave's documentation.
    """
    ratio = _health(collateral, thresholds, debt)
    ratio.attrs["warnings"] = check_sizes(ratio, SIZES)
    about = "collateral x liquidation threshold over debt, the health factor of Aave"
    return of_levels(
        ratio, name_of(name, "collateral_health", "collateral_health"), "leverage", lag,
        transform="log_diff", aggregate="last", description=about, shares_price=True,
    )  # fmt: skip


def liquidation_distance(
    collateral: Any, thresholds: Mapping[str, float], debt: Any, *, name: str | None = None, lag: int = 1
) -> FactorSeries:
    r"""Make a factor of the fall in prices at which liquidation begins: differences of 1 - 1 / h.

    Parameters
    ----------
    collateral, thresholds, debt
        As in `collateral_health`, which defines h.
    name : str, optional
        Of the factor; ``liquidation_distance``.
    lag : int
        Publication delay, in periods of the two. By default 1: collateral holds the price. Counted in whole rows of
        a panel whose rows are longer (`Factor.shares_price`).

    Returns
    -------
    FactorSeries
        Of family ``leverage``, in differences; below 0 where liquidation is due.

    Raises
    ------
    DataError
        As `collateral_health`.
    """
    health = _health(collateral, thresholds, debt)
    distance = 1 - 1 / health
    distance.attrs["warnings"] = check_sizes(health, SIZES)
    about = "fall of collateral at which liquidation begins, 1 - debt / (threshold x collateral)"
    return of_levels(
        distance, name_of(name, "liquidation_distance", "liquidation_distance"), "leverage", lag,
        transform="diff", aggregate="last", description=about, shares_price=True,
    )  # fmt: skip


def _health(collateral: Any, thresholds: Mapping[str, float], debt: Any) -> pd.Series:
    """Return collateral that counts, over debt, on each date."""
    held = read_columns(collateral, Source("collateral"))
    attrs = held.attrs
    held = whole(held, "collateral")
    shares = _shares(thresholds, [str(name) for name in held.columns])
    for name in held.columns:
        require_above(held[name], 0.0, "collateral", "Collateral is what is held.", equal=True)
    counted = held.mul(pd.Series(shares), axis="columns").sum(axis=1)
    counted.attrs = attrs
    counted, owed = read_together([("collateral", counted), ("debt", debt)])
    require_above(counted, 0.0, "collateral", "Without collateral there is no ratio: take the part after it.")
    require_above(owed, 0.0, "debt", "Without debt there is no ratio: take the part after it.")
    return counted / owed


def _shares(thresholds: Mapping[str, float], names: list[str]) -> dict[str, float]:
    """Return the threshold of each collateral."""
    if not isinstance(thresholds, Mapping):
        raise SpecError(
            f"thresholds is a {type(thresholds).__name__}, not a mapping of asset to threshold.",
            place="thresholds",
            found=thresholds,
            remedy=f"Write {{{names[0]!r}: 0.8}}.",
        )
    for name in (*names, *thresholds):
        if name not in thresholds or name not in names:
            where = "thresholds" if name not in thresholds else "collateral"
            raise DataError(
                f"{where} has no '{name}'.",
                series=str(name),
                remedy=nearest(name, names if where == "collateral" else thresholds),
            )
        value = thresholds[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value <= 1:
            raise DataError(
                f"The liquidation threshold of '{name}' is {value!r}; it must be above 0 and at most 1.",
                series=name,
                value=value,
                remedy="Give a share: 0.8 for 80 %.",
            )
    return {name: float(thresholds[name]) for name in names}
