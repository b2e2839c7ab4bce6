"""The sections on the data, the checks, the model and how to make a report again: why to believe the others."""

import shlex
from dataclasses import fields
from functools import partial

import numpy as np

from bayesfactor.analysis.scenarios.scenario_files import scenarios_text
from bayesfactor.panel.panel import Panel
from bayesfactor.plots.checks import check_chart
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.diagnostics import CANNOT, Check
from bayesfactor.posterior.fit import OWN_GRAPH, Fit
from bayesfactor.posterior.misfit import NO_LAW
from bayesfactor.reporting.content.book_again import book_call, book_file, book_options
from bayesfactor.reporting.content.cautions import row_of
from bayesfactor.reporting.content.contents import Contents, unknown_model
from bayesfactor.reporting.content.grids import Column, plain
from bayesfactor.reporting.content.parts import (
    Cell,
    Code,
    Fold,
    Grid,
    Head,
    Heading,
    Listing,
    Part,
    Picture,
    TablePart,
    Text,
)
from bayesfactor.spec.causal_graph_files import causal_graph_text

RANKS = (
    "Of at most 12 quantities, those on which chains agree least. p is that of ArviZ's test that they agree; points "
    "are marked where it is below 1 %, as of many quantities a few are by chance."
)
ENERGY = "Where its changes are far narrower than the energy itself, chains are slow to reach the whole posterior."
MEANS = (
    "Mean excess return a year: of the sample, with its standard error; the premium of this report, and sample mean "
    "less premium in standard errors; as implied by alpha and loadings with what the factors did on the asset's dates, "
    "and sample mean less that in standard errors of the mean residual. Variance: of residuals, implied over sample's."
)
PAIRS = (
    "Correlations of two assets' residuals that are furthest from the model on as many common dates, the most extreme "
    "of all pairs, with 90 % intervals (Fisher's z), each for one pair alone; and the model's own: 0 without residual "
    "factors."
)
NOT_AGAIN = (
    "The fit itself cannot be made again from this report or from the saved fit: that takes the changed PyMC model, "
    "which only the program of its author holds."
)
WORDS = {True: "passed", False: "FAILED", None: "for information"}


def data(contents: Contents) -> tuple[Part, ...]:
    """Return how the data were integrated, and what looked wrong."""
    described = contents.description
    warnings = tuple(f"{row.series}: {row.text}" for row in described.warnings.itertuples())
    assets: list[Column] = [
        ("group", "group", "text"), ("first", "first", "text"), ("last", "last", "text"),
        ("periods", "periods", "count"), *_effective(contents), ("done", "what was done", "text"),
    ]  # fmt: skip
    factors: list[Column] = [
        ("family", "family", "text"), ("traded", "traded", "text"), ("transform", "transform", "text"),
        ("lag", "lag", "count"), ("first", "first", "text"), ("last", "last", "text"), ("periods", "periods", "count"),
        ("done", "what was done", "text"),
    ]  # fmt: skip
    of_assets = TablePart(
        plain(described.assets, "asset", assets), "asset-data", "How assets were integrated.", "assets"
    )
    return (
        Text(described.panel),
        Heading("What looked wrong"),
        Listing(warnings) if warnings else Text("Nothing looked wrong."),
        Heading("Factors"),
        TablePart(
            plain(described.factors, "factor", factors), "factor-data", "How factors were integrated.", "factors"
        ),
        Fold(f"How {len(described.assets)} assets were integrated", (of_assets,)),
    )


def _effective(contents: Contents) -> list[Column]:
    """Return the column of effective numbers of returns, where the model weights them."""
    return [] if contents.fit.design.weight is None else [("effective", "effective periods", "count")]


def trust(contents: Contents) -> tuple[Part, ...]:
    """Return every check, with what to do."""
    checks = contents.checks
    rows = tuple((Cell(c.name, id=row_of(number)), *_check(c)) for number, c in enumerate(checks.checks))
    names = ("check", "result", "value", "limit", "worst", "what to do")
    heads = tuple(Head(name, name in ("value", "limit")) for name in names)
    failed = f"Checks FAILED: do not use the {checks.unusable} of this report."
    told = [check.exceeds_limit for check in checks.checks if check.passed is None]
    notes = f"Of {len(told)} checks that only inform, {sum(told) or 'none'} are beyond their limits."
    means: list[Column] = [
        ("periods", "periods", "count"), *_effective(contents), ("sample_mean", "sample mean", "percent"),
        ("sample_se", "standard error", "percent"), ("premium", "premium", "percent"),
        ("gap_in_errors", "gap, se", "number"), ("implied_mean", "implied mean", "percent"),
        ("implied_gap", "gap, se of residual", "number"), ("variance_ratio", "variance, ratio", "number"),
        ("prob_tails", "P(tails this heavy)", "chance"),
    ]  # fmt: skip
    pairs: list[Column] = [
        ("other", "and", "text"),
        ("correlation", "correlation", "number"),
        ("lower", "lower", "number"),
        ("upper", "upper", "number"),
        ("periods", "periods", "count"),
        ("model", "the model's", "number"),
    ]
    units = dict.fromkeys(("sample_mean", "sample_se", "premium", "implied_mean"), "sample_se")
    return (
        Text(f"{'No check failed.' if checks.ok else failed} {notes}"),
        TablePart(Grid(heads, rows), "checks", "Every check, its limit, and what to do.", "checks"),
        *_pictures(contents),
        Fold(
            "Means and tails, asset by asset",
            (TablePart(plain(checks.assets, "asset", means, units), "means", MEANS, "assets"),),
        ),
        Fold(
            "Largest residual correlations",
            (TablePart(plain(checks.pairs.set_index("asset"), "asset", pairs), "pairs", PAIRS, "pairs"),),
        ),
    )


def _pictures(contents: Contents) -> list[Part]:
    """Return the figures that the fit has what it needs for, and why others are not there."""
    fit, parts, chains = contents.fit, list[Part](), list[Part]()
    if fit.posterior.sizes["chain"] > 1:
        chains.append(Picture(partial(check_chart, fit, "rank"), "Ranks of each chain", RANKS))
    stats = fit.data.children.get("sample_stats")
    if stats is not None and "energy" in stats:
        chains.append(Picture(partial(check_chart, fit, "energy"), "Energy of the sampler", ENERGY))
    lost = NO_LAW if fit.noise is None else of_posterior(fit).unknown
    if isinstance(fit.panel, Panel) and lost:
        parts.append(Text(f"Observed beside replicated returns. {CANNOT}{lost}."))
    elif isinstance(fit.panel, Panel):
        caption = (
            "How many returns were of which size, as observed and in panels replicated by the fit: where the line is "
            "outside the band in more sizes than by chance, or far, the noise law is wrong."
        )
        parts.append(Picture(partial(check_chart, fit), "Observed and replicated returns", caption))
    return [*parts, Fold("Chains and the sampler's steps", tuple(chains))] if chains else parts


def _check(check: Check) -> tuple[Cell, ...]:
    return (
        Cell("not computed" if check.uncomputed else WORDS[check.passed], mark="bad" if check.passed is False else ""),
        Cell(f"{check.value:.4g}" if np.isfinite(check.value) else "", float(check.value)),
        Cell(f"{check.limit:.4g}", float(check.limit)),
        Cell(check.worst),
        Cell(check.advice if check.exceeds_limit or check.uncomputed else ""),
    )


def model(contents: Contents) -> tuple[Part, ...]:
    """Return the model as text."""
    fit = contents.fit
    if fit.model is None:
        return (Text(f"{unknown_model(fit)} What needs its priors or its noise law is not computed."),)
    return (Text(f"Model '{fit.model.name}', fingerprint {fit.model_id}."), Code(fit.model_text, "The model file"))


def again(contents: Contents) -> tuple[Part, ...]:
    """Return one command that makes the report again from the saved fit, and Python that makes the fit again too."""
    fit, held = contents.fit, contents.weights is not None
    options = ["--title", contents.title, "--ci", repr(contents.ci_prob), "--ci-kind", contents.ci_kind]
    options += ["--portfolio", "weights.csv"] if held else book_options(contents.book)
    options += ["--scenarios", "scenarios.toml"] if contents.scenarios else []
    options += ["--forecast", str(contents.ahead.periods)] if contents.ahead is not None else []
    options += [text for year in contents.chosen for text in ("--year", str(year))]
    others = {} if contents.models is None else contents.models.others
    options += ["--causes", "graph.toml"] if contents.causes is not None else []
    options += [text for name in others for text in ("--other", _file(name))]
    options += ["--previous", "previous.nc"] if contents.previous is not None else []
    whole = fit.sampler is not None and fit.model is not None
    saved = "the data, the model and the settings" if whole else "the data and the draws"
    model = f"the model {fit.model_id}, of " if fit.model is not None else ""
    files: list[Part] = book_file(contents.book)
    if contents.weights is not None:
        table = contents.weights.rename_axis("asset").to_csv()
        files = [Text("The weights, as weights.csv:"), Code(table, "The file of weights")]
    if contents.scenarios:
        table = scenarios_text(one.scenario for one in contents.scenarios)
        files += [Text("The scenarios, as scenarios.toml:"), Code(table, "The file of scenarios")]
    if contents.causes is not None:
        table = causal_graph_text(contents.causes.graph)
        files += [Text("The causal graph, as graph.toml:"), Code(table, "The file of the causal graph")]
    if others:
        saved_as = (f"{_file(name)}: {_identity(other)}" for name, other in others.items())
        files += [Text("The other fits, saved under their names:"), Listing(tuple(saved_as))]
    if contents.previous is not None:
        files.append(Text(f"The earlier fit, saved as previous.nc: {_identity(contents.previous)}"))
    return (
        *files,
        Text(f"From the saved fit, which holds {saved}:"),
        Code(shlex.join(["bayesfactor", "report", "run.nc", "-o", "report.html", *options]), "The command"),
        *_sampled_again(contents),
        Text(f"Fingerprint of {model}the panel {fit.panel.fingerprint}; made with:"),
        Listing(tuple(f"{name} {version}".strip() for name, version in fit.versions.items())),
    )


def _file(name: str) -> str:
    """Return the file of a fit; fits of one name in several folders are named by their paths."""
    return name if name.endswith(".nc") else f"{name}.nc"


def _identity(fit: Fit) -> str:
    """Return by which fingerprints a fit is known again."""
    model = f"model {fit.model_id}" if fit.model is not None else "draws of a model that is not known"
    return f"{model}, panel {fit.panel.fingerprint}"


def _sampled_again(contents: Contents) -> tuple[Part, ...]:
    """Return Python that samples the fit again; of an own graph why it cannot, nothing of another program's draws."""
    fit, weights = contents.fit, contents.weights
    if fit.engine == OWN_GRAPH:
        return (Text(NOT_AGAIN),)
    if fit.sampler is None or fit.model is None:
        return ()
    drawn = [field for field in fields(fit.sampler) if field.name not in ("cores", "progress")]  # draws need no other
    settings = ", ".join(f"{field.name}={getattr(fit.sampler, field.name)!r}" for field in drawn)
    engine = f", engine={fit.engine!r}" if fit.engine else ""
    held = f"    portfolio={weights.to_dict()!r},\n" if weights is not None else ""
    held += book_call(contents.book)
    held += '    scenarios=bf.read_scenarios("scenarios.toml"),\n' if contents.scenarios else ""
    held += f"    forecast={contents.ahead.periods},\n" if contents.ahead is not None else ""
    held += f"    years={list(contents.chosen)},\n" if contents.chosen else ""
    held += '    causes="graph.toml",\n' if contents.causes is not None else ""
    held += '    previous=bf.open_fit("previous.nc"),\n' if contents.previous is not None else ""
    if contents.models is not None:
        opened = ", ".join(f"{name!r}: bf.open_fit({_file(name)!r})" for name in contents.models.others)
        held += f"    others={{{opened}}},\n"
    steps = (
        "import bayesfactor as bf\n\n# panel: what bf.integrate made of the data, or the saved fit's .panel\n"
        f'fit = bf.fit(panel, "model.toml", bf.Sampler({settings}){engine})\n'
        'fit.save("run.nc")\n'
        f'bf.write_report(\n    fit,\n    "report.html",\n{held}    title={contents.title!r},\n'
        f"    ci_prob={contents.ci_prob!r},\n    ci_kind={contents.ci_kind!r},\n)\n"
    )
    return (
        Text("From the data, with the model above saved as model.toml:"),
        Code(steps, "Python that makes the fit and this report again"),
    )
