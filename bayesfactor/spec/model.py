"""A model as a value: which parts it is made of, and the priors of each part.

The parts are classes that carry their own numbers only; a `FactorModel` chooses one of each. Python makes parts,
a model file chooses among them (see `read_model`).
"""

from dataclasses import dataclass, field
from functools import cache
from typing import get_args, get_type_hints

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design, observe
from bayesfactor.panel.records import Factor
from bayesfactor.spec.alphas import Alpha, AppraisalAlpha, NoZeroBeta, ZeroBeta
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.keys import FAMILIES, GENERAL, keyed
from bayesfactor.spec.loading_path import ConstantPath, MovingPath
from bayesfactor.spec.loadings import GroupedLoadings, GroupedPrior, Loadings
from bayesfactor.spec.noise import Noise, NormalNoise
from bayesfactor.spec.observation import EqualWeights, Observation
from bayesfactor.spec.priors import HalfNormal, LogNormalRate, Normal, Rate, SpikeSlab
from bayesfactor.spec.volatility import ConstantVolatility

_BETA = GroupedPrior(Normal(1.0, 0.5), HalfNormal(0.5), "beta")
_OTHER = GroupedPrior(Normal(0.0, 0.5), HalfNormal(0.25))


@dataclass(frozen=True)
class FactorModel:
    """A factor model: one choice for each part, with its priors.

    The defaults are the preset ``static``, in which nothing moves; the preset ``hierarchical``, the default of `fit`,
    is the same with parts that do::

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
    observation : EqualWeights or HalfLife
        How much each return counts; weights are for normal noise.

    Raises
    ------
    SpecError
        When a part is none of these, or parts do not go together.
    """

    name: str = "static"
    families: tuple[str, ...] = ()
    loadings: Loadings = GroupedLoadings((("market", _BETA), ("default", _OTHER)))
    alpha: Alpha = AppraisalAlpha(HalfNormal(0.25))
    zero_beta: ZeroBeta = NoZeroBeta()
    factors: FactorLaw = field(default_factory=FactorLaw)
    noise: Noise = NormalNoise(LogNormalRate(Rate(40.0), 1.0), HalfNormal(0.5))
    observation: Observation = EqualWeights()

    def __post_init__(self) -> None:
        for part, allowed in parts().items():
            require(getattr(self, part), allowed, f"model '{self.name}': {part}")
        if not (self.noise.sums_suffice or isinstance(self.observation, EqualWeights)):
            raise SpecError(
                f"model '{self.name}': observation: returns cannot be weighted under '{self.noise.kind}' noise.",
                place=f"model '{self.name}': observation",
                found=self.observation.kind,
                allowed=(EqualWeights.kind,),
                remedy="Take normal noise (noise.kind = 'normal'), or leave observation out.",
            )
        self._check_movement()

    @property
    def returns_move(self) -> bool:
        """Whether the volatility of residuals or loadings move."""
        constant = isinstance(self.loadings.path, ConstantPath)
        return not constant or (isinstance(self.noise, NormalNoise) and self.noise.volatility.kind != "constant")

    @property
    def moves(self) -> bool:
        """Whether anything moves."""
        return self.returns_move or not isinstance(self.factors.volatility, ConstantVolatility)

    @property
    def movement_in_words(self) -> str:
        """The lines of a model file by which something moves; empty where nothing does."""
        noise = self.noise.volatility.kind if isinstance(self.noise, NormalNoise) else "constant"
        kinds = {
            "noise.volatility": noise,
            "factors.volatility": self.factors.volatility.kind,
            "loadings.path": self.loadings.path.kind,
        }
        return ", ".join(f"{place} = '{kind}'" for place, kind in kinds.items() if kind != "constant")

    def _check_movement(self) -> None:
        """Refuse what moves together with weights of other kinds."""
        if isinstance(self.loadings.path, MovingPath) and not self.noise.sums_suffice:
            raise SpecError(
                f"model '{self.name}': loadings.path: loadings do not move under '{self.noise.kind}' noise.",
                place=f"model '{self.name}': loadings.path",
                found=self.loadings.path.kind,
                allowed=(ConstantPath.kind,),
                remedy="Take normal noise with volatility = 'common', whose path has heavy tails, or leave path out.",
            )
        if self.returns_move and not isinstance(self.observation, EqualWeights):
            raise SpecError(
                f"model '{self.name}': observation: returns are weighted by their volatility or loadings that move, "
                f"and not by '{self.observation.kind}' too.",
                place=f"model '{self.name}': observation",
                found=self.observation.kind,
                allowed=(EqualWeights.kind,),
                remedy="Leave observation out, or make volatility and loadings constant (the preset 'static').",
            )

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

    def design(self, panel: PanelBase) -> Design:
        """Return what a fit of this model sees of a panel (already restricted to its factors), weighted as it says."""
        return observe(panel, self.observation.weights(panel))

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
