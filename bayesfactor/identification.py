"""Whether the assets can tell what a non-traded factor pays: strength of its loadings, prior and posterior premium."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.errors import FitError
from bayesfactor.intervals import Interval
from bayesfactor.pointwise import thin
from bayesfactor.posterior import Fit, variable
from bayesfactor.spec import FreeZeroBeta, StudentTNoise
from bayesfactor.statistics import FactorMoments, factor_moments, moments
from bayesfactor.tables import summarise
from bayesfactor.translation import Numbers, inclusion, translate

TRADED, IDENTIFIED, WEAK, UNIDENTIFIED = "traded", "identified", "weak", "unidentified"
SURE = 0.95  # probability at which loadings count as told from noise
LITTLE, SOME = 0.1, 0.25  # learned shares of the prior's variance below which a premium is unidentified, or weak
MOST = 0.5  # share of what could be learned below which it is weak
STRENGTH_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Identification:
    """How well each non-traded factor's premium is known, and why.

    Attributes
    ----------
    strength : DataArray (chain, draw, factor)
        Of non-traded factors: root mean square over assets of b_ik = beta_ik sd(f_k) / sd(eps_i), once the other
        non-traded factors' loadings, and with a zero-beta rate the mean, have been taken off.
    signal_to_noise : DataArray (chain, draw, factor)
        The same of t-ratios, squared: noise gives 1.
    smallest_singular_value : DataArray (chain, draw)
        Of the matrix of b_ik (assets by non-traded factors) over the root of the number of assets.
    premium : DataArray (chain, draw, factor)
        Of all factors, decimal per year for one unit of loading.
    facts : DataFrame
        Per factor: traded, prior_mean, prior_sd (a year), learned, learnable, prior_inclusion, inclusion,
        prob_above_noise, verdict, reason.
    """

    strength: xr.DataArray
    signal_to_noise: xr.DataArray
    smallest_singular_value: xr.DataArray
    premium: xr.DataArray
    facts: pd.DataFrame

    @property
    def verdicts(self) -> dict[str, str]:
        """Per factor: ``traded``, ``identified``, ``weak`` or ``unidentified``."""
        return dict(zip(self.facts.index.tolist(), self.facts["verdict"].tolist(), strict=True))

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return one row per factor: premium before and after the data, strength of the loadings, and a verdict.

        Returns
        -------
        DataFrame
            Columns prior_mean, prior_sd, mean, sd, lower, upper, prob_positive (premium a year), learned, learnable,
            strength, strength_lower, strength_upper, prob_above_noise, prior_inclusion and inclusion (with a spike and
            slab), verdict, reason. A traded factor has no strength: NaN.
        """
        premium = summarise(self.premium, ci_prob, ci_kind).set_index("factor")
        found = summarise(self.strength, ci_prob, ci_kind).set_index("factor") if self.strength.size else None
        table = self.facts[["prior_mean", "prior_sd"]].join(premium[["mean", "sd", "lower", "upper", "prob_positive"]])
        table[["learned", "learnable"]] = self.facts[["learned", "learnable"]]
        for name, column in (("strength", "mean"), ("strength_lower", "lower"), ("strength_upper", "upper")):
            table[name] = np.nan if found is None else found[column].reindex(table.index)
        shown = ["prob_above_noise", "prior_inclusion", "inclusion", "verdict", "reason"]
        if self.facts["inclusion"].isna().all():
            shown = ["prob_above_noise", "verdict", "reason"]
        table = table.join(self.facts[shown])
        table.attrs = {"ci_kind": ci_kind, "ci_prob": ci_prob, "units": "decimal, per year"}
        return table

    def __str__(self) -> str:
        lines = [self.table().to_string(float_format=lambda value: f"{value:.3g}")]
        if self.strength.size:
            low, high = self.smallest_singular_value.quantile([0.05, 0.95]).values
            lines.append(f"Smallest singular value of the standardised loadings: {low:.3f} to {high:.3f} (90 % eti).")
        return "\n".join(lines)

    __repr__ = __str__


def identify(fit: Fit) -> Identification:
    r"""Say how well the premium of every non-traded factor is known.

    A factor that moves no asset has a premium that no asset can tell, whatever a second-pass regression prints. With
    t_ik = beta_ik sqrt(T_i) sd(f_k | other factors) / sd(eps_i), in every draw,

    .. math:: R_k = \frac{1}{N} \min_a \sum_i \Big(t_{ik} - \sum_{j \ne k} a_j t_{ij}\Big)^2

    over the other non-traded factors j (and sqrt(T_i) / sd(eps_i), where the model has a zero-beta rate). Estimation
    error alone would give 1. A premium is

    * ``unidentified`` when P(R_k > 1) < 0.95, or when the data took off less than a tenth of its prior variance,
    * ``weak`` when they took off less than a quarter, or less than half of what they would if the factor were traded,
    * ``identified`` otherwise; ``traded`` factors price themselves.

    ``learned`` is the share of the prior's variance that the data took off; ``learnable`` that which the factor's own
    history of n periods would take off if the factor were traded: prior / (prior + sd(f)^2 / n). Under a tight prior or
    over a short history that is little, and the premium is the prior's.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    Identification

    Raises
    ------
    FitError
        When it is no fit.

    Notes
    -----
    On useless and weak factors: Kan and Zhang (1999), Kleibergen (2009), Bryzgalova, Huang and Julliard (2023).
    """
    if not isinstance(fit, Fit):
        raise FitError(f"identify: expected a Fit, found {type(fit).__name__}.", remedy="Pass what bf.fit returned.")
    numbers, history, year = translate(fit.panel, fit.model), factor_moments(fit.panel), fit.panel.periods_per_year
    strength, ratio, smallest = _strength(fit, history)
    premium = fit.posterior["risk_premium"]
    facts = pd.DataFrame(index=pd.Index(fit.panel.factor_names, name="factor"))
    facts["traded"] = [factor.traded for factor in fit.panel.factor_info]
    facts["prior_mean"], prior = numbers.premium_loc * year, _prior_variance(numbers)
    facts["prior_sd"] = np.sqrt(prior) * year
    own = history.deviation**2 / np.maximum(history.count, 1)
    facts["learned"] = 1 - premium.var(("chain", "draw"), ddof=1).values / prior
    facts["learnable"] = prior / (prior + own)
    mixed = numbers.premium_inclusion < 1
    facts["prior_inclusion"] = np.where(mixed, numbers.premium_inclusion, np.nan)
    flat = premium.transpose("chain", "draw", "factor").values.reshape(-1, premium.sizes["factor"])
    facts["inclusion"] = np.where(mixed, inclusion(numbers, flat).mean(axis=0), np.nan)
    above = (ratio > 1).mean(("chain", "draw")).to_series() if ratio.size else pd.Series(dtype=float)
    facts["prob_above_noise"] = above.reindex(facts.index)
    columns = ["traded", "prob_above_noise", "learned", "learnable"]
    verdicts = [_verdict(*row) for row in facts[columns].itertuples(index=False)]
    facts["verdict"], facts["reason"] = [v for v, _ in verdicts], [why for _, why in verdicts]
    return Identification(strength, ratio, smallest, premium * year, facts)


def risk_premia(fit: Fit) -> xr.DataArray:
    """Return the draws of lambda_k: (chain, draw, factor), decimal per period for one unit of loading.

    The coordinate ``identification`` says how well each is known: see `identify`.
    """
    verdicts = list(identify(fit).verdicts.values()) if isinstance(fit, Fit) else []
    return variable(fit, "risk_premium").assign_coords(identification=("factor", verdicts))


def _verdict(traded: bool, above: float, learned: float, learnable: float) -> tuple[str, str]:
    if traded:
        return TRADED, "its own mean"
    if above < SURE:
        return UNIDENTIFIED, "its loadings cannot be told from noise"
    if learnable < LITTLE:
        return UNIDENTIFIED, "its prior is too tight, or its history too short, to learn from"
    if learned < LITTLE:
        return UNIDENTIFIED, "the assets say next to nothing of its premium"
    if learned < SOME or learned < MOST * learnable:
        return WEAK, "the assets say little of its premium"
    return IDENTIFIED, "from the cross-section"


def _prior_variance(numbers: Numbers) -> np.ndarray:
    share = numbers.premium_inclusion
    return numbers.premium_sd**2 * (share + (1 - share) * numbers.premium_spike)


def _strength(fit: Fit, history: FactorMoments) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return strength, signal to noise (chain, draw, factor) and smallest singular value (chain, draw)."""
    draws = thin(fit, STRENGTH_DRAWS)
    others = [k for k, factor in enumerate(fit.panel.factor_info) if not factor.traded]
    variance = draws["sigma"] ** 2
    if isinstance(fit.model.noise, StudentTNoise):
        variance = variance * draws["dof"] / (draws["dof"] - 2)
    loading = draws["loading"].isel(factor=others)
    b = (loading / np.sqrt(variance)).transpose("chain", "draw", "asset", "factor")
    periods = moments(fit.panel).count
    seen = periods > 0
    plain = b.values[:, :, seen] * history.deviation[others]
    alone = np.diag(np.linalg.pinv(history.covariance, hermitian=True))[others] ** -0.5
    root = np.sqrt(periods[seen])[:, None]
    weighted = b.values[:, :, seen] * alone * root
    if isinstance(fit.model.zero_beta, FreeZeroBeta):
        one = 1 / np.sqrt(variance.transpose("chain", "draw", "asset").values[:, :, seen, None])
        plain, weighted = _without(plain, one), _without(weighted, one * root)
    coords = {name: b.coords[name] for name in ("chain", "draw", "factor")}
    labelled = [
        xr.DataArray(_partial(one) / max(seen.sum(), 1), coords, ("chain", "draw", "factor"), "strength")
        for one in (plain, weighted)
    ]
    size = np.linalg.svd(plain, compute_uv=False)
    smallest = size.min(axis=-1) if len(others) and seen.any() else np.zeros(size.shape[:2])
    at = {name: coords[name] for name in ("chain", "draw")}
    return np.sqrt(labelled[0]), labelled[1], xr.DataArray(smallest / max(seen.sum(), 1) ** 0.5, at, ("chain", "draw"))


def _without(values: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Take off what `direction` (..., asset, 1) explains of the columns of values (..., asset, factor)."""
    slope = np.sum(direction * values, axis=-2, keepdims=True) / np.sum(direction**2, axis=-2, keepdims=True)
    return values - direction * slope


def _partial(values: np.ndarray) -> np.ndarray:
    """Return the squared length (..., factor) of each column of values that the other columns do not explain."""
    cross = np.swapaxes(values, -1, -2) @ values
    scale = np.sqrt(np.einsum("...kk->...k", cross))
    safe = np.where(scale > 0, scale, 1.0)
    correlation = cross / (safe[..., :, None] * safe[..., None, :])
    inverse = np.linalg.pinv(correlation + 1e-12 * np.eye(values.shape[-1]), hermitian=True)
    inside = np.maximum(np.einsum("...kk->...k", inverse), 1.0)
    return scale**2 / inside
