"""How many residual factors a panel shows: none in independent residuals, and those that were put in."""

import numpy as np
import pytest

from bayesfactor.panel.residual_rank import MOST, most_factors, residual_rank

PANELS = 40


def simulated(seed, loadings=(), *, volatility=0.0, unequal=False, assets=20, periods=150):
    """Returns and factors; each of `loadings` is the size of one residual factor, in units of the own residual."""
    rng = np.random.default_rng(seed)
    factors, own = rng.standard_normal((periods, 3)), rng.standard_normal((periods, assets))
    for size in loadings:
        own += rng.standard_normal((periods, 1)) * size * (1 + 0.3 * rng.standard_normal(assets))
    level = np.zeros(periods)
    for t in range(1, periods):
        level[t] = 0.95 * level[t - 1] + 0.2 * rng.standard_normal()
    returns = factors @ rng.standard_normal((3, assets)) + np.exp(volatility * level)[:, None] * own
    for i in range(assets if unequal else 0):
        returns[: rng.integers(0, 120), i] = np.nan
    return returns, factors


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("volatility", [0.0, 1.0])
def test_independent_residuals_show_none(volatility, unequal):
    """Also where the volatility of all moves together: about 1 panel in 20 shows one."""
    found = [residual_rank(*simulated(seed, volatility=volatility, unequal=unequal)) for seed in range(PANELS)]
    assert np.count_nonzero(found) <= 6  # of 40 at a rate of .05 more than 6 have a probability of .003


@pytest.mark.parametrize("volatility", [0.0, 1.0])
@pytest.mark.parametrize("unequal", [False, True])
def test_factors_that_are_there_are_counted(volatility, unequal):
    rng = np.random.default_rng(5)
    turned = np.where(rng.uniform(size=20) < 0.5, -1.0, 1.0)
    found = [
        residual_rank(*simulated(seed, (1.0, turned), volatility=volatility, unequal=unequal)) for seed in range(8)
    ]
    assert np.median(found) == 2
    assert min(found) >= 1


def test_it_depends_on_no_order_and_no_unit():
    returns, factors = simulated(3, (0.6,), unequal=True)
    rng = np.random.default_rng(1)
    assets, dates = rng.permutation(returns.shape[1]), rng.permutation(len(returns))
    assert residual_rank(returns, factors) == residual_rank(100 * returns[dates][:, assets], 100 * factors[dates]) > 0


def test_at_most_five_are_counted():
    rng = np.random.default_rng(2)
    sizes = [2.0 * rng.standard_normal(20) for _ in range(8)]
    assert residual_rank(*simulated(1, sizes)) == MOST


def test_short_histories_show_nothing():
    """With fewer than 20 dates, or fewer in common; and without another asset."""
    returns, factors = simulated(4, (2.0,))
    early, late = returns.copy(), returns.copy()
    early[19:], late[:19] = np.nan, np.nan
    assert residual_rank(early, factors) == 0
    assert residual_rank(returns[:, :1], factors) == 0
    apart = np.hstack([returns[:, :1], returns[:, 1:2]])
    apart[75:, 0], apart[:75, 1] = np.nan, np.nan
    assert residual_rank(apart, factors) == 0
    assert residual_rank(np.full((150, 3), np.nan), factors) == 0


def test_few_assets_tell_few_factors_apart():
    """The largest q with as many covariances as q loadings each, less rotations, and own variances need."""
    for assets in range(3, 20):
        allowed = [
            q for q in range(6) if assets * (assets + 1) / 2 >= assets * (q + 1) - q * (q - 1) / 2 and q < assets
        ]
        assert most_factors(assets) == max(allowed)
    assert [most_factors(assets) for assets in (1, 2)] == [0, 1]
