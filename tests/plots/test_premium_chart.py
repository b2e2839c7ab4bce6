"""The figure of what pays shows the numbers of the attribution, and the prior's quantiles behind them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.attribution.prior_premium import prior_premium
from bayesfactor.plots.marks import Intervals
from bayesfactor.plots.premium_chart import contributions_chart
from tests.support.charts import ends, marks, only
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MIX = {"a00": 0.5, "a02": 0.5}


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=4, traded=1, other=3, periods=60, seed=4)
    return bf.from_draws(panel, synthetic_draws(panel, draws=100, doubt=0.2), model="unpooled")


@pytest.fixture(scope="module")
def found(fit):
    return bf.attribute(fit, portfolio=MIX)


def drawn(panel):
    """Return (lower, middle, upper) of each row after the data."""
    rows = {}
    for mark in (mark for mark in marks(panel, Intervals) if mark.look == "dot"):
        for at, *numbers in zip(mark.at, mark.lower, mark.middle, mark.upper, strict=True):
            rows[panel.y.names[int(at)]] = numbers
    return rows


@pytest.mark.parametrize("entry", [None, "a01"])
def test_numbers_are_those_of_the_table_the_largest_first(found, entry):
    (panel,) = contributions_chart(found, entry, ci_prob=0.8).panels
    table = found.table(0.8).set_index(["asset", "source"]).loc[entry or "portfolio"]
    rows = drawn(panel)
    assert rows == {name: pytest.approx(table.loc[name, ["lower", "mean", "upper"]].tolist()) for name in panel.y.names}
    size = [abs(found.draws.sel(asset=entry or "portfolio", source=name).mean().item()) for name in panel.y.names]
    assert panel.y.names[-1] == "total"
    assert size[:-1] == sorted(size[:-1], reverse=True)


def test_without_a_portfolio_it_is_of_the_mean_asset(fit):
    chart = contributions_chart(bf.attribute(fit))
    equal = bf.attribute(fit, portfolio=dict.fromkeys(fit.panel.assets, 1 / len(fit.panel.assets)))
    table = equal.table().set_index(["asset", "source"]).loc["portfolio"]
    for name, numbers in drawn(chart.panels[0]).items():
        assert numbers == pytest.approx(table.loc[name, ["lower", "mean", "upper"]].tolist())
    assert "of the assets on average, a year" in chart.label


def test_the_prior_stands_behind(fit, found):
    prior = prior_premium(fit, "portfolio", portfolio=MIX)
    chart = contributions_chart(found, prior=prior)
    (panel,) = chart.panels
    bars = only(panel, Intervals, look="bar")
    assert panel.marks.index(bars) < min(panel.marks.index(mark) for mark in marks(panel, Intervals, look="dot"))
    for name, (low, high) in zip(panel.y.names, ends(bars), strict=True):
        draws = prior.draws.sel(source=name)
        error = draws.std().item() / 4  # tables are rounded to Monte Carlo errors
        assert (low, high) == pytest.approx(draws.quantile([0.05, 0.95]).values, abs=error)
    assert any(key.role == "prior" for key in chart.key)
    beyond = {name for name, (low, high) in zip(panel.y.names, ends(bars), strict=True)
              if low < panel.x.low or high > panel.x.high}  # fmt: skip
    said = " ".join(chart.notes)
    assert beyond
    assert all(f"{name}, " in said for name in beyond)
    texts = [text for mark in marks(panel, Intervals) for text in mark.texts]
    assert all(". Before the data: " in text for text in texts)


def test_the_axis_follows_the_posterior(fit, found):
    """A prior lengthens it by half at each end, at most."""
    alone = contributions_chart(found).panels[0].x
    (panel,) = contributions_chart(found, prior=prior_premium(fit, "portfolio", portfolio=MIX)).panels
    assert panel.x.high - panel.x.low <= 2 * (alone.high - alone.low) * (1 + 1e-9)
    lower, _, upper = np.array(list(drawn(panel).values())).T
    assert panel.x.low < lower.min() < upper.max() < panel.x.high


def test_a_prior_that_is_not_known_is_not_guessed(fit, found):
    external = bf.from_draws(fit.panel, synthetic_draws(fit.panel))
    chart = contributions_chart(found, prior=prior_premium(external))
    assert not marks(chart.panels[0], Intervals, look="bar")
    assert "The prior is not drawn: the priors of these draws are not known." in chart.notes


def test_the_smallest_of_many_are_summed(found):
    whole, short = (contributions_chart(found, most=most).panels[0] for most in (12, 3))
    names = whole.y.names
    assert short.y.names == (*names[:2], "3 smaller ones", "total")
    rest = found.draws.sel(asset="portfolio", source=list(names[2:5])).sum("source")
    _, middle, _ = drawn(short)["3 smaller ones"]
    assert middle == pytest.approx(rest.mean().item(), abs=rest.std().item() / 2)  # rounded to its Monte Carlo error


def test_what_cannot_be_told_is_hollow(found):
    (panel,) = contributions_chart(found).panels
    for mark in marks(panel, Intervals):
        for at, hollow in zip(mark.at, mark.hollow, strict=True):
            name = panel.y.names[int(at)]
            assert hollow == (found.identification[name] == "unidentified" and name != "total")


def test_an_unknown_entry_is_refused(found):
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        contributions_chart(found, "btc")


@pytest.mark.parametrize("choice", [{}, {"portfolio": MIX}, {"entry": "a01"}, {"entry": "a01", "portfolio": MIX}])
def test_what_is_drawn_for_a_notebook_is_the_record(fit, choice):
    figure = bf.plot_sources(fit, **choice, ci_prob=0.8)
    figure.canvas.draw()
    assert not plt.get_fignums()
    entry = choice.get("entry", "portfolio" if "portfolio" in choice else None)
    prior = prior_premium(fit, entry, portfolio=choice.get("portfolio"))
    chart = contributions_chart(bf.attribute(fit, portfolio=choice.get("portfolio")), entry, prior=prior, ci_prob=0.8)
    (axis,) = figure.axes
    assert axis.get_xlabel() == chart.panels[0].x.title
    assert [label.get_text() for label in axis.get_yticklabels()] == list(chart.panels[0].y.names)
    assert " ".join(figure.get_supxlabel().split()) == " ".join(chart.notes)
    assert axis.get_xlim() == (chart.panels[0].x.low, chart.panels[0].x.high)
