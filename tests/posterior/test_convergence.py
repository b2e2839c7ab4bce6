"""R-hat, effective draws and Monte Carlo errors of many quantities at once: ArviZ's numbers, one quantity at a time."""

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

from bayesfactor.posterior import convergence, diagnostics
from bayesfactor.posterior.diagnostics import statistic

STATISTICS = [
    ("rhat", {"method": "rank"}),
    ("ess", {"method": "bulk"}),
    ("ess", {"method": "tail", "prob": (0.05, 0.95)}),
    ("ess", {"method": "mean"}),
    ("ess", {"method": "sd"}),
    ("mcse", {"method": "mean"}),
    ("mcse", {"method": "sd"}),
]


def autoregressive(rng, shape, rho):
    x = rng.normal(size=shape)
    for t in range(1, shape[-1]):
        x[..., t] = rho * x[..., t - 1] + (1 - rho**2) ** 0.5 * x[..., t]
    return x


def quantities(chains, draws, seed=0):
    """Return draws (chain, draw, quantity) of every kind that a sampler may hand over."""
    rng, shape = np.random.default_rng(seed), (chains, draws)
    walk = np.cumsum(rng.normal(size=shape), axis=1)
    shifted = rng.normal(size=shape) + 2.0 * np.arange(chains)[:, None]
    rows = [
        *(autoregressive(rng, shape, rho) for rho in (0.0, 0.3, 0.9, 0.99, -0.3, -0.9)),
        walk,
        shifted,
        rng.standard_cauchy(size=shape),
        np.exp(3 * rng.normal(size=shape)),
        rng.integers(0, 2, size=shape).astype(float),  # folded they do not vary
        rng.integers(0, 5, size=shape).astype(float),
        np.where(rng.uniform(size=shape) < 0.9, 0.0, rng.normal(size=shape)),  # a spike
        np.round(autoregressive(rng, shape, 0.8), 1),
        rng.normal(size=shape) * 1e-12,
        rng.normal(size=shape) * 1e8 + 1e9,
        np.zeros(shape),
        np.full(shape, 0.1),
        np.where(np.arange(draws) == draws // 2, np.nan, rng.normal(size=shape)),
        np.sin(np.arange(draws) / 3) + 0.01 * rng.normal(size=shape),
    ]
    return np.moveaxis(np.stack(rows), 0, -1)


@pytest.mark.parametrize(("name", "options"), STATISTICS)
@pytest.mark.parametrize("chains", [1, 2, 4])
@pytest.mark.parametrize("draws", [4, 5, 6, 7, 8, 11, 50, 251, 1000])
def test_figures_are_those_of_arviz(chains, draws, name, options):
    x = quantities(chains, draws)
    with np.errstate(all="ignore"):
        expected = getattr(array_stats, name)(x, chain_axis=0, draw_axis=1, **options)
    found = statistic(xr.DataArray(x, dims=("chain", "draw", "q")), name, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-25)


def test_too_few_draws_have_no_figure():
    x = xr.DataArray(quantities(4, 3), dims=("chain", "draw", "q"))
    for name, options in STATISTICS:
        assert np.isnan(statistic(x, name, **options)).all()


@pytest.mark.parametrize("size", [1, 200, 10**9])
def test_blocks_of_quantities_do_not_matter(size, monkeypatch):
    """Whatever the order of dimensions."""
    x = xr.DataArray(quantities(2, 40)[..., :16].reshape(2, 40, 8, 2), dims=("chain", "draw", "asset", "factor"))
    whole = {(name, options["method"]): statistic(x, name, **options) for name, options in STATISTICS}
    monkeypatch.setattr(diagnostics, "BLOCK", size)
    turned = x.transpose("asset", "draw", "factor", "chain")
    for name, options in STATISTICS:
        assert whole[name, options["method"]].shape == (8, 2)
        np.testing.assert_allclose(statistic(turned, name, **options), whole[name, options["method"]], rtol=1e-12)


def test_a_quantity_without_dimensions():
    x = quantities(4, 100)[..., 2]
    found = statistic(xr.DataArray(x, dims=("chain", "draw")), "ess", method="bulk")
    assert found.shape == ()
    assert found == pytest.approx(float(array_stats.ess(x, chain_axis=0, draw_axis=1, method="bulk")), rel=1e-10)


def test_effective_draws_of_an_autoregression_are_those_of_theory():
    """n (1 - rho) / (1 + rho), within the spread over many quantities."""
    rho, x = 0.6, autoregressive(np.random.default_rng(0), (200, 4, 1000), 0.6)
    found = convergence.ess_mean(x)
    assert abs(found.mean() / (4000 * (1 - rho) / (1 + rho)) - 1) < 0.05
