"""A small version of the calibration of what moves: intervals hold the truth, and still markets are found still."""

from collections import defaultdict

import numpy as np

from benchmarks.moving_calibration import MOVING, STILL, one_market

PANELS = 12
BAND = 4 * (0.09 / PANELS) ** 0.5  # as if all intervals of a panel were one: its assets share a path


def test_intervals_of_the_next_period_cover_where_things_move():
    """90 % intervals of loadings in the long run and next, of residual sds next; within 4 standard errors."""
    covered = defaultdict(list)
    for seed in range(PANELS):
        inside, _, figures = one_market(MOVING, 300 + seed, still=False)
        for name in ("loading", "loading_long_run", "residual_sd"):
            covered[name].append(inside[name].mean())
        assert figures["probability of size = 0"] < 0.05
    for name, shares in covered.items():
        error = max(np.std(shares, ddof=1) / PANELS**0.5, (0.09 / (PANELS * 12)) ** 0.5)
        assert abs(np.mean(shares) - 0.9) <= min(4 * error, BAND), (name, shares)


def test_a_still_market_is_found_still():
    """Nothing is lost against a model in which nothing can move: less than .01 nats an asset, on average."""
    found = [one_market(STILL, 400 + seed, still=True)[2] for seed in range(6)]
    assert np.mean([one["probability of size = 0"] for one in found]) > 0.9
    assert np.mean([one["probability of kappa = 0"] for one in found]) > 0.5
    assert np.mean([one["log score over static's"] for one in found]) > -0.01
