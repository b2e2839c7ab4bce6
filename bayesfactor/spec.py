"""A model as a value: which parts it is made of, and the priors of each part.

The parts are classes that carry their own numbers only; a `FactorModel` chooses one of each. Python makes parts,
a model file chooses among them (see `read_model`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeVar, get_args, get_type_hints

from bayesfactor.errors import SpecError, nearest, unknown
from bayesfactor.panel import Factor
from bayesfactor.panelbase import PanelBase
from bayesfactor.priors import (
    Exponential,
    HalfNormal,
    HalfNormalRate,
    InverseWishart,
    LogNormalRate,
    Normal,
    NormalRate,
    Rate,
    SpikeSlab,
)

GENERAL = ("traded", "non-traded")  # keys of priors beside names and families
Units = Literal["beta", "standardised"]

FAMILIES = (
    "market",
    "style",
    "rates",
    "credit",
    "volatility",
    "currency",
    "commodity",
    "on-chain",
    "liquidity",
    "other",
)


@dataclass(frozen=True)
class GroupedPrior:
    """Loadings of one group share a mean m_gk ~ `mean` and a spread tau_k ~ `spread`.

    ``units`` says what the numbers count: ``"beta"`` the loading itself; ``"standardised"`` the loading times the
    factor's standard deviation, over the typical asset's (so 0.5 moves the typical asset by half its own
    deviation when the factor moves by one of its own).
    """

    mean: Normal
    spread: HalfNormal
    units: Units = "standardised"


@dataclass(frozen=True)
class LoadingPrior:
    """A loading ~ `value`, in the units that `GroupedPrior` explains."""

    value: Normal
    units: Units = "standardised"


T = TypeVar("T")
Keyed = tuple[tuple[str, T], ...]


def keyed[P](priors: Keyed[P], factor: Factor, *, place: str) -> P:
    """Return the prior for a factor: by name, else by family, else as traded or non-traded, else ``default``."""
    table = dict(priors)
    for key in (factor.name, factor.family, GENERAL[not factor.traded], "default"):
        if key in table:
            return table[key]
    raise SpecError(
        f"{place}: no prior for factor '{factor.name}' of family '{factor.family}'.",
        place=place,
        found=factor.name,
        allowed=tuple(table),
        remedy=f"Add one named '{factor.family}' or 'default'.",
    )


@dataclass(frozen=True)
class GroupedLoadings:
    """beta_ik ~ N(m_{g(i),k}, tau_k^2): assets lean on their group."""

    prior: Keyed[GroupedPrior]


@dataclass(frozen=True)
class FreeLoadings:
    """beta_ik ~ its own fixed prior: no asset learns from another."""

    prior: Keyed[LoadingPrior]


@dataclass(frozen=True)
class CommonLoadings:
    """beta_ik = b_k for every asset."""

    prior: Keyed[LoadingPrior]


@dataclass(frozen=True)
class ZeroAlpha:
    """alpha_i = 0: the factors price every asset exactly."""


@dataclass(frozen=True)
class ShrunkAlpha:
    """alpha_i ~ N(0, tau_alpha^2), tau_alpha ~ `spread`."""

    spread: HalfNormalRate


@dataclass(frozen=True)
class ScaledAlpha:
    """alpha_i ~ N(0, tau_alpha^2 sigma_i^2 / s^2), tau_alpha ~ `spread`, s^2 the mean residual variance of the assets.

    Mispricing is tied to residual risk, so that no portfolio earns an unbelievable Sharpe ratio. s is that of each
    asset's own first fit. Source: Pastor and Stambaugh (1999).
    """

    spread: HalfNormalRate


@dataclass(frozen=True)
class SharpeAlpha:
    """alpha_i ~ N(0, k sigma_i^2), k N = q^2 per period, q ~ `spread`: a Sharpe ratio a year.

    q is the Sharpe ratio that mispricing adds: E[sum_i alpha_i^2 / sigma_i^2] = q^2, and the largest Sharpe ratio there
    is, of factors and mispricing together, has the square Sh^2(f) + q^2. With Student-t noise sigma_i is the scale, and
    mispricing adds q sqrt((nu - 2) / nu): the variable ``mispricing_sharpe`` of a fit is that. Source: Pastor and
    Stambaugh (1999).
    """

    spread: HalfNormal


@dataclass(frozen=True)
class AppraisalAlpha:
    """alpha_i ~ N(0, a^2 sigma_i^2), a sqrt(periods a year) ~ `spread`: an appraisal ratio a year, of every asset.

    The appraisal (information) ratio is alpha over the residual standard deviation: with 0.25 a year, the alpha of a
    bond fund with 2 % of residual volatility has a standard deviation of 0.5 % a year, that of a token with 80 % one of
    20 %. It does not fall as assets are added, as that of `SharpeAlpha` does. With Student-t noise sigma_i is the
    scale, and the ratio a sqrt((nu - 2) / nu). Source: Pastor and Stambaugh (1999).
    """

    spread: HalfNormal


@dataclass(frozen=True)
class FreeAlpha:
    """alpha_i ~ `value`, each asset on its own."""

    value: NormalRate


@dataclass(frozen=True)
class NoZeroBeta:
    """lambda_0 = 0: an asset without loadings earns the risk-free rate."""


@dataclass(frozen=True)
class FreeZeroBeta:
    """lambda_0 ~ `value`: the mean excess return of an asset without loadings.

    A free intercept ruins the premia of factors whose loadings hardly differ across assets, such as the market's.
    """

    value: NormalRate


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


SharedSpread = ShrunkAlpha | ScaledAlpha | SharpeAlpha | AppraisalAlpha  # alphas with one spread, which is sampled

_BETA = GroupedPrior(Normal(1.0, 0.5), HalfNormal(0.5), "beta")
_OTHER = GroupedPrior(Normal(0.0, 0.5), HalfNormal(0.25))


@dataclass(frozen=True)
class FactorModel:
    """A factor model: one choice for each part, with its priors.

    The defaults are the preset ``hierarchical``::

        r_it = alpha_i + lambda_0 + sum_traded beta_ik f_kt + sum_nontraded beta_ik (f_kt - mu_k + lambda_k) + eps_it

    Attributes
    ----------
    name : str
    families : tuple of str
        The factor families that the model uses; empty = all of the panel's.
    loadings : GroupedLoadings, FreeLoadings or CommonLoadings
    alpha : ZeroAlpha, ShrunkAlpha, ScaledAlpha, SharpeAlpha, AppraisalAlpha or FreeAlpha
    zero_beta : NoZeroBeta or FreeZeroBeta
    factors : FactorLaw
    noise : NormalNoise or StudentTNoise
    """

    name: str = "hierarchical"
    families: tuple[str, ...] = ()
    loadings: GroupedLoadings | FreeLoadings | CommonLoadings = GroupedLoadings(
        (("market", _BETA), ("default", _OTHER))
    )
    alpha: ZeroAlpha | ShrunkAlpha | ScaledAlpha | SharpeAlpha | AppraisalAlpha | FreeAlpha = AppraisalAlpha(
        HalfNormal(0.25)
    )
    zero_beta: NoZeroBeta | FreeZeroBeta = NoZeroBeta()
    factors: FactorLaw = field(default_factory=FactorLaw)
    noise: NormalNoise | StudentTNoise = NormalNoise(LogNormalRate(Rate(40.0), 1.0), HalfNormal(0.5))

    def __post_init__(self) -> None:
        for part, allowed in parts().items():
            require(getattr(self, part), allowed, f"model '{self.name}': {part}")

    def restrict[P: PanelBase](self, panel: P) -> P:
        """Return the panel with the factors this model uses.

        Raises
        ------
        SpecError
            When a family is not in the panel, or a prior is keyed by what is neither a factor or family of the
            panel nor one of the usual families (`FAMILIES`), which a panel need not have.
        """
        for family in self.families:
            if family not in panel.families:
                raise unknown("factor family", family, panel.families, place=f"model '{self.name}': families")
        known = ("default", *GENERAL, *FAMILIES, *panel.families, *panel.factor_names)
        for part, prior in (("loadings.prior", self.loadings.prior), ("factors.premium", self.factors.premium)):
            for key, _ in prior:
                if key not in known:
                    raise unknown("factor or family", key, dict.fromkeys(known), place=f"model '{self.name}': {part}")
        wanted = [f for f in panel.factor_info if not self.families or f.family in self.families]
        for factor in wanted:
            self._check_premium(factor)
        names = [factor.name for factor in wanted]
        return panel if len(names) == len(panel.factor_info) else panel.select(factors=names)

    def _check_premium(self, factor: Factor) -> None:
        place = f"model '{self.name}': factors.premium"
        if factor.traded and isinstance(keyed(self.factors.premium, factor, place=place), SpikeSlab):
            raise SpecError(
                f"{place}: a spike and slab is for non-traded factors, and '{factor.name}' is traded.",
                place=place,
                found=factor.name,
                allowed=("Normal",),
                remedy="A traded factor is paid its own mean: key the spike and slab 'non-traded', and add a Normal "
                "prior as 'default'.",
            )


@cache
def parts() -> dict[str, tuple[type, ...]]:
    """Return the classes that each part of a model may be of."""
    hints = get_type_hints(FactorModel)
    return {name: get_args(hint) or (hint,) for name, hint in hints.items() if name not in ("name", "families")}


def require(value: object, allowed: Iterable[type], place: str) -> None:
    """Refuse a value that is of none of the classes allowed."""
    names = [cls.__name__ for cls in allowed]
    if not isinstance(value, tuple(allowed)):
        raise SpecError(
            f"{place}: {value!r} is not one of the choices.",
            place=place,
            found=value,
            allowed=names,
            remedy=nearest(type(value).__name__, names),
        )
