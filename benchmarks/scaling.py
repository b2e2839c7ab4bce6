"""How the cost of sampling and of one gradient grows with periods, assets and factors, from the statistics on."""

import time

import numpy as np

from benchmarks.apart import Outcome, run_apart
from benchmarks.common import Settings, Table, exponent, figure, spread

BASE = {"seed": 5, "groups": 4}
SCANS = {
    "periods": ({"assets": 20, "factors": 3}, (1_000, 10_000, 100_000, 1_000_000), (100, 200, 400)),
    "assets": ({"factors": 10, "periods": 250}, (100, 300, 1_000, 3_000, 10_000), (10, 20, 40)),
    "factors": ({"assets": 100, "periods": 250}, (2, 5, 10, 20, 40), (2, 3, 4)),
}
SIZES = {
    "periods": {"draws": 1000, "tune": 300, "chains": 4},
    "assets": {"draws": 200, "tune": 300, "chains": 2},
    "factors": {"draws": 1000, "tune": 300, "chains": 4},
}


def one_fit(recipe: dict, sizes: dict, gradient_s: float) -> dict:
    """Fit once to load the kernels, and once more; return seconds, and gradients per kept draw."""
    import bayesfactor as bf
    from bayesfactor.sampling.kernels.density_problem import prepare
    from benchmarks.gradient import gradient_seconds
    from benchmarks.panels import simulate

    panel, model = simulate(recipe), bf.read_model("static")
    start = time.perf_counter()
    problem = prepare(panel, model)
    statistics = time.perf_counter() - start
    bf.fit(panel, model, bf.Sampler(draws=4, tune=50, chains=1, progress=False))
    fit = bf.fit(panel, model, bf.Sampler(**sizes, progress=False))
    steps = fit.data["sample_stats"]["n_steps"].values
    return {
        "statistics": statistics,
        "sample": fit.timings["sample"],
        "steps": float(np.mean(steps)),
        **gradient_seconds(problem, gradient_s),
    }


def scan(name: str, settings: Settings) -> tuple[list[dict], dict]:
    """Return one row for every size of a scan, and the row of its exponents."""
    fixed, sizes, tiny = SCANS[name]
    sampler, least = SIZES[name], 0.3
    if settings.quick:
        sizes, sampler, least = tiny, {"draws": 50, "tune": 50, "chains": 2}, 0.02
    runs: dict[int, list[Outcome]] = {size: [] for size in sizes}
    for turn in range(settings.repeats):
        for size in sizes:  # in turn, so that a busy hour touches all sizes
            recipe = {**BASE, **fixed, name: size}
            runs[size].append(run_apart("benchmarks.scaling:one_fit", recipe, {**sampler, "seed": turn + 1}, least))
    rows = []
    for size, each in runs.items():
        found = {key: [one.value[key] for one in each] for key in each[0].value}
        rows.append(
            {
                "sizes": ", ".join(f"{value:,} {key}" for key, value in {**fixed, name: size}.items()),
                "statistics s": spread(found["statistics"]),
                "sampling s": spread(found["sample"]),
                "gradients a draw": spread(found["steps"], 2),
                "gradient us": spread([1e6 * value for value in found["gradient"]]),
                "sampling over the smallest": figure(
                    np.median(found["sample"]) / np.median([one.value["sample"] for one in runs[sizes[0]]]), 3
                ),
                "draws": f"{sampler['chains']} x ({sampler['tune']} + {sampler['draws']})",
            }
        )
    return rows, {"in": name, "from": f"{sizes[0]:,}", "to": f"{sizes[-1]:,}", **_exponents(runs)}


def _exponents(runs: dict[int, list[Outcome]]) -> dict:
    columns = {
        "sampling": ("sample",),
        "gradient": ("gradient",),
        "sampling per gradient of a draw": ("sample", "steps"),
    }
    found = {}
    for label, (key, *by) in columns.items():
        pairs = [(n, one.value[key] / (one.value[by[0]] if by else 1)) for n, each in runs.items() for one in each]
        slope, error = exponent(*zip(*pairs, strict=True))
        found[label] = f"{slope:.3f} ± {error:.3f}"
    return found


def tables(settings: Settings) -> list[Table]:
    """Return the table of all sizes, and that of the exponents."""
    scans = [scan(name, settings) for name in SCANS]
    note = (
        "Normal noise, equal histories. `statistics`: from a panel to all that the density reads. `gradients a draw`: "
        "mean over kept draws. `gradient`: one log-density with its gradient, on one core, less the call."
    )
    about = "b in seconds = a size^b, by least squares of logarithms over all runs, with its standard error."
    return [
        Table("Cost by size", tuple(row for rows, _ in scans for row in rows), note),
        Table("Exponents", tuple(last for _, last in scans), about),
    ]
