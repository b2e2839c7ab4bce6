"""Panels whose residuals are correlated, by a fixed design, and what is reported of truth and of draws.

Truth has the names and dimensions of a posterior's variables, with one leading axis of length 1, so that what is
reported of draws is reported of it by the same function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from tests.support.panels import make_panel

YEAR, ROOT = 52, 52**0.5
VOLATILITY = np.array([0.16, 0.10, 0.70]) / ROOT  # of the factors, a week
SHARPE = np.array([0.6, 0.3, 0.3])  # of the factors, a year; the last one is not traded
LOADINGS = np.array([[1.1, 0.3, 0.10], [0.9, -0.2, -0.05]])  # means of the groups
SPREAD = np.array([0.25, 0.25, 0.05])
RESIDUAL, UNLIKE = 0.35 / ROOT, 0.3  # typical residual volatility, and the standard deviation of its log
APPRAISAL = 0.15  # standard deviation of alpha over residual volatility, a year
Named = dict[str, np.ndarray]


@dataclass(frozen=True)
class Design:
    """A fixed design: weeks of two groups on a market, a style and a factor that is not traded.

    Attributes
    ----------
    assets, periods : int
    strength : tuple of float
        Loading on the residual factor over an asset's own residual standard deviation, group by group.
    shortest : float
        Least share of the weeks that an asset was traded in, the last ones.
    """

    assets: int = 20
    periods: int = 150
    strength: tuple[float, float] = (0.8, 0.24)
    shortest: float = 1.0


@dataclass(frozen=True, eq=False)
class Market:
    """A simulated panel, the model that is fitted to it, and the truth by name (1, ...)."""

    panel: Panel
    model: bf.FactorModel
    truth: Named


def fixed_market(design: Design, seed: int) -> Market:
    """Simulate a panel of a fixed design, and take the model `static` with it."""
    rng = np.random.default_rng(seed)
    n, periods = design.assets, design.periods
    shape = make_panel(n, 2, 1, periods, seed=seed, groups=2, year=YEAR)
    group = np.arange(n) % 2
    premium = SHARPE * VOLATILITY / ROOT
    mean = np.where([True, True, False], premium, 0.0)
    sd = RESIDUAL * np.exp(UNLIKE * rng.normal(size=n))
    truth = {
        "loading": LOADINGS[group] + SPREAD * rng.normal(size=(n, 3)),
        "alpha": APPRAISAL * sd / ROOT * rng.normal(size=n),
        "residual_sd": sd,
        "residual_loading": (np.array(design.strength)[group] * sd)[:, None],
        "risk_premium": premium,
        "factor_mean": mean,
        "factor_cov": np.diag(VOLATILITY**2),
    }
    factors = mean + VOLATILITY * rng.normal(size=(periods, 3))
    returns = returns_of(truth, factors, rng)
    for i in range(1, n):
        returns[: round(periods * (1 - rng.uniform(design.shortest, 1))), i] = np.nan
    panel = replace(shape, returns=shape.returns.copy(data=returns), factors=shape.factors.copy(data=factors))
    return Market(panel, bf.read_model("static"), {name: value[None] for name, value in truth.items()})


def returns_of(truth: Named, factors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return returns (time, asset) of factors (time, factor); the premium of a traded factor is its mean."""
    shift = truth["risk_premium"] - truth["factor_mean"]
    common = rng.normal(size=(len(factors), truth["residual_loading"].shape[1])) @ truth["residual_loading"].T
    own = truth["residual_sd"] * rng.normal(size=(len(factors), len(truth["residual_sd"])))
    return truth["alpha"] + (factors + shift) @ truth["loading"].T + common + own


def reported(draws: Mapping[str, np.ndarray], traded: np.ndarray) -> Named:
    """Return what is reported of variables by name (draw, ...), in quantities that no rotation changes.

    The portfolio is the equal-weighted one.
    """
    loading, own = draws["loading"], draws["residual_sd"] ** 2
    common = draws.get("residual_loading", np.zeros((*own.shape, 0)))
    n = own.shape[1]
    portfolio, shared = loading.mean(axis=1), common.mean(axis=1)
    residual = (shared**2).sum(axis=-1) + own.sum(axis=1) / n**2
    systematic = np.einsum("dk,dkl,dl->d", portfolio, draws["factor_cov"], portfolio)
    paid = np.einsum("dik,dk->di", loading, draws["risk_premium"])
    variance = (common**2).sum(axis=-1) + own
    first, second = np.triu_indices(n, 1)
    covariance = (common @ common.swapaxes(1, 2))[:, first, second]
    return {
        "portfolio variance": systematic + residual,
        "its residual part": residual,
        "loadings of the portfolio": portfolio,
        "loadings": loading,
        "alphas": draws["alpha"],
        "non-traded premium": draws["risk_premium"][:, ~traded],
        "premia of assets": draws["alpha"] + paid,
        "residual variances": variance,
        "own residual variances": own,
        "common shares": 1 - own / variance,
        "residual correlations": covariance / np.sqrt(variance[:, first] * variance[:, second]),
    }


def traded(panel: Panel) -> np.ndarray:
    """Return which factors are traded."""
    return np.array([factor.traded for factor in panel.factor_info])


FIXED = {
    "equal histories": Design(),
    "unequal histories": Design(shortest=0.2),
    "no residual factor": Design(strength=(0.0, 0.0)),
    "30 assets, 600 weeks": Design(30, 600),
}
