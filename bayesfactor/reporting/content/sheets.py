"""The tables of a report as frames, each with what its columns are: for formats that calculate with them."""

from collections.abc import Iterator, Mapping

import pandas as pd

from bayesfactor.analysis.comparison.revised_estimates import Revisions
from bayesfactor.analysis.portfolio.options.book import Money
from bayesfactor.reporting.content.book import BookContents
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.realised_spans import LAST, WHOLE
from bayesfactor.reporting.content.several_fits import EQUAL, SeveralFits
from bayesfactor.reporting.content.sheet import CellFormat, Sheet

YEAR, VARIANCE, UNIT = "a year", "of the variance", "return per unit of the factor"
NATS = {
    "elpd": "log density (nats)", "se": "se (nats)", "difference": "difference (nats)",
    "difference_se": "se of difference (nats)",
}  # fmt: skip
OF_GREEKS: dict[str, CellFormat] = {"implied_volatility": "percent", "gamma": "small"}
UNITS_OF_GREEKS = {
    "quantity": "units", "value": "money", "implied_volatility": "a year", "delta": "units of the underlying",
    "net_delta": "units of the underlying", "exposure": "money per 100 % of the underlying",
    "gamma": "delta per unit of money", "vega": "money per 1.00 of volatility", "theta": "money a year",
    "rho": "money per 1.00 of the rate", "elasticity": "return over that of the underlying",
    "elasticity_coin": "return in coin over that of the underlying",
}  # fmt: skip
MONEY: dict[str, CellFormat] = dict.fromkeys(
    ("value", "expected", "expected_lower", "expected_upper", "mean", "sd", "lower", "upper", "mcse", "exposure",
     "vega", "theta", "rho"), "money",
)  # fmt: skip


def sheets(contents: Contents) -> tuple[Sheet, ...]:
    """Return the tables of a report, in the order of its sections."""
    parts = (_book, _premium, _risk, _earned, _ahead, _loadings, _factors, _checks, _data, _others)
    return tuple(sheet for part in parts for sheet in part(contents))


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose index, where it has a name, is among its columns."""
    return table.reset_index() if table.index.names != [None] else table.reset_index(drop=True)


def _book(contents: Contents) -> Iterator[Sheet]:
    """Yield what is held with its risk, its loadings, and an options book's values and gains."""
    if contents.shown is not None and contents.positions is not None:
        measured = contents.positions.table(contents.ci_prob, contents.ci_kind)
        about = f"What each holding adds to the portfolio's volatility, with the {contents.interval}."
        held = measured["asset"].isin(contents.shown)
        yield Sheet("Positions", about, measured[held], YEAR)
        if not held.all():
            about = f"What one unit of weight of an asset that is not held would add, with the {contents.interval}."
            rest = measured[~held & (measured["measure"] == "marginal")]
            yield Sheet("Outside the book", about, rest.drop(columns="weight"), YEAR)
    if contents.exposure is not None:
        about = f"Loadings of the portfolio, with the {contents.interval}."
        yield Sheet("Portfolio loadings", about, contents.exposure, UNIT, "number")
    if contents.book is not None:
        yield from _options(contents.book)


def _options(book: BookContents) -> Iterator[Sheet]:
    money = f"in {book.book.money}"
    greeks = _flat(book.greeks).select_dtypes(["number", "object", "string", "bool"])
    yield Sheet("Greeks", "Values and greeks of the options, in money.", greeks, "", "number",
                forms={**MONEY, **OF_GREEKS}, units=UNITS_OF_GREEKS)  # fmt: skip
    moved = pd.concat([_flat(one.table).assign(what=one.name) for one in (*book.stressed, book.ahead)])
    about, forms = f"Gains by position after each scenario and after some time, {money}.", _in(book.book.accounted)
    yield Sheet("Gains", about, moved, money, "number", forms=forms, units={"value": money})
    unit = "in money a year" if book.book.in_money else YEAR
    premium = _flat(book.premium)
    form: CellFormat = "number" if book.book.in_money else "percent"
    forms = forms if book.book.in_money else {}
    yield Sheet("Expected gain", "By source, at this instant.", premium, unit, form, forms=forms)


def _in(accounted: Money) -> Mapping[str, CellFormat]:
    """Return how gains are written: in money as whole numbers, in coin with their decimals."""
    return MONEY if accounted == "usd" else {}


def _premium(contents: Contents) -> Iterator[Sheet]:
    about = f"Contributions to the expected excess return, with the {contents.interval}: by {{}}."
    for by, name in (("factor", "factor"), ("family", "family"), ("level", "level"), ("group", "family, of groups")):
        if by in contents.premia:
            table = contents.premia[by]
            notes = "".join(f" Note: {note}." for note in table.attrs.get("notes", ()))
            yield Sheet(f"Premia by {name}", about.format(name) + notes, table, YEAR)
    yield Sheet("Predicted and earned", "Mean excess returns that factors predict, and that were earned.",
                _flat(contents.pricing.table(contents.ci_prob, contents.ci_kind)), YEAR)  # fmt: skip


def _risk(contents: Contents) -> Iterator[Sheet]:
    for unit, of in (("asset", ""), ("group", ", groups")):
        if unit in contents.shares:
            interval = f"with the {contents.interval}"
            volatility = contents.volatility[unit].drop(columns="prob_positive")
            yield Sheet(f"Volatility{of}", f"Standard deviation of returns, {interval}.", volatility, YEAR)
            yield Sheet(f"Variance{of}", f"Shares of the variance, {interval}.", contents.shares[unit], VARIANCE)
            about = (
                "Residual risk as realised, and the model's on the same dates: volatility a year, share of variance."
            )
            yield Sheet(f"Residual risk{of}", about, contents.residuals[unit])


def _earned(contents: Contents) -> Iterator[Sheet]:
    short = {WHOLE: "sample", LAST: "last year"}
    named = [(short.get(span.title, span.title), span) for span in contents.spans]
    named += [("years", contents.years)] if contents.years is not None else []
    for name, span in named:
        for how, table in (("summed", span.summed), ("compounded", span.compounded)):
            if isinstance(table, pd.DataFrame):
                full = table if span.counted is None else _counted(table, span.counted)
                yield Sheet(f"Earned, {name}, {how}", f"{span.name}; {how}.", full, "over the window")


def _counted(table: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the periods that the entry of each row counts."""
    return table.merge(counted, left_on=table.columns[0], right_index=True)


def _ahead(contents: Contents) -> Iterator[Sheet]:
    if contents.ahead is not None:
        over = f"over {contents.ahead.periods} periods"
        about = f"Excess return {over}: what is expected, and where it may fall ({contents.interval})."
        yield Sheet("Forecast", about, _flat(contents.ahead.table), over)
    if not contents.scenarios:
        return
    named = [(one.scenario.name, one) for one in contents.scenarios]

    def stacked(name: str) -> pd.DataFrame:
        return pd.concat([_flat(getattr(one, name)).assign(scenario=title) for title, one in named])

    over = "over the scenario"
    yield Sheet("Scenarios", "Where the return of each entry may fall.", stacked("outcome_table"), over)
    yield Sheet("Scenarios by source", "What each source is expected to give.", stacked("table"), over)
    yield Sheet("Scenarios, factors", "What factors do.", stacked("factors_table"), "unit as given", "number")


def _loadings(contents: Contents) -> Iterator[Sheet]:
    about = f"Posterior mean and {contents.interval}, least squares, and shrinkage from 0 to 1."
    yield Sheet("Loadings", about, contents.loadings, UNIT, "number")
    if contents.inclusion is not None:
        yield Sheet("Inclusion", "Probability that each loading is in.", contents.inclusion)
    if contents.causes is not None:
        yield Sheet("Causes", "What each loading may be read as, by the causal graph.", contents.causes.table())


def _factors(contents: Contents) -> Iterator[Sheet]:
    table = _flat(contents.identification.table(contents.ci_prob, contents.ci_kind))
    yield Sheet("Factors", "Premium of one unit of loading: prior, data, posterior.", table, YEAR)
    if contents.changes is not None and contents.changes.volatility is not None:
        about = "Volatility of the next period over that of the long run."
        yield Sheet("Volatility now", about, _flat(contents.changes.volatility), "of the long run")
    if contents.changes is not None and contents.changes.loadings is not None:
        yield Sheet("Loadings over time", "Loadings then and now.", _flat(contents.changes.loadings), UNIT, "number")


def _checks(contents: Contents) -> Iterator[Sheet]:
    found = contents.checks
    yield Sheet("Checks", "Every check, its limit, and what to do.", _flat(found.table), "", "number")
    yield Sheet("Means", "Sample means, premia and misfit, asset by asset.", _flat(found.assets), YEAR)
    pairs = _flat(found.pairs).infer_objects()
    yield Sheet("Residual pairs", "Residual correlations furthest from the model.", pairs, "", "number")


def _data(contents: Contents) -> Iterator[Sheet]:
    described = contents.description
    for name, table in (("Assets", described.assets), ("Factor series", described.factors)):
        yield Sheet(name, "What was done to each series.", _dated(_flat(table)))
    if len(described.warnings):
        yield Sheet("Warnings", "What looked wrong.", _flat(described.warnings))


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose first and last dates are dates."""
    return table.assign(**{name: pd.to_datetime(table[name], errors="coerce") for name in ("first", "last")})


def _others(contents: Contents) -> Iterator[Sheet]:
    if contents.models is not None:
        yield from _models(contents.models)
    if contents.revisions is not None:
        yield from _since(contents.revisions)


def _models(found: SeveralFits) -> Iterator[Sheet]:
    measures = (("premium", found.premium), ("volatility", found.volatility), ("residual share", found.share))
    rows = [
        _flat(table).assign(model=name, measure=measure)
        for measure, tables in measures
        for name, table in (*tables.items(), *([(EQUAL, found.mixture)] if measure == "premium" else []))
    ]
    about = "The same questions asked of each model: premium and volatility a year, residual share of the variance."
    yield Sheet("Models", about, pd.concat(rows))
    if found.comparison is not None:
        yield Sheet(
            "Models compared",
            "Log density of returns given factors, in nats.",
            found.comparison.table(),
            "",
            "number",
            NATS,
        )


def _since(found: Revisions) -> Iterator[Sheet]:
    table, about = found.table(), f"Then and now, since {found.between.last}: {{}}."
    loadings = table["quantity"] == "loading"
    heads = {"previous": "then", "mean": "now", "change_in_sd": "change, in sd of then"}
    heads |= {f"previous_{name}": f"then, {name}" for name in ("sd", "lower", "upper")}
    yield Sheet("Since last time", about.format("premia and risk a year"), table[~loadings], "", heads=heads)
    yield Sheet("Since, loadings", about.format("loadings"), table[loadings], UNIT, "number", heads)
