"""From a panel and a model to a PyMC model."""

from pathlib import Path

import pymc as pm

from bayesfactor.base.errors import SpecError
from bayesfactor.graph.factors import factor_means
from bayesfactor.graph.inputs import graph_data
from bayesfactor.graph.loadings import coefficients
from bayesfactor.graph.marginal import Symbols
from bayesfactor.graph.noise import add_returns
from bayesfactor.graph.scales import log_scales
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import observe
from bayesfactor.spec.files import read_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import scale_priors


def build(panel: PanelBase, model: str | Path | FactorModel) -> pm.Model:
    """Return the PyMC model that `fit` samples.

    Sampled are the group means, spreads, residual scales, factor means and the premia of non-traded factors.
    With normal noise the loadings and alphas are integrated out, and the factor covariance always is; `fit` draws
    them afterwards, exactly, given the rest. With Student-t noise the coefficients are in the graph::

        r_it = alpha_i + lambda_0 + sum_traded beta_ik f_kt + sum_nontraded beta_ik (f_kt - mu_k + lambda_k) + eps_it

    Parameters
    ----------
    panel : Panel
    model : str, Path or FactorModel
        A preset's name, the path of a model file, or a model.

    Returns
    -------
    pymc.Model
        All data are in ``pm.Data`` containers.

    Raises
    ------
    SpecError
        When the model asks for a factor family, or a prior for one, that is not there.

    Notes
    -----
    A scale that multiplies an integrated-out coefficient is sampled as a number of either sign, of which it is the
    absolute value: a half-normal prior is then a normal one and the density is smooth through 0, without a funnel. For
    the same reason a premium with a spike and slab is sampled as the standard normal of which it is the quantile.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(f"build: expected a Panel, found {type(panel).__name__}.", place="build.panel", found=panel)
    model = model if isinstance(model, FactorModel) else read_model(model)
    panel = model.restrict(panel)
    design = observe(panel, model.observation.weights(panel))
    numbers = graph_data(design, model, scale_priors(design, model))
    names = panel.factor_names
    other = [i for i, factor in enumerate(panel.factor_info) if not factor.traded]
    coords = {
        "asset": panel.assets,
        "factor": names,
        "group": panel.group_names,
        "nontraded": [names[i] for i in other],
        "coefficient": ("alpha", *(f"loading {name}" for name in names)),
    }
    with pm.Model(coords=coords) as graph:
        data = {name: pm.Data(name, value) for name, value in numbers.items()}
        shift = factor_means(data, other, len(names))
        log_sigma = log_scales(data)
        symbols = Symbols(*coefficients(model, data, log_sigma), log_sigma, shift)
        add_returns(model.noise, symbols, data)
    return graph
