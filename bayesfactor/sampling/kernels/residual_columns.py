"""Residual factors as further columns of a density problem."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesfactor.base.records import FrozenArrays
from bayesfactor.spec.named_residual_factors import NamedResidualFactors


@dataclass(frozen=True, eq=False)
class ResidualColumns(FrozenArrays):
    """Residual factors, which a density sees as factors with mean 0 that pay nothing.

    Attributes
    ----------
    loc, sd, spread : array (column)
        Of n_gj ~ N(loc, sd^2) and of kappa_j ~ HalfNormal(spread), in decimals.
    member : array (column, asset)
        1 where an asset loads on it, 0 elsewhere.
    per_sigma : bool
        Whether the spread is in units of each asset's own residual scale.
    names : tuple of str
        Of the residual factors.
    """

    loc: np.ndarray
    sd: np.ndarray
    spread: np.ndarray
    member: np.ndarray
    per_sigma: bool = False
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, factors: NamedResidualFactors) -> "ResidualColumns":
        """Return the columns of a model's residual factors."""
        return cls(factors.loc, factors.sd, factors.spread, factors.member.T.astype(float), names=factors.names)

    def added_to(self, data: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what `graph_data` returns, with these columns: the likelihood of factors does not see them.

        Their factor means are coordinates of no consequence, standard normals.
        """
        q, p = len(self.loc), len(data["xy"])
        ends = {"loc": self.loc, "sd": self.sd, "spread": self.spread, "floor": np.zeros(q)}
        found = {f"loading_{name}": np.r_[data[f"loading_{name}"], values] for name, values in ends.items()}
        for names, value in ((ZERO, 0.0), (ONE, 1.0)):
            found |= {name: np.r_[data[name], np.full(q, value)] for name in names}
        wide = ((0, q), (0, q), (0, 0))
        return {
            **data,
            **found,
            "factor_precision": np.pad(data["factor_precision"], ((0, 0), (0, q), (0, q))),
            "factor_centre": np.pad(data["factor_centre"], ((0, 0), (0, q))),
            "loading_unit": np.r_[np.zeros(p - 1), np.full(q, float(self.per_sigma))],
            "member": np.vstack([np.ones((p - 1, self.member.shape[1])), self.member]),
            "xx": np.pad(data["xx"], wide),
            "xy": np.pad(data["xy"], wide[1:]),
        }


ZERO = ("factor_mean_start", "mean_loc", "premium_loc", "premium_blend")
ONE = ("factor_mean_unit", "mean_sd", "premium_sd", "premium_inclusion", "premium_spike")
