"""What came between two fits of the same thing: periods, assets, factors, and another model."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.analysis.comparison.comparable import PRECISION, first_difference, periods
from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import Fit

UNITS = ("traded", "transform", "lag", "aggregate")  # of a factor, on which the units of its loadings depend
ABSENT = "none"
SWAP = "The first argument is the later fit, the second the earlier one."


@dataclass(frozen=True)
class Between:
    """What came between two fits.

    Attributes
    ----------
    last : str
        The last period of the earlier fit.
    periods : int
        Of the earlier fit.
    new, lost : int
        Periods that the later fit has and the earlier one has not, and the other way round.
    assets, factors : tuple of str
        Which both have.
    new_assets, gone_assets, new_factors, gone_factors : tuple of str
        Which only the later fit has, and only the earlier one.
    revised : tuple of str
        Series whose values on shared dates are others than they were, and since when: "'btc' (2024-01-05)".
    model : tuple of str
        Choices that are others: "noise.kind: normal, now student_t"; empty where the model is the same.
    unknown_model : bool
        Whether the model of either fit is not known.
    """

    last: str
    periods: int
    new: int
    lost: int
    assets: tuple[str, ...]
    factors: tuple[str, ...]
    new_assets: tuple[str, ...]
    gone_assets: tuple[str, ...]
    new_factors: tuple[str, ...]
    gone_factors: tuple[str, ...]
    revised: tuple[str, ...]
    model: tuple[str, ...]
    unknown_model: bool

    @property
    def only_data(self) -> bool:
        """Whether nothing but periods of the same assets and factors came between them."""
        others = self.new_assets or self.gone_assets
        return not (others or self.model_changed or self.revised or self.lost)

    @property
    def model_changed(self) -> bool:
        """Whether the model changed in its choices or its factors, or may have."""
        return bool(self.model or self.unknown_model or self.new_factors or self.gone_factors)


def between(fit: Fit, previous: object, place: str) -> Between:
    """Return what came between a fit and an earlier one.

    Raises
    ------
    FitError
        When the earlier one is no fit.
    SpecError
        When it is the same fit or a later one; has no asset in common, another calendar, or series in other units.
    """
    if not isinstance(previous, Fit):
        what = f"{place}: expected a Fit, found {type(previous).__name__}."
        raise FitError(what, remedy="Pass what bf.fit or bf.open_fit returned.")
    panel, own = fit.panel, previous.panel
    if previous is fit:
        raise SpecError(f"{place}: it is the fit itself.", place=place, remedy="Give an earlier one.")
    if panel.calendar != own.calendar:
        then, now = (
            f"{one.frequency}, {one.periods_per_year} periods a year" for one in (own.calendar, panel.calendar)
        )
        raise SpecError(
            f"{place}: its calendar is {then}; that of the later fit is {now}.",
            place=place, found=then, allowed=(now,), remedy="Integrate both to one calendar.",
        )  # fmt: skip
    assets = tuple(name for name in panel.assets if name in own.assets)
    if not assets:
        raise SpecError(
            f"{place}: no asset is in both fits.",
            place=place, found=own.assets, allowed=panel.assets, remedy="Give a fit of the same assets.",
        )  # fmt: skip
    dates, earlier = (periods(one) if isinstance(one, Panel) else one.times for one in (panel, own))
    if dates[-1] < earlier[-1]:
        raise SpecError(
            f"{place}: it ends on {written(earlier[-1])}, after the other one, which ends on {written(dates[-1])}.",
            place=place, found=written(earlier[-1]), remedy=SWAP,
        )  # fmt: skip
    factors = tuple(name for name in panel.factor_names if name in own.factor_names)
    _require_same_factors(panel, own, factors, place)
    revised = [*_revised(panel.factors, own.factors, factors, place)]
    if isinstance(panel, Panel) and isinstance(own, Panel):
        revised = [*_revised(panel.returns, own.returns, assets, place), *revised]
    return Between(
        written(earlier[-1]),
        len(earlier),
        len(np.setdiff1d(dates, earlier)),
        len(np.setdiff1d(earlier, dates)),
        assets,
        factors,
        _only(panel.assets, own.assets),
        _only(own.assets, panel.assets),
        _only(panel.factor_names, own.factor_names),
        _only(own.factor_names, panel.factor_names),
        tuple(revised),
        tuple(_choices_changed(previous.model_text, fit.model_text)),
        fit.model is None or previous.model is None,
    )


def _only(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _require_same_factors(panel: PanelBase, own: PanelBase, names: Iterable[str], place: str) -> None:
    """Refuse a factor that is another one of the same name."""
    now, then = ({factor.name: factor for factor in one.factor_info} for one in (panel, own))
    for name in names:
        for fact in UNITS:
            here, there = (getattr(one[name], fact) for one in (now, then))
            if here != there:
                raise _other_units(place, name, f"{fact} was {there!r} and is {here!r}")


def _other_units(place: str, name: str, how: str) -> SpecError:
    return SpecError(
        f"{place}: '{name}' is not the same series in both fits: {how}.",
        place=place, found=name, remedy="Name them apart, or integrate both alike.",
    )  # fmt: skip


def _revised(now: xr.DataArray, then: xr.DataArray, names: tuple[str, ...], place: str) -> Iterable[str]:
    """Yield the series whose values on shared dates are others than they were; refuse a multiple of them."""
    column = str(now.dims[1])
    shared = np.intersect1d(now["time"].values, then["time"].values)
    for name in names:
        here, there = (one.sel({"time": shared, column: [name]}) for one in (now, then))
        apart = first_difference(here, there)
        if apart is None:
            continue
        if times := _multiple(here.values, there.values):
            raise _other_units(place, name, f"its values are {times:.6g} times what they were")
        yield f"'{name}' ({apart[1]})"


def _multiple(here: np.ndarray, there: np.ndarray) -> float:
    """Return by what every value was multiplied; 0 where they were not by the same number."""
    known = np.isfinite(here) & np.isfinite(there) & (there != 0)
    if known.sum() < 2:
        return 0.0
    ratio = here[known] / there[known]
    alike = np.allclose(ratio, ratio[0], rtol=PRECISION**0.5, atol=0)
    return float(ratio[0]) if alike and not np.isclose(ratio[0], 1, rtol=PRECISION**0.5) else 0.0


def _choices_changed(then: str, now: str) -> Iterable[str]:
    """Yield what two model files choose otherwise: "noise.kind: normal, now student_t"."""
    was, is_now = ({**_flat(tomllib.loads(text)), "name": None} for text in (then, now))
    for key in dict.fromkeys([*was, *is_now]):
        before, after = (str(one.get(key, ABSENT)) for one in (was, is_now))
        if before != after:
            yield f"{key}: {before}, now {after}"


def _flat(table: Mapping[str, Any], within: str = "") -> dict[str, object]:
    """Return the values of a nested table by their paths."""
    found: dict[str, object] = {}
    for key, value in table.items():
        path = f"{within}.{key}" if within else key
        found |= _flat(value, path) if isinstance(value, Mapping) else {path: value}
    return found
