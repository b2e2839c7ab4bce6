"""The command that writes a report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bayesfactor.cli.options import IntervalKind, Probability, Run, check_output, warn_and_exit


def report(
    run: Run,
    output: Annotated[Path, typer.Option("--output", "-o", help="An .html, .md or .pdf file.")] = Path("report.html"),
    portfolio: Annotated[
        Path | None, typer.Option(help="CSV: columns asset and weight; the report is about this portfolio.")
    ] = None,
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
    other: Annotated[
        list[Path] | None,
        typer.Option(help="Saved fit of another model to the same returns, under its file's name; as often as needed."),
    ] = None,
) -> None:
    """Write a report for a reader who does not run Python."""
    from bayesfactor.analysis.scenarios.scenario_files import read_scenarios
    from bayesfactor.cli.comparison import named
    from bayesfactor.cli.input import read_weights
    from bayesfactor.cli.interrupts import wrote
    from bayesfactor.posterior.fit import open_fit
    from bayesfactor.reporting.writing import write_report

    check_output(output)
    weights = None if portfolio is None else read_weights(portfolio)
    result = open_fit(run)
    asked = () if scenarios is None else read_scenarios(scenarios)
    others = {name: open_fit(path) for name, path in named(other or [], "report --other").items()}
    choices: dict[str, Any] = {
        "title": title,
        "ci_prob": ci,
        "ci_kind": ci_kind.value,
        "scenarios": asked,
        "forecast": forecast,
        "others": others,
    }
    written = write_report(result, output, portfolio=weights, **choices)
    print(f"Wrote {wrote(written)}")
    warn_and_exit(result.problems)
