"""Evidence over how far loadings move: static truth is found static, moving truth is found moving."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.paths.blocks import block_edges, cross_products_in_blocks
from bayesfactor.paths.loading_cells import loading_cells, loading_grid
from bayesfactor.paths.loading_evidence import (
    CoefficientPrior,
    coefficient_prior,
    predictive_densities,
    shared_mode,
)
from bayesfactor.paths.prewhitened import whiten
from bayesfactor.spec.alphas import ScaledAlphas
from bayesfactor.spec.loadings import ScaledLoadings
from tests.support.loading_filter import filter_loadings

GRID = loading_grid(0.15, 4.0, 1.0)
PRIOR = CoefficientPrior(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.5, 0.5]), np.array([0.002, 0.5, 0.5]))
FREE = replace(PRIOR, sd=np.array([0.002, 0.5, 0.5]), spread=np.zeros(3))
SD = np.array([0.02, 0.01])


def simulated(kappa, seed, assets=24, rows=624, length=26):
    """Return returns, every other of which begins late, factors and groups; half-life of four blocks."""
    rng = np.random.default_rng(seed)
    edges, phi = block_edges(rows, length), 2**-0.25
    factors = rng.normal(size=(rows, 2)) * SD
    sigma = 0.03 * np.exp(0.3 * rng.normal(size=assets))
    v = rng.normal(size=(edges.size - 1, assets, 2))
    for b in range(1, len(v)):
        v[b] = phi * v[b - 1] + np.sqrt(1 - phi**2) * v[b]
    loading = [1.0, 0.0] + 0.3 * rng.normal(size=(assets, 2)) + v * kappa * sigma[:, None] / SD
    each = np.repeat(loading, np.diff(edges), axis=0)
    returns = np.einsum("tik,tk->ti", each, factors) + sigma * rng.normal(size=(rows, assets))
    for i in range(0, assets, 2):
        returns[: rng.integers(0, rows // 2), i] = np.nan
    return returns, factors, rng.integers(0, 2, assets)


def blocked(returns, factors, length=26):
    return cross_products_in_blocks(returns, factors, block_edges(len(returns), length), np.zeros(2), SD)


def weights(returns, factors, groups, prior=PRIOR):
    return {
        (cell.move, cell.memory): cell.weight for cell in loading_cells(blocked(returns, factors), groups, prior, GRID)
    }


@pytest.mark.parametrize("prior", [PRIOR, FREE], ids=["grouped", "free"])
def test_static_loadings_are_found_static(prior):
    best = [
        loading_cells(blocked(returns, factors), groups, prior, GRID)[0]
        for returns, factors, groups in (simulated(0.0, seed) for seed in range(6))
    ]
    assert {(one.move, one.phi) for one in best} == {(0, 1)}
    assert np.mean([one.weight for one in best]) > 0.75  # 0.95 over 40 seeds


@pytest.mark.parametrize("prior", [PRIOR, FREE], ids=["grouped", "free"])
@pytest.mark.parametrize("seed", range(4))
def test_moves_are_found(seed, prior):
    returns, factors, groups = simulated(0.2, seed)
    cells = loading_cells(blocked(returns, factors), groups, prior, GRID)
    mean = sum(cell.weight * cell.move for cell in cells)
    assert abs(mean - 0.2) < 0.05
    assert cells[0].memory in (2.0, 4.0, 10.0)
    assert not any(cell.weight for cell in cells if cell.move == 0)


def test_few_cells_have_a_weight():
    for seed in range(3):
        found = weights(*simulated(0.05, seed, rows=260))
        kept = [one for one in found.values() if one]
        assert sum(found.values()) == pytest.approx(1)
        assert len(kept) <= 4
        assert min(kept) >= 0.05


def test_the_grid_has_the_probabilities_of_its_prior():
    assert GRID.prior.sum() == pytest.approx(1)
    assert GRID.moves[0] == 0
    assert 0.5 < GRID.prior[0, 0] < 0.6
    moving = GRID.prior[1:].sum()
    assert np.sum(GRID.prior[1:] * GRID.moves[1:, None]) / moving == pytest.approx(0.135, abs=0.01)  # E[k | k > .025]
    assert np.sum(GRID.prior[1:] * np.log(GRID.memories)) / moving == pytest.approx(np.log(4.0), abs=0.15)


def test_factors_as_assets_and_assets_without_a_history_count_for_nothing():
    returns, factors, groups = simulated(0.1, 1)
    none, few = np.full((len(returns), 1), np.nan), returns[:, :1].copy()
    few[:-3] = np.nan
    more = np.hstack([returns, factors[:, :1], none, few])
    assert weights(more, factors, np.r_[groups, 0, 3, 1]) == pytest.approx(weights(returns, factors, groups), abs=1e-6)


def test_without_returns_nothing_is_known_to_move():
    found = weights(np.full((60, 2), np.nan), np.ones((60, 2)), np.zeros(2, int))
    assert found == {(0.0, np.inf): 1.0}


def test_order_of_assets_and_units_of_factors_do_not_matter():
    returns, factors, groups = simulated(0.1, 2)
    order, scale = np.random.default_rng(0).permutation(24), np.array([100.0, 0.5])
    plain = weights(returns, factors, groups)
    assert weights(returns[:, order], factors, groups[order]) == pytest.approx(plain, abs=1e-6)
    by = np.r_[1.0, scale]
    blocks = cross_products_in_blocks(returns, factors * scale, block_edges(624, 26), np.zeros(2), SD * scale)
    prior = CoefficientPrior(PRIOR.loc / by, PRIOR.sd / by, PRIOR.spread / by)
    cells = loading_cells(blocks, groups, prior, GRID)
    assert {(cell.move, cell.memory): cell.weight for cell in cells} == pytest.approx(plain, abs=1e-6)


def test_the_same_returns_twice_weigh_as_once():
    """Evidence of dependent assets is tempered: a copy of every asset doubles it, and its design effect."""
    returns, factors, groups = simulated(0.05, 3, rows=260)
    once, twice = (loading_cells(blocked(np.tile(returns, n), factors), np.tile(groups, n), FREE, GRID) for n in (1, 2))
    effect = {(cell.move, cell.memory): cell for cell in once}
    for cell in twice:
        alone = effect.get((cell.move, cell.memory))
        if alone and alone.effect > 1:
            assert cell.effect == pytest.approx(2 * alone.effect, rel=1e-3)
            assert cell.evidence == pytest.approx(2 * alone.evidence, abs=1e-3)


@pytest.mark.parametrize("kappa", [0.0, 0.2])
def test_predictive_densities_are_those_of_the_filter(kappa):
    returns, factors, groups = simulated(0.1, 0, assets=5, rows=130)
    blocks = blocked(returns, factors)
    sums = whiten(blocks, kappa, 0.8)
    shared = shared_mode(sums, groups, PRIOR, np.full(5, 0.03))
    theirs = filter_loadings(blocks, shared.mean[groups], shared.sd, kappa, 0.8, shared.sigma)
    np.testing.assert_allclose(predictive_densities(sums, groups, shared), theirs.log_density, atol=1e-9)


@pytest.mark.parametrize("kappa", [0.0, 0.15])
def test_what_assets_share_is_at_its_mode(kappa):
    returns, factors, groups = simulated(0.1, 4)
    sums = whiten(blocked(returns, factors), kappa, 0.8)
    mode = shared_mode(sums, groups, PRIOR, np.full(24, 0.03))

    def score(shared):
        return predictive_densities(sums, groups, shared).sum() + shared.log_prior(PRIOR)

    best = score(mode)
    for by in (0.97, 1.03):
        assert score(replace(mode, sigma=mode.sigma * by)) < best
        for k in range(3):
            sd, mean = mode.sd.copy(), mode.mean.copy()
            sd[k] *= by
            assert score(replace(mode, sd=sd)) < best + 0.05
            mean[:, k] += (by - 1) * mode.sd[k] * (PRIOR.sd[k] > 0)
            assert score(replace(mode, mean=mean)) < best + 0.02


def test_laws_of_coefficients_are_those_of_a_model():
    loadings = ScaledLoadings(np.array([1.0, 0.0]), np.array([0.5, 0.4]), np.array([0.3, 0.2]), np.zeros(2))
    shrunk = coefficient_prior(ScaledAlphas(sd=0.01, hierarchical=True), loadings)
    assert (shrunk.sd[0], shrunk.spread[0]) == (0, 0.01)
    free = coefficient_prior(ScaledAlphas(loc=0.001, sd=0.01), loadings)
    assert (free.loc[0], free.sd[0], free.spread[0]) == (0.001, 0.01, 0)
    np.testing.assert_array_equal(free.spread[1:], loadings.spread)
