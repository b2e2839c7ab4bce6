"""From draws to a fit, whatever made them."""

import time
from importlib.metadata import version
from itertools import pairwise
from typing import NamedTuple

import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.posterior.storage.panels import panel_groups
from bayesfactor.spec.model import FactorModel

STEPS = ("prepare", "compile", "sample", "recover")
LIBRARIES = ("bayesfactor", "xarray", "arviz")  # beside those of an engine


class Made(NamedTuple):
    """By what draws were made: an engine, the libraries that they depend on, and the times between its steps."""

    engine: str
    libraries: tuple[str, ...]
    marks: list[float]  # when each step but the last began, and the last one


def finish_fit(
    panel: PanelBase, model: FactorModel | None, sampler: Sampler, groups: dict[str, xr.Dataset], made: Made
) -> Fit:
    """Return the fit of draws; `groups` has the posterior and what is known beside it. The last step ends here."""
    whole = {**groups, **panel_groups(panel)}
    seconds = [after - before for before, after in pairwise([*made.marks, time.perf_counter()])]
    return Fit(
        panel=panel,
        model=model,
        sampler=sampler,
        data=xr.DataTree.from_dict({name: xr.DataTree(dataset) for name, dataset in whole.items()}),
        timings=dict(zip(STEPS, seconds, strict=True)),
        versions={name: version(name) for name in (*LIBRARIES, *made.libraries)},
        engine=made.engine,
    )
