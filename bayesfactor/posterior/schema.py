"""The variables of a posterior: what every answer reads of the draws of a fit, whoever made them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.histories import factor_moments
from bayesfactor.posterior.alignment import disagreements, in_order
from bayesfactor.posterior.blocks import blocks
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
)  # parameters that assets share; those of the noise law come to them
FEWEST_DRAWS = 4  # of a chain: with fewer there is no R-hat
FAR, FAR_MEAN = 10.0, 3.0  # variance over the sample's, and distance from its mean in sd: beyond, units are wrong
NONE: Mapping[str, float] = MappingProxyType({})
UNITS = "give decimals per period of the panel"
ROUNDING = 1e-6  # of a factor's standard deviation: premium of a traded factor less its mean
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
    ordered = in_order(posterior, panel)
    if ordered is posterior:
        return tree
    children = {str(name): node.copy() for name, node in tree.children.items()}
    children["posterior"].dataset = ordered
    return xr.DataTree(xr.Dataset(attrs=tree.attrs), children)


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
        found += [text for name in ordered.data_vars for text in _numbers(ordered[name])]
    if not found:
        whole = ordered.map(lambda array: array.astype(float))
        found += [*_bounds(whole, least), *_spreads(whole), *_traded(whole, panel), *_units(whole, panel)]
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


def _numbers(array: xr.DataArray) -> Iterator[str]:
    """Yield what of a variable is no finite real number."""
    if array.dtype.kind not in "fiu":
        yield f"'{array.name}' holds {array.dtype} in place of real numbers"
        return
    rest = [dim for dim in array.dims if dim not in ("chain", "draw")]
    parts = blocks(array, rest[0]) if rest else [array]
    wrong = sum(int((~np.isfinite(part.values)).sum()) for part in parts)
    if wrong:
        yield f"'{array.name}' holds {wrong} values that are not finite"


def _bounds(posterior: xr.Dataset, least: Mapping[str, float]) -> Iterator[str]:
    """Yield parameters that are not above their bound, and spreads below 0."""
    for name, bound in least.items():
        if float(posterior[name].min()) <= bound:
            yield f"'{name}' falls to {float(posterior[name].min()):.3g}, and must be above {bound:g}"
    for name in ("loading_scale", "alpha_scale", "log_sigma_scale", "mispricing_sharpe"):
        if name in posterior and float(posterior[name].min()) < 0:
            yield f"'{name}' falls to {float(posterior[name].min()):.3g}, and a standard deviation is not below 0"


def _units(posterior: xr.Dataset, panel: PanelBase) -> Iterator[str]:
    """Yield factors whose mean or variance at draws is far from that of their history: in per cent, or a year's."""
    history = factor_moments(panel)
    omega = posterior["factor_cov"].mean(("chain", "draw")).transpose("factor", "factor_other").values
    mean = posterior["factor_mean"].mean(("chain", "draw")).values
    for k, factor in enumerate(panel.factor_info):
        sd, name = history.sd[k], factor.name
        times, apart = omega[k, k] / sd**2 if sd else 1.0, abs(mean[k] - history.mean[k])
        if not 1 / FAR <= times <= FAR:
            yield f"'factor_cov' gives '{name}' {times:.3g} times the variance of its history: {UNITS}"
        elif apart > FAR_MEAN * sd:
            yield f"'factor_mean' of '{name}' is {apart / sd:.3g} standard deviations from its history's mean: {UNITS}"


def _spreads(posterior: xr.Dataset) -> Iterator[str]:
    """Yield standard deviations that are not positive, and covariances that are none."""
    wrong = sum(int((part.values <= 0).sum()) for part in blocks(posterior["residual_sd"], "asset"))
    if wrong:
        yield f"'residual_sd' holds {wrong} values of 0 or below, and a standard deviation is above 0"
    omega = posterior["factor_cov"].transpose("chain", "draw", "factor", "factor_other").values
    turned = np.swapaxes(omega, 2, 3)
    size = np.sqrt(np.abs(np.einsum("...kk->...k", omega)))
    if not np.allclose(omega, turned, rtol=0, atol=ROUNDING * float(size.max(initial=0.0)) ** 2):
        yield "'factor_cov' is not symmetric"
    elif np.linalg.eigvalsh((omega + turned) / 2).min(initial=np.inf) <= 0:
        yield "'factor_cov' is not positive definite in every draw"


def _traded(posterior: xr.Dataset, panel: PanelBase) -> Iterator[str]:
    """Yield traded factors whose premium is not their mean, as all answers take it to be."""
    sd = np.sqrt(np.einsum("...kk->...k", posterior["factor_cov"].transpose(..., "factor", "factor_other").values))
    apart = (posterior["risk_premium"] - posterior["factor_mean"]).transpose("chain", "draw", "factor").values
    for k, factor in enumerate(panel.factor_info):
        furthest = float(np.abs(apart[..., k]).max(initial=0.0))
        if factor.traded and furthest > ROUNDING * float(sd[..., k].mean()):
            yield (
                f"'risk_premium' of the traded factor '{factor.name}' is up to {furthest:.3g} from its 'factor_mean': "
                "a traded factor pays its own mean, so that both are the same, unless the panel has it as not traded"
            )
