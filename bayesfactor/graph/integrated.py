"""The marginal graph: loadings, alphas and the factors' covariance integrated out."""

import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.alphas import alphas, zero_beta
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
        alpha = alphas(model.alpha, data, sigma, form)
        add_returns(model.noise, _symbols(loading, alpha, rate, sigma, shift), data)
    return graph


def _symbols(
    loading: NormalLaw, alpha: NormalLaw, rate: pt.TensorVariable, sigma: pt.TensorVariable, shift: pt.TensorVariable
) -> Symbols:
    """Return mean and standard deviation of the coefficients (alpha_i + lambda_0, beta_i'), and what goes with them."""
    mean = pt.concatenate([(alpha.loc + rate)[None, :], loading.loc.T])
    sd = pt.concatenate([_sd(alpha)[None, :], _sd(loading).T])
    return Symbols(mean, sd, pt.log(sigma), pt.concatenate([[0.0], shift]))


def _sd(law: NormalLaw) -> pt.TensorVariable:
    return pt.zeros_like(law.loc) if law.sd is None else law.sd
