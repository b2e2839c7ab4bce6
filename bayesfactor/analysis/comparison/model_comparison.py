"""Which of several models predicts periods best that it has not seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.comparison.comparable import periods, require_comparable, require_fits
from bayesfactor.analysis.comparison.leave_one_out import (
    HIGH,
    LeftOut,
    Refits,
    leave_out,
    require_refits,
    stacked,
    with_refits,
)
from bayesfactor.base.records import FrozenResult
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.records import written
from bayesfactor.posterior.diagnostics import warning_of
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.log_likelihood import factor_log_likelihood, log_likelihood

STACKING = "stacking"
FEW, ALIKE, MANY = 100, 4.0, 11  # periods; differences of elpd; models
UNRELIABLE = "refits needed"


@dataclass(frozen=True, eq=False)
class Comparison(FrozenResult):
    """Models beside each other, by the density of each period's returns without that period.

    Attributes
    ----------
    elpd, pareto_k : DataArray (model, time)
        log p(r_t | f_t, other periods), and the shape of the tail of its importance weights.
    refitted : DataArray (model, time)
        Whether the first is from a refit without the period.
    factor_elpd, factor_pareto_k : DataArray (model, factor_time)
        The same of the factors' own density, log p(f_t | other periods), which the first has no part in; NaN of a model
        in which the covariance of factors moves.
    totals : DataFrame
        Per model, in the order given: the columns of `table`.
    problems : mapping of str to tuple of str
        Model -> problems of its fit, and how many periods need refits.
    notes : tuple of str
        What a reader of the table should know.
    """

    elpd: xr.DataArray
    pareto_k: xr.DataArray
    refitted: xr.DataArray
    factor_elpd: xr.DataArray
    factor_pareto_k: xr.DataArray
    totals: pd.DataFrame
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> pd.Series:
        """Stacking weights (model): the mixture that predicts best. They are no probabilities of models."""
        return self.totals["weight"].rename(STACKING)

    @property
    def refits_needed(self) -> pd.DataFrame:
        """The periods that need a fit without them: columns model, time and pareto_k, the highest first."""
        table = self.pareto_k.to_series().rename("pareto_k").reset_index()
        high = (table["pareto_k"] > HIGH) & ~self.refitted.to_series().to_numpy()
        return table[high].sort_values("pareto_k", ascending=False).reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """Return the models, the one that predicts best first.

        Returns
        -------
        DataFrame
            Columns model; ``elpd``, the sum over periods, with its standard error ``se``; ``difference`` from the best
            with its own, ``difference_se``; stacking ``weight``; ``parameters``, their effective number; ``high_k``,
            periods with a Pareto k above 0.7 and no refit, and ``refits``; ``factor_elpd``, ``factor_se`` and
            ``factor_high_k`` of the factors' own density; ``warning`` where a fit failed a check or refits are needed.
            ``attrs`` hold units, notes and problems.
        """
        table = self.totals.sort_values("elpd", ascending=False, kind="stable").reset_index()
        if any(self.problems.values()):
            table["warning"] = [_warning(self.problems[name]) for name in table["model"]]
        table.attrs = {"units": "nats, summed over periods", "notes": self.notes, "problems": dict(self.problems)}
        return table

    def __str__(self) -> str:
        columns = ["model", "elpd", "se", "difference", "difference_se", "weight", "parameters", "high_k"]
        table = self.table()
        shown = table[[*columns, *(["warning"] if "warning" in table else [])]]
        lines = [shown.to_string(index=False, float_format=lambda value: f"{value:.2f}")]
        return "\n".join([*lines, *(f"Note: {note}." for note in self.notes)])

    __repr__ = __str__


def compare(fits: Mapping[str, Fit], *, refits: Refits | None = None) -> Comparison:
    r"""Compare models of the same data by how well each predicts the returns of periods that it has not seen.

    The unit is a period, all its returns together, given its factors:

    .. math:: \mathrm{elpd} = \sum_t \log p(r_t | f_t, r_{-t}, f), \qquad
              p(r_t | f_t, r_{-t}, f) = \mathrm{E}_\theta [p(r_t | f_t, \theta)^{-1}]^{-1}

    by Pareto-smoothed importance sampling of the draws (ArviZ).

    Parameters
    ----------
    fits : mapping of str to Fit
        At least two, of the same returns and factors on the same dates.
    refits : mapping of str to mapping of date to Fit, optional
        Of the model of that name, fits to `Panel.without` that one period: the density of its returns is then exact,
        but for Monte Carlo error. For the periods in `Comparison.refits_needed`.

    Returns
    -------
    Comparison

    Raises
    ------
    SpecError, FitError
        When there are fewer than two fits; when a model weights returns, lets volatility or loadings move, or has
        factors with error, so that no period can be left out by weighing draws (`score` compares these); when assets,
        factors, dates or values differ; when a refit is of another model or has seen its period.

    See Also
    --------
    score : forecasts of fits on what came after them.
    scan_models : which factors, in closed form.
    average : attributions over models.

    Notes
    -----
    Where the Pareto k of a period is above 0.7 the weights have no finite variance to rely on, and the difference
    between models may be wrong by more than its standard error: refit without these periods. Standard errors take
    periods as independent. Models of other factors are not compared: given its factors a model with more of them has
    seen more of the period. The density of the factors themselves says how well their means and covariance are
    described, which models of the same factors have in common up to priors. Sources: Vehtari, Gelman and Gabry (2017);
    Vehtari, Simpson, Gelman, Yao and Gabry (2024); Yao, Vehtari, Simpson and Gelman (2018).
    """
    named = require_fits(fits, "compare")
    require_comparable(named)
    again = require_refits(named, {} if refits is None else refits)
    found = {name: with_refits(fit, leave_out(log_likelihood(fit)), again[name]) for name, fit in named.items()}
    factors = {name: leave_out(factor_log_likelihood(fit)) for name, fit in named.items() if _constant(fit)}
    panel = require_returns(next(iter(named.values())).panel)
    times = xr.DataArray(periods(panel), dims="time").rename("time")
    rows = panel.factors["time"].rename(time="factor_time").rename("factor_time")
    missing = _missing(rows.size)
    beside = [factors.get(name, missing) for name in named]
    return Comparison(
        elpd=_array([one.elpd for one in found.values()], named, times, "elpd"),
        pareto_k=_array([one.pareto_k for one in found.values()], named, times, "pareto_k"),
        refitted=_array([one.refitted for one in found.values()], named, times, "refitted"),
        factor_elpd=_array([one.elpd for one in beside], named, rows, "factor_elpd"),
        factor_pareto_k=_array([one.pareto_k for one in beside], named, rows, "factor_pareto_k"),
        totals=_totals(found, dict(zip(named, beside, strict=True))),
        problems={name: tuple(_problems(named[name], found[name], times.values, again[name])) for name in named},
        notes=tuple(_notes(found, [name for name in named if name not in factors])),
    )


def _constant(fit: Fit) -> bool:
    """Whether the factors of a period are independent of those before it, so that it can be left out."""
    return "factor_memory" not in fit.posterior


def _missing(size: int) -> LeftOut:
    nothing = np.full(size, np.nan)
    return LeftOut(nothing, nothing, nothing, np.zeros(size, dtype=bool))


def _array(values: list[np.ndarray], names: Mapping[str, object], units: xr.DataArray, name: str) -> xr.DataArray:
    dim = str(units.name)
    return xr.DataArray(np.stack(values), {"model": list(names), dim: units.values}, ("model", dim), name=name)


def _totals(found: Mapping[str, LeftOut], factors: Mapping[str, LeftOut]) -> pd.DataFrame:
    """Return the columns of `Comparison.table`, by model."""
    beside = stacked(found)
    rows = {
        name: {
            "elpd": one.elpd.sum(),
            "se": _error(one.elpd),
            "difference": beside.loc[name, "elpd_diff"],
            "difference_se": beside.loc[name, "dse"],
            "weight": beside.loc[name, "weight"],
            "parameters": one.effective_parameters,
            "high_k": int(one.high.sum()),
            "refits": int(one.refitted.sum()),
            "factor_elpd": factors[name].elpd.sum(),
            "factor_se": _error(factors[name].elpd),
            "factor_high_k": int(factors[name].high.sum()),
        }
        for name, one in found.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _error(values: np.ndarray) -> float:
    """Return the standard error of a sum over units that are independent, as ArviZ has it."""
    return float(np.sqrt(values.size * np.var(values, ddof=1)))


def _problems(fit: Fit, found: LeftOut, times: np.ndarray, refits: Mapping[int, Fit]) -> Iterator[str]:
    """Yield the problems of a fit and of its refits, and which periods it must be refitted without."""
    yield from fit.problems
    for place, refit in refits.items():
        yield from (f"the fit without {written(times[place])}: {problem}" for problem in refit.problems)
    if found.high.any():
        count, worst = int(found.high.sum()), written(times[np.argmax(np.where(found.high, found.pareto_k, -np.inf))])
        yield (
            f"{UNRELIABLE}: Pareto k is above {HIGH} in {count} of {times.size} periods, most on {worst}; fit it "
            "without them (refits_needed, refits=)"
        )


def _warning(problems: tuple[str, ...]) -> str:
    """Return what a table says of the problems of a model."""
    own = tuple(problem for problem in problems if not problem.startswith(UNRELIABLE))
    return "; ".join([*([warning_of(own)] if own else []), *([UNRELIABLE] if len(own) < len(problems) else [])])


def _notes(found: Mapping[str, LeftOut], moving: list[str]) -> Iterator[str]:
    """Yield what a reader of the table should know."""
    yield "weights make the mixture that predicts best, and are no probabilities of models"
    count, totals = len(next(iter(found.values())).elpd), sorted(one.elpd.sum() for one in found.values())
    if count < FEW:
        yield f"{count} periods are few: standard errors of differences are too small"
    if totals[-1] - totals[-2] < ALIKE:
        yield f"the best two models differ by less than {ALIKE:g}, which does not tell them apart"
    if len(found) > MANY:
        yield f"the best of {len(found)} models looks better than it is"
    if moving:
        yield f"the covariance of factors moves in {', '.join(moving)}: their density has no period to leave out"
