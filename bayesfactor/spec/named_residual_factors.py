"""The residual factors of a model on a panel: how many there are, their names, and the law of their loadings."""

from dataclasses import dataclass

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.residual_products import observed_together
from bayesfactor.panel.residual_rank import most_factors, residual_rank
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.scaling import ScaledPriors


@dataclass(frozen=True, eq=False)
class NamedResidualFactors(FrozenArrays):
    """Residual factors, the common ones before those of groups.

    Attributes
    ----------
    names : tuple of str
        ``"common 1"``, ``"common 2"``, ..., then the names of the groups.
    loc, sd : array (residual_factor)
        n_gj ~ N(loc_j, sd_j^2).
    spread : array (residual_factor)
        kappa_j ~ HalfNormal(spread_j).
    member : array of bool (asset, residual_factor)
        Whether an asset may load on it; of another group it does not.
    common : int
        How many are common to all assets.
    """

    names: tuple[str, ...]
    loc: np.ndarray
    sd: np.ndarray
    spread: np.ndarray
    member: np.ndarray
    common: int


def named_residual_factors(design: Design, model: FactorModel, priors: ScaledPriors) -> NamedResidualFactors | None:
    """Return the residual factors of a model on the design of a panel; None where there is none.

    Raises
    ------
    SpecError
        When their number is "auto", and the panel holds statistics instead of returns; when there are more than so
        many assets can tell apart.

    Notes
    -----
    A group of one asset has no factor of its own: it would share it with nobody.
    """
    law = priors.residual_factors
    if law is None or not isinstance(model.noise, NormalNoise):
        return None
    count = common_count(design.panel, model.noise)
    own = design.panel.group_numbers
    several = np.flatnonzero(np.bincount(own) > 1) if law.group_loc is not None else np.empty(0, dtype=int)
    if count + several.size == 0:
        return None
    common, grouped = np.ones(count), np.ones(several.size)
    return NamedResidualFactors(
        (*(f"common {j + 1}" for j in range(count)), *(design.panel.group_names[g] for g in several)),
        np.concatenate([law.loc * common, (law.group_loc or 0.0) * grouped]),
        np.concatenate([law.sd * common, (law.group_sd or 0.0) * grouped]),
        np.full(count + several.size, law.spread),
        np.hstack([np.ones((own.size, count), dtype=bool), own[:, None] == several]),
        count,
    )


def common_count(panel: PanelBase, noise: NormalNoise) -> int:
    """Return the number of common residual factors."""
    if isinstance(noise.common.count, int):
        assets = len(panel.assets)
        if noise.common.count > (most := most_factors(assets)):
            raise SpecError(
                f"noise.common.count is {noise.common.count}: the covariances of {assets} assets tell at most {most} "
                "common factors apart.",
                place="noise.common.count",
                found=noise.common.count,
                remedy=f'Ask for {most}, or for "auto".',
            )
        return noise.common.count
    held = require_returns(panel, "noise.common.count = 'auto'")
    return residual_rank(held.returns.values, held.aligned)


def kept_apart(panel: PanelBase, model: FactorModel) -> str | None:
    """Return why coefficients and residual factors do not integrate out together, or None where they do."""
    if model.returns_move:
        return f"the model moves ({model.movement_in_words})"
    instead = 'Take a model without that, such as model="static"'
    if observed_together(require_returns(panel, model.latents_in_words, instead)):
        return None
    count = panel.moments.count
    least, most = int(np.argmin(count)), int(np.argmax(count))
    return (
        f"histories are unequal ('{panel.assets[least]}' has {int(count[least])} returns, '{panel.assets[most]}' "
        f"{int(count[most])}), or not longer than there are coefficients"
    )
