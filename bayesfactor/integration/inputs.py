"""What was given to `integrate`, checked, in decimals, each series on its own dates."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesfactor.errors import DataError
from bayesfactor.integration.frames import check_zones, days_of, read_frame, read_rate
from bayesfactor.integration.info import read_factor_info, read_groups
from bayesfactor.integration.series import Series, split
from bayesfactor.panel import Factor
from bayesfactor.screening import check_percent, check_rate_size, check_return_size
from bayesfactor.screening.codes import check_codes_across

UNITS = {"decimal": 1.0, "percent": 100.0}


@dataclass(frozen=True)
class Inputs:
    """Everything that was given, checked, in decimals, each series on its own dates."""

    assets: tuple[Series, ...]
    factors: tuple[Series, ...]
    info: tuple[Factor, ...]
    groups: list[str]
    rate: Series | float | None
    factor_days: np.ndarray

    @property
    def known(self) -> list[tuple[Series, Factor]]:
        """Each factor's series with what is known about it."""
        return list(zip(self.factors, self.info, strict=True))


def _check_sizes(inputs: Inputs, units: str) -> None:
    """Refuse returns, traded factors and rates of a size that they cannot have."""
    traded = [series for series, factor in inputs.known if factor.traded]
    for series in (*inputs.assets, *traded):
        check_return_size(series.dates, series.values, series.name, series.pattern)
    check_codes_across([(series.name, series.dates, series.values) for series in (*inputs.assets, *traded)])
    if units == "percent":
        full = [series.values for series in (*inputs.assets, *traded) if len(series.values)]
        check_percent([float(np.median(np.abs(values))) for values in full])
    match inputs.rate:
        case Series() as rate:
            check_rate_size(rate.values, rate.pattern)
        case float() as rate:
            check_rate_size(np.array([rate]), "business")


def read_inputs(frames: tuple[Any, Any, Any], factor_info: Any, asset_info: Any, units: str) -> Inputs:
    """Check what was given (`frames`: returns, factors, risk-free) and split it into series."""
    scale = UNITS[units]
    returns, asset_zone = read_frame(frames[0], "returns")
    factors, factor_zone = read_frame(frames[1], "factors")
    zones = {"returns": asset_zone, "factors": factor_zone}
    rate: Series | float | None = None
    if isinstance(frames[2], int | float | np.number) and not isinstance(frames[2], bool):
        rate = float(frames[2]) / scale
        if not np.isfinite(rate):
            raise DataError(f"risk_free is {rate}.", series="risk_free", value=rate, remedy="Give a number.")
    elif frames[2] is not None:
        table, zones["risk_free"] = read_rate(frames[2])
        rate = split(table / scale, "risk_free")[0]
    check_zones(zones)
    info = read_factor_info(factor_info, list(factors.columns))
    groups = read_groups(asset_info, list(returns.columns))
    for factor in info:
        count = int(factors[factor.name].notna().sum())
        if count <= factor.lag:
            raise DataError(
                f"Factor '{factor.name}' has {count} values, and a lag of {factor.lag}: nothing is left.",
                series=factor.name,
                value=count,
                remedy="Drop it, or look at its source.",
            )
    units_of = np.array([scale if factor.traded else 1.0 for factor in info])
    series = split(factors.div(units_of, axis="columns"), "factors", [factor.lag for factor in info])
    inputs = Inputs(split(returns / scale, "returns"), series, info, groups, rate, days_of(factors))
    _check_sizes(inputs, units)
    return inputs
