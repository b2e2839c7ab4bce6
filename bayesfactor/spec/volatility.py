"""How the volatility of residuals and of factors moves."""

from dataclasses import dataclass
from typing import ClassVar

from bayesfactor.base.errors import SpecError
from bayesfactor.spec.durations import Duration, LogNormalDuration
from bayesfactor.spec.priors import Exponential, HalfNormal

HIGHEST = 30.0  # degrees of freedom at which the prior of tails may start


@dataclass(frozen=True)
class ConstantVolatility:
    """Standard deviations and covariances are the same in every period."""

    kind: ClassVar[str] = "constant"


@dataclass(frozen=True)
class CommonVolatility:
    """One path of volatility for all residuals, times each asset's own level.

    With sigma_i the level over the panel's rows, on which log g_t is 0 on average::

        eps_it = g_t sigma_i z_it,   z_it ~ t_nu of standard deviation 1
        log g_t = phi log g_{t-1} + sqrt(1 - phi^2) s eta_t,   eta_t ~ N(0, 1),   phi = 2^(-1 / memory)

    The path is integrated out on a grid, and so are memory, s and nu, by their evidence. Loadings, alphas, levels and
    premia follow from returns weighted by E[1 / g_t^2 | returns] under normal noise, so that means stay means: tails
    enter the path and the law of the next period. Half of the prior probability is on s = 0, where volatility is
    constant. Source: Kim, Shephard and Chib (1998), for one series; one path for many: Carriero, Clark and
    Marcellino (2016).

    Attributes
    ----------
    memory : LogNormalDuration
        Half-life of a shock to log volatility.
    size : HalfNormal
        s, the standard deviation of log volatility in the long run.
    dof : Exponential
        nu; above 2.
    """

    kind: ClassVar[str] = "common"
    memory: LogNormalDuration = LogNormalDuration(Duration(8, "weeks"), 1.0)
    size: HalfNormal = HalfNormal(0.5)
    dof: Exponential = Exponential(10.0, 2.1)
    own_drift: bool = True

    def __post_init__(self) -> None:
        if not 2 < self.dof.above < HIGHEST:
            raise SpecError(
                f"noise.path.dof starts at {self.dof.above}, and must start above 2 and below {HIGHEST:g}.",
                place="noise.path.dof.above",
                found=self.dof.above,
                remedy="At 2 a Student-t has no variance, and from some thirty on it is normal: 2.1 is a fair start.",
            )


@dataclass(frozen=True)
class MovingVolatility:
    """The covariance of the factors moves; their means and premia do not.

    Omega_t is inverse Wishart given the past, which counts by its age::

        Omega_{T+1} | f, mu ~ IW(K + 1 + d n_T, d S_T),   n_T = d n_{T-1} + 1
        S_T = d S_{T-1} + (f_T - mu)(f_T - mu)',   d = 2^(-1 / memory)

    with mean S_T / n_T, which is what the next period's factors have. In the likelihood of mu every row has the weight
    1 / h_t^2 of the factors' common volatility. The memory is chosen by how well it foretold the factors. Source:
    Uhlig (1997); West and Harrison (1997), section 10.8.

    Attributes
    ----------
    memory : LogNormalDuration
        Half-life of what a past period counts.
    """

    kind: ClassVar[str] = "moving"
    memory: LogNormalDuration = LogNormalDuration(Duration(8, "weeks"), 1.0)


ResidualVolatility = ConstantVolatility | CommonVolatility
FactorVolatility = ConstantVolatility | MovingVolatility
