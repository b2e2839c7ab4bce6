"""Speed against hand-written PyMC models of the same posterior, in the same run: ``python -m benchmarks.speed``.

Both sides keep 4 chains of 1,000 draws of the same sampler (nutpie), after their own default warm-up: 500 draws here,
1,000 by hand. The hand-written models are centred and vectorised. What is compared is the smallest bulk effective
sample size over all quantities that both have, per second of sampling; here that includes drawing loadings and alphas
after it. Compiling is shown apart: ours is that of a machine which has fitted before.
"""

import argparse
import os
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.diagnostics import statistic
from bayesfactor.statistics import moments
from bayesfactor.translation import translate
from tests.panels import make_panel

QUANTITIES = (
    "loading",
    "alpha",
    "sigma",
    "loading_mean",
    "loading_scale",
    "alpha_scale",
    "log_sigma_mean",
    "log_sigma_scale",
)
TABLE = Path(__file__).with_name("speed.md")


def smallest(posterior):
    """Return the smallest bulk effective sample size over the compared quantities."""
    return min(float(np.min(statistic(posterior[name], "ess", method="bulk"))) for name in QUANTITIES)


def by_hand(panel, statistics_only):
    """Return a centred, vectorised PyMC model with the priors of the preset ``hierarchical`` (traded factors only)."""
    import pymc as pm
    import pytensor.tensor as pt

    numbers = translate(panel, bf.read_model("hierarchical"))
    group = np.array([panel.group_names.index(g) for g in panel.groups.values])
    n, k = len(panel.assets), len(panel.factor_info)
    with pm.Model() as model:
        mean = pm.Normal("loading_mean", numbers.loading_loc, numbers.loading_sd, shape=(len(panel.group_names), k))
        spread = pm.HalfNormal("loading_scale", numbers.loading_spread, shape=k)
        loading = pm.Normal("loading", mean[group], spread, shape=(n, k))
        alpha_scale = pm.HalfNormal("alpha_scale", numbers.alpha_sd)
        alpha = pm.Normal("alpha", 0.0, alpha_scale, shape=n)
        level = pm.Normal("log_sigma_mean", numbers.level_loc, numbers.level_sd)
        omega = pm.HalfNormal("log_sigma_scale", numbers.level_spread)
        log_sigma = pm.Normal("log_sigma", level, omega, shape=n)
        sigma = pm.Deterministic("sigma", pt.exp(log_sigma))
        if statistics_only:
            s = moments(panel)
            c = pt.concatenate([alpha[:, None], loading], axis=1)
            rss = s.yy - 2 * (c * s.xy.T).sum(1) + ((np.moveaxis(s.xx, -1, 0) * c[:, None, :]).sum(2) * c).sum(1)
            pm.Potential("likelihood", (-s.count * log_sigma - 0.5 * rss / sigma**2).sum())
        else:
            fitted = alpha[None] + pt.dot(panel.aligned, loading.T)
            time_at, asset_at = np.nonzero(np.isfinite(panel.returns.values))
            if len(time_at) == panel.returns.size:
                pm.Normal("returns", fitted, sigma[None], observed=panel.returns.values)
            else:
                observed = panel.returns.values[time_at, asset_at]
                pm.Normal("returns", fitted[time_at, asset_at], sigma[asset_at], observed=observed)
    return model


def run_by_hand(panel, statistics_only, seed):
    """Compile and sample a hand-written model; return seconds and the smallest effective sample size."""
    import nutpie

    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(by_hand(panel, statistics_only))
    ready = time.perf_counter()
    tree = nutpie.sample(compiled, draws=1000, tune=1000, chains=4, seed=seed, progress_bar=False)
    seconds = time.perf_counter() - ready
    return ready - start, seconds, smallest(tree["posterior"].to_dataset())


def row(case, what, compile_s, sample_s, ess):
    """Return one line of the table."""
    return {
        "panel": case,
        "program": what,
        "compile s": round(compile_s, 1),
        "sample s": round(sample_s, 2),
        "smallest ESS of 4,000": round(ess),
        "ESS/s": float(f"{ess / sample_s:.3g}"),
    }


def compare(case, panel, repeats, rows):
    """Time both sides in turn; append the median run of each."""
    runs = {"bayesfactor": [], "bayesfactor, 1,000 warm-up draws": []}
    for seed in range(1, repeats + 1):
        for what, sampler in zip(runs, (bf.Sampler(), bf.Sampler(tune=1000)), strict=True):
            fit = bf.fit(panel, "hierarchical", replace(sampler, seed=seed, progress=False))
            runs[what].append(
                (fit.timings["compile"], fit.timings["sample"] + fit.timings["recover"], smallest(fit.posterior))
            )
    seeds = range(1, repeats + 1)
    runs["PyMC by hand, full likelihood"] = [run_by_hand(panel, False, seed) for seed in seeds]
    runs["PyMC by hand, sufficient statistics"] = [run_by_hand(panel, True, seed) for seed in seeds]
    for what, each in runs.items():
        middle = sorted(each, key=lambda run: run[2] / run[1])[len(each) // 2]
        rows.append(row(case, what, *middle))


def main():
    """Run the cases and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="runs of each; the median one is shown",
    )
    repeats = parser.parse_args().repeats
    rows = []
    long = make_panel(100, 6, 0, 1250, seed=1, groups=4, alpha=0.5)
    bf.fit(long, "hierarchical", bf.Sampler(draws=10, tune=50, chains=1, progress=False))  # kernels into the cache
    compare("long: 100 assets, 6 factors, 1,250 periods", long, repeats, rows)
    compare("short: 50 assets, 5 factors, 60 periods", make_panel(50, 5, 0, 60, seed=2, groups=3), repeats, rows)
    table = pd.DataFrame(rows)
    base = table.groupby("panel")["ESS/s"].transform(lambda column: column.iloc[2])
    table["against full likelihood"] = [f"{x:.2g} x" for x in table["ESS/s"] / base]
    versions = ", ".join(f"{name} {version(name)}" for name in ("bayesfactor", "pymc", "nutpie", "numba", "numpy"))
    note = f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores; 4 chains of 1,000 draws."
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * table.shape[1]]
    lines += ["| " + " | ".join(str(value) for value in line) + " |" for line in table.itertuples(index=False)]
    TABLE.write_text("\n".join([*lines, "", note, ""]), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
