"""Everything that a report states, whatever it is set in."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bayesfactor.analysis.assessment.checks import CheckReport
from bayesfactor.analysis.assessment.identification import Identification
from bayesfactor.analysis.assessment.pricing import Pricing
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.attribution.prior_premium import PriorPremium
from bayesfactor.analysis.causes.causal_reading import CausalReading
from bayesfactor.analysis.comparison.revised_estimates import Revisions
from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, own_assets
from bayesfactor.analysis.scenarios.position_risk import PositionRisk
from bayesfactor.analysis.scenarios.scenario import Scenario
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import interval_name
from bayesfactor.panel.description import Description
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import OWN_GRAPH, Fit
from bayesfactor.reporting.content.ahead import Ahead
from bayesfactor.reporting.content.book import BookContents
from bayesfactor.reporting.content.changes import Changes
from bayesfactor.reporting.content.parts import Measure
from bayesfactor.reporting.content.previous_sentence import failed_fits, since_sentence
from bayesfactor.reporting.content.realised_spans import Span
from bayesfactor.reporting.content.scenarios import Consequences
from bayesfactor.reporting.content.several_fits import SeveralFits

SEEN = 12  # assets that are seen at once without a portfolio
NO_MODEL = "The draws were made by another program, and their model was not given."
OF_OWN_GRAPH = "The draws are of an own graph: a PyMC model that its author changed, and that the fit does not hold."


@dataclass(frozen=True, eq=False)
class Asked:
    """What a report is asked beside the fit.

    Scenarios, periods of a forecast, fits of other models by name, causes, a book with options, an earlier fit, and
    years of what was earned.
    """

    scenarios: tuple[Scenario, ...]
    forecast: int | None
    others: Mapping[str, Fit]
    causes: CausalReading | None
    book: Book | None = None
    previous: Fit | None = None
    years: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Contents:
    """What a report states of a fit; every table is as `attribute`, `identify` or `check` has it.

    Attributes
    ----------
    fit : Fit
    title : str
    ci_prob, ci_kind
        Of every interval.
    weights : Series or None
        Of the portfolio.
    answer : tuple of str
        The sentences at the top.
    told : str
        What prior and data say of the factor that pays most.
    measures : tuple of Measure
        The numbers at the top.
    headline : Attribution
        Contributions to the premium that the answer is about.
    prior : PriorPremium
        The same before the data.
    premia : mapping of str to DataFrame
        Contributions to premia by ``level`` (under grouped loadings), ``family`` and ``factor``; the portfolio is the
        last entry, if there is one. By ``group``: those of groups by family, where there are several groups.
    shares : mapping of str to DataFrame
        Shares of variances by factor, of ``asset`` and ``group``.
    volatility : mapping of str to DataFrame
        A year, likewise; ``long_run`` where something moves.
    residuals : mapping of str to DataFrame
        Residual risk as realised and as the model has it, likewise (see `Attribution.residual_table`).
    spans : tuple of Span
        What was realised.
    years : Span or None
        The same year by year, of the portfolio or the only asset.
    pricing : Pricing
    loadings : DataFrame
        Per asset and factor: mean, lower, upper, least squares, shrinkage.
    inclusion : DataFrame or None
        As `inclusion` has it; None where every loading is in.
    exposure : DataFrame or None
        Loadings of the portfolio.
    positions : PositionRisk or None
        Of the portfolio, over one period.
    added : DataFrame or None
        Weight times premium of each of its assets, in every draw.
    identification : Identification
    description : Description
    checks : CheckReport
    changes : Changes or None
        None where nothing moves in the model.
    scenarios : tuple of Consequences
        One for each scenario that was given.
    ahead : Ahead or None
        None where no forecast was asked for.
    models : SeveralFits or None
        None where no other fits were given.
    causes : CausalReading or None
        None where no causal graph was given.
    book : BookContents or None
        Of a book with options.
    revisions : Revisions or None
        What changed since an earlier fit; None where none was given.
    previous : Fit or None
        The earlier one.
    chosen : tuple of int
        Calendar years that were asked for.
    """

    fit: Fit
    title: str
    ci_prob: float
    ci_kind: Interval
    weights: pd.Series | None
    answer: tuple[str, ...]
    told: str
    measures: tuple[Measure, ...]
    headline: Attribution
    prior: PriorPremium
    premia: Mapping[str, pd.DataFrame]
    shares: Mapping[str, pd.DataFrame]
    volatility: Mapping[str, pd.DataFrame]
    residuals: Mapping[str, pd.DataFrame]
    spans: tuple[Span, ...]
    years: Span | None
    pricing: Pricing
    loadings: pd.DataFrame
    inclusion: pd.DataFrame | None
    exposure: pd.DataFrame | None
    positions: PositionRisk | None
    added: pd.DataFrame | None
    identification: Identification
    description: Description
    checks: CheckReport
    changes: Changes | None
    scenarios: tuple[Consequences, ...] = ()
    ahead: Ahead | None = None
    models: SeveralFits | None = None
    causes: CausalReading | None = None
    book: BookContents | None = None
    revisions: Revisions | None = None
    previous: Fit | None = None
    chosen: tuple[int, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """What the report is about, in a few words each: whose, when, by which model."""
        panel, model = self.fit.panel, self.fit.model
        many, factors = _many(len(panel.assets), "asset"), _many(len(panel.factor_names), "factor")
        held = 0 if self.weights is None else int((self.weights != 0).sum())
        first, last = (written(time) for time in (panel.times[0], panel.times[-1]))
        return (
            many if not held else f"Portfolio of {held} of {many}",
            f"{first} to {last}, {panel.periods_per_year} periods a year",
            f"{unknown_model(self.fit)} {factors}" if model is None else f"Model '{model.name}', {factors}",
            *([str(model.observation).rstrip(".")] if model is not None and str(model.observation) else []),
        )

    @property
    def subtitle(self) -> str:
        """What the report is about."""
        return "; ".join(self.facts)

    @property
    def shown(self) -> tuple[str, ...] | None:
        """Entries of a table of assets that are seen at once: the portfolio and what it holds; None where all are."""
        if self.weights is not None:
            return (PORTFOLIO, *own_assets(self.weights))
        return () if len(self.fit.panel.assets) > SEEN else None

    @property
    def outside(self) -> str:
        """What the others are, with a place for how many."""
        return "{} assets outside the book" if self.weights is not None else "All {} assets"

    @property
    def since(self) -> str:
        """What changed since an earlier fit, in one sentence; empty where none was given."""
        if self.revisions is None:
            return ""
        return since_sentence(self.revisions, self.weights is not None, self.failed)

    @property
    def failed(self) -> str:
        """Which of this fit and an earlier one failed the checks; empty where neither did, or none was given."""
        return "" if self.previous is None else failed_fits(self.fit, self.previous)

    @property
    def interval(self) -> str:
        """Kind and probability of every interval, in words."""
        return interval_name(self.ci_prob, self.ci_kind)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def unknown_model(fit: Fit) -> str:
    """Return the sentence on where the draws of a fit without a model come from."""
    return OF_OWN_GRAPH if fit.engine == OWN_GRAPH else NO_MODEL
