"""What an asset earns, what moved it, and what makes it risky: each split by factor, draw by draw."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.attribution import contributions
from bayesfactor.analysis.attribution.arguments import check_choices, check_names
from bayesfactor.analysis.attribution.caveats import caveats, identification_of
from bayesfactor.analysis.attribution.entries import entries, portfolio_first
from bayesfactor.analysis.attribution.kinds import BYS, KINDS, PERS, UNITS, By, Kind, Per, require_share
from bayesfactor.analysis.attribution.realised import realised
from bayesfactor.analysis.attribution.variances import long_run_variance, notes_on_level, variance
from bayesfactor.analysis.portfolio.book_words import notes_on_book, require_realised, with_unit
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures, exposures
from bayesfactor.analysis.portfolio.portfolio_weights import Portfolio
from bayesfactor.analysis.portfolio.residual_risk import ResidualRisk, residual_risk
from bayesfactor.analysis.portfolio.residual_risk_words import notes_on_residuals
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.panel.dates import Window
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.diagnostics import misfits, warning_of
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residual_variance import COMMON, OWN
from bayesfactor.posterior.summaries import finished, summarise


@dataclass(frozen=True, eq=False)
class Attribution(FrozenResult):
    """Contributions of sources, which add up to ``total`` in every draw.

    Attributes
    ----------
    kind : {"premium", "return", "variance"}
    draws : DataArray (chain, draw, asset, source), or (chain, draw, group, source)
        The last source is ``total``.
    units : str
    problems : tuple of str
        Why the fit cannot be trusted; without convergence where that was allowed.
    notes : tuple of str
        What a reader of the table should know.
    identification : mapping of str to str
        Of a premium, per source: how well what it pays is known. ``traded``, ``identified``, ``weak`` or
        ``unidentified`` (see `identify`), the least of them where several factors are summed; empty for alpha.
    uncertainty : DataFrame or None
        Of a premium, per asset: its standard deviation a year, and the shares of its posterior variance that come from
        ``premia``, ``loadings``, ``alpha`` and ``interaction`` (of loadings and premia). They add up to 1; one is below
        0 where it offsets others.
    span : DataFrame or None
        Of a realised return, per entry: how many ``periods`` it counts, the ``first`` and the ``last`` of them (NaT
        where the panel holds no returns).
    long_run : DataArray or None
        Of a variance where something moves, as `draws`, which are at today's level: what it is in the long run, at the
        long-run loadings and factor covariance and the mean residual variance over the sample.
    residuals : ResidualRisk or None
        Of a variance: residual risk as realised, and the model's on the same dates (see `residual_table`).
    by : {"factor", "family", "level"}
        What the sources are.
    in_money : bool
        Whether the portfolio is a book with options whose gains are no returns.
    """

    kind: Kind
    draws: xr.DataArray
    units: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    identification: Mapping[str, str] = field(default_factory=dict)
    uncertainty: pd.DataFrame | None = None
    span: pd.DataFrame | None = None
    long_run: xr.DataArray | None = None
    residuals: ResidualRisk | None = None
    by: By = "factor"
    in_money: bool = False

    def table(
        self,
        ci_prob: float = 0.9,
        ci_kind: Interval = "eti",
        *,
        assets: Sequence[str] | None = None,
        rounded: bool = True,
    ) -> pd.DataFrame:
        """Return mean, sd, interval, probability of being positive and Monte Carlo error of every contribution.

        Parameters
        ----------
        ci_prob : float
            Probability of the interval.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        assets : sequence of str, optional
            The entries wanted, in this order: assets (of ``per="group"``, groups) and ``"portfolio"``. By default all
            of them, the portfolio first.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset (or group), source, mean, sd, lower, upper, prob_positive, mcse; ``identification`` of a
            premium; ``long_run`` (posterior mean) of a variance where something moves, and ``realised_residual``, the
            realised variance of all residual sources together, in their rows; and ``warning`` when the fit failed a
            check. ``attrs`` hold ci_kind, ci_prob, units, notes and problems.

        Raises
        ------
        SpecError
            When an entry is unknown or asked for twice.
        """
        table = summarise(entries(self.draws, assets), ci_prob, ci_kind, rounded)
        if self.long_run is not None:
            table["long_run"] = summarise(entries(self.long_run, assets), ci_prob, ci_kind, rounded)["mean"]
        if self.residuals is not None:
            year = self.residuals.periods_per_year
            table["realised_residual"] = _realised(table, self.residuals.realised["variance"] * year)
        return self._finish(table if assets is not None else portfolio_first(table), table.attrs, self.units)

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
        return _shares(self.draws)

    def share_table(
        self,
        above: float = 0.5,
        ci_prob: float = 0.9,
        ci_kind: Interval = "eti",
        *,
        assets: Sequence[str] | None = None,
        rounded: bool = True,
    ) -> pd.DataFrame:
        """Return the shares of a variance with their intervals, and the probability that each exceeds `above`.

        Returns
        -------
        DataFrame
            As `table`, with the entries of `assets`, and ``prob_above`` instead of prob_positive: P(share > above).
            ``long_run``: the share in the long run; ``realised_residual``: 1 - R-squared of the entry's own regression
            on the factors, in the rows of residual sources, which it is of together.
        """
        require_share(above, "share_table")
        shares = entries(self.shares, assets)
        table = summarise(shares, ci_prob, ci_kind, rounded).drop(columns="prob_positive")
        table.insert(6, "prob_above", _above(shares, above))
        if self.long_run is not None:
            table["long_run"] = summarise(entries(_shares(self.long_run), assets), ci_prob, ci_kind, rounded)["mean"]
        if self.residuals is not None:
            table["realised_residual"] = _realised(table, self.residuals.realised["share"])
        interval = {**table.attrs, "above": above}
        ordered = table if assets is not None else portfolio_first(table)
        return self._finish(ordered, interval, "share of total variance")

    def residual_table(
        self,
        ci_prob: float = 0.9,
        ci_kind: Interval = "eti",
        *,
        assets: Sequence[str] | None = None,
        rounded: bool = True,
    ) -> pd.DataFrame:
        """Return the residual risk of a variance: as realised, and the model's averaged over the same dates.

        Realised is what a least-squares regression of the entry's own returns on the factors leaves, on the dates on
        which all its members (weights other than 0) have returns, weighted as the fit weights them.

        Returns
        -------
        DataFrame
            Per entry: ``periods``; ``realised_volatility`` (residual, a year, with n - p degrees of freedom) and the
            model's ``volatility``, ``volatility_lower`` and ``volatility_upper``; ``realised_share`` (1 - R-squared)
            and the model's ``share``, ``share_lower`` and ``share_upper``, of what residuals and factors did on these
            dates; ``agrees``, of several assets together: whether the 99 % interval of the realised variance
            (chi-squared) meets the 90 % equal-tailed interval of the model's.

        Raises
        ------
        SpecError
            For a premium or a return, which has none.
        """
        if self.residuals is None:
            raise SpecError(
                f"A {self.kind} has no residual risk.",
                place="Attribution.residual_table",
                found=self.kind,
                allowed=("variance",),
                remedy="Ask bf.attribute(fit, 'variance').",
            )
        table = self.residuals.table(ci_prob, ci_kind, rounded)
        if assets is None:
            return self._finish(portfolio_first(table), table.attrs, "decimal, per year")
        wanted = entries(self.residuals.residual, assets)[self.residuals.unit].values
        rows = table.set_index(self.residuals.unit).loc[wanted].reset_index()
        return self._finish(rows, table.attrs, "decimal, per year")

    def _finish(self, table: pd.DataFrame, interval: Mapping[Hashable, object], units: str) -> pd.DataFrame:
        if self.identification:
            table["identification"] = table["source"].map(self.identification)
        return finished(table, {**interval, "kind": self.kind, "units": units, "notes": self.notes}, self.problems)


def _realised(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return the value of each row's entry, in the rows of residual sources alone."""
    return table[str(values.index.name)].map(values).where(table["source"].isin([COMMON, OWN]))


def _above(draws: xr.DataArray, value: float) -> np.ndarray:
    """Return how often each quantity of draws (chain, draw, ...) is above a value, in C order."""
    unit = draws.dims[2]
    counts = [np.count_nonzero(block.values > value, axis=(0, 1)) for block in blocks(draws, unit)]
    return np.ravel(np.concatenate(counts)) / (draws.sizes["chain"] * draws.sizes["draw"])


def _shares(draws: xr.DataArray) -> xr.DataArray:
    return draws / draws.sel(source="total", drop=True)


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
    held = exposures(fit.panel, per, portfolio)
    weights, direct = held.weights, held.direct
    verdicts = cached_identification(fit).verdicts if kind == "premium" else {}  # nothing else depends on them
    notes: tuple[str, ...] = ()
    span: pd.DataFrame | None = None
    steady: contributions.Parts | None = None
    residuals: ResidualRisk | None = None
    match kind:
        case "premium":
            level = by == "level"
            parts = (contributions.premium_by_level if level else contributions.premium)(fit, weights, direct)
            notes = caveats(fit)
        case "return":
            require_realised(held.positions)
            parts, notes, span = realised(fit, weights, window, compounded)
        case "variance":
            parts, residuals = variance(fit, weights, direct), residual_risk(fit, held.of_returns)
            steady = long_run_variance(fit, weights, direct)
            notes = (*notes_on_level(fit), *notes_on_residuals(fit, residuals))
        case _:
            assert_never(kind)
    label = contributions.labels(fit, by, verdicts)
    draws = _draws(parts, label, per, kind)
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
        None if steady is None else _draws(steady, label, per, kind),
        residuals,
        by,
        held.positions is not None and held.positions.book.in_money,
    )


def _draws(parts: contributions.Parts, label: Mapping[str, str] | None, per: Per, kind: Kind) -> xr.DataArray:
    """Return what every source contributes (chain, draw, asset or group, source), read-only."""
    draws = parts.sources(label).transpose("chain", "draw", per, "source").rename(kind)
    if draws.chunks is None:
        draws.values.flags.writeable = False  # they are new, and large: no copy is needed to keep them
    return draws


def _uncertainty(fit: Fit, held: Exposures, problems: tuple[str, ...]) -> pd.DataFrame:
    table = contributions.uncertainty(fit, held.weights, held.direct)
    return table.assign(warning=warning_of(problems)) if problems else table
