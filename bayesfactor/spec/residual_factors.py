"""Common residual factors: what moves residuals together beside the factors of the model."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.residual_rank import MOST
from bayesfactor.spec.priors import HalfNormal, Normal
from bayesfactor.spec.units import PanelUnits


@dataclass(frozen=True)
class ScaledResidualFactors:
    """The law of loadings on residual factors, in decimals per period.

    Attributes
    ----------
    loc, sd : float
        n_gj ~ N(loc, sd^2), of common residual factors.
    spread : float
        Scale of kappa_j, of common and of group residual factors.
    group_loc, group_sd : float, or None
        n_gg ~ N(group_loc, group_sd^2), of one residual factor a group; None without them.
    """

    loc: float
    sd: float
    spread: float
    group_loc: float | None = None
    group_sd: float | None = None


@dataclass(frozen=True)
class CommonResiduals:
    """Residuals have common factors, which pay nothing.

    With g_t the path of volatility, 1 where it is constant::

        r_it = ... + g_t (lambda_i'z_t + e_it),   z_t ~ N(0, I),   e_it ~ N(0, sigma_i^2)
        lambda_ij ~ N(n_gj, kappa_j^2),   n_gj ~ `mean`,   kappa_j ~ `spread`

    for asset i in group g. Loadings are in units of the typical asset's standard deviation. Their signs and rotation
    are left free: what is reported does not depend on them. Source: structural factor analysis, as in Lopes and West
    (2004).

    Attributes
    ----------
    count : int or "auto"
        Number of them, 0 to 5. ``"auto"`` takes as many as there are eigenvalues of the residual correlation beyond
        what independent residuals have, at most 5; `spread` near 0 drops one that is of no use.
    spread : HalfNormal
        kappa_j: how different the members of one group are.
    mean : Normal
        n_gj: what they have in common.
    """

    count: int | Literal["auto"] = field(default=0, metadata={"whole": True})
    spread: HalfNormal = HalfNormal(0.25)
    mean: Normal = Normal(0.0, 0.5)

    def __post_init__(self) -> None:
        whole = isinstance(self.count, int | np.integer) and not isinstance(self.count, bool)
        if not (self.count == "auto" or (whole and 0 <= int(self.count) <= MOST)):
            raise SpecError(
                f"CommonResiduals.count is {self.count!r}, and must be a whole number from 0 to {MOST}, or 'auto'.",
                place="CommonResiduals.count",
                found=self.count,
                allowed=(*map(str, range(MOST + 1)), "auto"),
                remedy="Take 'auto', which drops those that are of no use.",
            )
        if whole:
            object.__setattr__(self, "count", int(self.count))

    def scaled(self, groups: Normal | None, units: PanelUnits) -> ScaledResidualFactors:
        """Return the law of loadings in decimals per period, those on residual factors of groups included."""
        unit = units.typical_sd
        group = (None, None) if groups is None else (groups.mean * unit, groups.sd * unit)
        return ScaledResidualFactors(self.mean.mean * unit, self.mean.sd * unit, self.spread.scale * unit, *group)


def check_residual_factors(common: CommonResiduals, groups: Normal | None) -> None:
    """Raise a SpecError for what is no such part, or for numbers that no residual factor uses."""
    require(common, (CommonResiduals,), "noise.common")
    require(groups, (Normal, type(None)), "noise.groups")
    used = CommonResiduals(spread=CommonResiduals.spread if groups is None else common.spread)
    if common.count == 0 and common != used:
        raise SpecError(
            "noise.common: there are no common residual factors for these priors (count = 0).",
            place="noise.common",
            found=common.count,
            allowed=(*map(str, range(1, MOST + 1)), "auto"),
            remedy="Write count = 'auto' beside them, or leave common out.",
        )
