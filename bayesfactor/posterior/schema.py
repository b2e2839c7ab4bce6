"""The variables of a posterior: what every answer reads of the draws of a fit, whoever made them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.alignment import disagreements, in_order
from bayesfactor.posterior.plausibility import implausible, numbers
from bayesfactor.spec.noise import Noise

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "loading": ("asset", "factor"),
    "alpha": ("asset",),
    "residual_sd": ("asset",),
    "risk_premium": ("factor",),
    "factor_mean": ("factor",),
    "factor_cov": ("factor", "factor_other"),
}  # name -> dimensions beside chain and draw
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "zero_beta": (),
    "loading_mean": ("group", "factor"),
    "loading_scale": ("factor",),
    "loading_common": ("factor",),
    "alpha_scale": (),
    "mispricing_sharpe": (),
    "log_sigma_mean": (),
    "log_sigma_scale": (),
    "residual_loading": ("asset", "residual_factor"),
    "inclusion_probability": ("asset", "factor"),
    "inclusion_rate": ("factor",),
    "reliability": ("factor",),
    "loading_long_run": ("asset", "factor"),
    "loading_move": (),
    "loading_memory": (),
    "volatility_now": (),
    "volatility_memory": (),
    "volatility_size": (),
    "factor_cov_long_run": ("factor", "factor_other"),
    "factor_memory": (),
}
MEANING: Mapping[str, str] = {
    "loading": "the sensitivity of each asset to each factor",
    "alpha": "the mean return a period that no factor explains; of a model without alphas give zeros",
    "residual_sd": "the standard deviation of each asset's residuals a period, whatever their law",
    "risk_premium": "what one unit of loading pays a period; of a traded factor its mean",
    "factor_mean": "the mean of each factor a period",
    "factor_cov": "the covariance of the factors a period",
}
SHARED = (
    "risk_premium",
    "alpha_scale",
    "loading_scale",
    "loading_mean",
    "loading_common",
    "log_sigma_mean",
    "log_sigma_scale",
    "zero_beta",
    "inclusion_rate",
    "reliability",
)  # parameters that assets share; those of the noise law come to them
FEWEST_DRAWS = 4  # of a chain: with fewer there is no R-hat
NONE: Mapping[str, float] = MappingProxyType({})
SIGMA = (
    "its 'sigma' is not taken for it: give residual_sd = sigma where residuals are normal, and sigma sqrt(nu / (nu - "
    "2)) where they are Student-t with scale sigma and nu degrees of freedom"
)


def shared(posterior: xr.Dataset, noise: Noise | None) -> tuple[str, ...]:
    """Return the parameters that assets share, in the order of `SHARED`, those of the noise law last."""
    own = () if noise is None else noise.parameters
    return tuple(name for name in (*SHARED, *own) if name in posterior)


def align(tree: xr.DataTree, panel: PanelBase) -> xr.DataTree:
    """Return the tree with its posterior in the order of the panel's assets, factors and groups.

    Loadings on residual factors of which there are none, as where none were counted, are left out.
    Draws that are in that order already stay as they are, on disk or in memory; the tree given is never changed.

    Raises
    ------
    FitError
        When there is no posterior, or a dimension of it has no labels, the same one twice, or others than the panel.
    """
    if not isinstance(tree, xr.DataTree) or "posterior" not in tree.children:
        raise FitError(
            f"Fit: data is a {type(tree).__name__}{' without a group posterior' * isinstance(tree, xr.DataTree)}.",
            remedy='Give an xarray DataTree whose group "posterior" holds the draws.',
        )
    posterior = tree["posterior"].to_dataset()
    for name, dims in REQUIRED.items():
        if name in posterior and not set(dims) <= set(posterior[name].dims):
            raise FitError(
                f"Fit: the draws of '{name}' have the dimensions {', '.join(map(str, posterior[name].dims))}.",
                remedy=f"Name them: {', '.join(('chain', 'draw', *dims))}.",
            )
    ordered = in_order(_without_empty(posterior), panel)
    if ordered is posterior:
        return tree
    children = {str(name): node.copy() for name, node in tree.children.items()}
    children["posterior"].dataset = ordered
    return xr.DataTree(xr.Dataset(attrs=tree.attrs), children)


def _without_empty(posterior: xr.Dataset) -> xr.Dataset:
    """Return draws without loadings on no residual factors; the same object where there are none such."""
    return posterior if posterior.sizes.get("residual_factor", 1) else posterior.drop_dims("residual_factor")


def mismatches(posterior: xr.Dataset, panel: PanelBase, least: Mapping[str, float] = NONE) -> list[str]:
    """Return which variables that answers are made of are missing, or have other dimensions or labels than the panel.

    `posterior` and `least` are as in `validate`.
    """
    wanted = {**REQUIRED, **dict.fromkeys(least, ())}
    found = list(_missing(posterior, wanted))
    found += _sizes(posterior) or _dimensions(posterior, {**wanted, **OPTIONAL})
    if not found:
        found += [f"{error.message.removeprefix('Fit: ')} {error.remedy}" for error in disagreements(posterior, panel)]
    return found


def validate(
    posterior: xr.Dataset, panel: PanelBase, least: Mapping[str, float] = NONE, *, verb: str = "from_draws"
) -> xr.Dataset:
    """Return draws that answers can be made of: every variable there, by its labels, and finite.

    Parameters
    ----------
    posterior : Dataset
    panel : Panel
    least : mapping of str to float
        Parameters of the noise law, one number per draw each, and what they are above.
    verb : str
        Whose error it is.

    Returns
    -------
    Dataset
        In the panel's order; numbers as decimals of double precision.

    Raises
    ------
    FitError
        One that names all that is missing, misnamed or not a number.
    """
    found = mismatches(posterior, panel, least)
    if not found:
        ordered = in_order(posterior, panel)
        found += [text for name in ordered.data_vars for text in numbers(ordered[name])]
    if not found:
        whole = ordered.map(lambda array: array.astype(float))
        found += implausible(whole, panel, least)
    if found:
        raise FitError(f"{verb}: {'; '.join(text.removesuffix('.') for text in found)}.")
    return whole


def _missing(posterior: xr.Dataset, wanted: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, dims in wanted.items():
        if name not in posterior.data_vars:
            more = f", {SIGMA}" if name == "residual_sd" and "sigma" in posterior else ""
            meaning = MEANING.get(name, "a parameter of the noise law")
            yield f"'{name}' ({', '.join(('chain', 'draw', *dims))}) is missing: {meaning}{more}"


def _sizes(posterior: xr.Dataset) -> list[str]:
    """Return what is wrong with chains and draws."""
    sizes = {str(dim): size for dim, size in posterior.sizes.items()}
    if not {"chain", "draw"} <= set(sizes):
        way = "name them so"
        if "chain" not in sizes and ("draw" in sizes or "sample" in sizes):
            renamed = "" if "draw" in sizes else ".rename(sample='draw')"
            way = f"of one chain, write draws{renamed}.expand_dims(chain=[0])"
            if "chain" in posterior.coords:
                stacked = posterior["chain"].ndim > 0  # a level of `sample`
                way = "write draws.unstack('sample')" if stacked else "of one chain, write draws.expand_dims('chain')"
        return [f"the dimensions are {', '.join(sizes) or 'none'}, and must have chain and draw: {way}"]
    if sizes["chain"] < 1:
        return ["there is no chain"]
    if sizes["draw"] < FEWEST_DRAWS:
        return [f"each chain has {sizes['draw']} draws, and {FEWEST_DRAWS} are the least"]
    return []


def _dimensions(posterior: xr.Dataset, known: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return which variables have not the dimensions that they are known by, or no chain and draw."""
    found = []
    for name, array in posterior.data_vars.items():
        given, dims = ", ".join(map(str, array.dims)) or "none", known.get(str(name))
        if dims is None and not {"chain", "draw"} <= set(array.dims):
            found.append(f"'{name}' has the dimensions ({given}), and no chain and draw: leave it out")
        elif dims is not None and set(array.dims) != {"chain", "draw", *dims}:
            must = ", ".join(("chain", "draw", *dims))
            found.append(f"'{name}' has the dimensions ({given}), and must have ({must})")
    return found
