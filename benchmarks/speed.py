"""Effective draws a second, against hand-written models of the same posterior, in the same run.

Every program keeps 4 chains of as many draws, after its own default warm-up: 300 draws here, 1,000 by hand; slow ones
keep 250 after 250 on some panels, as the table says. What is compared is the smallest bulk effective sample size over
all quantities that all of them have, per second of sampling; here that includes drawing loadings and alphas after it.
Programs take turns, each run in a process of its own.
"""

import sys
from dataclasses import dataclass

from bayesfactor.posterior.sampler import Sampler
from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

FULL = "PyMC by hand, full likelihood"
NUMPYRO = 250  # draws, and as many of warm-up
LEAST = 100  # effective draws a chain, without which draws say nothing of how many they are worth
UNSURE = "did not converge"


@dataclass(frozen=True)
class Case:
    """A panel, a model, and how many draws a chain keeps; of slow peers after as many of warm-up."""

    name: str
    recipe: dict
    preset: str = "static"
    draws: int = 1000
    slow: int = 1000
    numpyro: bool = False


CASES = (
    Case(
        "long: 100 assets, 6 factors, 1,250 periods",
        {"assets": 100, "factors": 6, "periods": 1250, "seed": 1, "groups": 4, "alpha": 0.5},
    ),
    Case(
        "short: 50 assets, 5 factors, 60 periods",
        {"assets": 50, "factors": 5, "periods": 60, "seed": 2, "groups": 3},
        numpyro=True,
    ),
    Case(
        "unequal: 60 assets, 5 factors, 30 to 2,000 periods",
        {"assets": 60, "factors": 5, "periods": 2000, "seed": 3, "groups": 3, "shortest": 30},
        draws=500,
        slow=250,
    ),
    Case(
        "Student-t, long: 100 assets, 6 factors, 1,250 periods",
        {"assets": 100, "factors": 6, "periods": 1250, "seed": 4, "groups": 4, "alpha": 0.5, "tails": 5},
        "student_t",
        slow=250,
    ),
)
QUICK = {"assets": 6, "factors": 2, "periods": 40, "seed": 1, "groups": 2}


def programs(case: Case, settings: Settings) -> dict[str, tuple[str, tuple, int, int, int]]:
    """Return label -> function, further arguments, warm-up draws, kept draws, runs."""
    ours, peers, draws = settings.repeats, settings.peer_repeats, case.draws
    found = {
        "bayesfactor": ("bayesfactor", (), Sampler().tune, draws, ours),
        "bayesfactor, 1,000 warm-up draws": ("bayesfactor", (), 1000, draws, ours),
        FULL: ("pymc_nutpie", ("full",), case.slow, min(case.slow, draws), peers),
        "PyMC by hand, sufficient statistics": ("pymc_nutpie", ("statistics",), 1000, draws, max(ours, peers)),
        "NumPyro by hand, full likelihood": ("numpyro_nuts", (), NUMPYRO, NUMPYRO, peers),
    }
    if not case.numpyro:
        del found["NumPyro by hand, full likelihood"]  # many minutes a run
    if case.preset == "student_t":
        del found["PyMC by hand, sufficient statistics"]  # a Student-t likelihood has none
    return found


def compare(case: Case, settings: Settings) -> list[dict]:
    """Run the programs in turn; return one row for each."""
    recipe = case.recipe
    chains = 2 if settings.quick else 4
    if settings.quick:
        recipe = {**QUICK, **{key: recipe[key] for key in ("tails",) if key in recipe}}
        recipe |= {"shortest": 10} if "shortest" in case.recipe else {}
    run_apart("benchmarks.programs:bayesfactor", QUICK, case.preset, {"draws": 50, "tune": 50, "chains": 1})  # warms up
    chosen = programs(case, settings)
    runs = {label: [] for label in chosen}
    for turn in range(max(times for *_, times in chosen.values())):
        for label, (function, more, tune, draws, times) in chosen.items():
            if turn < times:
                sizes = {"draws": draws, "tune": tune, "chains": chains, "seed": turn + 1}
                if settings.quick:
                    sizes |= {"draws": 100, "tune": 100}
                runs[label].append(run_apart(f"benchmarks.programs:{function}", recipe, case.preset, sizes, *more))
                print(f"{case.name}; {label}: {runs[label][-1].value}", file=sys.stderr, flush=True)
    rates = {label: [one.value["ess"] / one.value["sample_s"] for one in each] for label, each in runs.items()}
    known = {label: min(one.value["ess"] for one in each) >= LEAST * chains for label, each in runs.items()}
    base = sorted(rates[FULL])[len(rates[FULL]) // 2] if known[FULL] else None
    return [row(case.name, label, each, rates[label] if known[label] else None, base) for label, each in runs.items()]


def row(case: str, label: str, runs: list, rates: list[float] | None, base: float | None) -> dict:
    """Return one row of the table; `rates` are the runs' effective draws a second, `base` that of the yardstick.

    Either is None where it did not converge.
    """
    least = min(runs, key=lambda one: one.value["ess"]).value
    ratio = UNSURE if rates is None else "the full likelihood did not converge"
    if rates and base:
        ratio = " to ".join(dict.fromkeys(figure(x / base, 2) for x in (min(rates), max(rates)))) + " x"
    return {
        "panel": case,
        "program": label,
        "compile s": spread([one.value["compile_s"] for one in runs], 2),
        "sample s": spread([one.value["sample_s"] for one in runs]),
        "smallest ESS": spread([one.value["ess"] for one in runs]),
        "of": least["where"],
        "ESS/s": spread(rates) if rates else UNSURE,
        "against full likelihood": ratio,
        "divergences": max(one.value["divergences"] for one in runs),
        "peak MiB": figure(max(one.peak for one in runs), 3),
        "runs": len(runs),
    }


def tables(settings: Settings) -> list[Table]:
    """Return the table of all cases."""
    rows = [row for case in CASES for row in compare(case, settings)]
    note = (
        "4 chains of 1,000 draws; of 500 for the unequal panel (2,000 draws in all); of 250 after 250 for "
        "NumPyro and for the full likelihoods of the unequal and the Student-t panel, which would take many minutes "
        "else. NumPyro is run on the short panel only. Smallest bulk ESS over group means, spreads, scales, alphas, "
        "loadings, residual scales and degrees of freedom; `of` is where it was, in the worst run. It exceeds the "
        "number of draws where draws offset each other; below 100 a chain the program did not converge, and such "
        "estimates of ESS say little. Seconds of bayesfactor include drawing loadings and alphas; "
        "compiling is that of a machine that has fitted before. NumPyro: double precision, chains in parallel, one "
        "host device each; compiling as JAX reports it. The last columns but one hold the worst run. Every process "
        "makes the panel and computes effective sizes too, and its peak memory holds that."
    )
    return [Table("Effective draws a second", tuple(rows), note, ("numpyro", "jax"))]
