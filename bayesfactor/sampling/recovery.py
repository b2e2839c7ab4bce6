"""From draws of theta to labelled draws of the whole posterior."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.paths.factor_covariance import draw_covariance
from bayesfactor.paths.next_period import Named, NextPeriod
from bayesfactor.posterior.storage.zarr import DRAWS, DrawStore
from bayesfactor.sampling.theta import Drawn, Theta
from bayesfactor.spec.alphas import FreeAlpha, SharpeAlpha
from bayesfactor.spec.loadings import FreeLoadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors

Coords = dict[str, np.ndarray | list[str]]
LAST = ("factor_mean", "risk_premium")  # in a posterior; before the factors' covariance


@dataclass(frozen=True, eq=False)
class Moving:
    """What moves in a model, and the cell of each draw of a chain (draw)."""

    next_period: NextPeriod
    cell: np.ndarray


def recover(
    theta: Theta, seed: int, store: DrawStore | None = None, cores: int = 1, moving: Moving | None = None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the posterior and the log prior of its top-level quantities.

    Parameters
    ----------
    theta : Theta
    seed : int
        Of the exact draws given theta.
    store : DrawStore, optional
        Where alphas, loadings and residual standard deviations go, chunk by chunk; without it they stay in memory.
    cores : int
        Chains to work on at once; draws do not depend on it.
    moving : Moving, optional
        Where loadings, volatility or covariance move: those of the posterior are of the next period.
    """
    panel, (chains, draws) = theta.design.panel, theta.shape
    first, *own_seeds = np.random.SeedSequence(seed).spawn(1 + chains)
    coords: Coords = {
        "chain": np.arange(chains),
        "draw": np.arange(draws),
        "asset": list(panel.assets),
        "factor": list(panel.factor_names),
        "factor_other": list(panel.factor_names),
        "group": list(panel.group_names),
        "residual_factor": list(theta.residual_factors),
    }
    shared = theta.shared()
    rng, mean = np.random.default_rng(first), shared["factor_mean"][0]
    paths: Drawn = {}
    latents = theta.latents()
    if moving is None:
        covariance = {"factor_cov": draw_covariance(theta.design.history, theta.priors.factors, mean, rng)}
    else:
        paths, covariance = _moving(moving, mean, rng)
    if "factor_cov" in latents:  # of factors without their errors
        covariance = {"factor_cov": latents.pop("factor_cov")[0]}
    if "residual_loading" in latents:
        latents["residual_loading"] = _next_residual_loading(latents["residual_loading"], paths, moving)
    own, own_prior = _assets(theta, shared | paths, own_seeds, coords, store, cores, moving)
    # Dimensions first appear in the order asset, group, factor: arviz.summary (1.3) labels rows in the dataset's order
    # of dimensions, whatever the variable's own.
    before = {name: drawn for name, drawn in shared.items() if name not in LAST} | _mispricing(theta, shared)
    after = {name: shared[name] for name in LAST}
    after |= {name: (values, ("factor", "factor_other")) for name, values in covariance.items()}
    posterior = xr.Dataset(
        {
            "alpha": own["alpha"],
            "residual_sd": own["residual_sd"],
            **_dataset(before | paths, coords).data_vars,
            **{name: own[name] for name in ("loading", "loading_long_run") if name in own},
            **_dataset(after | latents, coords).data_vars,
        }
    )
    return posterior, _dataset({**_log_prior(theta, shared), **own_prior}, coords)


def _moving(moving: Moving, mean: np.ndarray, rng: np.random.Generator) -> tuple[Drawn, Named]:
    """Return what the paths add to each draw, and draws of the factors' covariances by name."""
    after, chains = moving.next_period, len(mean) // len(moving.cell)
    cells = after.cells(len(mean), rng)
    found = cells | after.volatility(cells, rng) | after.moved_loadings(np.tile(moving.cell, chains))
    return {name: (values, ()) for name, values in found.items()}, after.covariance(cells, mean, rng)


def _next_residual_loading(
    drawn: tuple[np.ndarray, tuple[str, ...]], paths: Drawn, moving: Moving | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return loadings on residual factors (draw, asset, residual factor) at the volatility of the next period.

    The doubt that heavy tails leave about levels is on residuals' own part alone.
    """
    values, dims = drawn
    if moving is None or "volatility_now" not in paths:
        return drawn
    drift = np.broadcast_to(moving.next_period.drift, values.shape[1:2])
    return values * (paths["volatility_now"][0][:, None] * drift)[..., None], dims


def _assets(
    theta: Theta,
    shared: Drawn,
    seeds: list[np.random.SeedSequence],
    coords: Coords,
    store: DrawStore | None,
    cores: int,
    moving: Moving | None,
) -> tuple[dict[str, xr.DataArray], Drawn]:
    """Make alphas, loadings and residual standard deviations a few draws at a time, and their log priors."""
    each, (chains, draws) = ("chain", "draw", "asset"), theta.shape
    dims: dict[str, tuple[str, ...]] = {"alpha": each, "residual_sd": each, "loading": (*each, "factor")}
    if "loading_move" in shared:
        dims["loading_long_run"] = (*each, "factor")
    arrays = {}
    for name, own in dims.items():
        shape = tuple(len(coords[dim]) for dim in own)
        arrays[name] = np.empty(shape) if store is None else store.array(name, own, shape)
    apart = {name: array.reshape((chains, draws, -1)) for name, (array, _) in shared.items()}

    def one(chain: int) -> list[dict[str, np.ndarray]]:
        rng, logs = np.random.default_rng(seeds[chain]), []
        for start in range(0, draws, DRAWS):
            part = slice(start, start + DRAWS)
            here = (chain, part)
            coefficients = theta.coefficients(chain, part, rng)
            if "zero_beta" in apart:
                coefficients[:, :, 0] -= apart["zero_beta"][here]
            arrays["alpha"][here] = coefficients[:, :, 0]
            arrays["loading"][here] = coefficients[:, :, 1:]
            noise = {name: apart[name][here] for name in theta.model.noise.parameters}
            sd = theta.model.noise.sd({"sigma": theta.scales(chain, part), **noise})
            if moving is not None and "volatility_now" in shared:
                spread = apart["log_sigma_scale"][here][:, 0]
                sd = sd * moving.next_period.level_doubt(apart["dof"][here][:, 0], spread, rng)
                arrays["residual_sd"][here] = sd * apart["volatility_now"][here] * moving.next_period.drift
            else:
                arrays["residual_sd"][here] = sd
            if moving is not None and "loading_move" in shared:
                arrays["loading_long_run"][here] = coefficients[:, :, 1:]
                moved = theta.moves(chain, part)
                if moved is None:
                    raw = _on_raw_factors(coefficients, {name: array[here] for name, array in apart.items()})
                    moved = moving.next_period.moves(moving.cell[part], raw, sd, rng)
                arrays["loading"][here] += moved
            logs.append(_own_prior(theta.model, theta.priors, coefficients))
            del coefficients, sd  # not beside those of the next block
        return logs

    if cores == 1 or store is not None:  # with a store, memory is short
        parts = [part for chain in range(chains) for part in one(chain)]
    else:
        with ThreadPoolExecutor(min(cores, chains)) as threads:
            parts = [part for chain in threads.map(one, range(chains)) for part in chain]
    made = {
        name: xr.DataArray(array, {dim: coords[dim] for dim in dims[name]}, dims[name])
        if store is None
        else store.lazy(name, coords)
        for name, array in arrays.items()
    }
    return made, {name: (np.concatenate([part[name] for part in parts]), ()) for name in parts[0]}


def _on_raw_factors(coefficients: np.ndarray, shared: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return (alpha, beta) with the intercept on the factors as they are in the panel (draw, asset, coefficient)."""
    raw = coefficients.copy()
    shift = (shared["risk_premium"] - shared["factor_mean"])[:, None]
    raw[:, :, 0] += shared.get("zero_beta", 0.0) + np.sum(raw[:, :, 1:] * shift, axis=-1)
    return raw


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


def _dataset(values: Drawn, coords: Mapping[str, np.ndarray | list[str]]) -> xr.Dataset:
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


def _mispricing(theta: Theta, shared: Drawn) -> Drawn:
    """Return the Sharpe ratio a year that mispricing adds, where the model puts a prior on that."""
    model, panel, priors = theta.model, theta.design.panel, theta.priors
    if not isinstance(model.alpha, SharpeAlpha) or priors.alpha.per_residual_sd is None:
        return {}
    noise = {name: shared[name][0] for name in model.noise.parameters}
    unit = (len(panel.assets) * panel.periods_per_year) ** 0.5 / priors.alpha.per_residual_sd
    of_sd = model.noise.scale(
        {"residual_sd": np.ones(len(shared["alpha_scale"][0])), **noise}
    )  # alphas scale with sigma
    return {"mispricing_sharpe": (shared["alpha_scale"][0] * (unit * of_sd), ())}


def _log_prior(theta: Theta, shared: Drawn) -> Drawn:
    """Return the log prior density of what has a fixed prior, but for constants: for power scaling."""
    draws = {name: array for name, (array, _) in shared.items()}
    found: Drawn = {name: (value, ()) for name, value in theta.priors.log_prior(draws).items()}
    others = [k for k, factor in enumerate(theta.design.panel.factor_info) if not factor.traded]
    if others:
        logs = theta.priors.premia.log_density(draws["risk_premium"])[:, others]
        found["risk_premium"] = (np.sum(logs, axis=1), ())
    return found
