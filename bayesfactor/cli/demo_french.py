"""The example on real data: Ken French portfolios and four traded factors."""

from pathlib import Path

import pandas as pd

from bayesfactor.analysis.assessment.checks import check
from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.cli.interrupts import wrote
from bayesfactor.cli.output import (
    command,
    head,
    interval_name,
    percent,
    probability,
    say,
    show_moves,
    show_panel,
    show_rows,
    show_timings,
    show_wide,
)
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.reporting.writing import write_report
from bayesfactor.sampling.fitting import fit as run_fit

SHOWN = ("S1V1", "S1V5", "S5V5", "S1M1", "S1M5", "Utils", "BusEq", "Hlth")
MIX = {"S1V5": 0.4, "S1M5": 0.3, "Utils": 0.3}


def show(sampler: Sampler, output: Path) -> bool:
    """Run the example and return whether the fit passed its checks."""
    data = french_monthly()
    head("1. The data")
    say(f"Source: {data.source}.")
    panel = data.panel()
    show_panel(panel)
    say(
        "Thirty US stock portfolios: by industry, by size and value, by size and momentum. Which of four "
        "factors (market, size SMB, value HML, momentum UMD) earn the risk premium of each portfolio, and how "
        "much does each contribute?"
    )
    head("2. The fit")
    say(
        "Model 'hierarchical', the default: loadings are partially pooled within groups, and alphas are shrunk "
        "towards zero. Volatility may move, as far as the data say so. What the portfolios share beside the four "
        "factors is in residual factors, as many as residuals show. "
        "The first fit on a machine takes up to a minute to compile; later ones do not."
    )
    result = run_fit(panel, "hierarchical", sampler)
    show_timings(result)
    show_moves(result)
    head("3. Convergence and model checks")
    report = check(result)
    print(report)
    _show_premia(result)
    _show_portfolio(result)
    _show_risk(result)
    _save(result, output)
    return report.ok


def _show_premia(fit: Fit) -> None:
    table = attribute(fit, "premium").table()
    head("4. Which factors earn each portfolio's risk premium")
    say(
        "Loadings times long-run premia. Per cent a year above the Treasury bill; "
        f"below each posterior mean its {interval_name(table)} interval."
    )
    print()
    show_wide(table, SHOWN)
    print()
    value, growth = (_cell(table, name, "HML") for name in ("S1V5", "S1V1"))
    say(
        f"Read a row from left to right: for small value stocks (S1V5) the market contributes about "
        f"{percent(_cell(table, 'S1V5', 'MktRF')['mean'])} % a year and value (HML) {percent(value['mean'])} %, "
        f"with an interval from {percent(value['lower'])} to {percent(value['upper'])} %. For small growth "
        f"stocks (S1V1) HML contributes {percent(growth['mean'])} %."
    )
    alphas = table[table["source"] == "alpha"]
    clear = alphas[(alphas["lower"] > 0) | (alphas["upper"] < 0)]
    names = ", ".join(f"{row['asset']} ({percent(row['mean'])} %)" for row in clear.to_dict("records"))
    say(
        f"alpha is the part that no factor explains. Its interval excludes zero for {len(clear)} of {len(alphas)} "
        f"portfolios{': ' + names if names else ''}."
    )


def _cell(table: pd.DataFrame, asset: str, source: str) -> pd.Series:
    return table[(table["asset"] == asset) & (table["source"] == source)].iloc[0]


def _show_portfolio(fit: Fit) -> None:
    table = attribute(fit, "premium", portfolio=MIX).table()
    head("5. A portfolio of your own")
    weights = ", ".join(f"{100 * weight:g} % {name}" for name, weight in MIX.items())
    say(
        f"{weights}. Its draws are the weighted sums of its parts, so that its intervals account for their correlation."
    )
    print()
    show_wide(table, ["portfolio"])
    total = _cell(table, "portfolio", "total")
    print()
    say(f"The probability that its premium is positive is {probability(total['prob_positive'])}.")


def _show_risk(fit: Fit) -> None:
    found = attribute(fit, "variance")
    table = found.share_table(above=0.5)
    head("6. Sources of risk")
    say(
        "Share of each portfolio's variance, at the volatility of the next month, April 2017; in a calmer or "
        f"wilder one they differ. Per cent; below each posterior mean its {interval_name(table)} interval."
    )
    print()
    show_wide(table[table["source"] != "total"], SHOWN)
    own = table[table["source"] == "idiosyncratic"].sort_values("mean", ascending=False)
    print()
    say(
        "A factor's share is negative where it offsets the others. The idiosyncratic share is the "
        "portfolio's own risk. It is largest for these portfolios:"
    )
    print()
    rows = [
        [row["asset"], percent(row["mean"]), probability(row["prob_above"])] for row in own.head(5).to_dict("records")
    ]
    show_rows(["", "idiosyncratic share, %", "P(share > 50 %)"], rows)


def _save(fit: Fit, output: Path) -> None:
    saved = wrote(fit.save(output))
    written = wrote(write_report(fit, output.with_suffix(".html"), portfolio=MIX))
    head("7. Files written")
    say(
        f"The report, for a browser: {written.absolute()}",
        f"The fit: {saved}. Try:",
        f"  {command()} attribute {saved} --by family",
        f"  {command()} attribute {saved} --kind variance --csv risk.csv",
        f"  {command()} price {saved}  (predicted and realised mean returns)",
        f"  {command()} models hierarchical > mine.toml  (a starting point for a model of your own)",
        f"  {command()} demo --data crypto  (simulated tokens: true values beside intervals)",
    )
