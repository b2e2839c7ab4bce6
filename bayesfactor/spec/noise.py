"""Laws of residuals."""

from dataclasses import dataclass

from bayesfactor.base.errors import SpecError
from bayesfactor.spec.priors import Exponential, HalfNormal, LogNormalRate


@dataclass(frozen=True)
class NormalNoise:
    """eps_it ~ N(0, sigma_i^2), log sigma_i ~ N(l, omega^2), exp(l) ~ `level`, omega ~ `spread`."""

    level: LogNormalRate
    spread: HalfNormal


@dataclass(frozen=True)
class StudentTNoise:
    """eps_it ~ t_nu(0, sigma_i^2), log sigma_i ~ N(l, omega^2), one nu ~ `dof` for all assets.

    sigma_i is the scale; the variance is sigma_i^2 nu / (nu - 2).
    """

    level: LogNormalRate
    spread: HalfNormal
    dof: Exponential

    def __post_init__(self) -> None:
        if self.dof.above <= 2:
            raise SpecError(
                f"noise.dof starts at {self.dof.above}, and must start above 2.",
                place="noise.dof.above",
                found=self.dof.above,
                remedy="At 2 a Student-t has no variance, and near it none with a posterior mean: 2.1 is a fair start.",
            )
