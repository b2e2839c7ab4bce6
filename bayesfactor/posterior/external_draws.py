"""Draws that another program made, as a fit."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import observe
from bayesfactor.posterior.diagnostics import STEPS
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.schema import validate
from bayesfactor.posterior.storage.panels import panel_groups
from bayesfactor.spec.files import as_model
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.units import PanelUnits

GROUPS = ("sample_stats", "log_prior")  # that are used where they are given


def from_draws(panel: PanelBase, draws: xr.Dataset | xr.DataTree, model: str | Path | FactorModel | None = None) -> Fit:
    r"""Return draws of another program (PyMC, Stan, NumPyro, ...) as a fit, for every answer to be made of them.

    What the variables mean, for asset i, factor k and period t:

    .. math:: r_{it} = \alpha_i + \lambda_0 + \sum_{traded} \beta_{ik} f_{kt}
              + \sum_{others} \beta_{ik} (f_{kt} - \mu_k + \lambda_k) + \varepsilon_{it}

    Parameters
    ----------
    panel : Panel
        The data that the draws are of; excess returns and factors, decimals per period.
    draws : Dataset, DataTree, or an object with a `posterior`
        Dimensions ``chain`` and ``draw``, and labels of the panel along the others, in any order. Required:
        ``loading`` (asset, factor), ``alpha`` (asset), ``residual_sd`` (asset; the standard deviation of
        :math:`\varepsilon`, whatever its law), ``risk_premium`` (factor; :math:`\lambda`, of a traded factor the same
        as its mean), ``factor_mean`` (factor; :math:`\mu`), ``factor_cov`` (factor, factor_other). Optional:
        ``zero_beta``, ``loading_mean`` (group, factor), ``loading_scale`` (factor), ``loading_common`` (factor),
        ``alpha_scale``, ``log_sigma_mean``, ``log_sigma_scale``; ``residual_loading`` (asset, residual_factor), of
        residuals on common sources of variance 1, and ``residual_sd`` is then that of what these leave;
        ``inclusion_probability`` (asset, factor) and ``inclusion_rate`` (factor), of loadings that may be 0;
        ``reliability`` (factor), the share of a factor's variance that is not measurement error. Where loadings,
        residuals' volatility or the factors' covariance move, the variables above are those of the next period, and
        there are, of each part all or none: ``loading_long_run`` (asset, factor), ``loading_move``, ``loading_memory``;
        ``volatility_now``, ``volatility_memory``, ``volatility_size``; ``factor_cov_long_run`` (factor, factor_other),
        ``factor_memory`` (memories are half-lives in periods). Other variables are kept, and their convergence is
        checked. Groups ``sample_stats`` and ``log_prior`` are used where they are given.
    model : str, Path or FactorModel, optional
        The model that they are draws of, which gives priors and the noise law. The parameters of that law are then
        required too (``dof`` of Student-t noise).

    Returns
    -------
    Fit
        Without a `model`, what needs its priors or its noise law is not computed, and says so: no verdict on premia, no
        log-likelihood, no shrinkage.

    Raises
    ------
    FitError
        One that names everything that is missing, without its dimensions or labels, or no finite number.
    SpecError
        When it is no panel, or the model does not exist or does not fit the panel.

    Notes
    -----
    Wrong to use for draws in which residuals move together and no ``residual_loading`` says how: answers take residuals
    as independent then. Draws hold what moves of the next period and in the long run,
    and not its path: answers about past dates, and checks that need them, cannot be computed then, and say so.
    """
    if not isinstance(panel, PanelBase):
        raise SpecError(
            f"from_draws: expected a Panel, found {type(panel).__name__}.",
            place="from_draws.panel",
            found=panel,
            remedy="Make one with bf.integrate(returns, factors, ...).",
        )
    if not (model is None or isinstance(model, (str, Path, FactorModel))):
        raise SpecError(
            f"from_draws: expected a model, found {type(model).__name__}.",
            place="from_draws.model",
            remedy="Give a preset's name, the path of a model file, a FactorModel, or leave it out.",
        )
    chosen = None if model is None else as_model(model)
    used = panel if chosen is None else chosen.restrict(panel)
    given = _groups(draws)
    posterior = _counted(given.pop("posterior"))
    whole = validate(posterior, used, {} if chosen is None else chosen.noise.law.least)
    if chosen is not None:
        _check_zero_beta(whole, chosen, used)
    others = {name: _beside(name, group, whole) for name, group in given.items()}
    groups = {"posterior": whole, **others, **panel_groups(used)}
    data = xr.DataTree.from_dict({name: xr.DataTree(dataset) for name, dataset in groups.items()})
    return Fit(used, chosen, None, data, versions={**_made_with(posterior), "bayesfactor": version("bayesfactor")})


def _groups(draws: object) -> dict[str, xr.Dataset]:
    """Return the groups that are used, by name."""
    if isinstance(draws, xr.Dataset):
        return {"posterior": draws}
    if isinstance(draws, xr.DataTree):
        found = {name: draws[name].to_dataset() for name in ("posterior", *GROUPS) if name in draws.children}
    else:
        found = {
            name: group
            for name in ("posterior", *GROUPS)
            if isinstance(group := getattr(draws, name, None), xr.Dataset)
        }
    if "posterior" not in found:
        raise FitError(
            f"from_draws: found no posterior in a {type(draws).__name__}.",
            remedy="Give an xarray Dataset of draws, or a DataTree or InferenceData with a group 'posterior'.",
        )
    return found


def _counted(draws: xr.Dataset) -> xr.Dataset:
    """Return draws with numbers along chain and draw where they have none."""
    plain = [dim for dim in ("chain", "draw") if dim in draws.sizes and dim not in draws.coords]
    return draws.assign_coords({dim: np.arange(draws.sizes[dim]) for dim in plain})


def _beside(name: str, group: xr.Dataset, posterior: xr.Dataset) -> xr.Dataset:
    """Return a group of as many chains and draws as the posterior has, counted as these are."""
    wanted = {dim: posterior.sizes[dim] for dim in ("chain", "draw")}
    found = {dim: group.sizes.get(dim, 0) for dim in wanted}
    if found != wanted:
        raise FitError(
            f"from_draws: '{name}' has {found['chain']} chains of {found['draw']} draws, and 'posterior' "
            f"{wanted['chain']} of {wanted['draw']}.",
            remedy=f"Give the '{name}' of the same draws, or none.",
        )
    if name == "sample_stats":  # PyMC's has texts too, which no file holds
        group = group.drop_vars([v for v in group if v not in STEPS and group[v].dtype.kind not in "biuf"])
    for variable, array in group.data_vars.items():
        read = name != "sample_stats" or variable in STEPS  # of others an infinity is no fault: of energies, say
        if array.dtype.kind not in "biuf" or (read and not np.isfinite(array.values.astype(float)).all()):
            raise FitError(
                f"from_draws: '{variable}' of '{name}' holds values that are no finite numbers.",
                remedy=f"Give the '{name}' that the sampler made, or leave '{variable}' out.",
            )
    return group.assign_coords({dim: posterior[dim].values for dim in wanted})


def _check_zero_beta(posterior: xr.Dataset, model: FactorModel, panel: PanelBase) -> None:
    """Refuse draws with a zero-beta rate of a model without one, and the reverse."""
    units = PanelUnits(observe(panel), model.noise, model.name)
    has, given = model.zero_beta.scaled(units) is not None, "zero_beta" in posterior
    if has != given:
        raise FitError(
            f"from_draws: the model '{model.name}' has {'a' if has else 'no'} zero-beta rate, and the draws "
            f"{'have' if given else 'lack'} 'zero_beta'.",
            remedy="Name the model that the draws are of.",
        )


def _made_with(posterior: xr.Dataset) -> dict[str, str]:
    """Return the program that made the draws and its version, where they say so as ArviZ's converters do."""
    library, number = (posterior.attrs.get(f"inference_library{part}") for part in ("", "_version"))
    return {str(library): str(number or "")} if library else {}
