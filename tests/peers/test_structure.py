"""Posteriors of models with latent variables against those of another sampler of the full likelihood."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from tests.support.structure_sets import (
    HERE,
    numbered,
    priors_of_a,
    priors_of_c,
    read_panel,
    residual_loadings,
    run_integrated,
    run_residual_factor,
    run_sparse,
    sampled,
    z_scores,
)

LONG = bf.Sampler(draws=1250, tune=500, chains=2, seed=3, progress=False)


@pytest.mark.parametrize("run", [run_residual_factor, run_integrated], ids=["drawn", "integrated out"])
def test_a_residual_factor_is_that_of_the_full_likelihood(run):
    panel = read_panel("A_equal", 0.01)
    columns = ResidualColumns(np.zeros(1), np.full(1, 1e-6), np.ones(1), np.ones((1, 12)), per_sigma=True)
    theta = sampled(run(panel, priors_of_a(panel), columns), LONG)
    shape = theta.shape

    def shared(name: str) -> np.ndarray:
        values = theta.shared()[name][0]
        return values.reshape(*shape, *values.shape[1:])

    every = slice(None)
    log_sigma = np.log(100 * np.stack([theta.scales(chain, every) for chain in range(shape[0])]))
    loading = 100 * residual_loadings(theta)[..., 0]
    cov = loading[..., :, None] * loading[..., None, :] + np.exp(2 * log_sigma)[..., None] * np.eye(12)
    sd = np.sqrt(np.einsum("...ii->...i", cov))
    first, second = np.triu_indices(12, 1)
    correlation = (cov / sd[..., :, None] / sd[..., None, :])[..., first, second]
    ours = {
        **numbered("m", shared("loading_mean")),
        **numbered("tau", shared("loading_scale")),
        "tau_alpha": 100 * shared("alpha_scale"),
        "l": shared("log_sigma_mean") + np.log(100),
        "omega": shared("log_sigma_scale"),
        **numbered("log_sigma", log_sigma),
        **numbered("rescorr", correlation),
        "mean_rescorr": correlation.mean(axis=-1),
        **numbered("share", loading**2 / sd**2),
        "ew_resvar": cov.mean(axis=(-2, -1)),
    }
    theirs = pd.read_csv(HERE / "A_equal_posterior_numpyro.csv", index_col=0)
    z = z_scores(ours, theirs)
    assert set(theirs.index) - set(ours) == {"kappa"}  # per unit of sigma: not among what is kept
    assert z.abs().max() <= 4, z.abs().nlargest(5)
    assert np.sqrt(np.mean(z**2)) <= 1.3, z.abs().nlargest(5)


def test_sparse_loadings_are_those_of_the_full_likelihood():
    panel = read_panel("C", 1.0)
    theta = sampled(run_sparse(panel, priors_of_c(panel)), LONG)
    shape = theta.shape

    def shared(name: str) -> np.ndarray:
        values = theta.shared()[name][0]
        return values.reshape(*shape, *values.shape[1:])

    ours = {
        **flat("pip", theta.kept["inclusion_probability"][..., 1:]),
        **flat("pi", theta.kept["inclusion_rate"][..., 1:]),
        **flat("loading_scale", shared("loading_scale")),
        "alpha_scale[0]": shared("alpha_scale"),
        **flat("loading_mean", shared("loading_mean")),
        **flat("sigma", np.stack([theta.scales(chain, slice(None)) for chain in range(shape[0])])),
    }
    theirs = pd.read_csv(HERE / "C_posterior.csv", index_col=0).rename(columns={"mcse": "mcse_mean"})
    z = z_scores(ours, theirs)
    assert set(theirs.index) == set(ours)
    assert z.abs().max() <= 4, z.abs().nlargest(5)
    assert np.sqrt(np.mean(z**2)) <= 1.8, z.abs().nlargest(5)


def flat(name: str, draws: np.ndarray) -> dict[str, np.ndarray]:
    """Return draws (chain, draw, ...) by name and number, as the file of set C has them."""
    every = draws.reshape(*draws.shape[:2], -1)
    return {f"{name}[{number}]": every[..., number] for number in range(every.shape[-1])}
