"""Fits of what moves, made of draws that no sampler made."""

import numpy as np
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.paths.movement import find_movement
from bayesfactor.paths.storage import movement_dataset
from bayesfactor.posterior.storage.panels import panel_groups
from tests.support.synthetic_draws import MOVING, synthetic_draws


def moved_fit_of(panel: Panel, model: bf.FactorModel, **made) -> bf.Fit:
    """Return a fit whose movement is that of the model on the panel, and its draws those of `synthetic_draws`.

    Each draw is of a cell of what moves.
    """
    movement = find_movement(panel, model)
    parts = zip(MOVING, (movement.loadings, movement.residuals, movement.factors), strict=True)
    draws = synthetic_draws(panel, moving=tuple(name for name, part in parts if part is not None), **made)
    shape, rng = (draws.sizes["chain"], draws.sizes["draw"]), np.random.default_rng(1)
    cells = {}
    if movement.loadings is not None:
        cells |= {"loading_move": movement.loadings.move, "loading_memory": movement.loadings.memory}
    if movement.residuals is not None:
        path = movement.residuals
        cells |= {"volatility_memory": path.memory, "volatility_size": path.size, "dof": path.dof}
    which = {name: rng.integers(0, len(cells[name]), shape) for name in ("loading_move", "dof") if name in cells}
    for name, values in cells.items():
        number = which["loading_move" if name.startswith("loading") else "dof"]
        draws[name] = (("chain", "draw"), values[number])
    draws = draws.assign_coords(chain=np.arange(shape[0]), draw=np.arange(shape[1]))
    groups = {"posterior": draws, "paths": movement_dataset(movement, panel), **panel_groups(panel)}
    return bf.Fit(panel, model, None, xr.DataTree.from_dict({name: xr.DataTree(one) for name, one in groups.items()}))
