"""Half-lives against equal weights, out of sample: ``python -m benchmarks.recency [--data DIR]``.

Walk-forward: the default model is fitted to all dates so far, again every so many periods, and the periods up to the
next fit are judged by its predictive law, held from fit to fit,

    r ~ N(m, S),  m = E[alpha + beta lambda],  S = E[beta Omega beta' + diag(sd^2)] + Var(alpha + beta lambda),

expectations over the posterior draws. A fit sees nothing after its date. The log score is that of all assets of a date
together, in nats per asset and period. The first panel comes with linearmodels. The others are read from a folder with
the tables ``french_monthly.csv.gz``, ``equities_skfolio_daily.csv.gz``, ``crypto_prices.csv.gz``,
``crypto_onchain.csv.gz`` and ``macro_daily.csv.gz``; their columns are named in the loaders below.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import bayesfactor as bf
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.panel.panel import Panel
from benchmarks.common import Table, markdown
from benchmarks.markets import portfolios, stocks, tokens

TABLE = Path(__file__).with_name("recency.md")
NOTE = """\
The default model, fitted to all dates so far, again every 12 months, 63 days or 4 weeks; the periods up to the next
fit are judged by its predictive normal law, held from fit to fit. An asset is fitted from its 26th return on. 160 draws
of 2 chains after 300, seeds 20, 21, ... by the number of the fit. `log score`: of all assets of a date together, nats
per asset and period. `gain`: over equal weights on the same dates, with its standard error by blocks of 24 months, 252
days or 12 weeks. Half-lives are in periods. `inside`: shares of returns inside the predictive intervals of 50, 90 and
99 %, and of those of the equal-weighted portfolio inside 90 %.

Data: Ken French's library, as it comes with linearmodels and in the vintage of December 2024 (momentum: of 2020 and
2026), less the Treasury bill, on the market, size, value and momentum. Twenty stocks of the S&P 500 as it is today
(skfolio's data), less the bill, on the index without dividends, the VIX (log change) and the 10-year yield (change). 38
tokens (Coin Metrics, snapshots of 2021) that were traded by October 2017 and still in May 2021, no stablecoin among
them, nor mco, whose quotes are stale; on their market weighted by capital, bitcoin's hash rate and transfer volume, the
VIX and the 10-year yield. Stocks and tokens are survivors, which flatters means, not the comparison of weights.
"""
SEED, DRAWS, CHAINS = 20, 160, 2
LEVELS = (50, 90, 99)
FEWEST = 26  # returns that an asset has before it is fitted


@dataclass(frozen=True, eq=False)
class Case:
    """A panel, the rows before its first fit, the rows between fits and in a block, and half-lives in periods."""

    name: str
    panel: Panel
    first: int
    step: int
    block: int
    half_lives: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Predictive:
    """The law of the next period's returns: mean (asset) and covariance (asset, asset)."""

    assets: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray


def predictive(fit: bf.Fit) -> Predictive:
    """Return the mean and covariance of the next returns over the draws of a fit."""
    names = ("alpha", "loading", "residual_sd", "risk_premium", "factor_cov")
    draws = fit.posterior[list(names)].stack(sample=("chain", "draw")).transpose("sample", ...)
    alpha, loading, sd, premium, omega = (draws[name].values for name in names)
    each = alpha + np.einsum("sik,sk->si", loading, premium)
    common = np.einsum("sik,skl,sjl->ij", loading, omega, loading, optimize=True) / len(each)
    covariance = common + np.diag(np.mean(sd**2, axis=0)) + np.cov(each.T, ddof=0)
    return Predictive(fit.panel.assets, each.mean(axis=0), covariance)


def judged(law: Predictive, panel: Panel, rows: range) -> Iterator[dict[str, float]]:
    """Yield for each row the log score, the number of assets, and how many lay inside the intervals."""
    returns = panel.returns.sel(asset=list(law.assets)).values
    edges = stats.norm.ppf(0.5 + np.array(LEVELS) / 200)
    for row in rows:
        here = np.isfinite(returns[row])
        away, covariance = (returns[row] - law.mean)[here], law.covariance[np.ix_(here, here)]
        root = np.linalg.cholesky(covariance)
        z = np.linalg.solve(root, away)
        held = np.abs(away) <= edges[:, None] * np.sqrt(np.diag(covariance))
        yield {
            "score": -0.5 * (z @ z + len(z) * np.log(2 * np.pi)) - np.log(np.diag(root)).sum(),
            "assets": float(len(z)),
            **{f"held {level}": float(inside.sum()) for level, inside in zip(LEVELS, held, strict=True)},
            "portfolio": float(abs(away.sum()) <= edges[1] * np.sqrt(covariance.sum())),
        }


def so_far(panel: Panel, rows: int) -> Panel:
    """Return the first rows of a panel, of the assets that have enough returns there."""
    (known,) = bf.rolling(panel, rows, step=len(panel.times), past=True).values()
    counts = np.isfinite(known.returns.values).sum(axis=0)
    return known.select(assets=[name for name, count in zip(known.assets, counts, strict=True) if count >= FEWEST])


def walk(case: Case, half_life: int | None) -> pd.DataFrame:
    """Return the figures of every judged period of a case, with the numbers of its fit and block."""
    model = bf.FactorModel()
    if half_life is not None:
        model = replace(model, observation=bf.HalfLife(bf.Duration(half_life, "periods")))
    found = []
    for number, start in enumerate(range(case.first, len(case.panel.times), case.step)):
        sampler = bf.Sampler(draws=DRAWS, chains=CHAINS, seed=SEED + number, cores=1, progress=False)
        law = predictive(bf.fit(so_far(case.panel, start), model, sampler))
        rows = range(start, min(start + case.step, len(case.panel.times)))
        found += [{"fit": number, **figures} for figures in judged(law, case.panel, rows)]
    return pd.DataFrame(found).assign(block=np.arange(len(found)) // case.block)


def ratio(total: pd.Series, count: pd.Series, block: pd.Series) -> tuple[float, float]:
    """Return sum(total) / sum(count) and its standard error, blocks taken as independent."""
    mean = total.sum() / count.sum()
    away = (total - mean * count).groupby(block).sum()
    return mean, float(np.sqrt(np.sum(away**2) * len(away) / (len(away) - 1)) / count.sum())


def lines(case: Case) -> Iterator[dict[str, object]]:
    """Yield the rows of one panel: equal weights first, then each half-life beside them."""
    times = case.panel.times.astype("datetime64[D]")
    equal = walk(case, None)
    for half_life in (None, *case.half_lives):
        own = equal if half_life is None else walk(case, half_life)
        count, block = own["assets"], own["block"]
        gain, error = ratio(own["score"] - equal["score"], count, block)
        held = [f"{ratio(own[f'held {level}'], count, block)[0]:.3f}" for level in LEVELS]
        yield {
            "panel": case.name,
            "judged": f"{times[case.first]} to {times[-1]}",
            "fits": own["fit"].nunique(),
            "periods": len(own),
            "weights": "equal" if half_life is None else f"half-life {half_life}",
            "log score": f"{ratio(own['score'], count, block)[0]:.3f}",
            "gain": "" if half_life is None else f"{gain:+.4f}",
            "se": "" if half_life is None else f"{error:.4f}",
            "assets inside 50 / 90 / 99 %": " / ".join(held),
            "portfolio inside 90 %": f"{own['portfolio'].mean():.3f}",
        }


def cases(folder: Path | None) -> Iterator[Case]:
    """Yield the panels: one that comes with linearmodels, and those of a folder."""
    yield Case("30 French portfolios, monthly, of linearmodels", french_monthly().panel(), 120, 12, 24, (120,))
    if folder is not None:
        yield Case("25 French portfolios, monthly, from 1961", portfolios(folder, "1961"), 120, 12, 24, (120,))
        yield Case("25 French portfolios, monthly, from 1927", portfolios(folder, "1927"), 120, 12, 24, (120,))
        yield Case("20 stocks, daily, from 1990", stocks(folder), 750, 63, 252, (250, 500))
        yield Case("tokens, weekly, from 2017", tokens(folder), 52, 4, 12, (52, 104))


def main() -> None:
    """Run the panels and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the tables")
    rows = tuple(line for case in cases(parser.parse_args().data) for line in lines(case))
    text = markdown(Table("Half-lives out of sample", rows, NOTE))
    made = ", ".join(f"{name} {version(name)}" for name in ("bayesfactor", "numpy", "nutpie", "linearmodels"))
    TABLE.write_text(f"{text}Made with {made}.\n", encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
