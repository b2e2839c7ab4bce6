"""From a panel and a model to a fit."""

import os
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.base.arguments import as_path
from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.base.progress import progress
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit, open_fit
from bayesfactor.posterior.sampler import Sampler, as_sampler
from bayesfactor.posterior.storage.files import finish
from bayesfactor.posterior.storage.panels import panel_groups
from bayesfactor.posterior.storage.zarr import DrawStore, require_store, writing
from bayesfactor.sampling.kernels.density_problem import DensityProblem, prepare
from bayesfactor.sampling.recovery import recover
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel

FEW_ASSETS, ACCEPT_FEW, ACCEPT_MANY = 30, 0.9, 0.75  # rates of acceptance with fewer assets than that, and with more
STATISTICS = (
    "diverging",
    "energy",
    "logp",
    "n_steps",
    "depth",
    "maxdepth_reached",
    "step_size",
    "step_size_bar",
    "mean_tree_accept",
)  # of the sampler's record: what checks and ArviZ read
LIBRARIES = ("bayesfactor", "nutpie", "numba", "numpy", "xarray", "arviz")


def fit(
    panel: PanelBase,
    model: str | Path | FactorModel = "hierarchical",
    sampler: Sampler | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
) -> Fit:
    """Sample the joint posterior of a model on a panel.

    The No-U-Turn sampler draws theta (group means and spreads, residual scales, factor means, premia of non-traded
    factors); with normal noise, alphas and loadings are then drawn from p(alpha, beta | theta, data) exactly, and the
    factor covariance always is from p(Omega | mu, factors). Of alphas and loadings given theta, four draws in a row are
    stratified (a Latin hypercube of their standard normals): each is an exact draw by itself, and their averages are
    less noisy than those of independent draws. ArviZ's Monte Carlo errors reflect only part of that gain.

    Parameters
    ----------
    panel : Panel
    model : str, Path or FactorModel
        A preset's name, the path of a model file, or a model.
    sampler : Sampler, optional
        By default 4 chains of 1,000 draws after 300, seed 1.
    store : str or Path, optional
        A Zarr folder (``"run.zarr"``) to which the draws of alphas, loadings and residual scales are written as they
        are made, for more assets than memory holds; needs dask and zarr. They are the same draws. The folder is then
        the saved fit, and replaces a store that is there already.

    Returns
    -------
    Fit
        With `store`, one whose alphas, loadings and residual scales are read from the folder when they are needed.

    Raises
    ------
    SpecError
        When the model does not exist or does not fit the panel.
    FitError
        When sampling fails, or is interrupted: a short run is never returned. When the store cannot be written.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(
            f"fit: expected a Panel, found {type(panel).__name__}.",
            place="fit.panel",
            found=panel,
            remedy="Make one with bf.integrate(returns, factors, ...).",
        )
    sampler = as_sampler(sampler, "fit")
    chosen = as_model(model)
    path = None if store is None else as_path(store)
    if path is not None:
        require_store(path)
    marks = [time.perf_counter()]
    used = chosen.restrict(panel)
    problem = prepare(used, chosen)
    marks.append(time.perf_counter())
    engine = _engine(problem)
    marks.append(time.perf_counter())
    tree = _sample(engine, sampler, len(used.assets))
    marks.append(time.perf_counter())
    if path is None:
        return _whole(problem, sampler, tree, marks)
    with writing(path) as folder:
        whole = _whole(problem, sampler, tree, marks, folder)
        finish(whole.data, whole.attributes(), folder)
    return open_fit(path)


def _whole(
    problem: DensityProblem,
    sampler: Sampler,
    tree: xr.DataTree,
    marks: list[float],
    store: DrawStore | None = None,
) -> Fit:
    """Return the fit of draws of theta; `marks` are the times at which the steps before began and ended."""
    panel, draws = problem.design.panel, tree["posterior"].to_dataset()["theta"].values
    posterior, log_prior = recover(problem, draws, sampler.seed, store, _cores(sampler))
    statistics = tree["sample_stats"].to_dataset()[list(STATISTICS)]
    groups = {"posterior": posterior, "sample_stats": statistics, "log_prior": log_prior, **panel_groups(panel)}
    data = xr.DataTree.from_dict({name: xr.DataTree(dataset) for name, dataset in groups.items()})
    seconds = [after - before for before, after in pairwise([*marks, time.perf_counter()])]
    made = Fit(
        panel=panel,
        model=problem.model,
        sampler=sampler,
        data=data,
        timings=dict(zip(("prepare", "compile", "sample", "recover"), seconds, strict=True)),
        versions={name: version(name) for name in LIBRARIES},
    )
    vars(made).update(design=problem.design, priors=problem.priors)  # cached properties: made once, for the sampler
    return made


def _engine(problem: DensityProblem) -> Any:
    """Return what the sampler runs: the compiled density with this problem's buffer. Compiles once a machine."""
    from nutpie.compile_pymc import CompiledPyMCModel

    logp, expand = problem.kernel.entries()
    size = problem.size

    def initial(seed: int) -> np.ndarray:
        start = np.random.default_rng(seed).uniform(-0.5, 0.5, size)
        for name in ("loading_scale_z", "alpha_scale_z", "log_sigma_scale_z"):
            at, shape = problem.layout[name]
            if at >= 0:
                start[at : at + int(np.prod(shape))] += 1.0
        return start

    return CompiledPyMCModel(
        dims={},
        _n_dim=size,
        _coords={},
        _shapes={"theta": (size,)},
        compiled_logp_func=logp,
        compiled_expand_func=expand,
        initial_point_func=initial,
        shared_data={"buffer": problem.buffer},
        shared_var_keys={},
        user_data=problem.buffer,
        n_expanded=size,
        shape_info=(["theta"], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        reparameterized_names=[],
    )


def _cores(sampler: Sampler) -> int:
    return min(sampler.chains, sampler.cores or os.cpu_count() or 1)


def _sample(engine: Any, sampler: Sampler, assets: int) -> xr.DataTree:
    """Run the sampler; refuse anything but every draw that was asked for."""
    import nutpie

    total = sampler.chains * (sampler.draws + sampler.tune)
    with progress(sampler.progress, total) as report:
        try:
            tree = nutpie.sample(
                engine,
                draws=sampler.draws,
                tune=sampler.tune,
                chains=sampler.chains,
                cores=_cores(sampler),
                seed=sampler.seed,
                target_accept=sampler.target_accept or (ACCEPT_FEW if assets < FEW_ASSETS else ACCEPT_MANY),
                save_warmup=False,
                progress_bar=False,
                progress_callback=report,
            )
        except (RuntimeError, ValueError) as error:
            if "no results" in str(error):  # interrupted so late that the sampler had stopped by itself
                raise FitError("Sampling was interrupted.", remedy="Run it again to the end.") from None
            raise FitError(
                f"Sampling failed: {str(error).splitlines()[0]}.",
                remedy="Look at panel.describe() for series of extreme size, and at the model's priors.",
            ) from error
    have = (tree["posterior"].sizes["chain"], tree["posterior"].sizes["draw"])
    whole = np.isfinite(tree["posterior"]["theta"].values).all(axis=-1)  # a chain that stopped early is padded with NaN
    if have != (sampler.chains, sampler.draws) or not whole.all():
        raise FitError(
            f"Sampling was interrupted: {int(whole.sum())} of {sampler.chains * sampler.draws} draws were made.",
            remedy="Run it again to the end; a short run is not returned.",
        )
    return tree
