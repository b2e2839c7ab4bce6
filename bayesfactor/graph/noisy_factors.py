"""Factors that are measured with error in the PyMC graph: their true values, and the series that are observed."""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.factors import observe_factors
from bayesfactor.graph.parameters import Form
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.measurement_error import ScaledReliability


def noisy_order(law: ScaledReliability | None, order: np.ndarray) -> np.ndarray:
    """Return an order of factors in which those with error come last."""
    return order if law is None else np.concatenate([order[~law.noisy[order]], order[law.noisy[order]]])


def true_factors(
    law: ScaledReliability,
    proxies: Mapping[str, np.ndarray],
    panel: Panel,
    mean: pt.TensorVariable,
    white: pt.TensorVariable,
    form: Form,
) -> pt.TensorVariable:
    """Add true values of factors with error and what is observed of them; return all factors (factor time, factor).

    f_t ~ N(mu, Omega) and, of each series s of factor k, o_st ~ N(f_kt, (1 - rho_k) v_s), v_s the sample variance of
    the series: ``factor_true`` (factor_time, noisy_factor), ``reliability`` (factor), and observed
    ``factors_with_error``, ``proxies``.
    """
    values, noisy = panel.factors.values, np.flatnonzero(law.noisy)
    exact = np.flatnonzero(~law.noisy)
    pm.modelcontext(None).add_coord("noisy_factor", [panel.factor_names[k] for k in noisy])
    order = np.concatenate([exact, noisy])
    if exact.size:
        observe_factors(mean, white[: exact.size, : exact.size], exact, [values[:, exact]])
    root = pt.linalg.solve_triangular(white[exact.size :, exact.size :], pt.eye(noisy.size), lower=True)
    known = (values[:, exact] - mean[exact]) @ white[exact.size :, : exact.size].T
    centre = mean[noisy] - known @ root.T
    true = _true_values(centre, root, form)
    rate = _reliability(law)
    error = pt.sqrt((1 - rate[noisy]) * law.variance[noisy])
    pm.Normal(
        "factors_with_error", true, error, observed=pm.Data("observed_factors_with_error", values[:, noisy]),
        dims=("factor_time", "noisy_factor"),
    )  # fmt: skip
    _observe_proxies(proxies, panel, true, rate, noisy)
    return pt.concatenate([pt.as_tensor(values[:, exact]), true], axis=1)[:, np.argsort(order)]


def _true_values(centre: pt.TensorVariable, root: pt.TensorVariable, form: Form) -> pt.TensorVariable:
    """Add ``factor_true``, each date ~ N(centre_t, root root')."""
    dims = ("factor_time", "noisy_factor")
    if form is Form.CENTRED:
        return pm.MvNormal("factor_true", centre, chol=root, dims=dims)
    return pm.Deterministic("factor_true", centre + pm.Normal("factor_true_z", dims=dims) @ root.T, dims=dims)


def _reliability(law: ScaledReliability) -> pt.TensorVariable:
    """Add ``reliability`` (factor): known, or ~ Beta(a, b); 1 without error."""
    rate, graph = pt.as_tensor(np.nan_to_num(law.known, nan=1.0)), pm.modelcontext(None)
    unknown = np.flatnonzero(np.isnan(law.known))
    if unknown.size:
        graph.add_coord("uncertain_factor", [graph.coords["factor"][k] for k in unknown])
        own = pm.Beta("reliability_uncertain", law.a[unknown], law.b[unknown], dims="uncertain_factor")
        rate = pt.set_subtensor(rate[unknown], own)
    return pm.Deterministic("reliability", rate, dims="factor")


def _observe_proxies(
    proxies: Mapping[str, np.ndarray], panel: Panel, true: pt.TensorVariable, rate: pt.TensorVariable, noisy: np.ndarray
) -> None:
    """Add second series of the same factors."""
    of = [place for place, k in enumerate(noisy) if panel.factor_names[k] in proxies]
    if not of:
        return
    names = [panel.factor_names[noisy[place]] for place in of]
    values = np.column_stack([proxies[name] for name in names])
    pm.modelcontext(None).add_coord("factor_with_proxy", names)
    error = pt.sqrt((1 - rate[noisy[of]]) * np.nanvar(values, axis=0, ddof=1))
    pm.Normal(
        "proxies", true[:, of], error, observed=pm.Data("observed_proxies", values),
        dims=("factor_time", "factor_with_proxy"),
    )  # fmt: skip
