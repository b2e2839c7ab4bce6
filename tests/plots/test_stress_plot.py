"""The figure of a scenario shows the numbers of its tables."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def stressed():
    panel = make_panel(assets=4, traded=2, other=1, periods=60, seed=4)
    fit = bf.from_draws(panel, synthetic_draws(panel, draws=50))
    return bf.stress(fit, bf.Scenario({"f0": -0.05}, "crash"), portfolio={"a00": 0.5, "a03": 0.5})


def lines(axis, number=0):
    return np.array([segment[:, 0] for segment in axis.collections[number].get_segments()])


def test_lines_and_dots_are_those_of_the_tables(stressed):
    figure = bf.plot_stress(stressed, ci_prob=0.8)
    figure.canvas.draw()
    assert not plt.get_fignums()
    rows = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert rows[0] == "portfolio"
    table = stressed.table(0.8, rounded=False).set_index(["source", "asset"])
    assert [axis.get_title("left") for axis in figure.axes] == ["return", "f0", "f1", "f2", "alpha"]
    for axis, source in zip(figure.axes, ("total", "f0", "f1", "f2", "alpha"), strict=True):
        part = table.loc[source].loc[rows]
        assert lines(axis, int(source == "total")) == pytest.approx(part[["lower", "upper"]].to_numpy())
        (dots,) = (line for line in axis.lines if line.get_marker() == "o")
        assert np.asarray(dots.get_xdata()) == pytest.approx(part["mean"].to_numpy())
    outcome = stressed.outcome_table(None, 0.8, rounded=False).set_index("asset").loc[rows]
    assert lines(figure.axes[0]) == pytest.approx(outcome[["lower", "upper"]].to_numpy())
    assert figure.get_supxlabel().startswith("crash: blue, what is expected")
    assert "80 % equal-tailed interval" in figure.get_supxlabel()


def test_some_of_them_in_the_order_asked_for(stressed):
    figure = bf.plot_stress(stressed, names=["a03", "a01"])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a03", "a01"]
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        bf.plot_stress(stressed, names=["btc"])
    with pytest.raises(bf.SpecError, match="expected a Stress, found dict"):
        bf.plot_stress({})
