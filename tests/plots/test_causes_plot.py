"""The figure of a causal graph: every node and arrow, apart from each other, and marked by its reading."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import bayesfactor as bf
from bayesfactor.plots.causal_layout import lay_out
from tests.support.causal_graphs import drawn_graphs, edges_of

GRAPH = {
    "rates": ["market", "return"],
    "market": ["return", "volatility", "hash_rate"],
    "hash_rate": ["return"],
    "volatility": ["return"],
    "sentiment": ["volatility", "return"],
}
FACTORS = ["rates", "market", "volatility", "hash_rate"]


@given(drawn_graphs(most=9))
@settings(deadline=None)
def test_arrows_go_from_layer_to_layer_between_the_nodes(drawn):
    effects, _ = drawn
    layout = lay_out(bf.CausalGraph(effects))
    assert set(layout.arrows) == edges_of(effects)
    assert len(set(layout.nodes.values())) == len(layout.nodes) == len(effects)
    bends = [point for points in layout.arrows.values() for point in points[1:-1]]
    assert len({*bends, *layout.nodes.values()}) == len(bends) + len(layout.nodes)
    for (cause, effect), points in layout.arrows.items():
        assert (points[0], points[-1]) == (layout.nodes[cause], layout.nodes[effect])
        assert all(b[0] == a[0] + 1 for a, b in pairwise(points))
    assert layout.layers == 1 + max(x for x, _ in layout.nodes.values())
    assert max(abs(y) for _, y in [*bends, *layout.nodes.values()]) <= (layout.height - 1) / 2


def test_crossings_that_need_not_be_are_not():
    graph = bf.CausalGraph({"a": ["d"], "b": ["c"], "c": ["return"], "d": ["return"]})
    nodes = lay_out(graph).nodes
    assert (nodes["a"][1] - nodes["b"][1]) * (nodes["d"][1] - nodes["c"][1]) > 0


def test_every_node_is_named_and_marked():
    figure = bf.plot_causes(bf.causal_reading(FACTORS, GRAPH))
    figure.canvas.draw()
    assert not plt.get_fignums()
    (axis,) = figure.axes
    assert {text.get_text() for text in axis.texts} == {*FACTORS, "sentiment", "return"}
    boxes = [patch for patch in axis.patches if isinstance(patch, FancyBboxPatch)]
    assert len([patch for patch in axis.patches if isinstance(patch, FancyArrowPatch)]) == len(edges_of(GRAPH))
    marks = {
        text.get_text(): (bool(box.get_hatch()), box.get_linestyle())
        for text, box in zip(axis.texts, boxes, strict=True)
    }
    assert marks == {
        "rates": (False, "solid"),
        "market": (True, "solid"),
        "volatility": (True, "solid"),
        "hash_rate": (False, "solid"),
        "sentiment": (False, "--"),
        "return": (False, "solid"),
    }
    (legend,) = figure.legends
    expected = ["total effect", "direct effect", "not causal", "no factor"]
    assert [text.get_text() for text in legend.get_texts()] == expected


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_names_that_are_hard_to_draw():
    """Each stays within its box; those of usual length are whole."""
    long = "a $very$ long name of a factor_" * 4
    for name in (long, "W" * 40, "exchange_liquidity", "\N{GREEK SMALL LETTER BETA}", "資産"):
        figure = bf.plot_causes(bf.causal_reading([name], {name: ["return"]}))
        figure.draw_without_rendering()
        boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
        for text, box in zip(figure.axes[0].texts, boxes, strict=True):
            assert text.get_window_extent().width <= box.get_window_extent().width
        assert ("…" in figure.axes[0].texts[0].get_text()) == (len(name) > 20)


def test_what_is_no_reading_is_refused():
    with pytest.raises(bf.SpecError, match="expected a CausalReading, found dict"):
        bf.plot_causes(GRAPH)
