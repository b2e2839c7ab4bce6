"""The figure of a loading's path shows its draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.dates import date2num

import bayesfactor as bf
from tests.support.moving_loadings import still


def test_median_bands_and_blocks_are_those_of_the_draws(moved_fit):
    figure = bf.plot_paths(moved_fit, "a00", "market")
    figure.canvas.draw()
    assert not plt.get_fignums()
    (axis,) = figure.axes
    history = bf.loading_paths(moved_fit)
    path = history.draws("a00").sel(factor="market")
    step = next(line for line in axis.lines if line.get_drawstyle() == "steps-post")
    np.testing.assert_allclose(step.get_ydata()[:-1], path.median(("chain", "draw")))
    times = [*history.blocks["first"], history.blocks["last"].iloc[-1]]
    np.testing.assert_allclose(date2num(step.get_xdata()), date2num(times))
    bands = [item for item in axis.collections if isinstance(item, FillBetweenPolyCollection)]
    for band, prob in zip(bands, (0.9, 0.5), strict=True):
        ends = path.quantile([(1 - prob) / 2, (1 + prob) / 2], ("chain", "draw"))
        drawn = band.get_paths()[0].vertices[:, 1]
        assert drawn.min() == pytest.approx(float(ends.min()))
        assert drawn.max() == pytest.approx(float(ends.max()))
    now = moved_fit.posterior["loading"].sel(asset="a00", factor="market")
    line = next(item for item in axis.collections if isinstance(item, LineCollection))
    assert line.get_segments()[0][:, 1] == pytest.approx(now.quantile([0.05, 0.95]).values)
    centre = moved_fit.posterior["loading_long_run"].sel(asset="a00", factor="market").quantile([0.05, 0.95]).values
    (grey,) = [patch for patch in axis.patches if patch.get_height() == pytest.approx(centre[1] - centre[0])]
    assert grey.get_y() == pytest.approx(centre[0])
    assert "90 % equal-tailed interval" in figure.get_supxlabel()


def test_a_path_begins_with_the_assets_first_return(moved_fit):
    (axis,) = bf.plot_paths(moved_fit, "a07", "flow", ci_kind="hdi").figure.axes
    step = next(line for line in axis.lines if line.get_drawstyle() == "steps-post")
    begun = moved_fit.panel.returns.sel(asset="a07").dropna("time")["time"].values[0]
    assert date2num(step.get_xdata())[0] <= date2num(begun) < date2num(step.get_xdata())[1]


def test_loadings_that_did_not_move_are_drawn_as_they_are(moved_fit):
    bf.plot_paths(still(moved_fit), "a01", "market").canvas.draw()


def test_what_cannot_be_drawn(moved_fit, hier_fit):
    with pytest.raises(bf.FitError, match="plot_paths: the loadings of this fit do not move"):
        bf.plot_paths(hier_fit, "a00", "f0")
    with pytest.raises(bf.SpecError, match="a00"):
        bf.plot_paths(moved_fit, "a0O", "market")
    with pytest.raises(bf.SpecError, match="market"):
        bf.plot_paths(moved_fit, "a00", "markt")


def test_realised_contributions_are_drawn_with_the_loadings_of_each_block(moved_fit):
    figure = bf.plot_realised(moved_fit, portfolio={"a00": 0.5, "a01": 0.5})
    figure.canvas.draw()
    assert len([axis for axis in figure.axes if axis.get_title("left")]) == 5
