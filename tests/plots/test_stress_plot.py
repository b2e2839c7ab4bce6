"""The figure of a scenario shows the numbers of its tables."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

import bayesfactor as bf
from bayesfactor.plots.marks import Intervals
from bayesfactor.plots.stress import stress_chart
from tests.support.charts import ends, only
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def stressed():
    panel = make_panel(assets=4, traded=2, other=1, periods=60, seed=4)
    fit = bf.from_draws(panel, synthetic_draws(panel, draws=50))
    return bf.stress(fit, bf.Scenario({"f0": -0.05}, "crash"), portfolio={"a00": 0.5, "a03": 0.5})


def test_lines_and_dots_are_those_of_the_tables(stressed):
    chart = stress_chart(stressed, ci_prob=0.8)
    rows = list(chart.panels[0].y.names)
    assert rows[0] == "portfolio"
    table = stressed.table(0.8, rounded=False).set_index(["source", "asset"])
    assert [panel.title for panel in chart.panels] == ["return", "f0", "f1", "f2"]
    assert len({(panel.x.low, panel.x.high) for panel in chart.panels[1:]}) == 1
    for panel, source in zip(chart.panels, ("total", "f0", "f1", "f2"), strict=True):
        part, lines = table.loc[source].loc[rows], only(panel, Intervals, role="posterior")
        assert ends(lines) == pytest.approx(part[["lower", "upper"]].to_numpy())
        assert lines.middle == pytest.approx(part["mean"].to_numpy())
    outcome = stressed.outcome_table(None, 0.8, rounded=False).set_index("asset").loc[rows]
    assert ends(only(chart.panels[0], Intervals, look="bar")) == pytest.approx(outcome[["lower", "upper"]].to_numpy())
    wide = chart.panels[1].x.high - chart.panels[1].x.low
    assert table.loc["alpha"].loc[rows, ["lower", "upper"]].abs().to_numpy().max() < 0.05 * wide
    assert "Not drawn, as they give less than 5 % of the scale: alpha." in chart.notes
    assert chart.label == "crash"
    assert "80 % equal-tailed interval" in chart.key[0].text
    bf.plot_stress(stressed, ci_prob=0.8).canvas.draw()
    assert not plt.get_fignums()


def test_a_source_that_gives_next_to_nothing_is_named_and_not_drawn(stressed):
    draws = stressed.draws.copy()
    draws.loc[{"source": "f2"}] *= 1e-4
    chart = stress_chart(replace(stressed, draws=draws))
    assert [panel.title for panel in chart.panels] == ["return", "f0", "f1"]
    assert "Not drawn, as they give less than 5 % of the scale: f2, alpha." in chart.notes


def test_some_of_them_in_the_order_asked_for(stressed):
    figure = bf.plot_stress(stressed, names=["a03", "a01"])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a03", "a01"]
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        bf.plot_stress(stressed, names=["btc"])
    with pytest.raises(bf.SpecError, match="expected a Stress, found dict"):
        bf.plot_stress({})
