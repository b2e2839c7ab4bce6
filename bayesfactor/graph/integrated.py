"""The marginal graph: loadings, alphas and the factors' covariance integrated out."""

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.base.errors import SpecError
from bayesfactor.graph.alphas import alphas, zero_beta
from bayesfactor.graph.coefficients import Expected
from bayesfactor.graph.collapsed_covariance import collapsed, products_data
from bayesfactor.graph.factors import integrated_factors
from bayesfactor.graph.inputs import graph_data
from bayesfactor.graph.loadings import loadings
from bayesfactor.graph.marginal import Symbols
from bayesfactor.graph.noise import add_coefficient_law, add_returns
from bayesfactor.graph.parameters import Form, NormalLaw
from bayesfactor.graph.residual_factors import residual_data, residual_loadings
from bayesfactor.graph.scales import scales
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.residual_products import residual_products
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.named_residual_factors import NamedResidualFactors, kept_apart, named_residual_factors
from bayesfactor.spec.scaling import ScaledPriors


def integrated_graph(design: Design, model: FactorModel, priors: ScaledPriors) -> pm.Model:
    """Return the density that `fit` samples, in its coordinates."""
    _check(design, model, priors)
    panel, form, residual = design.panel, Form.MARGINAL, named_residual_factors(design, model, priors)
    names = panel.factor_names
    other = [i for i, factor in enumerate(panel.factor_info) if not factor.traded]
    coords = {
        "asset": panel.assets,
        "factor": names,
        "group": panel.group_names,
        "nontraded": [names[i] for i in other],
        "coefficient": ("alpha", *(f"loading {name}" for name in names)),
    }
    numbers = graph_data(design, model, priors)
    if residual is not None:
        coords["residual_factor"] = residual.names
        numbers |= residual_data(residual) | products_data(residual_products(require_returns(panel)))
    with pm.Model(coords=coords, model=None) as graph:  # in no other model
        data = {name: pm.Data(name, value) for name, value in numbers.items()}
        shift = integrated_factors(data, other)
        sigma = scales(data, form)
        loading, rate = loadings(model.loadings, data, form), zero_beta(model.zero_beta, data, form)
        law = Expected(alphas(model.alpha, data, sigma, form), loading, rate, shift)
        if residual is None:
            add_returns(model.noise, _symbols(law, sigma), data)
        else:
            _add_correlated(_symbols(law, sigma), residual, data)
    return graph


def _add_correlated(symbols: Symbols, residual: NamedResidualFactors, data: dict) -> None:
    """Add the law of returns whose residuals are correlated, with coefficients and residual factors integrated out."""
    add_coefficient_law(symbols)
    pm.Potential("likelihood", collapsed(symbols, residual_loadings(residual, data, Form.MARGINAL), data))


def _check(design: Design, model: FactorModel, priors: ScaledPriors) -> None:
    """Refuse what does not integrate out."""
    reason = None
    if priors.inclusion is not None:
        reason = "loadings that may be out (loadings.inclusion) do not integrate out"
    elif priors.reliability is not None:
        reason = "factors that are measured with error (factors.error) do not integrate out"
    elif priors.residual_factors is not None and (apart := kept_apart(design.panel, model)):
        reason = f"coefficients and residual factors do not integrate out together: {apart}"
    if reason is not None:
        raise SpecError(
            f"build: {reason}.",
            place="build.marginal",
            found=model.name,
            remedy="bf.build(panel, model), where nothing moves, has all of them as variables; bf.fit samples them.",
        )


def _symbols(of: Expected, sigma: pt.TensorVariable) -> Symbols:
    """Return what a noise law needs of the coefficients, those with a standard deviation of 0 among them."""
    sd = pt.concatenate([_sd(of.alpha)[:, None], _sd(of.loading)], axis=1)
    return Symbols(of.mean, sd, pt.log(sigma), pt.concatenate([[0.0], of.shift]))


def _sd(law: NormalLaw) -> pt.TensorVariable:
    return pt.zeros_like(law.loc) if law.sd is None else law.sd
