"""Attributions averaged over models: the mixture of their draws."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.verdicts import least_known
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.comparison.model_comparison import Comparison
from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.paths.allotment import allot, shuffled
from bayesfactor.posterior.diagnostics import warning_of

PLACE, TOTAL, MODEL = "average.weights", "total", "model"
ORIGIN = (
    "Say where they are from: origin='stacking' for the mixture that predicts best (or give the Comparison itself), "
    "origin='evidence' for what is believed of models, or your own words."
)
Weights = Mapping[str, float] | pd.Series | Comparison


def average(attributions: Mapping[str, Attribution], weights: Weights, *, origin: str | None = None) -> Attribution:
    """Return the attribution of a mixture of models.

    Its draws are draws of the attributions in proportion to the weights, sources of any of them; a source that a model
    has not contributes 0 there. So they add up to the total in every draw, and intervals hold what models differ by.

    Parameters
    ----------
    attributions : mapping of str to Attribution
        By model: of one kind, the same assets (or groups) and the same way to split sources (``by``).
    weights : Comparison, mapping or Series of model to weight
        From 0 on, with a sum of 1. A `Comparison` gives its stacking weights.
    origin : str, optional
        Where the weights are from, which has no default: stacking weights answer which mixture predicts best, and
        posterior probabilities what is believed of models. A Comparison says it, and a Series by its name.

    Returns
    -------
    Attribution
        Of a premium, ``uncertainty`` has one share more, ``model``: how much of the posterior variance is between
        models. Other shares are each model's own, averaged. Without residual risk as realised, which depends on a
        model's factors.

    Raises
    ------
    SpecError, FitError
        When attributions are of other kinds, entries or spans; when weights are not those of the models, do not add up
        to 1, or have no origin.
    """
    parts = _require_attributions(attributions)
    share, said = _weights(weights, origin, tuple(parts))
    used = {name: parts[name] for name in parts if share[name] > 0}
    number = np.array([share[name] for name in used])
    (_, first), *_ = used.items()
    identification = [one.identification for one in used.values()]
    sources = _sources([one.draws for one in used.values()])
    steady = [one.draws if one.long_run is None else one.long_run for one in used.values()]
    moves = [one for one in used.values() if one.long_run is not None]
    problems = tuple(dict.fromkeys(problem for one in used.values() for problem in one.problems))
    return Attribution(
        kind=first.kind,
        draws=_mixed([one.draws for one in used.values()], number, sources),
        units=(moves or [first])[0].units,
        problems=problems,
        notes=tuple(_notes(used, number, said)),
        identification={
            source: least_known(found[source] for found in identification if source in found)
            for source in sources
            if any(source in found for found in identification)
        },
        uncertainty=_uncertainty(list(used.values()), number, problems),
        span=first.span,
        long_run=_mixed(steady, number, sources) if moves else None,
        by=first.by,
    )


def _require_attributions(attributions: object) -> dict[str, Attribution]:
    """Return attributions of the same entries by name, or raise a SpecError or FitError."""
    if not isinstance(attributions, Mapping) or len(attributions) < 2:
        raise FitError(
            "average: expected at least two attributions by name.", remedy='Give {"static": one, "student": other}.'
        )
    for name, one in attributions.items():
        if not isinstance(one, Attribution):
            raise FitError(
                f"average: '{name}' is a {type(one).__name__}, and no attribution.",
                remedy="Give what attribute returns.",
            )
    (name, first), *others = attributions.items()
    for other, one in others:
        if why := _apart(first, one):
            raise SpecError(
                f"average: '{name}' and '{other}' {why}.",
                place="average.attributions",
                remedy="Ask the same of each fit: the same kind, assets, portfolio and window.",
            )
    return dict(attributions)


def _apart(one: Attribution, other: Attribution) -> str:
    """Return how two attributions differ in what they are of; empty where they do not."""
    if one.kind != other.kind:
        return f"are of a {one.kind} and of a {other.kind}"
    if one.by != other.by:
        return f"are by {one.by} and by {other.by}"
    units = [part.units for part in (one, other) if part.long_run is None] if one.kind == "variance" else []
    units = units if one.kind == "variance" else [one.units, other.units]
    if len(set(units)) > 1:
        return f"have other units: {units[0]}; {units[1]}"
    unit, own = one.draws.dims[2], other.draws.dims[2]
    if unit != own:
        return f"are per {unit} and per {own}"
    apart = set(one.draws[unit].values.tolist()) ^ set(other.draws[unit].values.tolist())
    if apart:
        return f"do not both have the {unit} '{min(apart)}'"
    if one.span is not None and other.span is not None and not one.span.equals(other.span.reindex(one.span.index)):
        return "are of other periods"
    return ""


def _weights(weights: object, origin: object, names: tuple[str, ...]) -> tuple[dict[str, float], str]:
    """Return the weight of each model, and where the weights are from."""
    given = weights.weights if isinstance(weights, Comparison) else weights
    if not isinstance(given, Mapping | pd.Series):
        raise SpecError(
            f"average: weights are a {type(given).__name__}.",
            place=PLACE,
            found=given,
            remedy='Give {"static": 0.7, "student": 0.3}, with their origin, or a Comparison.',
        )
    named = given.name if isinstance(given, pd.Series) and origin is None else origin
    if not isinstance(named, str) or not named.strip():
        raise SpecError("average: it is not said where the weights are from.", place="average.origin", remedy=ORIGIN)
    found = {str(name): value for name, value in given.items()}
    for name in found:
        if name not in names:
            raise unknown("model", name, names, place=PLACE)
    lost = [name for name in names if name not in found]
    if lost:
        raise SpecError(
            f"average: '{lost[0]}' has no weight.", place=PLACE, found=tuple(found), remedy="Give it 0 to leave it out."
        )
    values = {name: _number(name, found[name]) for name in names}
    if abs(sum(values.values()) - 1) > 1e-6:
        raise SpecError(
            f"average: the weights add up to {sum(values.values()):.6g}, and must add up to 1.",
            place=PLACE,
            found=values,
            remedy="Divide them by their sum.",
        )
    return values, named.strip()


def _number(name: str, value: object) -> float:
    real = int | float | np.integer | np.floating
    number = float(value) if isinstance(value, real) and not isinstance(value, bool) else np.nan
    if not -1e-9 <= number < np.inf:
        raise SpecError(
            f"average: the weight of '{name}' is {value!r}, and must be a number from 0 on.", place=PLACE, found=value
        )
    return max(number, 0.0)


def _sources(draws: Iterable[xr.DataArray]) -> list[str]:
    """Return the sources of any, in order of first appearance, the total last."""
    every = dict.fromkeys(name for one in draws for name in one["source"].values.tolist())
    return [*(name for name in every if name != TOTAL), TOTAL]


def _mixed(parts: list[xr.DataArray], weight: np.ndarray, sources: list[str]) -> xr.DataArray:
    """Return draws (chain, draw, entry, source) of parts by weight, those of one spread over all the others'."""
    first = parts[0]
    unit = str(first.dims[2])
    entries = first[unit].values
    chains, draws = (min(one.sizes[dim] for one in parts) for dim in ("chain", "draw"))
    count = allot(weight / weight.sum(), draws)
    cell = shuffled(count, np.random.default_rng(0))
    whole = np.empty((chains, draws, entries.size, len(sources)))
    for number, one in enumerate(parts):
        thin = np.linspace(0, one.sizes["draw"], int(count[number]), endpoint=False).astype(int)
        own = one.isel(chain=slice(chains), draw=thin).sel({unit: entries})
        own = own.reindex(source=sources, fill_value=0.0).transpose("chain", "draw", unit, "source")
        whole[:, cell == number] = own.values
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), unit: entries, "source": sources}
    return xr.DataArray(whole, coords, ("chain", "draw", unit, "source"), name=first.name)


def _uncertainty(parts: list[Attribution], weight: np.ndarray, problems: tuple[str, ...]) -> pd.DataFrame | None:
    """Return sd and shares of the mixture's variance: each model's own, and what is between models."""
    tables = [one.uncertainty for one in parts if one.uncertainty is not None]
    if len(tables) < len(parts):
        return None
    index = tables[0].index
    unit = str(index.name)
    own = [table.drop(columns=["warning"], errors="ignore").reindex(index) for table in tables]
    means = np.stack(
        [one.draws.sel(source=TOTAL).mean(("chain", "draw")).sel({unit: index.to_numpy()}).values for one in parts]
    )
    within = np.stack([table["sd"].to_numpy() ** 2 for table in own])
    between = weight @ (means - weight @ means) ** 2
    variance = weight @ within + between
    names = list(dict.fromkeys(name for table in own for name in table.columns if name != "sd"))
    shares = {
        name: sum(w * v * table.get(name, 0.0) for w, v, table in zip(weight, within, own, strict=True)) / variance
        for name in names
    }
    table = pd.DataFrame({"sd": np.sqrt(variance), **shares, MODEL: between / variance}, index=index)
    return table.assign(warning=warning_of(problems)) if problems else table


def _notes(parts: Mapping[str, Attribution], weight: np.ndarray, origin: str) -> Iterable[str]:
    """Yield what the mixture is of, and what each model's own table says."""
    said = ", ".join(f"{name} {share:.3g}" for name, share in zip(parts, weight, strict=True))
    yield f"a mixture of models, by weights from {origin}: {said}"
    shared = set.intersection(*(set(one.notes) for one in parts.values()))
    yield from (note for note in next(iter(parts.values())).notes if note in shared)
    for name, one in parts.items():
        yield from (f"{name}: {note}" for note in one.notes if note not in shared)
