"""The command that writes a report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayesfactor.cli.options import (
    Accounted,
    At,
    IntervalKind,
    Probability,
    Rate,
    Run,
    Volatility,
    check_output,
    warn_and_exit,
)


def report(
    run: Run,
    output: Annotated[Path, typer.Option("--output", "-o", help="An .html, .md, .pdf or .xlsx file.")] = Path(
        "report.html"
    ),
    portfolio: Annotated[
        Path | None, typer.Option(help="CSV: columns asset and weight, or a book of options; the report is about it.")
    ] = None,
    volatility: Volatility = None,
    rate: Rate = None,
    accounted: Accounted = "usd",
    at: At = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    ci: Probability = 0.9,
    ci_kind: Annotated[
        IntervalKind, typer.Option(help="Equal-tailed (eti) or highest-density (hdi) intervals.")
    ] = IntervalKind.eti,
    scenarios: Annotated[
        Path | None, typer.Option(help="TOML file of named scenarios; the report says what they do.")
    ] = None,
    forecast: Annotated[
        int | None, typer.Option(help="Periods ahead; the report says where returns over them may fall.")
    ] = None,
    year: Annotated[
        list[int] | None,
        typer.Option(help="Calendar year; the report says what every asset earned in it; as often as needed."),
    ] = None,
    other: Annotated[
        list[Path] | None,
        typer.Option(help="Saved fit of another model to the same returns, under its file's name; as often as needed."),
    ] = None,
    causes: Annotated[
        Path | None, typer.Option(help="TOML file of a causal graph; the report says what each loading may be read as.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="An earlier saved fit of the same assets; the report says what changed since.")
    ] = None,
    theme: Annotated[Path | None, typer.Option(help="TOML file with a name, a logo and a colour.")] = None,
) -> None:
    """Write a report for a reader who does not run Python."""
    from bayesfactor.analysis.scenarios.scenario_files import read_scenarios
    from bayesfactor.cli.comparison import named
    from bayesfactor.cli.input import read_portfolio
    from bayesfactor.cli.interrupts import wrote
    from bayesfactor.posterior.fit import open_fit
    from bayesfactor.reporting.formats.theme import read_theme
    from bayesfactor.reporting.writing import write_report
    from bayesfactor.spec.causal_graph_files import read_causal_graph

    check_output(output)
    held = read_portfolio(portfolio, volatility, rate, accounted, at)
    result = open_fit(run)
    asked = () if scenarios is None else read_scenarios(scenarios)
    named([run, *(other or [])], "report --other")
    others = {name: open_fit(path) for name, path in named(other or [], "report --other").items()}
    choices: dict[str, Any] = {
        "title": title,
        "ci_prob": ci,
        "ci_kind": ci_kind.value,
        "scenarios": asked,
        "forecast": forecast,
        "years": tuple(year or ()),
        "others": others,
        "causes": None if causes is None else read_causal_graph(causes),
        "theme": None if theme is None else read_theme(theme),
        "previous": None if previous is None else open_fit(previous),
    }
    written = write_report(result, output, portfolio=held, **choices)
    print(f"Wrote {wrote(written)}")
    warn_and_exit(result.problems)
