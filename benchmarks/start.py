"""From the start of a process to a posterior, with caches empty and full, and the second fit in one process.

Data are ready in files: a panel for bayesfactor; arrays, sufficient statistics and priors as numbers for the
hand-written model, which imports nothing of bayesfactor.
"""

import pickle
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.apart import Outcome, run_apart
from benchmarks.common import Settings, Table, figure, spread
from benchmarks.speed import CASES, QUICK

OURS, GRAPH, HAND = "bayesfactor", "bayesfactor, graph engine", "PyMC by hand, sufficient statistics"
STEPS = ("prepare", "compile", "sample", "recover")
NOTE = (
    "Seconds from asking for the process until it holds the posterior: 4 chains of 1,000 draws after the program's "
    "default warm-up. Caches: numba's and PyTensor's, in folders that are new for an empty cache; Python's own "
    "compiled files are there in all cases."
)


def prepare(recipe: dict, folder: str) -> None:
    """Write a panel, and what a hand-written model needs, into a folder."""
    from benchmarks.handwritten import inputs
    from benchmarks.panels import simulate

    panel = simulate(recipe)
    (Path(folder) / "panel.pickle").write_bytes(pickle.dumps(panel))
    np.savez(Path(folder) / "inputs.npz", **inputs(panel, "static"))


def bayesfactor(folder: str, sizes: dict, fits: int, engine: str = "kernel") -> dict:
    """Fit the panel so many times by an engine; return clock times and the timings of each fit."""
    begun = time.time()
    import bayesfactor as bf

    panel = pickle.loads((Path(folder) / "panel.pickle").read_bytes())
    ready, rounds = time.time(), []
    for turn in range(fits):
        start = time.perf_counter()
        fit = bf.fit(panel, "static", bf.Sampler(**sizes, seed=turn + 1, progress=False), engine=engine)
        rounds.append({"total": time.perf_counter() - start, **{name: fit.timings[name] for name in STEPS}})
    return {"begun": begun, "ready": ready, "fits": rounds}


def by_graph(folder: str, sizes: dict, fits: int) -> dict:
    """Do what `bayesfactor` does, by the PyMC graph."""
    return bayesfactor(folder, sizes, fits, "graph")


def by_hand(folder: str, sizes: dict, fits: int) -> dict:
    """Build, compile and sample the hand-written model (sufficient statistics) so many times."""
    begun = time.time()
    import nutpie

    from benchmarks.handwritten import pymc_model

    data = dict(np.load(Path(folder) / "inputs.npz"))
    ready, rounds = time.time(), []
    for turn in range(fits):
        start = time.perf_counter()
        model = pymc_model(data, "statistics")
        built = time.perf_counter()
        compiled = nutpie.compile_pymc_model(model)
        made = time.perf_counter()
        nutpie.sample(compiled, **sizes, seed=turn + 1, progress_bar=False)
        done = time.perf_counter()
        rounds.append(
            {
                "total": done - start,
                "prepare": built - start,
                "compile": made - built,
                "sample": done - made,
                "recover": 0,
            }
        )
    return {"begun": begun, "ready": ready, "fits": rounds}


def imports() -> None:
    """Import what a hand-written model imports."""
    import nutpie  # noqa: F401
    import pymc  # noqa: F401


def caches(folder: Path) -> dict[str, str]:
    """Return the environment in which compiled code is kept in a folder."""
    return {"NUMBA_CACHE_DIR": str(folder / "numba"), "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}"}


def imported(errors: str) -> float:
    """Return the seconds of all imports, from what ``python -X importtime`` writes."""
    cells = [
        line.removeprefix("import time:").split("|") for line in errors.splitlines() if line.startswith("import time:")
    ]
    return sum(int(first) for first, *_ in cells if first.strip().isdigit()) / 1e6


def breakdown(run: Outcome, imports_s: float) -> dict[str, float]:
    """Return the seconds of each step from the start of a process to its first posterior."""
    value = run.value
    return {
        "interpreter": value["begun"] - run.began,
        "import, and read the panel": value["ready"] - value["begun"],
        **{name: value["fits"][0][name] for name in STEPS},
        "all": to_posterior(run),
        "imports, wherever they are": imports_s,
    }


def measure(recipe: dict, sizes: dict, settings: Settings) -> tuple[dict, list[float], list[float]]:
    """Return the runs (program, cache) -> outcomes, seconds of our imports, and seconds to import PyMC and nutpie."""
    targets = {
        OURS: ("benchmarks.start:bayesfactor", 300),
        GRAPH: ("benchmarks.start:by_graph", 300),
        HAND: ("benchmarks.start:by_hand", 1000),
    }
    runs, parts, yardstick = {}, [], []
    with tempfile.TemporaryDirectory() as folder:
        run_apart("benchmarks.start:prepare", recipe, folder)
        for turn in range(max(settings.repeats, settings.peer_repeats)):
            place = caches(Path(folder) / f"cache{turn}")
            for name, (target, tune) in targets.items():
                if turn < (settings.repeats if name == OURS else settings.peer_repeats):
                    for state in ("empty", "full"):
                        outcome = run_apart(target, folder, {**sizes, "tune": tune}, 2, environment=place)
                        runs.setdefault((name, state), []).append(outcome)
            if turn < settings.repeats:
                yardstick.append(run_apart("benchmarks.start:imports").seconds)
                target, tune = targets[OURS]
                arguments = (folder, {**sizes, "tune": tune}, 1)
                traced = run_apart(target, *arguments, environment=place, flags=("-X", "importtime"))
                parts.append(imported(traced.errors))
    return runs, parts, yardstick


def to_posterior(outcome: Outcome) -> float:
    """Return the seconds from the start of the process to its first posterior."""
    return outcome.seconds - sum(one["total"] for one in outcome.value["fits"][1:])


def start_rows(case: str, runs: dict, yardstick: list[float]) -> list[dict]:
    """Return one row for each program and cache, and one for the yardstick."""
    hand = {state: np.median([to_posterior(x) for x in each]) for (name, state), each in runs.items() if name == HAND}
    sampling = [x.value["fits"][0]["sample"] + x.value["fits"][0]["recover"] for x in runs[OURS, "full"]]
    found = {key: [to_posterior(x) for x in each] for key, each in runs.items()}
    found["import pymc, nutpie; then our sampling", "full"] = [a + b for a, b in zip(yardstick, sampling, strict=True)]
    goal = np.median(found["import pymc, nutpie; then our sampling", "full"])
    return [
        {
            "panel": case,
            "program": name,
            "cache": state,
            "process to posterior s": spread(seconds),
            "over hand-written": figure(np.median(seconds) / hand[state], 2),
            "over import pymc, nutpie and our sampling": figure(np.median(seconds) / goal, 2),
            "runs": len(seconds),
        }
        for (name, state), seconds in found.items()
    ]


def second(case: str, name: str, state: str, runs: list[Outcome]) -> dict:
    """Return one row that compares the second fit of a process with the first."""
    pairs = [x.value["fits"] for x in runs]
    return {
        "panel": case,
        "program": name,
        "cache": state,
        "first fit s": spread([a["total"] for a, _ in pairs]),
        "its compile s": spread([a["compile"] for a, _ in pairs], 2),
        "second fit s": spread([b["total"] for _, b in pairs]),
        "second's compile s": spread([b["compile"] for _, b in pairs], 2),
        "second over first": spread([b["total"] / a["total"] for a, b in pairs], 2),
        "compile, second over first": spread([b["compile"] / a["compile"] for a, b in pairs], 2),
        "runs": len(runs),
    }


def tables(settings: Settings) -> list[Table]:
    """Return whole-process times, second fits, and the steps of our start."""
    start, again, steps = [], [], []
    for case in CASES[1:2] if settings.quick else CASES[1::-1]:
        recipe = QUICK if settings.quick else case.recipe
        sizes = {"draws": 100, "chains": 2} if settings.quick else {"draws": 1000, "chains": 4}
        runs, imports_s, yardstick = measure(recipe, sizes, settings)
        start += start_rows(case.name, runs, yardstick)
        again += [second(case.name, name, state, each) for (name, state), each in runs.items()]
        each = [breakdown(run, seconds) for run, seconds in zip(runs[OURS, "full"], imports_s, strict=True)]
        steps.append({"panel": case.name, **{key: spread([one[key] for one in each]) for key in each[0]}})
    about = "Two fits of one panel in one process, with other seeds; by hand, the model is built and compiled anew."
    parts = (
        "Our start with a full cache. Steps hold the imports that they are the first to need; all imports together "
        "were timed in a process of their own, by `python -X importtime`, which itself takes time."
    )
    return [
        Table("From the start of a process to a posterior", tuple(start), NOTE),
        Table("The second fit in a process", tuple(again), about),
        Table("Steps of our start, seconds", tuple(steps), parts),
    ]
