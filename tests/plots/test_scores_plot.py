"""The figure of scores shows the numbers of their tables."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
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


def dots_and_lines(axis):
    """Return the places of dots, and the ends of the lines through them."""
    dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
    return dots, [lines.get_segments()[0][:, 0] for lines in axis.collections]


def test_dots_lines_and_bars_are_those_of_the_tables(scores):
    figure = bf.plot_scores(scores)
    figure.canvas.draw()
    assert not plt.get_fignums()
    axes = np.reshape(figure.axes, (3, 3))
    table = scores.table().query("asset == 'all assets'").set_index("model")
    gains, tenths = scores.gains_table().set_index("model"), scores.pit_table().set_index("model")
    for model, (skill, gain, calibration) in zip(("one", "two", "EWMA"), axes, strict=True):
        assert skill.get_ylabel() == model
        value = table.loc[model, ["r2_mean", "r2_zero"]].to_numpy(float)
        error = table.loc[model, ["se_r2_mean", "se_r2_zero"]].to_numpy(float)
        dots, ends = dots_and_lines(skill)
        assert dots == pytest.approx(value)
        assert np.array(ends) == pytest.approx(np.c_[value - 2 * error, value + 2 * error])
        dots, ends = dots_and_lines(gain)
        own = gains.loc[model]
        assert dots == [own["gain"]]
        assert ends[0] == pytest.approx([own["gain"] - 2 * own["se"], own["gain"] + 2 * own["se"]])
        assert [bar.get_height() for bar in calibration.patches] == pytest.approx(tenths.loc[model, "share"].tolist())
        held = " / ".join(f"{100 * table.loc[model, name]:.0f}" for name in ("cover_50", "cover_90", "cover_99"))
        assert calibration.get_title(loc="left") == f"Held: {held} %"
    said = figure.get_supxlabel()
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
    figure = bf.plot_scores(scores, models=["two"], over="two", asset="a01")
    skill, gain, _ = figure.axes
    assert skill.get_ylabel() == "two"
    assert gain.get_title(loc="left") == "Log score less two's"
    table = scores.table().query("asset == 'a01' and model == 'two'").iloc[0]
    assert dots_and_lines(skill)[0] == pytest.approx([table["r2_mean"], table["r2_zero"]])
    assert dots_and_lines(gain)[0] == [0.0]


def test_what_cannot_be_drawn_is_refused(scores):
    with pytest.raises(bf.SpecError, match="expected Scores, found DataFrame"):
        bf.plot_scores(scores.table())
    with pytest.raises(bf.SpecError, match="unknown model 'three'"):
        bf.plot_scores(scores, models=["three"])
    with pytest.raises(bf.SpecError, match="unknown model 'three'"):
        bf.plot_scores(scores, over="three")
    with pytest.raises(bf.SpecError, match="unknown asset 'b'"):
        bf.plot_scores(scores, asset="b")
