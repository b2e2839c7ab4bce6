"""Truth drawn from the prior of a model with residual factors, sparse loadings or noisy factors.

Priors of loadings, residual factors and noise are in units of the panel. Those of truth are the units of a first panel,
`first_shape`, and they are held for the fit: the priors are written anew in its units, and of the factors only
histories are kept whose standard deviations are those of the first panel, as exactly as `NEAR` says.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.inclusion import BetaInclusion
from bayesfactor.spec.loadings import GroupedPrior
from bayesfactor.spec.measurement_error import BetaReliability
from bayesfactor.spec.priors import HalfNormal, Normal
from bayesfactor.spec.residual_factors import CommonResiduals
from bayesfactor.spec.scaling import ScaledPriors, scale_priors
from bayesfactor.spec.units import typical_sd
from benchmarks.structure_truth import YEAR, Market, Named, returns_of, traded
from tests.support.panels import make_panel

NEAR = 0.1  # of a factor's sample variance over that of the first panel, less 1
TRIES = 20_000  # histories that are drawn at once, of which a near one is taken
NOISY, SIGNAL = "f2", BetaReliability(8.0, 4.0)  # the factor that is not traded


def common(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with one residual factor."""
    return replace(model, noise=replace(model.noise, common=CommonResiduals(1)))


def grouped(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with a residual factor for each group."""
    return replace(model, noise=replace(model.noise, groups=Normal(0.25, 0.25)))


def sparse(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with loadings that may be 0, but for the market's."""
    inclusion = (("market", 1.0), ("default", BetaInclusion(1.0, 1.0)))
    return replace(model, loadings=replace(model.loadings, inclusion=inclusion))


def like_group(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with loadings that may be their group's, but for the market's."""
    inclusion = (("market", 1.0), ("default", BetaInclusion(1.0, 1.0, spike="group")))
    return replace(model, loadings=replace(model.loadings, inclusion=inclusion))


def noisy(model: bf.FactorModel) -> bf.FactorModel:
    """Return the model with noise in the factor that is not traded."""
    return replace(model, factors=replace(model.factors, error=((NOISY, SIGNAL),)))


VARIANTS: dict[str, Callable[[bf.FactorModel], bf.FactorModel]] = {
    "one residual factor": common,
    "sparse loadings": sparse,
    "a noisy factor": noisy,
    "a residual factor a group": grouped,
    "loadings of the group": like_group,
    "residual factor, sparse loadings, noisy factor": lambda model: common(sparse(noisy(model))),
}


def first_shape(seed: int) -> Panel:
    """Return the panel whose histories, groups and units the truth has: 12 assets, 150 weeks, three groups."""
    return make_panel(12, 2, 1, 150, seed=seed, groups=3, shortest=50, year=YEAR)


def drawn_market(variant: str, seed: int) -> Market:
    """Simulate a panel with truth from the prior of a variant of `static`."""
    model, shape, rng = VARIANTS[variant](bf.read_model("static")), first_shape(seed), np.random.default_rng(seed)
    priors = scale_priors(observe(shape), model)
    truth, seen, factors = draw_factors(shape, model, priors, rng)
    truth |= draw_assets(shape, model, priors, rng)
    returns = returns_of(truth, factors, rng)
    returns = np.where(np.isfinite(shape.returns.values), returns, np.nan)
    panel = replace(shape, returns=shape.returns.copy(data=returns), factors=shape.factors.copy(data=seen))
    found = {name: np.asarray(value)[None] for name, value in truth.items()}
    return Market(panel, held_units(model, priors, shape, panel), found)


def draw_assets(shape: Panel, model: bf.FactorModel, priors: ScaledPriors, rng: np.random.Generator) -> Named:
    """Return what is true of assets: loadings, alphas, residual factors and residual standard deviations."""
    group, n = shape.group_numbers, len(shape.assets)
    level, spread = rng.normal(priors.noise.level_loc, priors.noise.level_sd), priors.noise.spread * abs(rng.normal())
    sigma = np.exp(level + spread * rng.normal(size=n))
    ratio = priors.alpha.sd / priors.alpha.per_residual_sd * abs(rng.normal())
    return {
        "log_sigma_mean": level,
        "log_sigma_scale": spread,
        "residual_sd": sigma,
        "alpha_scale": ratio,
        "alpha": ratio * sigma * rng.normal(size=n),
        **draw_loadings(group, priors, rng),
        "residual_loading": draw_residual_factors(group, model, priors, rng),
    }


def draw_loadings(group: np.ndarray, priors: ScaledPriors, rng: np.random.Generator) -> Named:
    """Return loadings, what they share, and where they may be 0 or their group's, which of them are not."""
    own, k = priors.loadings, priors.loadings.loc.size
    centre = own.loc + own.sd * rng.normal(size=(group.max() + 1, k))
    found = {"loading_mean": centre, "loading_scale": own.spread * np.abs(rng.normal(size=k))}
    if priors.inclusion is None:
        return found | {"loading": centre[group] + found["loading_scale"] * rng.normal(size=(len(group), k))}
    sparse = priors.inclusion
    rate = np.ones(k)
    rate[sparse.free] = rng.beta(sparse.a[sparse.free], sparse.b[sparse.free])
    kept = rng.uniform(size=(len(group), k)) < rate
    found["loading_scale"] = found["loading_scale"] + own.floor
    away = found["loading_scale"] * rng.normal(size=kept.shape)
    loading = np.where(sparse.to_group, centre[group] + kept * away, kept * (centre[group] + away))
    return found | {"inclusion_rate": rate, "included": kept, "loading": loading}


def draw_residual_factors(
    group: np.ndarray, model: bf.FactorModel, priors: ScaledPriors, rng: np.random.Generator
) -> np.ndarray:
    """Return loadings (asset, residual factor): on the common factors, then on that of each asset's group."""
    prior, groups = priors.residual_factors, int(group.max()) + 1
    if prior is None:
        return np.zeros((len(group), 0))
    count = model.noise.common.count
    kappa = prior.spread * np.abs(rng.normal(size=count))
    n = prior.loc + prior.sd * rng.normal(size=(groups, count))
    shared = n[group] + kappa * rng.normal(size=(len(group), count))
    if model.noise.groups is None:
        return shared
    kappa = prior.spread * np.abs(rng.normal(size=groups))
    own = prior.group_loc + prior.group_sd * rng.normal(size=groups)
    single = own[group] + kappa[group] * rng.normal(size=len(group))
    return np.column_stack([shared, np.where(group[:, None] == np.arange(groups), single[:, None], 0.0)])


def draw_factors(
    shape: Panel, model: bf.FactorModel, priors: ScaledPriors, rng: np.random.Generator
) -> tuple[Named, np.ndarray, np.ndarray]:
    """Return what is true of factors, and their histories as they are seen and as they are (time, factor)."""
    law, rows, k = priors.factors, len(shape.times), len(shape.factor_names)
    mean = law.mean_loc + law.mean_sd * rng.normal(size=k)
    premium = np.where(traded(shape), mean, priors.premia.simulate(1, rng)[0])
    noise = np.isin(shape.factor_names, [name for name, _ in model.factors.error])
    variance = law.covariance_scale / (law.covariance_dof - k - 1)  # of the first panel
    omega, reliability, scatter = near_history(law.covariance_dof, law.covariance_scale, variance, noise, rows, rng)
    total = omega + np.diag((1 - reliability) * variance)
    z = rng.normal(size=(rows, k))
    z = (z - z.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    seen = mean + rng.normal(size=k) @ np.linalg.cholesky(total / rows).T + z @ np.linalg.cholesky(scatter).T
    share = np.linalg.solve(total, omega)  # of a row of what is seen, less the mean, that is signal
    value, vector = np.linalg.eigh(omega - omega @ share)
    away = rng.normal(size=(rows, k)) @ (vector * np.sqrt(np.maximum(value, 0))).T
    factors = np.where(noise, mean + (seen - mean) @ share + away, seen)
    truth = {"factor_mean": mean, "risk_premium": premium, "factor_cov": omega, "reliability": reliability}
    return truth, seen, factors


def near_history(
    dof: float, scale: np.ndarray, variance: np.ndarray, noise: np.ndarray, rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return covariance, reliability and sample covariance from their law given that the sample variances are near."""
    while True:
        reliability = np.where(noise, rng.beta(SIGNAL.a, SIGNAL.b, size=(TRIES, 1)), 1.0)
        omega = np.linalg.inv(wishart(rng, dof, np.broadcast_to(np.diag(scale**-0.5), (TRIES, len(scale), len(scale)))))
        total = omega + (1 - reliability)[:, :, None] * np.diag(variance)
        scatter = wishart(rng, rows - 1, np.linalg.cholesky(total)) / (rows - 1)
        near = np.abs(np.einsum("dkk->dk", scatter) / variance - 1).max(axis=1) < NEAR
        if near.any():
            first = int(near.argmax())
            return omega[first], reliability[first], scatter[first]


def wishart(rng: np.random.Generator, dof: float, root: np.ndarray) -> np.ndarray:
    """Return a draw of each Wishart law (draw, k, k) of the scales L L', by Bartlett's decomposition."""
    many, k, _ = root.shape
    lower = np.tril(rng.normal(size=(many, k, k)), -1)
    lower[:, range(k), range(k)] = np.sqrt(rng.chisquare(dof - np.arange(k), size=(many, k)))
    whole = root @ lower
    return whole @ whole.swapaxes(1, 2)


def held_units(model: bf.FactorModel, priors: ScaledPriors, shape: Panel, panel: Panel) -> bf.FactorModel:
    """Return the model with priors in units of the panel that say what `priors` do, which are of `shape`."""
    names, own = panel.factor_names, priors.loadings
    prior = tuple(
        (name, GroupedPrior(Normal(float(loc), float(sd)), HalfNormal(float(spread)), "beta"))
        for name, loc, sd, spread in zip(names, own.loc, own.sd, own.spread, strict=True)
    )
    changed = replace(model, loadings=replace(model.loadings, prior=prior))
    if priors.inclusion is not None:
        law = dict(model.loadings.inclusion)["default"]
        inclusion = tuple(
            (name, replace(law, floor=float(floor)) if free else 1.0)
            for name, floor, free in zip(names, own.floor, priors.inclusion.free, strict=True)
        )
        changed = replace(changed, loadings=replace(changed.loadings, inclusion=inclusion))
    if priors.residual_factors is not None:
        unit = typical_sd(observe(shape)) / typical_sd(observe(panel))
        held, groups = model.noise.common, model.noise.groups
        mean = scaled(held.mean, unit) if held.count else held.mean
        held = replace(held, spread=HalfNormal(held.spread.scale * unit), mean=mean)
        groups = None if groups is None else scaled(groups, unit)
        changed = replace(changed, noise=replace(changed.noise, common=held, groups=groups))
    return changed


def scaled(law: Normal, unit: float) -> Normal:
    """Return the law of a multiple."""
    return Normal(law.mean * unit, law.sd * unit)
