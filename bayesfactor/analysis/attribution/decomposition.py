"""What an asset earns, what moved it, and what makes it risky: each split by factor, draw by draw."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.attribution import contributions
from bayesfactor.analysis.attribution.arguments import check_choices, check_names
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.caveats import caveats, identification_of
from bayesfactor.analysis.attribution.kinds import BYS, KINDS, PERS, UNITS, By, Kind, Per
from bayesfactor.analysis.attribution.premium_uncertainty import uncertainty
from bayesfactor.analysis.attribution.realised import realised
from bayesfactor.analysis.attribution.variances import long_run_variance, notes_on_level, variance
from bayesfactor.analysis.portfolio.book_words import notes_on_book, require_realised, with_unit
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures, exposures
from bayesfactor.analysis.portfolio.portfolio_weights import Portfolio
from bayesfactor.analysis.portfolio.residual_risk import ResidualRisk, residual_risk
from bayesfactor.analysis.portfolio.residual_risk_words import notes_on_residuals
from bayesfactor.base.errors import unknown
from bayesfactor.panel.dates import Window
from bayesfactor.posterior.diagnostics import misfits, warning_of
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit


def attribute(
    fit: Fit,
    kind: Kind = "premium",
    *,
    by: By = "factor",
    per: Per = "asset",
    portfolio: Portfolio | None = None,
    window: Window | None = None,
    compounded: bool = False,
    allow_unconverged: bool = False,
) -> Attribution:
    """Split premia, realised returns or variances into what comes from each source.

    With loadings beta, premia lambda, weights w (an asset: 1 on itself) and b_k = sum_i w_i beta_ik, in every draw::

        premium   sum_k b_k lambda_k + sum_i w_i (alpha_i + lambda_0)
        return    sum_k b_k sum_t (f_kt + [lambda_k - mu_k]_nontraded) + n sum_i w_i (alpha_i + lambda_0) + residual
        variance  sum_k b_k (Omega b)_k + sum_j (sum_i w_i l_ij)^2 + sum_i w_i^2 Var(eps_i)

    The second part of a variance, and what residual factors z gave of a return, sum_t sum_i w_i l_i'z_t, are the source
    ``common residual`` where the draws have loadings l on residual factors (``residual_loading``); ``residual`` and
    ``idiosyncratic`` are then the assets' own parts. Residual factors have mean 0 and pay no premium.
    Where something moves, loadings of a premium and everything of a variance are those of the next period, and a
    realised return has each period's own loadings.

    Parameters
    ----------
    fit : Fit
    kind : {"premium", "return", "variance"}
        Expected excess return a year; realised excess return over the window; variance a year.
    by : {"factor", "family", "level", "identification"}
        Sources: factors; families of factors; for a premium under grouped loadings, what every asset gets
        (``broad market``: the loadings' mean over all assets' groups, and the zero-beta rate), what the group adds to
        it (``group``) and what is left with the asset and its alpha (``asset alone``); or, by how well premia are
        known, ``market``, ``other traded``, and non-traded factors that are identified, weak or unidentified.
    per : {"asset", "group"}
        One entry per asset, or per group (its members equally weighted).
    portfolio : mapping or Series of asset to weight, or Book, optional
        Adds one more entry, ``"portfolio"``. Weights need not add up to 1; above a leverage of 10 the notes say so, and
        several that add up to 100 are refused as per cent. A book with options has for weights what it gains per 100 %
        of each asset, and loads besides on the factors that move volatilities (vega) and rates (rho): an instantaneous
        rate, of its premium and variance only. Its gains are returns on its value or, where that is small or something
        is sold, money; notes and units say which.
    window : (start, end), optional
        Dates of a realised return, such as ``("2020-03-05", "2021-06")``: a year, a month or a day means the whole of
        it, None leaves an end open; by default each asset's whole life. Texts are ISO 8601; dates of datetime, pandas
        and numpy will do. A group or portfolio counts the dates on which all of its assets were observed. What was
        never observed in the window is left out, with a note; so is, compounded, what lost everything in one period.
    compounded : bool
        Of a realised return: whether the total is compounded rather than summed. The parts of each period are then
        scaled so that they add up to it (Carino 1999).
    allow_unconverged : bool
        Leave out of the tables that the draws did not converge. That the model does not fit is still said.

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
    as independent across assets. The residual factors of a realised return are drawn again from their law given the
    rest of each draw. Source: the additive attribution of Grinold and Kahn, applied to each draw.
    """
    require_fit(fit, "attribute")
    for name, found, allowed in (("kind", kind, KINDS), ("by", by, BYS), ("per", per, PERS)):
        if not isinstance(found, str) or found not in allowed:
            raise unknown(name, found, allowed, place="attribute")
    check_names(fit.panel)
    check_choices(kind, by, window, compounded)
    return decompose(fit, exposures(fit.panel, per, portfolio), kind, by, window, compounded, allow_unconverged)


def decompose(
    fit: Fit,
    held: Exposures,
    kind: Kind,
    by: By,
    window: Window | None = None,
    compounded: bool = False,
    allow_unconverged: bool = False,
) -> Attribution:
    """Return what `attribute` does, of what is held."""
    verdicts = cached_identification(fit).verdicts if kind == "premium" else {}  # nothing else depends on them
    label = contributions.labels(fit, by, verdicts)
    notes: tuple[str, ...] = ()
    span: pd.DataFrame | None = None
    steady: xr.DataArray | None = None
    residuals: ResidualRisk | None = None
    match kind:
        case "premium":
            found, notes = _premium(fit, held, by, label), caveats(fit)
        case "return":
            require_realised(held.positions)
            parts, notes, span = realised(fit, held.weights, window, compounded, label)
            found = parts.sources
        case "variance":
            found, residuals = variance(fit, held, label), residual_risk(fit, held.of_returns)
            steady = long_run_variance(fit, held, label)
            notes = (*notes_on_level(fit), *notes_on_residuals(fit, residuals))
        case _:
            assert_never(kind)
    draws = _draws(found, held, kind)
    problems = misfits(fit.problems) if allow_unconverged else fit.problems
    return Attribution(
        kind,
        draws,
        with_unit(UNITS["compounded" if compounded else "moving variance" if steady is not None else kind], held),
        problems,
        (*notes, *held.notes, *notes_on_book(held.positions, kind)),
        identification_of(fit.panel, verdicts, draws["source"].values.tolist(), kind, by),
        _uncertainty(fit, held, problems) if kind == "premium" else None,
        span,
        None if steady is None else _draws(steady, held, kind),
        residuals,
        by,
        held.positions is not None and held.positions.book.in_money,
    )


def split_again(fit: Fit, premium: Attribution, held: Exposures, by: By) -> Attribution:
    """Return a premium by factor of what is held, split by other sources; its uncertainty is the same.

    Parameters
    ----------
    fit : Fit
    premium : Attribution
        By factor.
    held : Exposures
    by : {"family", "level", "identification"}
    """
    verdicts, factors = cached_identification(fit).verdicts, fit.panel.factor_names
    label = contributions.labels(fit, by, verdicts)
    if label is None:
        found = _premium(fit, held, by, label)
    else:
        of_factors = premium.draws.sel(source=slice(factors[0], factors[-1])).rename(source="factor")
        others = [name for name in premium.draws["source"].values.tolist() if name not in (*factors, "total")]
        rest = {name: premium.draws.sel(source=name, drop=True) for name in others}
        found = contributions.Parts(contributions.labelled(of_factors, label), rest).sources
    draws = _draws(found, held, "premium")
    known = identification_of(fit.panel, verdicts, draws["source"].values.tolist(), "premium", by)
    return replace(premium, draws=draws, identification=known, by=by)


def _premium(fit: Fit, held: Exposures, by: By, label: Mapping[str, str] | None) -> xr.DataArray:
    """Return what every source pays what is held."""
    if by == "level":
        return contributions.premium_by_level(fit, held.weights, held.direct).sources
    return contributions.premium(fit, held, label)


def _draws(sources: xr.DataArray, held: Exposures, kind: Kind) -> xr.DataArray:
    """Return what every source contributes (chain, draw, asset or group, source), read-only."""
    draws = sources.transpose("chain", "draw", held.weights.dims[0], "source").rename(kind)
    if draws.chunks is None:
        draws.values.flags.writeable = False  # they are new, and large: no copy is needed to keep them
    return draws


def _uncertainty(fit: Fit, held: Exposures, problems: tuple[str, ...]) -> pd.DataFrame:
    table = uncertainty(fit, held)
    return table.assign(warning=warning_of(problems)) if problems else table
