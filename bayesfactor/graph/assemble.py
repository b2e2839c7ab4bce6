"""From a panel and a model to a PyMC model."""

from pathlib import Path
from typing import assert_never

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.density.data import graph_data
from bayesfactor.errors import SpecError
from bayesfactor.graph.mixture import mixture_quantile
from bayesfactor.graph.noise import Symbols, normal_likelihood, student_likelihood
from bayesfactor.modelfile import read_model
from bayesfactor.panelbase import PanelBase
from bayesfactor.spec import (
    AppraisalAlpha,
    CommonLoadings,
    FactorModel,
    FreeAlpha,
    FreeLoadings,
    FreeZeroBeta,
    GroupedLoadings,
    NormalNoise,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    StudentTNoise,
    ZeroAlpha,
)


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
        data = {name: pm.Data(name, value) for name, value in graph_data(panel, model).items()}
        shift = _factors(data, other, len(names))
        log_sigma = _scales(data)
        symbols = Symbols(*_coefficients(model, data, log_sigma), log_sigma, shift)
        match model.noise:
            case NormalNoise():
                normal_likelihood(symbols, data)
            case StudentTNoise():
                student_likelihood(symbols, data)
            case _:
                assert_never(model.noise)
    return graph


def _factors(data: dict, other: list[int], size: int) -> pt.TensorVariable:
    """Add factor means (covariance integrated out) and the premia of non-traded factors; return the shift."""
    start, unit = data["factor_mean_start"], data["factor_mean_unit"]
    z = pm.Normal(
        "factor_mean_z",
        (data["mean_loc"] - start) / unit,
        data["mean_sd"] / unit,
        initval=np.zeros(size),
        dims="factor",
    )
    mean = pm.Deterministic("factor_mean", start + unit * z, dims="factor")
    gap = unit * z  # mean - sample mean
    terms = []
    for term in range(len(data["factor_count"].get_value())):
        away, precision, count = (
            gap - data["factor_centre"][term],
            data["factor_precision"][term],
            data["factor_count"][term],
        )
        terms.append(data["factor_power"][term] * pt.log1p(count * away @ precision @ away))
    pm.Potential("factors", -sum(terms))
    if not other:
        pm.Deterministic("risk_premium", mean, dims="factor")
        return pt.zeros(size + 1)
    premium = pt.stack(_premia(data, other, gap))
    pm.Deterministic("risk_premium", pt.set_subtensor(mean[other], premium), dims="factor")
    return pt.set_subtensor(pt.zeros(size + 1)[np.array(other) + 1], premium - mean[other])


def _premia(data: dict, other: list[int], gap: pt.TensorVariable) -> list[pt.TensorVariable]:
    """Add the premia of the non-traded factors: normal, or a spike and slab as a quantile of a standard normal."""
    sd, own = data["premium_sd"][other], (1 - data["premium_blend"])[other] * gap[other]
    mixed = data["premium_inclusion"].get_value()[other] < 1
    z = pm.Normal("premium_z", pt.where(mixed, 0.0, (data["premium_loc"][other] - own) / sd), 1.0, dims="nontraded")
    return [
        mixture_quantile(z[place], sd[place], data["premium_spike"][k], data["premium_inclusion"][k])
        if mixed[place]
        else sd[place] * z[place] + own[place]
        for place, k in enumerate(other)
    ]


def _coefficients(
    model: FactorModel, data: dict, log_sigma: pt.TensorVariable
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add the laws of loadings and alphas; return prior mean and deviation, both (coefficient, asset)."""
    loc, width, group = data["loading_loc"], data["loading_sd"], data["group_of"]
    across = pt.zeros_like(data["log_sigma_start"])
    match model.loadings:
        case GroupedLoadings():
            means = loc + width * pm.Normal("loading_mean_z", dims=("group", "factor"))
            pm.Deterministic("loading_mean", means, dims=("group", "factor"))
            z = pm.Normal("loading_scale_z", initval=np.ones(loc.get_value().shape), dims="factor")
            pm.Deterministic("loading_scale", pt.abs(z) * data["loading_spread"], dims="factor")
            mean, sd = means[group].T, z * data["loading_spread"]
        case FreeLoadings():
            mean, sd = loc[:, None] + across, width
        case CommonLoadings():
            shared = loc + width * pm.Normal("loading_common_z", dims="factor")
            mean, sd = pm.Deterministic("loading_common", shared, dims="factor")[:, None] + across, pt.zeros_like(width)
        case _:
            assert_never(model.loadings)
    alpha_mean, alpha_sd = _alphas(model, data, log_sigma)
    mean = pt.concatenate([(alpha_mean + across)[None, :], mean])
    sd = pt.broadcast_to(sd[:, None], (sd.shape[0], across.shape[0]))
    return mean, pt.concatenate([(alpha_sd + across)[None, :], sd])


def _alphas(
    model: FactorModel, data: dict, log_sigma: pt.TensorVariable
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add the laws of alphas and zero-beta rate; return mean and deviation of alpha_i + lambda_0."""
    match model.zero_beta:
        case NoZeroBeta():
            rate = pt.constant(0.0)
        case FreeZeroBeta():
            rate = data["zero_beta_loc"] + data["zero_beta_sd"] * pm.Normal("zero_beta_z")
            pm.Deterministic("zero_beta", rate)
        case _:
            assert_never(model.zero_beta)
    match model.alpha:
        case ZeroAlpha():
            return rate, pt.constant(0.0)
        case FreeAlpha():
            return rate + data["alpha_loc"], data["alpha_sd"]
        case ShrunkAlpha() | ScaledAlpha() | SharpeAlpha() | AppraisalAlpha():
            z = pm.Normal("alpha_scale_z", initval=1.0)
            pm.Deterministic("alpha_scale", pt.abs(z) * data["alpha_sd"])
            scaled = not isinstance(model.alpha, ShrunkAlpha)
            return rate, z * data["alpha_sd"] * (pt.exp(log_sigma) / data["alpha_unit"] if scaled else 1.0)
        case _:
            assert_never(model.alpha)


def _scales(data: dict) -> pt.TensorVariable:
    """Add the hierarchy of residual scales: log sigma_i ~ N(l, omega^2); return log sigma.

    A first fit of each asset says log sigma_i = s_i with variance v_i. In log sigma_i = l + omega a_i with

        a_i = (s_i - l) omega / (v_i + omega^2) + sqrt(v_i / (v_i + omega^2)) z_i

    z_i is nearly standard normal a posteriori, whether assets differ much (centred) or not at all (non-centred). The
    noise has variance sigma_i^2 + resolution^2, so that an asset which the factors fit exactly has a posterior.
    """
    level = data["level_loc"] + data["level_sd"] * pm.Normal("log_sigma_mean_z")
    pm.Deterministic("log_sigma_mean", level)
    spread = data["level_spread"] * pm.Normal("log_sigma_scale_z", initval=1.0)
    pm.Deterministic("log_sigma_scale", pt.abs(spread))
    start, v = data["log_sigma_start"], data["log_sigma_variance"]
    z = pm.Flat("log_sigma_z", dims="asset", initval=np.zeros(start.get_value().shape))
    share = v / (v + spread**2)
    a = (start - level) * spread / (v + spread**2) + pt.sqrt(share) * z
    pm.Potential("log_sigma", 0.5 * (pt.log(share) - a**2 - np.log(2 * np.pi)).sum())
    log_sigma = 0.5 * pt.log(pt.exp(2 * (level + spread * a)) + data["resolution"] ** 2)
    pm.Deterministic("sigma", pt.exp(log_sigma), dims="asset")
    return log_sigma
