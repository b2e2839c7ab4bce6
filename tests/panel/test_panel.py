"""The panel: what its factors may lack, and what it does with factors of unequal histories."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError, SpecError
from tests.support.panels import make_panel


@pytest.fixture(scope="module")
def panel():
    """Factors f0, f1 and f2 begin on rows 0, 5 and 12 of 40; returns on row 15."""
    whole = make_panel(assets=3, periods=40)
    values = whole.factors.values.copy()
    values[:5, 1], values[:12, 2] = np.nan, np.nan
    return replace(whole, returns=whole.returns.isel(time=slice(15, None)), factors=whole.factors.copy(data=values))


def broken(panel, row, place, value=np.nan):
    values = panel.factors.values.copy()
    values[row, place] = value
    return panel.factors.copy(data=values)


def test_factors_on_the_dates_of_returns_are_complete(panel):
    assert panel.aligned.shape == (25, 3)
    np.testing.assert_array_equal(panel.aligned, panel.factors.values[15:])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_hole_is_refused(panel, value):
    with pytest.raises(DataError, match=r"'f1' has no value on .*, after its first one") as caught:
        replace(panel, factors=broken(panel, 8, 1, value))
    assert caught.value.series == "f1"
    assert caught.value.date == panel.factors["time"].values[8].astype("datetime64[D]")
    assert "remove that date" in caught.value.remedy


def test_a_factor_that_begins_after_the_returns_is_refused(panel):
    with pytest.raises(DataError, match=r"'f2' has no value on .*, on which there are returns") as caught:
        replace(panel, factors=broken(panel, slice(0, 18), 2))
    assert caught.value.date == panel.factors["time"].values[15].astype("datetime64[D]")


def test_a_date_without_any_factor_is_refused(panel):
    with pytest.raises(DataError, match=r"'f0' has no value on .*, nor has any other factor"):
        replace(panel, factors=broken(panel, 0, 0))


def test_returns_without_factors_are_refused(panel):
    with pytest.raises(DataError, match=r"returns on .*, but no factors") as caught:
        replace(panel, factors=panel.factors.isel(time=slice(0, -1)))
    assert caught.value.date == panel.factors["time"].values[-1].astype("datetime64[D]")


def test_selecting_factors_leaves_out_dates_before_all_of_them(panel):
    late = panel.select(factors=["f2", "f1"])
    assert late.factors.sizes["time"] == 35
    assert panel.select(factors=["f2"]).factors.sizes["time"] == 28
    assert panel.select(factors=["f0"]).factors.sizes["time"] == 40
    np.testing.assert_array_equal(late.returns.values, panel.returns.values)
    np.testing.assert_array_equal(late.aligned, panel.aligned[:, [2, 1]])
    assert panel.select(factors=[]).factors.sizes == {"time": 25, "factor": 0}


def test_fingerprint_is_that_of_the_values_not_of_the_bits_of_a_missing_one(panel):
    same = replace(panel, factors=panel.factors.where(panel.factors.notnull(), -np.nan))
    assert same.fingerprint == panel.fingerprint
    assert panel.select(factors=["f0", "f1"]).fingerprint != panel.fingerprint
    older = replace(panel, factors=broken(panel, 4, 1, 0.01))
    assert older.fingerprint != panel.fingerprint


def test_a_panel_prints(panel):
    first, last = panel.returns["time"].values[[0, -1]].astype("datetime64[D]")
    assert repr(panel) == f"Panel(3 assets, 3 factors, 25 periods from {first} to {last}, business, 252 a year)"


def test_description_says_each_factors_own_history(panel):
    described = panel.describe().factors
    assert described["periods"].tolist() == [40, 35, 28]
    dates = panel.factors["time"].values.astype("datetime64[D]").astype(str)
    assert described["first"].tolist() == dates[[0, 5, 12]].tolist()
    assert set(described["last"]) == {dates[-1]}
    assert "25 periods" in str(panel.describe())


def test_a_panel_without_a_period_has_no_returns_there_and_all_its_factors():
    panel = make_panel(assets=3, periods=60)
    left = panel.without("2015-01-05", panel.times[4])
    assert np.isnan(left.returns.values).any(axis=1).nonzero()[0].tolist() == [2, 4]
    assert np.isnan(left.returns.values[[2, 4]]).all()
    np.testing.assert_array_equal(left.factors, panel.factors)
    assert left.moments.count.tolist() == [58, 58, 58]
    assert panel.moments.count.tolist() == [60, 60, 60]
    for period, words in (("2015-02", "several"), ("2031-01-05", "none"), ("soon", "not a date"), (3, "not a date")):
        with pytest.raises(SpecError, match=words):
            panel.without(period)
