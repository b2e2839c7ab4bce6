"""The sections of a report, in their order."""

from functools import partial

import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import percent
from bayesfactor.panel.records import NO_RATE
from bayesfactor.plots.pricing import pricing_chart
from bayesfactor.reporting.content.ahead import look_ahead
from bayesfactor.reporting.content.book import book_with_options
from bayesfactor.reporting.content.causes import causes, readings
from bayesfactor.reporting.content.changes import changed
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.data_and_checks import again, data, model, trust
from bayesfactor.reporting.content.estimates import loadings, premia, realised, risk
from bayesfactor.reporting.content.inclusion import which_are_in
from bayesfactor.reporting.content.parts import (
    POSTERIOR_UNITS,
    Answer,
    Column,
    Heading,
    Part,
    Picture,
    Section,
    TablePart,
    Text,
    plain,
    spread,
)
from bayesfactor.reporting.content.positions import positions
from bayesfactor.reporting.content.prose import SCALE
from bayesfactor.reporting.content.scenarios import could_happen
from bayesfactor.reporting.content.which_model import which_model

MISFITS = ("tails", "means", "variance", "residuals")  # how the names of checks begin
LEVELS = (
    "By level: what every asset gets (broad market: the mean over all assets' groups, with the zero-beta rate where "
    "the model has one), what an asset's group adds to it, and what is left with the asset alone, its alpha included."
)


def sections(contents: Contents) -> tuple[Section, ...]:
    """Return the sections of a report."""
    return (
        Section("answer", "The answer", _answer(contents)),
        *((Section("book", "The book", book_with_options(book)),) if (book := contents.book) is not None else ()),
        Section("contributions", "What pays each asset", _contributions(contents)),
        *((Section("portfolio", "The portfolio", _portfolio(contents)),) if contents.weights is not None else ()),
        Section("risk", "Where the risk comes from", risk(contents)),
        Section("realised", "Realised returns", realised(contents)),
        *_could_happen(contents),
        Section("loadings", "Loadings, and how far they were shrunk", (*loadings(contents), *which_are_in(contents))),
        *_causes(contents),
        *((Section("changes", "What has changed", changed(found)),) if (found := contents.changes) is not None else ()),
        Section("premia", "What factors pay", premia(contents)),
        Section("data", "The data", data(contents)),
        Section("trust", "Can it be trusted?", trust(contents)),
        *_models(contents),
        Section("model", "The model", model(contents)),
        Section("again", "Reproducing this report", again(contents)),
    )


def _could_happen(contents: Contents) -> tuple[Section, ...]:
    """Return the section on a forecast and on scenarios; none where neither was asked for."""
    held, parts = contents.weights is not None, list[Part]()
    if contents.ahead is not None:
        parts += look_ahead(contents.ahead, held)
    if contents.scenarios:
        parts += [*([Heading("Scenarios")] if parts else []), *could_happen(contents.scenarios, held)]
    return (Section("scenarios", "What could happen", tuple(parts)),) if parts else ()


def _causes(contents: Contents) -> tuple[Section, ...]:
    """Return the section on causes; none where no causal graph was given."""
    return (
        () if contents.causes is None else (Section("causes", "What may be read as a cause", causes(contents.causes)),)
    )


def _models(contents: Contents) -> tuple[Section, ...]:
    """Return the section on what depends on the model; none where no other fits were given."""
    if contents.models is None:
        return ()
    return (Section("which", "Which model", which_model(contents.models, contents.interval)),)


def _answer(contents: Contents) -> tuple[Part, ...]:
    weights, notes = contents.weights, []
    rated = all(note.text != NO_RATE for note in contents.fit.panel.notes)
    if weights is not None and abs(weights.sum() - 1) > 1e-6:
        rest = "the rest earns" if weights.sum() < 1 else "what is above 100 % is borrowed at"
        rate = "the risk-free rate" if rated else "a rate of 0"
        notes.append(f"Weights add up to {percent(float(weights.sum()))}: {rest} {rate}. A weight of 60 % is 0.6.")
    if not rated:
        notes.append(
            "No risk-free rate was given: what this report calls an excess return is the return as it was given."
        )
    words = ", ".join(f"{word} from {100 * least:.0f} %" for least, word in SCALE[:-1])
    doubts = [*_misfits(contents), *_unfollowed(contents)]
    year = contents.fit.panel.periods_per_year
    return (
        Answer(contents.answer),
        *(Text(f"Caution. {doubt}", "caution") for doubt in doubts),
        *(Text(note) for note in notes),
        Text(
            f"Every interval in this report is a {contents.interval} of the posterior, unless it says otherwise. "
            f"Words of probability: {words}, {SCALE[-1][1]} below that."
            f"{' Premia and returns are excess returns.' if rated else ''} A year is {year} periods; what is said of a "
            "year is arithmetic, and compounds to less.",
            "quiet",
        ),
    )


def _misfits(contents: Contents) -> list[str]:
    """Return in what the model does not suit the data."""
    found: dict[str, list[str]] = {}
    for check in contents.checks.checks:
        if check.name.startswith(MISFITS) and check.exceeds_limit:
            where = f", {check.worst}" if check.worst else ""
            found.setdefault(check.advice, []).append(
                f"{check.name}: {check.value:.3g}, limit {check.limit:.3g}{where}"
            )
    return [f"{advice} ({'; '.join(what)}.)" for advice, what in found.items()]


def _unfollowed(contents: Contents) -> list[str]:
    """Return why what the portfolio earned cannot be said, and of what, where it cannot."""
    lost: dict[str, list[str]] = {}
    for span in contents.spans:
        for how, why in span.lost.items():
            lost.setdefault(why, []).append(f"{span.name.partition(',')[0].lower()}, {how}")
    return [f"What the portfolio earned cannot be said ({'; '.join(what)}): {why}" for why, what in lost.items()]


def _contributions(contents: Contents) -> tuple[Part, ...]:
    caption = f"Contribution to the expected excess return a year: posterior mean and {contents.interval}"
    found = contents.premia
    parts: list[Part] = [
        Text(
            "A contribution is a loading times what the factor pays. Contributions add up to the total in every draw "
            "of the posterior; intervals do not add up. Under a source's name: weak and unidentified premia, which "
            "come mostly or wholly from the prior; of others the size is estimated, and may be 0."
        ),
        *(Text(f"Note: {note}.") for note in found["factor"].attrs["notes"]),
    ]
    if "level" in found:
        parts += [Heading("Broad market, group, asset alone"), _spread(found["level"], "by-level", caption, LEVELS)]
    parts += [
        Heading("By family of factors"),
        _spread(found["family"], "by-family", caption, "By family."),
        Heading("By factor"),
        _spread(found["factor"], "by-factor", caption, "By factor."),
    ]
    if "group" in found:
        how = "The members of a group weigh equally."
        parts += [Heading("Groups"), _spread(found["group"], "by-group", caption, how, "groups")]
    parts += [
        Heading("Predicted and earned"),
        *_explained(contents),
        Picture(
            partial(pricing_chart, contents.pricing, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Scatter of mean excess returns that were earned against those that the factors predict",
            "Each dot is an asset. Far from the dashed line: the factors do not explain what it earned, or its history "
            "is short.",
        ),
    ]
    return tuple(parts)


def _explained(contents: Contents) -> tuple[Part, ...]:
    """Return how well factors predict expected returns across assets, where that is defined."""
    found = contents.pricing.r_squared_table(contents.ci_prob, contents.ci_kind)
    return tuple(
        Text(
            "R-squared of the factors' predictions for the expected excess returns of the assets: "
            f"{percent(row['mean'])} ({percent(row['lower'])} to {percent(row['upper'])}); below 0 where they predict "
            "worse than one number for all assets. It is about expected returns, not about the earned ones below."
        )
        for row in found.to_dict("records")
    )


def _spread(table: pd.DataFrame, id: str, caption: str, how: str, label: str = "assets") -> TablePart:
    """Return a table of contributions, the total first."""
    return TablePart(spread(table, ["total"]), id, f"{caption}. {how}", label)


def _portfolio(contents: Contents) -> tuple[Part, ...]:
    weights = contents.weights
    assert weights is not None
    assert contents.positions is not None
    by_factor, by_share = contents.premia["factor"], contents.shares["asset"]
    paid, shares = (one[one["asset"] == PORTFOLIO].set_index("source") for one in (by_factor, by_share))
    known: list[Column] = [("identification", "how it is known", "text")]
    paid["prob_positive"] = paid["prob_positive"].where(paid["sd"] > 0)  # of what is fixed there is no probability
    columns: list[Column] = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    return (
        Text(f"Weights add up to {percent(float(weights.sum()))}; they are taken as given, every period."),
        TablePart(
            plain(weights.to_frame(), "asset", [("weight", "weight", "percent")]),
            "weights", "Weights of the portfolio.", "assets",
        ),
        TablePart(
            plain(paid, "source", [*columns, ("prob_positive", "P(> 0)", "chance"), *known], POSTERIOR_UNITS),
            "portfolio-premium",
            f"Contribution to the portfolio's expected excess return a year: mean, ends of the {contents.interval}.",
            "sources",
        ),
        TablePart(
            plain(shares, "source", columns, POSTERIOR_UNITS),
            "portfolio-risk", f"Share of the portfolio's variance: mean, ends of the {contents.interval}.", "sources",
        ),
        *positions(contents.positions, contents.ci_prob, contents.ci_kind, contents.interval),
        TablePart(
            plain(_exposure(contents), "factor", [*((name, name, "number") for name, *_ in columns), *_read(contents)]),
            "portfolio-loadings",
            f"Loadings of the portfolio: mean, ends of the {contents.interval}.", "factors",
        ),
    )  # fmt: skip


def _exposure(contents: Contents) -> pd.DataFrame:
    """Return the loadings of the portfolio, with what they may be read as where that is known."""
    assert contents.exposure is not None
    table = contents.exposure.set_index("factor")
    return table.assign(reading=table.index.map(readings(contents.causes))) if contents.causes is not None else table


def _read(contents: Contents) -> list[Column]:
    return [] if contents.causes is None else [("reading", "may be read as", "text")]
