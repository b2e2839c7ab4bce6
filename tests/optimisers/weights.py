"""Weights by cvxpy, and settings of the optimisers that are held to them."""

import cvxpy as cp
from skfolio.optimization import ObjectiveFunction

import bayesfactor as bf

EXACT = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-10)
SAMPLER = bf.Sampler(draws=100, tune=100, chains=2, seed=1, progress=False)
UTILITY = {"objective_function": ObjectiveFunction.MAXIMIZE_UTILITY, "risk_aversion": 3, "solver_params": EXACT}
GROUPS = {f"a{number:02d}": {"group": "odd" if number % 2 else "even"} for number in range(5)}


def by_cvxpy(covariance, mean=None, aversion=1.0, reach=None):
    """Return long-only weights: of least variance, or of the largest utility, less the worst case by `reach`."""
    w = cp.Variable(len(covariance))
    utility = -aversion * cp.quad_form(w, cp.psd_wrap(covariance))
    utility += 0 if mean is None else mean @ w
    utility -= 0 if reach is None else cp.norm(reach.T @ w)
    cp.Problem(cp.Maximize(1e3 * utility), [w >= 0, cp.sum(w) == 1]).solve(solver=cp.CLARABEL, **EXACT)
    return w.value
