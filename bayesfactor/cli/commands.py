"""The commands; heavy libraries are imported when a command runs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from bayesfactor.cli.causal_command import causes
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
    Zone,
    check_output,
    exit_status,
    warn_and_exit,
)
from bayesfactor.cli.predictive_commands import compare, forecast, score, stress
from bayesfactor.cli.report_command import report

if TYPE_CHECKING:
    from bayesfactor.posterior.fit import Fit

app = typer.Typer(
    help="Which factors earn an asset's risk premium, how much each contributes, and how certain that is.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Market(StrEnum):
    """The data of the demonstration."""

    french = "french"
    crypto = "crypto"


def _show_version(wanted: bool) -> None:
    if wanted:
        from bayesfactor.base.version import __version__

        print(f"bayesfactor {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    data: Annotated[
        Market, typer.Option(help="Real portfolios, or a simulated market whose parameters are known.")
    ] = Market.french,
    output: Annotated[Path, typer.Option("--output", "-o", help="The fit is saved here.")] = Path("demo.nc"),
    draws: Draws = 1000,
    tune: Tune = 300,
) -> None:
    """Run an example from data to a table of what each factor contributes."""
    from bayesfactor.posterior.sampler import Sampler

    check_output(output)
    check_output(output.with_suffix(".html"))  # the report
    sampler = Sampler(draws=draws, tune=tune, seed=1)
    match data:
        case Market.french:
            from bayesfactor.cli.demo_french import show
        case Market.crypto:
            from bayesfactor.cli.demo_crypto import show
        case _:
            assert_never(data)
    exit_status(show(sampler, output))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="Print this preset's file.")] = None,
) -> None:
    """List the presets, or print one as a starting point for a model file of your own."""
    from bayesfactor.base.errors import unknown
    from bayesfactor.spec.files import list_models, preset_folder

    if name is None:
        from bayesfactor.cli.output import show_models

        paths = {preset: preset_folder() / f"{preset}.toml" for preset in list_models()}
        show_models({preset: path.read_text(encoding="utf-8") for preset, path in paths.items()})
    elif name in list_models():
        print((preset_folder() / f"{name}.toml").read_text(encoding="utf-8"), end="")
    else:
        raise unknown("model", name, list_models(), place="models")


@app.command()
def fit(
    returns: Returns,
    factors: Factors,
    output: Annotated[Path, typer.Option("--output", "-o", help="The fit is saved here.")],
    info: Info = None,
    assets: Assets = None,
    risk_free: RiskFree = None,
    model: Annotated[str, typer.Option(help="A preset, or a model file.")] = "hierarchical",
    calendar: Calendar = "auto",
    units: Units = "decimal",
    prices: Prices = False,
    zone: Zone = None,
    draws: Draws = 1000,
    tune: Tune = 300,
    chains: Chains = 4,
    seed: Seed = 1,
) -> None:
    """Fit a model to returns and factors, check it and save it."""
    from bayesfactor.cli.input import read_info, read_panel
    from bayesfactor.cli.interrupts import wrote
    from bayesfactor.cli.output import command, show_panel, show_timings
    from bayesfactor.posterior.sampler import Sampler
    from bayesfactor.sampling.fitting import fit as run_fit
    from bayesfactor.spec.files import read_model

    check_output(output)
    sampler = Sampler(draws=draws, tune=tune, chains=chains, seed=seed)
    chosen = read_model(model)
    known = (read_info(info), read_info(assets))
    panel = read_panel((returns, factors, risk_free), known, calendar=calendar, units=units, prices=prices, zone=zone)
    show_panel(panel)
    result = run_fit(panel, chosen, sampler)
    saved = wrote(result.save(output))
    show_timings(result)
    converged = _show_check(result)
    print(f"\nSaved {saved}. Attribute the risk premium of each asset: {command()} attribute {saved}")
    exit_status(converged)


def _show_check(result: "Fit") -> bool:
    """Print the checks, and return whether the sampler converged."""
    from bayesfactor.analysis.assessment.checks import check as run_check

    report = run_check(result)
    print(f"\n{report}")
    return report.ok


@app.command()
def check(run: Run) -> None:
    """Check convergence and model fit."""
    from bayesfactor.posterior.fit import open_fit

    result = open_fit(run)
    print(result)
    exit_status(_show_check(result))


@app.command()
def attribute(
    run: Run,
    kind: Annotated[str, typer.Option(help="premium, return or variance.")] = "premium",
    by: Annotated[
        str, typer.Option(help="factor, family, level or identification (how well the risk premia are identified).")
    ] = "factor",
    per: Annotated[str, typer.Option(help="asset or group.")] = "asset",
    portfolio: Portfolio = None,
    volatility: Volatility = None,
    rate: Rate = None,
    accounted: Accounted = "usd",
    at: At = None,
    ci: Probability = 0.9,
    csv: Table = None,
    allow_unconverged: Annotated[
        bool,
        typer.Option(
            "--allow-unconverged",
            help="Do not warn of draws that did not converge. Warnings of a model that does not fit are still shown.",
        ),
    ] = False,
) -> None:
    """Split each asset's risk premium, realised return or variance by source."""
    from bayesfactor.analysis.attribution.decomposition import attribute as run_attribute
    from bayesfactor.analysis.portfolio.portfolio_weights import weights_and_book
    from bayesfactor.cli.input import read_portfolio
    from bayesfactor.cli.output import show_attribution, write_csv
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    choices: dict[str, Any] = {"by": by, "per": per, "allow_unconverged": allow_unconverged}
    held = read_portfolio(portfolio, volatility, rate, accounted, at)
    found = run_attribute(open_fit(run), kind, portfolio=held, **choices)  # type: ignore[arg-type]
    table = found.share_table(ci_prob=ci) if kind == "variance" else found.table(ci_prob=ci)
    book = weights_and_book(held)[1]
    show_attribution(table, in_money=book is not None and book.in_money)
    if csv is not None:
        write_csv(table, csv)
    warn_and_exit(found.problems)


@app.command()
def premia(run: Run, ci: Probability = 0.9, csv: Table = None) -> None:
    """Show each factor's risk premium and whether the data identify it."""
    from bayesfactor.analysis.assessment.identification import identify
    from bayesfactor.cli.output import write_csv
    from bayesfactor.cli.premia import show_premia
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    result = open_fit(run)
    found = identify(result)
    table = found.table(ci_prob=ci)
    show_premia(table, result.panel, found.facts)
    if csv is not None:
        write_csv(table.reset_index(), csv)
    warn_and_exit(result.problems)


@app.command()
def price(run: Run, ci: Probability = 0.9, csv: Table = None) -> None:
    """Compare each asset's mean return predicted by the factors with the realised one."""
    from bayesfactor.analysis.assessment.pricing import price as run_price
    from bayesfactor.cli.output import write_csv
    from bayesfactor.cli.premia import price_table, show_pricing
    from bayesfactor.posterior.fit import open_fit

    if csv is not None:
        check_output(csv)
    result = open_fit(run)
    found = run_price(result)
    table = price_table(found, ci)
    show_pricing(table, found.r_squared_table(ci))
    if csv is not None:
        write_csv(table.reset_index(), csv)
    warn_and_exit(result.problems)


for _command in (compare, stress, forecast, score, causes, report):
    app.command()(_command)
