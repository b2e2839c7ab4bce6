"""The figure of which loadings are in shows the numbers of the table."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.wording import chance
from bayesfactor.plots.inclusion import inclusion_chart
from bayesfactor.plots.marks import Intervals, Rules, Zone
from bayesfactor.spec.inclusion import BetaInclusion
from tests.support.charts import ends, marks, only
from tests.support.panels import make_panel
from tests.support.sparse import sparse_draws, sparse_fit


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=6, traded=2, other=1, periods=60, seed=4)
    return sparse_fit(panel, f1=BetaInclusion(1.0, 3.0), f2=BetaInclusion(2.0, 2.0))


def names(axis):
    return [text.get_text() for text in axis.get_yticklabels()]


def test_dots_lines_numbers_and_bands_are_those_of_the_table(fit):
    chart = inclusion_chart(fit, ci_prob=0.8)
    table = bf.inclusion(fit, ci_prob=0.8).set_index(["asset", "factor"])
    rows = list(chart.panels[0].y.names)
    groups = fit.panel.groups.sel(asset=rows).values.tolist()
    assert groups == sorted(groups)
    assert [panel.title for panel in chart.panels] == ["f1", "f2"]
    for panel, prior in zip(chart.panels, (0.25, 0.5), strict=True):
        part = table.xs(panel.title, level="factor").loc[rows]
        lines = only(panel, Intervals)
        assert lines.middle == pytest.approx(part["probability"].to_numpy())
        assert ends(lines) == pytest.approx(np.sort(np.c_[np.full(6, prior), part["probability"]], axis=1))
        assert only(panel, Rules).value == pytest.approx(prior)
        assert list(panel.y.notes) == [chance(p) for p in part["probability"]]
        zone = only(panel, Zone)
        assert (zone.low, zone.high) == pytest.approx(tuple(part[["rate_lower", "rate_upper"]].iloc[0]))
    assert any("80 % equal-tailed interval" in key.text for key in chart.key)
    figure = bf.plot_inclusion(fit, ci_prob=0.8)
    figure.canvas.draw()
    assert not plt.get_fignums()


def test_some_of_them_in_the_order_asked_for(fit):
    figure = bf.plot_inclusion(fit, names=["a03", "a01"], factors=["f2"])
    (axis,) = figure.axes
    assert names(axis) == ["a03", "a01"]
    assert axis.get_title("left") == "f2"


def test_without_a_model_there_is_no_line_from_the_prior(fit):
    draws = sparse_draws(fit.panel, ["f0"], draws=50).drop_vars("inclusion_rate")
    external = bf.from_draws(fit.panel, draws)
    (panel,) = inclusion_chart(external).panels
    assert not marks(panel, Rules)
    assert not marks(panel, Zone)
    dots = only(panel, Intervals)
    assert (dots.lower == dots.upper).all()
    assert "before the data" not in "".join(dots.texts)
    bf.plot_inclusion(external).canvas.draw()


def test_what_cannot_be_drawn_is_refused(fit, hier_fit):
    with pytest.raises(bf.SpecError, match="f0"):
        bf.plot_inclusion(fit, factors=["f0"])
    with pytest.raises(bf.SpecError, match="a00"):
        bf.plot_inclusion(fit, names=["a0O"])
    with pytest.raises(bf.FitError, match="every loading is in"):
        bf.plot_inclusion(hier_fit)
