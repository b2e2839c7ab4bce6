"""The figure of a causal graph: every node and arrow, apart from each other, and marked by its reading."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from matplotlib.patches import Rectangle

import bayesfactor as bf
from bayesfactor.plots.causal_layout import lay_out
from bayesfactor.plots.causes import causes_chart
from bayesfactor.plots.marks import Arrow, Boxes
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
    reading = bf.causal_reading(FACTORS, GRAPH)
    (panel,) = (chart := causes_chart(reading)).panels
    marks = [mark for mark in panel.marks if isinstance(mark, Boxes)]
    assert {name: (mark.role, mark.look) for mark in marks for name in mark.names} == {
        "rates": ("posterior", "pale"),
        "market": ("data", "hatched"),
        "volatility": ("data", "hatched"),
        "hash_rate": ("posterior", "full"),
        "sentiment": ("quiet", "outlined"),
        "return": ("ink", "full"),
    }
    assert [key.text for key in chart.key] == ["total effect", "direct effect", "not causal", "no factor"]
    assert {(key.role, key.look) for key in chart.key} == {(mark.role, mark.look) for mark in marks} - {("ink", "full")}
    texts = {name: text for mark in marks for name, text in zip(mark.names, mark.texts, strict=True)}
    for one in reading.readings:
        assert texts[one.factor] == f"{one.factor}: {one.reading}. {one.because}"
    assert texts["sentiment"] == "sentiment: no factor"


def test_arrows_end_at_the_edges_of_their_boxes():
    (panel,) = causes_chart(bf.causal_reading(FACTORS, GRAPH)).panels
    places = {
        name: (x, y, mark.width, mark.height)
        for mark in panel.marks
        if isinstance(mark, Boxes)
        for name, x, y in zip(mark.names, mark.x, mark.y, strict=True)
    }

    def at(x, y, side):
        (name,) = (
            name
            for name, (left, up, wide, high) in places.items()
            if abs(x - left - side * wide / 2) < 1e-9 and abs(y - up) < high / 2
        )
        return name

    arrows = [mark for mark in panel.marks if isinstance(mark, Arrow)]
    assert {(at(a.x[0], a.y[0], 1), at(a.x[-1], a.y[-1], -1)) for a in arrows} == edges_of(GRAPH)
    assert len({(a.x[-1], a.y[-1]) for a in arrows}) == len(arrows)  # no two heads lie on each other
    for arrow in arrows:  # on their way they pass no box
        for x, y in zip(arrow.x[1:-1], arrow.y[1:-1], strict=True):
            assert all(abs(x - left) > wide / 2 + 1e-9 or abs(y - up) > high / 2
                       for left, up, wide, high in places.values())  # fmt: skip


def test_many_arrows_end_at_one_head():
    names = [f"f{i}" for i in range(7)]
    (panel,) = causes_chart(bf.causal_reading(names, {name: ["return"] for name in names})).panels
    arrows = [mark for mark in panel.marks if isinstance(mark, Arrow)]
    assert len({(arrow.x[0], arrow.y[0]) for arrow in arrows}) == 7
    assert {float(arrow.y[-1]) for arrow in arrows} == {0.0}


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_names_that_are_hard_to_draw():
    """Each stays within its box; those of usual length are whole."""
    long = "a $very$ long name of a factor_" * 4
    for name in (long, "W" * 40, "exchange_liquidity", "\N{GREEK SMALL LETTER BETA}", "資産"):
        figure = bf.plot_causes(bf.causal_reading([name], {name: ["return"]}))
        figure.draw_without_rendering()
        assert not plt.get_fignums()
        boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
        for text, box in zip(figure.axes[0].texts, boxes, strict=True):
            assert text.get_window_extent().width <= box.get_window_extent().width
        assert ("…" in figure.axes[0].texts[0].get_text()) == (len(name) > 28)


def test_what_is_no_reading_is_refused():
    with pytest.raises(bf.SpecError, match="expected a CausalReading, found dict"):
        bf.plot_causes(GRAPH)
