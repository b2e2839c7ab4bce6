"""What a model that moves asks of its panel."""

import pytest

import bayesfactor as bf
from tests.support.panels import make_panel, reduced


def test_statistics_are_refused_with_the_model_that_takes_them():
    panel = make_panel(assets=4, traded=2, other=1, periods=80, groups=2, seed=3)
    for ask in (lambda: bf.fit(reduced(panel)), lambda: bf.build(reduced(panel), "hierarchical", marginal=True)):
        with pytest.raises(bf.SpecError) as caught:
            ask()
        assert str(caught.value) == (
            "Model 'hierarchical' moves (noise.volatility = 'common', factors.volatility = 'moving'), which needs "
            "single returns, but a PanelStatistics holds only their "
            'cross-products. Take model="static", in which nothing moves, or use a panel in memory (bf.integrate), '
            "with fewer assets or a coarser calendar."
        )
        assert (caught.value.place, caught.value.found) == ("panel", "PanelStatistics")


def test_statistics_are_taken_where_nothing_moves():
    panel = reduced(make_panel(assets=4, traded=2, other=1, periods=80, groups=2, seed=3))
    assert not bf.read_model("static").movement_in_words
    assert bf.build(panel, "static", marginal=True).free_RVs
    assert bf.prior_predict(panel, "moving_loadings").table.shape == bf.prior_predict(panel, "static").table.shape
    with pytest.raises(bf.SpecError, match="'auto' needs single returns") as caught:
        bf.prior_predict(panel)
    assert 'model="static"' in caught.value.remedy
