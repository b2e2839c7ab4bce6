"""The figure of scores shows the numbers of their tables."""

from dataclasses import replace
from itertools import batched

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.plots.marks import Bars, Intervals
from bayesfactor.plots.scores import scores_chart
from tests.support.charts import ends, only
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=120, seed=5)


@pytest.fixture(scope="module")
def fits(panel):
    window = replace(panel, returns=panel.returns[:80], factors=panel.factors[:80])
    return {name: bf.from_draws(window, synthetic_draws(window, seed=k)) for k, name in enumerate(("one", "two"))}


@pytest.fixture(scope="module")
def scores(fits, panel):
    return bf.score({name: [fit] for name, fit in fits.items()}, panel)


def test_dots_lines_and_bars_are_those_of_the_tables(scores):
    chart = scores_chart(scores)
    table = scores.table().query("asset == 'all assets'").set_index("model")
    gains, tenths = scores.gains_table().set_index("model"), scores.pit_table().set_index("model")
    for model, (skill, gain, calibration) in zip(("one", "two", "EWMA"), batched(chart.panels, 3), strict=True):
        assert skill.title == f"{model}: R-squared against"
        value = table.loc[model, ["r2_mean", "r2_zero"]].to_numpy(float)
        error = table.loc[model, ["se_r2_mean", "se_r2_zero"]].to_numpy(float)
        lines = only(skill, Intervals)
        assert lines.middle == pytest.approx(value)
        assert ends(lines) == pytest.approx(np.c_[value - 2 * error, value + 2 * error])
        lines, own = only(gain, Intervals), gains.loc[model]
        assert lines.middle.tolist() == [own["gain"]]
        assert ends(lines)[0] == pytest.approx([own["gain"] - 2 * own["se"], own["gain"] + 2 * own["se"]])
        assert only(calibration, Bars).end == pytest.approx(tenths.loc[model, "share"].to_numpy())
        held = " / ".join(f"{100 * table.loc[model, name]:.0f}" for name in ("cover_50", "cover_90", "cover_99"))
        assert calibration.title == f"Held: {held} %"
    figure = bf.plot_scores(scores)
    figure.canvas.draw()
    assert not plt.get_fignums()
    said = " ".join(figure.get_supxlabel().split())
    assert "EWMA: a normal law, the mean of earlier returns with their exponentially weighted covariance" in said
    assert "All assets, 40 dates" in said
    assert "within the intervals of 50 / 90 / 99 %" in said
    assert "2 standard errors each way" in said
    assert ("With problems of their fits: one, two" in said) == bool(scores.problems["one"])


def test_one_model_has_a_row_and_several_periods_have_no_gains(scores, fits, panel):
    alone = bf.plot_scores(bf.score(fits["one"], panel), models=["model"])
    assert len(alone.axes) == 3
    assert "EWMA" not in alone.get_supxlabel()
    several = bf.score({name: [fit] for name, fit in fits.items()}, panel, 5)
    figure = bf.plot_scores(several, asset="equal-weighted")
    assert len(figure.axes) == 6
    assert "Equal-weighted, 8 dates" in figure.get_supxlabel()
    assert "Log score" not in figure.get_supxlabel()


def test_models_in_the_order_asked_for(scores):
    skill, gain, _ = scores_chart(scores, models=["two"], over="two", asset="a01").panels
    assert skill.title == "two: R-squared against"
    assert gain.title == "Log score less two's"
    table = scores.table().query("asset == 'a01' and model == 'two'").iloc[0]
    assert only(skill, Intervals).middle == pytest.approx([table["r2_mean"], table["r2_zero"]])
    assert only(gain, Intervals).middle.tolist() == [0.0]


def test_what_cannot_be_drawn_is_refused(scores):
    with pytest.raises(bf.SpecError, match="expected Scores, found DataFrame"):
        bf.plot_scores(scores.table())
    with pytest.raises(bf.SpecError, match="unknown model 'three'"):
        bf.plot_scores(scores, models=["three"])
    with pytest.raises(bf.SpecError, match="unknown model 'three'"):
        bf.plot_scores(scores, over="three")
    with pytest.raises(bf.SpecError, match="unknown asset 'b'"):
        bf.plot_scores(scores, asset="b")
