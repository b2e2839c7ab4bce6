"""Long tables of returns in Parquet files, reduced to statistics, against reading the same columns with pyarrow."""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

COLUMNS = ("time", "asset", "return")
FACTORS, FILES = 10, 10
NOTE = (
    "Rows of (time, asset, return): 1,000 assets by the minute, in 10 files (Snappy, names as dictionaries), with 10 "
    "factors in memory. By time: every file holds some minutes of all assets, minute after minute; by asset: some "
    "minutes, asset after asset. `pyarrow`: a scan of the same columns, batch by batch, on all cores. Both in "
    "processes of their own, in turn, after a first call on a small folder, files in the system's cache."
)


def make(folder: str, assets: int, periods: int, order: str) -> None:
    """Write factors, and the files of one panel."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place, rng = Path(folder), np.random.default_rng(9)
    (place / "bars").mkdir(parents=True)
    times = np.datetime64("2024-01-01", "us") + np.timedelta64(60, "s") * np.arange(periods)
    factors, loading = rng.normal(0, 1e-3, size=(periods, FACTORS)), rng.normal(0.3, 0.3, size=(FACTORS, assets))
    np.savez(place / "factors.npz", times=times, factors=factors)
    names = pa.array([f"a{i:04d}" for i in range(assets)])
    for part, rows in enumerate(np.array_split(np.arange(periods), FILES)):
        returns = factors[rows] @ loading + rng.normal(0, 2e-3, size=(len(rows), assets))
        stamps, codes = np.repeat(times[rows], assets), np.tile(np.arange(assets, dtype="int32"), len(rows))
        if order == "by asset":
            returns, stamps, codes = returns.T, np.tile(times[rows], assets), np.repeat(codes[:assets], len(rows))
        columns = [pa.array(stamps), pa.DictionaryArray.from_arrays(codes, names), pa.array(returns.ravel())]
        pq.write_table(pa.table(columns, names=COLUMNS), place / "bars" / f"part{part:02d}.parquet")


def read(folder: str, small: str) -> dict:
    """Scan the columns with pyarrow; return rows and seconds."""
    import pyarrow.dataset as ds

    for place in (small, folder):
        start, rows = time.perf_counter(), 0
        for batch in ds.dataset(Path(place) / "bars", format="parquet").to_batches(columns=list(COLUMNS)):
            rows += batch.num_rows
        seconds = time.perf_counter() - start
    return {"rows": rows, "seconds": seconds}


def reduce(folder: str, small: str) -> dict:
    """Reduce the files to statistics; return rows and seconds."""
    import pandas as pd

    from bayesfactor.data.streaming.assembly import integrate_parquet
    from bayesfactor.panel.records import Calendar

    for place in (small, folder):
        stored = np.load(Path(place) / "factors.npz")
        names = [f"f{k}" for k in range(stored["factors"].shape[1])]
        factors = pd.DataFrame(stored["factors"], index=pd.DatetimeIndex(stored["times"]), columns=names)
        info = {name: {"traded": True, "family": "style" if k else "market"} for k, name in enumerate(names)}
        start = time.perf_counter()
        panel = integrate_parquet(Path(place) / "bars", factors, info, calendar=Calendar("minute", 525_600))
        seconds = time.perf_counter() - start
    return {"rows": int(panel.moments.count.sum()), "seconds": seconds}


def tables(settings: Settings) -> list[Table]:
    """Return seconds and memory by number of rows."""
    assets, periods = (20, (50, 200)) if settings.quick else (1000, (2_000, 20_000))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small = f"{folder}/small"
        run_apart("benchmarks.streaming:make", small, 5, 20, "by time")
        for order in ("by time", "by asset"):
            for length in periods:
                place = f"{folder}/{length} {order}"
                run_apart("benchmarks.streaming:make", place, assets, length, order)
                theirs, ours = [], []
                for _ in range(settings.repeats):
                    theirs.append(run_apart("benchmarks.streaming:read", place, small))
                    ours.append(run_apart("benchmarks.streaming:reduce", place, small))
                rows.append(row(order, theirs, ours))
    return [Table("Streaming", tuple(rows), NOTE, ("pyarrow",))]


def row(order: str, theirs: list, ours: list) -> dict:
    """Return one row of the table; both programs must have seen the same number of rows."""
    if {one.value["rows"] for one in theirs} != {one.value["rows"] for one in ours}:
        raise RuntimeError("The programs did not see the same rows.")
    pairs = [(a.value["seconds"], b.value["seconds"]) for a, b in zip(theirs, ours, strict=True)]
    return {
        "order": order,
        "rows": f"{ours[0].value['rows']:,}",
        "pyarrow s": spread([a for a, _ in pairs]),
        "integrate_parquet s": spread([b for _, b in pairs]),
        "speed over pyarrow's": spread([a / b for a, b in pairs], 2),
        "million rows/s": figure(ours[0].value["rows"] / min(b for _, b in pairs) / 1e6),
        "pyarrow, peak MiB": figure(max(one.peak for one in theirs)),
        "integrate_parquet, peak MiB": figure(max(one.peak for one in ours)),
    }
