"""The law of factors and the prior of what they pay."""

from dataclasses import dataclass

from bayesfactor.spec.priors import InverseWishart, Keyed, Normal, SpikeSlab


@dataclass(frozen=True)
class FactorLaw:
    """f_t ~ N(mu, Omega); lambda_k = mu_k for traded factors, lambda_k on its own for the others.

    Attributes
    ----------
    premium : keyed Normal or SpikeSlab
        Prior of lambda_k as a Sharpe ratio a year: premium over the factor's standard deviation. A spike and slab is
        for non-traded factors only.
    drift : Normal
        Prior of mu_k of a non-traded factor, in its standard deviations per period.
    covariance : InverseWishart
    """

    premium: Keyed[Normal | SpikeSlab] = (("default", Normal(0.0, 0.5)),)
    drift: Normal = Normal(0.0, 1.0)
    covariance: InverseWishart = InverseWishart()
