"""The preset moving_loadings against `static`, in which nothing moves: seconds of a whole fit, in the same run.

Programs take turns in one process, after a fit of each that loads what is compiled. Panels are simulated: in one
nothing moves, in the others log volatility (half-life 20 days, standard deviation 0.5) and loadings (half-life a year,
0.15 residual over factor standard deviations) do.
"""

import time

import arviz
import numpy as np

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread
from benchmarks.panels import label, simulate

RECIPES = {
    "still: 100 assets, 6 factors, 1,250 periods": {"assets": 100, "factors": 6, "periods": 1250, "move": 0.0},
    "100 assets, 6 factors, 1,250 periods": {"assets": 100, "factors": 6, "periods": 1250},
    "500 assets, 10 factors, 2,500 periods": {"assets": 500, "factors": 10, "periods": 2500},
    "20 assets, 3 factors, 500 periods": {"assets": 20, "factors": 3, "periods": 500},
    "20 assets, 3 factors, 5,000 periods": {"assets": 20, "factors": 3, "periods": 5000},
}
QUICK = {"20 assets, 3 factors, 300 periods": {"assets": 20, "factors": 3, "periods": 300}}
SIZES = {"draws": 1000, "tune": 300, "chains": 4}
TINY = {"draws": 60, "tune": 60, "chains": 2}
FEW = {"draws": 10, "tune": 50, "chains": 1}
PRESETS = ("static", "moving_loadings")


def moving_panel(recipe: dict):
    """Return a panel of the recipe; where ``move`` is 0 nothing moves."""
    held = simulate({"seed": 1, "groups": 5, "alpha": 0.3, **recipe})
    move = recipe.get("move", 0.15)
    if not move:
        return held
    rng, (periods, assets) = np.random.default_rng(2), held.returns.shape
    factors = held.factors.values
    phi, steps = 2 ** (-1 / 2), -(-periods // 126)
    path = rng.standard_normal((steps, assets, factors.shape[1]))
    for b in range(1, steps):
        path[b] = phi * path[b - 1] + (1 - phi**2) ** 0.5 * path[b]
    log_g = rng.standard_normal(periods)
    for t in range(1, periods):
        log_g[t] = 2 ** (-1 / 20) * log_g[t - 1] + (1 - 4 ** (-1 / 20)) ** 0.5 * log_g[t]
    sigma = 0.015 * np.exp(0.3 * rng.standard_normal(assets))
    loading = rng.normal(0.5, 0.3, size=path.shape[1:]) + move * sigma[:, None] / 0.01 * path
    tails = rng.standard_t(6, size=(periods, assets)) * (4 / 6) ** 0.5
    systematic = np.einsum("tk,tik->ti", factors, np.repeat(loading, 126, axis=0)[:periods])
    alpha = rng.normal(0, 0.3 / 252, size=assets)
    returns = alpha + systematic + np.exp(0.5 * log_g)[:, None] * sigma * tails
    return label(returns, factors, held.groups.values.tolist())


def seconds(recipe: dict, sizes: dict, repeats: int) -> dict:
    """Return, of each preset, the seconds of whole fits and of their sampling, the sampled cells, effective draws."""
    import bayesfactor as bf

    panel, found = moving_panel(recipe), {name: {"total": [], "sample": []} for name in PRESETS}
    for name in PRESETS:
        bf.fit(panel, name, bf.Sampler(**FEW, progress=False))
    for turn in range(repeats):
        for name in PRESETS:
            start = time.perf_counter()
            fit = bf.fit(panel, name, bf.Sampler(**sizes, seed=turn + 1, progress=False))
            found[name]["total"].append(time.perf_counter() - start)
            found[name]["sample"].append(fit.timings["sample"])
            found[name]["cells"] = 1 if fit.movement is None else len(fit.movement.weight)
            found[name]["move"] = 0.0 if fit.movement is None else float(fit.posterior["loading_move"].mean())
            effective = arviz.ess(fit.posterior[["alpha", "alpha_scale"]])
            found[name]["ess"] = {key: float(effective[key].min()) for key in ("alpha", "alpha_scale")}
    return found


def tables(settings: Settings) -> list[Table]:
    """Return the table of all panels."""
    recipes, sizes = (QUICK, TINY) if settings.quick else (RECIPES, SIZES)
    rows = []
    for name, recipe in recipes.items():
        found = run_apart("benchmarks.moving:seconds", recipe, sizes, settings.repeats).value
        ratios = np.divide(found["moving_loadings"]["total"], found["static"]["total"])
        for preset in PRESETS:
            own = found[preset]
            rows.append(
                {
                    "panel": name,
                    "model": preset,
                    "fit s": spread(own["total"]),
                    "of it sampling s": spread(own["sample"]),
                    "over static": "1" if preset == "static" else spread(ratios.tolist()),
                    "cells": own["cells"],
                    "mean kappa": figure(own["move"]),
                    "smallest ESS, alphas": figure(own["ess"]["alpha"]),
                    "ESS, alpha scale": figure(own["ess"]["alpha_scale"]),
                }
            )
    note = (
        f"{sizes['chains']} chains of {sizes['draws']:,} draws after {sizes['tune']}. Seconds are those of `bf.fit` "
        "from a panel on: paths, statistics, sampling of all cells, loadings and alphas. `over static`: run by run. "
        "`cells`: of moving loadings, each sampled for its share of the draws."
    )
    return [Table("Moving against static", tuple(rows), note)]
