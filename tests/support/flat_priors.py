"""One asset regressed on one factor under a flat prior: exact draws, and exact leave-one-out in closed form."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor


def exact_leave_one_out(y, x):
    """Return log p(y_t | the rest) of a regression with a flat prior on (c, log sigma): a Student-t, in closed form."""
    n, p = x.shape
    hat = x @ np.linalg.pinv(x)
    e, h = y - hat @ y, np.diag(hat)
    gap = e / (1 - h)
    scale = (e @ e - e**2 / (1 - h)) / (n - 1 - p)
    return stats.t(n - 1 - p, scale=np.sqrt(scale / (1 - h))).logpdf(gap)


def flat_panel(y, factor):
    """Return the panel of one asset and one traded factor, by the month."""
    time = pd.date_range("1990-01-31", periods=len(y), freq="ME")
    return Panel(
        returns=xr.DataArray(y[:, None], {"time": time, "asset": ["a"]}, ("time", "asset")),
        factors=xr.DataArray(factor[:, None], {"time": time, "factor": ["f"]}, ("time", "factor")),
        factor_info=(Factor("f", family="market"),),
        groups=xr.DataArray(["g"], {"asset": ["a"]}, ("asset",)),
        calendar=Calendar("monthly", 12),
    )


def flat_fit(y, factor, draws=4000, *, intercept=True, without=(), seed=5):
    """Return a fit of one asset on one traded factor whose draws are exact under a flat prior.

    Without an `intercept`, alpha is 0; rows in `without` have not been seen.
    """
    rng, chains = np.random.default_rng(seed), 4
    panel = flat_panel(y, factor)
    panel = panel.without(*panel.times[list(without)])
    seen = np.isfinite(panel.returns.values[:, 0])
    x = np.column_stack([np.ones(len(y)), factor])[seen, 0 if intercept else 1 :]
    n, p = x.shape
    inverse = np.linalg.inv(x.T @ x)
    centre = inverse @ x.T @ y[seen]
    rss = np.sum((y[seen] - x @ centre) ** 2)
    sigma = np.sqrt(rss / rng.chisquare(n - p, size=(chains, draws)))
    c = np.zeros((chains, draws, 2))
    noise = rng.standard_normal((chains, draws, p)) @ np.linalg.cholesky(inverse).T
    c[..., 2 - p :] = centre + sigma[..., None] * noise
    omega = np.full((chains, draws, 1, 1), factor.var())
    mean = rng.normal(factor.mean(), factor.std() / len(y) ** 0.5, (chains, draws, 1))
    posterior = xr.Dataset(
        {
            "alpha": (("chain", "draw", "asset"), c[..., :1]),
            "loading": (("chain", "draw", "asset", "factor"), c[..., None, 1:]),
            "residual_sd": (("chain", "draw", "asset"), sigma[..., None]),
            "risk_premium": (("chain", "draw", "factor"), mean),
            "factor_mean": (("chain", "draw", "factor"), mean),
            "factor_cov": (("chain", "draw", "factor", "factor_other"), omega),
        },
        coords={"asset": ["a"], "factor": ["f"], "factor_other": ["f"], "chain": range(chains), "draw": range(draws)},
    )
    return bf.from_draws(panel, posterior, model=bf.FactorModel())
