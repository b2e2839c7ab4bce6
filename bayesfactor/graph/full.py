"""The full graph: every quantity of a model by its name, returns and factors observed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pymc as pm

from bayesfactor.base.errors import SpecError
from bayesfactor.graph.alphas import alphas, zero_beta
from bayesfactor.graph.coefficients import Expected, coefficients
from bayesfactor.graph.factors import factor_means, observe_factors, precision_root, risk_premia
from bayesfactor.graph.inputs import prior_data, scale_start, surrogate_moments
from bayesfactor.graph.loadings import inclusion, loadings
from bayesfactor.graph.noise import observe_returns
from bayesfactor.graph.noisy_factors import noisy_order, true_factors
from bayesfactor.graph.parameters import Form
from bayesfactor.graph.residual_factors import common_residuals, residual_data, residual_loadings
from bayesfactor.graph.scales import scales
from bayesfactor.panel.design import Design
from bayesfactor.panel.histories import FactorMoments
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import NamedResidualFactors, named_residual_factors
from bayesfactor.spec.scaling import ScaledPriors

STILL = 'Build model="static", in which nothing moves; '


def full_graph(
    design: Design, model: FactorModel, priors: ScaledPriors, form: Form, proxies: Mapping[str, np.ndarray]
) -> pm.Model:
    """Return the model with free coefficients, latent variables and covariance, in the coordinates of a form.

    `proxies` are second series of factors that are measured with error, on the rows of the panel's factors.
    """
    panel, history = _whole(design, model, priors), design.history
    order = noisy_order(priors.reliability, history.spans[-1].factors)
    other = [i for i, factor in enumerate(panel.factor_info) if not factor.traded]
    residual = named_residual_factors(design, model, priors)
    exact = len(order) if priors.reliability is None else int(np.sum(~priors.reliability.noisy))
    coords = _coords(panel, history, order, other, exact)
    if residual is not None:
        coords["residual_factor"] = residual.names
    with pm.Model(coords=coords, model=None) as graph:  # in no other model
        data = _data(panel, priors, residual)
        if form is Form.NON_CENTRED:
            data |= _coordinates(design, model, priors)
        mean = factor_means(data, form)
        premium = risk_premia(data, mean, other, form)
        white = precision_root(data, order)
        if priors.reliability is None:
            observe_factors(mean, white, order, stretches(panel, history))
            factors = data["factor_values"]
        else:
            values = true_factors(priors.reliability, proxies, panel, mean, white, form)
            factors = values[panel.factors.get_index("time").get_indexer(pd.Index(panel.times))]
        sigma = scales(data, form)
        loading, rate = loadings(model.loadings, data, form), zero_beta(model.zero_beta, data, form)
        included = None if priors.inclusion is None else inclusion(priors.inclusion, loading)
        law = Expected(alphas(model.alpha, data, sigma, form), loading, rate, premium - mean, included)
        alpha, beta = coefficients(law, sigma, data, form)
        expected = alpha + rate + (factors + law.shift) @ beta.T  # (time, asset)
        if residual is not None:
            expected = expected + common_residuals(residual_loadings(residual, data, form))
        observe_returns(model.noise, expected[data["time_of"], data["asset_of"]], sigma, data)
    return graph


def _whole(design: Design, model: FactorModel, priors: ScaledPriors) -> Panel:
    """Return the panel with its returns, or raise the error of a design that has none, or weighs them."""
    panel = design.panel
    if isinstance(panel, Panel) and design.weight is None and not model.moves:
        return panel
    found = type(panel).__name__
    if model.moves:
        found = f"a model that moves ({model.movement_in_words})"
    elif design.weight is not None:
        found = f"observation.kind = '{model.observation.kind}'"
    of = "what moves, in its likeliest cell" if model.moves else "weighted returns and of statistics"
    remedy = f"bf.build(panel, model, marginal=True) is the graph of {of}."
    if priors.residual_factors is not None:
        remedy = "with residual factors, bf.fit alone takes what moves."
    raise SpecError(
        f"build: the full graph observes every return, each with weight 1 and the same law, and found {found}.",
        place="build",
        found=found,
        remedy=f"{STILL if model.moves else ''}{remedy}",
    )


def _coords(panel: Panel, history: FactorMoments, order: np.ndarray, other: list[int], exact: int) -> dict:
    """Return labels; the first `exact` factors in `order` are observed themselves."""
    names, times = panel.factor_names, panel.factors["time"].values
    ends = [""] if len(history.spans) == 1 else [f"_{number + 1}" for number in range(len(history.spans))]
    coords = {
        "asset": panel.assets,
        "factor": names,
        "factor_other": names,
        "factor_pair": [f"{names[k]} on {names[j]}" for at, k in enumerate(order) for j in order[:at]],
        "group": panel.group_names,
        "nontraded": [names[i] for i in other],
        "time": panel.times,
    }
    for end, rows, span in zip(ends, _rows(history, len(times)), history.spans, strict=True):
        known = [names[k] for k in order[: min(len(span.factors), exact)]]
        coords |= {f"factor_time{end}": times[rows], f"factor_known{end}": known}
    return coords


def _rows(history: FactorMoments, periods: int) -> list[slice]:
    """Return the rows of each stretch of dates on which the same factors are known."""
    starts = [periods - span.count for span in history.spans]
    return [slice(*ends) for ends in zip(starts, [*starts[1:], periods], strict=True)]


def stretches(panel: Panel, history: FactorMoments) -> list[np.ndarray]:
    """Return the factors of each stretch of dates on which the same ones are known (date, factor known)."""
    values = panel.factors.values
    rows = _rows(history, len(values))
    return [values[row][:, span.factors] for row, span in zip(rows, history.spans, strict=True)]


def _data(panel: Panel, priors: ScaledPriors, residual: NamedResidualFactors | None) -> dict:
    """Add the numbers of the priors, and the returns that exist, one asset after the other."""
    asset_of, time_of = np.nonzero(np.isfinite(panel.returns.values.T))
    numbers = {name: np.asarray(value, dtype=float) for name, value in prior_data(priors).items()}
    own = {} if residual is None else residual_data(residual)
    return {
        **{name: pm.Data(name, value, dims="factor" if value.ndim else None) for name, value in numbers.items()},
        **{name: pm.Data(name, value, dims="residual_factor") for name, value in own.items()},
        "group_of": pm.Data("group_of", panel.group_numbers, dims="asset"),
        "factor_values": pm.Data("factor_values", panel.aligned, dims=("time", "factor")),
        "observed_returns": pm.Data("observed_returns", panel.returns.values[time_of, asset_of], dims="observation"),
        "asset_of": pm.Data("asset_of", asset_of, dims="observation"),
        "time_of": pm.Data("time_of", time_of, dims="observation"),
    }


def _coordinates(design: Design, model: FactorModel, priors: ScaledPriors) -> dict:
    """Add what the returns say of scales and coefficients, which chooses coordinates and nothing else."""
    start = scale_start(design, model.noise, priors.noise) | surrogate_moments(design, model.noise)
    return {name: pm.Data(name, value, dims="asset" if value.ndim == 1 else None) for name, value in start.items()}
