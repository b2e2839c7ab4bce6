"""What changed between two fits: numbers of `attribute`, the verdicts on changes, and fits that cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.comparison.revised_estimates import ONE_ONLY, OUTSIDE, SAME, WITHIN
from bayesfactor.posterior.summaries import summarise
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=6, traded=2, other=1, periods=120, seed=2)
MIX = {"a00": 0.5, "a03": 0.3, "a05": -0.1}


def first(panel, periods):
    """Return the panel as it was after some periods."""
    return replace(
        panel,
        returns=panel.returns.isel(time=slice(periods)),
        factors=panel.factors.isel(time=slice(periods)),
    )


def drawn(panel=PANEL, model="static", **options):
    return bf.from_draws(panel, synthetic_draws(panel, **{"draws": 60, **options}), model=model)


@pytest.fixture(scope="module")
def now():
    return drawn()


@pytest.fixture(scope="module")
def then():
    return drawn(first(PANEL, 100), seed=5)


@pytest.fixture(scope="module")
def found(now, then):
    return bf.revisions(now, then, portfolio=MIX)


def of(table, asset, source):
    return table[(table["asset"] == asset) & (table["source"] == source)].iloc[0]


def test_estimates_are_those_of_both_fits(found, now, then):
    table = found.table("premium")
    for prefix, fit in (("previous_", then), ("", now)):
        own = bf.attribute(fit, "premium", portfolio=MIX).table()
        for row in own.to_dict("records"):
            if row["asset"] != "portfolio" and row["source"] != "total":
                continue
            mine = of(table, row["asset"], row["source"])
            assert mine["previous" if prefix else "mean"] == row["mean"]
            assert [mine[f"{prefix}{name}"] for name in ("sd", "lower", "upper")] == [
                row[name] for name in ("sd", "lower", "upper")
            ]


def test_loadings_and_what_factors_pay_are_those_of_the_draws(found, now, then):
    own = summarise(now.posterior["loading"], 0.9, "eti")
    assert found.table("loading")["mean"].tolist() == own["mean"].tolist()
    paid = bf.identify(then).table()
    table = found.table("risk premium").set_index("source")
    assert table["previous"].to_dict() == pytest.approx(paid["mean"].to_dict())


def test_risk_is_that_of_attribute(found, now):
    variance = bf.attribute(now, "variance", portfolio=MIX)
    volatility = summarise(variance.draws.sel(source="total", drop=True) ** 0.5, 0.9, "eti").set_index("asset")["mean"]
    share = variance.share_table().query("source == 'idiosyncratic'").set_index("asset")["mean"]
    for quantity, own in (("volatility", volatility), ("residual share", share)):
        assert found.table(quantity).set_index("asset")["mean"].to_dict() == own.to_dict()


def test_a_change_is_of_means_in_sd_of_the_earlier_fit(found, now, then):
    row = of(found.table("premium"), "portfolio", "total")
    one, other = (bf.attribute(fit, portfolio=MIX).draws.sel(asset="portfolio", source="total") for fit in (now, then))
    change, error = float(one.mean() - other.mean()), row["mcse"]
    assert row["change"] == pytest.approx(change, abs=error / 2)  # half a unit, which is at most an error
    assert row["change_in_sd"] == pytest.approx(change / float(other.std(ddof=1)), rel=1e-9)


def test_verdicts(found, now, then):
    table = found.table("loading")
    assert set(found.table()["verdict"]) == {SAME, WITHIN, OUTSIDE}
    one, other = (fit.posterior["loading"] for fit in (now, then))
    error = np.hypot(*(summarise(draws, 0.9, "eti")["mcse"] for draws in (one, other)))
    change = np.abs((one.mean(("chain", "draw")) - other.mean(("chain", "draw"))).values.ravel())
    outside = (table["mean"] < table["previous_lower"]) | (table["mean"] > table["previous_upper"])
    wanted = np.where(change <= 2 * error, SAME, np.where(outside, OUTSIDE, WITHIN))
    assert table["verdict"].tolist() == wanted.tolist()


def test_the_same_draws_have_not_changed(now):
    again = drawn()
    assert set(bf.revisions(now, again).table()["verdict"]) == {SAME}
    assert bf.revisions(now, again).between.new == 0


def test_without_a_portfolio_assets_of_both_are_weighed_equally(now, then):
    found = bf.revisions(now, then)
    means = bf.attribute(now).draws.sel(source="total").mean(("chain", "draw")).values
    row = of(found.table("premium"), "portfolio", "total")
    assert row["mean"] == pytest.approx(means.mean(), abs=row["mcse"])
    assert "the portfolio is the 6 assets of both fits, equally weighted" in found.notes


def test_what_came_and_left(now):
    old = first(PANEL, 90).select(assets=PANEL.assets[:5], factors=["f0", "f2"])
    found = bf.revisions(drawn(PANEL.select(assets=PANEL.assets[1:]), draws=60), drawn(old, dof=5.0, model="student_t"))
    then = found.between
    assert (then.new_assets, then.gone_assets) == (("a05",), ("a00",))
    assert (then.new_factors, then.gone_factors) == (("f1",), ())
    assert (then.last, then.periods, then.new, then.lost) == (str(old.times[-1])[:10], 90, 30, 0)
    assert "noise.kind: student_t, now normal" in then.model
    assert then.model_changed
    row = of(found.table("premium"), "portfolio", "f1")
    assert row["verdict"] == ONE_ONLY
    assert np.isnan(row["previous"])
    assert set(found.table("loading")["source"]) == {"f0", "f2"}
    assert np.isnan(found.expected)


def test_a_book_is_compared_without_what_the_earlier_fit_lacks(now):
    old = drawn(first(PANEL, 90).select(assets=["a00", "a03"]))
    found = bf.revisions(now, old, portfolio=MIX)
    assert found.weights.to_dict() == {"a00": 0.5, "a03": 0.3}
    assert any("a05 (\N{MINUS SIGN}10 %)" in note for note in found.notes)
    with pytest.raises(bf.SpecError, match="no asset of the portfolio is in the earlier fit"):
        bf.revisions(now, old, portfolio={"a05": 1.0})


def test_a_mean_moves_as_far_as_is_expected(found):
    """Of a mean with a flat prior and known variance, by simulation: N(m, s^2 / n) after n returns."""
    rng = np.random.default_rng(0)
    returns = rng.standard_normal((20_000, 120))
    moved = (returns.mean(axis=1) - returns[:, :100].mean(axis=1)) * 100**0.5  # in sd of the earlier posterior
    error = found.expected / (2 * len(moved)) ** 0.5
    assert found.expected == pytest.approx(moved.std(), abs=4 * error)


def test_nothing_is_expected_where_something_moves(then):
    moving = drawn(model=None, moving=("volatility",))
    assert np.isnan(bf.revisions(moving, then).expected)


def test_revised_values_are_named(now):
    old = first(PANEL, 100)
    values = old.returns.values.copy()
    values[7:9, 2] *= 1.5
    found = bf.revisions(now, drawn(replace(old, returns=old.returns.copy(data=values))))
    assert found.between.revised == (f"'a02' ({str(old.times[7])[:10]})",)
    assert np.isnan(found.expected)


def other_factor(panel, **changes):
    info, *rest = panel.factor_info
    return replace(panel, factor_info=(replace(info, **changes), *rest))


def scaled(panel, name, factor):
    return replace(panel, **{name: getattr(panel, name) * factor})


OLD = first(PANEL, 100)


@pytest.mark.parametrize(
    ("panel", "says"),
    [
        (
            replace(OLD, calendar=replace(OLD.calendar, periods_per_year=12)),
            "its calendar is business, 12 periods a year",
        ),
        (other_factor(OLD, traded=False), "'f0' is not the same series in both fits: traded was False and is True"),
        (scaled(OLD, "factors", 100), "'f0' is not the same series .* its values are 0.01 times what they were"),
        (scaled(OLD, "returns", 0.01), "'a00' is not the same series .* its values are 100 times what they were"),
        (make_panel(assets=6, traded=2, other=1, periods=130, seed=2), "it ends on .*, after the other one"),
    ],
)
def test_what_cannot_be_compared_is_refused(now, panel, says):
    with pytest.raises(bf.SpecError, match=says) as error:
        bf.revisions(now, drawn(panel))
    assert error.value.place == "revisions.previous"
    assert error.value.remedy


def test_no_asset_in_common_no_fit_and_the_fit_itself_are_refused(now):
    names = [f"b{i}" for i in range(6)]
    moved = replace(OLD, returns=OLD.returns.assign_coords(asset=names), groups=OLD.groups.assign_coords(asset=names))
    with pytest.raises(bf.SpecError, match="no asset is in both fits"):
        bf.revisions(now, drawn(moved))
    with pytest.raises(bf.FitError, match="expected a Fit, found str"):
        bf.revisions(now, "run.nc")
    with pytest.raises(bf.SpecError, match="it is the fit itself"):
        bf.revisions(now, now)
    with pytest.raises(bf.SpecError, match="unknown quantity 'alpha'"):
        bf.revisions(now, drawn(OLD)).table("alpha")
