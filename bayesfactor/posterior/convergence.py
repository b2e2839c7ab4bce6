"""Convergence of many quantities at once: R-hat, effective draws, Monte Carlo errors.

Arrays have axes (quantity, chain, draw). Sources: Vehtari et al. (2021) for rank-normalised split R-hat and effective
draws of bulk and tails; Geyer (1992) for the sums of autocorrelations.
"""

import numpy as np
from scipy.fft import next_fast_len
from scipy.special import ndtri

TAILS = (0.05, 0.95)
STILL = 1e-15  # range below which draws count as one value
FEWEST = 4  # draws of a chain
DIRECT = 8  # pairs of autocorrelations that are computed one by one


def ranked(x: np.ndarray, tails: tuple[float, float] = TAILS) -> np.ndarray:
    """Return R-hat, effective draws of the bulk and effective draws of the tails: (3, quantity).

    R-hat is the larger of that of normal scores and that of normal scores of distances from the median. The tails are
    the indicators of draws below two quantiles, and count the fewer. One sort serves all three.

    Parameters
    ----------
    x : array (quantity, chain, draw)
    tails : (float, float)
        Probabilities of the two quantiles.

    Returns
    -------
    array (3, quantity)
        NaN where a draw is, with fewer than four draws a chain; R-hat also with one chain or draws that do not vary.
    """
    if x.shape[2] < FEWEST:
        return np.full((3, len(x)), np.nan)
    halves = _halves(x)
    flat = halves.reshape(len(x), -1)
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, 1)
    scores = _scores(order, ordered).reshape(halves.shape)
    n = flat.shape[1]
    away = np.abs(ordered - (ordered[:, n // 2 - 1, None] + ordered[:, n // 2, None]) / 2)
    again = np.argsort(away, axis=1, kind="stable")  # two ordered runs: a merge
    folded = _scores(np.take_along_axis(order, again, 1), np.take_along_axis(away, again, 1)).reshape(halves.shape)
    whole = ordered if x.shape[2] % 2 == 0 else np.sort(x.reshape(len(x), -1), axis=1)
    ends = [effective(halves <= _quantile(whole, p)[:, None, None]) for p in tails]
    bulk, tail = _r_hat(scores), _r_hat(folded)
    r_hat = np.where(tail > bulk, tail, bulk) if x.shape[1] > 1 else np.full(len(x), np.nan)
    result = np.stack([r_hat, effective(scores), np.minimum(*ends)])
    return np.where(np.isnan(x).any(axis=(1, 2)), np.nan, result)


def ess_mean(x: np.ndarray) -> np.ndarray:
    """Return effective draws (quantity) of the mean."""
    if x.shape[2] < FEWEST:
        return np.full(len(x), np.nan)
    return np.where(np.isnan(x).any(axis=(1, 2)), np.nan, effective(_halves(x)))


def ess_sd(x: np.ndarray) -> np.ndarray:
    """Return effective draws (quantity) of the standard deviation: those of squared distances from the mean."""
    return ess_mean((x - x.mean(axis=(1, 2), keepdims=True)) ** 2)


def mcse_mean(x: np.ndarray) -> np.ndarray:
    """Return Monte Carlo standard errors (quantity) of the mean: sd / sqrt(effective draws)."""
    return x.std(axis=(1, 2), ddof=1) / np.sqrt(ess_mean(x))


def mcse_sd(x: np.ndarray) -> np.ndarray:
    """Return Monte Carlo standard errors (quantity) of the standard deviation: sqrt(Var(c^2) / n) / (2 sd)."""
    square = (x - x.mean(axis=(1, 2), keepdims=True)) ** 2
    variance = square.mean(axis=(1, 2))
    spread = (square**2).mean(axis=(1, 2)) - variance**2
    return np.sqrt(spread / ess_mean(square) / variance / 4)


def effective(x: np.ndarray) -> np.ndarray:
    """Return effective draws (quantity): draws / (1 + 2 sum of autocorrelations), by Geyer's initial monotone sequence.

    Pairs rho_2j + rho_2j+1 are summed until the first that is not positive, each cut to the smallest before it; the
    even one of that pair counts once. Of draws that do not vary, all count. Most sums end after a few pairs, which are
    computed one by one; those of slow chains by a Fourier transform of all.
    """
    still = x.max(axis=(1, 2)) * 1.0 - x.min(axis=(1, 2)) < STILL
    count, chains, n = x.shape
    mean = x.mean(axis=2)
    away = x - mean[:, :, None]
    variance = _covariance(away, 0)
    within = variance * n / (n - 1)
    total = variance + (mean.var(axis=1, ddof=1) if chains > 1 else 0.0)
    tau, unknown = np.full(count, np.nan), np.zeros(count, dtype=bool)
    most, left = max(0, (n - 3) // 2), np.arange(count)
    low, sums = np.full(count, np.inf), np.zeros(count)
    for j in range(min(DIRECT, most + 1)):
        even = 1 - (within[left] - _covariance(away, 2 * j)) / total[left] if j else np.ones(count)
        odd = 1 - (within[left] - _covariance(away, 2 * j + 1)) / total[left]
        if not j:
            unknown = np.isnan(odd)
        pair = even + odd
        ends = ~(pair > 0) | (j == most)
        last = np.where((even > 0) | (pair >= 0), even, 0.0)
        tau[left[ends]] = -1 + 2 * sums[ends] + last[ends]
        low = np.minimum(low, pair)[~ends]
        sums, left = sums[~ends] + low, left[~ends]
        if not left.size:
            break
        away = away[~ends]
    if left.size:
        tau[left] = _tau_of_slow(away, within[left], total[left], most)
    size = chains * n
    result = size / np.maximum(tau, 1 / np.log10(size))
    return np.where(still, size, np.where(unknown, np.nan, result))


def _covariance(away: np.ndarray, lag: int) -> np.ndarray:
    """Return the autocovariance (quantity) at a lag of distances from means, averaged over chains."""
    n = away.shape[2]
    return np.vecdot(away[:, :, : n - lag], away[:, :, lag:]).mean(axis=1) / n


def _tau_of_slow(away: np.ndarray, within: np.ndarray, total: np.ndarray, most: int) -> np.ndarray:
    """Return 1 + 2 sum of autocorrelations (quantity), from those at all lags."""
    count, chains, n = away.shape
    length = next_fast_len(2 * n, real=True)
    wave = np.fft.rfft(away, length, axis=2)
    parts = wave.view(wave.real.dtype).reshape(count, chains, -1)  # real and imaginary ones in turn
    squares = np.einsum("qcl,qcl->ql", parts, parts) / chains
    covariance = np.fft.irfft(squares[:, ::2] + squares[:, 1::2], length, axis=1)[:, :n] / n  # mean over chains
    rho = 1 - (within[:, None] - covariance) / total[:, None]
    rho[:, 0] = 1.0
    pairs = rho[:, 0 : 2 * most + 1 : 2] + rho[:, 1 : 2 * most + 2 : 2]
    stop = ~(pairs > 0)
    last = np.where(stop.any(axis=1), stop.argmax(axis=1), most)
    row = np.arange(count)
    even = rho[row, 2 * last]
    even = np.where((even > 0) | (pairs[row, last] >= 0), even, 0.0)
    sums = np.cumsum(np.minimum.accumulate(pairs, axis=1), axis=1)
    return -1 + 2 * np.where(last > 0, sums[row, last - 1], 0.0) + even


def _halves(x: np.ndarray) -> np.ndarray:
    """Split every chain into its halves; a middle draw is left out."""
    half = x.shape[2] // 2
    return np.concatenate([x[:, :, :half], x[:, :, -half:]], axis=1)


def _scores(order: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return normal scores (quantity, n) of average ranks r: Phi^-1((r - 3/8) / (n + 1/4)).

    Parameters
    ----------
    order, ordered : arrays (quantity, n)
        Where the values in order stand, and those values.
    """
    n = order.shape[1]
    table = ndtri((1 + np.arange(2 * n - 1) / 2 - 0.375) / (n + 0.25))  # of ranks 1, 1.5, 2, ...: ties give halves
    scores = np.broadcast_to(table[::2], order.shape)
    new = ordered[:, 1:] != ordered[:, :-1]
    tied = np.flatnonzero(~new.all(axis=1))
    if tied.size:
        scores, edge, place = scores.copy(), np.ones((tied.size, 1), dtype=bool), np.arange(n)
        first = np.maximum.accumulate(np.where(np.hstack([edge, new[tied]]), place, 0), axis=1)
        last = np.minimum.accumulate(np.where(np.hstack([new[tied], edge]), place, n)[:, ::-1], axis=1)[:, ::-1]
        scores[tied] = table[first + last]
    result = np.empty(order.shape)
    for row, place in enumerate(order):
        result[row, place] = scores[row]
    return result


def _quantile(ordered: np.ndarray, p: float) -> np.ndarray:
    """Return the p-quantile (quantity) of ordered values, linear between neighbours."""
    place = (ordered.shape[1] - 1) * p
    low = int(place)
    left, right = ordered[:, low], ordered[:, min(low + 1, ordered.shape[1] - 1)]
    return np.where(place > low, left + (right - left) * (place - low), left)


def _r_hat(x: np.ndarray) -> np.ndarray:
    n = x.shape[2]
    ratio = x.mean(axis=2).var(axis=1, ddof=1) / x.var(axis=2, ddof=1).mean(axis=1)
    return np.sqrt(ratio + (n - 1) / n)
