"""Inclusion of loadings given the law of the rest: every configuration by dense normals over single returns."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bayesfactor.sampling.latents.inclusion import MOST_JOINT, draw_inclusion

RESIDUAL, ASSETS = 1, 6


class Case:
    """Returns of assets of unequal histories on factors, of which some are free, and on a residual factor."""

    def __init__(self, factors, free, to_group, seed=0, dates=30):
        rng = np.random.default_rng(seed)
        p = 1 + factors + RESIDUAL
        self.free = np.array([1 + k for k in free])
        self.to_group = np.array(to_group)
        self.order = np.array([*(j for j in range(p) if j not in self.free), *self.free])
        self.x = [np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))]) for n in dates - 4 * np.arange(ASSETS)]
        self.mean = rng.normal(0.3, 0.4, size=(ASSETS, p))
        self.sd = rng.uniform(0.1, 0.6, size=(ASSETS, p))
        self.sd[:, 0] = 0.0  # a zero alpha
        self.sigma = rng.uniform(1.0, 2.0, ASSETS)
        self.rate = rng.uniform(0.2, 0.8, len(free))
        self.included = rng.random((ASSETS, len(free))) < 0.5
        self.r = [
            x @ (m + d * rng.normal(size=p)) + s * rng.normal(size=len(x))
            for x, m, d, s in zip(self.x, self.mean, self.sd, self.sigma, strict=True)
        ]

    def statistics(self):
        """Return X'X, X'r and r'r of each asset."""
        pairs = list(zip(self.x, self.r, strict=True))
        return np.stack([x.T @ x for x, _ in pairs]), np.stack([x.T @ r for x, r in pairs]), [r @ r for _, r in pairs]

    def draw(self, seed=1, included=None):
        s, b, q = self.statistics()
        start = self.included if included is None else included
        uniforms = np.random.default_rng(seed).random(start.shape)
        law = self.mean, self.sd, self.sigma, self.order, self.to_group, self.rate
        return draw_inclusion(s, b, np.array(q), *law, start, uniforms)

    def log_density(self, i, on):
        """Return log p(r_i, gamma_i) by a dense normal."""
        mean, sd = self.mean[i].copy(), self.sd[i].copy()
        for k, inside in enumerate(on):
            sd[self.free[k]] *= inside
            mean[self.free[k]] *= inside or self.to_group[k]
        x = self.x[i]
        covariance = self.sigma[i] ** 2 * np.eye(len(x)) + x * sd**2 @ x.T
        prior = np.log(np.where(on, self.rate, 1 - self.rate)).sum()
        return multivariate_normal(x @ mean, covariance).logpdf(self.r[i]) + prior


JOINT = {
    "spike at zero": Case(3, [1, 2], [False, False]),
    "spike at the group": Case(3, [0, 2], [True, True]),
    "both": Case(4, [0, 1, 3], [True, False, False]),
    "six free, some always in": Case(8, [1, 2, 3, 5, 6, 7], [False, True, False, False, True, False]),
    "all free": Case(3, [0, 1, 2], [False, True, False]),
}


@pytest.mark.parametrize("case", JOINT.values(), ids=JOINT.keys())
def test_joint_inclusion_is_that_of_dense_normals_over_all_configurations(case):
    _, probability = case.draw()
    every = np.array(list(product([False, True], repeat=len(case.free))))
    for i in range(ASSETS):
        value = np.array([case.log_density(i, on) for on in every])
        weight = np.exp(value - value.max())
        np.testing.assert_allclose(probability[i], weight @ every / weight.sum(), atol=1e-10)


def test_joint_draws_have_the_probabilities_of_their_configurations():
    case, draws = JOINT["both"], 4000
    drawn = np.array([case.draw(seed)[0] for seed in range(draws)])
    every = np.array(list(product([False, True], repeat=3)))
    for i in range(ASSETS):
        value = np.array([case.log_density(i, on) for on in every])
        weight = np.exp(value - value.max()) / np.exp(value - value.max()).sum()
        found = (drawn[:, i, None] == every).all(-1).mean(0)
        assert (np.abs(found - weight) < 4.5 * np.sqrt(weight * (1 - weight) / draws) + 1e-9).all()


@pytest.mark.parametrize("seed", range(3))
def test_each_of_many_is_drawn_given_the_others(seed):
    case = Case(9, range(1, 9), [False, True] * 4, seed)
    assert len(case.free) > MOST_JOINT
    drawn, probability = case.draw(seed)
    for i in range(ASSETS):
        on = case.included[i].copy()
        for k in range(len(on)):
            value = {}
            for on[k] in (False, True):
                value[bool(on[k])] = case.log_density(i, on)
            assert probability[i, k] == pytest.approx(1 / (1 + np.exp(value[False] - value[True])), abs=1e-10)
            on[k] = drawn[i, k]


def test_draws_in_turn_are_uniforms_below_their_probabilities():
    case = Case(8, range(8), [False] * 8)
    drawn, probability = case.draw(3)
    np.testing.assert_array_equal(drawn, np.random.default_rng(3).random(drawn.shape) < probability)


@pytest.mark.parametrize("factors", [3, 8])
def test_an_asset_without_data_stays_at_the_rate(factors):
    case = Case(factors, range(factors), [False] * factors)
    case.x[2], case.r[2] = np.zeros((0, factors + 2)), np.zeros(0)
    _, probability = case.draw()
    np.testing.assert_allclose(probability[2], case.rate, rtol=1e-14)


@pytest.mark.parametrize("factors", [3, 8])
def test_rates_of_0_and_1_are_certain(factors):
    case = Case(factors, range(factors), [False] * factors)
    case.rate[:2] = 0.0, 1.0
    drawn, probability = case.draw()
    assert not drawn[:, 0].any()
    assert drawn[:, 1].all()
    np.testing.assert_allclose(probability[:, :2], [[0.0, 1.0]] * ASSETS, atol=1e-100)


def test_what_is_given_is_left_as_it_is():
    case = Case(8, range(8), [False] * 8)
    before = case.included.copy()
    case.draw()
    np.testing.assert_array_equal(case.included, before)
