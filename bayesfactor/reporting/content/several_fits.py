"""The same questions asked of several fits: premia, volatilities and residual shares, and which predicts best."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.analysis.attribution.kinds import Kind, Per
from bayesfactor.analysis.attribution.variances import moves
from bayesfactor.analysis.comparison.averaging import average
from bayesfactor.analysis.comparison.comparable import first_difference, periods, require_comparable
from bayesfactor.analysis.comparison.model_comparison import Comparison, compare
from bayesfactor.analysis.comparison.revised_estimates import residual_share
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.errors import DataError, FitError, SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import summarise

THIS, PLACE = "this fit", "write_report.others"
EQUAL = "equal weights"
REMEDY = 'Write others={"static": other_fit}.'


@dataclass(frozen=True, eq=False)
class SeveralFits:
    """What depends on the model.

    Attributes
    ----------
    fits : mapping of str to Fit
        The report's own first.
    unit : str
        What entries are: ``asset`` (the portfolio alone, if there is one) or ``group``.
    premium, volatility, share : mapping of str to DataFrame
        Of each fit, by entry: expected excess return and volatility a year, share of the variance that is residual;
        columns of `summarise`.
    mixture : DataFrame
        Likewise, the expected excess return by the mixture of the models with equal weights.
    between : Series
        By entry, the share of the mixture's variance that is between models.
    moving : tuple of str
        Fits whose volatility or loadings move.
    comparison : Comparison or None
        Of the fits that can be compared, where there are two.
    reasons : tuple of str
        Why others cannot.
    """

    fits: Mapping[str, Fit]
    unit: str
    premium: Mapping[str, pd.DataFrame]
    volatility: Mapping[str, pd.DataFrame]
    share: Mapping[str, pd.DataFrame]
    mixture: pd.DataFrame
    between: pd.Series
    moving: tuple[str, ...]
    comparison: Comparison | None
    reasons: tuple[str, ...]

    @property
    def others(self) -> dict[str, Fit]:
        """All but the report's own."""
        return {name: fit for name, fit in self.fits.items() if name != THIS}


def require_others(fit: Fit, others: Mapping[str, Fit] | None) -> dict[str, Fit]:
    """Return other fits of the panel of a fit, by name.

    Raises
    ------
    SpecError
        When one has no name or that of the report's own, is no fit, or is of other assets, periods or returns.
    """
    if others is None:
        return {}
    if not isinstance(others, Mapping):
        what = f"write_report: others are fits by name, not a {type(others).__name__}."
        raise SpecError(what, place=PLACE, found=others, remedy=REMEDY)
    for name, other in others.items():
        if not isinstance(name, str) or not name.strip():
            raise SpecError(
                f"write_report: a fit of others is named {name!r}, which is no text.",
                place=PLACE, found=name, remedy=REMEDY,
            )  # fmt: skip
        if name == THIS:
            raise SpecError(
                f"write_report: '{THIS}' is what the report calls its own fit.",
                place=PLACE, found=name, remedy="Name the other one otherwise.",
            )  # fmt: skip
        if not isinstance(other, Fit):
            raise SpecError(
                f"write_report: '{name}' of others is a {type(other).__name__}, and no fit.",
                place=PLACE, found=other, remedy=REMEDY,
            )  # fmt: skip
        if other is fit:
            raise SpecError(
                f"write_report: '{name}' of others is the report's own fit.",
                place=f"{PLACE}.{name}", found=name, remedy="Give other fits of the same returns.",
            )  # fmt: skip
        why = _apart(fit.panel, other.panel)
        if why:
            raise SpecError(
                f"write_report: '{name}' is of another panel: {why}.",
                place=f"{PLACE}.{name}", found=why, remedy="Fit both to the same returns.",
            )  # fmt: skip
    return dict(others)


def _apart(panel: PanelBase, own: PanelBase) -> str:
    """Return how another panel's returns are not those of a panel; empty where they are."""
    for has, lacks, which in ((own, panel, "it has"), (panel, own, "it lacks")):
        names = [name for name in has.assets if name not in lacks.assets]
        if names:
            return f"{which} the asset '{names[0]}'" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    dates, found = (periods(one) if isinstance(one, Panel) else one.times for one in (panel, own))
    if (apart := np.setxor1d(dates, found)).size:
        which = "it has" if apart[0] in found else "it lacks"
        return f"{which} the period {written(apart[0])}" + (f" and {apart.size - 1} more" if apart.size > 1 else "")
    if not (isinstance(panel, Panel) and isinstance(own, Panel)):
        return ""
    different = first_difference(panel.returns.sel(time=dates), own.returns)
    return "" if different is None else f"its returns of '{different[0]}' on {different[1]} are others"


def ask_several(
    fit: Fit,
    others: Mapping[str, Fit],
    portfolio: Mapping[str, float] | pd.Series | None,
    ci_prob: float,
    ci_kind: Interval,
) -> SeveralFits | None:
    """Return what depends on the model; None where there are no other fits."""
    if not others:
        return None
    fits = {THIS: fit, **others}
    per: Per = "group" if portfolio is None and _grouped(fits) else "asset"
    entries = fit.panel.group_names if per == "group" else fit.panel.assets if portfolio is None else (PORTFOLIO,)

    def ask(one: Fit, kind: Kind) -> Attribution:
        return attribute(one, kind, per=per, portfolio=portfolio)

    def table(draws: xr.DataArray) -> pd.DataFrame:
        return summarise(draws.sel({per: list(entries)}), ci_prob, ci_kind).set_index(per)

    premium: dict[str, Attribution] = {}
    volatility, share = {}, {}
    for name, one in fits.items():
        premium[name] = _total(ask(one, "premium"))
        found = ask(one, "variance")
        volatility[name] = table(found.draws.sel(source="total", drop=True) ** 0.5)
        share[name] = table(residual_share(found.draws))
    mixture = average(premium, dict.fromkeys(fits, 1 / len(fits)), origin=EQUAL)
    assert mixture.uncertainty is not None  # of a premium
    comparison, reasons = _compared(fits)
    return SeveralFits(
        fits,
        per,
        {name: table(one.draws.sel(source="total", drop=True)) for name, one in premium.items()},
        volatility,
        share,
        table(mixture.draws.sel(source="total", drop=True)),
        mixture.uncertainty["model"].loc[list(entries)],
        tuple(name for name, one in fits.items() if moves(one.posterior)),
        comparison,
        reasons,
    )


def _grouped(fits: Mapping[str, Fit]) -> bool:
    """Whether there are several groups, the same in all fits."""
    first, *rest = (one.panel.groups for one in fits.values())
    same = all(bool((one.sel(asset=first["asset"].values).values == first.values).all()) for one in rest)
    return same and len(np.unique(first.values)) > 1


def _total(premium: Attribution) -> Attribution:
    """Return an attribution that has kept no more than its total."""
    return replace(premium, draws=premium.draws.sel(source=["total"]).copy())


def _compared(fits: Mapping[str, Fit]) -> tuple[Comparison | None, tuple[str, ...]]:
    """Return the comparison of the fits that can be compared with the first such, and why others cannot."""
    kept: dict[str, Fit] = {}
    reasons: dict[str, None] = {}
    for name, fit in fits.items():
        first = dict(list(kept.items())[:1])
        try:
            require_comparable({**first, name: fit})
            kept[name] = fit
        except (DataError, FitError, SpecError) as error:
            reasons[f"{error.message.removeprefix('compare: ')} {error.remedy}".strip()] = None
    return (compare(kept) if len(kept) > 1 else None), tuple(reasons)
