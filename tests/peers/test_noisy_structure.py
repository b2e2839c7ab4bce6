"""The posterior of a factor that is seen through noise against that of another sampler of the full likelihood."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.paths.movement import Cell
from bayesfactor.sampling.conditional_engine import ConditionalRun
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.latents.found import rows_of
from bayesfactor.sampling.latents.noisy_factors import NoisyFactors
from bayesfactor.spec.alphas import ScaledAlphas
from bayesfactor.spec.factors import ScaledFactors, ScaledPremia
from bayesfactor.spec.loadings import ScaledLoadings
from bayesfactor.spec.measurement_error import ScaledReliability
from bayesfactor.spec.noise import ScaledNoise
from bayesfactor.spec.scaling import ScaledPriors
from tests.support.structure_sets import FREE, HERE, numbered, read_panel, sampled, z_scores

LONG = bf.Sampler(draws=1250, tune=500, chains=2, seed=3, progress=False)
INFO = {
    "market": {"traded": True, "family": "market"},
    "macro_observed": {"traded": False, "family": "macro", "transform": "none"},
}


def priors_of_b(panel):
    """The file's own; its assets are one group."""
    given = json.loads((HERE / "B_priors.json").read_text())

    def part(prefix, *names):
        return [np.array(given[f"{prefix}_{name}"]) for name in names]

    variance = panel.factors.values.var(axis=0, ddof=1)
    known = np.array([1.0, 1 - given["Q"] / variance[1]])
    return ScaledPriors(
        alpha=ScaledAlphas(given["alpha_loc"], given["alpha_sd"], True),
        loadings=ScaledLoadings(*part("loading", "loc", "sd", "spread"), np.zeros(2)),
        premia=ScaledPremia(*part("premium", "loc", "sd", "inclusion", "spike")),
        factors=ScaledFactors(*part("mean", "loc", "sd"), *part("covariance", "scale"), given["covariance_dof"]),
        noise=ScaledNoise(*(given[f"level_{name}"] for name in ("loc", "sd", "spread")), given["resolution"]),
        zero_beta=None,
        reliability=ScaledReliability(np.array([False, True]), known, np.ones(2), np.ones(2), variance),
    )


def test_a_noisy_factor_is_that_of_the_full_likelihood():
    panel = read_panel("B", 1.0, INFO)
    panel = replace(panel, groups=panel.groups.copy(data=np.full(10, "all")))
    priors = priors_of_b(panel)
    latents = (NoisyFactors.of(panel, priors, {}),)
    theta = sampled(ConditionalRun(pack(observe(panel), FREE, priors), rows_of(panel, Cell()), latents, None), LONG)
    shape, every = theta.shape, slice(None)
    premium = 1e3 * theta.shared()["risk_premium"][0].reshape(*shape, 2)[..., 1]
    coefficients = theta.kept["coefficients"]
    mean = coefficients[..., 2].mean(axis=-1)
    ours = {
        **numbered("alpha", 1e3 * coefficients[..., 0]),
        **{name.replace(" ", ""): drawn for name, drawn in numbered("beta", coefficients[..., 1:]).items()},
        **numbered("sigma", 100 * np.stack([theta.scales(chain, every) for chain in range(shape[0])])),
        "premium_macro": premium,
        "mean_beta_macro": mean,
        "product": mean * premium,
    }
    theirs = pd.read_csv(HERE / "B_posterior.csv", index_col=0)
    z = z_scores(ours, theirs)
    assert set(theirs.index) == set(ours)
    assert z.abs().max() <= 4, z.abs().nlargest(5)
    assert np.sqrt(np.mean(z**2)) <= 1.3, z.abs().nlargest(5)
