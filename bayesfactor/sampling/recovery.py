"""From draws of theta to labelled draws of the whole posterior."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import FactorMoments
from bayesfactor.posterior.storage.zarr import DRAWS, DrawStore
from bayesfactor.sampling.kernels.density_problem import DensityProblem
from bayesfactor.spec.alphas import FreeAlpha, SharpeAlpha
from bayesfactor.spec.factors import ScaledFactors
from bayesfactor.spec.loadings import FreeLoadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

Coords = dict[str, np.ndarray | list[str]]
Drawn = dict[str, tuple[np.ndarray, tuple[str, ...]]]  # name -> draws (draw, ...), dimensions but that of draws


def recover(
    problem: DensityProblem,
    draws: np.ndarray,
    seed: int,
    store: DrawStore | None = None,
    cores: int = 1,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the posterior and the log prior of its top-level quantities.

    Parameters
    ----------
    problem : DensityProblem
    draws : array (chain, draw, theta)
    seed : int
        Of the exact draws given theta.
    store : DrawStore, optional
        Where alphas, loadings and residual standard deviations go, chunk by chunk; without it they stay in memory.
    cores : int
        Chains to work on at once; draws do not depend on it.
    """
    shape, flat = draws.shape[:2], draws.reshape(-1, draws.shape[-1])
    design, model, priors = problem.design, problem.model, problem.priors
    panel, (first, *own_seeds) = design.panel, np.random.SeedSequence(seed).spawn(1 + len(draws))
    coords: Coords = {
        "chain": np.arange(shape[0]),
        "draw": np.arange(shape[1]),
        "asset": list(panel.assets),
        "factor": list(panel.factor_names),
        "factor_other": list(panel.factor_names),
        "group": list(panel.group_names),
    }
    own, own_prior = _assets(model, priors, problem, draws, own_seeds, coords, store, cores)
    # Dimensions first appear in the order asset, group, factor: arviz.summary (1.3) labels rows in the dataset's order
    # of dimensions, whatever the variable's own.
    before = _dataset({**_scales(priors, problem, flat), **_hierarchy(panel, model, priors, problem, flat)}, coords)
    after = _dataset(_factors(design.history, priors, problem, flat, np.random.default_rng(first)), coords)
    posterior = xr.Dataset(
        {
            "alpha": own["alpha"],
            "residual_sd": own["residual_sd"],
            **before.data_vars,
            "loading": own["loading"],
            **after.data_vars,
        }
    )
    return posterior, _dataset({**_log_prior(priors, problem, flat), **own_prior}, coords)


def _assets(
    model: FactorModel,
    priors: ScaledPriors,
    problem: DensityProblem,
    draws: np.ndarray,
    seeds: list[np.random.SeedSequence],
    coords: Coords,
    store: DrawStore | None,
    cores: int,
) -> tuple[dict[str, xr.DataArray], Drawn]:
    """Make alphas, loadings and residual standard deviations a few draws at a time, and their log priors."""
    each = ("chain", "draw", "asset")
    dims: dict[str, tuple[str, ...]] = {"alpha": each, "residual_sd": each, "loading": (*each, "factor")}
    arrays = {}
    for name, own in dims.items():
        shape = tuple(len(coords[dim]) for dim in own)
        arrays[name] = np.empty(shape) if store is None else store.array(name, own, shape)

    def one(chain: int) -> list[dict[str, np.ndarray]]:
        rng, logs = np.random.default_rng(seeds[chain]), []
        for start in range(0, draws.shape[1], DRAWS):
            here = (chain, slice(start, start + DRAWS))
            coefficients = problem.coefficients(draws[here], len(coords["asset"]), rng)
            rate = problem.zero_beta(draws[here])
            if rate is not None:
                coefficients[:, :, 0] -= rate[:, None]
            arrays["alpha"][here] = coefficients[:, :, 0]
            arrays["loading"][here] = coefficients[:, :, 1:]
            own_noise = _noise_parameters(priors, problem, draws[here])
            noise = {name: array[:, None] for name, (array, _) in own_noise.items()}
            sigma = np.exp(problem.scales(draws[here])[2])
            arrays["residual_sd"][here] = model.noise.sd({"sigma": sigma, **noise})
            logs.append(_own_prior(model, priors, coefficients))
        return logs

    if cores == 1 or store is not None:  # with a store, memory is short
        parts = [part for chain in range(len(draws)) for part in one(chain)]
    else:
        with ThreadPoolExecutor(min(cores, len(draws))) as threads:
            parts = [part for chain in threads.map(one, range(len(draws))) for part in chain]
    made = {
        name: xr.DataArray(array, {dim: coords[dim] for dim in dims[name]}, dims[name])
        if store is None
        else store.lazy(name, coords)
        for name, array in arrays.items()
    }
    return made, {name: (np.concatenate([part[name] for part in parts]), ()) for name in parts[0]}


def _own_prior(model: FactorModel, priors: ScaledPriors, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """Return the log prior density (draw) of loadings and alphas without pooling, but for constants."""
    result = {}
    if isinstance(model.loadings, FreeLoadings):
        away = (coefficients[:, :, 1:] - priors.loadings.loc) / priors.loadings.sd
        result["loading"] = -0.5 * np.sum(away**2, axis=(1, 2))
    if isinstance(model.alpha, FreeAlpha):
        away = (coefficients[:, :, 0] - priors.alpha.loc) / priors.alpha.sd
        result["alpha"] = -0.5 * np.sum(away**2, axis=1)
    return result


def _dataset(values: Drawn, coords: Coords) -> xr.Dataset:
    shape = len(coords["chain"]), len(coords["draw"])
    arrays = {
        name: xr.DataArray(
            array.reshape(shape + array.shape[1:]),
            dims=("chain", "draw", *dims),
            coords={dim: coords[dim] for dim in ("chain", "draw", *dims)},
        )
        for name, (array, dims) in values.items()
    }
    return xr.Dataset(arrays)


def _scales(priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray) -> Drawn:
    level, spread = problem.level(flat)
    return {"log_sigma_mean": (level, ()), "log_sigma_scale": (spread, ()), **_noise_parameters(priors, problem, flat)}


def _noise_parameters(priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray) -> Drawn:
    """Return the parameters of the noise law other than its scale."""
    dof = _dof(priors, problem, flat)
    return {} if dof is None else {"dof": (dof, ())}


def _dof(priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray) -> np.ndarray | None:
    """Return the degrees of freedom (draw), or None where the law of residuals has none."""
    tails, prior = problem.block(flat, "dof_z_log__"), priors.noise.dof
    return None if tails is None or prior is None else prior.above + prior.mean * np.exp(tails)


def _hierarchy(
    panel: PanelBase, model: FactorModel, priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray
) -> Drawn:
    result: Drawn = {}
    names = ("loading_mean_z", "loading_scale_z", "loading_common_z")
    mean, scale, common = (problem.block(flat, name) for name in names)
    if mean is not None and scale is not None:
        spread = np.abs(scale) * priors.loadings.spread
        result["loading_mean"] = (priors.loadings.loc + priors.loadings.sd * mean, ("group", "factor"))
        result["loading_scale"] = (spread, ("factor",))
    if common is not None:
        result["loading_common"] = (priors.loadings.loc + priors.loadings.sd * common, ("factor",))
    alpha = problem.block(flat, "alpha_scale_z")
    if alpha is not None:
        result["alpha_scale"] = (np.abs(alpha) * priors.alpha.sd, ())
        if isinstance(model.alpha, SharpeAlpha):
            unit = (len(panel.assets) * panel.periods_per_year) ** 0.5 / priors.alpha.per_residual_sd
            dof = _dof(priors, problem, flat)
            if dof is not None:  # from the scale of the noise to its standard deviation
                unit = unit * np.sqrt((dof - 2) / dof)
            result["mispricing_sharpe"] = (np.abs(alpha) * priors.alpha.sd * unit, ())
    rate = problem.zero_beta(flat)
    if rate is not None:
        result["zero_beta"] = (rate, ())
    return result


def _factors(
    history: FactorMoments, priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray, rng: np.random.Generator
) -> Drawn:
    """Return mu, lambda, and Omega drawn from its inverse Wishart given mu."""
    mean, premium = problem.means(flat)
    return {
        "factor_mean": (mean, ("factor",)),
        "risk_premium": (premium, ("factor",)),
        "factor_cov": (_covariance(history, priors.factors, mean, rng), ("factor", "factor_other")),
    }


def _covariance(history: FactorMoments, prior: ScaledFactors, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return draws of Omega given mu (draw, factor), span by span from the longest history to the shortest.

    With A = prior scale + scatter around mu over the rows of a span, and q older factors of p: the new ones given the
    old have covariance V ~ IW(dof - K + p + n, A_nn - A_no A_oo^-1 A_on) and slopes N(A_no A_oo^-1, V, A_oo^-1).
    """
    k = mean.shape[1]
    result = np.zeros((len(mean), k, k))
    for span in history.spans:
        p, q, members = len(span.factors), span.older, span.factors
        gap = mean[:, members] - span.mean
        scale = span.scatter + np.diag(prior.covariance_scale[members])
        scale = scale + span.count * gap[:, :, None] * gap[:, None, :]
        dof = prior.covariance_dof - k + p + span.count
        slope = np.swapaxes(np.linalg.solve(scale[:, :q, :q], scale[:, :q, q:]), 1, 2)
        noise = _inverse_wishart(scale[:, q:, q:] - slope @ scale[:, :q, q:], dof, rng)
        if q:
            low = np.linalg.cholesky(scale[:, :q, :q])
            z = rng.standard_normal((len(mean), p - q, q))
            away = np.linalg.solve(np.swapaxes(low, 1, 2), np.swapaxes(z, 1, 2))  # columns with covariance A_oo^-1
            slope = slope + np.linalg.cholesky(noise) @ np.swapaxes(away, 1, 2)
        new, old = members[q:], members[:q]
        cross = slope @ result[np.ix_(np.arange(len(mean)), old, old)]
        result[np.ix_(np.arange(len(mean)), new, old)] = cross
        result[np.ix_(np.arange(len(mean)), old, new)] = np.swapaxes(cross, 1, 2)
        result[np.ix_(np.arange(len(mean)), new, new)] = noise + cross @ np.swapaxes(slope, 1, 2)
    return result


def _inverse_wishart(scale: np.ndarray, dof: float, rng: np.random.Generator) -> np.ndarray:
    """Return one draw of IW(dof, scale) for each matrix (draw, k, k), by Bartlett's decomposition of its inverse."""
    draws, k, _ = scale.shape
    root = np.tril(rng.standard_normal((draws, k, k)), -1)
    diagonal = np.arange(k)
    root[:, diagonal, diagonal] = np.sqrt(rng.chisquare(dof - diagonal, size=(draws, k)))
    # W = C A A' C' with C C' = scale^-1, so W^-1 = B B' with B = C'^-1 A'^-1 = low A'^-1
    low = np.linalg.cholesky(scale)
    b = np.swapaxes(np.linalg.solve(root, np.swapaxes(low, -1, -2)), -1, -2)
    return b @ np.swapaxes(b, -1, -2)


def _log_prior(priors: ScaledPriors, problem: DensityProblem, flat: np.ndarray) -> Drawn:
    """Return the log prior density of what has a fixed prior, but for constants: for power scaling."""
    result: Drawn = {}
    for block, name in {
        "loading_mean_z": "loading_mean",
        "loading_common_z": "loading_common",
        "loading_scale_z": "loading_scale",
        "alpha_scale_z": "alpha_scale",
        "log_sigma_mean_z": "log_sigma_mean",
        "log_sigma_scale_z": "log_sigma_scale",
        "zero_beta_z": "zero_beta",
    }.items():
        z = problem.block(flat, block)
        if z is not None:
            result[name] = (-0.5 * np.sum(z.reshape(len(z), -1) ** 2, axis=1), ())
    tails = problem.block(flat, "dof_z_log__")
    if tails is not None:
        result["dof"] = (-np.exp(tails), ())
    mean, premium = problem.means(flat)
    away = (mean - priors.factors.mean_loc) / priors.factors.mean_sd
    result["factor_mean"] = (-0.5 * np.sum(away**2, axis=1), ())
    if len(problem.non_traded):
        logs = priors.premia.log_density(premium)[:, problem.non_traded]
        result["risk_premium"] = (np.sum(logs, axis=1), ())
    return result
