"""What a scenario does to assets and a portfolio, at every draw of a fit."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.entries import portfolio_first
from bayesfactor.analysis.portfolio.book_words import AT_END, notes_on_book, notes_on_expiries, notes_on_flat
from bayesfactor.analysis.portfolio.portfolio_exposures import exposures
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, Portfolio
from bayesfactor.analysis.portfolio.residual_risk_words import notes_on_residual_risk
from bayesfactor.analysis.scenarios.factor_history import history, long_run_of
from bayesfactor.analysis.scenarios.losses import share_below
from bayesfactor.analysis.scenarios.plausibility import Plausibility, waiting_time
from bayesfactor.analysis.scenarios.repriced_book import FLAT, RepricedBook, beside, in_money, only_meant, repriced_book
from bayesfactor.analysis.scenarios.scenario import VOLATILITIES, Scenario, require_scenario
from bayesfactor.analysis.scenarios.shock_units import require_factors, require_units, unit_of
from bayesfactor.analysis.scenarios.stress_notes import notes_on
from bayesfactor.analysis.scenarios.stressed_book import CURVED
from bayesfactor.analysis.scenarios.stressed_draws import stressed
from bayesfactor.base.errors import unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.base.wording import periods_in_words
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished, summarise

Others = Literal["expected", "unchanged"]
OTHERS: tuple[Others, ...] = get_args(Others)


@dataclass(frozen=True, eq=False)
class Stress(FrozenResult):
    """Returns under a scenario, as draws.

    Attributes
    ----------
    scenario : Scenario
    others : {"expected", "unchanged"}
        What the factors that are not shocked are expected to do.
    draws : DataArray (chain, draw, asset, source)
        Expected excess return over the periods of the scenario, by source: factors, alpha, the zero-beta rate where the
        model has it, ``curvature and time`` of a book with options, ``total``. The portfolio is the last entry.
    outcome : DataArray (chain, draw, asset)
        The excess return itself, one at every draw: residuals and the factors that are not shocked are drawn.
    factors : DataArray (chain, draw, factor)
        What every factor is expected to do.
    factor_sd : DataArray (chain, draw, factor)
        Standard deviation of each factor given the shocked ones; 0 of these.
    plausibility : Plausibility
    units : Series (factor)
        What the value of each factor is.
    floored : Series (asset)
        Share of draws in which the outcome would have been below -1 and was taken as -1.
    problems : tuple of str
        Why the fit cannot be trusted.
    notes : tuple of str
    book : RepricedBook or None
        Of a portfolio with options, every position.
    """

    scenario: Scenario
    others: Others
    draws: xr.DataArray
    outcome: xr.DataArray
    factors: xr.DataArray
    factor_sd: xr.DataArray
    plausibility: Plausibility
    units: pd.Series
    floored: pd.Series
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    book: RepricedBook | None = None

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return the expected return in the scenario, by source: how far it is known, not where a return may fall.

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
            Columns asset, source, mean, sd, lower, upper, prob_positive, mcse; ``warning`` when the fit failed a check.
            ``attrs`` hold ci_kind, ci_prob, units, scenario, periods, notes and problems.
        """
        return self._finished(summarise(self.draws, ci_prob, ci_kind, rounded))

    def outcome_table(
        self,
        below: float | None = None,
        ci_prob: float = 0.9,
        ci_kind: Interval = "eti",
        *,
        rounded: bool = True,
    ) -> pd.DataFrame:
        """Return where the return itself may fall in the scenario.

        Parameters
        ----------
        below : float, optional
            Adds ``prob_below``, the probability of a return below it: -0.25 for losing more than a quarter. Beside a
            book in money, an amount beyond 1 is of the book alone, and a decimal of the assets: NaN elsewhere.
        ci_prob, ci_kind, rounded
            As of `table`.

        Returns
        -------
        DataFrame
            Columns asset, mean, sd, lower, upper, prob_positive, mcse, prob_below where it is asked for, and
            ``warning`` when the fit failed a check; ``attrs`` as of `table`.

        Raises
        ------
        SpecError
            When `below` is no finite number, or as of per cent.
        """
        table = summarise(self.outcome, ci_prob, ci_kind, rounded)
        notes: tuple[str, ...] = ()
        if below is not None:
            place, remedy = "Stress.outcome_table", "A loss of more than 20 % is below=-0.2."
            where, money = f"{place}.below", in_money(self.book)
            share = share_below(self.outcome, below, f"{place}: below", where, remedy, in_money=money)
            share, notes = only_meant(share, below, self.book)
            table["prob_below"] = np.round(share.values, 3) if rounded else share.values
        table = self._finished(table)
        table.attrs["notes"] = (*table.attrs["notes"], *notes)
        return table

    def factors_table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return what every factor is expected to do over the periods of the scenario.

        Returns
        -------
        DataFrame
            Columns factor, shocked, mean, sd, lower, upper, prob_positive, mcse of the expectation; ``spread``, the
            factor's own standard deviation around it (0 of a shocked one); ``as_far``, of a shocked factor in how
            many of the panel's windows it moved as far; ``unit``; ``warning`` when the fit failed a check.
        """
        table = summarise(self.factors, ci_prob, ci_kind, rounded)
        table.insert(1, "shocked", table["factor"].isin(list(self.scenario.shocks)))
        spread = self.factor_sd.mean(("chain", "draw")).values
        table["spread"] = [float(f"{one:.3g}") for one in spread] if rounded else spread
        table["as_far"] = table["factor"].map(self.plausibility.as_far).astype("Int64")
        table["unit"] = self.units.to_numpy()
        return self._finished(table)

    def _finished(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the portfolio first, the warning of a fit with problems, and what it is of."""
        scenario, own = self.scenario, table.attrs
        units = f"decimal over {periods_in_words(scenario.periods)}{beside(self.book)}"
        attrs = {**own, "units": units, "scenario": scenario.name, "periods": scenario.periods, "notes": self.notes}
        table = portfolio_first(table) if table.columns[0] == "asset" else table
        return finished(table, attrs, self.problems)

    def __repr__(self) -> str:
        table = self.table()
        total = table[table["source"] == "total"].drop(columns="source").to_string(index=False)
        units = f"90 % equal-tailed intervals; {table.attrs['units']}"
        return f"Stress '{self.scenario.name}', expected return, {units}\n{total}"


def stress(
    fit: Fit,
    scenario: Scenario,
    others: Others = "expected",
    portfolio: Portfolio | None = None,
) -> Stress:
    r"""Return what assets and a portfolio earn in a scenario, with the uncertainty of loadings, premia and covariances.

    At every draw, with x the values of the shocked factors s over h periods and r the rest:

    .. math:: \hat f_r = h\mu_r + \Omega_{rs}\Omega_{ss}^{-1}(x - h\mu_s), \qquad
              E[R] = h(\alpha + \lambda_0) + B\,(\hat f - h\mu + h\lambda)

    Parameters
    ----------
    fit : Fit
    scenario : Scenario
    others : {"expected", "unchanged"}
        Whether the other factors are expected where they usually are when the shocked ones do this (the equation), or
        at their means. The outcome draws them around that with their conditional covariance either way.
    portfolio : mapping or Series of asset to weight, or Book, optional
        Adds one more entry, ``"portfolio"``. A book with options is repriced in every draw: its expected return is that
        at the expected moves of underlyings, volatilities and rates, split into exposures times moves and
        ``curvature and time``; its outcome is that at the drawn moves.

    Returns
    -------
    Stress
        Decimals over the periods of the scenario; returns of several periods are summed, not compounded.

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit or no scenario, a factor is unknown, a shock is as of per cent, or a weight cannot be used.

    Notes
    -----
    The law is that of the periods ahead: volatility, the factors' covariance and loadings that move revert to their
    long run. Where loadings move, those of the past may have been others. It is linear: what an option does in a crash
    is in it for a `Book` alone. The seed is the fit's. After Kupiec (1998).
    """
    require_fit(fit, "stress")
    require_scenario(scenario, "stress")
    if others not in OTHERS:
        raise unknown("others", others, OTHERS, place="stress.others")
    panel, names = fit.panel, fit.panel.factor_names
    require_factors(scenario, names, "stress")
    held, draws = exposures(panel, "asset", portfolio), fit.posterior
    known, least = long_run_of(draws, names, scenario.periods), held.least
    require_units(scenario, panel, known, "stress")
    found = stressed(fit, scenario, others == OTHERS[0], held)
    coords = {"chain": draws["chain"].values, "draw": draws["draw"].values}
    entries, book = held.weights["asset"].values, held.positions
    rest = ["alpha", *(["zero_beta"] if "zero_beta" in draws else []), *([] if book is None else [CURVED])]
    sources = [*names, *rest, "total"]

    def labelled(values: np.ndarray, name: str, **labels: object) -> xr.DataArray:
        return xr.DataArray(values, {**coords, **labels}, ("chain", "draw", *labels), name=name)

    which = list(VOLATILITIES[: 1 + ("factor_cov_long_run" in draws)])
    distance = labelled(found["distance"], "distance", volatility=list(VOLATILITIES)).sel(volatility=which)
    distance = distance.transpose("volatility", "chain", "draw")
    count, year = len(scenario.shocks), panel.periods_per_year
    years = waiting_time(distance, count, scenario.periods, year)
    plausible = Plausibility(distance, count, years, *history(panel, known, scenario), fit.problems)
    expected = labelled(found["expected"], "expected return", asset=entries, source=sources)
    floored = pd.Series(found["floored"].mean(axis=(0, 1)), pd.Index(entries, name="asset"), name="floored")
    return Stress(
        scenario,
        others,
        expected,
        labelled(found["outcome"], "return", asset=entries),
        labelled(found["factors"], "expected factor", factor=list(names)),
        labelled(found["factor_sd"], "standard deviation", factor=list(names)),
        plausible,
        pd.Series([unit_of(factor) for factor in panel.factor_info], pd.Index(names, name="factor"), name="unit"),
        floored,
        fit.problems,
        (
            *notes_on(fit, scenario, others, known, expected.sel(source="total"), floored, least),
            *held.notes,
            *notes_on_book(book),
            *notes_on_flat(book, found.get(FLAT)),
            *notes_on_expiries(book, scenario.periods, AT_END),
            *(note for weights in held.mixed for note in notes_on_residual_risk(fit, weights, PORTFOLIO)),
        ),
        None if book is None else repriced_book(book, panel, draws, found, fit.problems),
    )
