"""Calibration of the preset moving_loadings where things move: ``python -m benchmarks.moving_calibration``.

Truth is drawn from the prior, for each panel anew: the size of volatility and that of moves, each 0 in half of the
panels, memories, tails and all that `static` has; or it is a fixed design. Of every quantity: the share of 90 %
intervals that hold the truth, and whether its ranks among draws are uniform (Talts et al. 2018). In the fixed designs
`static` is fitted beside: what is lost where nothing moves, and gained where something does. Exit status 1 when a share
is outside its limits under the prior: 85 to 95 %, pooled loadings 88 to 92 %.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import chisquare

import bayesfactor as bf
from benchmarks.common import Table, figure, markdown
from benchmarks.moving_truth import Design, Market, held_still, simulate_market

TABLE = Path(__file__).with_name("moving_calibration.md")
STILL = Design(size=0.0, dof=0.0, move=0.0)
MOVING = Design(size=0.5, memory=8.0, dof=6.0, move=0.2, turn=104.0)
UNEQUAL = Design(size=0.5, memory=8.0, dof=6.0, move=0.2, turn=104.0, shortest=60)
FIXED = {"still": STILL, "moving": MOVING, "moving, unequal histories": UNEQUAL}
SAMPLER = {"draws": 250, "tune": 300, "chains": 2, "progress": False}
BINS, TIGHT = 10, ("loading", "loading_long_run")
Named = dict[str, np.ndarray]


def draws_of(fit: bf.Fit) -> Named:
    """Return what truth is compared with, by name (draw, ...)."""
    whole = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    found = {name: whole[name].values for name in whole.data_vars}
    found.setdefault("loading_long_run", found["loading"])
    found["alpha_scale"] = found["alpha_scale"] / fit.priors.alpha.per_residual_sd
    paid = np.squeeze(found["loading_long_run"] @ found["risk_premium"][..., None], -1)
    return found | {"premium of assets": found["alpha"] + paid}


def held(draws: Named, truth: Named) -> tuple[Named, Named]:
    """Return of each quantity whether its 90 % interval holds the truth, and the truth's rank in draws, in [0, 1)."""
    names = [name for name in truth if name in draws]
    inside, rank = {}, {}
    for name in names:
        low, high = np.quantile(draws[name], [0.05, 0.95], axis=0)
        inside[name] = np.ravel((low <= truth[name]) & (truth[name] <= high))
        rank[name] = np.ravel(np.mean(draws[name] < truth[name], axis=0))
    return inside, rank


def score(fit: bf.Fit, draws: Named, market: Market) -> float:
    """Return the log score of next-period returns given factors, nats per asset."""
    returns, factors = market.ahead
    shift = draws["risk_premium"] - draws["factor_mean"]
    traded = np.array([factor.traded for factor in fit.panel.factor_info])
    shift = np.where(traded, 0.0, shift)
    mean = draws["alpha"][:, None] + np.einsum("dtk,dik->dti", factors + shift[:, None], draws["loading"])
    law = {name: draws[name][:, None, None] for name in fit.noise.parameters}
    logs = fit.noise.log_density(returns - mean, {"residual_sd": draws["residual_sd"][:, None], **law})
    return float(np.mean(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs))))


def one_market(design: Design, seed: int, *, still: bool) -> tuple[Named, Named, dict[str, float]]:
    """Simulate and fit a panel; return what `held` does, and figures; with `static` beside where `still`."""
    market = simulate_market(design, seed)
    sampler = bf.Sampler(**SAMPLER, seed=seed + 1)
    fit = bf.fit(market.panel, market.model, sampler)
    draws = draws_of(fit)
    inside, rank = held(draws, market.truth)
    figures = {
        "probability of kappa = 0": float(np.mean(draws["loading_move"] == 0)),
        "probability of size = 0": float(np.mean(draws["volatility_size"] == 0)),
    }
    if still:
        other = bf.fit(market.panel, held_still(market.model), sampler)
        theirs = draws_of(other)
        figures["log score over static's"] = score(fit, draws, market) - score(other, theirs, market)
        for name in ("loading", "residual_sd"):
            figures[f"interval over static's, {name}"] = float(np.median(width(draws[name]) / width(theirs[name])))
        figures |= {
            f"static covers, {name}": float(np.mean(held(theirs, market.truth)[0][name]))
            for name in ("loading", "loading_long_run", "residual_sd")
        }
    return inside, rank, figures


def width(draws: np.ndarray) -> np.ndarray:
    """Return the widths of 90 % intervals."""
    return np.diff(np.quantile(draws, [0.05, 0.95], axis=0), axis=0)[0]


def uniform(ranks: list[np.ndarray]) -> float:
    """Return the p value of one rank of every panel against the uniform law (of vectors, one element in turn)."""
    one = [rank[number % rank.size] for number, rank in enumerate(ranks)]
    return float(chisquare(np.histogram(one, BINS, (0, 1))[0]).pvalue)


def calibrate(name: str, design: Design, panels: int, first: int, *, still: bool) -> list[Table]:
    """Return the table of a design's coverage, and that of its figures."""
    inside, ranks, figures = defaultdict(list), defaultdict(list), defaultdict(list)
    for seed in range(first, first + panels):
        for found, kept in zip(one_market(design, seed, still=still), (inside, ranks, figures), strict=True):
            for quantity, values in found.items():
                kept[quantity].append(values)
    rows = []
    for quantity, values in inside.items():
        each = np.array([one.mean() for one in values])
        rows.append(
            {
                "quantity": quantity,
                "covered": f"{each.mean():.3f}",
                "se": f"{each.std(ddof=1) / panels**0.5:.3f}",
                "intervals": sum(one.size for one in values),
                "p of ranks": f"{uniform(ranks[quantity]):.3f}",
            }
        )
    more = [
        {"figure": label, "mean": figure(np.mean(all_)), "se": figure(np.std(all_, ddof=1) / panels**0.5, 2)}
        for label, all_ in figures.items()
    ]
    note = f"{panels} panels of 12 assets, 2 factors and 300 weeks; 2 chains of 250 draws."
    return [Table(f"{name}: coverage", tuple(rows), note), Table(f"{name}: figures", tuple(more), note)]


def outside(table: Table) -> list[dict]:
    """Return the rows whose share is beyond its limits."""
    limit = {True: 0.02, False: 0.05}
    return [row for row in table.rows if abs(float(row["covered"]) - 0.9) > limit[row["quantity"] in TIGHT]]


def main() -> None:
    """Run the calibration and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    panels = parser.parse_args().panels
    tables = calibrate("truth from the prior", Design(), panels, 0, still=False)
    failed = outside(tables[0])
    for name, design in FIXED.items():
        tables += calibrate(name, design, max(2, round(0.15 * panels)), 5000, still=True)
    TABLE.write_text("\n".join(map(markdown, tables)), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    if failed:
        sys.exit(f"Outside the limits: {failed}")


if __name__ == "__main__":
    main()
