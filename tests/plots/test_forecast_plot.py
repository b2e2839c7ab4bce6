"""The fan of a forecast shows quantiles of its paths, and the expected return apart."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.plots.forecast import forecast_chart
from bayesfactor.plots.marks import Points
from bayesfactor.plots.scales import with_interval
from tests.support.charts import only
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MIX = {"a00": 0.5, "a02": -0.2}


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=4, traded=1, other=1, periods=60, seed=4)
    return bf.from_draws(panel, synthetic_draws(panel, draws=100))


@pytest.fixture(scope="module")
def found(fit):
    return bf.forecast(fit, 12, portfolio=MIX)


def band(collection):
    """Return the lower and upper end of a band at each period."""
    x, y = collection.get_paths()[0].vertices.T
    return np.array([[y[x == period].min(), y[x == period].max()] for period in range(13)]).T


def test_bands_and_lines_are_quantiles_of_the_paths(found):
    figure = bf.plot_forecast(found, ci_prob=0.8)
    figure.canvas.draw()
    assert not plt.get_fignums()
    (axis,) = figure.axes
    assert axis.get_title(loc="left") == "portfolio"
    returns, expected = (path.values.reshape(-1, 12) for path in (found.paths, found.expected_paths))
    for drawn, prob in zip(axis.collections, (0.8, 0.5), strict=True):
        wanted = np.quantile(returns, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
        np.testing.assert_allclose(band(drawn)[:, 1:], wanted, rtol=1e-10)
        assert not band(drawn)[:, 0].any()
    median, low, high, mean = (np.asarray(line.get_ydata())[1:] for line in axis.lines[:4])
    np.testing.assert_allclose(median, np.median(returns, axis=0))
    np.testing.assert_allclose([low, high], np.quantile(expected, [0.1, 0.9], axis=0))
    np.testing.assert_allclose(mean, expected.mean(axis=0))
    table = found.table(0.8, rounded=False).set_index("asset").loc["portfolio"]
    assert band(axis.collections[0])[:, -1] == pytest.approx(table[["lower", "upper"]].tolist())
    assert [low[-1], high[-1]] == pytest.approx(table[["expected_lower", "expected_upper"]].tolist())


def test_it_says_what_the_bands_are(found):
    chart = forecast_chart(found, ci_kind="hdi")
    said = [key.text for key in chart.key]
    assert "bands that hold the return with probability 50 % and 90 %" in said
    assert "its 90 % highest-density interval" in said
    assert found.problems
    assert "The fit: not converged" in chart.notes[-1]
    assert forecast_chart(found, ci_prob=0.5).key[0].text.endswith("with probability 50 %")


def test_what_is_pointed_at_is_told_in_numbers(found):
    (panel,) = forecast_chart(found).panels
    spots = only(panel, Points)
    row = found.table(rounded=False).set_index("asset").loc["portfolio"]
    low, high = row["expected_lower"], row["expected_upper"]
    expected = with_interval(row["expected"], low, high, "percent", (high - low) / 3)
    assert spots.texts[-1].startswith("portfolio after 12 business days: median ")
    assert f"expected {expected}; 90 % equal-tailed intervals." in spots.texts[-1]


def test_entries_in_the_order_asked_for(fit):
    found = bf.forecast(fit, 1, portfolio=MIX, paths=["portfolio", "a00", "a01", "a02"])
    figure = bf.plot_forecast(found, names=["a02", "portfolio"])
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["a02", "portfolio"]
    shown = [axis.axison for axis in bf.plot_forecast(found).axes]
    assert shown == [True] * 4 + [False] * 2


def test_what_cannot_be_drawn_is_refused(fit, found):
    with pytest.raises(bf.SpecError, match="expected a Forecast, found Fit"):
        bf.plot_forecast(fit)
    with pytest.raises(bf.SpecError, match=r"has no paths.* bf.forecast\(fit, 3, paths=\['a00'\]\)"):
        bf.plot_forecast(bf.forecast(fit, 3))
    with pytest.raises(bf.SpecError, match="unknown path 'a00'"):
        bf.plot_forecast(found, names=["a00"])
    with pytest.raises(bf.SpecError, match="ci_prob"):
        bf.plot_forecast(found, ci_prob=90)
