"""A fit: the posterior of one model on one panel, and all that is needed to know where it came from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayesfactor.alignment import align
from bayesfactor.errors import FitError, SpecError
from bayesfactor.modelfile import model_id, model_text
from bayesfactor.panelbase import PanelBase
from bayesfactor.spec import FactorModel

if TYPE_CHECKING:
    from bayesfactor.diagnostics import Check
    from bayesfactor.misfit import Misfit


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
        how much assets differ, so that the spreads have long tails.
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


@dataclass(frozen=True, eq=False)
class Fit:
    """The joint posterior of loadings, alphas, residual scales and risk premia.

    Attributes
    ----------
    panel : Panel or PanelStatistics
        The panel that was fitted, with the model's factors.
    model : FactorModel
    sampler : Sampler
    data : DataTree
        Groups ``posterior``, ``sample_stats``, ``log_prior``, ``observed_data``, ``constant_data``, for any ArviZ
        function. Loadings, alphas, scales and premia are decimals per period of the panel. Draws given in another order
        than the panel's are brought to it by their labels.
    timings : mapping of str to float
        Seconds: prepare, compile, sample, recover.
    versions : mapping of str to str

    Raises
    ------
    FitError
        When the draws are not labelled as the panel is.
    """

    panel: PanelBase
    model: FactorModel
    sampler: Sampler
    data: xr.DataTree
    timings: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", align(self.data, self.panel))

    @property
    def posterior(self) -> xr.Dataset:
        """The draws as a Dataset with dimensions chain, draw and those of each variable."""
        return self.data["posterior"].to_dataset()

    @property
    def model_text(self) -> str:
        """The model as the text of a model file."""
        return model_text(self.model)

    @property
    def model_id(self) -> str:
        """Twelve hexadecimal digits that change with any choice or number of the model."""
        return model_id(self.model)

    @cached_property
    def sampler_checks(self) -> tuple["Check", ...]:
        """The checks whose failure means that the draws must not be used."""
        from bayesfactor.diagnostics import sampler_checks

        return sampler_checks(self)

    @cached_property
    def misfit(self) -> "Misfit":
        """How far the fitted law's means and variances are from the sample's, and the checks of that."""
        from bayesfactor.misfit import misfit

        return misfit(self)

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the fit from being used; empty when the sampler converged and the law has the sample's moments."""
        from bayesfactor.diagnostics import MISFIT

        converged = (check.problem for check in self.sampler_checks if check.passed is False)
        return (*converged, *(f"{MISFIT}: {one.problem}" for one in self.misfit.checks if one.passed is False))

    def with_log_likelihood(self, *, factors: bool = False) -> "Fit":
        """Return the fit with a group ``log_likelihood`` in its data, for ArviZ's ``loo``, ``compare`` and ``psense``.

        Parameters
        ----------
        factors : bool
            False: the group holds ``returns`` alone, log p(r_t | f_t, theta) of every period, as ``loo`` and
            ``compare`` want it. True: and ``factors``, log p(f_t | mu, Omega), so that ``psense`` scales all that the
            data say, of the factors' means too; ``loo`` is then told ``var_name="returns"``.

        Returns
        -------
        Fit

        Raises
        ------
        SpecError
            When the panel holds statistics instead of returns.
        """
        from bayesfactor.loglikelihood import factor_log_likelihood, log_likelihood

        found = {"returns": log_likelihood(self)} | ({"factors": factor_log_likelihood(self)} if factors else {})
        data = self.data.copy()
        data["log_likelihood"] = xr.DataTree(xr.Dataset(found))
        return replace(self, data=data)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fit, under a temporary name first, and return its path.

        To one netCDF file; under a name that ends in ``.zarr`` to a Zarr folder, whose alphas, loadings and residual
        scales are read when they are needed (needs dask and zarr). A file is replaced; a folder only if it is a store.

        Raises
        ------
        FitError
            When the file cannot be written; nothing is left behind.
        """
        from bayesfactor.storage import save_fit

        return save_fit(self, as_path(path))

    def __repr__(self) -> str:
        size = f"{self.sampler.chains} chains x {self.sampler.draws} draws"
        return f"Fit('{self.model.name}' [{self.model_id}], {self.panel!r}, {size})"


def as_path(path: object) -> Path:
    """Return a path, or raise a FitError."""
    if not isinstance(path, (str, os.PathLike)):
        raise FitError(f"{path!r} is not a path.", remedy='Give the name of a file, such as "run.nc".')
    return Path(path)


def open_fit(path: str | os.PathLike[str]) -> Fit:
    """Open a fit that was saved; needs neither PyMC nor a sampler.

    Of a Zarr folder alphas, loadings and residual scales stay on disk and are read block by block when they are needed;
    ``fit.data.compute()`` has them in memory, as ArviZ's functions want them.

    Raises
    ------
    FitError
        When the file is missing, is not a saved fit, or is damaged.
    """
    from bayesfactor.storage import read_fit

    return read_fit(as_path(path))


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


def require_fit(fit: object, verb: str) -> None:
    """Raise a FitError unless it is a fit."""
    if not isinstance(fit, Fit):
        raise FitError(f"{verb}: expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit returned.")


def variable(fit: Fit, name: str) -> xr.DataArray:
    """Return the draws of one variable of a fit."""
    if not isinstance(fit, Fit):
        raise FitError(
            f"Expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit or bf.open_fit returned."
        )
    return fit.posterior[name]


def loadings(fit: Fit) -> xr.DataArray:
    """Return the draws of beta_ik: (chain, draw, asset, factor), per unit of the factor."""
    return variable(fit, "loading")


def alphas(fit: Fit) -> xr.DataArray:
    """Return the draws of alpha_i: (chain, draw, asset), decimal per period."""
    return variable(fit, "alpha")
