"""Draws that no sampler made: of any size, around values that are known, with what moves or without it."""

import numpy as np
import xarray as xr

from bayesfactor.panel.histories import factor_moments

MOVING = ("loading", "volatility", "factors")


def synthetic_draws(panel, *, chains=2, draws=20, seed=0, doubt=1.0, moving=(), dof=None, common=0, repeat=1):
    """Return draws for a panel, as `from_draws` takes them.

    Parameters
    ----------
    doubt : float
        How far draws are from each other; at 0 all are the same.
    moving : names out of `MOVING`
    dof : float or None
        About which degrees of freedom are drawn.
    common : int
        Number of residual factors.
    repeat : int
        How often each draw is repeated.
    """
    rng, n, k = np.random.default_rng(seed), len(panel.assets), len(panel.factor_names)
    history, samples = factor_moments(panel), chains * draws

    def about(centre, sd):
        return centre + doubt * sd * rng.standard_normal((samples, *np.shape(centre)))

    def covariance():
        root = np.linalg.cholesky(history.covariance)
        shape = np.eye(k) + 0.1 * doubt * rng.standard_normal((samples, k, k))
        return np.einsum("ab,sbc,sdc,ed->sae", root, shape, shape, root)

    mean = about(history.mean, 0.1 * history.sd)
    traded = np.array([factor.traded for factor in panel.factor_info])
    loading = about(rng.normal(0.5, 0.4, size=(n, k)), 0.2)
    found = {
        "loading": loading,
        "alpha": about(np.full(n, 1e-4), 2e-4),
        "residual_sd": about(np.zeros(n), 0.1) + np.log(0.012),
        "factor_mean": mean,
        "risk_premium": np.where(traded, mean, about(history.mean / 2, 0.1 * history.sd)),
        "factor_cov": covariance(),
    }
    found["residual_sd"] = np.exp(found["residual_sd"])
    if "loading" in moving:
        found |= {
            "loading_long_run": loading - 0.3,
            "loading_move": np.exp(about(np.log(0.2), 0.2)),
            "loading_memory": np.exp(about(np.log(8.0), 0.3)),
        }
    if "volatility" in moving:
        found |= {
            "volatility_now": np.exp(about(0.4, 0.2)),
            "volatility_memory": np.exp(about(np.log(3.0), 0.3)),
            "volatility_size": np.exp(about(np.log(0.3), 0.2)),
        }
    if "factors" in moving:
        found |= {"factor_cov_long_run": 0.5 * covariance(), "factor_memory": np.exp(about(np.log(4.0), 0.3))}
    if dof is not None:
        found["dof"] = 2.5 + (dof - 2.5) * np.exp(about(0.0, 0.2))
    if common:
        found["residual_loading"] = about(rng.normal(0, 0.006, size=(n, common)), 0.002)
    labels = {
        "asset": list(panel.assets),
        "factor": list(panel.factor_names),
        "factor_other": list(panel.factor_names),
        "residual_factor": list(range(common)),
    }
    rest = {"loading": "asset factor", "factor_cov": "factor factor_other", "residual_loading": "asset residual_factor"}
    rest |= dict.fromkeys(("alpha", "residual_sd"), "asset") | dict.fromkeys(("factor_mean", "risk_premium"), "factor")
    rest |= {"loading_long_run": rest["loading"], "factor_cov_long_run": rest["factor_cov"]}
    arrays = {}
    for name, values in found.items():
        whole = np.repeat(values.reshape(chains, draws, *values.shape[1:]), repeat, axis=1)
        arrays[name] = (("chain", "draw", *rest.get(name, "").split()), whole)
    used = {dim for dims, _ in arrays.values() for dim in dims}
    return xr.Dataset(arrays, {dim: values for dim, values in labels.items() if dim in used})
