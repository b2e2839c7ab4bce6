"""Which fits can be compared: of the same returns in the same periods, with a likelihood that periods can leave."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, SpecError, nearest
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.records import written
from bayesfactor.posterior.facts import require_noise
from bayesfactor.posterior.fit import Fit

SCORE = "Compare the forecasts of fits on the returns that came after them: bf.score."
MOVES = ("volatility_now", "loading_long_run")
PRECISION = 1e-9  # beside which two numbers are the same


def require_fits(fits: object, verb: str) -> dict[str, Fit]:
    """Return the fits by name.

    Raises
    ------
    FitError
        When there are none with names, fewer than two, or something else among them.
    """
    remedy = 'Name at least two: {"static": fit, "student": other}.'
    if not isinstance(fits, Mapping):
        raise FitError(f"{verb}: expected fits by name, found {type(fits).__name__}.", remedy=remedy)
    for name, fit in fits.items():
        if not isinstance(name, str) or not name:
            raise FitError(f"{verb}: a fit is named {name!r}, which is no text.", remedy=remedy)
        if not isinstance(fit, Fit):
            raise FitError(f"{verb}: '{name}' is a {type(fit).__name__}, and no fit.", remedy=remedy)
    if len(fits) < 2:
        raise FitError(f"{verb}: there {'is one fit' if fits else 'are no fits'}.", remedy=remedy)
    return dict(fits)


def require_comparable(fits: Mapping[str, Fit]) -> None:
    """Refuse fits that leaving a period out says nothing of, and those of other data than the first.

    Raises
    ------
    SpecError, FitError
    """
    (first, one), *others = fits.items()
    for name, fit in fits.items():
        require_likelihood(name, fit)
    for name, other in others:
        require_same_data((first, require_returns(one.panel)), (name, require_returns(other.panel)))


def require_likelihood(name: str, fit: Fit) -> None:
    """Refuse a fit whose likelihood is no product over periods of densities of the data."""
    require_returns(fit.panel, f"compare: '{name}': the likelihood of a period")
    law, draws = require_noise(fit, f"compare: '{name}': the likelihood of a period"), fit.posterior
    if (fit.model is not None and fit.model.returns_move) or any(moves in draws for moves in MOVES):
        raise _refused(
            name,
            "lets volatility or loadings move: their paths have seen each period that would be left out, and its "
            "neighbours",
        )
    if fit.design.weight is not None:
        raise _refused(name, "weights returns, and a weighted likelihood is not that of the data")
    if "reliability" in draws and bool((draws["reliability"] < 1).any()):
        raise _refused(name, "has factors that are measured with error, and draws of their true values are not kept")
    if "residual_loading" in draws and law.parameters:
        raise _refused(
            name, "has Student-t residuals that load on residual factors, whose joint density has no closed form"
        )


def _refused(name: str, why: str) -> SpecError:
    return SpecError(f"compare: '{name}' {why}.", place=f"compare.{name}", remedy=SCORE)


def require_same_data(one: tuple[str, Panel], other: tuple[str, Panel]) -> None:
    """Refuse two panels that do not hold the same returns and factors on the same dates."""
    (first, panel), (name, own) = one, other
    _same_names((first, panel.assets), (name, own.assets), "asset", "Fit both to the same assets.")
    factors = "A factor whose loadings are held at 0 is a model without it: fit both to the same factors. Sets of "
    factors += "factors are compared by bf.scan_models, and forecasts by bf.score."
    _same_names((first, panel.factor_names), (name, own.factor_names), "factor", factors)
    _same_dates((first, periods(panel)), (name, periods(own)), "returns")
    _same_dates((first, panel.factors["time"].values), (name, own.factors["time"].values), "factors")
    for what in ("returns", "factors"):
        _same_values((first, getattr(panel, what)), (name, getattr(own, what)), what)


def periods(panel: Panel) -> np.ndarray:
    """Return the dates on which there is a return."""
    return panel.times[np.isfinite(panel.returns.values).any(axis=1)]


def _same_names(one: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]], what: str, remedy: str) -> None:
    (first, names), (name, own) = one, other
    apart = [*(n for n in own if n not in names), *(n for n in names if n not in own)]
    if apart:
        has, lacks = (name, first) if apart[0] in own else (first, name)
        raise SpecError(
            f"compare: '{has}' has the {what} '{apart[0]}', and '{lacks}' has not.",
            place=f"compare.{name}",
            found=tuple(apart),
            allowed=names,
            remedy=f"{nearest(apart[0], names) if has == name else ''} {remedy}".strip(),
        )


def _same_dates(one: tuple[str, np.ndarray], other: tuple[str, np.ndarray], what: str) -> None:
    (first, dates), (name, own) = one, other
    apart = np.setxor1d(dates, own)
    if apart.size:
        has, lacks = (name, first) if apart[0] in own else (first, name)
        raise SpecError(
            f"compare: '{has}' has {what} on {written(apart[0])}, and '{lacks}' has none there; they share "
            f"{len(np.intersect1d(dates, own))} of {len(np.union1d(dates, own))} periods.",
            place=f"compare.{name}",
            found=written(apart[0]),
            remedy="Fit both to the same periods.",
        )


def _same_values(one: tuple[str, xr.DataArray], other: tuple[str, xr.DataArray], what: str) -> None:
    (first, values), (name, own) = one, other
    apart = first_difference(values.isel(time=np.isfinite(values.values).any(axis=1)), own)
    if apart is not None:
        label, date, here, there = apart
        raise SpecError(
            f"compare: the {what} of '{label}' on {date} are {here:.6g} in '{first}' and {there:.6g} in '{name}'.",
            place=f"compare.{name}",
            found=there,
            remedy="Fit both to the same panel.",
        )


def first_difference(values: xr.DataArray, own: xr.DataArray) -> tuple[str, str, float, float] | None:
    """Return name, date and both values where others (time, name) first differ from values; None where they do not."""
    column = str(values.dims[1])
    found = own.sel({"time": values["time"].values, column: values[column].values}).values
    same = np.isclose(found, values.values, rtol=PRECISION, atol=0, equal_nan=True)
    if same.all():
        return None
    row, place = np.argwhere(~same)[0]
    date = written(values["time"].values[row])
    return str(values[column].values[place]), date, float(values.values[row, place]), float(found[row, place])
