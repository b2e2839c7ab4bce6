"""What the sampler's own record says about its draws: R-hat, effective draws, divergences, energy."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from bayesfactor.posterior import convergence
from bayesfactor.posterior.blocks import rows
from bayesfactor.posterior.residual_covariance import RESIDUAL_NAMES, invariants

R_HAT, ESS_PER_CHAIN, BFMI, LEAST_DRAWS, LEAST_CHAINS = 1.01, 100, 0.3, 1000, 4
CELL_DRAWS = 500  # of a chain: with fewer, R-hat of a cell alone is above its limit by chance
BFMI_DRAWS = 100  # of a chain in a cell, from which the variance of its energy is told
BLOCK = 2**18  # numbers that are worked on at once: a few copies of them fit a processor's cache
CANNOT = "Cannot be computed: "
UNSEEN = CANNOT + "the panel holds statistics, not returns. Fit some of the assets in memory to see it."
MISFIT = "model does not fit"
OWN = ("Sample longer (Sampler(draws=..., tune=...))", "Run Sampler(chains=4)", "Raise Sampler(target_accept=0.95)")
OTHERS = (
    "Sample longer",
    "Run four chains",
    "Raise the sampler's acceptance rate",
)  # in the program that made the draws
APART = 1.1  # R-hat above which chains are in places of their own, and not only slow
MODES = (
    "Chains may have settled on different residual factors, which sampling longer rarely mends: allow fewer "
    "(noise.common.count), or take a market that is not an index of these assets."
)
DEEP = ("maxdepth_reached", "reached_max_treedepth")
ALLOTTED = ("loading_move", "loading_memory", "volatility_memory", "volatility_size", "factor_memory")  # not sampled
STEPS = ("diverging", "energy", *DEEP)  # what is read of a sampler's record


@dataclass(frozen=True)
class Check:
    """One check of a fit.

    Attributes
    ----------
    name : str
    passed : bool or None
        None when the check only informs.
    value, limit : float
    worst : str
        The quantity that gave the value, where there is one.
    advice : str
        What to do about it.
    details : str
        Where in Python more of it is found, if anywhere.
    """

    name: str
    passed: bool | None
    value: float
    limit: float
    worst: str
    advice: str
    details: str = ""

    @property
    def exceeds_limit(self) -> bool:
        """Whether it failed or, where it only informs, its value is above its limit."""
        return self.passed is False or (self.passed is None and self.value > self.limit)

    @property
    def uncomputed(self) -> bool:
        """Whether it has no value; its advice says why."""
        return self.advice.startswith(CANNOT)

    @property
    def problem(self) -> str:
        """What was found, in one short text."""
        return f"{self.name} {self.value:.4g} (limit {short(self.limit)}){f' at {self.worst}' if self.worst else ''}"


def cannot(name: str, limit: float, reason: str) -> Check:
    """Return a check that has no value, and why."""
    return Check(name, None, float("nan"), limit, "", f"{CANNOT}{reason}.")


def short(value: float) -> str:
    """Return a number with three digits, and all of those before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def misfits(problems: tuple[str, ...]) -> tuple[str, ...]:
    """Return the problems of a fit that do not concern convergence."""
    return tuple(problem for problem in problems if problem.startswith(MISFIT))


def said(problems: tuple[str, ...]) -> str:
    """Return problems as one text that says only once that the model does not fit."""
    found = misfits(problems)
    first = [problem for problem in problems if problem not in found]
    rest = [problem if place == 0 else problem.removeprefix(f"{MISFIT}: ") for place, problem in enumerate(found)]
    return "; ".join([*first, *rest])


def warning_of(problems: tuple[str, ...]) -> str:
    """Return what the tables of a fit say of its problems: ``not converged``, ``model does not fit: tails, means``."""
    found = misfits(problems)
    kinds = dict.fromkeys(problem.split(": ")[1] for problem in found)
    said = [f"{MISFIT}: {', '.join(kinds)}"] if found else []
    return "; ".join(["not converged", *said] if len(found) < len(problems) else said)


def statistic(
    array: xr.DataArray,
    name: Literal["rhat", "ess", "mcse"],
    *,
    method: Literal["rank", "bulk", "tail", "mean", "sd"],
    prob: tuple[float, float] = convergence.TAILS,
) -> np.ndarray:
    """Return R-hat (rank), effective draws (bulk, tail, mean, sd) or Monte Carlo error (mean, sd) of every quantity.

    The definitions are ArviZ's, and so are the numbers.

    Parameters
    ----------
    array : DataArray (chain, draw, ...)
    name, method
        Of these: rhat and rank; ess and bulk, tail, mean or sd; mcse and mean or sd.
    prob : (float, float)
        The two tails of method "tail".

    Returns
    -------
    array (...)
        R-hat is NaN where draws do not vary.
    """

    def one(x: np.ndarray) -> np.ndarray:
        match name, method:
            case "rhat", "rank":
                return convergence.ranked(x)[0]
            case "ess", "bulk":
                return convergence.ranked(x)[1]
            case "ess", "tail":
                return convergence.ranked(x, prob)[2]
            case "ess", "mean":
                return convergence.ess_mean(x)
            case "ess", "sd":
                return convergence.ess_sd(x)
            case "mcse", "mean":
                return convergence.mcse_mean(x)
            case "mcse", "sd":
                return convergence.mcse_sd(x)
            case _:
                raise ValueError(f"no statistic {name!r} by {method!r}")

    shape = [size for dim, size in array.sizes.items() if dim not in ("chain", "draw")]
    return _each(array, one).reshape(shape)


def _each(array: xr.DataArray, one: Callable[[np.ndarray], np.ndarray], cores: int = 1) -> np.ndarray:
    """Return a function of (quantity, chain, draw) over all quantities (..., quantity), a few at once on each core."""
    some = max(1, BLOCK // (array.sizes["chain"] * array.sizes["draw"]))

    def found(part: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return one(part)

    with ThreadPoolExecutor(cores) as pool:
        results = [
            result
            for block in rows(array)
            for result in pool.map(found, (block[start : start + some] for start in range(0, len(block), some)))
        ]
    return np.concatenate(results, axis=-1)


def _label(array: xr.DataArray, place: int) -> str:
    dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
    if not dims:
        return str(array.name)
    index = np.unravel_index(place, [array.sizes[dim] for dim in dims])
    names = ", ".join(str(array[dim].values[i]) for dim, i in zip(dims, index, strict=True))
    return f"{array.name}[{names}]"


def _extremes(posterior: xr.Dataset, cells: Sequence[np.ndarray] = ()) -> list[tuple[float, str]]:
    """Return largest R-hat and fewest effective draws of bulk and tail over all quantities, and which they are of.

    Of residual factors, what does not depend on their rotation.
    Of all draws and of those of each cell: places (draw) in the order in which they were sampled. Effective draws of a
    cell are divided by its share of all draws, so that they have the same limit.
    """
    worst = [(-np.inf, ""), (np.inf, ""), (np.inf, "")]
    shared_out = (*ALLOTTED, "dof") if "volatility_size" in posterior else ALLOTTED
    for variable in invariants(posterior.drop_vars(shared_out, errors="ignore")).data_vars.values():
        whole = variable.transpose("chain", "draw", ...)
        parts = [("", whole)] + [
            (f", cell {number}", whole.isel(draw=own)) for number, own in enumerate(cells) if own.size >= CELL_DRAWS
        ]
        for which, array in parts:
            share = array.sizes["draw"] / whole.sizes["draw"]
            for place, (values, sign) in enumerate(
                zip(_each(array, _moving, os.cpu_count() or 1), (1, -1, -1), strict=True)
            ):
                if np.isnan(values).all():
                    continue
                at = int(np.nanargmax(sign * values))
                value = float(values[at]) / (share if sign < 0 else 1.0)
                if sign * value > sign * worst[place][0]:
                    worst[place] = (value, _label(array, at) + which)
    return [(value if np.isfinite(value) else float("nan"), which) for value, which in worst]


def _cells(stats: xr.Dataset) -> list[np.ndarray]:
    """Return the places of the draws of each cell, in the order in which they were sampled; none of one cell."""
    if "cell" not in stats:
        return []
    cell = stats["cell"].transpose("chain", "draw").values[0]  # the same in every chain
    return [np.flatnonzero(cell == number) for number in np.unique(cell)]


def _moving(x: np.ndarray) -> np.ndarray:
    """Return `convergence.ranked` of quantities that vary, NaN of others."""
    return np.where(np.ptp(x, axis=(1, 2)) == 0, np.nan, convergence.ranked(x))


def sampler_checks(posterior: xr.Dataset, stats: xr.Dataset, *, own: bool = True) -> tuple[Check, ...]:
    """Return the checks whose failure means that the draws must not be used.

    Where several cells were sampled (``cell`` of `stats`), R-hat and effective draws are the worst of all draws and of
    those of each cell with 500 draws a chain or more, and E-BFMI is that of each chain and cell with 100 or more.
    Loadings on residual factors have no convergence of their own, as these may be rotated and change signs: in their
    place stand residual variances, common shares and covariances of residuals.

    Parameters
    ----------
    posterior : Dataset
    stats : Dataset
        The sampler's record. A check that needs what it lacks cannot be computed.
    own : bool
        Whether `bf.fit` made the draws, whose settings the advice then names.
    """
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    enough = ESS_PER_CHAIN * chains
    longer, several, careful = OWN if own else OTHERS
    more = f"{longer}; if it stays, the model and the data disagree: simplify."
    (r_hat, of_r_hat), (bulk, of_bulk), (tail, of_tail) = _extremes(posterior, _cells(stats))
    if own and r_hat > APART and "residual_loading" in posterior and of_r_hat.startswith(RESIDUAL_NAMES):
        more = MODES
    return (
        Check("R-hat", r_hat <= R_HAT, r_hat, R_HAT, of_r_hat, more),
        Check("effective draws, bulk", bulk >= enough, bulk, enough, of_bulk, more),
        Check("effective draws, tail", tail >= enough, tail, enough, of_tail, more),
        *_steps(stats, more, careful),
        Check("draws", chains * draws >= LEAST_DRAWS, chains * draws, LEAST_DRAWS, "", "Sample longer."),
        Check(
            "chains",
            chains >= LEAST_CHAINS,
            chains,
            LEAST_CHAINS,
            "",
            f"{several}: whether chains agree is seen of several only.",
        ),
    )


def _steps(stats: xr.Dataset, more: str, careful: str) -> Iterator[Check]:
    """Yield the checks of the sampler's steps."""
    smaller = f"{careful}; if it stays, tighten the priors or drop a weak factor."

    def lost(variable: str) -> str:
        return f"no '{variable}' in sample_stats" if stats else "no sample_stats"

    if "diverging" in stats:
        divergent = int(stats["diverging"].sum())
        yield Check("divergences", divergent == 0, divergent, 0, "", smaller)
    else:
        yield cannot("divergences", 0, lost("diverging"))
    deep = [float(stats[name].mean()) for name in DEEP if name in stats]
    if deep:
        yield Check("tree depth reached", max(deep) <= 0.01, max(deep), 0.01, "", smaller)
    else:
        yield cannot("tree depth reached", 0.01, lost(DEEP[1]))
    if "energy" in stats:
        energy, cells = stats["energy"].transpose("chain", "draw").values, _cells(stats)
        whole = [energy] if len(cells) < 2 else [energy[:, own] for own in cells if own.size >= BFMI_DRAWS]
        bfmi = min(_bfmi(one) for one in whole or [energy[:, max(cells, key=len)]])
        yield Check("E-BFMI", bfmi >= BFMI, bfmi, BFMI, "", more)
    else:
        yield cannot("E-BFMI", BFMI, lost("energy"))


def _bfmi(energy: np.ndarray) -> float:
    """Return the least E-BFMI of the chains of an energy (chain, draw)."""
    return float(np.min(np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)))
