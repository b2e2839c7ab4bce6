"""Figures show the numbers of the tables they are drawn from."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

import bayesfactor as bf
from bayesfactor.base.wording import MINUS, chance, observed, percent
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.plots.contributions import asset_contributions_chart
from bayesfactor.plots.marks import Band, Bars, Intervals, Lines, Points
from bayesfactor.plots.premia import premia_chart
from bayesfactor.plots.pricing import pricing_chart
from bayesfactor.plots.realised import realised_chart
from bayesfactor.plots.risk import risk_chart
from bayesfactor.plots.style import short
from tests.support.charts import ends, marks, only, panels

MIX = {"a00": 0.5, "a03": 0.5}


def draw(figure):
    """Return the figure after it was laid out and drawn."""
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    assert not plt.get_fignums()
    return figure


def dots(axis):
    line = next(item for item in axis.lines if item.get_marker() == "o")
    return np.asarray(line.get_xdata(), dtype=float)


@pytest.mark.parametrize("kind", ["premium", "return", "variance"])
def test_contributions_are_those_of_the_table_on_one_scale(hier_fit, kind):
    found = bf.attribute(hier_fit, kind, portfolio=MIX)
    chart = asset_contributions_chart(found, ci_prob=0.8)
    table = found.table(0.8, rounded=False).set_index(["asset", "source"])
    names = list(chart.panels[0].y.names)
    assert sorted(names) == sorted([*hier_fit.panel.assets, "portfolio"])
    assert len({(panel.x.low, panel.x.high, panel.y.names) for panel in chart.panels}) == 1
    for source, panel in panels(chart).items():
        part, mark = table.xs(source, level="source").loc[names], only(panel, Intervals)
        assert mark.middle == pytest.approx(part["mean"].to_numpy())
        assert ends(mark) == pytest.approx(part[["lower", "upper"]].to_numpy())
        said = found.table(0.8).set_index(["asset", "source"])
        for text, name in zip(mark.texts, names, strict=True):
            row = said.loc[(name, source)]
            number = (
                percent(row["mean"], row["sd"] or abs(row["mean"]) / 20) if kind != "variance" else f"{row['mean']:.3g}"
            )
            assert text.startswith(f"{name}, {source}: {number.replace('-', MINUS)}")
            assert f"; above zero with probability {chance(float(row['prob_positive']))}." in text
    assert (np.diff(only(chart.panels[0], Intervals).middle) <= 0).all()
    assert "80 % equal-tailed interval" in chart.key[0].text
    draw(bf.plot_contributions(found, ci_prob=0.8))


def test_some_contributions_in_the_order_asked_for(hier_fit):
    figure = draw(bf.plot_contributions(bf.attribute(hier_fit), names=["a02", "a01"], sources=["f1", "total"]))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a02", "a01"]
    assert [axis.get_title("left") for axis in figure.axes] == ["f1", "total"]


def test_shares_of_risk_fill_the_bars(hier_fit):
    found = bf.attribute(hier_fit, "variance")
    (panel,) = risk_chart(found, ci_prob=0.8).panels
    names, bars = list(panel.y.names), marks(panel, Bars)
    assert sum(bar.end - bar.start for bar in bars) == pytest.approx(np.ones(len(hier_fit.panel.assets)))
    own = found.shares.sel(source="idiosyncratic", asset=names)
    lines = only(panel, Intervals)
    assert bars[0].end == pytest.approx(own.mean(("chain", "draw")).values)
    assert lines.middle == pytest.approx(bars[0].end)
    table = found.share_table(ci_prob=0.8, rounded=False).set_index(["source", "asset"]).loc["idiosyncratic"].loc[names]
    assert ends(lines) == pytest.approx(table[["lower", "upper"]].to_numpy())
    assert list(panel.y.notes) == [chance(float(p)) for p in table["prob_above"]]
    draw(bf.plot_risk(found))


@pytest.mark.parametrize("choice", [{"name": "a01"}, {"portfolio": MIX, "by_family": False}])
def test_what_was_realised_ends_at_the_total(hier_fit, choice):
    chart = realised_chart(hier_fit, **choice)
    panel = hier_fit.panel.returns
    held = panel.sel(asset=["a01"]) if "name" in choice else panel.sel(asset=["a00", "a03"])
    happened = float(held.dropna("time").mean("asset").sum())
    assert only(chart.panels[0], Lines).y[-1] == pytest.approx(happened)
    assert chart.panels[0].title == f"total: {observed(happened)}"
    draw(bf.plot_realised(hier_fit, **choice))


def test_loadings_stand_beside_least_squares(hier_fit):
    figure = draw(bf.plot_loadings(hier_fit))
    own, mean = (
        least_squares_loadings(hier_fit.panel, hier_fit.design.sample),
        hier_fit.posterior["loading"].mean(("chain", "draw")),
    )
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    groups = hier_fit.panel.groups.sel(asset=names).values.tolist()
    assert groups == sorted(groups)
    for axis in figure.axes:
        factor = axis.get_title("left")
        assert dots(axis) == pytest.approx(mean.sel(factor=factor, asset=names).values)
        ticks = next(line for line in axis.lines if line.get_marker() == "|")
        assert np.asarray(ticks.get_xdata(), dtype=float) == pytest.approx(
            own.loc[names, factor].to_numpy(), nan_ok=True
        )


def test_least_squares_is_numpy_s(hier_fit):
    own, panel = least_squares_loadings(hier_fit.panel, hier_fit.design.sample), hier_fit.panel
    returns = panel.returns.sel(asset="a04").values
    seen = np.isfinite(returns)
    x = np.column_stack([np.ones(seen.sum()), panel.aligned[seen]])
    assert own.loc["a04"].to_numpy() == pytest.approx(np.linalg.lstsq(x, returns[seen], rcond=None)[0][1:])


def test_the_band_of_a_realised_return_is_that_of_the_draws(hier_fit):
    chart = realised_chart(hier_fit, "a01", by_family=False)
    found = bf.attribute(hier_fit, "return").table(rounded=False).set_index(["asset", "source"]).loc["a01"]
    for source in hier_fit.panel.factor_names:
        row, panel = found.loc[source], panels(chart)[source]
        assert only(panel, Lines).y[-1] == pytest.approx(row["mean"], abs=row["sd"] / 2)  # of a part of the draws
        assert ends(only(panel, Band))[-1] == pytest.approx((row["lower"], row["upper"]), abs=row["sd"] / 2)


@pytest.mark.parametrize("alike", [False, True])
def test_shrinkage_goes_from_least_squares_to_the_mean(hier_fit, cross_fit, alike):
    fit = cross_fit if alike else hier_fit
    figure = draw(bf.plot_shrinkage(fit))
    panel, own = fit.panel, least_squares_loadings(fit.panel, fit.design.sample)
    mean, count = fit.posterior["loading"].mean(("chain", "draw")), panel.returns.count("time").to_series()
    shown = [axis for axis in figure.axes if axis.get_title("left")]
    assert [axis.get_title("left") for axis in shown] == list(panel.factor_names)
    for axis in shown:
        factor = axis.get_title("left")
        points = [np.asarray(item.get_offsets()) for item in axis.collections if isinstance(item, PathCollection)]
        ticks = [np.asarray(line.get_xdata(), float) for line in axis.lines if line.get_marker() == "|"]
        for group, end, start in zip(panel.group_names, points, ticks, strict=True):
            names = [asset for asset in panel.assets if panel.groups.sel(asset=asset) == group]
            assert end[:, 0] == pytest.approx(mean.sel(factor=factor, asset=names).values)
            assert start == pytest.approx(own.loc[names, factor].to_numpy(), nan_ok=True)
            if not alike:
                assert end[:, 1] == pytest.approx(count[names].to_numpy())
        if alike:
            assert sorted(np.concatenate(points)[:, 1]) == list(range(1, len(panel.assets) + 1))


def test_premia_stand_below_their_prior_and_the_data(hier_fit):
    found = bf.identify(hier_fit)
    chart = premia_chart(found, ci_prob=0.8)
    table = found.table(0.8)
    assert [panel.title for panel in chart.panels] == [f"{k}: {v}" for k, v in found.verdicts.items()]
    wide = 1.2815515655446004  # of a normal law, 10 % on either side
    for panel, row in zip(chart.panels, table.to_dict("records"), strict=True):
        expected = {"posterior": (row["lower"], row["mean"], row["upper"])}
        for kind, mean, sd in (("prior", "prior_mean", "prior_sd"), ("data", "data_mean", "data_se")):
            if np.isfinite(row[mean]):
                expected[kind] = tuple(row[mean] + side * wide * row[sd] for side in (-1, 0, 1))
        drawn = marks(panel, Intervals)
        shown = {panel.y.names[int(mark.at[0])]: (*mark.lower, *mark.middle, *mark.upper) for mark in drawn}
        assert set(shown) == set(expected)
        assert all(shown[kind] == pytest.approx(expected[kind]) for kind in expected)
        assert panel.y.names[-1] == "posterior"
    draw(bf.plot_premia(found, ci_prob=0.8))


def test_predictions_stand_beside_what_was_earned(hier_fit):
    pricing = bf.price(hier_fit)
    table = pricing.table()
    (panel,) = pricing_chart(pricing).panels
    points = only(panel, Points)
    assert np.c_[points.x, points.y] == pytest.approx(table[["predicted", "realised"]].to_numpy())
    for along, name in (("x", "predicted"), ("y", "realised")):
        lines = only(panel, Intervals, along=along)
        assert ends(lines) == pytest.approx(table[[f"{name}_lower", f"{name}_upper"]].to_numpy())
    assert not panel.title  # an R-squared is not that of these dots
    assert points.texts[3].startswith("a03: predicted ")
    axis = draw(bf.plot_pricing(pricing)).axes[0]
    drawn = next(item for item in axis.collections if isinstance(item, PathCollection))
    assert np.asarray(drawn.get_offsets()) == pytest.approx(table[["predicted", "realised"]].to_numpy())


def test_one_outlier_does_not_squash_what_was_earned(hier_fit):
    pricing = bf.price(hier_fit)
    far, realised = pricing.realised.index[-1], pricing.realised.copy()
    realised.loc[far, ["realised", "se"]] = [80.0, 50.0]
    chart = pricing_chart(replace(pricing, realised=realised))
    (panel,), table = chart.panels, pricing.table()
    rest = table["realised"].drop(far)
    assert rest.between(panel.y.low, panel.y.high).all()
    assert panel.y.high - panel.y.low < 5 * (table["realised_upper"] - table["realised_lower"]).drop(far).max()
    assert any(note.startswith(f"Off the scale: {far}, predicted ") and "8,000 %" in note for note in chart.notes)


def test_names_that_differ_late_are_told_apart():
    one, two = (short("coin" * 20 + end) for end in ("-usd", "-eur"))
    assert one != two
    assert len(one) == len(short("x" * 29)) == 28
    assert short("x" * 28) == "x" * 28


def test_every_group_and_source_has_its_own_mark(hier_fit):
    panel = hier_fit.panel
    groups = [f"_{i}" for i in range(len(panel.assets))]
    data = hier_fit.data.copy()
    data["posterior"] = xr.DataTree(hier_fit.posterior.drop_dims("group"))  # they are of three groups
    fit = replace(
        hier_fit, panel=replace(panel, groups=panel.groups.copy(data=np.array(groups, dtype=object))), data=data
    )
    figure = draw(bf.plot_shrinkage(fit))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == groups
    dots = [item for item in figure.axes[0].collections if isinstance(item, PathCollection)]
    marks = {(tuple(dot.get_facecolor()[0]), dot.get_paths()[0].vertices.tobytes()) for dot in dots}
    assert len(marks) == len(groups) > 8


@pytest.mark.parametrize("what", ["predictive", "rank", "energy"])
@pytest.mark.parametrize("which", ["hier_fit", "student_fit"])
def test_checks_are_drawn(request, which, what):
    draw(bf.plot_check(request.getfixturevalue(which), what))


def test_ranks_are_of_the_quantities_on_which_chains_agree_least(hier_fit):
    import arviz as az

    titles = {axis.get_title("left").split(":")[0] for axis in draw(bf.plot_check(hier_fit, "rank")).axes} - {""}
    table = az.rhat(hier_fit.data["posterior"].to_dataset()[["risk_premium", "loading_scale"]])
    worst = max(((float(v), f"{name}[{f}]") for name, a in table.items() for f, v in a.to_series().items()))
    assert worst[1] in titles
    assert len(titles) <= 12


def test_an_asset_without_returns_is_drawn_from_its_prior(hollow_fit):
    for figure in (
        bf.plot_loadings(hollow_fit),
        bf.plot_shrinkage(hollow_fit),
        bf.plot_pricing(bf.price(hollow_fit)),
        bf.plot_check(hollow_fit),
    ):
        draw(figure)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda fit: bf.plot_contributions(fit),
        lambda fit: bf.plot_contributions(bf.attribute(fit), names=["zz"]),
        lambda fit: bf.plot_contributions(bf.attribute(fit), sources=[]),
        lambda fit: bf.plot_contributions(bf.attribute(fit), names=["a01", "a01"]),
        lambda fit: bf.plot_risk(bf.attribute(fit)),
        lambda fit: bf.plot_risk(bf.attribute(fit, "variance"), above=50),
        lambda fit: bf.plot_premia(fit),
        lambda fit: bf.plot_pricing(fit),
        lambda fit: bf.plot_loadings(fit, factors=["zz"]),
        lambda fit: bf.plot_check(fit, "taste"),
        lambda fit: bf.plot_realised(fit, "zz"),
    ],
)
def test_what_cannot_be_drawn_is_refused(hier_fit, wrong):
    with pytest.raises(bf.SpecError) as caught:
        wrong(hier_fit)
    assert caught.value.place


def test_ranks_need_two_chains(short_fit):
    with pytest.raises(bf.SpecError, match="compare chains"):
        bf.plot_check(short_fit, "rank")


def test_the_caller_s_settings_stay(hier_fit):
    before = dict(plt.rcParams), plt.get_fignums()
    bf.plot_shrinkage(hier_fit)
    for what in ("predictive", "rank", "energy"):
        bf.plot_check(hier_fit, what)
    assert (dict(plt.rcParams), plt.get_fignums()) == before
