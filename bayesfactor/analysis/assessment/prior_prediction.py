"""What a model's priors imply for a panel before any return is looked at."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.spec.alphas import FreeAlpha
from bayesfactor.spec.files import read_model
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import NormalNoise, StudentTNoise
from bayesfactor.spec.scaling import Numbers, translate, typical_deviation

R_SQUARED = (0.02, 0.98)  # of the median asset
TIMES = 10.0  # prior median volatility over the panel's typical one, either way
SHARPE = 3.0  # 95 % of absolute Sharpe ratios a year


@dataclass(frozen=True, eq=False)
class PriorPrediction:
    """Draws from the prior of what a model says about assets.

    Attributes
    ----------
    draws : Dataset (draw, asset)
        ``r_squared``; ``volatility`` a year; ``sharpe``, the premium over the volatility, a year.
    table : DataFrame
        Per quantity: 5 %, 50 % and 95 % quantiles over draws and assets, the allowed range, and what was held to it.
    """

    draws: xr.Dataset
    table: pd.DataFrame

    @property
    def ok(self) -> bool:
        """True when R-squared, volatility and Sharpe ratios are in ranges that assets have."""
        return bool(self.table["sane"].all())

    def __str__(self) -> str:
        verdict = "in" if self.ok else "NOT in"
        return f"Implied by the prior alone; {verdict} the range that assets have.\n{self.table.to_string()}"


def prior_predict(
    panel: PanelBase, model: str | FactorModel = "hierarchical", draws: int = 500, seed: int = 0
) -> PriorPrediction:
    """Draw R-squared, volatility and Sharpe ratio of each asset from the prior.

    The factors' covariance is held at that of their history; of the returns only the typical deviation is used, by
    which standardised priors are scaled.

    Parameters
    ----------
    panel : Panel
    model : str or FactorModel
    draws : int
    seed : int

    Returns
    -------
    PriorPrediction

    Raises
    ------
    SpecError
        When the model does not exist or does not fit the panel, or `draws` is not positive.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(
            f"prior_predict: expected a Panel, found {type(panel).__name__}.", place="prior_predict.panel", found=panel
        )
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise SpecError(
            f"prior_predict: draws is {draws!r}, and must be a whole number above 0.", place="draws", found=draws
        )
    chosen = model if isinstance(model, FactorModel) else read_model(model)
    used = chosen.restrict(panel)
    numbers, rng = translate(used, chosen), np.random.default_rng(seed)
    history, year, n = factor_moments(used), used.periods_per_year, len(used.assets)
    beta = _loadings(used, chosen, numbers, draws, rng)
    level = numbers.level_loc + numbers.level_sd * rng.standard_normal((draws, 1))
    spread = numbers.level_spread * np.abs(rng.standard_normal((draws, 1)))
    own = np.exp(2 * (level + spread * rng.standard_normal((draws, n))))
    alpha = _alphas(chosen, numbers, own, rng)
    match chosen.noise:
        case NormalNoise():
            pass
        case StudentTNoise():
            dof = numbers.dof_above + numbers.dof_mean * rng.exponential(size=(draws, 1))
            own = own * dof / (dof - 2)
        case _:
            assert_never(chosen.noise)
    premium = numbers.premium_sd * rng.standard_normal((draws, len(used.factor_info)))
    slab = rng.uniform(size=premium.shape) < numbers.premium_inclusion
    premium = numbers.premium_loc + premium * np.where(slab, 1.0, numbers.premium_spike**0.5)
    omega = history.covariance
    systematic = np.einsum("dik,kl,dil->di", beta, omega, beta)
    variance = year * (systematic + own)
    expected = year * (alpha + np.einsum("dik,dk->di", beta, premium))
    values = {
        "r_squared": systematic / (systematic + own),
        "volatility": np.sqrt(variance),
        "sharpe": expected / np.sqrt(variance),
    }
    coords = {"draw": np.arange(draws), "asset": list(used.assets)}
    dataset = xr.Dataset({name: (("draw", "asset"), value) for name, value in values.items()}, coords=coords)
    return PriorPrediction(dataset, _verdict(values, typical_deviation(used) * year**0.5))


def _alphas(model: FactorModel, numbers: Numbers, own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return alpha_i + lambda_0 (draw, asset) from the prior, given residual variances."""
    draws = len(own)
    alpha = numbers.alpha_sd * rng.standard_normal(own.shape)
    if not isinstance(model.alpha, FreeAlpha):
        alpha *= np.abs(rng.standard_normal((draws, 1)))
    if numbers.alpha_unit:
        alpha *= np.sqrt(own) / numbers.alpha_unit
    return alpha + numbers.alpha_loc + numbers.zero_beta_loc + numbers.zero_beta_sd * rng.standard_normal((draws, 1))


def _loadings(
    panel: PanelBase, model: FactorModel, numbers: Numbers, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (draw, asset, factor) loadings from the prior."""
    n, k = len(panel.assets), len(panel.factor_info)
    match model.loadings:
        case GroupedLoadings():
            groups = {name: i for i, name in enumerate(panel.group_names)}
            own = [groups[name] for name in panel.groups.values.tolist()]
            mean = numbers.loading_loc + numbers.loading_sd * rng.standard_normal((draws, len(groups), k))
            spread = numbers.loading_spread * np.abs(rng.standard_normal((draws, 1, k)))
            return mean[:, own] + spread * rng.standard_normal((draws, n, k))
        case FreeLoadings():
            return numbers.loading_loc + numbers.loading_sd * rng.standard_normal((draws, n, k))
        case CommonLoadings():
            common = numbers.loading_loc + numbers.loading_sd * rng.standard_normal((draws, 1, k))
            return np.broadcast_to(common, (draws, n, k))
        case _:
            assert_never(model.loadings)


def _verdict(values: dict[str, np.ndarray], typical: float) -> pd.DataFrame:
    ranges = {
        "r_squared": (*R_SQUARED, "median"),
        "volatility": (typical / TIMES, typical * TIMES, "median"),
        "sharpe": (-SHARPE, SHARPE, "5 % and 95 %"),
    }
    rows = {}
    for name, (low, high, what) in ranges.items():
        q = np.quantile(values[name], [0.05, 0.5, 0.95])
        held = q[[1]] if what == "median" else q[[0, 2]]
        rows[name] = (*q, low, high, what, bool(np.all((held >= low) & (held <= high))))
    columns = ["q5", "q50", "q95", "low", "high", "held", "sane"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("quantity")
