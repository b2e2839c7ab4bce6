"""Several chains at once, whole or not at all."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event

from bayesfactor.base.errors import FitError
from bayesfactor.base.progress import counted
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.latents.chain import Chain, Recorded

EVERY = 0.2  # seconds between looks at how far chains are


def run_chains(chains: Sequence[Chain], sampler: Sampler, thin: int, cores: int) -> list[tuple[Recorded, Recorded]]:
    """Return the draws of every chain by name, and the sampler's records of them; `cores` run at once.

    Raises
    ------
    FitError
        When it is interrupted, or a chain comes to a point without a density.
    """
    stop, made = Event(), [0] * len(chains)

    def done_of(number: int) -> Callable[[], None]:
        def done() -> None:
            if stop.is_set():
                raise _interrupted()
            made[number] += 1

        return done

    total = sampler.chains * (sampler.draws + sampler.tune)
    with counted(sampler.progress, "sampling", total) as count, ThreadPoolExecutor(cores) as threads:
        futures = [
            threads.submit(chain.run, sampler.tune, sampler.draws, thin, done_of(number))
            for number, chain in enumerate(chains)
        ]
        try:
            left = set(futures)
            while left:
                ended, left = wait(left, EVERY, FIRST_EXCEPTION)
                count(sum(made), "")
                if any(one.exception() for one in ended):
                    stop.set()
        except KeyboardInterrupt:
            stop.set()
            raise _interrupted() from None
        failed = [error for one in futures if (error := one.exception())]
        if failed:
            raise FitError(
                f"Sampling failed: {failed[0]}.",
                remedy="Look at panel.describe() for series of extreme size, and at the model's priors.",
            ) from failed[0]
        return [one.result() for one in futures]


def _interrupted() -> FitError:
    return FitError("Sampling was interrupted.", remedy="Run it again to the end; a short run is not returned.")
