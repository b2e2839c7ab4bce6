"""How strongly assets load on factors that nobody trades, beside the noise of estimation."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from bayesfactor.panel.histories import FactorMoments
from bayesfactor.posterior.blocks import blocks
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import in_long_run, thin, with_whole_sd

NOISE = 2.0  # of R_k: one from estimation, one from the draw
SURE = 0.95  # probability at which loadings count as told from noise
STRENGTH_DRAWS = 1000


def _standardised(fit: Fit, history: FactorMoments) -> Iterator[np.ndarray]:
    """Yield b_ik = beta_ik sd(f_k) / sd(eps_i), (chain, draw, asset, factor), of the long run, some assets at a time.

    Of non-traded factors and assets with returns, at some draws; with a zero-beta rate, of what a constant leaves of
    them: in a second pass with a constant, 1 / sd(eps_i) is among the b_i.
    """
    others = [k for k, factor in enumerate(fit.panel.factor_info) if not factor.traded]
    seen = fit.panel.moments.count > 0
    whole = with_whole_sd(in_long_run(fit, thin(fit, STRENGTH_DRAWS)))
    draws = whole[["loading", "residual_sd"]].isel(factor=others)
    draws = draws if seen.all() else draws.isel(asset=np.flatnonzero(seen))

    def pieces() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for block in blocks(draws, "asset"):
            one = 1 / block["residual_sd"].transpose("chain", "draw", "asset").values[..., None]
            loading = block["loading"].transpose("chain", "draw", "asset", "factor").values
            yield loading * history.sd[others] * one, one

    constant: np.ndarray | float = 0.0
    if "zero_beta" in fit.posterior:
        sums = [(np.sum(one * b, axis=2, keepdims=True), np.sum(one**2, axis=2, keepdims=True)) for b, one in pieces()]
        constant = sum(top for top, _ in sums) / sum(bottom for _, bottom in sums) if sums else 0.0
    for b, one in pieces():
        yield b - one * constant


def loading_strengths(fit: Fit, history: FactorMoments) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray, np.ndarray]:
    """Return strength and R_k (chain, draw, factor), smallest singular value (chain, draw), and P(R_k > NOISE) alone.

    The last is that before other factors are taken off. Only factors that stand out from noise themselves are taken
    off the others: the loadings on a useless one are noise, and a multiple of noise may look like anything. The
    smallest singular value is 0 with fewer assets than factors, when some combination of the factors moves none.
    """
    others = [factor.name for factor in fit.panel.factor_info if not factor.traded]
    draws = thin(fit, STRENGTH_DRAWS)
    coords = {"chain": draws["chain"], "draw": draws["draw"], "factor": others}
    shape = tuple(len(values) for values in coords.values())
    square, ratio, gram, centres = np.zeros(shape), np.zeros(shape), np.zeros((*shape, shape[2])), []
    for b in _standardised(fit, history):
        square += np.sum(b**2, axis=2)
        ratio += _over_noise(b)
        gram += np.swapaxes(b, 2, 3) @ b
        centres.append(b.mean(axis=(0, 1)))
    centre = np.concatenate([np.zeros((0, shape[2])), *centres])
    count = max(len(centre), 1)
    ratio /= count
    alone = (ratio > NOISE).mean(axis=(0, 1))
    strong = np.flatnonzero(alone >= SURE)
    if strong.size > 1:
        off = np.eye(shape[2])[:, strong]
        for place, k in enumerate(strong):
            rest = strong[strong != k]
            off[rest, place] = -np.linalg.lstsq(centre[:, rest], centre[:, k], rcond=None)[0]
        ratio[..., strong] = sum(_over_noise(b @ off) for b in _standardised(fit, history)) / count
    least = np.zeros(shape[:2])
    if others and len(centre) >= len(others):
        least = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[..., 0], 0.0) / count)
    dims = ("chain", "draw", "factor")
    strength = xr.DataArray(np.sqrt(square / count), coords, dims, name="strength")
    signals = strength.copy(data=ratio).rename("signal_to_noise")
    return strength, signals, xr.DataArray(least, {d: coords[d] for d in dims[:2]}, dims[:2]), alone


def _over_noise(values: np.ndarray) -> np.ndarray:
    """Return the sum over assets of squares over posterior variances: (chain, draw, asset, factor) without asset."""
    variance = values.var(axis=(0, 1))
    return np.sum(values**2 / np.where(variance > 0, variance, np.inf), axis=2)
