"""The slice sampler against densities that are known."""

import numpy as np
import pytest
from scipy.stats import beta, gamma, kstest, norm

from bayesfactor.sampling.latents.slice_sampler import slice_draw


def _within(x, low, high, density):
    return density(x) if low < x < high else -np.inf


DENSITIES = {
    "normal": (norm(), lambda x: -0.5 * x * x, 2.5),
    "skewed, on half of the line": (gamma(1.5), lambda x: _within(x, 0, np.inf, lambda x: 0.5 * np.log(x) - x), 1.0),
    "narrow, within bounds": (
        beta(30, 3),
        lambda x: _within(x, 0, 1, lambda x: 29 * np.log(x) + 2 * np.log1p(-x)),
        5.0,
    ),
    "wider than the first interval": (norm(scale=5), lambda x: -0.02 * x * x, 1.0),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_leaves_the_density_as_it_is(name):
    """Starts are drawn from the density itself: after three steps they are again."""
    law, log_density, width = DENSITIES[name]
    rng = np.random.default_rng(5)
    ends = law.rvs(4000, random_state=rng)
    for _ in range(3):
        ends = np.array([slice_draw(log_density, x, width, rng) for x in ends])
    assert kstest(law.cdf(ends), "uniform").pvalue > 0.002


def test_finds_the_density_from_afar():
    rng, x, found = np.random.default_rng(2), 30.0, []
    for _ in range(4000):
        x = slice_draw(lambda at: -0.5 * at * at, x, 1.0, rng)
        found.append(x)
    assert kstest(np.array(found[100::5]), "norm").pvalue > 0.002
