"""The marginal graph: loadings, alphas and the factors' covariance integrated out."""

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.alphas import alphas, zero_beta
from bayesfactor.graph.coefficients import Expected
from bayesfactor.graph.factors import integrated_factors
from bayesfactor.graph.inputs import graph_data
from bayesfactor.graph.loadings import loadings
from bayesfactor.graph.marginal import Symbols
from bayesfactor.graph.noise import add_returns
from bayesfactor.graph.parameters import Form, NormalLaw
from bayesfactor.graph.scales import scales
from bayesfactor.panel.design import Design
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors


def integrated_graph(design: Design, model: FactorModel, priors: ScaledPriors) -> pm.Model:
    """Return the density that `fit` samples, in its coordinates."""
    panel, form = design.panel, Form.MARGINAL
    names = panel.factor_names
    other = [i for i, factor in enumerate(panel.factor_info) if not factor.traded]
    coords = {
        "asset": panel.assets,
        "factor": names,
        "group": panel.group_names,
        "nontraded": [names[i] for i in other],
        "coefficient": ("alpha", *(f"loading {name}" for name in names)),
    }
    with pm.Model(coords=coords, model=None) as graph:  # in no other model
        data = {name: pm.Data(name, value) for name, value in graph_data(design, model, priors).items()}
        shift = integrated_factors(data, other)
        sigma = scales(data, form)
        loading, rate = loadings(model.loadings, data, form), zero_beta(model.zero_beta, data, form)
        law = Expected(alphas(model.alpha, data, sigma, form), loading, rate, shift)
        add_returns(model.noise, _symbols(law, sigma), data)
    return graph


def _symbols(of: Expected, sigma: pt.TensorVariable) -> Symbols:
    """Return what a noise law needs of the coefficients, those with a standard deviation of 0 among them."""
    sd = pt.concatenate([_sd(of.alpha)[:, None], _sd(of.loading)], axis=1)
    return Symbols(of.mean, sd, pt.log(sigma), pt.concatenate([[0.0], of.shift]))


def _sd(law: NormalLaw) -> pt.TensorVariable:
    return pt.zeros_like(law.loc) if law.sd is None else law.sd
