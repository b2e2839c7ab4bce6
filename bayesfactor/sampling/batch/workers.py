"""Fits in other processes: jobs, outcomes, and what happens when a worker process dies."""

import hashlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bayesfactor.base.errors import BayesFactorError, FitError, SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.batch.files import fit_key, is_whole, keep
from bayesfactor.sampling.engines import EngineName
from bayesfactor.sampling.fitting import engine_of, fit
from bayesfactor.spec.model import FactorModel

Answers = Generator[tuple["Job", "Outcome"]]
AHEAD = 64  # jobs that a foreign executor holds at once: each carries its panel
ALONE = "Look at its panel.describe(), and fit it alone with bf.fit."
DIED = "Use more memory, or run fewer fits at once: Sampler(cores=...)."


@dataclass(frozen=True, eq=False)
class Job:
    """One panel to be fitted, with everything that a worker needs.

    Attributes
    ----------
    name, panel, model, sampler, engine
    folder : Path or None
        Where the fit is saved.
    key, token : str
        As `keep` takes them.
    """

    name: str
    panel: PanelBase
    model: FactorModel
    sampler: Sampler
    engine: EngineName
    folder: Path | None
    key: str
    token: str


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result of a job.

    Attributes
    ----------
    result : Fit, Path or BayesFactorError
        The fit, the file in which it was saved, or the error.
    seconds : float
    died : bool
        Whether the worker's process died.
    """

    result: Fit | Path | BayesFactorError
    seconds: float = np.nan
    died: bool = False


@dataclass(frozen=True, eq=False)
class Work:
    """All panels to be fitted and the settings; jobs are made one by one.

    Attributes
    ----------
    panels : mapping of str to Panel
    model, sampler, engine, folder
    token : str
        Name of an empty file in the folder: a worker that finds it shares the file system and saves its own fits.
    """

    panels: Mapping[str, PanelBase]
    model: FactorModel
    sampler: Sampler
    engine: EngineName
    folder: Path | None
    token: str

    def job(self, name: str) -> Job:
        """Return the job of one panel, whose seed is the first 64 bits of SHA-256 of ``"<seed>/<name>"``."""
        seed = int.from_bytes(hashlib.sha256(f"{self.sampler.seed}/{name}".encode()).digest()[:8])
        panel = self.panels[name]
        if not isinstance(panel, PanelBase):
            raise SpecError(
                f"fit_many: '{name}' is a {type(panel).__name__}, not a Panel.",
                place=f"fit_many.panels['{name}']",
                found=panel,
                remedy="Make one with bf.integrate(returns, factors, ...).",
            )
        sampler = replace(self.sampler, seed=seed, cores=1, progress=False)
        key = fit_key(name, panel, self.model, sampler, engine_of(self.engine, panel, self.model))
        return Job(name, panel, self.model, sampler, self.engine, self.folder, key, self.token)

    def jobs(self, todo: deque[str]) -> Iterator[Job]:
        """Take names from the queue and yield their jobs."""
        while todo:
            yield self.job(todo.popleft())

    def mark(self) -> None:
        """Create the token file in the folder."""
        if self.folder:
            (self.folder / f".{self.token}").touch()

    def unmark(self) -> None:
        """Remove the token file, and incomplete files of workers that died."""
        for path in self.folder.glob(f".*{self.token}*") if self.folder else ():
            path.unlink(missing_ok=True)


def run(job: Job) -> Outcome:
    """Fit one panel in a worker; save the fit if the folder is reachable."""
    start = time.perf_counter()
    result: Fit | Path | BayesFactorError
    try:
        found = _saved_by_another(job)
        result = found or fit(job.panel, job.model, job.sampler, engine=job.engine)
        if isinstance(result, Fit) and job.folder and (job.folder / f".{job.token}").exists():
            result = keep(result, job.folder, job.name, job.key, job.token)
    except BayesFactorError as error:
        result = error.with_traceback(None)
    except Exception as error:  # an error of one panel must not stop the others
        result = _failure(error)
    return Outcome(result, time.perf_counter() - start)


def _saved_by_another(job: Job) -> Path | None:
    """Return the fit that another worker saved in this call before it died without answering."""
    token = job.folder / f".{job.token}" if job.folder else None
    if job.folder is None or token is None or not token.exists():
        return None
    begun = token.stat().st_mtime
    made = (path for path in job.folder.glob(f"*.{job.key}.*.nc") if path.stat().st_mtime >= begun)
    return next((path for path in made if is_whole(path)), None)


def _failure(error: BaseException) -> FitError:
    lines = str(error).splitlines() or ["no reason given"]
    return FitError(f"{type(error).__name__}: {lines[0].rstrip('.')}.", remedy=ALONE)


def gather(executor: Executor, function: Callable[[Job], Outcome], jobs: Iterator[Job], ahead: int) -> Answers:
    """Yield each job with its outcome as they finish, with at most `ahead` of them submitted at once."""
    pending: dict[Future[Outcome], Job] = {}
    try:
        while True:
            for job in islice(jobs, ahead - len(pending)):
                pending[_submit(executor, function, job)] = job
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), _outcome(future)
    finally:
        for future in pending:
            future.cancel()


def _submit(executor: Executor, function: Callable[..., Outcome], *job: Job) -> Future[Outcome]:
    try:
        return executor.submit(function, *job)
    except Exception as error:  # an executor that is broken or shut down
        future: Future[Outcome] = Future()
        future.set_exception(error)
        return future


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenExecutor:
        return Outcome(FitError("The process that fitted it died (killed, or out of memory).", remedy=DIED), died=True)
    except Exception as error:  # Dask reports KilledWorker for a panel that was on several workers that died
        return Outcome(_failure(error), died=type(error).__name__ == "KilledWorker")


def run_on_executor(executor: Executor, work: Work, todo: deque[str]) -> Answers:
    """Run the jobs on a given executor.

    Jobs whose worker died are run again one by one, to find the panel that kills its worker.
    """
    suspects: list[Job] = []
    for job, outcome in gather(executor, run, work.jobs(todo), AHEAD):
        if outcome.died:
            suspects.append(job)
        else:
            yield job, outcome
    yield from gather(executor, run, iter(suspects), 1)


def run_locally(work: Work, todo: deque[str]) -> Answers:
    """Run the jobs on processes of this machine.

    When a process dies, its pool is lost. Unfinished jobs are then run one by one, to find the panel that kills its
    process, and the rest continues in a new pool.
    """
    cores = work.sampler.cores or os.cpu_count() or 1
    while todo:
        suspects: deque[Job] = deque()
        with _pool(min(cores, len(todo)), work.job(todo[0])) as pool:
            for job, outcome in gather(pool, _run_interruptible, _until(suspects, work.jobs(todo)), cores):
                if outcome.died:
                    suspects.append(job)
                else:
                    yield job, outcome
        while suspects:
            with _pool(1, suspects[0]) as pool:
                died = False
                while suspects and not died:
                    job = suspects.popleft()
                    outcome = _outcome(_submit(pool, _run_interruptible, job))
                    died = outcome.died
                    yield job, outcome


def _until(suspects: deque[Job], jobs: Iterator[Job]) -> Iterator[Job]:
    while not suspects:
        job = next(jobs, None)
        if job is None:
            return
        yield job


def _pool(workers: int, first: Job) -> ProcessPoolExecutor:
    """Return a pool of processes that have imported the package, after one of them has compiled the kernels."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    for started in [_submit(pool, _start) for _ in range(workers)]:
        if isinstance(started.exception(), (BrokenExecutor, RuntimeError)):
            pool.shutdown(cancel_futures=True)
            raise FitError(
                "fit_many: no worker process could start.",
                remedy='In a script, call it below `if __name__ == "__main__":`; or give an executor.',
            )
    wait([_submit(pool, _warm, first)])  # if it dies, so does the pool, and `run_locally` finds the panel
    return pool


def _start() -> Outcome:
    """Do nothing: once it runs, a process has started and imported this module."""
    return Outcome(FitError(""))


def _warm(job: Job) -> Outcome:
    """Run a very short fit, to compile the kernels."""
    return run(replace(job, folder=None, sampler=replace(job.sampler, draws=4, tune=50, chains=1)))


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; an idle worker would print a traceback


def _run_interruptible(job: Job) -> Outcome:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run(job)
    finally:
        _ignore_interrupts()
