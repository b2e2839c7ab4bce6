"""The sections of a report, in their order."""

from dataclasses import fields
from functools import partial

import pandas as pd

from bayesfactor.attribution import Attribution
from bayesfactor.diagnostics import Check
from bayesfactor.holdings import PORTFOLIO
from bayesfactor.identification import UNIDENTIFIED, WEAK
from bayesfactor.panel import Panel
from bayesfactor.plots.checking import plot_check
from bayesfactor.plots.contributing import plot_realised
from bayesfactor.plots.leaning import plot_shrinkage
from bayesfactor.plots.paying import plot_premia, plot_pricing
from bayesfactor.plots.style import chance
from bayesfactor.reporting.contents import OWN, Contents
from bayesfactor.reporting.parts import (
    Answer,
    Cell,
    Code,
    Grid,
    Head,
    Heading,
    Listing,
    Part,
    Picture,
    Section,
    TablePart,
    Text,
    plain,
    spread,
)
from bayesfactor.reporting.prose import SCALE, percent

RANKS = (
    "Ranks of each chain's draws among all. p is that of ArviZ's test that chains agree; points are marked where one "
    "does not, at 1 %: of many panels a few fall below by chance."
)
WORDS = {True: "passed", False: "FAILED", None: "for information"}


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
        Section("data", "The data", _data(contents)),
        Section("trust", "Can it be trusted?", _trust(contents)),
        Section("model", "The model", _model(contents)),
        Section("again", "How to make it again", _again(contents)),
    )


def _answer(contents: Contents) -> tuple[Part, ...]:
    words = ", ".join(f"{word} from {least:.0%}" for least, word in SCALE[:-1])
    return (
        Answer(contents.answer),
        Text(
            f"Every interval in this report is a {contents.interval} of the posterior, unless it says otherwise. "
            f"Words of probability: {words}, {SCALE[-1][1]} below that. Premia and returns are excess "
            "returns.",
            quiet=True,
        ),
    )


def _spread(contents: Contents, found: Attribution, first: str) -> Grid:
    table = found.table(contents.ci_prob, contents.ci_kind)
    notes = {name: verdict for name, verdict in found.identification.items() if verdict.endswith((UNIDENTIFIED, WEAK))}
    return spread(table, str(found.draws.dims[2]), "source", [first], notes)


def _contributions(contents: Contents) -> tuple[Part, ...]:
    caption = f"Contribution to the expected excess return a year: posterior mean, {contents.interval} below it"
    parts: list[Part] = [
        Text(
            "A contribution is a loading times what the factor pays. Contributions add up to the total in every draw "
            "of the posterior; intervals do not add up. Under a source's name: weak and unidentified premia, which "
            "come mostly or wholly from the prior."
        ),
        *(Text(f"Note: {note}.") for note in contents.by_factor.notes),
        Heading("By family of factors"),
        TablePart(_spread(contents, contents.by_family, "total"), "by-family", f"{caption}; by family.", "assets"),
        Heading("By factor"),
        TablePart(_spread(contents, contents.by_factor, "total"), "by-factor", f"{caption}; by factor.", "assets"),
        Heading("Predicted and earned"),
        Picture(
            lambda: plot_pricing(contents.pricing, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Scatter of mean excess returns that were earned against those that the factors predict",
            "Each dot is an asset. Far from the diagonal: the factors do not explain what it earned, or its history is "
            "short.",
        ),
    ]
    return tuple(parts)


def _portfolio(contents: Contents) -> tuple[Part, ...]:
    weights = contents.weights
    assert weights is not None
    table = contents.by_factor.table(contents.ci_prob, contents.ci_kind)
    mine = table[table["asset"] == PORTFOLIO].set_index("source")
    shares = contents.variance.share_table(OWN, contents.ci_prob, contents.ci_kind)
    risk = shares[shares["asset"] == PORTFOLIO].set_index("source")
    columns = [("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent")]
    return (
        Text(f"Weights add up to {percent(float(weights.sum()))}; they are taken as given, every period."),
        TablePart(
            plain(weights.to_frame(), "asset", [("weight", "weight", "percent")]),
            "weights", "Weights of the portfolio.", "assets",
        ),
        TablePart(
            plain(mine, "source", [*columns, ("prob_positive", "P(> 0)", "chance")]),
            "portfolio-premium",
            f"Contribution to the portfolio's expected excess return a year: mean, ends of the {contents.interval}.",
            "sources",
        ),
        TablePart(
            plain(risk, "source", columns),
            "portfolio-risk", f"Share of the portfolio's variance: mean, ends of the {contents.interval}.", "sources",
        ),
    )  # fmt: skip


def _risk(contents: Contents) -> tuple[Part, ...]:
    table = contents.variance.share_table(OWN, contents.ci_prob, contents.ci_kind)
    table = table[table["source"] != "total"]
    own = table.loc[table["source"] == "idiosyncratic", "prob_above"].tolist()  # in the order of the rows
    grid = spread(table, "asset", "source", ["idiosyncratic"], {})
    likely = [Cell(chance(value), value) for value in own]
    heads = (*grid.heads[:2], Head(f"P(idiosyncratic > {OWN:.0%})"), *grid.heads[2:])
    rows = tuple((*row[:2], chance, *row[2:]) for row, chance in zip(grid.rows, likely, strict=True))
    return (
        Text(
            "Shares of each asset's variance. A factor's share includes half of what it shares with each other factor; "
            "a negative one offsets others. Idiosyncratic risks are taken as independent across assets."
        ),
        TablePart(
            Grid(heads, rows), "risk-shares",
            f"Share of the variance of returns: posterior mean, {contents.interval} below it.", "assets",
        ),
    )  # fmt: skip


def _realised(contents: Contents) -> tuple[Part, ...]:
    if not contents.spans:
        return (Text("Cannot be said: the panel holds statistics, not returns."),)
    parts: list[Part] = []
    for number, span in enumerate(contents.spans):
        parts.append(Heading(span.name))
        for how, found in (("summed", span.summed), ("compounded", span.compounded)):
            if isinstance(found, str):
                parts.append(Text(f"Cannot be computed, {how}: {found}"))
                continue
            parts += [Text(f"{note[:1].upper()}{note[1:]}.", quiet=True) for note in found.notes]
            caption = (
                f"{span.name}: contribution to the realised excess return, {how}: mean, {contents.interval} below it."
            )
            parts.append(TablePart(_spread(contents, found, "total"), f"realised-{number}-{how}", caption, "assets"))
    parts.append(
        Text(
            "Summed parts add up to the sum of the periods' returns. Compounded parts are scaled period by period so "
            "that they add up to the compounded excess return (linking of Carino 1999); a portfolio is rebalanced to "
            "its weights every period. The total is what happened, without uncertainty; how it divides is estimated.",
            quiet=True,
        )
    )
    if contents.weights is not None and not isinstance(contents.spans[0].summed, str):
        figure = partial(
            plot_realised, contents.fit, portfolio=contents.weights, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind
        )
        parts.append(
            Picture(
                figure, "Contributions to the portfolio's realised excess return over time", "The portfolio, over time."
            )
        )
    return tuple(parts)


def _loadings(contents: Contents) -> tuple[Part, ...]:
    table = contents.loadings.copy()
    rows = [f"{asset}, {factor}" for asset, factor in zip(table["asset"], table["factor"], strict=True)]
    table.index = pd.Index(rows)
    columns = [
        ("mean", "mean", "number"), ("lower", "lower", "number"), ("upper", "upper", "number"),
        ("least_squares", "least squares", "number"), ("shrinkage", "shrinkage", "number"),
    ]  # fmt: skip
    return (
        Picture(
            lambda: plot_shrinkage(contents.fit),
            "Loadings by least squares and by the posterior, against the length of each asset's history",
            "From the tick (least squares on the asset's own returns) to the dot (posterior mean). Short histories "
            "lean on their group.",
        ),
        TablePart(
            plain(table, "asset, factor", columns), "loading-table",
            f"Loadings: posterior mean, ends of the {contents.interval}, least squares, and shrinkage from 0 (its own "
            "returns speak) to 1 (the prior does).",
            "assets or factors",
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
            lambda: plot_premia(contents.identification, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
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


def _data(contents: Contents) -> tuple[Part, ...]:
    described = contents.description
    warnings = tuple(f"{row.series}: {row.text}" for row in described.warnings.itertuples())
    assets = [
        ("group", "group", "text"), ("first", "first", "text"), ("last", "last", "text"),
        ("periods", "periods", "count"), ("done", "what was done", "text"),
    ]  # fmt: skip
    factors = [
        ("family", "family", "text"), ("traded", "traded", "text"), ("transform", "transform", "text"),
        ("lag", "lag", "count"), ("first", "first", "text"), ("last", "last", "text"), ("periods", "periods", "count"),
        ("done", "what was done", "text"),
    ]  # fmt: skip
    return (
        Text(described.panel),
        Heading("What looked wrong"),
        Listing(warnings) if warnings else Text("Nothing looked wrong."),
        Heading("Factors"),
        TablePart(
            plain(described.factors, "factor", factors), "factor-data", "How factors were integrated.", "factors"
        ),
        Heading("Assets"),
        TablePart(plain(described.assets, "asset", assets), "asset-data", "How assets were integrated.", "assets"),
    )


def _trust(contents: Contents) -> tuple[Part, ...]:
    checks = contents.checks
    rows = tuple((Cell(c.name), *_check(c)) for c in checks.checks)
    heads = (
        Head("check", False),
        Head("result", False),
        Head("value"),
        Head("limit"),
        Head("worst", False),
        Head("what to do", False),
    )
    verdict = "The sampler's checks passed." if checks.ok else "Checks FAILED: do not use the numbers of this report."
    means = [
        ("periods", "periods", "count"), ("sample_mean", "earned", "percent"), ("implied_mean", "implied", "percent"),
        ("gap_in_errors", "gap, standard errors", "number"), ("prob_tails", "P(tails this heavy)", "chance"),
    ]  # fmt: skip
    pictures: list[Part] = []
    if contents.fit.posterior.sizes["chain"] > 1:
        ranks = partial(plot_check, contents.fit, "rank")
        pictures.append(Picture(ranks, "Ranks of each chain", RANKS))
    energy = partial(plot_check, contents.fit, "energy")
    pictures.append(Picture(energy, "Energy of the sampler", "The two should look alike."))
    if isinstance(contents.fit.panel, Panel):
        caption = "Returns as observed, beside replicated ones: where they part, the noise law is wrong."
        pictures.append(Picture(partial(plot_check, contents.fit), "Observed and replicated returns", caption))
    return (
        Text(f"{verdict} Checks of how the model suits the data only inform."),
        TablePart(Grid(heads, rows), "checks", "Every check, its limit, and what to do.", "checks"),
        *pictures,
        Heading("Means and tails, asset by asset"),
        TablePart(
            plain(checks.assets, "asset", means), "means", "Mean excess return a year, earned and implied.", "assets"
        ),
    )


def _check(check: Check) -> tuple[Cell, ...]:
    number = Cell(f"{check.value:.4g}", float(check.value))
    limit = Cell(f"{check.limit:.4g}", float(check.limit))
    beyond = check.passed is False or (check.passed is None and check.value > check.limit)
    return Cell(WORDS[check.passed]), number, limit, Cell(check.worst), Cell(check.advice if beyond else "")


def _model(contents: Contents) -> tuple[Part, ...]:
    fit = contents.fit
    return (Text(f"Model '{fit.model.name}', fingerprint {fit.model_id}."), Code(fit.model_text, "The model file"))


def _again(contents: Contents) -> tuple[Part, ...]:
    fit, sampler = contents.fit, contents.fit.sampler
    drawn = [field for field in fields(sampler) if field.name not in ("cores", "progress")]  # draws depend on no other
    settings = ", ".join(f"{field.name}={getattr(sampler, field.name)!r}" for field in drawn)
    held = "" if contents.weights is None else f", portfolio={contents.weights.to_dict()!r}"
    steps = (
        "import bayesfactor as bf\n\n"
        f'fit = bf.fit(panel, "model.toml", bf.Sampler({settings}))\n'
        f'bf.write_report(fit, "report.html"{held}, ci_prob={contents.ci_prob!r}, ci_kind={contents.ci_kind!r})\n'
    )
    versions = tuple(f"{name} {version}" for name, version in fit.versions.items())
    return (
        Text("With the model above saved as model.toml, and the panel described above:"),
        Code(steps, "Python that makes this report again"),
        Text(f"Fingerprint of the model {fit.model_id}, of the panel {fit.panel.fingerprint}; made with:"),
        Listing(versions),
    )
