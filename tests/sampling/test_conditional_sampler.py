"""The conditional sampler: its parts against dense normals, and all of it by Geweke's joint test."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.panel.moments import Moments
from bayesfactor.paths.movement import Cell, blocks_of
from bayesfactor.paths.prewhitened import prewhitened, whiten
from bayesfactor.sampling.conditional_engine import ConditionalRun
from bayesfactor.sampling.kernel_engine import KernelRun
from bayesfactor.sampling.kernels.buffer import aligned_copy
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.marginal_loadings import DatedResiduals, MovePriors, marginal_density
from bayesfactor.sampling.kernels.normal_kernel import OWN, write_moments
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.latents.chain import Chain
from bayesfactor.sampling.latents.found import moves_of, rows_of
from bayesfactor.sampling.latents.loading_moves import LoadingMoves
from bayesfactor.sampling.latents.residual_factors import ResidualFactors, draw_scores
from bayesfactor.sampling.latents.rows import add_statistics, residuals
from bayesfactor.sampling.latents.state import State
from bayesfactor.spec.alphas import ShrunkAlpha
from bayesfactor.spec.named_residual_factors import named_residual_factors
from bayesfactor.spec.priors import HalfNormalRate, Normal, Rate
from bayesfactor.spec.residual_factors import CommonResiduals
from bayesfactor.spec.scaling import scale_priors

CHAINS, SWEEPS = 800, 8
SHRUNK = ShrunkAlpha(HalfNormalRate(Rate(20.0)))
INFO = {
    "market": {"traded": True, "family": "market"},
    "macro": {"traded": False, "family": "macro", "transform": "none"},
}


def small_panel(assets: int = 5, weeks: int = 24, seed: int = 0) -> bf.Panel:
    rng = np.random.default_rng(seed)
    factors = rng.normal([0.003, 0.0], [0.02, 0.05], (weeks, 2))
    returns = factors @ np.array([1.0, 0.2]) + rng.normal(0, 0.03, (assets, weeks)) + 0.0
    returns = returns.T
    for asset in range(1, assets):
        returns[: 2 * asset, asset] = np.nan
    dates = pd.date_range("2015-01-04", periods=weeks, freq="W")
    names = [f"a{number}" for number in range(assets)]
    return bf.integrate(
        pd.DataFrame(returns, dates, names),
        pd.DataFrame(factors, dates, ["market", "macro"]),
        factor_info=INFO,
        asset_info={name: f"group {number % 2}" for number, name in enumerate(names)},
    )


class OwnVolatility:
    """A path of volatility, as far as rows take it: one that is common, and each asset's own."""

    def __init__(self, weeks: int, assets: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.weight = np.exp(0.5 * rng.standard_normal(weeks))
        self.precision = self.weight[:, None] * np.exp(0.5 * rng.standard_normal((weeks, assets)))


def moving_cell(panel: bf.Panel, kappa: float = 0.3, phi: float = 0.6) -> Cell:
    """Return a cell in which volatility and loadings move."""
    path = OwnVolatility(len(panel.times), len(panel.assets), 1)
    blocks = blocks_of(panel, path.precision, 6, len(panel.times))
    return Cell(path, blocks, whiten(blocks, kappa, phi))


def test_moves_of_loadings_are_taken_out_of_statistics_as_the_filter_does():
    panel = small_panel()
    cell = moving_cell(panel)
    rows, moves = rows_of(panel, cell), moves_of(cell)
    n, p = len(panel.assets), 3
    xx, xy, yy = np.zeros((n, p, p)), np.zeros((n, p)), np.zeros(n)
    add_statistics(rows.x, rows.z, rows.y, rows.root, rows.seen, 0, xx, xy, yy)
    moves.integrate(rows, 0, xx, xy, yy)
    expected: Moments = prewhitened(cell.blocks, 0.3, 0.6).moments
    np.testing.assert_allclose(np.moveaxis(xx, 0, -1), expected.xx, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(xy.T, expected.xy, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(yy, expected.yy, rtol=1e-9, atol=1e-14)


def block_covariance(rows, moves: LoadingMoves, asset: int) -> np.ndarray:
    """Return the covariance of y over sigma^2 of what moves of loadings add, by its definition."""
    edges, own = rows.edges, np.flatnonzero(rows.seen[asset])
    number = np.searchsorted(edges, own, side="right") - 1
    z = rows.u[:, own] * rows.root[asset, own]
    return moves.kappa**2 * moves.phi ** np.abs(number[:, None] - number) * (z.T @ z)


@pytest.mark.parametrize("first", [0, 3])
def test_statistics_with_a_residual_factor_are_those_of_a_dense_normal(first):
    panel = small_panel()
    cell = moving_cell(panel)
    rows, moves = rows_of(panel, cell), moves_of(cell)
    n, p, rng = len(panel.assets), 5, np.random.default_rng(3)
    xx, xy, yy = np.zeros((n, p, p)), np.zeros((n, p)), np.zeros(n)
    for begin in (0, first):
        rows.z = rng.standard_normal((2, len(panel.times)))
        add_statistics(rows.x, rows.z, rows.y, rows.root, rows.seen, begin, xx, xy, yy)
        moves.integrate(rows, begin, xx, xy, yy)
    for asset in range(n):
        own = np.flatnonzero(rows.seen[asset])
        columns = np.vstack([rows.x[:, own] * rows.root[asset, own], rows.z[:, own]])
        inverse = np.linalg.inv(np.eye(own.size) + block_covariance(rows, moves, asset))
        np.testing.assert_allclose(xx[asset], columns @ inverse @ columns.T, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(xy[asset], columns @ inverse @ rows.y[asset, own], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(yy[asset], rows.y[asset, own] @ inverse @ rows.y[asset, own], rtol=1e-9)


def test_moves_of_loadings_are_drawn_from_their_conditional_law():
    panel = small_panel(assets=2)
    cell = moving_cell(panel)
    rows, moves = rows_of(panel, cell), moves_of(cell)
    rng, sigma = np.random.default_rng(5), np.array([0.02, 0.03])
    coefficients, draws = np.array([[0.0, 1.0, 0.1], [0.001, 0.8, 0.0]]), []
    for _ in range(4000):
        moves.draw(rows, coefficients, np.zeros((2, 0)), sigma, rng)
        draws.append(rows.moved[1].copy())
    own = np.flatnonzero(rows.seen[1])
    rest = residuals(rows.y, rows.root, rows.seen, rows.x, coefficients, rows.z, np.zeros((2, 0)))[1, own]
    prior = block_covariance(rows, moves, 1)
    gain = prior @ np.linalg.inv(prior + np.eye(own.size))
    mean, cov = gain @ rest, sigma[1] ** 2 * (prior - gain @ prior)
    seen = np.array(draws)[:, own]
    error = np.sqrt(np.diag(cov) / len(seen))
    assert np.abs((seen.mean(axis=0) - mean) / error).max() < 4.5
    np.testing.assert_allclose(np.cov(seen.T), cov, atol=5 * np.diag(cov).max() * (2 / len(seen)) ** 0.5)


def test_residual_factors_are_drawn_from_their_conditional_law():
    rng = np.random.default_rng(2)
    seen = (rng.uniform(size=(6, 9)) < 0.7).astype(float)
    loading, weight = rng.standard_normal((6, 2)), rng.uniform(0.5, 2.0, 6)
    rest = seen * rng.standard_normal((6, 9))
    latent = ResidualFactors.of(seen)
    zero = draw_scores(rest, seen, loading, weight, latent.pattern, latent.first, np.zeros((2, 9)))
    unit = [
        draw_scores(rest, seen, loading, weight, latent.pattern, latent.first, noise[:, None] * np.ones((2, 9))) - zero
        for noise in np.eye(2)
    ]
    for t in range(9):
        own = seen[:, t] > 0
        precision = np.eye(2) + (loading[own].T * weight[own]) @ loading[own]
        np.testing.assert_allclose(zero[:, t], np.linalg.solve(precision, (loading.T * weight) @ rest[:, t]), rtol=1e-9)
        root = np.array([one[:, t] for one in unit]).T
        np.testing.assert_allclose(root @ root.T, np.linalg.inv(precision), rtol=1e-9)


def test_loadings_and_scales_given_coefficients_have_the_density_of_dense_normals():
    """Residuals of two patterns, one with more dates than assets: value, and gradient by central differences."""
    rng, q, n = np.random.default_rng(0), 2, 5
    seen = np.array([[1.0, 1, 1, 1, 1], [1, 0, 1, 1, 0]])
    rest = [own[:, None] * rng.normal(0, 0.7, (n, dates)) for own, dates in zip(seen, (9, 4), strict=True)]
    data = DatedResiduals(
        seen, np.array([9.0, 4]), np.hstack([np.linalg.qr(rest[0].T, "r").T, rest[1]]), np.array([0, 5, 9])
    )
    at = np.vstack([rng.normal(0, 0.4, (q, n)), rng.normal(-0.2, 0.3, n)])
    mean, precision = rng.normal(0, 0.1, at.shape), rng.uniform(0.5, 2, at.shape)
    priors = MovePriors(mean, precision, 0.01, rng.uniform(0, 2, n), np.ones(n))

    def dense(point: np.ndarray) -> float:
        variance = np.exp(2 * point[q]) + priors.floor
        cov = point[:q].T @ point[:q] + np.diag(variance)
        value = -0.5 * np.sum(precision * (point - mean) ** 2) - 0.5 * np.sum(
            np.log(variance) + priors.alpha / variance
        )
        for own, e in zip(seen > 0, rest, strict=True):
            law = stats.multivariate_normal(np.zeros(own.sum()), cov[np.ix_(own, own)])
            value += law.logpdf(e[own].T).sum() + 0.5 * e[own].size * np.log(2 * np.pi)
        return float(value)

    slope = np.empty_like(at)
    assert marginal_density(at, priors, data, slope) == pytest.approx(dense(at), rel=1e-12)
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = 1e-6
        assert slope[place] == pytest.approx((dense(at + step) - dense(at - step)) / 2e-6, abs=1e-6)


def joint_run(panel: bf.Panel, cell: Cell, base: bf.FactorModel) -> ConditionalRun:
    """Return the run of a model with two common residual factors and one a group."""
    model = replace(base, noise=replace(base.noise, common=CommonResiduals(2), groups=Normal(0.25, 0.25)))
    design, rows = observe(panel), rows_of(panel, cell)
    priors = scale_priors(design, model)
    rows.z = np.zeros((4, len(panel.times)))
    named = named_residual_factors(design, model, priors)
    assert named.names == ("common 1", "common 2", *panel.group_names)
    problem = pack(design, model, priors, ResidualColumns.of(named))
    return ConditionalRun(problem, rows, (ResidualFactors.of(rows.seen),), moves_of(cell))


def prior_draws(run: ConditionalRun, draws: int, seed: int) -> np.ndarray:
    """Return draws (draw, theta) given the factors alone: the kernel's density without returns."""
    buffer, n = aligned_copy(run.problem.buffer), len(run.rows.y)
    p = len(run.rows.x) + len(run.rows.z)
    write_moments(buffer, np.zeros((n, p, p)), np.zeros((n, p)), np.zeros(n))
    buffer[int(buffer[2 * OWN.dates]) : int(buffer[2 * OWN.dates + 1])] = 0.0
    kernel = KernelRun(replace(run.problem, buffer=buffer))
    sampler = bf.Sampler(draws=draws // 2, tune=300, chains=2, seed=seed, target_accept=0.9, progress=False)
    return kernel.sample(kernel.compile(), sampler)["posterior"]["theta"].values.reshape(draws, -1)


def start_from_prior(chain: Chain, theta: np.ndarray) -> None:
    """Draw everything but theta from its law."""
    state = chain.state
    state.theta, rng, rows, moves = theta.copy(), chain.state.rng, chain.state.rows, chain.moves
    law = state.law()
    state.coefficients = (law.mean + law.sd * rng.standard_normal(law.mean.shape)).T.copy()
    rows.z = rng.standard_normal(rows.z.shape)
    k, value = len(rows.u), 0.0
    rows.moved = np.zeros_like(rows.y)
    if moves is None:
        return
    for first, last in pairwise(rows.edges.tolist()):
        step = moves.kappa * law.sigma[:, None] * rng.standard_normal((len(law.sigma), k))
        value = step if first == 0 else moves.phi * value + np.sqrt(1 - moves.phi**2) * step
        rows.moved[:, first:last] = rows.root[:, first:last] * (value @ rows.u[:, first:last])


def redraw_returns(chain: Chain) -> None:
    """Draw returns given everything else."""
    state, rows = chain.state, chain.state.rows
    law = state.law()
    noise = law.sigma[:, None] * state.rng.standard_normal(rows.y.shape) + state.loading @ rows.z
    rows.y = rows.root * (state.on_rows(law) @ rows.x) + rows.moved + rows.seen * noise
    rows.changed = True


def functions(chain: Chain) -> np.ndarray:
    """Return numbers of a state whose law does not depend on signs and rotations."""
    state, data = chain.state, chain.state.problem.data
    law, c, level = state.law(), state.coefficients, np.exp(data["level_loc"])
    mean, spread = state.group_means() / data["loading_sd"], state.spreads() / data["loading_spread"]
    common = (state.loading**2).sum(axis=1)
    return np.r_[
        np.log(law.sigma / level),
        common / (common + law.sigma**2),
        c[:, 0] / level,
        (c[:, 1:3] / data["loading_sd"][:2]).ravel(),
        mean[:, :2].ravel(),
        mean[:, 2] ** 2,
        mean[:, 2] * mean[:, 3],
        mean[[0, 1], [4, 5]],
        common_products(state),
        spread,
        law.shift[2] / data["loading_sd"][1],
        (state.rows.z**2).mean(axis=1),
        (state.coefficients[:, 1] * state.coefficients[:, 2] / data["loading_sd"][1]),
    ]


def common_products(state: State) -> np.ndarray:
    """Return products of loadings of two assets on residual factors, over the unit of their prior, and of scores."""
    loading, z = state.loading / state.problem.data["loading_sd"][2], state.rows.z
    return np.r_[loading[0] @ loading[1], loading[0] @ loading[2], loading[1] @ loading[3], (z[0] * z[1]).mean()]


@pytest.mark.parametrize(
    ("base", "loadings_move"),
    [(bf.read_model("static"), False), (bf.FactorModel(alpha=SHRUNK), True)],
    ids=["appraisal", "shrunk, loadings move"],
)
def test_the_joint_law_of_parameters_latent_variables_and_returns_is_left_as_it_is(base, loadings_move):
    """Geweke (2004): from a draw of the prior, sweeps with returns drawn anew before each have the prior as their law.

    Every draw of the prior starts a chain of its own, so that ends of chains are independent up to those draws.
    """
    panel = small_panel()
    cell = moving_cell(panel)
    run = joint_run(panel, cell if loadings_move else Cell(cell.residuals), base)
    prior = prior_draws(run, CHAINS, 12)
    chain = run.chain(prior[0], prior.var(axis=0), 0.8, np.random.default_rng(1))
    before, after = [], []
    for theta in prior:
        start_from_prior(chain, theta)
        before.append(functions(chain))
        for _ in range(SWEEPS):
            redraw_returns(chain)
            chain.sweep(0.3)
        after.append(functions(chain))
    change = np.array(after) - np.array(before)
    z = change.mean(axis=0) / (change.std(axis=0) / len(change) ** 0.5)
    assert np.abs(z).max() < 4, z
    assert np.sqrt(np.mean(z**2)) < 1.4, z
    ranks = stats.ks_2samp(np.array(before), np.array(after), axis=0, method="asymp")
    assert np.asarray(ranks.pvalue).min() > 0.05 / change.shape[1] / 10, ranks.pvalue
