"""Inclusion of loadings given the law of the rest: every configuration by dense normals over single returns."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import betaln
from scipy.stats import beta, multivariate_normal

from bayesfactor.panel.design import observe
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.normal_kernel import write_moments
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.latents.inclusion import (
    count_probabilities,
    draw_jointly,
    log_bayes_factors,
    reduce_statistics,
)
from bayesfactor.sampling.latents.sparse_loadings import SparseLoadings
from bayesfactor.sampling.latents.state import State
from bayesfactor.spec.inclusion import BetaInclusion, ScaledInclusion
from bayesfactor.spec.scaling import scale_priors
from tests.support.panels import make_panel
from tests.support.sparse import sparse_model

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
    """Returns of assets of unequal histories on factors, of which some are free, and on a residual factor."""

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

    def statistics(self):
        """Return X'X, X'r and r'r of each asset."""
        pairs = list(zip(self.x, self.r, strict=True))
        own = [np.stack([x.T @ x for x in self.x]), np.stack([x.T @ r for x, r in pairs])]
        return (*own, np.array([r @ r for r in self.r]))

    def reduced(self):
        """Return what is left of the statistics, and the law of the free coefficients."""
        masked, place = ~self.to_group, self.free
        gram = reduce_statistics(*self.statistics(), self.mean, self.sd, self.sigma, self.order, masked)
        return gram, self.mean[:, place].copy(), self.sd[:, place].copy(), masked

    def drawn(self, latent, draws):
        """Yield a latent after each of some draws."""
        statistics = self.statistics()
        for _ in range(draws):
            latent.draw(*statistics, self.mean, self.sd, self.sigma, self.rng)
            yield latent

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
    rate = np.array([latent.rate.copy() for latent in case.drawn(SparseLoadings(case.prior, ASSETS), 3000)])
    law = beta(2.0, 3.0)
    for column in rate.T:  # with what is in summed out, draws are independent
        assert abs(column.mean() - law.mean()) < 4 * law.std() / np.sqrt(len(column))
        square = (column - law.mean()) ** 2
        assert abs(square.mean() - law.var()) < 4 * square.std() / np.sqrt(len(column))


@pytest.mark.parametrize("given", [JOINT["both"], MANY], ids=["jointly", "in turn"])
def test_where_data_leave_no_doubt_rates_are_beta(given):
    case = Case(*given, noise=0.02, dates=60)
    case.mean[:, 0], case.mean[:, 1:], case.sd[:, 1:] = 0.0, 1.0, 1.0
    inside = np.arange(ASSETS) % 3 > 0
    case.r = [x[:, 1:].sum(axis=1) * on for x, on in zip(case.x, inside, strict=True)]
    latent = SparseLoadings(case.prior, ASSETS)
    rate = np.array([one.rate.copy() for one in case.drawn(latent, 2000)])[:, ~case.to_group]
    for column in latent.included[:, ~case.to_group].T:
        np.testing.assert_array_equal(column, inside)
    law = beta(2.0 + inside.sum(), 3.0 + (~inside).sum())
    assert (np.abs(rate.mean(axis=0) - law.mean()) < 4 * law.std() / np.sqrt(len(rate))).all()
    assert (np.abs(rate.std(axis=0) / law.std() - 1) < 4 / np.sqrt(2 * len(rate))).all()


@pytest.mark.parametrize("given", [JOINT["both"], (8, {k: k % 2 == 1 for k in range(8)})], ids=["jointly", "in turn"])
def test_an_asset_without_data_stays_at_the_rate(given):
    case = Case(*given)
    case.x[2], case.r[2] = case.x[2][:0], case.r[2][:0]
    for latent in case.drawn(SparseLoadings(case.prior, ASSETS), 5):
        np.testing.assert_allclose(latent.probability[2], latent.rate, rtol=1e-12)


@pytest.mark.parametrize(("given", "assets"), [(JOINT["both"], 3), ((8, dict.fromkeys(range(8), False)), 1)])
def test_draws_are_the_posterior_of_all_configurations_with_rates_summed_out(given, assets):
    case = Case(*given, assets=assets, noise=3.0)
    free = len(case.free)
    every = list(product([False, True], repeat=free))
    table = np.array([[case.log_density(i, on) for on in every] for i in range(assets)])
    expected, whole = np.zeros((assets, free)), 0.0
    for chosen in product(range(len(every)), repeat=assets):
        on = np.array([every[c] for c in chosen])
        n = on.sum(axis=0)
        weight = np.exp(sum(table[i, c] for i, c in enumerate(chosen)) - table.max(axis=1).sum())
        weight *= np.exp(betaln(2.0 + n, 3.0 + assets - n).sum())
        expected += weight * on
        whole += weight
    draws = [latent.probability.copy() for latent in case.drawn(SparseLoadings(case.prior, assets), 8000)]
    batches = np.array(draws).reshape(40, 200, assets, free).mean(axis=1)
    error = batches.std(axis=0, ddof=1) / np.sqrt(len(batches))
    assert (np.abs(batches.mean(axis=0) - expected / whole) < 4.5 * error).all()


class Chain:
    """A chain of the conditional sampler at some theta, on a panel of which loadings on f1 and f2 may be out."""

    def __init__(self):
        panel = make_panel(assets=9, traded=2, other=1, periods=60, shortest=12, seed=5)
        model = sparse_model(f1=BetaInclusion(2.0, 3.0, spike="group"), f2=BetaInclusion(1.0, 1.0))
        design = observe(panel)
        priors = scale_priors(design, model)
        columns = ResidualColumns(np.zeros(1), np.ones(1), np.ones(1), np.ones((1, 9)))
        problem, rng = pack(design, model, priors, columns), np.random.default_rng(2)
        self.inclusion = priors.inclusion
        rows = SimpleNamespace(x=np.column_stack([np.ones(60), panel.aligned]).T, z=rng.normal(size=(1, 60)))
        self.state = State(problem, problem.buffer.copy(), rng.normal(size=problem.size), np.zeros((9, 5)), rows, rng)
        self.returns = panel.returns.values.T
        regressors = np.vstack([rows.x, rows.z]).T
        self.x = [regressors[np.isfinite(r)] for r in self.returns]
        self.r = [r[np.isfinite(r)] for r in self.returns]
        write_moments(
            self.state.buffer,
            np.stack([x.T @ x for x in self.x]),
            np.stack([x.T @ r for x, r in zip(self.x, self.r, strict=True)]),
            np.array([r @ r for r in self.r]),
        )


def test_a_chain_s_draw_is_that_of_the_panel_s_returns():
    chain = Chain()
    state, latent = chain.state, SparseLoadings(chain.inclusion, 9)
    law = state.law()
    latent.given_statistics(state)
    every = np.array(list(product([False, True], repeat=2)))
    for i, (x, r) in enumerate(zip(chain.x, chain.r, strict=True)):
        x = x + law.shift * np.r_[0.0, np.ones(4)]
        value = []
        for f1, f2 in every:
            mean, sd = law.mean[:, i] * [1, 1, 1, f2, 1], law.sd[:, i] * [1, 1, f1, f2, 1]
            covariance = law.sigma[i] ** 2 * np.eye(len(x)) + x * sd**2 @ x.T
            value.append(multivariate_normal(x @ mean, covariance).logpdf(r))
        weight = np.exp(np.array(value) - max(value)) * np.where(every, latent.rate, 1 - latent.rate).prod(axis=1)
        np.testing.assert_allclose(latent.probability[i], weight @ every / weight.sum(), atol=1e-10)
    after = state.law()
    ones = np.ones(9)
    np.testing.assert_array_equal(after.sd, law.sd * [ones, ones, *latent.included.T, ones])
    np.testing.assert_array_equal(after.mean, law.mean * [ones, ones, ones, latent.included[:, 1], ones])


def test_what_is_always_in_has_probability_1_in_the_record():
    chain = Chain()
    latent = SparseLoadings(chain.inclusion, 9)
    for _ in range(3):
        latent.given_coefficients(chain.state)
        latent.given_statistics(chain.state)
    found = latent.record(chain.state)
    assert (found["inclusion_probability"][:, 0] == 1).all()
    np.testing.assert_array_equal(found["inclusion_probability"][:, 1:], latent.probability)
    np.testing.assert_array_equal(found["inclusion_rate"], [1.0, *latent.rate])


def test_group_means_are_drawn_given_the_loadings_that_are_in():
    chain = Chain()
    state, latent = chain.state, SparseLoadings(chain.inclusion, 9)
    state.coefficients = state.rng.normal(size=(9, 5))
    latent.included[:, 1] = [True, False, False, True, False, True, False, False, False]  # of groups 0, 0 and 2
    data, before = state.problem.data, state.group_means()
    tau = (data["loading_floor"] + state.spreads())[2]
    draws = []
    for _ in range(4000):
        latent.given_coefficients(state)
        draws.append(state.group_means())
    found = np.array(draws)
    np.testing.assert_allclose(found[:, :, [0, 1, 3]], np.broadcast_to(before[:, [0, 1, 3]], (4000, 3, 3)))
    loc, sd = data["loading_loc"][2], data["loading_sd"][2]
    for group in range(3):
        inside = latent.included[:, 1] & (data["group_of"] == group)
        law = multivariate_normal(np.full(inside.sum() + 1, loc), sd**2 + tau**2 * np.diag([0, *np.ones(inside.sum())]))
        weight = np.linalg.solve(law.cov[1:, 1:], law.cov[0, 1:])
        centre = loc + weight @ (state.coefficients[inside, 3] - loc)
        width = np.sqrt(law.cov[0, 0] - weight @ law.cov[0, 1:])
        assert abs(found[:, group, 2].mean() - centre) < 4 * width / np.sqrt(4000)
        assert found[:, group, 2].std() == pytest.approx(width, rel=4 / np.sqrt(8000))
