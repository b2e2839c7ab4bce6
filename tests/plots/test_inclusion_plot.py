"""The figure of which loadings are in shows the numbers of the table."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection

import bayesfactor as bf
from bayesfactor.base.wording import chance
from bayesfactor.spec.inclusion import BetaInclusion
from tests.support.panels import make_panel
from tests.support.sparse import sparse_draws, sparse_fit


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=6, traded=2, other=1, periods=60, seed=4)
    return sparse_fit(panel, f1=BetaInclusion(1.0, 3.0), f2=BetaInclusion(2.0, 2.0))


def dots(axis):
    return np.asarray(next(line for line in axis.lines if line.get_marker() == "o").get_xdata(), dtype=float)


def names(axis):
    return [text.get_text() for text in axis.get_yticklabels()]


def test_dots_lines_numbers_and_bands_are_those_of_the_table(fit):
    figure = bf.plot_inclusion(fit, ci_prob=0.8)
    figure.canvas.draw()
    assert not plt.get_fignums()
    table = bf.inclusion(fit, ci_prob=0.8).set_index(["asset", "factor"])
    rows = names(figure.axes[0])
    groups = fit.panel.groups.sel(asset=rows).values.tolist()
    assert groups == sorted(groups)
    assert [axis.get_title("left") for axis in figure.axes] == ["f1", "f2"]
    for axis, prior in zip(figure.axes, (0.25, 0.5), strict=True):
        part = table.xs(axis.get_title("left"), level="factor").loc[rows]
        assert dots(axis) == pytest.approx(part["probability"].to_numpy())
        lines = next(item for item in axis.collections if isinstance(item, LineCollection))
        ends = np.array([segment[:, 0] for segment in lines.get_segments()])
        assert ends == pytest.approx(np.sort(np.c_[np.full(6, prior), part["probability"]], axis=1))
        assert [text.get_text() for text in axis.texts] == [chance(p) for p in part["probability"]]
        (band,) = axis.patches
        drawn = band.get_x(), band.get_x() + band.get_width()
        assert drawn == pytest.approx(tuple(part[["rate_lower", "rate_upper"]].iloc[0]))
    assert "80 % equal-tailed interval" in figure.get_supxlabel()


def test_some_of_them_in_the_order_asked_for(fit):
    figure = bf.plot_inclusion(fit, names=["a03", "a01"], factors=["f2"])
    (axis,) = figure.axes
    assert names(axis) == ["a03", "a01"]
    assert axis.get_title("left") == "f2"


def test_without_a_model_there_is_no_line_from_the_prior(fit):
    draws = sparse_draws(fit.panel, ["f0"], draws=50).drop_vars("inclusion_rate")
    figure = bf.plot_inclusion(bf.from_draws(fit.panel, draws))
    figure.canvas.draw()
    (axis,) = figure.axes
    assert not axis.collections
    assert not axis.patches
    assert len(dots(axis)) == 6


def test_what_cannot_be_drawn_is_refused(fit, hier_fit):
    with pytest.raises(bf.SpecError, match="f0"):
        bf.plot_inclusion(fit, factors=["f0"])
    with pytest.raises(bf.SpecError, match="a00"):
        bf.plot_inclusion(fit, names=["a0O"])
    with pytest.raises(bf.FitError, match="every loading is in"):
        bf.plot_inclusion(hier_fit)
