"""From a panel and a model to a PyMC model."""

from pathlib import Path

import pymc as pm

from bayesfactor.base.errors import SpecError
from bayesfactor.graph.full import full_graph
from bayesfactor.graph.integrated import integrated_graph
from bayesfactor.graph.parameters import Form
from bayesfactor.panel.base import PanelBase
from bayesfactor.paths.movement import designs, find_movement
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import scale_priors


def build(
    panel: PanelBase, model: str | Path | FactorModel, *, centred: bool = True, marginal: bool = False
) -> pm.Model:
    """Return a model in PyMC, as one would write it: to read, to change, to draw from.

    With lambda_k = mu_k of a traded factor, and dates t on which asset i was observed::

        r_it ~ N(alpha_i + lambda_0 + sum_k beta_ik (f_kt - mu_k + lambda_k), sigma_i^2)      (or Student-t)
        f_t ~ N(mu, Omega),  Omega ~ inverse Wishart

    With residual factors lambda_i'z_t is added to the mean: ``residual_loading`` (asset, residual_factor), what groups
    share of it (``residual_loading_mean``, ``residual_loading_scale``) and ``residual_factor_value`` (time,
    residual_factor). Loadings that may be out have ``included`` (asset, factor) and ``inclusion_rate`` (factor).
    Factors that are measured with error have ``factor_true``, and ``reliability`` (factor).

    Variables are ``loading``, ``alpha``, ``sigma``, ``log_sigma``, ``zero_beta``, ``dof``, ``factor_mean``,
    ``risk_premium``, ``premium`` (of non-traded factors), ``factor_cov``, what their laws share (``loading_mean``,
    ``loading_scale``, ``alpha_scale``, ...), and ``residual_sd``. Observed are ``returns``, by ``observation`` (those
    that exist, one asset after the other; ``asset_of`` and ``time_of`` say whose and when), and ``factors``; factors
    that begin on different dates are observed as ``factors_1``, ``factors_2``, ..., one for each stretch of dates.

    Parameters
    ----------
    panel : Panel
    model : str, Path or FactorModel
        A preset's name, the path of a model file, or a model.
    centred : bool
        Whether loadings, alphas and log sigma are sampled themselves. If not, they are Deterministics of coordinates
        that are near standard normals given the data (``coefficient_z``, ``log_sigma_z``), and so are means and premia
        of standard normals (``factor_mean_z``, ...): the same density, whatever the data say.
    marginal : bool
        Loadings and alphas integrated out under normal noise, and Omega always: the density that `fit` samples, in its
        coordinates. `fit` draws what is integrated out afterwards, exactly, given the rest. With Student-t noise the
        coefficients are in it, in coordinates that weighted returns give. Residual factors are integrated out too,
        where all assets were observed on the same dates.

    Returns
    -------
    pymc.Model
        All data are in ``pm.Data`` containers.

    Raises
    ------
    SpecError
        When the model asks for a factor family, or a prior for one, that is not there; when something moves, returns
        are weighted, or the panel holds statistics instead of returns, and the graph is not marginal; when latent
        variables do not integrate out of one that is.

    Notes
    -----
    When each form is wrong to use. The centred form is to be read, changed and drawn from: do not sample it where
    histories are short or groups alike, since a scale that multiplies free coefficients makes a funnel, on which chains
    do not converge. Sample the non-centred form, which is slow where histories are long and many. The marginal form has
    no funnel, but no ``loading`` to put a prior on either; under ``PanelStatistics`` or a half-life it is the only one.
    So it is where something moves, and is then the density of the likeliest cell of what moves, as `fit` samples it.

    In the marginal form a scale is sampled as the standard normal of which it is the half-normal quantile: its prior is
    then a normal one, and it mixes as its coordinate does. A premium with a spike and slab is sampled so too, there and
    in the non-centred form.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(f"build: expected a Panel, found {type(panel).__name__}.", place="build.panel", found=panel)
    if marginal and not centred:
        raise SpecError(
            "build: centred=False goes with marginal=False: the marginal graph has coordinates of its own.",
            place="build.centred",
            found=centred,
            remedy="Leave out one of the two.",
        )
    model, whole = as_model(model), panel
    panel = model.restrict(whole)
    design = designs(panel, model, find_movement(panel, model))[0] if marginal else model.design(panel)
    priors = scale_priors(design, model)
    if marginal:
        return integrated_graph(design, model, priors)
    form = Form.CENTRED if centred else Form.NON_CENTRED
    return full_graph(design, model, priors, form, model.proxies(whole))
