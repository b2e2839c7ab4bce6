"""The input of `integrate`: checked, in decimals, each series on its own dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.factor_inputs import read_factors
from bayesfactor.data.integration.frames import days_of, read_frame, read_rate
from bayesfactor.data.integration.info import read_groups
from bayesfactor.data.integration.series import Series, judges, split
from bayesfactor.data.screening.columns import check_fields
from bayesfactor.data.screening.missing_codes import check_codes_across
from bayesfactor.data.screening.rates import check_rate_size, note_rate
from bayesfactor.data.screening.returns import check_return_size
from bayesfactor.data.screening.timestamps import check_zones
from bayesfactor.data.screening.units import check_percent, check_percent_columns
from bayesfactor.panel.records import Factor, Note

UNITS = {"decimal": 1.0, "percent": 100.0}


@dataclass(frozen=True)
class Inputs:
    """Everything that was given, checked, in decimals, each series on its own dates.

    `gross` names the traded factors from which the risk-free rate is subtracted, `made` is what was said of series when
    they were made.
    """

    assets: tuple[Series, ...]
    factors: tuple[Series, ...]
    info: tuple[Factor, ...]
    groups: list[str]
    rate: Series | float | None
    factor_days: np.ndarray
    units: str
    gross: frozenset[str] = frozenset()
    made: tuple[Note, ...] = ()

    @property
    def known(self) -> list[tuple[Series, Factor]]:
        """Each factor's series with what is known about it."""
        return list(zip(self.factors, self.info, strict=True))

    @property
    def traded(self) -> list[int]:
        """Places of the traded factors."""
        return [place for place, factor in enumerate(self.info) if factor.traded]

    @property
    def less_rate(self) -> dict[int, str]:
        """Places and names of the factors from which the risk-free rate is subtracted."""
        names = [] if self.rate is None else enumerate(factor.name for factor in self.info)
        return {place: name for place, name in names if name in self.gross}

    @property
    def flows(self) -> list[Series]:
        """Series whose values cover an interval: assets with a pattern of their own, returns and sums of factors."""
        assets = [one for one in judges(self.assets) if len(one.dates)]
        return [*assets, *(series for series, factor in self.known if factor.aggregate != "last")]

    @property
    def levels(self) -> list[Series]:
        """Factors whose values are of a moment."""
        return [series for series, factor in self.known if factor.aggregate == "last"]


def _frame(series: Sequence[Series]) -> pd.DataFrame:
    return pd.DataFrame({one.name: pd.Series(one.values, one.dates.astype("datetime64[ns]")) for one in series})


def _check_sizes(inputs: Inputs) -> None:
    """Raise an error for returns, traded factors and rates of a size that they cannot have."""
    traded = [inputs.factors[place] for place in inputs.traded]
    for series in (*inputs.assets, *traded):
        check_return_size(series.dates, series.values, series.name, series.periods_a_year)
    check_codes_across([(series.name, series.dates, series.values) for series in (*inputs.assets, *traded)])
    if inputs.units == "percent":
        given = {"returns": inputs.assets, "factors": traded}
        check_percent(
            {what: [(one.values, one.periods_a_year) for one in some if len(one.dates)] for what, some in given.items()}
        )
        year = max(one.periods_a_year for one in (*inputs.assets, *traded))
        check_percent_columns(_frame(inputs.assets), _frame(traded), year)
    if isinstance(inputs.rate, Series):
        check_rate_size(inputs.rate.values, inputs.rate.periods_a_year, inputs.rate.dates)


def note_rate_of(inputs: Inputs, year: float) -> list[Note]:
    """Warn of the size of the risk-free rate; a number is per period of the panel, with `year` periods a year."""
    percent = inputs.units == "percent"
    if isinstance(inputs.rate, float):
        check_rate_size(np.array([inputs.rate]), year)
        return note_rate(np.array([inputs.rate]), year, percent)
    return [] if inputs.rate is None else note_rate(inputs.rate.values, inputs.rate.periods_a_year, percent)


def _check_names(info: Sequence[Factor], assets: Sequence[str]) -> None:
    """Raise an error for a factor that is no return, and has the name of an asset."""
    for factor in info:
        if factor.name in assets and not factor.traded:
            raise DataError(
                f"The factor '{factor.name}' ({factor.description or factor.family}) has the name of an asset, and is "
                "no return: a column of a table of assets has that name.",
                series=factor.name,
                value=factor.name,
                remedy=f"Give it a name of its own: name='hash_rate_{factor.name}' in the function that makes it, or "
                "rename the column.",
            )


def read_inputs(frames: tuple[Any, Any, Any], factor_info: Any, asset_info: Any, units: str) -> Inputs:
    """Check what was given (`frames`: returns, factors, risk-free) and split it into series."""
    scale = UNITS[units]
    returns, asset_zone = read_frame(frames[0], "returns")
    given = read_factors(frames[1], factor_info)
    factors, info = given.table, given.info
    zones = {"returns": asset_zone, **given.zones}
    rate: Series | float | None = None
    if isinstance(frames[2], int | float | np.number) and not isinstance(frames[2], bool):
        rate = float(frames[2]) / scale
        if not np.isfinite(rate):
            raise DataError(f"risk_free is {rate}.", series="risk_free", value=rate, remedy="Give a number.")
    elif frames[2] is not None:
        table, zones["risk_free"] = read_rate(frames[2])
        rate = split(table / scale, "risk_free")[0]
    check_zones(zones)
    check_fields(factors[[one.name for one in info if one.traded]], "factors")
    groups = read_groups(asset_info, list(returns.columns))
    _check_names(info, list(returns.columns))
    for factor in info:
        count = int(factors[factor.name].notna().sum())
        if count <= factor.lag:
            raise DataError(
                f"Factor '{factor.name}' has {count} values, and a lag of {factor.lag}: nothing is left.",
                series=factor.name,
                value=count,
                remedy="Drop it, or look at its source.",
            )
    stated = [factor.traded and factor.name not in given.series for factor in info]  # in the units of frames
    units_of = np.where(stated, scale, 1.0)
    series = split(
        factors.div(units_of, axis="columns"), "factors", [0 if factor.shares_price else factor.lag for factor in info]
    )
    assets, days = split(returns / scale, "returns"), days_of(factors)
    inputs = Inputs(assets, series, info, groups, rate, days, units, given.gross, tuple(given.notes))
    _check_sizes(inputs)
    return inputs
