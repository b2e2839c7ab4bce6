"""The law of factors in the PyMC graph."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesfactor.graph.mixture import mixture_quantile


def factor_means(data: dict, other: list[int], size: int) -> pt.TensorVariable:
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
    premium = pt.stack(premia(data, other, gap))
    pm.Deterministic("risk_premium", pt.set_subtensor(mean[other], premium), dims="factor")
    return pt.set_subtensor(pt.zeros(size + 1)[np.array(other) + 1], premium - mean[other])


def premia(data: dict, other: list[int], gap: pt.TensorVariable) -> list[pt.TensorVariable]:
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
