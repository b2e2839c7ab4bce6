"""Figures of the page: every mark of a record is drawn where it is, whatever names hold, in little space."""

from xml.etree import ElementTree

import numpy as np
import pytest

from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Arrow, Band, Bars, Boxes, Intervals, Labels, Lines, Points, Rules, Zone
from bayesfactor.plots.scales import Scale, linear, rows
from bayesfactor.plots.style import short
from bayesfactor.reporting.formats.svg import svg
from bayesfactor.reporting.formats.svg_places import escaped
from tests.support.figures import FIGURES, figure, figure_of, synthetic_fit
from tests.support.reader import HOSTILE, named

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
TAGS = {"div", "p", "span", "svg", "g", "title", "rect", "line", "circle", "path", "text", "foreignObject", "wbr", "i"}
LONG, CONTROL = "w" * 200, "bell \x07 and \x1b[1m"


def parsed(chart):
    return ElementTree.fromstring(svg(chart))


def plots(tree):
    return [item for item in tree.iter("svg") if item.get("class") == "plot"]


def of_class(tree, name, tag=None):
    return [item for item in tree.iter(tag) if name in (item.get("class") or "").split()]


KINDS = ("range", "slab", "block", "line", "band", "zone", "rule", "i", "stroke", "dot", "node", "head")


def drawn(tree):
    """Return how many marks of each kind there are; strokes and silent dots are parts of one path."""
    counts = {kind: len(of_class(tree, kind)) for kind in KINDS}
    for path in tree.iter("path"):
        d = path.get("d")
        if "H" in d or "V" in d:
            counts["stroke"] += d.count("M")
            counts["line"] -= 1
        counts["dot"] += d.count("h0")
    return counts


def expected(panel):
    """Return how many marks of each kind a panel has."""
    counts = dict.fromkeys(KINDS, 0)
    for mark in panel.marks:
        match mark:
            case Intervals():
                there = np.isfinite(mark.lower) & np.isfinite(mark.middle) & np.isfinite(mark.upper)
                there &= (panel.y if mark.along == "x" else panel.x).holds(mark.at)
                kind = {"bar": "slab", "line": "stroke"}.get(mark.look, "range")
                counts[kind] += int(there.sum())
                counts["i"] += int(there.sum()) if mark.texts else 0
            case Points():
                there = np.isfinite(mark.x) & np.isfinite(mark.y)
                counts["i"] += int(there.sum()) if mark.texts else 0
                if not mark.texts and mark.shape == "dot":
                    counts["dot"] += int((there & panel.x.holds(mark.x) & panel.y.holds(mark.y)).sum())
            case Bars():
                there = int((np.isfinite(mark.start) & np.isfinite(mark.end)).sum())
                counts["block"] += there
                counts["i"] += there if mark.texts else 0
            case Lines():
                counts["line"] += 1
            case Band():
                counts["band"] += 1
            case Zone():
                counts["zone"] += 1
            case Rules():
                scale = panel.x if mark.of == "x" else panel.y
                counts["rule"] += scale.low <= mark.value <= scale.high
            case Labels():
                pass
            case Boxes():
                counts["node"] += len(mark.x)
                counts["i"] += len(mark.x)
            case Arrow():
                counts["line"] += 1
                counts["head"] += 1
    return counts


@pytest.mark.parametrize(("name", "assets"), [*((name, 6) for name in FIGURES), ("pricing", 120), ("shrinkage", 120)])
def test_every_mark_is_drawn(name, assets):
    chart = figure(name, assets)
    trees = plots(parsed(chart))
    assert len(trees) == len(chart.panels)
    for panel, tree in zip(chart.panels, trees, strict=True):
        assert drawn(tree) == expected(panel)
        for item in of_class(tree, "i"):
            assert item.get("role") == "img"
            assert item.find("title").text.strip()
            assert item.get("tabindex") in ("0", "-1")


@pytest.mark.parametrize("name", ["loadings", "premium", "pricing", "stress"])
def test_middles_stand_where_their_values_are(name):
    for panel, tree in zip((chart := figure(name)).panels, plots(parsed(chart)), strict=True):
        dots = [float(dot.get("cx").removesuffix("%")) / 100 for dot in tree.iter("circle") if dot.get("class") != "h"]
        values = [mark.middle for mark in panel.marks if isinstance(mark, Intervals) and mark.look == "dot"]
        values += [mark.x for mark in panel.marks if isinstance(mark, Points) and mark.shape == "dot"]
        wanted = panel.x.shares(np.concatenate(values))
        inside = [share for share in wanted if 0 <= share <= 1]
        if name != "pricing":  # whose dots may be off the other scale
            assert dots == pytest.approx(inside, abs=1e-4)
        assert all(any(abs(dot - share) < 1e-4 for share in inside) for dot in dots)


def test_ends_of_intervals_stand_where_their_values_are():
    (panel,) = (chart := figure("premium")).panels
    (tree,) = plots(parsed(chart))
    lines = [[float(line.get(end).removesuffix("%")) / 100 for end in ("x1", "x2")] for line in of_class(tree, "range")]
    marks = [mark for mark in panel.marks if isinstance(mark, Intervals) and mark.look == "dot"]
    wanted = [panel.x.shares(np.concatenate([getattr(mark, name) for mark in marks])) for name in ("lower", "upper")]
    assert np.array(lines) == pytest.approx(np.array(wanted).T, abs=1e-4)


def test_a_path_is_that_of_its_values():
    x, y = np.arange(4.0), np.array([0.0, 1.0, np.nan, 0.5])
    panel = Panel((Lines(x, y),), Scale(0, 4), Scale(0, 1), height=100)
    (path,) = parsed(Chart("a line", (panel,))).iter("path")
    assert path.get("d") == "M0 100L250 0M750 50"


def test_steps_hold_until_the_next_value():
    panel = Panel((Lines(np.arange(3.0), np.array([1.0, 0.0, 0.0]), step=True),), Scale(0, 2), Scale(0, 1), height=100)
    (path,) = parsed(Chart("steps", (panel,))).iter("path")
    assert path.get("d") == "M0 0L500 0 500 100 1000 100 1000 100"  # the last value begins at the last place


def test_what_lies_beyond_the_scale_is_an_arrow_at_its_end():
    mark = Intervals(np.zeros(1), -9 * np.ones(1), 5 * np.ones(1), 9 * np.ones(1), texts=("far",))
    tree = parsed(Chart("beyond", (Panel((mark,), linear(ends=(-1.0, 1.0)), rows(["a"])),)))
    assert [(arrow.get("x"), arrow.text) for arrow in of_class(tree, "off")] == [
        ("0%", "\N{BLACK LEFT-POINTING SMALL TRIANGLE}"),
        ("100%", "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"),
        ("100%", "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"),
    ]
    assert not [dot for dot in tree.iter("circle") if dot.get("class") != "h"]


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("inclusion", "scores")])
def test_names_are_text_whatever_they_hold(name):
    found = figure_of(name, named(synthetic_fit(), HOSTILE))
    text = svg(found)
    tree = ElementTree.fromstring(text)
    assert "<script>" not in text
    assert {item.tag for item in tree.iter()} <= TAGS
    titles = " ".join(title.text for title in tree.iter("title"))
    if name not in ("energy", "premia", "premium", "realised", "replicated"):
        assert any(hostile in titles for hostile in HOSTILE)


def test_names_of_rows_are_shortened_and_escaped():
    mark = Intervals(np.arange(3.0), -np.ones(3), np.zeros(3), np.ones(3), texts=tuple(3 * ["x"]))
    key = (Key(HOSTILE[0], "posterior"),)
    panel = Panel((mark,), linear(np.ones(1)), rows([HOSTILE[0], LONG, CONTROL]), HOSTILE[1])
    tree = parsed(Chart(HOSTILE[4], (panel,), key=key, notes=(HOSTILE[0],)))
    (names,) = of_class(tree, "names")
    expected = [short(HOSTILE[0]), short(LONG), f"bell {UNKNOWN} and {UNKNOWN}[1m"]
    assert [span.text for span in names] == expected
    assert tree.get("aria-label") == HOSTILE[4]


def test_what_xml_may_not_hold_is_replaced():
    assert escaped('a\x00<b>&"') == "a\N{REPLACEMENT CHARACTER}&lt;b&gt;&amp;&quot;"


def test_without_colour_every_role_has_a_class():
    css = " ".join(svg(figure(name)) for name in FIGURES)
    from importlib.resources import files

    sheet = (files("bayesfactor.reporting") / "templates" / "chart.css").read_text(encoding="utf-8")
    for role in ("posterior", "prior", "data", "ink", "quiet", "faint", "source-1", "source-3"):
        assert f".{role} {{ --c: var(--" in sheet
        assert role in css


@pytest.mark.parametrize(("name", "most"), [("premium", 8_000), ("pricing", 35_000), ("loadings", 90_000),
                                            ("shrinkage", 90_000), ("risk", 90_000), ("realised", 90_000)])  # fmt: skip
def test_figures_of_36_assets_are_small(name, most):
    assert len(svg(figure(name, 36))) < most


@pytest.mark.parametrize(("name", "most"), [("pricing", 60_000), ("shrinkage", 60_000)])
def test_figures_of_500_assets_have_few_marks(name, most):
    text = svg(figure(name, 500))
    assert len(text) < most
    assert text.count('class="i"') <= 100
