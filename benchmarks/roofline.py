"""One gradient against the arithmetic it must do and the memory it must touch, on one core."""

import os
import time

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

CASES = (
    ("static", {"assets": 100, "factors": 6, "periods": 250, "seed": 6, "groups": 4}),
    ("static", {"assets": 1_000, "factors": 10, "periods": 250, "seed": 6, "groups": 4}),
    ("static", {"assets": 10_000, "factors": 10, "periods": 60, "seed": 6, "groups": 4}),
    ("student_t", {"assets": 100, "factors": 6, "periods": 1250, "seed": 6, "groups": 4, "tails": 5}),
)
ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
NOTE = (
    "p = factors + 1 coefficients. Arithmetic: each of + - x / counts one; logarithms, exponentials and roots count "
    "nothing. Normal noise, per asset: A = I + D S D / s2 (1.5 p(p+1)), its root (p^3/3 + p^2/2), the inverse of that "
    "(p^3/3), b - S m and b - S (m + D u) (4 p^2), two triangular products (2 p^2), the diagonal of A^-1 (p^2), 16 p "
    "for the rest; in all 2/3 p^3 + 9 p^2 + 17.5 p. Student-t, per observation 4 p + 8 (residual, weight, their "
    "products with the regressors), and per asset p^3/3 + 6 p^2 for the surrogate and 7/3 p^3 + 17 p^2 for the way "
    "back through it. Memory, in doubles: normal, per asset p(p+1)/2 + 3 p + 4 (half of S, b, q, T; m and D; theta and "
    "its gradient); Student-t, p + 1 per observation, and p(p+1)/2 + 5 p + 4 per asset. The bound is the larger of "
    "arithmetic over the peak of a matrix product, and memory over the bandwidth of a triad on arrays beyond the "
    "caches (small panels stay inside them). `over the loop's peak`: over arithmetic at the rate of multiply-adds in a "
    "compiled loop."
)


def flops(preset: str, assets: int, factors: int, periods: int) -> float:
    """Return the arithmetic of one gradient (see `NOTE`)."""
    p = factors + 1
    if preset == "student_t":
        return assets * (periods * (4 * p + 8) + 8 / 3 * p**3 + 23 * p**2)
    return assets * (2 / 3 * p**3 + 9 * p**2 + 17.5 * p)


def doubles(preset: str, assets: int, factors: int, periods: int) -> float:
    """Return the doubles that one gradient must read or write at least once."""
    p = factors + 1
    if preset == "student_t":
        return assets * (periods * (p + 1) + p * (p + 1) / 2 + 5 * p + 4)
    return assets * (p * (p + 1) / 2 + 3 * p + 4)


def peaks(size: int, length: int) -> dict:
    """Return what one core can do: flops a second of a matrix product and of a compiled loop, bytes a second."""
    import numba
    import numpy as np

    @numba.njit(fastmath=True)
    def chains(x, times):  # as many independent chains as x has elements
        for _ in range(times):
            for i in range(x.size):
                x[i] = x[i] * 0.999999 + 1e-9
        return x[0]

    @numba.njit(fastmath=True)
    def triad(a, b, c):
        for i in range(a.size):
            a[i] = b[i] + 3.0 * c[i]

    a, b = np.random.default_rng(1).normal(size=(2, size, size))
    c, x = np.empty((size, size)), np.ones(256)
    big = [np.ones(length) for _ in range(3)]
    rounds = max(10, size * size)
    chains(x, 1), triad(*big), np.matmul(a, b, out=c)
    return {
        "product": 2 * size**3 / _least(lambda: np.matmul(a, b, out=c)),
        "loop": 2 * x.size * rounds / _least(lambda: chains(x, rounds)),
        "memory": 3 * 8 * length / _least(lambda: triad(*big)),
    }


def _least(call, times: int = 7) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def one_case(preset: str, recipe: dict, least: float) -> dict:
    """Return seconds of one gradient, and of the call that was taken off them."""
    import bayesfactor as bf
    from bayesfactor.sampling.kernels.density_problem import prepare
    from benchmarks.gradient import gradient_seconds
    from benchmarks.panels import simulate

    return gradient_seconds(prepare(simulate(recipe), bf.read_model(preset)), least)


def tables(settings: Settings) -> list[Table]:
    """Return the roofline of every case, and the peaks it is measured against."""
    size, length, least = (2000, 20_000_000, 0.3) if not settings.quick else (200, 200_000, 0.02)
    top, runs = [], [[] for _ in CASES]
    cases = [(name, {**recipe, "assets": 20, "periods": 60} if settings.quick else recipe) for name, recipe in CASES]
    for _ in range(settings.repeats):
        top.append(run_apart("benchmarks.roofline:peaks", size, length, environment=ONE).value)
        for each, (preset, recipe) in zip(runs, cases, strict=True):
            each.append(run_apart("benchmarks.roofline:one_case", preset, recipe, least, environment=ONE).value)
    best = {name: max(one[name] for one in top) for name in top[0]}
    rows = [row(preset, recipe, each, best) for (preset, recipe), each in zip(cases, runs, strict=True)]
    peak = [
        {
            "of one core": label,
            "measured": spread([one[name] / 1e9 for one in top]),
            "unit": unit,
        }
        for name, label, unit in (
            ("product", f"matrix product, {size} x {size}", "Gflop/s"),
            ("loop", "multiply-adds in a compiled loop, in the first cache", "Gflop/s"),
            ("memory", "triad", "GB/s"),
        )
    ]
    return [
        Table("Roofline", tuple(rows), NOTE),
        Table("Peaks", tuple(peak), f"{os.cpu_count()} cores; one used. Bounds take the best run."),
    ]


def row(preset: str, recipe: dict, runs: list[dict], best: dict) -> dict:
    """Return one row: time, work, bounds, and time over the larger bound."""
    shape = (recipe["assets"], recipe["factors"], recipe["periods"])
    work, touched = flops(preset, *shape), 8 * doubles(preset, *shape)
    seconds = [one["gradient"] for one in runs]
    arithmetic, memory = work / best["product"], touched / best["memory"]
    bound = max(arithmetic, memory)
    return {
        "model": preset,
        "panel": "{:,} assets, {} factors, {:,} periods".format(*shape),
        "gradient us": spread([1e6 * s for s in seconds]),
        "call, taken off, us": figure(1e6 * min(one["call"] for one in runs), 2),
        "kflop": figure(work / 1e3),
        "Gflop/s": figure(work / min(seconds) / 1e9),
        "kB": figure(touched / 1e3),
        "arithmetic bound us": figure(1e6 * arithmetic),
        "memory bound us": figure(1e6 * memory),
        "over the arithmetic bound": spread([s / arithmetic for s in seconds], 2),
        "over the bound": spread([s / bound for s in seconds], 2),
        "over the loop's peak": spread([s * best["loop"] / work for s in seconds], 2),
    }
