"""Attributions in blocks of assets: however small these are, the numbers are those of all assets at once."""

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.attribution import entry_blocks
from bayesfactor.analysis.portfolio.portfolio_exposures import exposures
from bayesfactor.posterior import blocks
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=7, traded=2, other=1, periods=200, shortest=150, seed=4)


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=20, common=1))


@pytest.mark.parametrize("per", ["asset", "group"])
@pytest.mark.parametrize("portfolio", [None, {"a00": 0.7, "a05": -0.2}])
@pytest.mark.parametrize("kind", ["premium", "variance"])
def test_blocks_give_what_all_assets_at_once_give(fit, monkeypatch, kind, portfolio, per):
    whole = bf.attribute(fit, kind, portfolio=portfolio, per=per)
    for numbers in (1, 300):  # one asset a block; two, so that the last has fewer
        monkeypatch.setattr(entry_blocks, "NUMBERS", numbers)
        monkeypatch.setattr(blocks, "NUMBERS", numbers)
        found = bf.attribute(fit, kind, portfolio=portfolio, per=per)
        assert found.draws.coords.equals(whole.draws.coords)
        assert found.draws.values == pytest.approx(whole.draws.values, rel=1e-12, abs=1e-15)
        if whole.uncertainty is not None:
            assert list(found.uncertainty.index) == list(whole.uncertainty.index)
            np.testing.assert_allclose(
                found.uncertainty.select_dtypes("number"), whole.uncertainty.select_dtypes("number")
            )


def test_a_block_has_as_many_assets_as_there_is_room_for(fit, monkeypatch):
    monkeypatch.setattr(entry_blocks, "NUMBERS", 300)  # an asset has 120: 2 chains of 20 draws of 3 factors
    held = exposures(PANEL, "asset", {"a00": 1.0})
    found = entry_blocks.held_blocks(held.weights, fit.posterior[["loading", "alpha"]], None)
    assert [weights.sizes[weights.dims[0]] for weights, _, _ in found] == [2, 2, 2, 1, 1]  # the last is the portfolio
