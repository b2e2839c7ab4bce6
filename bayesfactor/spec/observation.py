"""How much each return counts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.panel import require_returns
from bayesfactor.spec.durations import Duration

SHORTEST = 6  # periods of a half-life: some nine returns count


@dataclass(frozen=True)
class EqualWeights:
    """w_it = 1: every return counts the same."""

    kind: ClassVar[str] = "equal"

    def __str__(self) -> str:
        return ""

    def weights(self, panel: PanelBase) -> None:
        """Return None: weights of 1."""


@dataclass(frozen=True)
class HalfLife:
    """w_it = 2^(-(T - t) / h), h = `half_life`: a return counts half as much as one that is h periods younger.

    T is the last row of the panel, so that the weights of all assets are the same on one date. Loadings, alphas and
    residual standard deviations are estimated from weighted returns; the factors' own histories, and with them the
    premia of traded factors, are not weighted. The weighted likelihood is not that of the data and gives no
    evidence: compare half-lives out of sample. Source: West and Harrison (1997), discounting.

    Intervals are those of as many returns as the weights add up to, T_i = sum_t w_it, 1.44 h of a long history: the
    effective number in ``fit.describe()``. Where nothing moves that is too wide: an average under the weights is worth
    2.89 h returns (Kish 1965), by which `check` judges. For normal noise and a panel that holds the returns themselves.
    """

    kind: ClassVar[str] = "half_life"
    half_life: Duration

    def __post_init__(self) -> None:
        if not isinstance(self.half_life, Duration):
            raise SpecError(
                f"HalfLife: expected a Duration, found {self.half_life!r}.",
                place="observation.half_life",
                found=self.half_life,
                remedy='Write bf.HalfLife(bf.Duration(2, "years")).',
            )

    def __str__(self) -> str:
        return f"Returns are weighted: one counts half as much as one that is {self.half_life} younger."

    def weights(self, panel: PanelBase) -> np.ndarray:
        """Return the weight of each return (time, asset).

        Raises
        ------
        SpecError
            When the panel holds statistics instead of returns, or the half-life is shorter than `SHORTEST` periods: as
            good as nothing would be estimated.
        """
        shape = require_returns(panel, "A half-life").returns.shape
        periods = self.half_life.periods(panel.periods_per_year)
        if periods < SHORTEST:
            raise SpecError(
                f"observation.half_life is {self.half_life}, {periods:.3g} periods of this panel, and must be "
                f"{SHORTEST} or more.",
                place="observation.half_life",
                found=self.half_life,
                remedy="Give a longer one; a few years are usual.",
            )
        age = np.arange(shape[0] - 1, -1, -1.0) / periods
        return np.broadcast_to(np.exp2(-age)[:, None], shape)


Observation = EqualWeights | HalfLife
