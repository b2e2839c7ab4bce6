"""Matplotlib draws every mark of a record, where it is."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, strategies as st
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.patches import PathPatch

from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Arrow, Band, Bars, Boxes, Intervals, Labels, Lines, Points, Rules, Zone, source_role
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.plots.off_scale import FEWEST, beyond, robust
from bayesfactor.plots.placing import BOTH, NARROW, WIDE, box, placed
from bayesfactor.plots.scales import Scale, dates, days, linear, logarithmic, periods, rows, ticks, written
from bayesfactor.plots.tick_widths import shown, tick_widths
from tests.support.figures import FIGURES, figure

ONES = np.ones(1)


def numbers(axis):
    """Return all coordinates at which something is drawn on axes."""
    found = [line.get_xydata().ravel() for line in axis.lines]
    for item in axis.collections:
        if isinstance(item, LineCollection):
            found += [segment.ravel() for segment in item.get_segments()]
        elif isinstance(item, PathCollection):
            found.append(np.asarray(item.get_offsets()).ravel())
        elif isinstance(item, PolyCollection):
            found += [path.vertices.ravel() for path in item.get_paths()]
    arrows = [item for item in axis.patches if isinstance(item, PathPatch)]
    found += [np.ravel([p.get_x(), p.get_y(), p.get_x() + p.get_width(), p.get_y() + p.get_height()])
              for p in axis.patches if p not in arrows]  # fmt: skip
    found += [arrow.get_path().vertices.ravel() for arrow in arrows]
    found = np.concatenate(found)
    return np.sort(found[np.isfinite(found)])


def of_mark(mark):
    """Return the coordinates of a mark that must be drawn."""
    match mark:
        case Intervals():
            return np.concatenate([mark.lower, mark.upper, [] if mark.look in ("bar", "line") else mark.middle])
        case Points():
            return np.array([]) if mark.shape == "none" else np.concatenate([mark.x, mark.y])
        case Lines():
            return np.concatenate([mark.x, mark.y])
        case Band():
            return np.concatenate([mark.x, mark.lower, mark.upper])
        case Bars():
            return np.concatenate([mark.start, mark.end])
        case Rules():
            return np.array([mark.value])
        case Zone():
            return np.array([mark.low, mark.high])
        case Labels():
            return np.array([])
        case Boxes():
            return np.concatenate([mark.x - mark.width / 2, mark.y + mark.height / 2])
        case Arrow():
            return np.concatenate([mark.x, mark.y])


@pytest.mark.parametrize("name", FIGURES)
def test_every_mark_is_drawn(name):
    chart = figure(name)
    drawn = render(chart)
    drawn.canvas.draw()
    assert not plt.get_fignums()
    for axis, panel in zip(drawn.axes, chart.panels, strict=False):
        found = numbers(axis)
        wanted = np.concatenate([of_mark(mark) for mark in panel.marks])
        wanted = wanted[np.isfinite(wanted)]
        near = np.minimum(np.searchsorted(found, wanted), len(found) - 1)
        gap = np.minimum(np.abs(found[near] - wanted), np.abs(found[np.maximum(near - 1, 0)] - wanted))
        assert (gap <= 1e-9 * np.maximum(1, np.abs(wanted))).all()
        assert axis.get_title("left") == panel.title


def test_a_key_has_an_entry_for_each_look():
    looks = (
        "interval", "bar", "dot", "tick", "line", "dashed", "band", "hollow", "full", "pale", "hatched", "outlined",
    )  # fmt: skip
    key = tuple(Key(look, source_role(number), look) for number, look in enumerate(looks))
    chart = Chart("all looks", (Panel((), linear(ONES), rows(["a"])),), key=key)
    (legend,) = render(chart).legends
    assert [text.get_text() for text in legend.get_texts()] == list(looks)


def test_what_lies_beyond_the_scale_is_an_arrow_at_its_end():
    marks = (Intervals(ONES * 0, -9 * ONES, 0 * ONES, 9 * ONES), Points(np.array([5.0]), np.zeros(1)))
    panel = Panel(marks, linear(ends=(-1.0, 1.0)), rows(["a"]))
    (axis,) = render(Chart("beyond", (panel,))).axes
    arrows = {line.get_marker(): float(line.get_xdata()[0]) for line in axis.lines if line.get_marker() in ("<", ">")}
    assert arrows == {"<": -1.0, ">": 1.0}
    assert axis.get_xlim() == (-1.0, 1.0)


names = st.lists(st.text("abcdefgh ", min_size=1, max_size=20), min_size=1, max_size=25)


@given(names, st.integers(0, 1000), st.sampled_from(["right", "left", "above", "below"]))
def test_labels_lie_on_nothing(texts, seed, side):
    x, y = np.random.default_rng(seed).uniform(0, 1, (2, len(texts)))
    found = placed(x, 300 * y, texts, side, 300)
    for width in (NARROW, WIDE):
        boxes = [box(x[one.number] * width, 300 * y[one.number], texts[one.number], one.side)
                 for one in found if one.at == BOTH or width == WIDE]  # fmt: skip
        for i, (left, top, right, bottom) in enumerate(boxes):
            assert -1 <= left < right <= width + 1
            for other in boxes[:i]:
                assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
            inside = (x * width > left) & (x * width < right) & (300 * y > top) & (300 * y < bottom)
            assert not inside.any()


def test_a_label_that_stands_alone_is_written():
    (one,) = placed(np.array([0.5]), np.array([50.0]), ["a name"], "right", 100)
    assert (one.number, one.side, one.at) == (0, "right", BOTH)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_and_between_the_ends(low, width):
    high = low + width
    if not high > low or width < 1e-6 * abs(low):
        return
    found = [at for at, _ in ticks(low, high)]
    assert 2 <= len(found) <= 8
    assert low - 1e-6 * width <= found[0] < found[-1] <= high + 1e-6 * width
    step = np.diff(found)
    assert step == pytest.approx(np.full(len(step), step[0]), rel=1e-6)
    first = float(f"{step[0]:.6e}".partition("e")[0])
    assert any(first == pytest.approx(kind, rel=1e-5) for kind in (1, 2, 2.5, 5))


MONTHS = np.arange("2019-01", "2024-01", dtype="datetime64[D]")
SCALES = (linear(np.array([-0.2, 0.4]), unit="percent"), linear(np.array([0.0, 3e6]), unit="money"), dates(MONTHS))


@pytest.mark.parametrize("scale", SCALES)
def test_ticks_that_are_shown_have_room(scale):
    widths = [60, 90, 150, 200, 340, 1000]
    counts = [sum(shown(scale, width)) for width in widths]
    assert counts == sorted(counts)
    assert counts[0] >= 1
    assert counts[-1] == len(scale.ticks)
    shares = scale.shares(np.array([at for at, _ in scale.ticks]))
    for width in widths[1:]:
        some = [i for i, one in enumerate(shown(scale, width)) if one]
        gaps = np.diff(shares[some]) * width
        assert (gaps >= [5 * len(scale.ticks[i][1]) for i in some[:-1]]).all()
    assert len(tick_widths(scale)) == len(scale.ticks)


@pytest.mark.parametrize("span", [5, 40, 200, 800, 4000, 12000])
def test_dates_are_the_first_of_a_month(span):
    times = np.datetime64("2013-02-11") + np.arange(span).astype("timedelta64[D]")
    scale = dates(times)
    assert 2 <= len(scale.ticks) <= 6
    for at, text in scale.ticks:
        day = np.datetime64(int(at), "D")
        assert str(day).startswith(text)
        assert str(day).endswith("-01") or text == str(day)
    assert (scale.low, scale.high) == (days(times)[0], days(times)[-1])


def test_counts_and_periods():
    assert logarithmic(np.array([30, 900])).shares(np.array([30 / 1.15, 900 * 1.15])) == pytest.approx([0, 1])
    assert [text for _, text in logarithmic(np.array([30, 900])).ticks] == ["50", "100", "200", "500", "1,000"]
    assert [text for _, text in periods(12).ticks] == ["0", "2", "4", "6", "8", "10", "12"]
    assert written(-0.1234, "percent", 0.05) == "\N{MINUS SIGN}12 %"
    assert written(-1234.0, "money") == "\N{MINUS SIGN}1,234"


@given(st.lists(st.floats(-1, 1), min_size=FEWEST, max_size=40), st.floats(50, 1000))
def test_one_outlier_does_not_stretch_an_axis(values, far):
    values = np.array(values)
    lower, upper = np.append(values - 0.5, far - 1), np.append(values + 0.5, far + 1)
    low, high = robust(lower, upper)
    spread = np.quantile(lower, [0.25, 0.75])
    if np.ptp(spread) > 1e-9:  # what is less is rounding, and no spread
        assert high < 12
        assert low <= max(lower.min(), low)
    (said,) = beyond("Off the scale", (-1.6, 1.6), lower, upper, [str(i) for i in range(len(lower))])
    assert said.startswith(f"Off the scale: {len(values)}")


def test_an_axis_of_few_holds_all_of_them():
    assert robust(np.array([0.0, 90.0]), np.array([1.0, 100.0]))[1] > 100


def test_many_outliers_are_counted():
    (said,) = beyond("Off", (0.0, 1.0), np.zeros(9), np.arange(9.0), list("abcdefghi"))
    assert said == "Off: i; h; g; f; e; and 2 more."
    assert beyond("Off", (0.0, 9.0), np.zeros(9), np.arange(9.0), list("abcdefghi")) == ()


def test_a_record_keeps_its_numbers():
    given = np.array([1.0, 2.0])
    mark = Points(given, given)
    given[0] = 9.0
    assert mark.x[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        mark.x[0] = 3.0


def test_shares_of_a_scale():
    assert Scale(2.0, 4.0).shares(np.array([1.0, 2.0, 3.0, 5.0])).tolist() == [-0.5, 0.0, 0.5, 1.5]
