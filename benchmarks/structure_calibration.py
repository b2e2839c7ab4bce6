"""Calibration of residual factors, sparse loadings and noisy factors: ``python -m benchmarks.structure_calibration``.

Fixed designs, in which one residual factor moves two groups, or none: of every quantity the share of 90 % intervals
that hold the truth, for `static` and for the same model with residual factors. And truth drawn from the prior, for each
panel anew: the ranks of truth among draws, which are uniform if all is right (Talts et al. 2018), and inclusion
probabilities beside the frequency of what they are probabilities of. Exit status 1 when a share is outside its limits
under the prior: 85 to 95 %, loadings 88 to 92 %. What was computed is kept in a folder, and not computed again.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.stats import chisquare

import bayesfactor as bf
from bayesfactor.spec.residual_factors import CommonResiduals
from benchmarks.common import Table, figure, markdown
from benchmarks.structure_prior import VARIANTS, drawn_market
from benchmarks.structure_truth import FIXED, Market, Named, fixed_market, reported, traded

TABLE = Path(__file__).with_name("structure_calibration.md")
SAMPLER = {"draws": 500, "tune": 300, "chains": 2, "progress": False}
COUNTS = {"static": 0, "one residual factor": 1, "auto": "auto"}
LEVEL, BINS, TIGHT = (0.05, 0.95), 10, ("loadings",)
SCALARS = ("alpha_scale", "loading_scale", "loading_mean", "log_sigma_mean", "log_sigma_scale")
SCALARS = (*SCALARS, "risk_premium", "factor_mean", "reliability", "inclusion_rate")
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # edges of the bins of inclusion probabilities
Result = dict[str, list[float]]


def draws_of(fit: bf.Fit) -> Named:
    """Return the variables of a posterior by name (draw, ...), alphas' scale as an appraisal ratio a period."""
    whole = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    found = {str(name): whole[name].values for name in whole.data_vars}
    return found | {"alpha_scale": found["alpha_scale"] / fit.priors.alpha.per_residual_sd}


def result(market: Market, model: bf.FactorModel, seed: int) -> Result:
    """Fit a model; return the ranks of truth in [0, 1) by quantity, medians of widths, and inclusion probabilities.

    A truth that some draws are equal to, as a loading of 0, has a random rank among these.
    """
    fit = bf.fit(market.panel, model, bf.Sampler(**SAMPLER, seed=seed + 1))
    draws, rng, paid = draws_of(fit), np.random.default_rng(seed), traded(market.panel)
    own, truth = reported(draws, paid), reported(market.truth, paid)
    for name in SCALARS:
        if name in draws and name in market.truth:
            own[name], truth[name] = draws[name], market.truth[name]
    found = {}
    for name, values in own.items():
        free = values.std(axis=0) > 0  # not of what is known, as the reliability of a factor without error
        free &= (name != "common shares") | (truth[name][0] > 0)  # an interval of a share never holds its least value
        below, same = np.mean(values < truth[name], axis=0), np.mean(values == truth[name], axis=0)
        rank = below + same * rng.uniform(size=below.shape)
        low, high = np.quantile(values, LEVEL, axis=0)
        if np.any(free):
            found[f"rank {name}"] = rank[free].tolist()
            found[f"width {name}"] = [float(np.median((high - low)[free]))]
    if "included" in market.truth:
        free = draws["inclusion_rate"].std(axis=0) > 0
        found["inclusion probability"] = draws["inclusion_probability"].mean(axis=0)[:, free].ravel().tolist()
        found["included"] = market.truth["included"][0][:, free].astype(float).ravel().tolist()
    return found


def kept(folder: Path | None, name: str, make: Callable[[], Result]) -> Result:
    """Return a result from the folder, or make and keep it."""
    place = None if folder is None else folder / f"{name.replace(',', '').replace(' ', '_')}.json"
    if place is not None and place.exists():
        return json.loads(place.read_text(encoding="utf-8"))
    found = make()
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(found), encoding="utf-8")
    return found


def shares(results: list[Result], quantity: str) -> np.ndarray:
    """Return the share of intervals of each panel that hold the truth; of a panel without the quantity, NaN."""
    ranks = [np.array(one.get(f"rank {quantity}", [np.nan])) for one in results]
    return np.array([np.where(np.isnan(r), np.nan, (r >= LEVEL[0]) & (r <= LEVEL[1])).mean() for r in ranks])


def said(each: np.ndarray) -> str:
    """Return a mean over panels with its standard error; of one panel without."""
    each = each[np.isfinite(each)]
    if not len(each):
        return ""
    error = f" ({each.std(ddof=1) / len(each) ** 0.5:.3f})" if len(each) > 1 else ""
    return f"{each.mean():.3f}{error}"


def with_residual_factors(model: bf.FactorModel, count: int | str) -> bf.FactorModel:
    """Return a model with so many residual factors."""
    return replace(model, noise=replace(model.noise, common=CommonResiduals(count)))


def fixed(name: str, panels: int, folder: Path | None, first: int = 0) -> Table:
    """Return the coverage of each model in a fixed design, what `auto` covers more, and how wide it is."""
    found: dict[str, list[Result]] = {label: [] for label in COUNTS}
    for seed in range(first, first + panels):
        market = fixed_market(FIXED[name], seed)
        for label, count in COUNTS.items():
            model = with_residual_factors(market.model, count)

            def make(market: Market = market, model: bf.FactorModel = model, seed: int = seed) -> Result:
                return result(market, model, seed)

            found[label].append(kept(folder, f"{name}/{label}/{seed}", make))
    rows = []
    for quantity in quantities(found["auto"]):
        each = {label: shares(results, quantity) for label, results in found.items()}
        wide = [
            np.divide(more[f"width {quantity}"], less[f"width {quantity}"])[0]
            for more, less in zip(found["auto"], found["static"], strict=True)
            if f"width {quantity}" in less and f"width {quantity}" in more
        ]
        rows.append(
            {
                "quantity": quantity,
                **{label: said(values) for label, values in each.items()},
                "auto less static": said(each["auto"] - each["static"]),
                "width, auto over static": figure(float(np.median(wide)), 3) if wide else "",
            }
        )
    design = FIXED[name]
    note = f"{panels} panels of {design.assets} assets and {design.periods} weeks. Share of 90 % intervals that hold "
    return Table(name, tuple(rows), note + "the truth (standard error over panels).")


def quantities(results: list[Result]) -> list[str]:
    """Return the quantities that any of the results has."""
    every = dict.fromkeys(key for one in results for key in one if key.startswith("rank "))
    return [key.removeprefix("rank ") for key in every]


def drawn(variant: str, panels: int, folder: Path | None, first: int = 0) -> list[Table]:
    """Return the coverage under the prior, and what inclusion probabilities are worth."""
    results = []
    for seed in range(first, first + panels):

        def make(seed: int = seed) -> Result:
            market = drawn_market(variant, seed)
            return result(market, market.model, seed)

        results.append(kept(folder, f"prior/{variant}/{seed}", make))
    rows = tuple(
        {
            "quantity": quantity,
            "covered": said(shares(results, quantity)),
            "intervals": sum(len(one.get(f"rank {quantity}", ())) for one in results),
            "p of ranks": f"{uniform([one[f'rank {quantity}'] for one in results if f'rank {quantity}' in one]):.3f}",
        }
        for quantity in quantities(results)
    )
    note = f"{panels} panels of 12 assets, 3 factors and 50 to 150 weeks."
    tables = [Table(f"truth from the prior: {variant}", rows, note)]
    return tables + ([included(variant, results)] if "included" in results[0] else [])


def uniform(ranks: list[list[float]]) -> float:
    """Return the p value of one rank of every panel against the uniform law (of vectors, one element in turn)."""
    one = [rank[number % len(rank)] for number, rank in enumerate(ranks)]
    return float(chisquare(np.histogram(one, BINS, (0, 1))[0]).pvalue)


def included(variant: str, results: list[Result]) -> Table:
    """Return inclusion probabilities in bins, and how often the loadings were in."""
    rows, bins = [], [*pairwise(SHARES), (0.0, 1.0)]
    for low, high in bins:
        mean, apart, count = [], [], 0
        for one in results:
            p, truth = np.array(one["inclusion probability"]), np.array(one["included"])
            own = (p >= low) & ((p < high) | (high == 1.0))
            count += int(own.sum())
            if own.any():
                mean.append(p[own].mean())
                apart.append((truth[own] - p[own]).mean())
        rows.append(
            {
                "probability": f"{low:.1f} to {high:.1f}",
                "loadings": count,
                "mean": figure(float(np.mean(mean))) if mean else "",
                "frequency less probability": said(np.array(apart)),
            }
        )
    return Table(f"{variant}: inclusion", tuple(rows), "Means over panels (standard error).")


def outside(table: Table) -> list[dict[str, object]]:
    """Return the rows whose share is beyond its limits."""
    limit = {True: 0.02, False: 0.05}
    return [
        row for row in table.rows if abs(float(str(row["covered"]).split()[0]) - 0.9) > limit[row["quantity"] in TIGHT]
    ]


def main() -> None:
    """Run the calibration and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of: {'; '.join([*FIXED, *VARIANTS])}")
    parser.add_argument("--panels", type=int, default=200, help="of truth from the prior, for each variant")
    parser.add_argument("--fixed", type=int, default=40, help="panels of each fixed design")
    parser.add_argument("--keep", type=Path, help="folder of results: those of an earlier run are not computed again")
    given = parser.parse_args()
    for part in given.parts:
        if part not in (*FIXED, *VARIANTS):
            parser.error(f"there is no part '{part}': choose from {'; '.join([*FIXED, *VARIANTS])}")
    tables, failed = [], []
    for name in given.parts or (*FIXED, *VARIANTS):
        found = [fixed(name, given.fixed, given.keep)] if name in FIXED else drawn(name, given.panels, given.keep)
        failed += outside(found[0]) if name in VARIANTS else []
        print("\n".join(map(markdown, found)), flush=True)
        tables += found
    if not given.parts:
        TABLE.write_text("\n".join(map(markdown, tables)), encoding="utf-8")
    if failed:
        sys.exit(f"Outside the limits: {failed}")


if __name__ == "__main__":
    main()
