"""A fit: the posterior of one model on one panel, with its provenance."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import xarray as xr

from bayesfactor.base.arguments import as_path
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.description import Description, describe_panel
from bayesfactor.panel.design import Design, observe
from bayesfactor.paths.movement import Movement, designs
from bayesfactor.paths.storage import movement_of
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.schema import align
from bayesfactor.posterior.storage.files import damaged, read_tree, write_tree
from bayesfactor.posterior.storage.formats import EARLIER, upgraded
from bayesfactor.posterior.storage.panels import check_labels, panel_attributes, panel_of
from bayesfactor.spec.files import model_id, model_text, parse_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise
from bayesfactor.spec.scaling import ScaledPriors, scale_priors

if TYPE_CHECKING:
    from bayesfactor.posterior.diagnostics import Check
    from bayesfactor.posterior.misfit import Misfit


OWN_GRAPH = "own graph"


@dataclass(frozen=True, eq=False)
class Fit:
    """The joint posterior of loadings, alphas, residual standard deviations and risk premia.

    Attributes
    ----------
    panel : Panel or PanelStatistics
        The panel that was fitted, with the model's factors.
    model : FactorModel or None
        None of a graph of your own, and of draws of another program whose model was not given (see `from_draws`).
    sampler : Sampler or None
        None of draws of another program.
    data : DataTree
        Groups ``posterior``, ``observed_data``, ``constant_data`` and, where they are known, ``sample_stats`` and
        ``log_prior``, for any ArviZ function. Loadings, alphas, standard deviations and premia are decimals per period
        of the panel. Draws given in another order than the panel's are brought to it by their labels.
    timings : mapping of str to float
        Seconds: prepare, compile, sample, recover.
    versions : mapping of str to str
    engine : str
        What was sampled: ``"kernel"``, ``"graph"`` (see `fit`), ``"own graph"`` (a graph that its user changed, which
        the fit does not hold); empty of draws of another program.

    Raises
    ------
    FitError
        When the draws are not labelled as the panel is.
    """

    panel: PanelBase
    model: FactorModel | None
    sampler: Sampler | None
    data: xr.DataTree
    timings: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", align(self.data, self.panel))

    @property
    def posterior(self) -> xr.Dataset:
        """The draws as a Dataset with dimensions chain, draw and those of each variable."""
        return self.data["posterior"].to_dataset()

    @property
    def noise(self) -> Noise | None:
        """The law of residuals, given the volatility of their period; None without a model."""
        return None if self.model is None else self.model.noise.law

    @property
    def seed(self) -> int:
        """Of whatever is simulated at the draws: the sampler's; 0 without one."""
        return 0 if self.sampler is None else self.sampler.seed

    @property
    def model_text(self) -> str:
        """The model as the text of a model file; empty without a model."""
        return "" if self.model is None else model_text(self.model)

    @property
    def model_id(self) -> str:
        """Twelve hexadecimal digits that change with any choice or number of the model; empty without a model."""
        return "" if self.model is None else model_id(self.model)

    @cached_property
    def movement(self) -> Movement | None:
        """What moves in the model, as it was found; None where nothing does, and of draws of another program."""
        return movement_of(self.data["paths"].to_dataset(), self.panel) if "paths" in self.data.children else None

    @cached_property
    def design(self) -> Design:
        """The panel as the model weights it, in the heaviest cell; without a model every return counts the same."""
        return observe(self.panel) if self.model is None else designs(self.panel, self.model, self.movement)[0]

    @cached_property
    def priors(self) -> ScaledPriors | None:
        """The model's priors in decimals per period of the panel; None without a model."""
        return None if self.model is None else scale_priors(self.design, self.model)

    def describe(self) -> Description:
        """Describe the panel as it was fitted.

        Returns
        -------
        Description
            As that of ``panel.describe()``. Where the model weights returns, its ``assets`` have one column more,
            ``effective``: the effective number of returns, which is the sum of their weights. Its ``moves`` say what
            moves, how far and for how long.
        """
        from bayesfactor.posterior.movement_words import movement_words

        effective = None if self.design.weight is None else self.design.effective
        return describe_panel(self.panel, effective, movement_words(self))

    @cached_property
    def sampler_checks(self) -> tuple["Check", ...]:
        """The checks whose failure means that the draws must not be used: of all of them, and of each cell's own."""
        from bayesfactor.posterior.diagnostics import sampler_checks

        stats = self.data["sample_stats"].to_dataset() if "sample_stats" in self.data.children else xr.Dataset()
        return sampler_checks(self.posterior, stats, own=self.sampler is not None)

    @cached_property
    def misfit(self) -> "Misfit":
        """How far the fitted law's means and variances are from the sample's, and the checks of that."""
        from bayesfactor.posterior.misfit import misfit

        return misfit(self)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the fit must not be used; empty when the sampler converged and the law has the sample's moments."""
        from bayesfactor.posterior.diagnostics import MISFIT

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
            When the panel holds statistics instead of returns, or the model weights returns: leaving one out by
            importance sampling needs the likelihood of the data, and a weighted one is not that. When something moves:
            a path has seen the date that is left out, on it and on its neighbours.
        """
        if self.model is not None and self.model.returns_move:
            raise SpecError(
                "with_log_likelihood: volatility or loadings move, and their paths have seen each date that would be "
                "left out.",
                place="with_log_likelihood",
                remedy="Compare models by forecasts of what came after their fits: bf.score.",
            )
        if self.design.weight is not None:
            raise SpecError(
                "with_log_likelihood: the model weights returns, and a weighted likelihood is not that of the data.",
                place="with_log_likelihood",
                remedy="Compare half-lives by the log-likelihood of returns after those that were fitted.",
            )
        from bayesfactor.posterior.log_likelihood import factor_log_likelihood, log_likelihood

        found = {"returns": log_likelihood(self)} | ({"factors": factor_log_likelihood(self)} if factors else {})
        data = self.data.copy()
        data["log_likelihood"] = xr.DataTree(xr.Dataset(found))
        return replace(self, data=data)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the fit, under a temporary name first, and return its path.

        To one netCDF file; under a name that ends in ``.zarr`` to a Zarr folder, whose alphas, loadings and residual
        standard deviations are read when they are needed (needs dask and zarr). A file is replaced; a folder only if it
        is a store.

        Raises
        ------
        FitError
            When the file cannot be written; nothing is left behind.
        """
        return write_tree(self.data, self.attributes(), as_path(path))

    def attributes(self) -> dict[str, str]:
        """Return what the fit knows beside its arrays, as texts: with `data`, all of it."""
        return {
            "model_text": self.model_text,
            "model_id": self.model_id,
            "sampler": json.dumps(None if self.sampler is None else asdict(self.sampler)),
            "timings": json.dumps(dict(self.timings)),
            "versions": json.dumps(dict(self.versions)),
            "engine": self.engine,
            **panel_attributes(self.panel),
        }

    @classmethod
    def from_tree(cls, tree: xr.DataTree) -> Self:
        """Return the fit whose `data` and `attributes` are the groups and attributes of a tree.

        Raises
        ------
        ValueError
            When its panel is not the one that was fitted, or its draws are not labelled as that is.
        """
        panel, known, groups = (
            panel_of(tree),
            tree.attrs,
            {name: node.to_dataset() for name, node in tree.children.items()},
        )
        check_labels(groups["posterior"], panel)
        text, settings = known["model_text"], json.loads(known["sampler"])
        model = parse_model(tomllib.loads(text), place="model_text") if text else None
        if known["format"] in EARLIER:
            groups["posterior"] = upgraded(groups["posterior"], None if model is None else model.noise)
        return cls(
            panel=panel,
            model=model,
            sampler=None if settings is None else Sampler(**settings),
            data=xr.DataTree.from_dict(groups),
            timings=json.loads(known["timings"]),
            versions=json.loads(known["versions"]),
            engine=known.get("engine", "" if settings is None else "kernel"),  # before there was another one
        )

    def __repr__(self) -> str:
        size = f"{self.posterior.sizes['chain']} chains x {self.posterior.sizes['draw']} draws"
        unknown = OWN_GRAPH if self.engine == OWN_GRAPH else "draws of another program"
        named = unknown if self.model is None else f"'{self.model.name}' [{self.model_id}]"
        return f"Fit({named}, {self.panel!r}, {size})"


def open_fit(path: str | os.PathLike[str]) -> Fit:
    """Open a fit that was saved; needs neither PyMC nor a sampler.

    Of a Zarr folder alphas, loadings and residual standard deviations stay on disk and are read block by block when
    they are needed; ``fit.data.compute()`` has them in memory, as ArviZ's functions want them.

    Raises
    ------
    FitError
        When the file is missing, is not a saved fit, or is damaged.
    """
    place = as_path(path)
    tree = read_tree(place)
    with damaged(place):
        return Fit.from_tree(tree)
