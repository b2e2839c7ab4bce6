"""Panels of a market that moves, simulated from the prior of the preset moving_loadings or from a fixed design.

Volatility of residuals, tails and loadings follow the model's own laws. The discounted covariance of factors has no
generative form: here factors share a volatility h_t, log h_t an autoregression, and their correlation is constant.
"""

from dataclasses import dataclass, replace

import numpy as np

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.panel.panel import Panel
from bayesfactor.paths.blocks import block_edges
from bayesfactor.paths.loading_draws import NEXT
from bayesfactor.spec.scaling import scale_priors
from benchmarks.calibration import fixed_scale
from tests.support.panels import make_panel

FACTOR_SIZE = 0.3  # standard deviation of log h_t
FUTURE = 20  # draws of the next period's returns, by which fits are scored


@dataclass(frozen=True)
class Design:
    """What moves and how; None is drawn from the prior. Memories are half-lives in weeks; a `dof` of 0 is normal."""

    size: float | None = None
    memory: float | None = None
    dof: float | None = None
    move: float | None = None
    turn: float | None = None
    shortest: int | None = None


@dataclass(frozen=True, eq=False)
class Market:
    """A simulated panel, the model with its priors as they stood, the truth by name, and next-period returns.

    ``ahead`` holds returns (draw, asset) and factors (draw, factor) of the next period.
    """

    panel: Panel
    model: bf.FactorModel
    truth: dict[str, np.ndarray]
    ahead: tuple[np.ndarray, np.ndarray]


def autoregression(rng: np.random.Generator, steps: int, phi: float, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Return an autoregression (step, ...) of standard deviation 1."""
    found = rng.standard_normal((steps, *shape))
    for t in range(1, steps):
        found[t] = phi * found[t - 1] + (1 - phi**2) ** 0.5 * found[t]
    return found


def drawn_design(design: Design, rng: np.random.Generator) -> Design:
    """Return the design with every number that was None drawn from the prior of the preset."""
    prior = bf.read_model("moving_loadings")
    volatility, path = prior.noise.volatility, prior.loadings.path
    drawn = {
        "size": (rng.random() < 0.5) * volatility.size.scale * abs(rng.normal()),
        "memory": volatility.memory.median.periods(52) * np.exp(volatility.memory.sd * rng.normal()),
        "dof": volatility.dof.above + volatility.dof.mean * rng.exponential(),
        "move": (rng.random() < 0.5) * path.move.scale * abs(rng.normal()),
        "turn": path.memory.median.periods(52) * np.exp(path.memory.sd * rng.normal()),
    }
    return replace(design, **{name: float(value) for name, value in drawn.items() if getattr(design, name) is None})


def simulate_market(design: Design, seed: int, *, assets: int = 12, periods: int = 300) -> Market:
    """Simulate a weekly panel of a traded factor and one that is not, in three groups."""
    rng = np.random.default_rng(seed)
    found = drawn_design(design, rng)
    shape = make_panel(assets, 1, 1, periods, seed=seed, groups=3, shortest=found.shortest, year=52)
    model = bf.read_model("moving_loadings")
    priors = scale_priors(observe(shape), model)
    traded = np.array([True, False])
    mean = priors.factors.mean_loc + priors.factors.mean_sd * rng.normal(size=2)
    premium = np.where(traded, mean, priors.premia.simulate(1, rng)[0])

    h = np.exp(FACTOR_SIZE * autoregression(rng, periods + 1, 2 ** (-1 / found.memory)))
    h /= np.mean(h[:-1] ** 2) ** 0.5
    sd = np.sqrt(priors.factors.covariance_scale / (priors.factors.covariance_dof - 3))
    root = np.linalg.cholesky(np.corrcoef(rng.normal(size=(2, 8)))) * sd[:, None]
    factors = mean + h[:-1, None] * rng.normal(size=(periods, 2)) @ root.T
    next_factors = mean + h[-1] * rng.normal(size=(FUTURE, 2)) @ root.T

    log_g = found.size * autoregression(rng, periods + 1, 2 ** (-1 / found.memory))
    g = np.exp(log_g - log_g[:-1].mean())

    level, spread = rng.normal(priors.noise.level_loc, priors.noise.level_sd), priors.noise.spread * abs(rng.normal())
    sigma = np.exp(level + spread * rng.normal(size=assets))
    ratio = priors.alpha.sd / priors.alpha.per_residual_sd * abs(rng.normal())
    alpha = ratio * sigma * rng.normal(size=assets)
    group = np.array([shape.group_names.index(name) for name in shape.groups.values])
    centre = priors.loadings.loc + priors.loadings.sd * rng.normal(size=(3, 2))
    tau = priors.loadings.spread * np.abs(rng.normal(size=2))
    long_run = centre[group] + tau * rng.normal(size=(assets, 2))

    edges = block_edges(periods, 26)
    phi = 2 ** (-26 / found.turn)
    unit = found.move * sigma[:, None] / factors.std(axis=0, ddof=1)
    v = autoregression(rng, len(edges) - 1, phi, (assets, 2))
    after = phi**NEXT * v[-1] + (1 - phi ** (2 * NEXT)) ** 0.5 * rng.normal(size=(assets, 2))
    path = long_run + unit * np.repeat(v, np.diff(edges), axis=0)
    following = long_run + unit * after

    def residuals(rows: int) -> np.ndarray:
        z = rng.normal(size=(rows, assets))
        return z if not found.dof else z * ((found.dof - 2) / rng.chisquare(found.dof, size=z.shape)) ** 0.5

    shift = premium - mean
    returns = alpha + np.einsum("tk,tik->ti", factors + shift, path) + g[:-1, None] * sigma * residuals(periods)
    ahead = alpha + (next_factors + shift) @ following.T + g[-1] * sigma * residuals(FUTURE)
    panel = replace(
        shape,
        returns=shape.returns.copy(data=np.where(np.isfinite(shape.returns.values), returns, np.nan)),
        factors=shape.factors.copy(data=factors),
    )
    truth = {
        "risk_premium": premium,
        "factor_mean": mean,
        "alpha_scale": np.asarray(ratio),
        "loading_scale": tau,
        "loading_mean": centre,
        "log_sigma_mean": np.asarray(level),
        "log_sigma_scale": np.asarray(spread),
        "alpha": alpha,
        "loading_long_run": long_run,
        "loading": following,
        "residual_sd": g[-1] * sigma,
        "volatility_now": g[-1],
        "premium of assets": alpha + long_run @ premium,
        "size": np.asarray(found.size),
        "move": np.asarray(found.move),
    }
    return Market(panel, fixed_scale(model, shape, panel), truth, (ahead, next_factors))


def held_still(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with nothing that moves: the parts of `static`, the priors of the given one."""
    static = bf.read_model("static")
    return replace(
        model,
        name="static",
        noise=static.noise,
        factors=static.factors,
        loadings=replace(model.loadings, path=static.loadings.path),
    )
