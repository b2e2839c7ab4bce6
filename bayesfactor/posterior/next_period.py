"""The draws of the period after the last row of a longer panel: newer rows update what moves, without sampling."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import numpy as np
import xarray as xr

from bayesfactor.base.errors import DataError, FitError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.panel.records import written
from bayesfactor.paths.storage import movement_dataset
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.moved_draws import MovedDraws, moved
from bayesfactor.posterior.plausibility import MOVING
from bayesfactor.posterior.residuals import thin
from bayesfactor.posterior.storage.panels import panel_groups

SAME = 1e-9  # relative difference of values that are the same
MADE_OF_ROWS = ("log_likelihood", "posterior_predictive")  # groups that are those of the fit's own rows


def at_end_of(fit: Fit, panel: Panel, verb: str = "after") -> Fit:
    """Return the fit on a longer panel, with the draws of the period after that panel's last row.

    Parameters
    ----------
    fit : Fit
    panel : Panel
        The fit's rows and newer ones. Assets and factors that the fit does not have, and rows before its first, are
        left out.
    verb : str
        Whose error it is.

    Raises
    ------
    DataError
        When the panel lacks an asset or a factor, has another calendar, or other values on the fit's rows.
    FitError
        When something moves in the draws and they have no record of its path.
    """
    longer = extended(fit, panel, verb)
    (posterior,) = next_periods(fit, longer, [len(longer.times)])
    groups = {str(name): node.to_dataset() for name, node in fit.data.children.items() if name not in MADE_OF_ROWS}
    groups |= {"posterior": posterior, **panel_groups(longer)}
    if "paths" in groups and len(longer.times) > len(fit.panel.times):
        groups["paths"] = movement_dataset(_moving(fit, longer, fit.posterior).until(len(longer.times))[1], longer)
    return replace(fit, panel=longer, data=xr.DataTree.from_dict(groups))


def next_periods(fit: Fit, panel: Panel, rows: Sequence[int], draws: int | None = None) -> Iterator[xr.Dataset]:
    """Yield the draws of the period of each row, given the rows before it; of what is static the same ones each time.

    Parameters
    ----------
    fit : Fit
    panel : Panel
        As `extended` returns it.
    rows : sequence of int
        Positions among the panel's dates, ascending, none of them before the first after the fit's last row; as many
        as there are dates for the period after the last.
    draws : int, optional
        About how many draws, evenly spaced in each chain; all of them by default.
    """
    posterior = fit.posterior if draws is None else thin(fit, draws)
    own = len(fit.panel.times)
    moving = [name for name in MOVING if name in posterior]
    if moving and len(rows) and rows[-1] > own:
        yield from moved(_moving(fit, panel, posterior), rows)
    else:
        yield from (posterior for _ in rows)


def _moving(fit: Fit, panel: Panel, posterior: xr.Dataset) -> MovedDraws:
    """Return draws with what newer rows update; refuse those whose path is not known."""
    if fit.movement is None or fit.priors is None:
        moving = next(name for name in MOVING if name in posterior)
        raise FitError(
            f"Newer rows cannot update '{moving}': these draws have no record of its path.",
            remedy="Fit anew on the longer panel.",
        )
    return MovedDraws(fit, fit.movement, fit.priors, panel, posterior)


def extended(fit: Fit, panel: Panel, verb: str) -> Panel:
    """Return a longer panel with the assets and factors of a fit, from the fit's first row on.

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, or no panel with returns, or one that does not go on from the fit's.
    """
    require_fit(fit, verb)
    longer, own = require_returns(panel, verb), fit.panel
    for kind, wanted, known in (
        ("asset", own.assets, longer.assets),
        ("factor", own.factor_names, longer.factor_names),
    ):
        lost = [name for name in wanted if name not in known]
        if lost:
            raise _other(verb, f"it has no {kind} '{lost[0]}', which the fit has", lost[0])
    if longer.calendar != own.calendar:
        raise _other(verb, f"its calendar is {longer.calendar}, and the fit's {own.calendar}", "panel")
    cut = _from_first_row(longer.select(own.assets, own.factor_names), own)
    _check_descriptions(cut, own, verb)
    _check_rows(cut, own, verb)
    return cut


def _from_first_row(longer: Panel, own: PanelBase) -> Panel:
    """Return the panel without what is before the first rows of another one."""
    first, begun = own.times[:1], own.factors["time"].values[:1]
    returns = longer.returns.isel(time=longer.times >= first) if first.size else longer.returns
    factors = longer.factors.isel(time=longer.factors["time"].values >= begun) if begun.size else longer.factors
    return replace(longer, returns=returns, factors=factors)


def _check_descriptions(longer: Panel, own: PanelBase, verb: str) -> None:
    """Refuse factors and groups that are described otherwise."""
    for new, old in zip(longer.factor_info, own.factor_info, strict=True):
        for field in fields(old):
            one, other = getattr(new, field.name), getattr(old, field.name)
            if field.name != "description" and one != other:
                raise _other(
                    verb, f"'{field.name}' of factor '{old.name}' is {one!r}, and the fit's {other!r}", old.name
                )
    for asset, one, other in zip(own.assets, longer.groups.values, own.groups.values, strict=True):
        if one != other:
            raise _other(verb, f"asset '{asset}' is in the group '{one}', and in the fit in '{other}'", asset)


def _check_rows(longer: Panel, own: PanelBase, verb: str) -> None:
    """Refuse a panel whose first rows are not those of the fit."""
    known = longer.factors["time"].values, own.factors["time"].values
    dates: dict[str, tuple[np.ndarray, np.ndarray]] = {"returns": (longer.times, own.times), "factors": known}
    for what, (later, rows) in dates.items():
        shared = later[: len(rows)]
        if not np.array_equal(shared, rows):
            apart = np.setxor1d(shared, rows)[0]
            where = "the fit" if apart in rows else "it"
            raise _other(verb, f"{where} alone has {what} on {written(apart)}", "panel", apart)
    parts = [("Factor", longer.factors, own.factors)]
    parts += [("Asset", longer.returns, own.returns)] if isinstance(own, Panel) else []
    for kind, new, old in parts:
        values = new.values[: old.sizes["time"]]
        wrong = np.argwhere(~np.isclose(values, old.values, rtol=SAME, atol=0.0, equal_nan=True))
        if wrong.size:
            row, place = wrong[0]
            name, date = str(old[old.dims[1]].values[place]), old["time"].values[row]
            text = f"{kind} '{name}' is {values[row, place]:.6g} on {written(date)}, and in the fit"
            raise _other(verb, f"{text} {old.values[row, place]:.6g}", name, date)


def _other(verb: str, text: str, series: str, date: np.datetime64 | None = None) -> DataError:
    return DataError(
        f"{verb}: the panel does not go on from the fit's: {text}.",
        series=series,
        date=date,
        remedy="Make it of the same series as the fit's panel, with newer dates. Where older values have changed, fit "
        "anew.",
    )
