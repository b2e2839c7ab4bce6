"""Books with options: units of what they gain, tables of their positions, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from tests.support.books import AT, book_fit, book_panel, option
from tests.support.synthetic_draws import synthetic_draws

CALL, PUT = option(strike=105, days=81), option("a01", "put", 40.0, 20, 0.9, 3.0, 45.0)
FIT = book_fit()
CRASH = bf.Scenario({"f0": -0.2, "vol": 0.15}, periods=7)


def book(*positions, **made):
    return bf.Book(positions or (CALL, PUT), **{"at": AT, "volatility": "vol", **made})


def entry(array):
    return array.sel(asset="portfolio", drop=True)


def test_money_where_something_is_sold_or_the_value_is_small():
    sold, wing = book(CALL, option(kind="put", quantity=-1.0)), book(option(strike=400, days=10))
    for held, why in ((sold, "something in it is sold"), (wing, "its value is small beside its notional")):
        assert held.in_money
        assert held.capital == 1
        premium, after = bf.attribute(FIT, portfolio=held), bf.stress(FIT, CRASH, portfolio=held)
        assert premium.units == "decimal, per year; portfolio: money, per year"
        assert after.table().attrs["units"] == "decimal over 7 periods; portfolio: money"
        assert bf.forecast(FIT, 2, held).table().attrs["units"] == "decimal over 2 periods; portfolio: money"
        for notes in (premium.notes, after.notes):
            assert why in " ".join(notes)
        np.testing.assert_allclose(entry(after.outcome), after.book.gains.sel(position="total"), rtol=1e-9)
    assert "mostly doubt" in " ".join(bf.attribute(FIT, portfolio=sold).table().attrs["notes"])
    assert not book().in_money


def test_tables_of_every_position():
    found = bf.stress(FIT, CRASH, portfolio=book()).book.table()
    assert found["position"].tolist() == ["total", CALL.name, PUT.name]
    assert found["value"].tolist() == pytest.approx([CALL.value + 3 * PUT.value, CALL.value, 3 * PUT.value])
    assert found.attrs["units"] == "money"
    assert {"mean", "lower", "upper", "expected", "expected_lower"} <= set(found.columns)


@pytest.mark.parametrize(
    ("held", "error", "message"),
    [
        (book(option("btc")), bf.SpecError, "unknown asset 'btc'"),
        (book(CALL, bf.Holding("btc", 1)), bf.SpecError, "unknown asset 'btc'"),
        (book(volatility="dvol"), bf.SpecError, "unknown factor 'dvol'"),
        (book(volatility="f0"), bf.SpecError, "the volatility factor 'f0' is traded: it is a return"),
        (book(volatility=bf.ParallelShift("f0", transform="diff")), bf.SpecError, "'f0' is traded"),
        (book(volatility=bf.SquareRootShift("f0", transform="log_diff")), bf.SpecError, "'f0' is traded"),
        (book(rate="f0"), bf.SpecError, "the rate factor 'f0' is traded"),
        (book(rate="swap"), bf.SpecError, "unknown factor 'swap'"),
        (book(bf.Option("a00", "call", 50, "2024-03-29", 1, 0.4, 100.0)), bf.DataError, "cannot be repriced"),
    ],
)
def test_positions_that_do_not_go_with_the_panel(held, error, message):
    for ask in (
        lambda: bf.attribute(FIT, portfolio=held),
        lambda: bf.stress(FIT, CRASH, portfolio=held),
        lambda: bf.forecast(FIT, 1, held),
    ):
        with pytest.raises(error, match=message):
            ask()


def test_factors_without_a_transform_that_is_known():
    fit = book_fit(book_panel("none"))
    for made, message in (
        ({}, "has the transform 'none': is it a difference or a log difference"),
        ({"volatility": None, "rate": "vol"}, "the rate factor 'vol' has the transform 'none'"),
    ):
        with pytest.raises(bf.SpecError, match=message):
            bf.attribute(fit, portfolio=book(**made))


def test_a_book_of_holdings_with_prices_is_no_mapping_of_weights():
    held = bf.Book([bf.Holding("a00", 3.0, 200.0), bf.Holding("a01", 400.0)], at=AT)
    for ask in (bf.attribute, bf.position_risk):
        with pytest.raises(bf.SpecError, match=r"they are amounts of money, 1000 in all") as raised:
            ask(FIT, portfolio=held)
        assert raised.value.remedy == 'Give the weights: portfolio={"a00": 0.6, "a01": 0.4}.'
    in_dollars = bf.Book([bf.Holding("a00", 600.0), bf.Holding("a01", 400.0)], at=AT)
    for ask in (bf.attribute, bf.moments):
        with pytest.raises(bf.SpecError, match="more than 10 without signs: they are amounts of money, 1000") as raised:
            ask(FIT, portfolio=in_dollars)
        assert raised.value.remedy == 'Give the weights: portfolio={"a00": 0.6, "a01": 0.4}.'
    short = bf.Book([bf.Holding("a00", -3.0, 200.0)], at=AT)
    with pytest.raises(bf.SpecError, match="have prices"):
        bf.forecast(FIT, 1, short)


def test_per_cent_of_volatility_is_refused():
    panel = book_panel()
    in_per_cent = replace(panel, factors=panel.factors * [1.0, 100.0, 1.0])
    with pytest.raises(bf.SpecError, match=r"they are of per cent, or of no volatility") as raised:
        bf.stress(book_fit(in_per_cent), CRASH, portfolio=book())
    assert "0.65" in raised.value.remedy
    in_per_cent = replace(panel, factors=panel.factors * [1.0, 1.0, 100.0])
    with pytest.raises(bf.SpecError, match=r"rate factor 'rates' .* they are of per cent") as raised:
        bf.stress(book_fit(in_per_cent), CRASH, portfolio=book(rate="rates"))
    assert "a rate of 5 % a year is 0.05" in raised.value.remedy


def test_what_does_not_reprice_a_book_refuses_it():
    for ask in (
        lambda: bf.attribute(FIT, "return", portfolio=book()),
        lambda: bf.position_risk(FIT, book()),
        lambda: bf.reverse_stress(FIT, -0.1, portfolio=book()),
        lambda: bf.score({"one": FIT}, FIT.panel, portfolios={"book": book()}),
    ):
        with pytest.raises(bf.SpecError, match="a book with options"):
            ask()


def test_levels_count_vega_with_the_asset_alone():
    panel = book_panel()
    draws = synthetic_draws(panel, draws=8)
    groups = list(panel.group_names)
    mean = xr.DataArray(
        np.random.default_rng(0).normal(size=(2, 8, len(groups), 3)), dims=("chain", "draw", "group", "factor")
    )
    fit = bf.from_draws(panel, draws.assign(loading_mean=mean.assign_coords(group=groups, factor=draws["factor"])))
    level, factor = (entry(bf.attribute(fit, by=by, portfolio=book()).draws) for by in ("level", "factor"))
    np.testing.assert_allclose(level.sel(source="total"), factor.sel(source="total"), rtol=1e-9)
    still = entry(bf.attribute(fit, by="level", portfolio=book(volatility=None)).draws)
    same = [level.sel(source=name) - still.sel(source=name) for name in ("broad market", "group")]
    np.testing.assert_allclose(same, 0, atol=1e-12)


def test_marks_of_another_time_are_said():
    assert (
        "the marks of the book are of 2024-01-08, the panel ends on 2015-06-17"
        in bf.stress(FIT, CRASH, portfolio=book()).notes
    )


def test_losses_of_money_have_probabilities():
    sold = book(CALL, option(kind="put", quantity=-1.0))
    found = bf.stress(FIT, CRASH, portfolio=sold)
    table = found.outcome_table(below=-5.0, rounded=False).set_index("asset")
    wanted = float((entry(found.outcome) < -5).mean())
    assert table.loc["portfolio", "prob_below"] == wanted
    assert bf.forecast(FIT, 2, sold).prob_below(-1e6)["portfolio"] == 0


def test_what_moves_over_the_long_run_has_the_same_exposures():
    fit = book_fit(moving=("loading", "volatility", "factors"))
    found = bf.attribute(fit, "variance", portfolio=book())
    for array in (found.draws, found.long_run):
        np.testing.assert_allclose(array.drop_sel(source="total").sum("source"), array.sel(source="total"), rtol=1e-9)
    assert "portfolio" not in found.residual_table()["asset"].tolist()
    assert found.table(assets=["portfolio"])["realised_residual"].isna().all()


@pytest.mark.parametrize(
    "other",
    [
        option(strike=1, days=300, forward=1.0),
        option(strike=1e4, days=300, forward=1e4),
        bf.Holding("a00", 2.0, 1.0),
        bf.Option("a00", "call", 105, AT + np.timedelta64(30, "D"), 1, 0.06, 100.0, index=10_000.0),
    ],
)
def test_prices_of_one_underlying_that_differ_by_more_than_2_are_refused(other):
    with pytest.raises(bf.SpecError, match="prices of 'a00' are"):
        book(CALL, PUT, other)


def test_prices_of_one_underlying_that_differ_and_small_holdings_are_said():
    notes = book(CALL, bf.Holding("a00", 2.0, 70.0), bf.Holding("a00", 2.0), bf.Holding("a01", 2.0)).notes
    assert len(notes) == 2
    assert "prices of a00 differ: 70 (price of the holding) and 100 (forward of A00" in notes[0]
    assert notes[1].startswith("the holding of a00 is 2 in money, less than the price of one unit, 70")
    assert not book(CALL, PUT, bf.Holding("a00", 200.0), bf.Holding("a00", 2.0, 95.0)).notes
    assert "an implied volatility of 475 % a year" in book(option(volatility=4.75)).notes[0]


def test_limits_beside_a_book_in_money_are_of_what_they_are_meant():
    sold = book(CALL, option(kind="put", quantity=-1.0))
    after, ahead = bf.stress(FIT, CRASH, portfolio=sold), bf.forecast(FIT, 2, sold)
    for limit, of_book in ((-0.25, False), (-2.0, True)):
        table = after.outcome_table(limit, rounded=False)
        found, drawn = table.set_index("asset")["prob_below"], after.outcome
        for probabilities, draws, notes in (
            (found, drawn, table.attrs["notes"]),
            (ahead.prob_below(limit), ahead.draws, ahead.prob_below(limit).attrs["notes"]),
        ):
            wanted = (draws < limit).mean(("chain", "draw")).to_series()
            meant = wanted.index == "portfolio" if of_book else wanted.index != "portfolio"
            assert probabilities[wanted.index].where(meant).equals(wanted.where(meant))
            assert probabilities[wanted.index][~meant].isna().all()
            assert any(note.startswith(f"below {limit:g}: ") for note in notes)
    assert ahead.prob_below(0.0).notna().all()
    in_coin = bf.forecast(FIT, 2, book(CALL, option(kind="put", quantity=-1.0), accounted="coin"))
    assert in_coin.prob_below(-0.25).notna().all()
    for shown in (repr(after), repr(ahead)):
        assert "; portfolio: money\n" in shown


def test_factors_of_another_family_are_said_and_one_factor_is_not_named_twice():
    panel = book_panel()
    families = {"f0": "market", "vol": "rates", "rates": "rates"}
    info = tuple(replace(one, family=families[one.name]) for one in panel.factor_info)
    found = bf.stress(book_fit(replace(panel, factor_info=info)), CRASH, portfolio=book(CALL, rate="rates"))
    said = [note for note in found.notes if "of the family" in note]
    assert said == [
        "volatility='vol' is a factor of the family rates: check that its values are changes of a volatility"
    ]
    with pytest.raises(bf.SpecError, match="'vol' is named as the factor of volatilities and as that of rates"):
        book(rate="vol")
