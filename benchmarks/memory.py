"""Peak memory and seconds of a fit of thousands of assets, with the draws in memory and in a store."""

import tempfile
import time
from pathlib import Path

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

RECIPE = {"assets": 10_000, "factors": 10, "periods": 60, "seed": 10, "groups": 20}


def posed(recipe: dict) -> dict:
    """Make the panel and what the density reads, and nothing more."""
    import bayesfactor as bf
    from bayesfactor.sampling.kernels.density_problem import prepare
    from benchmarks.panels import simulate

    start = time.perf_counter()
    problem = prepare(simulate(recipe), bf.read_model("static"))
    return {"seconds": time.perf_counter() - start, "draws": 0, "theta": problem.size}


def fit(recipe: dict, sizes: dict, store: str | None) -> dict:
    """Fit, with the draws of loadings and alphas in memory or in a store."""
    import bayesfactor as bf
    from benchmarks.panels import simulate

    panel, sampler = simulate(recipe), bf.Sampler(**sizes, progress=False)
    start = time.perf_counter()
    found = bf.fit(panel, "static", sampler, **({"store": store} if store else {}))
    return {"seconds": time.perf_counter() - start, "draws": found.posterior.nbytes, **found.timings}


def attribute(store: str) -> dict:
    """Open a store, attribute premia, and make their table."""
    import bayesfactor as bf

    start = time.perf_counter()
    found = bf.open_fit(store)
    table = bf.attribute(found, "premium").table()
    return {"seconds": time.perf_counter() - start, "draws": found.posterior.nbytes, "rows": len(table)}


def tables(settings: Settings) -> list[Table]:
    """Return peak memory and seconds of each way."""
    recipe = {**RECIPE, "assets": 200} if settings.quick else RECIPE
    sizes = {"draws": 50, "tune": 50, "chains": 2} if settings.quick else {}
    ways = ("the panel and its statistics alone", "fit, in memory", "fit, in a store", "premia from the store, table")
    runs = {way: [] for way in ways}
    for turn in range(settings.repeats):
        with tempfile.TemporaryDirectory() as folder:
            store, seeded = str(Path(folder) / "run.zarr"), {**sizes, "seed": turn + 1}
            runs[ways[0]].append(run_apart("benchmarks.memory:posed", recipe))
            runs[ways[1]].append(run_apart("benchmarks.memory:fit", recipe, seeded, None))
            runs[ways[2]].append(run_apart("benchmarks.memory:fit", recipe, seeded, store))
            runs[ways[3]].append(run_apart("benchmarks.memory:attribute", store))
    rows = [
        {
            "what": way,
            "peak MiB": spread([one.peak for one in each]),
            "draws MiB": figure(each[0].value["draws"] / 2**20),
            "seconds": spread([one.value["seconds"] for one in each]),
            "sampling s": spread([one.value["sample"] for one in each]) if "sample" in each[0].value else "",
        }
        for way, each in runs.items()
    ]
    note = "{assets:,} assets, {factors} factors, {periods} periods; 4 chains of 1,000 draws.".format(**recipe)
    note += " Peak: largest resident memory of the process. Draws: what the posterior would take in memory."
    return [Table("Memory", tuple(rows), note, ("zarr", "dask"))]
