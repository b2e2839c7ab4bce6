"""Contributions of sources at draws, and the tables of them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.entries import entries, portfolio_first
from bayesfactor.analysis.attribution.kinds import By, Kind, require_share
from bayesfactor.analysis.portfolio.residual_risk import ResidualRisk
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.blocks import blocks
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
