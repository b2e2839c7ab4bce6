"""What a fit sees of a panel: weights, and the cross-products that they make."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesfactor.base.errors import SpecError
from bayesfactor.base.records import FrozenArrays
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import FactorMoments, factor_moments
from bayesfactor.panel.moments import Moments, cross_products
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import RobustFit, regressors, robust_fit


@dataclass(frozen=True, eq=False)
class Design(FrozenArrays):
    """A panel as a fit sees it.

    With weights w_it the likelihood of an asset's returns is prod_t p(r_it | f_t, theta)^w_it, of which normal noise
    needs no more than S_i = sum_t w_it x_t x_t', b_i = sum_t w_it x_t r_it, q_i = sum_t w_it r_it^2 and
    T_i = sum_t w_it. Weights of 1 are the ordinary likelihood. It is no density of data, so that there is no evidence
    (marginal likelihood) of a weighted model.

    Attributes
    ----------
    panel : Panel or PanelStatistics
    weight : array (time, asset), or None
        Of each return; None for weights of 1.
    moments : Moments
        Weighted cross-products. Their ``count`` is the sum of the weights; that of ``panel.moments`` counts returns.
    history : FactorMoments
        Means and covariance of the factors over their own histories, which are not weighted: premia are long-run.
    means : FactorMoments
        What the likelihood of the factors' means takes from them: the same, or with rows weighted by their precision.
    plain : Moments, or None
        Cross-products without the precision of each period, where `moments` have it: a loading or a volatility moves.
    """

    panel: PanelBase
    weight: np.ndarray | None
    moments: Moments
    history: FactorMoments
    means: FactorMoments
    plain: Moments | None = None

    def rows(self, asset: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows on which asset number `asset` was observed, returns, regressors (1, f_t') and weights there.

        Raises
        ------
        SpecError
            When the panel holds statistics instead of returns.
        """
        rows, returns, x = regressors(self.panel, asset)
        return rows, returns, x, np.ones(rows.size) if self.weight is None else self.weight[rows, asset]

    @property
    def regression(self) -> Moments:
        """The cross-products of which residual scales are least squares: with the precisions, where there are some."""
        return self.sample if self.plain is None else self.moments

    @cached_property
    def robust(self) -> RobustFit:
        """Each asset's own Student-t regression, without weights."""
        return robust_fit(self.panel)

    @property
    def effective(self) -> np.ndarray:
        """Effective number of returns of each asset: T_i = sum_t w_it, as many of the last date as all count for."""
        return self.moments.count

    @cached_property
    def sample(self) -> Moments:
        """The weighted cross-products as those of a sample, whose means have the standard errors of its size.

        Scaled to count n_i = (sum_t w_it)^2 / sum_t w_it^2 (Kish 1965): of independent normal returns with variance
        sigma^2, a weighted mean has the variance sigma^2 / n_i, and sum_t w_it (r_it - mean)^2 n_i / T_i is about
        sigma^2 times a chi-squared variable with n_i - 1 degrees of freedom. n_i is above T_i: a weighted likelihood
        counts less than the data hold, as what is old may no longer be true. Weights that are precisions are no matter
        of a sample's: these are then the cross-products without them.
        """
        if self.weight is None:
            return self.moments if self.plain is None else self.plain
        seen = np.isfinite(require_returns(self.panel).returns.values)
        square = np.sum(np.where(seen, self.weight**2, 0.0), axis=0)
        whole = self.moments
        share = whole.count / np.where(square > 0, square, 1.0)
        return Moments(whole.xx * share, whole.xy * share, whole.yy * share, whole.count * share)


def observe(panel: PanelBase, weight: np.ndarray | None = None) -> Design:
    """Return the design of a panel under weights (time, asset); the one place that makes them.

    Raises
    ------
    SpecError
        When weights are given for a panel that holds statistics instead of returns, or are not numbers of that
        shape from 0 on.
    """
    history = factor_moments(panel)
    if weight is None:
        return Design(panel, None, panel.moments, history, history)
    held = require_returns(panel, "A weight for every return")
    if weight.shape != held.returns.shape or not np.all(np.isfinite(weight) & (weight >= 0)):
        raise SpecError(
            f"weights: expected numbers from 0 on of shape {held.returns.shape} (time, asset).",
            place="observe.weight",
            found=weight.shape,
        )
    return Design(panel, weight, cross_products(held.returns.values, held.aligned, weight), history, history)
