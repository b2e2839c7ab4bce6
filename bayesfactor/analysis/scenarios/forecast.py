"""Draws of future returns, compounded over the periods ahead."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.entries import portfolio_first
from bayesfactor.analysis.portfolio.book_words import ON_THE_WAY, notes_on_book, notes_on_expiries, notes_on_flat
from bayesfactor.analysis.portfolio.portfolio_exposures import Exposures, exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, Portfolio, without_capital
from bayesfactor.analysis.portfolio.residual_risk_words import notes_on_residual_risk
from bayesfactor.analysis.scenarios.held_book import HeldBook, corrected
from bayesfactor.analysis.scenarios.losses import share_below
from bayesfactor.analysis.scenarios.repriced_book import FLAT, RepricedBook, beside, in_money, only_meant, repriced_book
from bayesfactor.analysis.scenarios.simulation import PERIOD, compounded, floor_note_of
from bayesfactor.analysis.scenarios.stressed_draws import Part, joined
from bayesfactor.base.arguments import require_periods
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.base.wording import periods_in_words
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.next_period import at_end_of
from bayesfactor.posterior.predictive_law import laws
from bayesfactor.posterior.summaries import finished, summarise


@dataclass(frozen=True, eq=False)
class Forecast(FrozenResult):
    """The predictive law of compounded excess returns, as draws.

    Attributes
    ----------
    draws : DataArray (chain, draw, asset)
        One simulated return over all the periods at every draw of the posterior; the portfolio last.
    expected : DataArray (chain, draw, asset)
        The expected return at every draw: how far it is known is another interval than where a return may fall.
    paths : DataArray (chain, draw, period, asset)
        Of the entries that were asked for: `draws` compounded from the first period to each.
    expected_paths : DataArray (chain, draw, period, asset)
        `expected`, likewise.
    periods : int
    floored : Series
        Share of draws, by asset, in which the return of a period would have been below -1 and was taken as -1.
    problems : tuple of str
        Why the fit cannot be trusted.
    notes : tuple of str
    book : RepricedBook or None
        Of a portfolio with options, every position.
    period : str
        What one period is called: ``week`` of a weekly panel.
    """

    draws: xr.DataArray
    expected: xr.DataArray
    paths: xr.DataArray
    expected_paths: xr.DataArray
    periods: int
    floored: pd.Series
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    book: RepricedBook | None = None
    period: str = "period"

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return where the return of every asset may fall, and what it is expected to be.

        Parameters
        ----------
        ci_prob : float
            Probability of the intervals.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset, mean, sd, lower, upper, prob_positive, mcse of the return; ``expected``,
            ``expected_lower``, ``expected_upper`` of its expectation; ``warning`` when the fit failed a check.
            ``attrs`` hold ci_kind, ci_prob, units, periods, notes and problems.
        """
        table = summarise(self.draws, ci_prob, ci_kind, rounded)
        expected = summarise(self.expected, ci_prob, ci_kind, rounded)
        units = f"decimal over {self.periods} periods{beside(self.book)}"
        attrs = {**table.attrs, "units": units, "periods": self.periods, "notes": self.notes}
        table["expected"] = expected["mean"]
        table[["expected_lower", "expected_upper"]] = expected[["lower", "upper"]]
        return finished(portfolio_first(table), attrs, self.problems)

    def prob_below(self, value: float) -> pd.Series:
        """Return the probability, by asset, that the return is below a value.

        Beside a book whose gains are in money, a value within -1 and 1 is a return, and another an amount: what it
        is not meant of is NaN, and ``attrs["notes"]`` say so.

        Raises
        ------
        SpecError
            When it is no finite number, or as of per cent.
        """
        place, remedy = "Forecast.prob_below", "A loss of more than 20 % is prob_below(-0.2)."
        below = share_below(self.draws, value, "prob_below", place, remedy, in_money=in_money(self.book))
        below, notes = only_meant(below, value, self.book)
        found = pd.Series(below.values, self.draws.get_index("asset"), name=f"prob_below_{value:g}")
        found.attrs["notes"] = notes
        return found

    def __repr__(self) -> str:
        table = self.table()
        head = f"Forecast over {periods_in_words(self.periods)}, 90 % equal-tailed intervals; {table.attrs['units']}"
        return f"{head}\n{table.to_string(index=False)}"


def forecast(
    fit: Fit,
    periods: int = 1,
    portfolio: Portfolio | None = None,
    after: Panel | None = None,
    paths: Sequence[str] | None = None,
) -> Forecast:
    r"""Return draws of the compounded excess return over the periods ahead.

    At every draw one path is simulated from the law of the returns:

    .. math:: r_t = \alpha + \lambda_0 + B_t (f_t - \mu + \lambda) + g_t \sigma \varepsilon_t, \qquad
              R = \prod_{t=1}^{h} (1 + r_t) - 1

    with :math:`f_t \sim N(\mu, \Omega_t)`. Where they move, volatility, the factors' covariance and loadings revert
    from their values of the next period to the long run; residuals have the tails of the draws' degrees of freedom.

    Parameters
    ----------
    fit : Fit
    periods : int
        h, in periods of the panel.
    portfolio : mapping or Series of asset to weight, or Book, optional
        Adds one more entry, ``"portfolio"``, which is brought back to these weights every period. A book with options
        is held as it is, and repriced in every draw; its expectation is over all moves of underlyings and volatilities:
        given the draw with lognormal growth, and corrected, by as much in every draw, to the mean of the law itself,
        over sixteen further paths of every draw.
    after : Panel, optional
        The fit's panel with newer rows: what moves is brought to the period after its last row, without sampling.
    paths : sequence of str, optional
        Assets, and ``"portfolio"``, whose returns up to every period are kept, for `plot_forecast`; by default the
        portfolio's, where there is one.

    Returns
    -------
    Forecast

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, `periods` is no positive integer, a weight is not one that can be used, the net weight of
        a portfolio is 0 and there is more than one period, `after` does not go on from the fit's panel, or a path is
        of no entry.

    Notes
    -----
    A linear model can lose more than everything: the return of a period is not below -1, and ``floored`` says how often
    that bound; of a portfolio whose net weight is 0, which has no capital to lose, it may be. ``expected`` is the
    product of each period's expected growth given the draw, without that floor. The seed is the fit's, so that the
    same call gives the same draws.
    """
    require_fit(fit, "forecast")
    require_periods(periods, "forecast")
    later = fit if after is None else at_end_of(fit, after, "forecast")
    held = exposures(later.panel, "asset", portfolio)
    names, draws, book = held.weights["asset"].values, later.posterior, held.positions
    if periods > 1 and len(held.mixed) and without_capital(held.mixed[0]):
        raise SpecError(
            f"forecast: the net weight of the {PORTFOLIO} is 0: there is no capital in which its returns compound.",
            place="forecast.portfolio",
            found=float(held.mixed[0].sum()),
            remedy="Ask for one period, or for sums: bf.moments(fit, periods) and bf.position_risk(fit, portfolio, "
            "periods) do not compound.",
        )
    kept = _kept(paths, names.tolist())
    found = joined(later, _parts(later, int(periods), held, kept))
    if book is not None:
        found = corrected(found, book.book.capital, [i for i, place in enumerate(kept) if names[place] == PORTFOLIO])
    share = pd.Series(found["floored"].mean(axis=(0, 1)), pd.Index(names, name="asset"), name="floored")
    coords = {"chain": draws["chain"].values, "draw": draws["draw"].values, "asset": names}
    dims, dated = ("chain", "draw", "asset"), ("chain", "draw", "period", "asset")
    along = {**coords, "period": np.arange(1, int(periods) + 1), "asset": names[kept]}
    return Forecast(
        xr.DataArray(found["returns"], coords, dims, name="return"),
        xr.DataArray(found["expected"], coords, dims, name="expected return"),
        xr.DataArray(found["paths"], along, dated, name="return"),
        xr.DataArray(found["expected_paths"], along, dated, name="expected return"),
        int(periods),
        share,
        fit.problems,
        (
            *floor_note_of(PERIOD, share),
            *held.notes,
            *notes_on_book(book),
            *notes_on_flat(book, found.get(FLAT)),
            *notes_on_expiries(book, int(periods), ON_THE_WAY),
            *(note for weights in held.mixed for note in notes_on_residual_risk(later, weights, PORTFOLIO)),
        ),
        None if book is None else repriced_book(book, later.panel, draws, found, fit.problems),
        fit.panel.calendar.period,
    )


def _parts(fit: Fit, periods: int, held: Exposures, kept: Sequence[int]) -> Iterator[Part]:
    """Yield what a `Forecast` is made of (sample, ...), by name, at some draws of every chain after the other."""
    rng = np.random.default_rng(fit.seed)
    for own, law in laws(fit, fit.posterior):
        book = None if held.positions is None else HeldBook(held.positions, law, periods, rng)
        found = compounded(law, periods, held.mixed, rng, kept, book)
        yield own, {**vars(found), **({} if book is None else book.parts)}


def _kept(paths: Sequence[str] | None, names: list[str]) -> list[int]:
    """Return the places of entries whose paths are kept."""
    if paths is None:
        return [len(names) - 1] if names[-1] == PORTFOLIO else []
    asked = list(dict.fromkeys(paths if isinstance(paths, Iterable) and not isinstance(paths, str) else [paths]))
    for name in asked:
        if name not in names:
            raise unknown("entry", name, names, place="forecast.paths")
    return [names.index(name) for name in asked]
