"""A model as a value: which parts it is made of, and the priors of each part.

The parts are classes that carry their own numbers only; a `FactorModel` chooses one of each. Python makes parts,
a model file chooses among them (see `read_model`).
"""

from dataclasses import dataclass, field
from functools import cache
from typing import get_args, get_type_hints

import numpy as np

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design, observe
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.records import Factor
from bayesfactor.spec.alphas import Alpha, AppraisalAlpha, NoZeroBeta, ZeroBeta
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.inclusion import BetaInclusion
from bayesfactor.spec.keys import FAMILIES, GENERAL
from bayesfactor.spec.loading_path import ConstantPath, MovingPath
from bayesfactor.spec.loadings import GroupedLoadings, GroupedPrior, Loadings
from bayesfactor.spec.noise import Noise, NormalNoise
from bayesfactor.spec.observation import EqualWeights, Observation
from bayesfactor.spec.priors import HalfNormal, LogNormalRate, Normal, Rate
from bayesfactor.spec.used_factors import check_equal_histories, check_error, check_premium, proxy_names
from bayesfactor.spec.volatility import ConstantVolatility

_BETA = GroupedPrior(Normal(1.0, 0.5), HalfNormal(0.5), "beta")
_OTHER = GroupedPrior(Normal(0.0, 0.5), HalfNormal(0.25))


@dataclass(frozen=True)
class FactorModel:
    """A factor model: one choice for each part, with its priors.

    The defaults are the preset ``static``, in which nothing moves; the preset ``hierarchical``, the default of `fit`,
    is the same with volatility that moves and residual factors::

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
            raise self._apart(
                "observation",
                f"returns cannot be weighted under '{self.noise.kind}' noise",
                (self.observation.kind, EqualWeights.kind),
                "Take normal noise (noise.kind = 'normal'), or leave observation out.",
            )
        self._check_movement()
        self._check_latents()

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

    @property
    def has_latents(self) -> bool:
        """Whether residual factors, which loadings are in, or true values of factors are drawn beside the rest."""
        return bool(self.latents_in_words)

    @property
    def latents_in_words(self) -> str:
        """The lines of a model file by which there are such latent variables; empty where there are none."""
        noise, found = self.noise, []
        if isinstance(noise, NormalNoise) and noise.common.count != 0:
            found.append(f"noise.common.count = {noise.common.count!r}")
        if isinstance(noise, NormalNoise) and noise.groups is not None:
            found.append("noise.groups")
        if any(isinstance(one, BetaInclusion) for _, one in self.loadings.inclusion):
            found.append("loadings.inclusion")
        if self.factors.error:
            found.append("factors.error")
        return ", ".join(found)

    def _check_latents(self) -> None:
        """Refuse latent variables together with heavy tails, or with weights of other kinds."""
        words, noise, loadings = self.latents_in_words, self.noise, self.loadings
        if words and not noise.sums_suffice:
            raise self._apart(
                "noise",
                f"'{noise.kind}' noise does not combine with {words}",
                (noise.kind, NormalNoise.kind),
                "Take normal noise with volatility = 'common', whose path has heavy tails.",
            )
        if noise.has_residual_factors and not isinstance(loadings, GroupedLoadings):
            raise self._apart(
                "noise.common",
                f"residual factors do not combine with loadings.kind = '{loadings.kind}'",
                (loadings.kind, GroupedLoadings.kind),
                "Take loadings.kind = 'grouped': loadings on residual factors are partially pooled too.",
            )
        if self.factors.error and not isinstance(self.factors.volatility, ConstantVolatility):
            raise self._apart(
                "factors.error",
                "factors with error do not combine with a covariance that moves",
                (self.factors.volatility.kind, ConstantVolatility.kind),
                "Leave factors.volatility out: then the covariance of the factors is constant.",
            )
        if words and not isinstance(self.observation, EqualWeights):
            raise self._apart(
                "observation",
                f"recency does not combine with {words}",
                (self.observation.kind, EqualWeights.kind),
                "Leave observation out; volatility and loadings that move forget the past as far as the data say.",
            )

    def _check_movement(self) -> None:
        """Refuse what moves together with weights of other kinds."""
        if isinstance(self.loadings.path, MovingPath) and not self.noise.sums_suffice:
            raise self._apart(
                "loadings.path",
                f"loadings do not move under '{self.noise.kind}' noise",
                (self.loadings.path.kind, ConstantPath.kind),
                "Take normal noise with volatility = 'common', whose path has heavy tails, or leave path out.",
            )
        if self.returns_move and not isinstance(self.observation, EqualWeights):
            raise self._apart(
                "observation",
                "returns are weighted by their volatility or loadings that move, and not by "
                f"'{self.observation.kind}' too",
                (self.observation.kind, EqualWeights.kind),
                "Leave observation out, or make volatility and loadings constant (the preset 'static').",
            )

    def _apart(self, part: str, what: str, kinds: tuple[str, str], remedy: str) -> SpecError:
        """Return the error of parts that do not go together; `kinds` are what was found, and what is allowed."""
        place, (found, allowed) = f"model '{self.name}': {part}", kinds
        return SpecError(f"{place}: {what}.", place=place, found=found, allowed=(allowed,), remedy=remedy)

    def restrict[P: PanelBase](self, panel: P) -> P:
        """Return the panel with the factors that are regressors of this model, which proxies are not.

        Raises
        ------
        SpecError
            When a family is not in the panel, or a prior is keyed by what is neither a factor or family of the
            panel nor one of the usual families (`FAMILIES`), which a panel need not have; when a factor cannot have
            the error or the premium that the model says, or has a proxy that the panel lacks.
        """
        for family in self.families:
            if family not in panel.families:
                raise unknown("factor family", family, panel.families, place=f"model '{self.name}': families")
        self._check_keys(panel)
        proxies = self._proxy_names(panel)
        wanted = [factor for factor in self._chosen(panel) if factor.name not in proxies.values()]
        for factor in wanted:
            check_premium(self.factors, factor, f"model '{self.name}': factors.premium")
            check_error(self.factors, factor, self._error_place)
        names = [factor.name for factor in wanted]
        if any(self.factors.error_of(factor) for factor in wanted):
            check_equal_histories(panel, names, proxies, self._error_place)
        return panel if len(names) == len(panel.factor_info) else panel.select(factors=names)

    def proxies(self, panel: PanelBase) -> dict[str, np.ndarray]:
        """Return, for each factor that has one, the values of its second series on the rows of the restricted panel.

        Parameters
        ----------
        panel : Panel
            Not restricted: `restrict` drops these series, which are no regressors.

        Raises
        ------
        SpecError
            As `restrict`.
        """
        rows = self.restrict(panel).factors["time"]
        pairs = self._proxy_names(panel)
        return {name: panel.factors.sel(time=rows, factor=proxy).values for name, proxy in pairs.items()}

    @property
    def _error_place(self) -> str:
        return f"model '{self.name}': factors.error"

    def _chosen(self, panel: PanelBase) -> list[Factor]:
        """Return the factors of the model's families."""
        return [f for f in panel.factor_info if not self.families or f.family in self.families]

    def _proxy_names(self, panel: PanelBase) -> dict[str, str]:
        return proxy_names(self.factors, self._chosen(panel), panel, self._error_place)

    def _check_keys(self, panel: PanelBase) -> None:
        """Refuse a prior that is keyed by no factor, no family of the panel, and none of the usual families."""
        known = ("default", *GENERAL, *FAMILIES, *panel.families, *panel.factor_names)
        keyed_parts = {
            "loadings.prior": self.loadings.prior,
            "loadings.inclusion": self.loadings.inclusion,
            "factors.premium": self.factors.premium,
            "factors.error": self.factors.error,
        }
        for part, prior in keyed_parts.items():
            for key, _ in prior:
                if key not in known:
                    raise unknown("factor or family", key, dict.fromkeys(known), place=f"model '{self.name}': {part}")

    def design(self, panel: PanelBase) -> Design:
        """Return what a fit of this model sees of a panel (already restricted to its factors), weighted as it says."""
        if self.has_latents:
            require_returns(panel, self.latents_in_words, 'Take a model without that, such as model="static"')
        return observe(panel, self.observation.weights(panel))


@cache
def parts() -> dict[str, tuple[type, ...]]:
    """Return the classes that each part of a model may be of."""
    hints = get_type_hints(FactorModel)
    return {name: get_args(hint) or (hint,) for name, hint in hints.items() if name not in ("name", "families")}
