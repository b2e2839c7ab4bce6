"""What pays an asset, what moved it, and what makes it risky: each split by factor, draw by draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.errors import DataError, FitError, SpecError, unknown
from bayesfactor.holdings import PORTFOLIO, holdings
from bayesfactor.panel import SOURCES, Panel
from bayesfactor.pointwise import mean_gaps, raw_coefficients, thin
from bayesfactor.posterior import Fit
from bayesfactor.spec import StudentTNoise
from bayesfactor.tables import Interval, summarise

Kind = Literal["premium", "return", "variance"]
By = Literal["factor", "family", "level"]
Per = Literal["asset", "group"]
Window = tuple[Any, Any]

KINDS, BYS, PERS = ("premium", "return", "variance"), ("factor", "family", "level"), ("asset", "group")
LEVELS = ("broad market", "group", "asset alone")
UNITS = {
    "premium": "decimal, per year",
    "return": "decimal, sum over the window",
    "variance": "decimal squared, per year",
}


@dataclass(frozen=True, eq=False)
class Attribution:
    """Contributions of sources, which add up to ``total`` in every draw.

    Attributes
    ----------
    kind : {"premium", "return", "variance"}
    draws : DataArray (chain, draw, asset, source), or (chain, draw, group, source)
        The last source is ``total``.
    units : str
    problems : tuple of str
        What keeps the fit from being trusted, unless that was allowed.
    notes : tuple of str
        What a reader of the table should know.
    """

    kind: Kind
    draws: xr.DataArray
    units: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return mean, sd, interval, probability of being positive and Monte Carlo error of every contribution.

        Parameters
        ----------
        ci_prob : float
            Probability of the interval.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset (or group), source, mean, sd, lower, upper, prob_positive, mcse; and ``warning`` when the fit
            failed a check. ``attrs`` hold ci_kind, ci_prob, units, notes and problems.
        """
        return self._finish(summarise(self.draws, ci_prob, ci_kind, rounded), self.units)

    @property
    def shares(self) -> xr.DataArray:
        """Each source over the total, draw by draw. Of a variance only.

        Raises
        ------
        SpecError
            For a premium or a return: a total that may be 0 has no meaningful shares.
        """
        if self.kind != "variance":
            raise SpecError(
                f"Shares of a {self.kind} are not defined: its total may be 0, so that a share has no mean.",
                place="Attribution.shares",
                found=self.kind,
                allowed=("variance",),
                remedy="Read the contributions themselves, or the shares of bf.attribute(fit, 'variance').",
            )
        return self.draws / self.draws.sel(source="total", drop=True)

    def share_table(
        self, above: float = 0.5, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True
    ) -> pd.DataFrame:
        """Return the shares of a variance with their intervals, and the probability that each exceeds `above`.

        Returns
        -------
        DataFrame
            As `table`, with ``prob_above`` instead of prob_positive: P(share > above).
        """
        shares = self.shares
        table = summarise(shares, ci_prob, ci_kind, rounded).drop(columns="prob_positive")
        table.insert(6, "prob_above", np.ravel((shares > above).mean(("chain", "draw")).values))
        table = self._finish(table, "share of total variance")
        table.attrs["above"] = above
        return table

    def _finish(self, table: pd.DataFrame, units: str) -> pd.DataFrame:
        if self.problems:
            table["warning"] = "not converged"
        table.attrs.update({"kind": self.kind, "units": units, "notes": self.notes, "problems": self.problems})
        return table


def attribute(
    fit: Fit,
    kind: Kind = "premium",
    *,
    by: By = "factor",
    per: Per = "asset",
    portfolio: Mapping[str, float] | pd.Series | None = None,
    window: Window | None = None,
    allow_unconverged: bool = False,
) -> Attribution:
    """Split premia, realised returns or variances into what comes from each source.

    With loadings beta, premia lambda, weights w (an asset: 1 on itself) and b_k = sum_i w_i beta_ik, in every draw::

        premium   sum_k b_k lambda_k + sum_i w_i alpha_i
        return    sum_k b_k sum_t (f_kt + [lambda_k - mu_k]_nontraded) + n sum_i w_i alpha_i + residual
        variance  sum_k b_k (Omega b)_k + sum_i w_i^2 Var(eps_i)

    Parameters
    ----------
    fit : Fit
    kind : {"premium", "return", "variance"}
        Expected excess return a year; realised excess return, summed (not compounded) over the window; variance a year.
    by : {"factor", "family", "level"}
        Sources: factors; families of factors; or, for a premium under grouped loadings, what every asset gets
        (``broad market``: the loadings' mean over all assets' groups), what the group adds to it (``group``) and
        what is left with the asset and its alpha (``asset alone``).
    per : {"asset", "group"}
        One entry per asset, or per group (its members equally weighted).
    portfolio : mapping or Series of asset to weight, optional
        Adds one more entry, ``"portfolio"``. Weights need not add up to 1.
    window : (start, end), optional
        Dates of a realised return, both inclusive; by default each asset's whole life. A group or portfolio counts the
        dates on which all of its assets were observed. What was never observed in the window is left out, with a note.
    allow_unconverged : bool
        Leave the warning of a failed fit out of the tables.

    Returns
    -------
    Attribution

    Raises
    ------
    SpecError, DataError
        When a choice, an asset, a weight or a window is not one that can be used.

    Notes
    -----
    b_k lambda_k depends on which other factors the model has, as factors are correlated. Idiosyncratic risks are taken
    as independent across assets. Source: the additive attribution of Grinold and Kahn, applied to each draw.
    """
    if not isinstance(fit, Fit):
        raise FitError(f"attribute: expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit returned.")
    for name, found, allowed in (("kind", kind, KINDS), ("by", by, BYS), ("per", per, PERS)):
        if not isinstance(found, str) or found not in allowed:
            raise unknown(name, found, allowed, place="attribute")
    _check_names(fit.panel)
    if by == "level" and kind != "premium":
        raise SpecError(
            f"by='level' splits a premium, not a {kind}.",
            place="attribute.by",
            found=by,
            allowed=("factor", "family"),
        )
    if window is not None and kind != "return":
        raise SpecError(
            f"window goes with kind='return', not '{kind}'.",
            place="attribute.window",
            remedy="Leave it out, or ask for the realised return.",
        )
    weights = holdings(fit.panel, per, portfolio)
    notes: tuple[str, ...] = ()
    match kind:
        case "premium":
            parts = _premium_by_level(fit, weights) if by == "level" else _premium(fit, weights)
            notes = _doubtful_means(fit)
        case "return":
            parts, notes = _realised(fit, weights, window)
        case "variance":
            parts = _variance(fit, weights)
        case _:
            assert_never(kind)
    if by == "family":
        parts = _families(fit, parts)
    if kind != "return":
        parts = xr.concat([parts, parts.sum("source").expand_dims(source=["total"])], "source")
    draws = parts.transpose("chain", "draw", per, "source").rename(kind)
    problems = () if allow_unconverged else fit.problems
    return Attribution(kind, draws, UNITS[kind], problems, notes)


def _check_names(panel: Panel) -> None:
    """Refuse factors and families that are called like a source that is none of them."""
    for name in (*panel.factor_names, *panel.families):
        if name in SOURCES:
            raise DataError(
                f"A factor or a family is named '{name}', which is the name of another source.",
                series=name,
                remedy=f"Rename it before integrating. Taken: {', '.join(SOURCES)}.",
            )


def _doubtful_means(fit: Fit) -> tuple[str, ...]:
    """Return a note when the model's mean returns stray from the sample's, as heavy-tailed noise can make them."""
    gaps = mean_gaps(fit, raw_coefficients(fit, thin(fit, 200)))["gap_in_errors"].abs().dropna()
    if gaps.empty or (gaps > 2).mean() <= 0.05:
        return ()
    return (
        f"model-implied and sample mean returns differ by more than 2 standard errors for {int((gaps > 2).sum())} of "
        f"{len(gaps)} assets, most for {gaps.idxmax()}: see bf.check(fit).assets before using these premia",
    )


def _sources(named: Mapping[str, xr.DataArray]) -> xr.DataArray:
    return xr.concat([array.expand_dims(source=[name]) for name, array in named.items()], "source")


def _combined(weights: xr.DataArray, values: xr.DataArray) -> xr.DataArray:
    """Return sum_i w_i x_i for every holding; plain selection where each holding is one asset."""
    if weights.dims == ("asset",):
        return values
    return xr.dot(weights, values.rename(asset="member"), dim="member")


def _premium(fit: Fit, weights: xr.DataArray) -> xr.DataArray:
    year = fit.panel.periods_per_year
    loading = _combined(weights, fit.posterior["loading"])
    by_factor = (loading * fit.posterior["risk_premium"] * year).rename(factor="source")
    alpha = _combined(weights, fit.posterior["alpha"]) * year
    return xr.concat([by_factor, alpha.expand_dims(source=["alpha"])], "source")


def _premium_by_level(fit: Fit, weights: xr.DataArray) -> xr.DataArray:
    posterior, panel = fit.posterior, fit.panel
    if "loading_mean" not in posterior:
        raise SpecError(
            f"by='level' needs loadings that lean on a group; model '{fit.model.name}' has none.",
            place="attribute.by",
            found="level",
            allowed=("factor", "family"),
            remedy="Fit a model with loadings.kind = 'grouped', such as 'hierarchical'.",
        )
    own = posterior["loading_mean"].sel(group=xr.DataArray(panel.groups.values, dims="asset"))
    own = own.drop_vars("group").assign_coords(asset=posterior["asset"])
    broad = own.mean("asset")
    premium = posterior["risk_premium"] * panel.periods_per_year
    alpha = posterior["alpha"] * panel.periods_per_year
    parts = {
        LEVELS[0]: xr.dot(broad, premium, dim="factor").expand_dims(asset=posterior["asset"]),
        LEVELS[1]: xr.dot(own - broad, premium, dim="factor"),
        LEVELS[2]: xr.dot(posterior["loading"] - own, premium, dim="factor") + alpha,
    }
    return _sources({name: _combined(weights, value) for name, value in parts.items()})


def _realised(fit: Fit, weights: xr.DataArray, window: Window | None) -> tuple[xr.DataArray, tuple[str, ...]]:
    """Return contributions to the sum of realised returns of every holding, and how many periods each counts."""
    posterior, panel = fit.posterior, fit.panel
    rows = _rows(panel.returns["time"], window)
    returns, factors = panel.returns.values[rows], panel.aligned[rows]
    observed = np.isfinite(returns)
    unit = weights.dims[0]
    matrix = np.eye(len(panel.assets)) if weights.dims == ("asset",) else weights.values
    counted = np.stack([observed[:, w != 0].all(axis=1) for w in matrix])  # (holding, time)
    held = counted.any(axis=1)
    lost = weights[unit].values[~held].astype(str).tolist()
    if not held.any() or PORTFOLIO in lost:
        raise SpecError(
            f"No date in the window on which {'the whole portfolio was' if held.any() else 'an asset was'} observed.",
            place="attribute.window",
            found=window,
            remedy=f"The returns run from {_day(panel, 0)} to {_day(panel, -1)}; assets have their own spans.",
        )
    total = [returns[np.ix_(own, w != 0)].sum(axis=0) @ w[w != 0] for w, own in zip(matrix, counted, strict=True)]
    sums = xr.DataArray(counted @ factors, dims=(unit, "factor"), coords={"factor": posterior["factor"]})
    count = xr.DataArray(counted.sum(axis=1), dims=unit)
    traded = xr.DataArray([factor.traded for factor in panel.factor_info], dims="factor")
    shift = (posterior["risk_premium"] - posterior["factor_mean"]).where(~traded, 0.0)
    by_factor = _combined(weights, posterior["loading"]) * (sums + count * shift)
    alpha = _combined(weights, posterior["alpha"]) * count
    happened = xr.zeros_like(alpha) + xr.DataArray(np.array(total), dims=unit)
    residual = happened - by_factor.sum("factor") - alpha
    rest = _sources({"alpha": alpha, "residual": residual, "total": happened})
    notes = [f"periods counted: {count.values[held].min()} to {count.values[held].max()}; returns are summed"]
    if lost:
        notes.append(f"left out, as never observed in the window: {', '.join(lost)}")
    parts = xr.concat([by_factor.rename(factor="source"), rest], "source")
    return parts.isel({unit: np.flatnonzero(held)}), tuple(notes)


def _variance(fit: Fit, weights: xr.DataArray) -> xr.DataArray:
    posterior, year = fit.posterior, fit.panel.periods_per_year
    loading = _combined(weights, posterior["loading"])
    moved = xr.dot(posterior["factor_cov"], loading.rename(factor="factor_other"), dim="factor_other")
    own = posterior["sigma"] ** 2
    if isinstance(fit.model.noise, StudentTNoise):
        own = own * posterior["dof"] / (posterior["dof"] - 2)
    own = _combined(weights**2, own)
    by_factor = (loading * moved).rename(factor="source")
    return year * xr.concat([by_factor, own.expand_dims(source=["idiosyncratic"])], "source")


def _families(fit: Fit, parts: xr.DataArray) -> xr.DataArray:
    """Sum the factors of each family; other sources stay."""
    family = {factor.name: factor.family for factor in fit.panel.factor_info}
    result = {
        name: parts.sel(source=[f for f, of in family.items() if of == name]).sum("source")
        for name in fit.panel.families
    }
    rest = [name for name in parts["source"].values.tolist() if name not in family]
    return _sources({**result, **{name: parts.sel(source=name, drop=True) for name in rest}})


def _rows(times: xr.DataArray, window: Window | None) -> np.ndarray:
    """Return the numbers of the rows inside a window of dates, both inclusive."""
    if window is None:
        return np.arange(times.size)
    try:
        first, last = (None if end is None else pd.Timestamp(end) for end in window)
        if any(end is not None and end.tzinfo for end in (first, last)):
            raise ValueError("dates of a panel have no time zone")
    except (TypeError, ValueError) as error:
        raise SpecError(
            f"window {window!r} is not a pair of dates ({error}).",
            place="attribute.window",
            found=window,
            remedy='Write window=("2020-01-01", "2020-12-31").',
        ) from None
    index = pd.DatetimeIndex(times.values)
    inside = np.ones(len(index), dtype=bool)
    if first is not None:
        inside &= np.asarray(index >= first)
    if last is not None:
        inside &= np.asarray(index <= last)
    return np.flatnonzero(inside)


def _day(panel: Any, place: int) -> str:
    return str(panel.returns["time"].values[place].astype("datetime64[D]"))
