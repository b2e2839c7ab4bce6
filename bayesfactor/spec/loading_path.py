"""How loadings move."""

from dataclasses import dataclass
from typing import ClassVar

from bayesfactor.base.errors import SpecError
from bayesfactor.spec.durations import Duration, LogNormalDuration
from bayesfactor.spec.priors import HalfNormal


@dataclass(frozen=True)
class ConstantPath:
    """A loading is the same in every period."""

    kind: ClassVar[str] = "constant"


@dataclass(frozen=True)
class MovingPath:
    """A loading moves around the asset's own long-run loading, and returns to it.

    In blocks b of dates, counted back from the panel's last row::

        beta_ikb = u_ik + v_ikb,   u_ik ~ the law of loadings
        v_ikb = phi v_ik,b-1 + sqrt(1 - phi^2) s_ik eta,   v_ik0 ~ N(0, s_ik^2),   phi = 2^(-block / memory)
        s_ik = kappa sigma_i / sd(f_k),   kappa ~ `move`

    Half of the prior probability is on kappa = 0, where loadings are constant. Memory and kappa are chosen among a few
    values by their evidence, which is divided by the design effect of residuals that move together; v is drawn given
    the rest. Alphas do not move. Source: West and Harrison (1997), stationary dynamic linear models.

    Attributes
    ----------
    block : Duration
        Within which a loading is constant.
    memory : LogNormalDuration
        Half-life of a move.
    move : HalfNormal
        kappa: the standard deviation of a move, in residual standard deviations per standard deviation of the factor.
    """

    kind: ClassVar[str] = "moving"
    block: Duration = Duration(6, "months")
    memory: LogNormalDuration = LogNormalDuration(Duration(2, "years"), 1.0)
    move: HalfNormal = HalfNormal(0.15)

    def __post_init__(self) -> None:
        if not isinstance(self.block, Duration):
            raise SpecError(
                f"MovingPath: expected a Duration, found {self.block!r}.",
                place="loadings.block",
                found=self.block,
                remedy='Write bf.MovingPath(block=bf.Duration(6, "months")).',
            )


LoadingPath = ConstantPath | MovingPath
