"""The classes of skfolio that those of this room extend or make."""

from bayesfactor.base.errors import SpecError

try:
    from skfolio.prior import BasePrior, ReturnDistribution
    from skfolio.uncertainty_set import BaseMuUncertaintySet, UncertaintySet
except ImportError:
    raise SpecError(
        "FactorPrior and PosteriorMeans need skfolio.",
        place="skfolio",
        remedy='pip install "bayesfactor[portfolios]"',
    ) from None

__all__ = ["BaseMuUncertaintySet", "BasePrior", "ReturnDistribution", "UncertaintySet"]
