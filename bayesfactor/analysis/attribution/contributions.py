"""Contributions of sources to premia and variances, at every draw of a fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import assert_never

import numpy as np
import xarray as xr

from bayesfactor.analysis.assessment.verdicts import IDENTIFIED, NO_VERDICT, UNIDENTIFIED, WEAK
from bayesfactor.analysis.attribution.entry_blocks import in_blocks
from bayesfactor.analysis.attribution.kinds import By
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.records import Factor
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON, OWN

OF_RESIDUALS = (COMMON, OWN)  # sources of a variance that are no factors
LEVELS = ("broad market", "group", "asset alone")
KINDS_OF_FACTOR = (
    "market",
    "other traded",
    f"non-traded, {IDENTIFIED}",
    f"non-traded, {WEAK}",
    f"non-traded, {UNIDENTIFIED}",
    f"non-traded, {NO_VERDICT}",
)


@dataclass(frozen=True, eq=False)
class Parts:
    """What sources contribute.

    Attributes
    ----------
    of_factors : DataArray (chain, draw, ..., source) or None
        Of every factor, or of those of one label together.
    rest : mapping of str to DataArray (chain, draw, ...)
        Other sources.
    total : DataArray or None
        Where it is known and not the sum of the sources: what they leave of it is the residual.
    """

    of_factors: xr.DataArray | None
    rest: Mapping[str, xr.DataArray]
    total: xr.DataArray | None = None

    @property
    def sources(self) -> xr.DataArray:
        """All side by side along the dimension source, the total last."""
        summed, known = reduce(add, self.rest.values()), self.of_factors
        if known is not None:
            summed = known.sum("source", skipna=False) + summed
        named = dict(self.rest) if self.total is None else {**self.rest, "residual": self.total - summed}
        return side_by_side(known, {**named, "total": summed if self.total is None else self.total})


def side_by_side(known: xr.DataArray | None, named: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """Put parts (chain, draw, ...) after those that are known by source, along the dimension source."""
    last = named["total"]
    if any(array.chunks is not None for array in named.values()):
        others = xr.concat([array.expand_dims(source=[name]) for name, array in named.items()], "source")
        return others if known is None else xr.concat([known, others], "source")
    dims, first = last.dims, [] if known is None else known["source"].values.tolist()
    found = np.empty((*last.shape, len(first) + len(named)))
    if known is not None:
        found[..., : len(first)] = known.transpose(*dims, "source").values
    for place, array in enumerate(named.values(), len(first)):
        found[..., place] = array.transpose(*dims).values
    return xr.DataArray(found, {**last.coords, "source": [*first, *named]}, (*dims, "source"))


def labelled(by_factor: xr.DataArray, label: Mapping[str, str] | None) -> xr.DataArray:
    """Return what every factor, or all factors of every label, contribute."""
    if label is None:
        return by_factor.rename(factor="source")
    return xr.dot(by_factor, members(label), dim="factor")


def members(label: Mapping[str, str]) -> xr.DataArray:
    """Return 1 where a factor is of a label, else 0 (factor, source)."""
    labels = list(dict.fromkeys(label.values()))
    member = np.array([[float(own == name) for name in labels] for own in label.values()])
    return xr.DataArray(member, {"factor": list(label), "source": labels}, ("factor", "source"))


def earned(loading: xr.DataArray, each: xr.DataArray, label: Mapping[str, str] | None) -> xr.DataArray:
    """Return loadings (..., factor) times what a unit of each earns, of every factor or of those of every label."""
    if label is None:
        return (loading * each).rename(factor="source")
    return xr.dot(loading, each * members(label), dim="factor")


def combined(weights: xr.DataArray, values: xr.DataArray) -> xr.DataArray:
    """Return sum_i w_i x_i for every holding; plain selection where a holding is one asset."""
    found = pieces(weights, values)
    return found[0] if len(found) == 1 else xr.concat(found, "asset")


def pieces(weights: xr.DataArray, values: xr.DataArray) -> list[xr.DataArray]:
    """Return the same in pieces, one after the other: those of single assets are not copied."""
    if weights.dims == ("asset",):
        return [values]
    alone = weights.dims[0] == "asset"  # every asset, and then a portfolio
    mixed = weights.isel(asset=slice(weights.sizes["member"], None)) if alone else weights
    used = np.flatnonzero((mixed != 0).any([weights.dims[0]]).values)
    held = values if used.size == values.sizes["asset"] else values.isel(asset=used)
    summed = xr.dot(mixed.isel(member=used), held.rename(asset="member"), dim="member")
    return [values, summed] if alone else [summed]


def loaded(weights: xr.DataArray, loading: xr.DataArray, direct: xr.DataArray | None) -> xr.DataArray:
    """Return the loadings of every holding: those of what it weighs, and its own besides."""
    of_assets = combined(weights, loading)
    return of_assets if direct is None else of_assets + direct


PAID = ("loading", "alpha", "risk_premium", "zero_beta")


def of_premium(posterior: xr.Dataset) -> xr.Dataset:
    """Return the variables that a premium is made of."""
    return posterior[[name for name in PAID if name in posterior]]


def premium(fit: Fit, held: Exposures, label: Mapping[str, str] | None = None) -> xr.DataArray:
    """Return what every factor or label, alpha, zero-beta rate and all together pay each holding a year."""
    year = fit.panel.periods_per_year

    def paid(weights: xr.DataArray, values: xr.Dataset, direct: xr.DataArray | None) -> xr.DataArray:
        of_factors = earned(loaded(weights, values["loading"], direct), values["risk_premium"] * year, label)
        rest = {"alpha": combined(weights, values["alpha"]) * year}
        if "zero_beta" in values:
            rest["zero_beta"] = zero_beta_rate(values, weights) * year
        return Parts(of_factors, rest).sources

    return in_blocks(held.weights, of_premium(fit.posterior), held.direct, paid)


def _held(weights: xr.DataArray) -> xr.DataArray:
    """Return the sum of weights of every holding."""
    return xr.ones_like(weights) if weights.dims == ("asset",) else weights.sum("member")


def zero_beta_rate(posterior: xr.Dataset, weights: xr.DataArray) -> xr.DataArray:
    """Return what the zero-beta rate pays every holding a period; on disk where alphas are."""
    ones = xr.ones_like(combined(weights, posterior["alpha"]))
    return ones * posterior["zero_beta"] * _held(weights)


def premium_by_level(fit: Fit, weights: xr.DataArray, direct: xr.DataArray | None = None) -> Parts:
    """Return what all assets get, what the group adds, and what is left with the asset, direct loadings among it."""
    posterior, panel = fit.posterior, fit.panel
    if "loading_mean" not in posterior:
        raise SpecError(
            "by='level' needs loadings that share a mean within groups: these draws have no 'loading_mean'.",
            place="attribute.by",
            found="level",
            allowed=("factor", "family"),
            remedy="Fit a model with loadings.kind = 'grouped', such as 'hierarchical'.",
        )
    paid = posterior["risk_premium"] * panel.periods_per_year
    alpha = posterior["alpha"] * panel.periods_per_year
    rate = posterior.get("zero_beta", 0.0) * panel.periods_per_year
    pays = xr.dot(posterior["loading_mean"], paid, dim="factor")  # (chain, draw, group)
    member = (posterior["group"] == xr.DataArray(panel.groups.values, dims="asset")).astype(float)
    if alpha.chunks is not None:
        member = member.chunk(asset=alpha.chunksizes["asset"])
    own = xr.dot(pays, member, dim="group").assign_coords(asset=posterior["asset"])
    broad = xr.dot(pays, member.mean("asset"), dim="group")
    parts = {
        LEVELS[0]: xr.zeros_like(alpha) + broad + rate,
        LEVELS[1]: own - broad,
        LEVELS[2]: xr.dot(posterior["loading"], paid, dim="factor") - own + alpha,
    }
    found = {name: combined(weights, value) for name, value in parts.items()}
    if direct is not None:
        found[LEVELS[2]] = found[LEVELS[2]] + xr.dot(direct, paid, dim="factor")
    return Parts(None, found)


def labels(fit: Fit, by: By, verdicts: Mapping[str, str]) -> dict[str, str] | None:
    """Return the source that each factor is counted in: its family, or how well it is known; None for itself."""
    match by:
        case "family":
            return {factor.name: factor.family for factor in fit.panel.factor_info}
        case "identification":
            kind = {factor.name: kind_of(factor, verdicts) for factor in fit.panel.factor_info}
            return dict(sorted(kind.items(), key=lambda item: KINDS_OF_FACTOR.index(item[1])))
        case "factor" | "level":
            return None
        case _:
            assert_never(by)


def kind_of(factor: Factor, verdicts: Mapping[str, str]) -> str:
    """Return the one of `KINDS_OF_FACTOR` that a factor belongs to."""
    if factor.traded:
        return KINDS_OF_FACTOR[0] if factor.family == "market" else KINDS_OF_FACTOR[1]
    return f"non-traded, {verdicts[factor.name]}"
