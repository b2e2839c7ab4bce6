"""Inclusion of loadings given the law of the rest: every configuration by dense normals over single returns."""

from itertools import product

import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import beta, multivariate_normal

from bayesfactor.panel.moments import Moments
from bayesfactor.sampling.latents.inclusion import (
    count_probabilities,
    draw_jointly,
    log_bayes_factors,
    reduce_statistics,
)
from bayesfactor.sampling.latents.sparse_loadings import SparseLoadings
from bayesfactor.spec.inclusion import ScaledInclusion

RESIDUAL, ASSETS = 1, 6
JOINT = {
    "spike at zero": (3, {1: False, 2: False}),
    "spike at the group": (3, {0: True, 2: True}),
    "both": (4, {0: True, 1: False, 3: False}),
    "six free, some always in": (8, {1: False, 2: True, 3: False, 5: False, 6: True, 7: False}),
    "all free": (3, {0: False, 1: True, 2: False}),
}
MANY = (9, {k: k % 2 == 1 for k in range(1, 9)})


class Case:
    """Returns of assets of unequal histories on factors, of which some are free, and on a residual factor.

    It is a chain's state as well, at one theta.
    """

    def __init__(self, factors, free, seed=0, noise=1.5, dates=30, assets=ASSETS):
        self.rng = rng = np.random.default_rng(seed)
        p = 1 + factors + RESIDUAL
        self.free = np.array([1 + k for k in free])
        self.to_group = np.array(list(free.values()))
        self.order = np.array([*(j for j in range(p) if j not in self.free), *self.free])
        self.x = [
            np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))]) for n in dates - 4 * (np.arange(assets) % 6)
        ]
        self.mean = rng.normal(0.3, 0.4, size=(assets, p))
        self.sd = rng.uniform(0.1, 0.6, size=(assets, p))
        self.sd[:, 0] = 0.0  # a zero alpha
        self.sigma = noise * rng.uniform(0.7, 1.3, assets)
        self.rate = rng.uniform(0.2, 0.8, len(free))
        self.included = rng.random((assets, len(free))) < 0.5
        on = np.ones((assets, p))
        on[:, self.free] = self.included
        c = on * (self.mean + self.sd * rng.normal(size=(assets, p)))
        noises = (s * rng.normal(size=len(x)) for x, s in zip(self.x, self.sigma, strict=True))
        self.r = [x @ own + noise for x, own, noise in zip(self.x, c, noises, strict=True)]
        which = self.free - 1
        flags, a, b, to_group = np.zeros(factors, bool), np.ones(factors), np.ones(factors), np.zeros(factors, bool)
        flags[which], a[which], b[which], to_group[which] = True, 2.0, 3.0, self.to_group
        self.prior = ScaledInclusion(flags, a, b, to_group)
        self.masks = None

    def statistics(self):
        pairs = list(zip(self.x, self.r, strict=True))
        return Moments(
            xx=np.stack([x.T @ x for x in self.x], axis=-1),
            xy=np.stack([x.T @ r for x, r in pairs], axis=-1),
            yy=np.array([r @ r for r in self.r]),
            count=np.array([len(r) for r in self.r]),
        )

    def law(self, *, unmasked):
        assert unmasked
        return self.mean.T, self.sd.T, self.sigma, np.zeros(self.mean.shape[1])

    def set_masks(self, mean, sd):
        self.masks = mean, sd

    def reduced(self):
        """Return what is left of the statistics, and the law of the free coefficients."""
        found, place = self.statistics(), self.free
        s, b = np.moveaxis(found.xx, -1, 0).copy(), found.xy.T.copy()
        masked = ~self.to_group
        gram = reduce_statistics(s, b, found.yy.copy(), self.mean, self.sd, self.sigma, self.order, masked)
        return gram, self.mean[:, place].copy(), self.sd[:, place].copy(), masked

    def log_density(self, i, on):
        """Return log p(r_i | gamma_i) by a dense normal."""
        mean, sd = self.mean[i].copy(), self.sd[i].copy()
        for k, inside in enumerate(on):
            sd[self.free[k]] *= inside
            mean[self.free[k]] *= inside or self.to_group[k]
        x = self.x[i]
        if len(x) == 0:
            return 0.0
        covariance = self.sigma[i] ** 2 * np.eye(len(x)) + x * sd**2 @ x.T
        return multivariate_normal(x @ mean, covariance).logpdf(self.r[i])

    def weights(self, i):
        """Return every configuration of an asset, and its probability given the rates."""
        every = np.array(list(product([False, True], repeat=len(self.free))))
        prior = np.log(np.where(every, self.rate, 1 - self.rate)).sum(axis=1)
        value = prior + [self.log_density(i, on) for on in every]
        weight = np.exp(value - value.max())
        return every, weight / weight.sum()

    def log_factor(self, i, on, k):
        """Return the log Bayes factor of coefficient k of an asset, given which others are in."""
        inside, outside = (np.where(np.arange(len(on)) == k, state, on) for state in (True, False))
        return self.log_density(i, inside) - self.log_density(i, outside)


@pytest.mark.parametrize("given", JOINT.values(), ids=JOINT.keys())
def test_joint_inclusion_is_that_of_dense_normals_over_all_configurations(given):
    case = Case(*given)
    _, probability = draw_jointly(*case.reduced(), case.rate, np.full(ASSETS, 0.5))
    for i in range(ASSETS):
        every, weight = case.weights(i)
        np.testing.assert_allclose(probability[i], weight @ every, atol=1e-10)


def test_configurations_are_drawn_with_their_probabilities():
    case, points = Case(*JOINT["both"]), 2000
    uniforms = (np.arange(points) + 0.5) / points
    drawn = np.array([draw_jointly(*case.reduced(), case.rate, np.full(ASSETS, u))[0] for u in uniforms])
    for i in range(ASSETS):
        every, weight = case.weights(i)
        found = (drawn[:, i, None] == every).all(axis=-1).mean(axis=0)
        np.testing.assert_allclose(found, weight, atol=1.01 / points)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("given", [*JOINT.values(), MANY])
def test_bayes_factors_are_those_of_dense_normals(given, seed):
    case = Case(*given, seed=seed)
    for k in range(len(case.free)):
        found = log_bayes_factors(*case.reduced(), case.included, k)
        expected = [case.log_factor(i, case.included[i], k) for i in range(ASSETS)]
        np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (2.0, 3.5), (0.2, 9.0)])
def test_the_number_that_is_in_is_that_of_all_configurations(a, b):
    factors = np.array([-1.5, 0.3, 4.0, -0.2, 0.0, 2.0, -6.0])
    every = np.array(list(product([0, 1], repeat=len(factors))))
    n = every.sum(axis=1)
    weight = np.exp(every @ factors + betaln(a + n, b + len(factors) - n))
    expected = np.bincount(n, weight) / weight.sum()
    np.testing.assert_allclose(count_probabilities(factors, a, b), expected, rtol=1e-11)


def test_the_number_that_is_in_is_a_number_at_any_size():
    certain = count_probabilities(np.repeat([800.0, -800.0], 300), 1.0, 1.0)
    assert certain[300] == pytest.approx(1.0)
    flat = count_probabilities(np.zeros(3000), 1.0, 1.0)
    np.testing.assert_allclose(flat, 1 / 3001, rtol=1e-9)


def test_rates_without_data_are_those_of_the_prior():
    case = Case(3, {1: False, 2: True})
    case.x, case.r = ([array[:0] for array in arrays] for arrays in (case.x, case.r))
    latent, draws = SparseLoadings(case.prior, ASSETS), []
    for _ in range(3000):
        latent.given_statistics(case)
        draws.append(latent.record(case)["inclusion_rate"])
    rate, law = np.array(draws), beta(2.0, 3.0)
    assert (rate[:, 0] == 1).all()
    for column in rate[:, 1:].T:  # with what is in summed out, draws are independent
        assert abs(column.mean() - law.mean()) < 4 * law.std() / np.sqrt(len(column))
        square = (column - law.mean()) ** 2
        assert abs(square.mean() - law.var()) < 4 * square.std() / np.sqrt(len(column))


@pytest.mark.parametrize("given", [JOINT["both"], MANY], ids=["jointly", "in turn"])
def test_where_data_leave_no_doubt_rates_are_beta_and_masks_say_what_is_in(given):
    case = Case(*given, noise=0.02, dates=60)
    case.mean[:, 0], case.mean[:, 1:], case.sd[:, 1:] = 0.0, 1.0, 1.0
    inside = np.arange(ASSETS) % 3 > 0
    case.r = [x[:, 1:].sum(axis=1) * on for x, on in zip(case.x, inside, strict=True)]
    latent, draws = SparseLoadings(case.prior, ASSETS), []
    for _ in range(2000):
        latent.given_statistics(case)
        draws.append(latent.record(case)["inclusion_rate"])
    mean, sd = case.masks
    to_zero = case.free[~case.to_group] - 1
    for k in to_zero:
        np.testing.assert_array_equal(sd[k], inside)
        np.testing.assert_array_equal(mean[k], inside)
    law, rate = beta(2.0 + inside.sum(), 3.0 + (~inside).sum()), np.array(draws)[:, to_zero]
    assert (np.abs(rate.mean(axis=0) - law.mean()) < 4 * law.std() / np.sqrt(len(rate))).all()
    assert (np.abs(rate.std(axis=0) / law.std() - 1) < 4 / np.sqrt(2 * len(rate))).all()


@pytest.mark.parametrize("given", [JOINT["both"], (8, {k: k % 2 == 1 for k in range(8)})], ids=["jointly", "in turn"])
def test_an_asset_without_data_stays_at_the_rate(given):
    case = Case(*given)
    case.x[2], case.r[2] = case.x[2][:0], case.r[2][:0]
    latent = SparseLoadings(case.prior, ASSETS)
    for _ in range(5):
        latent.given_statistics(case)
        found = latent.record(case)
        np.testing.assert_allclose(found["inclusion_probability"][2], found["inclusion_rate"], rtol=1e-12)


def test_what_is_always_in_has_no_mask_and_probability_1():
    case = Case(*JOINT["both"])
    latent = SparseLoadings(case.prior, ASSETS)
    latent.given_statistics(case)
    mean, sd = case.masks
    assert mean.shape == sd.shape == (4 + RESIDUAL, ASSETS)
    assert (mean[[0, 2, 4]] == 1).all()
    assert (sd[[2, 4]] == 1).all()
    found = latent.record(case)
    assert (found["inclusion_probability"][:, 2] == 1).all()
    assert found["inclusion_rate"][2] == 1
    assert (found["inclusion_rate"][[0, 1, 3]] < 1).all()


@pytest.mark.parametrize(("given", "assets"), [(JOINT["both"], 3), ((8, dict.fromkeys(range(8), False)), 1)])
def test_many_draws_are_the_posterior_of_all_configurations_with_rates_summed_out(given, assets):
    case = Case(*given, assets=assets, noise=3.0)
    free = len(case.free)
    latent, expected = SparseLoadings(case.prior, assets), np.zeros((assets, free))
    every = list(product([False, True], repeat=free))
    table = np.array([[case.log_density(i, on) for on in every] for i in range(assets)])
    whole = 0.0
    for chosen in product(range(len(every)), repeat=assets):
        on = np.array([every[c] for c in chosen])
        n = on.sum(axis=0)
        weight = np.exp(sum(table[i, c] for i, c in enumerate(chosen)) - table.max(axis=1).sum())
        weight *= np.exp(betaln(2.0 + n, 3.0 + assets - n).sum())
        expected += weight * on
        whole += weight
    draws = []
    for _ in range(8000):
        latent.given_statistics(case)
        draws.append(latent.record(case)["inclusion_probability"][:, case.free - 1])
    batches = np.array(draws).reshape(40, 200, assets, free).mean(axis=1)
    error = batches.std(axis=0, ddof=1) / np.sqrt(len(batches))
    assert (np.abs(batches.mean(axis=0) - expected / whole) < 4.5 * error).all()
