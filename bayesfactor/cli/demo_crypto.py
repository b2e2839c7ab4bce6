"""The example on a simulated crypto market: true values beside intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.checks import check
from bayesfactor.analysis.assessment.identification import Identification, identify, risk_premia
from bayesfactor.analysis.attribution.decomposition import attribute
from bayesfactor.cli.interrupts import wrote
from bayesfactor.cli.output import (
    command,
    covered,
    head,
    interval_name,
    percent,
    say,
    show_moves,
    show_panel,
    show_rows,
    show_timings,
)
from bayesfactor.data.datasets.french import crypto_simulated
from bayesfactor.data.datasets.simulation import Truth
from bayesfactor.posterior.accessors import loadings
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.writing import write_report
from bayesfactor.sampling.fitting import fit as run_fit

USELESS = "hash_rate"


def show(sampler: Sampler, output: Path) -> bool:
    """Run the example and return whether the fit passed its checks."""
    market = crypto_simulated()
    head("1. A simulated market whose parameters are known")
    panel = market.panel()
    count = np.isfinite(panel.returns.values).sum(axis=0)
    show_panel(panel)
    say(
        f"Simulated: {len(panel.assets)} tokens in {len(panel.group_names)} protocol groups, trading every "
        f"day of the year; the youngest has {count.min()} periods. Market and size are traded factors. Rates, "
        "volatility, hash rate, protocol volume and exchange liquidity are not: their risk premia have to be "
        "inferred from the tokens' returns. Nothing moves in this market: volatility and loadings are constant."
    )
    head("2. The fit")
    say(
        "The model lets volatility move if the data say so, and has residual factors if residuals show any. The first "
        "fit on a machine takes some fifteen seconds to compile; later ones do not."
    )
    result = run_fit(panel, "hierarchical", sampler)
    show_timings(result)
    show_moves(result)
    head("3. Convergence and model checks")
    report = check(result)
    print(report)
    found = identify(result)
    _show_premia(result, market.truth, found)
    _show_tokens(result, market.truth, count)
    _show_useless(result, market.truth, found)
    saved, written = wrote(result.save(output)), wrote(write_report(result, output.with_suffix(".html")))
    head("7. Files written")
    say(
        f"The report, for a browser: {written.absolute()}",
        f"The fit: {saved}. Try:",
        f"  {command()} attribute {saved} --by level",
        f"  {command()} premia {saved}",
        f"  {command()} price {saved}",
    )
    return report.ok


def _mark(inside: bool) -> str:
    return "yes" if inside else "NO"


def _unit(truth: Truth) -> xr.DataArray:
    """Return the factor that turns a premium per period into an annual Sharpe ratio, by the true standard deviation."""
    sd = np.sqrt(np.diag(truth.factor_cov.values))
    return xr.DataArray(truth.periods_per_year**0.5 / sd, {"factor": truth.risk_premium["factor"]}, ("factor",))


def _sharpe(fit: Fit, truth: Truth) -> tuple[pd.DataFrame, np.ndarray]:
    """Return premia as annual Sharpe ratios: table and true values."""
    unit = _unit(truth)
    return summarise(risk_premia(fit) * unit, 0.9, "eti"), (truth.risk_premium * unit).values


def _show_premia(fit: Fit, truth: Truth, found: Identification) -> None:
    table, true = _sharpe(fit, truth)
    inside = covered(table["lower"].to_numpy(), table["upper"].to_numpy(), true)
    head("4. Risk premia of the factors: true values beside intervals")
    say(f"As an annual Sharpe ratio (risk premium over the factor's volatility); interval: {interval_name(table)}.")
    print()
    rows = [
        [row["factor"], found.verdicts[row["factor"]], f"{value:.2f}"]
        + [f"{row[name]:.2f}" for name in ("mean", "lower", "upper")]
        + [_mark(ok)]
        for row, value, ok in zip(table.to_dict("records"), true, inside, strict=True)
    ]
    show_rows(["factor", "verdict", "truth", "mean", "lower", "upper", "covered"], rows, words=2)
    print()
    say(
        f"{inside.sum()} of {len(inside)} intervals cover the true value. They are wide: three years say little "
        "about means."
    )


def _show_tokens(fit: Fit, truth: Truth, count: np.ndarray) -> None:
    table = attribute(fit, "premium").table()
    true = truth.premium().to_series().rename("truth").reset_index()
    table = table.merge(true, on=["asset", "source"], how="left", validate="one_to_one")
    inside = covered(table["lower"].to_numpy(), table["upper"].to_numpy(), table["truth"].to_numpy())
    order = np.argsort(count, kind="stable")
    names = [fit.panel.assets[place] for place in (order[-1], order[len(order) // 3], order[0])]
    periods = dict(zip(fit.panel.assets, count, strict=True))
    head("5. Risk premia of the tokens: true values beside intervals")
    say("Three of the tokens, from the oldest to the youngest; per cent a year, 90 % equal-tailed intervals.")
    print()
    rows: list[list[str]] = []
    for name in names:
        mine = (table["asset"] == name).to_numpy()
        for row, ok in zip(table[mine].to_dict("records"), inside[mine], strict=True):
            label = f"{name} ({periods[name]} periods)" if not rows or rows[-1][-1] != name else ""
            numbers = [percent(row[key]) for key in ("truth", "mean", "lower", "upper")]
            rows.append([label, row["source"], *numbers, _mark(ok), name])
    show_rows(["token", "source", "truth", "mean", "lower", "upper", "covered"], [r[:-1] for r in rows], words=2)
    print()
    share = inside.mean()
    say(
        f"Over all {table['asset'].nunique()} tokens {inside.sum()} of {len(inside)} intervals "
        f"({share:.0%}) cover the true value. All tokens share the factors' premia, so one market is one trial: "
        "only many simulated markets can show whether 90 % intervals cover 90 % of the time."
    )


def _show_useless(fit: Fit, truth: Truth, found: Identification) -> None:
    draws = attribute(fit, "premium").draws.sel(source=USELESS)
    zero = summarise(loadings(fit).sel(factor=USELESS), 0.9, "eti")
    holds = covered(zero["lower"].to_numpy(), zero["upper"].to_numpy(), np.zeros(len(zero)))
    largest = float(np.abs(draws.mean(("chain", "draw"))).max())
    row = found.table().loc[USELESS]
    unit = float(_unit(truth).sel(factor=USELESS)) / truth.periods_per_year  # annual premium to annual Sharpe ratio
    head("6. A useless factor")
    say(
        f"No token loads on {USELESS}. The interval of its loading covers zero for {holds.sum()} of "
        f"{len(holds)} tokens, and its largest contribution is {percent(largest)} % a year. "
        f"Its risk premium is {row['verdict']}: {row['reason']}. Its annual Sharpe ratio is "
        f"{unit * row['mean']:.2f} with a standard deviation of {unit * row['sd']:.2f}; under the prior it was "
        f"{unit * row['prior_mean']:.2f} with a standard deviation of {unit * row['prior_sd']:.2f}."
    )
