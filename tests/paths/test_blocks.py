"""Blocks of dates and their cross-products."""

import numpy as np
import pytest

from bayesfactor.paths.blocks import block_edges, cross_products_in_blocks

CENTRE, SD = np.array([0.0, 1.0]), np.array([1.0, 3.0])


def panel(rows=23, assets=4, factors=2, seed=0):
    rng = np.random.default_rng(seed)
    returns, values = rng.normal(size=(rows, assets)), rng.normal(size=(rows, factors)) * [1.0, 3.0]
    returns[:7, 1], returns[10:15, 2] = np.nan, np.nan
    return returns, values, rng.uniform(0.5, 2.0, size=(rows, assets))


@pytest.mark.parametrize(
    ("rows", "length", "edges"), [(10, 5, [0, 5, 10]), (11, 5, [0, 1, 6, 11]), (3, 5, [0, 3]), (4, 1, [0, 1, 2, 3, 4])]
)
def test_blocks_are_counted_back_from_the_last_row(rows, length, edges):
    assert block_edges(rows, length).tolist() == edges


def test_newer_rows_change_no_block_that_an_earlier_panel_had():
    assert block_edges(23, 5).tolist() == [0, 3, 8, 13, 18, 23]
    assert block_edges(25, 5, anchor=23).tolist() == [0, 3, 8, 13, 18, 25]  # less than half a block is no block
    assert block_edges(26, 5, anchor=23).tolist() == [0, 3, 8, 13, 18, 23, 26]
    returns, factors, weight = panel()
    before, after = (
        cross_products_in_blocks(returns[:rows], factors[:rows], block_edges(rows, 5, 19), CENTRE, SD, weight[:rows])
        for rows in (22, 23)
    )
    for name in ("xx", "xy", "yy", "count", "log_weight"):
        one, other = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(one[:, :-1], other[:, :-1])
        assert np.all(one[:, -1] != other[:, -1])


@pytest.mark.parametrize("kind", ["none", "time", "asset"])
def test_sums_over_an_assets_own_rows(kind):
    returns, factors, own = panel()
    weight = {"none": None, "time": own[:, 0], "asset": own}[kind]
    blocks = cross_products_in_blocks(returns, factors, block_edges(23, 5), CENTRE, SD, weight)
    every = {"none": np.ones_like(own), "time": np.tile(own[:, :1], 4), "asset": own}[kind]
    for i in range(4):
        for b, rows in enumerate(np.split(np.arange(23), blocks.edges[1:-1])):
            rows = rows[np.isfinite(returns[rows, i])]
            x, y, w = np.column_stack([np.ones(rows.size), factors[rows]]), returns[rows, i], every[rows, i]
            np.testing.assert_allclose(blocks.xx[blocks.pattern[i], b], (x.T * w) @ x, atol=1e-12)
            np.testing.assert_allclose(blocks.xy[i, b], (x.T * w) @ y, atol=1e-12)
            np.testing.assert_allclose(blocks.yy[i, b], y @ (w * y), atol=1e-12)
            np.testing.assert_allclose(blocks.log_weight[blocks.pattern[i], b], np.log(w).sum(), atol=1e-12)
            assert blocks.count[blocks.pattern[i], b] == rows.size


def test_assets_with_the_same_rows_share_a_pattern():
    returns, factors, weight = panel()
    blocks = cross_products_in_blocks(returns, factors, block_edges(23, 5), np.zeros(2), np.ones(2), weight[:, 0])
    assert blocks.pattern.tolist() == [0, 1, 2, 0]
    assert len(blocks.xx) == 3


def test_some_of_the_assets():
    returns, factors, weight = panel()
    some, alone = (
        cross_products_in_blocks(
            returns[:, columns], factors, block_edges(23, 5), np.zeros(2), np.ones(2), weight[:, 0]
        )
        for columns in ([0, 1, 2, 3], [3, 2])
    )
    some = some.select([3, 2])
    for name in ("xy", "yy"):
        np.testing.assert_array_equal(getattr(some, name), getattr(alone, name))
    np.testing.assert_array_equal(some.xx[some.pattern], alone.xx[alone.pattern])


def test_what_moves_multiplies_standardised_factors():
    returns, factors, _ = panel()
    centre, sd = np.array([0.2, 0.0]), np.array([1.5, 2.5])
    blocks = cross_products_in_blocks(returns[:, :1], factors, np.array([0, 23]), centre, sd)
    z = (factors - centre) / sd
    np.testing.assert_allclose(blocks.zz[0, 0], z.T @ z)
    np.testing.assert_allclose(blocks.zy[0, 0], z.T @ returns[:, 0])
    np.testing.assert_allclose(blocks.unit, 1 / sd)
