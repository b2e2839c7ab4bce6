"""The classes of skfolio that those of this room extend or make."""

from bayesfactor.base.extras import not_installed

try:
    from skfolio.prior import BasePrior, ReturnDistribution
    from skfolio.uncertainty_set import BaseMuUncertaintySet, UncertaintySet
except ImportError:
    raise not_installed("FactorPrior and PosteriorMeans need skfolio", "skfolio", "portfolios") from None

__all__ = ["BaseMuUncertaintySet", "BasePrior", "ReturnDistribution", "UncertaintySet"]
