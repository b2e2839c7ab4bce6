"""How to sample."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.errors import SpecError


@dataclass(frozen=True)
class Sampler:
    """How to sample: numbers of draws and chains, and the seed that makes them repeatable.

    Attributes
    ----------
    draws, tune : int
        Kept draws and warm-up draws of each chain. The quantities sampled are nearly standard normal, so a short
        warm-up does.
    chains : int
    seed : int
        The same seed gives the same draws with the same versions, for any number of cores.
    cores : int, optional
        Chains that run at once; by default as many as there are processors.
    target_accept : float, optional
        Acceptance rate that the step size aims at. By default 0.75; 0.9 with fewer than 30 assets, which say little of
        how much assets differ, so that the spreads have long tails; 0.85 with several residual factors that are
        integrated out, of which rotations are free.
    progress : bool, optional
        None shows a bar in a terminal and plain lines elsewhere; False shows nothing.
    """

    draws: int = 1000
    tune: int = 300
    chains: int = 4
    seed: int = 1
    cores: int | None = None
    target_accept: float | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name in ("draws", "tune", "chains", "seed", "cores"):  # numpy's whole numbers are whole numbers
            if isinstance(getattr(self, name), np.integer):
                object.__setattr__(self, name, int(getattr(self, name)))
        for name, least in (("draws", 4), ("tune", 50), ("chains", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SpecError(
                    f"Sampler: {name} is {value!r}, and must be a whole number of at least {least}.",
                    place=f"Sampler.{name}",
                    found=value,
                )
        if self.seed >= 2**64:
            raise SpecError(
                f"Sampler: seed is {self.seed}, and must be below 2^64.", place="Sampler.seed", found=self.seed
            )
        cores = self.cores
        if cores is not None and (isinstance(cores, bool) or not isinstance(cores, int) or cores < 1):
            raise SpecError(f"Sampler: cores is {cores!r}, and must be 1 or more.", place="Sampler.cores", found=cores)
        accept = self.target_accept
        if accept is not None and (not isinstance(accept, (int, float)) or not 0.5 <= accept < 1):
            raise SpecError(
                f"Sampler: target_accept is {self.target_accept!r}, and must be from 0.5 to below 1.",
                place="Sampler.target_accept",
                found=self.target_accept,
            )
        if not (self.progress is None or isinstance(self.progress, bool)):
            raise SpecError(
                f"Sampler: progress is {self.progress!r}, and must be True, False or None.",
                place="Sampler.progress",
                found=self.progress,
            )


def as_sampler(sampler: object, verb: str) -> Sampler:
    """Return the sampler, the default one for None, or raise a SpecError."""
    if sampler is None:
        return Sampler()
    if isinstance(sampler, Sampler):
        return sampler
    raise SpecError(
        f"{verb}: expected a Sampler, found {type(sampler).__name__}.",
        place=f"{verb}.sampler",
        found=sampler,
        remedy="Write bf.Sampler(draws=1000, chains=4, seed=1).",
    )
