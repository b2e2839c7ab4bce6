"""Covariance of residuals at draws with residual factors, and what of it does not depend on how these are rotated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.residuals import with_whole_sd

RESIDUAL_NAMES = ("residual_sd", "residual_variance", "common_share", "residual_covariance")  # first words of names
MOST_PAIRS = 40  # assets up to which every covariance is looked at
SPACED = 10  # assets whose covariances with all others are, of more
WORTH = 0.01  # share of residual variance from which a component counts
STEPS, STILL = 500, 1e-14  # of varimax


@dataclass(frozen=True, eq=False)
class Components(FrozenResult):
    """Residual factors in one rotation, for reading only: draws are rotated to each other.

    Attributes
    ----------
    names : tuple of str
        Of a group factor its group; of others the two assets that load most.
    loading : DataArray (chain, draw, asset, component)
        Of a return, as ``residual_loading``.
    share : DataArray (component)
        Posterior mean of the share of residual variance, averaged over assets.
    """

    names: tuple[str, ...]
    loading: xr.DataArray
    share: xr.DataArray

    @property
    def count(self) -> int:
        """How many have a share above 1 %."""
        return int((self.share > WORTH).sum())


def residual_covariance(draws: xr.Dataset) -> xr.DataArray:
    """Return the covariance LL' + D of whole residuals (chain, draw, asset, asset_other), of the next period."""
    loading, own = draws["residual_loading"], draws["residual_sd"] ** 2
    shared = xr.dot(loading, loading.rename(asset="asset_other"), dim="residual_factor")
    unit = xr.DataArray(np.eye(own.sizes["asset"]), {"asset": own["asset"].values, "asset_other": own["asset"].values})
    return (shared + own * unit).transpose("chain", "draw", "asset", "asset_other")


def residual_correlation(draws: xr.Dataset) -> xr.DataArray:
    """Return the correlation of whole residuals (chain, draw, asset, asset_other)."""
    whole = with_whole_sd(draws)["residual_sd"]
    return residual_covariance(draws) / (whole * whole.rename(asset="asset_other"))


def common_share(draws: xr.Dataset) -> xr.DataArray:
    """Return (LL')_ii / (LL' + D)_ii, the share of residual variance that is common (chain, draw, asset)."""
    common = (draws["residual_loading"] ** 2).sum("residual_factor")
    return common / (common + draws["residual_sd"] ** 2)


def components(draws: xr.Dataset, groups: Sequence[str] = ()) -> Components:
    """Return residual factors with names, each draw rotated to the first (Procrustes), and that to varimax.

    Only what is rotated freely is: residual factors that are called as one of the `groups` stay as they are.

    Parameters
    ----------
    draws : Dataset
    groups : sequence of str
        Names of the panel's groups.
    """
    loading = draws["residual_loading"].transpose("chain", "draw", "asset", "residual_factor").compute()
    labels = [str(label) for label in loading["residual_factor"].values]
    free = np.array([label not in groups for label in labels], dtype=bool)
    values = loading.values.copy()
    sd = draws["residual_sd"].transpose("chain", "draw", "asset").values
    if free.any():
        values[..., free] = values[..., free] @ _rotations(values[..., free] / sd[..., None])
    whole = (values**2).sum(axis=-1, keepdims=True) + sd[..., None] ** 2
    share = (values**2 / whole).mean(axis=(0, 1, 2))
    mean, assets = np.abs((values / sd[..., None]).mean(axis=(0, 1))), loading["asset"].values.astype(str)
    top = [", ".join(assets[np.argsort(-column, kind="stable")[:2]]) for column in mean.T]
    names = tuple(own if turned else label for own, turned, label in zip(top, free, labels, strict=True))
    found = loading.rename(residual_factor="component").drop_vars("component", errors="ignore").copy(data=values)
    return Components(names, found, xr.DataArray(share, dims="component"))


def _rotations(loading: np.ndarray) -> np.ndarray:
    """Return what rotates loadings (chain, draw, asset, factor) over own sd to each other and their mean to varimax."""
    left, _, right = np.linalg.svd(loading.mT @ loading[0, 0])
    turned = left @ right
    mean = (loading @ turned).mean(axis=(0, 1))
    best = varimax(mean)
    return turned @ (best * np.where((mean @ best).sum(axis=0) < 0, -1.0, 1.0))


def varimax(loading: np.ndarray) -> np.ndarray:
    """Return the rotation (factor, factor) of loadings (asset, factor) whose squares vary most (Kaiser 1958)."""
    rotation, before = np.eye(loading.shape[1]), 0.0
    for _ in range(STEPS):
        turned = loading @ rotation
        target = turned**3 - turned * (turned**2).mean(axis=0)
        left, size, right = np.linalg.svd(loading.T @ target)
        rotation = left @ right
        if size.sum() <= before * (1 + STILL):
            break
        before = size.sum()
    return rotation


def invariants(draws: xr.Dataset) -> xr.Dataset:
    """Return draws with what does not depend on a rotation in place of loadings on residual factors.

    ``residual_variance`` of whole residuals and ``common_share`` by asset, ``residual_covariance`` of pairs of assets
    (all of up to 40 assets; of more those with ten assets, evenly spaced), and ``residual_variance_equal_weighted``, of
    the portfolio of all assets. The draws themselves where there are no residual factors.
    """
    if "residual_loading" not in draws:
        return draws
    loading = draws["residual_loading"].transpose("chain", "draw", "asset", "residual_factor").values
    names, own = draws["asset"].values.astype(str), draws["residual_sd"] ** 2
    count = len(names)
    first, second = np.triu_indices(count, 1)
    if count > MOST_PAIRS:
        spaced = np.linspace(0, count - 1, SPACED).round().astype(int)
        kept = np.isin(first, spaced) | np.isin(second, spaced)
        first, second = first[kept], second[kept]
    pairs = np.einsum("cdpq,cdpq->cdp", loading[:, :, first], loading[:, :, second])
    labels = [f"{names[i]}, {names[j]}" for i, j in zip(first, second, strict=True)]
    equal = (draws["residual_loading"].mean("asset") ** 2).sum("residual_factor") + own.sum("asset") / count**2
    return draws.drop_vars(["residual_loading", "residual_factor"], errors="ignore").assign(
        residual_variance=own + (draws["residual_loading"] ** 2).sum("residual_factor"),
        common_share=common_share(draws),
        residual_covariance=xr.DataArray(pairs, {"pair": labels}, ("chain", "draw", "pair")),
        residual_variance_equal_weighted=equal,
    )
