"""The commands about returns that a fit has not seen: which model predicts them, what if, what then, and how well."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bayesfactor.cli.options import (
    Accounted,
    Assets,
    At,
    Calendar,
    Chains,
    Draws,
    Factors,
    Info,
    Portfolio,
    Prices,
    Probability,
    Rate,
    Returns,
    RiskFree,
    Run,
    Seed,
    Table,
    Tune,
    Units,
    Volatility,
    Weights,
    Zone,
    check_output,
    exit_status,
    warn_and_exit,
)


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
    volatility: Volatility = None,
    rate: Rate = None,
    accounted: Accounted = "usd",
    at: At = None,
    below: Annotated[float | None, typer.Option(help="Show the probability of a return below this.")] = None,
    ci: Probability = 0.9,
    csv: Table = None,
) -> None:
    """Show what assets and a portfolio earn if factors are shocked, and how plausible that is."""
    from bayesfactor.analysis.scenarios.stress import stress as run_stress
    from bayesfactor.cli.books import write_positions
    from bayesfactor.cli.input import read_portfolio
    from bayesfactor.cli.output import write_csv
    from bayesfactor.cli.stress import read_shocks, show_stress, whole_table
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    asked = read_shocks(shock or [], scenarios, periods)
    choices: dict[str, Any] = {
        "others": others,
        "portfolio": read_portfolio(portfolio, volatility, rate, accounted, at),
    }
    result, found = open_fit(run), []
    for number, scenario in enumerate(asked):
        found.append(run_stress(result, scenario, **choices))
        print("\n" * (number > 0), end="")
        show_stress(found[-1], ci, below)
    if csv is not None:
        write_csv(whole_table(found, ci), csv)
        write_positions({one.scenario.name: one.book for one in found}, ci, csv)
    warn_and_exit(result.problems)


def forecast(
    run: Run,
    periods: Annotated[int, typer.Option(help="Periods of the panel over which returns are compounded.")] = 1,
    portfolio: Portfolio = None,
    volatility: Volatility = None,
    rate: Rate = None,
    accounted: Accounted = "usd",
    at: At = None,
    below: Annotated[float | None, typer.Option(help="Show the probability of a return below this.")] = None,
    ci: Probability = 0.9,
    csv: Table = None,
) -> None:
    """Show where the returns of assets and a portfolio may fall over the periods ahead."""
    from bayesfactor.analysis.scenarios.forecast import forecast as run_forecast
    from bayesfactor.analysis.scenarios.repriced_book import in_money
    from bayesfactor.cli.books import show_positions, write_positions
    from bayesfactor.cli.forecast import forecast_table, show_forecast
    from bayesfactor.cli.input import read_portfolio
    from bayesfactor.cli.output import write_csv
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    held = read_portfolio(portfolio, volatility, rate, accounted, at)
    found = run_forecast(open_fit(run), periods, held, paths=())
    table = forecast_table(found, below, ci)
    show_forecast(table, below, in_money=in_money(found.book))
    show_positions(found.book, ci)
    if csv is not None:
        write_csv(table, csv)
        write_positions({"": found.book}, ci, csv)
    warn_and_exit(found.problems)


def score(
    returns: Returns,
    factors: Factors,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the fits: the same command goes on where it ended.")
    ],
    model: Annotated[list[str] | None, typer.Option(help="A preset, or a model file; as often as needed.")] = None,
    first: Annotated[
        str | None, typer.Option(help="Date of the first return that is judged; by default the middle of the returns.")
    ] = None,
    every: Annotated[int | None, typer.Option(help="Periods from fit to fit; by default half a year.")] = None,
    periods: Annotated[int, typer.Option(help="Periods ahead, compounded.")] = 1,
    over: Annotated[str, typer.Option(help="The model that log scores are compared with.")] = "EWMA",
    info: Info = None,
    assets: Assets = None,
    risk_free: RiskFree = None,
    portfolio: Weights = None,
    calendar: Calendar = "auto",
    units: Units = "decimal",
    prices: Prices = False,
    zone: Zone = None,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    seed: Seed = 1,
    csv: Table = None,
) -> None:
    """Fit models to windows of the data, and score their forecasts by the returns that came after each."""
    from bayesfactor.analysis.comparison.scores import score as run_score
    from bayesfactor.cli.input import read_info, read_panel, read_weights
    from bayesfactor.cli.output import show_panel, write_csv
    from bayesfactor.cli.scores import failures, fit_windows, models_by_name, require_judge, show_scores, windows_of
    from bayesfactor.posterior.sampler import Sampler

    if csv is not None:
        check_output(csv)
    sampler = Sampler(draws=draws, tune=tune, chains=chains, seed=seed)
    models = models_by_name(model or ["hierarchical"])
    require_judge(over, models)
    weights = None if portfolio is None else read_weights(portfolio)
    known = (read_info(info), read_info(assets))
    panel = read_panel((returns, factors, risk_free), known, calendar=calendar, units=units, prices=prices, zone=zone)
    windows = windows_of(panel, first, every, periods, weights)
    show_panel(panel)
    fits = fit_windows(windows, models, sampler, output)
    held = None if weights is None else {"portfolio": weights}
    scores = run_score(fits, panel, periods, portfolios=held)
    show_scores(scores, periods, over)
    if csv is not None:
        write_csv(scores.table(), csv)
    said = failures(scores, fits)
    for line in said:
        print(f"Warning: {line}.", file=sys.stderr)
    exit_status(not said)
