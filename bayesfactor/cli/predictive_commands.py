"""The commands about returns that are still to come: which model predicts them, what if, and what then."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bayesfactor.cli.options import Portfolio, Probability, Run, Table, check_output, exit_status, warn_and_exit


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN.nc ...", help="Saved fits of the same data.")],
    csv: Table = None,
) -> None:
    """Compare models by how well each predicts periods that it has not seen."""
    from bayesfactor.analysis.comparison.model_comparison import compare as run_compare
    from bayesfactor.cli.comparison import named, show_comparison
    from bayesfactor.cli.output import write_csv
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    found = run_compare({name: open_fit(path) for name, path in named(runs, "compare").items()})
    show_comparison(found)
    if csv is not None:
        write_csv(found.table(), csv)
    for name, problems in found.problems.items():
        if problems:
            print(f"Warning: {name}: {'; '.join(problems)}.", file=sys.stderr)
    exit_status(not any(found.problems.values()))


def stress(
    run: Run,
    shock: Annotated[
        list[str] | None, typer.Option(help="FACTOR=VALUE, decimal, or FACTOR=-4sd; once for each shocked factor.")
    ] = None,
    scenarios: Annotated[Path | None, typer.Option(help="TOML file of named scenarios.")] = None,
    periods: Annotated[int, typer.Option(help="Periods of the panel over which the shocks happen.")] = 1,
    others: Annotated[
        str, typer.Option(help="What the other factors do: expected (given the shocked ones) or unchanged.")
    ] = "expected",
    portfolio: Portfolio = None,
    below: Annotated[float | None, typer.Option(help="Show the probability of a return below this.")] = None,
    ci: Probability = 0.9,
    csv: Table = None,
) -> None:
    """Show what assets and a portfolio earn if factors are shocked, and how plausible that is."""
    from bayesfactor.analysis.scenarios.stress import stress as run_stress
    from bayesfactor.cli.input import read_weights
    from bayesfactor.cli.output import write_csv
    from bayesfactor.cli.stress import read_shocks, show_stress, whole_table
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    asked = read_shocks(shock or [], scenarios, periods)
    choices: dict[str, Any] = {
        "others": others,
        "portfolio": None if portfolio is None else read_weights(portfolio),
    }
    result, found = open_fit(run), []
    for number, scenario in enumerate(asked):
        found.append(run_stress(result, scenario, **choices))
        print("\n" * (number > 0), end="")
        show_stress(found[-1], ci, below)
    if csv is not None:
        write_csv(whole_table(found, ci), csv)
    warn_and_exit(result.problems)


def forecast(
    run: Run,
    periods: Annotated[int, typer.Option(help="Periods of the panel over which returns are compounded.")] = 1,
    portfolio: Portfolio = None,
    below: Annotated[float | None, typer.Option(help="Show the probability of a return below this.")] = None,
    ci: Probability = 0.9,
    csv: Table = None,
) -> None:
    """Show where the returns of assets and a portfolio may fall over the periods ahead."""
    from bayesfactor.analysis.scenarios.forecast import forecast as run_forecast
    from bayesfactor.cli.forecast import forecast_table, show_forecast
    from bayesfactor.cli.input import read_weights
    from bayesfactor.cli.output import write_csv
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    weights = None if portfolio is None else read_weights(portfolio)
    found = run_forecast(open_fit(run), periods, weights, paths=())
    table = forecast_table(found, below, ci)
    show_forecast(table, below)
    if csv is not None:
        write_csv(table, csv)
    warn_and_exit(found.problems)
