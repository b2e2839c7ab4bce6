"""Options that commands share, the check of a file that is written, and the exit status."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

Returns = Annotated[Path, typer.Argument(help="CSV or Parquet: dates and one column per asset.")]
Factors = Annotated[Path, typer.Argument(help="CSV or Parquet: dates and one column per factor.")]
Info = Annotated[Path | None, typer.Option(help="CSV or TOML: per factor traded, family, transform, lag, aggregate.")]
Assets = Annotated[Path | None, typer.Option(help="CSV: columns asset and group.")]
RiskFree = Annotated[Path | None, typer.Option(help="Risk-free return per period, one column.")]
Calendar = Annotated[str, typer.Option(help="auto, daily, business, weekly, monthly, quarterly or annual.")]
Units = Annotated[str, typer.Option(help="Units of returns and traded factors: decimal or percent.")]
Prices = Annotated[bool, typer.Option("--prices", help="The RETURNS file holds prices.")]
Zone = Annotated[str | None, typer.Option(help="Time zone of the files' dates, such as America/New_York.")]
Chains = Annotated[int, typer.Option(help="Number of chains.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same draws.")]
Run = Annotated[Path, typer.Argument(metavar="RUN.nc", help="A saved fit.")]
Draws = Annotated[int, typer.Option(help="Draws to keep of each chain.")]
Tune = Annotated[int, typer.Option(help="Warm-up draws of each chain.")]
Probability = Annotated[float, typer.Option(help="Probability of the credible intervals (equal-tailed by default).")]
Table = Annotated[Path | None, typer.Option(help="Write the whole table to this CSV file.")]
Weights = Annotated[Path | None, typer.Option(help="CSV: columns asset and weight; adds the portfolio as one entry.")]
Portfolio = Annotated[
    Path | None,
    typer.Option(
        help="CSV: columns asset and weight; or a book of options, kind, underlying, quantity, strike, expiry, price, "
        "forward, settled, rate, index, at."
    ),
]
Volatility = Annotated[
    str | None, typer.Option(help="Factor with which the implied volatilities of a book of options move.")
]
Rate = Annotated[str | None, typer.Option(help="Factor with which the rates of a book of options move.")]
Accounted = Annotated[str, typer.Option(help="What a book of options gains in: usd, or coin, units of its underlying.")]
At = Annotated[
    str | None, typer.Option(help="When the marks of a book of options were taken, UTC; by default as its file says.")
]


class IntervalKind(StrEnum):
    """The kinds of intervals."""

    eti = "eti"
    hdi = "hdi"


def check_output(path: Path) -> None:
    """Raise a DataError if a file cannot be written, before time is spent on computing its content."""
    from bayesfactor.base.errors import DataError
    from bayesfactor.base.files import require_writable

    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise DataError(f"'{path}' {what}.", series=path.name, remedy="Give the path of a file to write.")
    if path.exists() and not path.is_file():  # a device or a pipe
        return
    try:
        require_writable(path.absolute().parent)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise DataError(
            f"'{path}' cannot be written: {reason}.",
            series=path.name,
            remedy="Give a path in a folder that you may write to.",
        ) from None


def exit_status(converged: bool) -> NoReturn:
    """Leave with the exit status of a fit that converged, or did not."""
    raise typer.Exit(0 if converged else 1)


def warn_and_exit(problems: tuple[str, ...]) -> NoReturn:
    """Leave with the exit status of a fit, and say on stderr what is wrong with it."""
    if problems:
        from bayesfactor.posterior.diagnostics import misfits, said

        what = "the fit did not converge: " if len(misfits(problems)) < len(problems) else ""
        print(f"Warning: {what}{said(problems)}.", file=sys.stderr)
    exit_status(not problems)
