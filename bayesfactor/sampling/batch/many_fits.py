"""One model fitted to many panels, on the cores of this machine or by an executor."""

import os
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bayesfactor.base.errors import BayesFactorError, FitError, SpecError
from bayesfactor.base.executors import as_executor
from bayesfactor.base.progress import counted
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler, as_sampler
from bayesfactor.sampling.batch.files import is_whole, keep, kept, label, open_folder
from bayesfactor.sampling.batch.fits import Entry, Fits
from bayesfactor.sampling.batch.workers import Job, Outcome, Work, run_locally, run_on_executor
from bayesfactor.sampling.engines import EngineName
from bayesfactor.sampling.own_graph import is_graph
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel


def fit_many(
    panels: Mapping[str, PanelBase] | Iterable[PanelBase],
    model: str | Path | FactorModel = "hierarchical",
    sampler: Sampler | None = None,
    *,
    engine: EngineName = "auto",
    executor: Executor | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Fits:
    """Fit one model to many panels: rolling windows, universes, simulated panels.

    Each panel has its own seed, the first 64 bits of SHA-256 of ``"<sampler.seed>/<name>"``. It does not
    depend on other panels, so the draws are the same with any executor and number of workers, and after resuming;
    ``bf.fit(panel, model, fits[name].sampler)`` reproduces them.

    Parameters
    ----------
    panels : mapping of str to Panel, or sequence of Panel
        For instance from `rolling`. Panels of a sequence are named by position: "0", "1", ...
    model : str, Path or FactorModel
    sampler : Sampler, optional
        As in `fit`. Every fit runs on one core; without an executor, `cores` fits run at once.
    engine : {"auto", "kernel", "graph"}
        As in `fit`. Every worker compiles the graphs that it meets.
    executor : concurrent.futures.Executor, optional
        Where to fit, for instance ``client.get_executor(pure=False)`` of a ``dask.distributed.Client``, or the client
        itself. It is not shut down. By default a pool of processes on this machine; a script must then call `fit_many`
        below ``if __name__ == "__main__":``.
    folder : path, optional
        Each fit is saved here as soon as it is done, and a later call with the same folder fits only what is missing:
        a file is reused when name, data, model, sampler, engine and versions are the same and the file is unchanged.
        Without a folder all fits stay in memory.
    progress : bool, optional
        As in `Sampler`, over panels; by default the sampler's.

    Returns
    -------
    Fits
        In the order of the panels. A failed panel is in ``fits.failures`` and does not stop the others.

    Raises
    ------
    SpecError
        When there is no panel, or an argument is not as above. When the model is a PyMC graph: it is of one panel.
    FitError
        When interrupted (the folder keeps finished fits), or when no worker process can start.
    """
    taken = as_executor(executor, "fit_many")
    chosen = _model(model)
    work = Work(
        panels=_named(panels),
        model=chosen,
        sampler=as_sampler(sampler, "fit_many"),
        engine=engine,
        folder=None if folder is None else open_folder(folder),
        token=uuid.uuid4().hex[:8],
    )
    entries, damaged = _plan(work)
    todo = deque(name for name, entry in entries.items() if entry.state == "failed")
    shown = work.sampler.progress if progress is None else progress
    done, failed = len(entries) - len(todo), 0
    outcomes = run_locally(work, todo) if taken is None else run_on_executor(taken, work, todo)
    try:
        with closing(outcomes), counted(shown, "fits", len(entries)) as count:
            work.mark()
            if done:
                count(done, "")
            for job, outcome in outcomes:
                entry = entries[job.name] = _settle(entries[job.name], job, outcome, damaged.get(job.name, []))
                done, failed = done + 1, failed + (entry.state == "failed")
                count(done, f"{failed} failed" if failed else "")
    except KeyboardInterrupt:
        raise _interrupted(work.folder, entries) from None
    finally:
        work.unmark()
    return Fits(tuple(entries.values()), work.folder)


def _model(model: str | Path | FactorModel) -> FactorModel:
    if is_graph(model):
        raise SpecError(
            "fit_many: a PyMC graph has the data of one panel in it, and is fitted to that panel alone.",
            place="fit_many.model",
            found=model,
            remedy="Build and change a graph for each panel, and fit each with bf.fit(panel, graph).",
        )
    return as_model(model)


def _named(panels: Any) -> Mapping[str, PanelBase]:
    """Return name -> panel."""
    remedy = "Give a list of panels, a mapping from name to panel, or bf.rolling(panel, window, step)."
    if isinstance(panels, (PanelBase, str)) or not isinstance(panels, Iterable):
        raise SpecError(
            f"fit_many: expected panels, found one {type(panels).__name__}.",
            place="fit_many.panels",
            found=panels,
            remedy=remedy,
        )
    if not isinstance(panels, Mapping):
        panels = {str(place): panel for place, panel in enumerate(panels)}
    if not panels:
        raise SpecError("fit_many: there is no panel.", place="fit_many.panels", found=panels, remedy=remedy)
    for name in panels:
        if not isinstance(name, str):
            raise SpecError(
                f"fit_many: the name {name!r} is not a text.",
                place="fit_many.panels",
                found=name,
                remedy="Write {str(name): panel for name, panel in panels.items()}.",
            )
    return panels


def _plan(work: Work) -> tuple[dict[str, Entry], dict[str, list[Path]]]:
    """Return the state of every panel and the damaged files of the folder.

    Returns
    -------
    entries : dict of str to Entry
        "opened" where an undamaged file exists, else "failed" until there is a fit.
    damaged : dict of str to list of Path
        Files that have changed since they were saved.
    """
    here = kept(work.folder) if work.folder else {}
    others = [path for files in here.values() for path in files]
    entries: dict[str, Entry] = {}
    damaged: dict[str, list[Path]] = {}
    for name in work.panels:
        job = work.job(name)
        files = here.get(job.key, [])
        whole = [path for path in files if is_whole(path)]
        dates = job.panel.times.astype("datetime64[D]").astype(str)
        first, last = (dates[0], dates[-1]) if len(dates) else ("", "")
        result = whole[0] if whole else FitError("It was not run.")
        state: Literal["opened", "failed"] = "opened" if whole else "failed"
        superseded = any(path.name.startswith(f"{label(name)}.") for path in others if path not in files)
        entries[name] = Entry(name, job.key, state, result, len(job.panel.assets), first, last, superseded=superseded)
        damaged[name] = [path for path in files if path not in whole]
    return entries, damaged


def _settle(entry: Entry, job: Job, outcome: Outcome, damaged: list[Path]) -> Entry:
    """Return the entry of a finished panel; save a fit that its worker could not save."""
    result = outcome.result
    if isinstance(result, Fit) and job.folder is not None:
        try:
            result = keep(result, job.folder, job.name, job.key, job.token)
        except FitError as error:
            result = error
    if isinstance(result, BayesFactorError):
        return replace(entry, result=result, seconds=outcome.seconds)
    for path in damaged:
        if path != result:
            path.unlink(missing_ok=True)
    return replace(entry, state="refitted" if damaged else "fitted", result=result, seconds=outcome.seconds)


def _interrupted(folder: Path | None, entries: Mapping[str, Entry]) -> FitError:
    if folder is None:
        return FitError(
            "fit_many was interrupted and no fit was saved.", remedy="Give a folder: finished fits are saved there."
        )
    here = kept(folder)
    done = sum(entry.key in here for entry in entries.values())
    return FitError(
        f"fit_many was interrupted: {done} of {len(entries)} fits are in {folder}.",
        remedy="Call it again with the same arguments: it fits only what is missing.",
    )
