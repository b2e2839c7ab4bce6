"""Seconds, size and memory of a report, by the number of assets and factors."""

import tempfile
import time
from pathlib import Path

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

SIZES = ((40, 7), (100, 7), (500, 12))


def write(recipe: dict, sizes: dict) -> dict:
    """Fit, write a small report to load what is imported, and then the one that is timed."""
    import bayesfactor as bf
    from benchmarks.panels import simulate

    weights = {f"a{i:05d}": 0.2 for i in range(5)}
    with tempfile.TemporaryDirectory() as folder:
        small = bf.fit(simulate({**recipe, "assets": 6, "factors": 2}), sampler=bf.Sampler(**sizes, progress=False))
        bf.write_report(small, Path(folder) / "small.html", portfolio=weights)
        fit = bf.fit(simulate(recipe), sampler=bf.Sampler(**sizes, progress=False))
        start = time.perf_counter()
        path = bf.write_report(fit, Path(folder) / "report.html", portfolio=weights)
        return {"seconds": time.perf_counter() - start, "size": path.stat().st_size}


def tables(settings: Settings) -> list[Table]:
    """Return seconds, size and peak memory for each size."""
    sizes = ((6, 2),) if settings.quick else SIZES
    sampler = {"draws": 50, "tune": 50, "chains": 2} if settings.quick else {}
    rows = []
    for assets, factors in sizes:
        recipe = {
            "assets": assets,
            "factors": factors,
            "periods": 60 if settings.quick else 1_000,
            "seed": 12,
            "groups": 3,
        }
        runs = [
            run_apart("benchmarks.report:write", recipe, {**sampler, "seed": turn + 1})
            for turn in range(settings.repeats)
        ]
        rows.append(
            {
                "assets": assets,
                "factors": factors,
                "seconds": spread([one.value["seconds"] for one in runs]),
                "MB": figure(max(one.value["size"] for one in runs) / 1e6, 3),
                "peak MiB": figure(max(one.peak for one in runs), 3),
            }
        )
    note = (
        "`write_report` to HTML with a portfolio of five assets; 1,000 periods, 4 chains of 1,000 draws; the second "
        "report of its process. Peak: largest resident memory of the process, which has made the fit too."
    )
    return [Table("Reports", tuple(rows), note)]
