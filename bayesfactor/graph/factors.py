"""The law of factors and of what they pay in the PyMC graph."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.parameters import Form, normal
from bayesfactor.graph.quantiles import mixture_quantile


def factor_means(data: dict, form: Form) -> pt.TensorVariable:
    """Add mu ~ N(mean_loc, mean_sd^2) by the name ``factor_mean`` (factor)."""
    return normal("factor_mean", data["mean_loc"], data["mean_sd"], form, "factor")


def risk_premia(data: dict, mean: pt.TensorVariable, other: list[int], form: Form) -> pt.TensorVariable:
    """Add ``risk_premium`` (factor): mu_k of a traded factor, ``premium`` (nontraded) of any other."""
    if not other:
        return pm.Deterministic("risk_premium", mean, dims="factor")
    return pm.Deterministic("risk_premium", pt.set_subtensor(mean[other], _premia(data, other, form)), dims="factor")


def _premia(data: dict, other: list[int], form: Form) -> pt.TensorVariable:
    """Add premia of non-traded factors: lambda ~ N(loc, sd^2), or pi N(0, sd^2) + (1 - pi) N(0, spike sd^2)."""
    loc, sd = data["premium_loc"][other], data["premium_sd"][other]
    mixed = data["premium_inclusion"].get_value()[other] < 1
    if not mixed.any():
        return normal("premium", loc, sd, form, "nontraded")
    if form is Form.CENTRED:
        width = pt.stack([sd, sd * pt.sqrt(data["premium_spike"][other])], axis=1)
        slab = pt.where(mixed, data["premium_inclusion"][other], 0.5)  # a normal prior: two equal parts
        share = pt.stack([slab, 1 - slab], axis=1)
        return pm.NormalMixture("premium", share, loc[:, None] + pt.zeros_like(width), width, dims="nontraded")
    z = pm.Normal("premium_z", dims="nontraded")
    return pm.Deterministic("premium", quantiles(data, other, z, loc), dims="nontraded")


def quantiles(data: dict, other: list[int], z: pt.TensorVariable, loc: pt.TensorVariable) -> pt.TensorVariable:
    """Return premia (nontraded) as quantiles of standard normals z; loc + sd z of those with a normal prior."""
    mixed, sd = data["premium_inclusion"].get_value()[other] < 1, data["premium_sd"][other]
    return pt.stack(
        [
            mixture_quantile(z[place], sd[place], data["premium_spike"][k], data["premium_inclusion"][k])
            if mixed[place]
            else sd[place] * z[place] + loc[place]
            for place, k in enumerate(other)
        ]
    )


def integrated_factors(data: dict, other: list[int]) -> pt.TensorVariable:
    """Add factor means and premia, Omega integrated out; return lambda - mu (factor), which is 0 of a traded factor.

    They are sampled as distances from the means of the histories, in standard errors.
    """
    start, unit = data["factor_mean_start"], data["factor_mean_unit"]
    z = pm.Normal(
        "factor_mean_z",
        (data["mean_loc"] - start) / unit,
        data["mean_sd"] / unit,
        initval=np.zeros(start.get_value().shape),
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
        pm.Deterministic("risk_premium", mean.copy(), dims="factor")  # itself would lose its name in a copy
        return pt.zeros_like(mean)
    premium = _premia_beside_means(data, other, gap)
    pm.Deterministic("risk_premium", pt.set_subtensor(mean[other], premium), dims="factor")
    return pt.set_subtensor(pt.zeros_like(mean)[other], premium - mean[other])


def _premia_beside_means(data: dict, other: list[int], gap: pt.TensorVariable) -> pt.TensorVariable:
    """Add premia in coordinates that are nearly independent of those of the means; a mixture's are its quantiles."""
    sd, own = data["premium_sd"][other], (1 - data["premium_blend"])[other] * gap[other]
    mixed = data["premium_inclusion"].get_value()[other] < 1
    z = pm.Normal("premium_z", pt.where(mixed, 0.0, (data["premium_loc"][other] - own) / sd), 1.0, dims="nontraded")
    return pm.Deterministic("premium", quantiles(data, other, z, own), dims="nontraded")


def precision_root(data: dict, order: np.ndarray) -> pt.TensorVariable:
    """Add ``factor_cov`` ~ IW(dof, diag(s^2)) by Bartlett's decomposition; return W, factors in `order`.

    With A lower triangular, A_kk^2 ~ chi-squared(dof - K + k), k = 1..K, and A_kj ~ N(0, 1) for j < k,

        W (f_t - mu) ~ N(0, I),   W = A diag(1 / s),   Omega = L L',   L = W^-1,

    so that the first p rows and columns of W are those of the first p factors. Source: Bartlett (1933).
    """
    size, rank = len(order), np.argsort(order)
    shape = (data["covariance_dof"] - size + 1 + rank) / 2
    squares = pm.Gamma("factor_cov_chi2", shape, np.array(0.5), dims="factor")  # pm.ChiSquared rounds 1/2 to float32
    bartlett = pt.diag(pt.sqrt(squares[order]))
    if size > 1:
        below = pm.Normal("factor_cov_z", dims="factor_pair")
        bartlett = pt.set_subtensor(bartlett[np.tril_indices(size, -1)], below)
    white = bartlett / pt.sqrt(data["covariance_scale"])[order]
    root = _inverse(white)
    pm.Deterministic("factor_cov", (root @ root.T)[rank][:, rank], dims=("factor", "factor_other"))
    return white


def _inverse(white: pt.TensorVariable) -> pt.TensorVariable:
    return pt.linalg.solve_triangular(white, pt.eye(white.shape[-1]), lower=True)


def observe_factors(
    mean: pt.TensorVariable, white: pt.TensorVariable, order: np.ndarray, stretches: Sequence[np.ndarray]
) -> None:
    """Add the observed factors, f_t ~ N(mu, (W'W)^-1): a variable for each stretch of dates (date, factor known).

    It is pm.MvNormal, but for a log-density that multiplies by W, where pm.MvNormal solves with its inverse: BLAS
    shares that out to threads, which cost many times what they do.
    """
    for number, values in enumerate(stretches, start=1):
        name, end = ("factors", "") if len(stretches) == 1 else (f"factors_{number}", f"_{number}")
        seen, known = pm.Data(f"observed_{name}", values), values.shape[1]
        pm.CustomDist(
            name,
            mean[order[:known]],
            white[:known, :known],
            dist=_draw,
            logp=_log_density,
            signature="(k),(k,k)->(k)",
            observed=seen,
            dims=(f"factor_time{end}", f"factor_known{end}"),
        )


def _draw(mean: pt.TensorVariable, white: pt.TensorVariable, size: pt.TensorVariable) -> pt.TensorVariable:
    return pm.MvNormal.dist(mean, chol=_inverse(white), size=size)


def _log_density(value: pt.TensorVariable, mean: pt.TensorVariable, white: pt.TensorVariable) -> pt.TensorVariable:
    away = (value - mean) @ white.T
    return -0.5 * (away**2 + np.log(2 * np.pi)).sum(-1) + pt.log(pt.diagonal(white)).sum()
