"""The sections of a report, in their order."""

from functools import partial

import pandas as pd

from bayesfactor.holdings import PORTFOLIO
from bayesfactor.panel import NO_RATE, Panel
from bayesfactor.plots.contributing import plot_realised
from bayesfactor.plots.leaning import plot_shrinkage
from bayesfactor.plots.paying import plot_premia, plot_pricing
from bayesfactor.plots.style import chance
from bayesfactor.reporting.answer import OWN
from bayesfactor.reporting.contents import Contents
from bayesfactor.reporting.evidence import again, data, model, trust
from bayesfactor.reporting.parts import (
    Answer,
    Cell,
    Grid,
    Head,
    Heading,
    Part,
    Picture,
    Section,
    TablePart,
    Text,
    loadings,
    plain,
    spread,
)
from bayesfactor.reporting.prose import SCALE, percent

LEVELS = (
    "By level: what every asset gets (broad market: the mean over all assets' groups, with the zero-beta rate where "
    "the model has one), what an asset's group adds to it, and what is left with the asset alone, its alpha included."
)
LINKING = (
    "Summed parts add up to the sum of the periods' returns. Compounded parts are scaled period by period so that they "
    "add up to the compounded excess return (linking of Carino 1999); a portfolio is rebalanced to its weights every "
    "period. The total is what happened, without uncertainty; how it divides is estimated. The part of a factor that "
    "is not traded holds what it moved and what it is expected to pay for that risk; the latter may be weak or "
    "unidentified, as said under its name."
)


def sections(contents: Contents) -> tuple[Section, ...]:
    """Return the sections of a report."""
    return (
        Section("answer", "The answer", _answer(contents)),
        Section("contributions", "What pays each asset", _contributions(contents)),
        *((Section("portfolio", "The portfolio", _portfolio(contents)),) if contents.weights is not None else ()),
        Section("risk", "Where the risk comes from", _risk(contents)),
        Section("realised", "What was earned", _realised(contents)),
        Section("loadings", "Loadings, and how far they were shrunk", _loadings(contents)),
        Section("premia", "What factors pay", _premia(contents)),
        Section("data", "The data", data(contents)),
        Section("trust", "Can it be trusted?", trust(contents)),
        Section("model", "The model", model(contents)),
        Section("again", "How to make it again", again(contents)),
    )


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
    return (
        Answer(contents.answer),
        *(Text(note) for note in notes),
        Text(
            f"Every interval in this report is a {contents.interval} of the posterior, unless it says otherwise. "
            f"Words of probability: {words}, {SCALE[-1][1]} below that."
            f"{' Premia and returns are excess returns.' if rated else ''}",
            quiet=True,
        ),
    )


def _contributions(contents: Contents) -> tuple[Part, ...]:
    caption = f"Contribution to the expected excess return a year: posterior mean and {contents.interval}"
    found = contents.premia
    parts: list[Part] = [
        Text(
            "A contribution is a loading times what the factor pays. Contributions add up to the total in every draw "
            "of the posterior; intervals do not add up. Under a source's name: weak and unidentified premia, which "
            "come mostly or wholly from the prior."
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
        Picture(
            partial(plot_pricing, contents.pricing, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Scatter of mean excess returns that were earned against those that the factors predict",
            "Each dot is an asset. Far from the dashed line: the factors do not explain what it earned, or its history "
            "is short.",
        ),
    ]
    return tuple(parts)


def _spread(table: pd.DataFrame, id: str, caption: str, how: str, label: str = "assets") -> TablePart:
    """Return a table of contributions, the total first."""
    return TablePart(spread(table, ["total"]), id, f"{caption}. {how}", label)


def _portfolio(contents: Contents) -> tuple[Part, ...]:
    weights = contents.weights
    assert weights is not None
    assert contents.exposure is not None
    by_factor, by_share = contents.premia["factor"], contents.shares["asset"]
    paid, risk = (one[one["asset"] == PORTFOLIO].set_index("source") for one in (by_factor, by_share))
    paid["prob_positive"] = paid["prob_positive"].where(paid["sd"] > 0)  # of what is fixed there is no probability
    columns = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    return (
        Text(f"Weights add up to {percent(float(weights.sum()))}; they are taken as given, every period."),
        TablePart(
            plain(weights.to_frame(), "asset", [("weight", "weight", "percent")]),
            "weights", "Weights of the portfolio.", "assets",
        ),
        TablePart(
            plain(paid, "source", [*columns, ("prob_positive", "P(> 0)", "chance")]),
            "portfolio-premium",
            f"Contribution to the portfolio's expected excess return a year: mean, ends of the {contents.interval}.",
            "sources",
        ),
        TablePart(
            plain(risk, "source", columns),
            "portfolio-risk", f"Share of the portfolio's variance: mean, ends of the {contents.interval}.", "sources",
        ),
        TablePart(
            plain(contents.exposure.set_index("factor"), "factor", [(name, name, "number") for name, *_ in columns]),
            "portfolio-loadings",
            f"Loadings of the portfolio: mean, ends of the {contents.interval}.", "factors",
        ),
    )  # fmt: skip


def _risk(contents: Contents) -> tuple[Part, ...]:
    caption = f"Share of the variance of returns: posterior mean and {contents.interval}"
    parts: list[Part] = [
        Text(
            "Shares of each asset's variance. A factor's share includes half of what it shares with each other factor; "
            "a negative one offsets others. Idiosyncratic risks are taken as independent across assets."
        ),
        TablePart(_shares(contents, "asset"), "risk-shares", f"{caption}.", "assets"),
    ]
    if "group" in contents.shares:
        how = "The members of a group weigh equally, so that their idiosyncratic risks partly cancel."
        found = TablePart(_shares(contents, "group"), "risk-groups", f"{caption}. {how}", "groups")
        parts += [Heading("Groups"), found]
    return tuple(parts)


def _shares(contents: Contents, unit: str) -> Grid:
    """Return volatilities and shares of variances: the idiosyncratic one first, and how likely it is above a half."""
    table = contents.shares[unit]
    table = table[table["source"] != "total"]
    own = table.loc[table["source"] == "idiosyncratic", "prob_above"].tolist()  # in the order of the rows
    grid = spread(table, ["idiosyncratic"])
    moved = contents.volatility[unit].to_dict("records")
    cells = [
        (
            Cell(chance(likely), likely),
            Cell(percent(row["mean"]), row["mean"], f"{percent(row['lower'])} to {percent(row['upper'])}"),
        )
        for likely, row in zip(own, moved, strict=True)
    ]
    heads = (*grid.heads[:2], Head(f"P(idiosyncratic > {100 * OWN:g} %)"), Head("volatility a year"), *grid.heads[2:])
    rows = tuple((*row[:2], *more, *row[2:]) for row, more in zip(grid.rows, cells, strict=True))
    return Grid(heads, rows, grid.more)


def _realised(contents: Contents) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, span in enumerate(contents.spans):
        parts.append(Heading(span.name))
        for how, table in (("summed", span.summed), ("compounded", span.compounded)):
            if isinstance(table, str):
                parts.append(Text(f"Cannot be computed, {how}: {table}"))
                continue
            parts += [Text(f"{note[:1].upper()}{note[1:]}.") for note in table.attrs["notes"]]
            caption = f"Contribution to the realised excess return, {how}: mean and {contents.interval}"
            parts.append(_spread(table, f"realised-{number}-{how}", caption, f"{span.name}."))
    parts.append(Text(LINKING, quiet=True))
    if isinstance(contents.fit.panel, Panel) and PORTFOLIO in _entries(contents.spans[0].summed):
        figure = partial(
            plot_realised, contents.fit, portfolio=contents.weights, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind
        )
        shown = "Contributions to the portfolio's realised excess return over time"
        parts.append(Picture(figure, shown, "The portfolio, over time."))
    return tuple(parts)


def _entries(table: pd.DataFrame | str) -> list[str]:
    return [] if isinstance(table, str) else table["asset"].tolist()


def _loadings(contents: Contents) -> tuple[Part, ...]:
    return (
        Picture(
            partial(plot_shrinkage, contents.fit),
            "Loadings by least squares and by the posterior, against the length of each asset's history",
            "From the tick (least squares on the asset's own returns) to the dot (posterior mean). Short histories "
            "lean on their group.",
        ),
        TablePart(
            loadings(contents.loadings), "loading-table",
            f"Loadings: posterior mean and {contents.interval}; then least squares, and shrinkage from 0 (its own "
            "returns speak) to 1 (the prior does).",
            "assets",
        ),
    )  # fmt: skip


def _premia(contents: Contents) -> tuple[Part, ...]:
    table = contents.identification.table(contents.ci_prob, contents.ci_kind)
    columns = [
        ("prior_mean", "prior mean", "percent"), ("prior_sd", "prior deviation", "percent"),
        ("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent"),
        ("prob_positive", "P(> 0)", "chance"), ("learned", "learned", "number"),
        ("verdict", "verdict", "text"), ("reason", "reason", "text"),
    ]  # fmt: skip
    if "inclusion" in table:
        columns[6:6] = [("prior_inclusion", "prior P(priced)", "chance"), ("inclusion", "P(priced)", "chance")]
    return (
        Picture(
            partial(plot_premia, contents.identification, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Prior and posterior of each factor's premium",
            "What one unit of loading pays a year. Where the posterior is as wide as the prior, the data said nothing.",
        ),
        TablePart(
            plain(table, "factor", columns), "premia-table",
            f"Premium of one unit of loading a year, before and after the data; ends of the {contents.interval}. "
            "Learned: the share of the prior's variance that the data took off.",
            "factors",
        ),
    )  # fmt: skip
