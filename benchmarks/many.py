"""Rolling windows of the demonstration's panel: the cost of many fits beyond sampling, and two workers against one."""

import time

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

WINDOW, STEP = 72, 3  # 250 windows of the 819 months
POOL, DASK = "processes of this machine", "Dask"


def fits(kind: str, workers: int, windows: int, sizes: dict) -> dict:
    """Fit the first windows; return wall seconds, and seconds of sampling and of whole fits summed over fits."""
    import bayesfactor as bf
    from bayesfactor.data.datasets.french import french_monthly
    from bayesfactor.data.windows import rolling
    from bayesfactor.sampling.batch.many_fits import fit_many

    panels = dict(list(rolling(french_monthly().panel(), window=WINDOW, step=STEP).items())[:windows])
    sampler = bf.Sampler(**sizes, cores=workers, progress=False)
    bf.fit(panels[next(iter(panels))], "static", bf.Sampler(draws=10, tune=50, chains=1, progress=False))
    if kind == DASK:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            client.run(_ready)
            start = time.perf_counter()
            found = fit_many(panels, "static", sampler, executor=client.get_executor(pure=False))
            wall = time.perf_counter() - start
    else:
        start = time.perf_counter()
        found = fit_many(panels, "static", sampler)
        wall = time.perf_counter() - start
    if found.failures:
        raise RuntimeError(f"{len(found.failures)} windows failed: {next(iter(found.failures.values()))}")
    timings = [found[name].timings for name in found]
    return {
        "fits": len(timings),
        "wall": wall,
        "sampling": sum(one["sample"] for one in timings),
        "whole": sum(sum(one.values()) for one in timings),
    }


def _ready() -> None:
    """Load what a worker needs for its first fit."""
    import bayesfactor.sampling.fitting  # noqa: F401


def tables(settings: Settings) -> list[Table]:
    """Return the table of executors and workers."""
    windows, sizes = (4, {"draws": 50, "tune": 50, "chains": 1}) if settings.quick else (250, {})
    runs = {(POOL, 2): [], (DASK, 1): [], (DASK, 2): []}
    for turn in range(settings.repeats):
        for (kind, workers), each in runs.items():
            each.append(run_apart("benchmarks.many:fits", kind, workers, windows, {**sizes, "seed": turn + 1}).value)
    one = [run["wall"] for run in runs[DASK, 1]]
    rows = []
    for (kind, workers), each in runs.items():
        walls = [run["wall"] for run in each]
        faster = spread([a / b for a, b in zip(one, walls, strict=True)]) if kind == DASK else ""
        rows.append(
            {
                "executor": kind,
                "workers": workers,
                "fits": each[0]["fits"],
                "wall s": spread(walls),
                "sampling s, summed": spread([run["sampling"] for run in each]),
                "fits s, summed": spread([run["whole"] for run in each]),
                "wall over sampling / workers": spread([run["wall"] * workers / run["sampling"] for run in each]),
                "against one Dask worker": faster,
                "a fit, wall ms": figure(1e3 * min(walls) / each[0]["fits"]),
            }
        )
    note = (
        f"Windows of {WINDOW} months every {STEP}, 30 portfolios and 4 factors, model `static`, the default "
        "sampler on one core a fit. Wall seconds of the call to `fit_many`: the local pool starts its processes "
        "within, Dask's workers are there before and have imported the package. Kernels are in the cache."
    )
    return [Table("Many fits", tuple(rows), note, ("dask", "distributed"))]
