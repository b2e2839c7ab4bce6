"""Premia on simulated truth, with a useless factor among them: ``python -m benchmarks.premia``.

Every panel has 30 assets in three groups and three factors: a traded market, a strong non-traded factor, and a useless
one on which no asset loads. What the factors pay is drawn from the preset's prior (a Sharpe ratio of 0 +- 0.5 a year):
a right posterior covers it in 90 % of panels. Three designs:

* equal: 1,000 days of assets and factors;
* mispriced: 5,000 days, mean returns that no factor explains (20 % a year), and the strong factor left out of the
  model, which is what makes useless factors look significant (Kan and Zhang 1999);
* unequal: assets of 40 to 1,500 days, a market of 3,000, a strong factor of 2,000, a useless one of 1,500; fitted with
  all of that, and with no factor value before the first date of the assets.

Exit status 1 when a share is outside its limits.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor

TABLE = Path(__file__).with_name("premia.md")
YEAR, ASSETS = 252, 30
FACTOR_SD, RESIDUAL_SD = np.array([0.01, 0.02, 0.03]), 0.02
CORRELATION = np.array([[1.0, 0.3, 0.2], [0.3, 1.0, 0.0], [0.2, 0.0, 1.0]])
INFO = (Factor("market", True, "market"), Factor("strong", False, "rates"), Factor("useless", False, "on-chain"))
NEAR = 0.05  # of an asset's volatility: how far the interval of a useless factor's contribution may reach


@dataclass(frozen=True, eq=False)
class Market:
    """A simulated panel and its truth, per period."""

    panel: Panel
    loading: np.ndarray
    alpha: np.ndarray
    premium: np.ndarray
    volatility: np.ndarray


def simulate(rng: np.random.Generator, periods: int, longest: int, shortest: int, starts: tuple[int, ...]) -> Market:
    """Draw a market of `longest` days whose assets have `shortest` to `periods` and whose factors begin at `starts`."""
    premium = 0.5 * rng.normal(size=3) * FACTOR_SD / YEAR**0.5
    mean = np.where([True, False, False], premium, 0.1 * rng.normal(size=3) * FACTOR_SD)
    root = np.linalg.cholesky(CORRELATION) * FACTOR_SD[:, None]
    factors = mean + rng.normal(size=(longest, 3)) @ root.T
    group = np.arange(ASSETS) % 3
    centre, spread = np.array([1.0, 0.3, 0.0]), np.array([0.3, 0.15, 0.0])
    loading = centre + 0.5 * spread * rng.normal(size=(3, 3))[group] + spread * rng.normal(size=(ASSETS, 3))
    sigma = RESIDUAL_SD * np.exp(0.3 * rng.normal(size=ASSETS))
    alpha = abs(rng.normal()) * 0.05 / YEAR * rng.normal(size=ASSETS)
    moved = factors[-periods:] + premium - mean
    returns = alpha + moved @ loading.T + sigma * rng.normal(size=(periods, ASSETS))
    for i in range(1, ASSETS):
        returns[: periods - rng.integers(shortest, periods + 1), i] = np.nan
    for k, start in enumerate(starts):
        factors[:start, k] = np.nan
    time, names = pd.bdate_range("2008-01-01", periods=longest), [f"a{i:02d}" for i in range(ASSETS)]
    panel = Panel(
        returns=xr.DataArray(returns, {"time": time[-periods:], "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factors, {"time": time, "factor": [f.name for f in INFO]}, ("time", "factor")),
        factor_info=INFO,
        groups=xr.DataArray([f"g{j}" for j in group], {"asset": names}, ("asset",)),
        calendar=Calendar("business", YEAR),
    )
    variance = np.einsum("ik,kl,il->i", loading, root @ root.T, loading) + sigma**2
    return Market(panel, loading, alpha, premium, np.sqrt(variance * YEAR))


def ends(draws: xr.DataArray) -> np.ndarray:
    """Return the 90 % equal-tailed interval, (end, ...)."""
    return draws.quantile([0.05, 0.95], dim=("chain", "draw")).transpose("quantile", ...).values


def held(draws: xr.DataArray, truth: np.ndarray) -> np.ndarray:
    """Return whether the interval of each quantity holds the truth."""
    low, high = ends(draws)
    return (low <= truth) & (truth <= high)


def sample(panel: Panel, seed: int) -> bf.Fit:
    """Fit the default model."""
    return bf.fit(panel, "static", bf.Sampler(draws=500, tune=500, seed=seed, progress=False))


def covered(market: Market, fit: bf.Fit) -> dict[str, np.ndarray]:
    """Return which intervals of premia and contributions held the truth."""
    premium = held(bf.risk_premia(fit), market.premium)
    parts = bf.attribute(fit, "premium", allow_unconverged=True).draws
    wanted = np.concatenate([market.loading * market.premium, market.alpha[:, None]], axis=1) * YEAR
    wanted = np.concatenate([wanted, wanted.sum(axis=1, keepdims=True)], axis=1)
    inside = held(parts, wanted)
    return {
        "covered: premium, traded market": premium[:1],
        "covered: premium, strong factor": premium[1:2],
        "covered: premium, useless factor": premium[2:],
        "covered: contributions, market": inside[:, 0],
        "covered: contributions, strong factor": inside[:, 1],
        "covered: premia of assets": inside[:, -1],
    }


def equal(seed: int) -> dict[str, np.ndarray]:
    """Return the figures of one panel of equal histories."""
    market = simulate(np.random.default_rng(seed), 1000, 1000, 1000, (0, 0, 0))
    fit = sample(market.panel, seed + 1)
    verdicts = bf.identify(fit).verdicts
    return {
        **covered(market, fit),
        **useless_factor(market, fit),
        "strong factor: called unidentified": np.array([verdicts["strong"] == "unidentified"]),
        "strong factor: called identified": np.array([verdicts["strong"] == "identified"]),
    }


def mispriced(seed: int) -> dict[str, np.ndarray]:
    """Return the figures of one long panel with mispricing, whose strong factor is left out of the model."""
    rng = np.random.default_rng(seed)
    market = simulate(rng, 5000, 5000, 5000, (0, 0, 0))
    panel = replace(market.panel, returns=market.panel.returns + 0.2 / YEAR * rng.normal(size=ASSETS))
    return useless_factor(market, sample(panel.select(factors=["market", "useless"]), seed + 1))


def useless_factor(market: Market, fit: bf.Fit) -> dict[str, np.ndarray]:
    """Return what is said of the useless factor: by the posterior, and by the t-test of a two-pass regression."""
    useless = bf.attribute(fit, "premium", allow_unconverged=True).draws.sel(source="useless")
    reach = np.abs(ends(useless)).max(axis=0) / market.volatility
    facts = bf.identify(fit).facts.loc["useless"]
    figures = {
        f"useless factor: contributions to all assets within {NEAR:.0%} of their volatility": np.array(
            reach.max() <= NEAR
        ),
        "useless factor: called unidentified": np.array(facts["verdict"] == "unidentified"),
        "useless factor: loadings taken for more than noise": np.array(facts["prob_above_noise"] >= 0.95),
    }
    for intercept in (True, False):
        for weights in ("ols", "gls"):
            t = bf.two_pass(fit.panel, weights=weights, intercept=intercept).table()["t"]
            name = f"two-pass {weights.upper()}, {'with' if intercept else 'without'} intercept: t beyond 1.96"
            figures[f"useless factor: {name}"] = np.array([abs(t["useless"]) > 1.96])
    name = "useless factor: Fama-MacBeth without Shanken's correction: t beyond 1.96"
    figures[name] = np.array([abs(plain_t(fit.panel)) > 1.96])
    return figures


def plain_t(panel: Panel) -> float:
    """Return the t-ratio of the last factor's premium from a regression across assets on every date (1973)."""
    loading = bf.two_pass(panel).loading.values
    each = panel.returns.values @ np.linalg.pinv(np.column_stack([np.ones(len(loading)), loading])).T
    return float(each[:, -1].mean() / (each[:, -1].std(ddof=1) / len(each) ** 0.5))


def unequal(seed: int) -> dict[str, np.ndarray]:
    """Return the figures of one panel of unequal histories, and of the same with the factors cut to its dates."""
    market = simulate(np.random.default_rng(seed), 1500, 3000, 40, (0, 1000, 1500))
    cut = replace(market.panel, factors=market.panel.factors.isel(time=slice(-1500, None)))
    fit, short = sample(market.panel, seed + 1), sample(cut, seed + 1)
    width, before = (np.diff(ends(bf.risk_premia(one)), axis=0)[0] for one in (fit, short))
    return {
        **covered(market, fit),
        **{f"factors cut, {name}": value for name, value in covered(market, short).items() if "premium" in name},
        "interval of the market's premium over that with factors cut": width[:1] / before[:1],
        "interval of the strong factor's premium over that with factors cut": width[1:2] / before[1:2],
    }


LIMITS = {
    "covered": (0.87, 0.93),
    "factors cut, covered": (0.87, 0.93),
    "useless factor: contributions": (0.95, 1.0),
    "useless factor: called unidentified": (0.95, 1.0),
    "strong factor: called unidentified": (0.0, 0.01),
    "interval of the market": (0.74, 0.84),  # sqrt(9.95 / 15.9) = .79: years of data, and 4 of the prior
    "interval of the strong": (0.0, 0.99),
}


def figures(design, panels: int, first: int = 0) -> pd.DataFrame:
    """Return the mean of every figure over panels, its standard error, and whether it is where it has to be."""
    found = defaultdict(list)
    for seed in range(first, first + panels):
        for name, values in design(seed).items():
            found[name].append(float(np.mean(values)))
    rows = []
    for name, values in found.items():
        limits = {} if design is mispriced else LIMITS  # a wrong model need not be right
        low, high = next((limit for start, limit in limits.items() if name.startswith(start)), (-np.inf, np.inf))
        mean, error = np.mean(values), np.std(values, ddof=1) / len(values) ** 0.5
        wanted = "" if np.isinf(low) else f"{low:g} to {high:g}"
        rows.append((design.__name__, name, mean, error, panels, wanted, bool(low <= mean <= high)))
    return pd.DataFrame(rows, columns=["histories", "figure", "mean", "se", "panels", "wanted", "met"])


def main():
    """Run the designs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", type=int, default=200)
    panels = parser.parse_args().panels
    table = pd.concat([figures(design, panels) for design in (equal, mispriced, unequal)], ignore_index=True)
    shown = table.round({"mean": 3, "se": 3}).replace({"met": {True: "yes", False: "NO"}})
    shown.loc[shown["wanted"] == "", "met"] = ""
    lines = ["| " + " | ".join(shown.columns) + " |", "|" + "---|" * shown.shape[1]]
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in shown.itertuples(index=False)]
    TABLE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    missed = table[~table["met"]]
    if len(missed):
        sys.exit(f"Not where they have to be:\n{missed.to_string(index=False)}")


if __name__ == "__main__":
    main()
