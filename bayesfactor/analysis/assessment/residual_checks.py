"""Whether residuals have the shape that the noise law gives them: its tails, and no skewness."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import residual_law, standardised_residuals

DRAWS = 200
MOST_RESIDUALS = 2**27  # in memory at once, unless one asset has more


def shapes(fit: Fit) -> pd.DataFrame:
    """Return, per asset, what the law of residuals says of the shape of those observed.

    ``prob_tails``: the posterior predictive probability of a kurtosis as large; ``prob_skewness``: of a skewness as far
    from 0, either way, by Kelly's coefficient, as heavy tails leave that of third moments no power; of residuals over
    the standard deviation of their date. NaN without a noise law or a record of the path of what moves, or where the
    panel does not hold the returns; skewness also where the law's means follow the sample's.
    """
    found = np.full((len(fit.panel.assets), 2), np.nan)
    dated = of_posterior(fit, DRAWS)
    if fit.noise is not None and isinstance(fit.panel, Panel) and not dated.unknown:
        law, residuals = fit.noise, residual_law(fit.noise, dated.draws)
        asked = fit.model is not None and not fit.model.noise.matches_sample_moments
        one = {name: values[:, None] for name, values in residuals.standard.items()}

        def shape(i: int) -> tuple[float, float]:
            weight = fit.design.rows(i)[3]
            if weight.sum() < 3:
                return np.nan, np.nan
            rng = np.random.default_rng([fit.seed, i])
            if dated.still:
                z, own = standardised_residuals(fit, i, dated.coefficients, residuals.sd), residuals.of_asset(i)
            else:
                _, residual, sd = dated.residuals(i)
                z, own = residual / sd, one
            new = law.simulate(own, rng, z.shape)
            tail = float(np.mean(_kurtosis(new, weight) >= _kurtosis(z, weight)))
            return tail, float(np.mean(np.abs(_skewness(new)) >= np.abs(_skewness(z)))) if asked else np.nan

        _made(dated)
        room = MOST_RESIDUALS // (len(residuals.sd) * len(fit.panel.times))
        cores = max(1, min(os.cpu_count() or 1, room))
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(cores) as pool:  # an asset each
            found = np.array(list(pool.map(shape, range(len(fit.panel.assets)))))
    index = pd.Index(fit.panel.assets, name="asset")
    return pd.DataFrame(found, index=index, columns=["prob_tails", "prob_skewness"])


def _made(dated: Dated) -> None:
    """Have what several threads ask for made once, before them."""
    _ = dated.coefficients, dated.level
    if dated.filters is not None:
        _ = dated.cell


def _kurtosis(z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    share = weight / weight.sum()
    square = z - (z @ share)[:, None]
    square *= square
    spread = square @ share
    square *= square
    return square @ share / np.maximum(spread**2, 1e-300)


def _skewness(z: np.ndarray) -> np.ndarray:
    """Return Kelly's coefficient (sample): how much further from the median the ninth decile is than the first."""
    low, middle, high = np.quantile(z, [0.1, 0.5, 0.9], axis=1)
    return (high + low - 2 * middle) / np.maximum(high - low, 1e-300)
