"""The figure of a loading's path shows its draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.dates import date2num

import bayesfactor as bf
from bayesfactor.plots.marks import Band, Intervals, Lines, Points, Zone
from bayesfactor.plots.paths import paths_chart
from tests.support.charts import ends, marks, only
from tests.support.moving_loadings import still


def test_median_bands_and_blocks_are_those_of_the_draws(moved_fit):
    (panel,) = paths_chart(moved_fit, "a00", "market").panels
    history = bf.loading_paths(moved_fit)
    path = history.draws("a00").sel(factor="market")
    line = only(panel, Lines)
    np.testing.assert_allclose(line.y[:-1], path.median(("chain", "draw")))
    times = [*history.blocks["first"], history.blocks["last"].iloc[-1]]
    np.testing.assert_allclose(line.x, date2num(times))
    for band, prob in zip(marks(panel, Band), (0.9, 0.5), strict=True):
        wanted = path.quantile([(1 - prob) / 2, (1 + prob) / 2], ("chain", "draw"))
        np.testing.assert_allclose(ends(band)[:-1], wanted.transpose(..., "quantile"))
    now = moved_fit.posterior["loading"].sel(asset="a00", factor="market")
    assert ends(only(panel, Intervals))[0] == pytest.approx(now.quantile([0.05, 0.95]).values)
    centre = moved_fit.posterior["loading_long_run"].sel(asset="a00", factor="market").quantile([0.05, 0.95]).values
    zone = only(panel, Zone)
    assert [zone.low, zone.high] == pytest.approx(centre)
    assert "90 % equal-tailed interval" in only(panel, Points).texts[0]
    bf.plot_paths(moved_fit, "a00", "market").canvas.draw()
    assert not plt.get_fignums()


def test_a_path_begins_with_the_assets_first_return(moved_fit):
    (panel,) = paths_chart(moved_fit, "a07", "flow", ci_kind="hdi").panels
    begun = moved_fit.panel.returns.sel(asset="a07").dropna("time")["time"].values[0]
    line = only(panel, Lines)
    assert line.x[0] <= date2num(begun) < line.x[1]


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
