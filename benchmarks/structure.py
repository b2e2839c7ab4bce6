"""Residual factors: effective draws a second against PyMC with the latent variables sampled, and a fit of real tokens.

Every program keeps 4 chains, each in a process of its own, after a small run that loads what is compiled. What is
compared is the smallest bulk effective sample size over all that is reported and that no rotation of the residual
factors changes, per second of sampling, warm-up counted; it says nothing where R-hat is not below 1.01.
"""

import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread
from benchmarks.handwritten import inputs, latent_model
from benchmarks.panels import simulate
from benchmarks.residual_shares import FOLDER, MODELS, PANELS

CONVERGED = 1.01
OURS, PEER = "bayesfactor", "PyMC by hand, residual factors sampled"


@dataclass(frozen=True)
class Case:
    """A panel, its residual factors, and how many draws a chain keeps: of ours, and of the peer after as many."""

    name: str
    recipe: dict
    count: int
    draws: int
    peer: int


CASES = (
    Case("20 assets, 150 periods", {"assets": 20, "factors": 3, "periods": 150, "seed": 1, "groups": 2}, 1, 1000, 1000),
    Case(
        "100 assets, 1,250 periods",
        {"assets": 100, "factors": 3, "periods": 1250, "seed": 1, "groups": 4},
        3,
        1000,
        750,
    ),
)
QUICK = {"assets": 8, "factors": 2, "periods": 60, "seed": 1, "groups": 2}


def correlated_panel(recipe: dict, count: int):
    """Return a panel of the recipe whose residuals have so many common factors."""
    panel, rng = simulate(recipe), np.random.default_rng(recipe["seed"] + 100)
    group = panel.group_numbers
    loading = 0.5 * rng.normal(size=(group.max() + 1, count))[group] + 0.25 * rng.normal(size=(len(group), count))
    shared = 0.015 * rng.normal(size=(len(panel.times), count)) @ loading.T
    return replace(panel, returns=panel.returns + shared)


def invariants(draws: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what is reported of draws by name (chain, draw, ...)."""
    own = draws["residual_sd"].transpose("chain", "draw", ...).values ** 2
    common = draws["residual_loading"].transpose("chain", "draw", ...).values
    n = own.shape[2]
    first, second = np.triu_indices(n, 1)
    covariance = np.stack([(c @ c.swapaxes(1, 2))[:, first, second] for c in common])
    variance = (common**2).sum(axis=3) + own
    portfolio = (common.mean(axis=2) ** 2).sum(axis=2) + own.sum(axis=2) / n**2
    found = {
        "residual variance": variance,
        "own residual variance": own,
        "common share": 1 - own / variance,
        "residual covariance": covariance,
        "residual variance of the portfolio": portfolio,
    }
    arrays = {name: xr.DataArray(v, dims=("chain", "draw", "what")[: v.ndim]) for name, v in found.items()}
    return arrays | {"alpha": draws["alpha"], "loading": draws["loading"]}


def summarise(draws: xr.Dataset, compile_s: float, sample_s: float, divergences: int) -> dict:
    """Return a run as JSON holds it."""
    from bayesfactor.posterior.diagnostics import statistic

    every = invariants(draws)
    sizes = {name: float(np.min(statistic(values, "ess", method="bulk"))) for name, values in every.items()}
    worst = max(float(np.max(statistic(values, "rhat", method="rank"))) for values in every.values())
    where = min(sizes, key=lambda name: sizes[name])
    found = {"compile_s": compile_s, "sample_s": sample_s, "ess": sizes[where], "where": where, "rhat": worst}
    return found | {"divergences": divergences, "sizes": sizes}


def static_with(count: int):
    """Return the model `static` with so many residual factors."""
    import bayesfactor as bf
    from benchmarks.structure_calibration import with_residual_factors

    return with_residual_factors(bf.read_model("static"), count)


def bayesfactor(recipe: dict, count: int, sizes: dict) -> dict:
    """Fit with bayesfactor; what comes after sampling counts as sampling."""
    import bayesfactor as bf

    few = bf.Sampler(draws=50, tune=50, chains=1, progress=False)
    bf.fit(correlated_panel(QUICK, count), static_with(count), few)
    fit = bf.fit(correlated_panel(recipe, count), static_with(count), bf.Sampler(**sizes, progress=False))
    stats = fit.data["sample_stats"]
    diverging = int(stats["diverging"].sum()) if "diverging" in stats else 0
    seconds = fit.timings["sample"] + fit.timings["recover"]
    return summarise(fit.posterior, fit.timings["compile"], seconds, diverging)


def pymc_nutpie(recipe: dict, count: int, sizes: dict) -> dict:
    """Sample the hand-written PyMC model with nutpie."""
    import nutpie

    panel = correlated_panel(recipe, count)
    data = inputs(panel, static_with(count))
    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(latent_model(data, count))
    ready = time.perf_counter()
    tree = nutpie.sample(compiled, **sizes, progress_bar=False)
    seconds = time.perf_counter() - ready
    draws = tree["posterior"].to_dataset().rename(sigma="residual_sd")
    return summarise(draws, ready - start, seconds, int(tree["sample_stats"]["diverging"].sum()))


def compare(case: Case, settings: Settings) -> list[dict]:
    """Run both programs in turn; return one row for each."""
    recipe = QUICK if settings.quick else case.recipe
    runs: dict[str, list[dict]] = {OURS: [], PEER: []}
    for turn in range(max(settings.repeats, settings.peer_repeats)):
        for label, function, draws, times in (
            (OURS, "bayesfactor", {"draws": case.draws}, settings.repeats),
            (PEER, "pymc_nutpie", {"draws": case.peer, "tune": case.peer}, settings.peer_repeats),
        ):
            sizes = {"draws": 100, "tune": 100} if settings.quick else draws
            if turn < times:
                sizes = {**sizes, "chains": 4, "seed": turn + 1}
                runs[label].append(run_apart(f"benchmarks.structure:{function}", recipe, case.count, sizes).value)
                print(f"{case.name}; {label}: {runs[label][-1]}", file=sys.stderr, flush=True)
    base = float(np.median([one["ess"] / one["sample_s"] for one in runs[PEER]]))
    return [row(case, label, each, base) for label, each in runs.items()]


def row(case: Case, label: str, runs: list[dict], base: float) -> dict:
    """Return one row of the table; `base` is the rate of the peer."""
    rates = [one["ess"] / one["sample_s"] for one in runs]
    least, worst = min(runs, key=lambda one: one["ess"]), max(one["rhat"] for one in runs)
    return {
        "panel": f"{case.name}, {case.count} residual factor{'s' * (case.count > 1)}",
        "program": label,
        "compile s": spread([one["compile_s"] for one in runs], 2),
        "sample s": spread([one["sample_s"] for one in runs]),
        "smallest ESS": spread([one["ess"] for one in runs]),
        "of": least["where"],
        "worst R-hat": f"{worst:.4f}" + (" (did not converge)" if worst >= CONVERGED else ""),
        "ESS/s": spread(rates),
        "against PyMC": " to ".join(dict.fromkeys(figure(x / base, 2) for x in (min(rates), max(rates)))) + " x",
        "divergences": max(one["divergences"] for one in runs),
        "runs": len(runs),
    }


def seconds(label: str, repeats: int) -> list[dict]:
    """Return what whole fits of 36 tokens took, with the default sampler and after a small one."""
    import bayesfactor as bf

    panel, model, found = PANELS["36 tokens"](FOLDER), MODELS[label](), []
    bf.fit(panel, model, bf.Sampler(draws=50, tune=50, chains=1, progress=False))
    for turn in range(repeats):
        start = time.perf_counter()
        fit = bf.fit(panel, model, bf.Sampler(seed=turn + 1, progress=False))
        found.append({"fit": time.perf_counter() - start, **fit.timings, "problems": list(fit.problems)})
    return found


def of_tokens(settings: Settings) -> Table:
    """Return the table of fits of real tokens."""
    rows = []
    for label in MODELS:
        runs = run_apart("benchmarks.structure:seconds", label, settings.repeats).value
        rows.append(
            {
                "model": label,
                "fit s": spread([one["fit"] for one in runs]),
                "of it sampling s": spread([one["sample"] for one in runs]),
                "problems": "; ".join(dict.fromkeys(text for one in runs for text in one["problems"])) or "none",
            }
        )
        print(rows[-1], file=sys.stderr, flush=True)
    note = "Seconds of `bf.fit` from a panel on, with 4 chains of 1,000 draws after 300, in a process that has fitted."
    return Table("36 tokens, 186 weeks", tuple(rows), note)


def tables(settings: Settings) -> list[Table]:
    """Return the tables of all cases."""
    rows = tuple(row for case in CASES for row in compare(case, settings))
    note = (
        "4 chains; ours keeps 1,000 draws a chain after 300, PyMC with nutpie as many after as many, 750 of the larger "
        "panel. Smallest bulk ESS over alphas, loadings, residual variances and covariances, common shares, and the "
        "residual variance of the equal-weighted portfolio; compiling is left out on both sides."
    )
    found = [Table("Residual factors: effective draws a second", rows, note)]
    return found + ([of_tokens(settings)] if FOLDER.is_dir() and not settings.quick else [])
