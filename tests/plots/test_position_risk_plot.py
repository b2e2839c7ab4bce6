"""The figure of risk by position shows weights and the numbers of the table."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.plots.marks import Bars, Intervals
from bayesfactor.plots.position_risk import position_risk_chart
from tests.support.charts import ends, only
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def risk():
    panel = make_panel(assets=4, traded=1, other=1, periods=60, seed=4)
    fit = bf.from_draws(panel, synthetic_draws(panel, draws=100))
    return bf.position_risk(fit, {"a00": 0.5, "a02": 1.5, "a03": -1.0}, periods=4)


def names(axis):
    return [text.get_text() for text in axis.get_yticklabels()]


def test_dots_lines_and_bars_are_those_of_the_table(risk):
    chart = position_risk_chart(risk, ci_prob=0.8, level=0.9)
    weights, component = chart.panels
    rows = list(weights.y.names)
    table = risk.table(0.8, rounded=False).set_index(["measure", "asset"]).loc["component"]
    assert set(rows) == {"a00", "a02", "a03"}
    assert (np.diff(table.loc[rows, "mean"]) <= 0).all()
    assert only(weights, Bars).end == pytest.approx(table.loc[rows, "weight"].to_numpy())
    lines = only(component, Intervals)
    assert lines.middle == pytest.approx(table.loc[rows, "mean"].to_numpy())
    assert ends(lines) == pytest.approx(table.loc[rows, ["lower", "upper"]].to_numpy())
    assert "80 % equal-tailed interval" in chart.key[0].text
    assert "Losses over 4 periods, 90 %: value at risk " in chart.notes[1]
    bf.plot_position_risk(risk, ci_prob=0.8, level=0.9).canvas.draw()
    assert not plt.get_fignums()


def test_assets_in_the_order_asked_for(risk):
    assert names(bf.plot_position_risk(risk, names=["a01", "a00"]).axes[0]) == ["a01", "a00"]


def test_what_cannot_be_drawn_is_refused(risk):
    with pytest.raises(bf.SpecError, match="expected a PositionRisk, found DataFrame"):
        bf.plot_position_risk(risk.table())
    with pytest.raises(bf.SpecError, match="unknown asset 'b'"):
        bf.plot_position_risk(risk, names=["b"])
    with pytest.raises(bf.SpecError, match="level is 95"):
        bf.plot_position_risk(risk, level=95)
