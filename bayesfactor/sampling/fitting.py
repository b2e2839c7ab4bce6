"""From a panel and a model to a fit."""

import os
import time
from dataclasses import replace
from pathlib import Path

from bayesfactor.base.arguments import as_path
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.paths.movement import cells, designs, find_movement
from bayesfactor.paths.next_period import NextPeriod
from bayesfactor.paths.storage import movement_dataset
from bayesfactor.posterior.fit import Fit, open_fit
from bayesfactor.posterior.sampler import Sampler, as_sampler
from bayesfactor.posterior.storage.files import finish
from bayesfactor.posterior.storage.zarr import DrawStore, require_store, writing
from bayesfactor.sampling.cells import DrawnCells, sample_cells
from bayesfactor.sampling.conditional_engine import ConditionalEngine
from bayesfactor.sampling.engines import Engine, EngineName
from bayesfactor.sampling.finished import Made, finish_fit
from bayesfactor.sampling.graph_engine import GraphEngine
from bayesfactor.sampling.kernel_engine import KernelEngine
from bayesfactor.sampling.nuts import cores
from bayesfactor.sampling.own_graph import Graph, fit_graph
from bayesfactor.sampling.recovery import Moving, recover
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import scale_priors

ENGINES: tuple[Engine, ...] = (
    KernelEngine(),
    ConditionalEngine(),
    GraphEngine(),
)  # the first that does not refuse is "auto"


def fit(
    panel: PanelBase,
    model: str | Path | FactorModel | Graph = "hierarchical",
    sampler: Sampler | None = None,
    *,
    engine: EngineName = "auto",
    store: str | os.PathLike[str] | None = None,
) -> Fit:
    """Sample the joint posterior of a model on a panel.

    The No-U-Turn sampler draws theta (group means and spreads, residual scales, factor means, premia of non-traded
    factors); with normal noise, alphas and loadings are then drawn from p(alpha, beta | theta, data) exactly, and the
    factor covariance always is from p(Omega | mu, factors). Of alphas and loadings given theta, four draws in a row are
    stratified by the kernel engine (a Latin hypercube of their standard normals): each is an exact draw by itself, and
    their averages are less noisy than those of independent draws. ArviZ's Monte Carlo errors reflect only part of that
    gain.

    Parameters
    ----------
    panel : Panel
    model : str, Path, FactorModel or pymc.Model
        A preset's name, the path of a model file, or a model. Or a graph of your own: what `build` returned, with a
        prior, the likelihood or anything else changed; it is sampled as it stands, and keeps the variables that
        `from_draws` lists.
    sampler : Sampler, optional
        By default 4 chains of 1,000 draws after 300, seed 1.
    engine : {"auto", "kernel", "conditional", "graph"}
        What is sampled; ``Fit.engine`` says which it was. ``"kernel"``: a compiled density with its gradient, of the
        choices that it covers, and of residual factors of assets with equal histories where returns do not move.
        ``"conditional"``: latent variables (residual factors, sparse loadings, factors measured with error) in turn
        with that density. ``"graph"``: the model's PyMC graph (`build`), compiled when first used; the same posterior,
        of any choice but sparse loadings, factors measured with error, and residual factors in a model that moves.
        ``"auto"``: the first of these three that covers the model.
    store : str or Path, optional
        A Zarr folder (``"run.zarr"``) to which the draws of alphas, loadings and residual scales are written as they
        are made, for more assets than memory holds; needs dask and zarr. They are the same draws. The folder is then
        the saved fit, and replaces a store that is there already. It saves memory with the kernel engine only: the
        other one holds what these draws are made of. Not of a graph of your own.

    Returns
    -------
    Fit
        With `store`, one whose alphas, loadings and residual scales are read from the folder when they are needed. Of
        a graph of your own, one without a model: what needs priors or a noise law is not computed, and says so.

    Raises
    ------
    SpecError
        When the model does not exist or does not fit the panel; when the engine does not cover it; when a graph of your
        own lacks a variable, or has it by other dimensions or labels.
    FitError
        When sampling fails, or is interrupted: a short run is never returned. When the store cannot be written.

    Notes
    -----
    The conditional engine draws latent variables given coefficients and scales, then theta by three Hamiltonian
    trajectories with coefficients integrated out, then coefficients given all: a sweep. For each draw it makes one
    sweep with residual factors, 3 with factors measured with error, and 8 with sparse loadings. Loadings on residual
    factors and residual scales also move with these factors integrated out. Of these loadings R-hat is judged by what
    no rotation of the factors changes.

    A graph that was compiled in this process is not compiled again for another panel of as many assets, groups and
    factors of each kind (and, under noise that is not normal, of as many returns).
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(
            f"fit: expected a Panel, found {type(panel).__name__}.",
            place="fit.panel",
            found=panel,
            remedy="Make one with bf.integrate(returns, factors, ...).",
        )
    sampler = as_sampler(sampler, "fit")
    if not isinstance(model, (str, Path, FactorModel)):
        return fit_graph(panel, model, sampler, engine=engine, store=store)
    chosen = as_model(model)
    path = None if store is None else as_path(store)
    if path is not None:
        require_store(path)
    used = chosen.restrict(panel)
    taken = engine_of(engine, used, chosen)
    marks = [time.perf_counter()]
    movement = find_movement(used, chosen)
    seen = zip(designs(used, chosen, movement), cells(used, movement), strict=True)
    proxies = chosen.proxies(panel)
    runs = [taken.prepare(one, chosen, scale_priors(one, chosen), replace(cell, proxies=proxies)) for one, cell in seen]
    marks.append(time.perf_counter())
    compiled = [run.compile() for run in runs]
    marks.append(time.perf_counter())
    drawn = sample_cells(runs, compiled, sampler, movement)
    marks.append(time.perf_counter())
    if path is None:
        return _whole(drawn, taken, sampler, marks)
    with writing(path) as folder:
        whole = _whole(drawn, taken, sampler, marks, folder)
        finish(whole.data, whole.attributes(), folder)
    return open_fit(path)


def engine_of(name: str, panel: PanelBase, model: FactorModel) -> Engine:
    """Return the engine of this name, or for "auto" the first that does not refuse the model.

    Raises
    ------
    SpecError
        When there is none of the name, or it refuses.
    """
    engines = {engine.name: engine for engine in ENGINES}
    if name == "auto":
        return next(engine for engine in ENGINES if engine.refuses(panel, model) is None)
    if name not in engines:
        raise unknown("engine", name, ("auto", *engines), place="fit.engine")
    reason = engines[name].refuses(panel, model)
    if reason is not None:
        raise SpecError(
            f"fit: {reason}.",
            place="fit.engine",
            found=name,
            remedy='Leave engine out: "auto" takes the first that covers the model. engine="graph" has every choice '
            "but sparse loadings and factors with error.",
        )
    return engines[name]


def _whole(
    drawn: DrawnCells, engine: Engine, sampler: Sampler, marks: list[float], store: DrawStore | None = None
) -> Fit:
    """Return the fit of draws; `marks` are the times at which the steps before began and ended."""
    theta, movement = drawn.theta, drawn.movement
    panel = theta.design.panel
    moving = None if movement is None else Moving(NextPeriod(panel, movement, theta.priors.factors), theta.cell)
    posterior, log_prior = recover(theta, sampler.seed, store, cores(sampler), moving)
    groups = {"posterior": posterior, "sample_stats": drawn.stats, "log_prior": log_prior}
    if movement is not None:
        groups["paths"] = movement_dataset(movement, panel)
    made = finish_fit(panel, theta.model, sampler, groups, Made(engine.name, engine.libraries, marks))
    vars(made).update(design=theta.design, priors=theta.priors)  # cached properties: made once, for the sampler
    return made
