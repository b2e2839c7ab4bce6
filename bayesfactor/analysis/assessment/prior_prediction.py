"""What a model's priors imply for a panel before any return is looked at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.prior_draws import draw_priors
from bayesfactor.base.errors import SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import scale_priors
from bayesfactor.spec.units import typical_sd

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

    Volatilities and loadings are those of the long run; the factors' covariance is held at that of their history. The
    only number taken from returns is the typical asset's standard deviation, which scales standardised priors.

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
    chosen = as_model(model)
    used = chosen.restrict(panel)
    design, rng = chosen.design(used), np.random.default_rng(seed)
    priors, year = scale_priors(design, chosen), used.periods_per_year
    drawn = draw_priors(used, chosen, priors, draws, rng)
    beta, own = drawn.loading, drawn.residual_variance
    omega = design.history.covariance
    systematic = np.einsum("dik,kl,dil->di", beta, omega, beta)
    variance = year * (systematic + own)
    alpha = drawn.alpha + drawn.zero_beta[:, None]
    expected = year * (alpha + np.einsum("dik,dk->di", beta, drawn.premium))
    values = {
        "r_squared": systematic / (systematic + own),
        "volatility": np.sqrt(variance),
        "sharpe": expected / np.sqrt(variance),
    }
    coords = {"draw": np.arange(draws), "asset": list(used.assets)}
    dataset = xr.Dataset({name: (("draw", "asset"), value) for name, value in values.items()}, coords=coords)
    return PriorPrediction(dataset, _verdict(values, typical_sd(design) * year**0.5))


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
