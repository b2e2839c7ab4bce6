"""Every factor keeps its own whole history; returns are used once all factors are known."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate
from tests.support.series import BUSINESS, DAILY, LEVEL, column, compound, days, noise


def history(panel, factor):
    """Return the factor's own values, by date."""
    return panel.factors.sel(factor=factor).to_series().dropna()


def test_daily_factors_that_begin_one_after_the_other():
    factors = noise(DAILY, ["mkt", "late", "later"], 1)
    factors.iloc[:25, 1], factors.iloc[:40, 2] = np.nan, np.nan
    returns = noise(DAILY, ["a"])
    panel = integrate(returns, factors)
    np.testing.assert_array_equal(panel.factors.values, factors.to_numpy())
    np.testing.assert_array_equal(panel.returns.values, returns.iloc[40:].to_numpy())
    np.testing.assert_array_equal(panel.aligned, factors.iloc[40:].to_numpy())
    assert any(note.series == "a" and note.text.startswith("40 dates outside") for note in panel.notes)


def test_the_end_of_any_factor_still_cuts():
    factors = noise(DAILY, ["mkt", "late"], 1)
    factors.iloc[:25, 1], factors.iloc[60:, 0] = np.nan, np.nan
    panel = integrate(noise(DAILY, ["a"]), factors)
    assert panel.factors.indexes["time"].equals(DAILY[:60].astype("datetime64[ns]"))
    assert any("span ends 2020-02-29, with 'mkt'" in note.text for note in panel.notes)


@pytest.mark.parametrize("assets", [DAILY, BUSINESS], ids=["tokens", "stocks"])
def test_an_older_seven_day_factor_on_business_rows(assets):
    """No day of its history is lost where the stock factor begins, on a Tuesday after a closed Monday."""
    holiday = pd.Timestamp("2020-01-20")
    crypto, stock = noise(DAILY, ["cmkt"], 1), noise(BUSINESS, ["mkt"], 2)["2020-01-21":]
    panel = integrate(noise(assets, ["a", "b"]).drop(holiday), crypto.join(stock, how="outer"))
    own = history(panel, "cmkt")
    assert panel.calendar.frequency == "business"
    assert (own.index.day_of_week < 5).all()
    assert own.index[0] == DAILY[0]
    for before, end in pairwise(own.index):
        between = crypto.loc[(crypto.index > before) & (crypto.index <= end), "cmkt"]
        assert own[end] == pytest.approx(compound(between), abs=1e-15)
    assert compound(own) == pytest.approx(compound(crypto.loc[: own.index[-1], "cmkt"]), abs=1e-12)


def test_an_older_business_factor_keeps_its_own_dates():
    stock, crypto = noise(BUSINESS, ["mkt"], 1), noise(DAILY[31:], ["cmkt"], 2)
    panel = integrate(noise(DAILY, ["btc"]), crypto.join(stock, how="outer"))
    np.testing.assert_array_equal(history(panel, "mkt"), stock["mkt"])
    assert history(panel, "cmkt").index[0] == pd.Timestamp("2020-02-03")  # a Monday, from Saturday 1 February
    weekend = compound(crypto.loc["2020-02-08":"2020-02-10", "cmkt"])
    assert history(panel, "cmkt")["2020-02-10"] == pytest.approx(weekend, abs=1e-15)


def test_monthly_factor_older_than_a_daily_one():
    months, dates = days("2010-01-31", 120, "ME"), days("2018-03-10", 662)
    factors = noise(months, ["mkt"], 1).join(noise(dates, ["cmkt"], 2), how="outer")
    returns = noise(days("2017-01-01", 1090), ["btc"])
    panel = integrate(returns, factors)
    np.testing.assert_array_equal(history(panel, "mkt"), factors["mkt"].dropna())
    assert history(panel, "cmkt").index[0] == pd.Timestamp("2018-04-30")  # March is not whole
    assert panel.returns.indexes["time"][0] == pd.Timestamp("2018-04-30")
    april = compound(returns.loc["2018-04-01":"2018-04-30", "btc"])
    assert column(panel, "btc").iloc[0] == pytest.approx(april, abs=1e-14)


def test_monthly_factors_on_shared_stamps():
    months = days("2010-01-31", 60, "ME")
    factors, returns = noise(months, ["mkt", "mom"], 1), noise(months, ["a"])
    factors.iloc[:6, 1] = np.nan
    panel = integrate(returns, factors)
    np.testing.assert_array_equal(panel.factors.values, factors.to_numpy())
    np.testing.assert_array_equal(panel.returns.values, returns.iloc[6:].to_numpy())


def test_months_of_an_older_factor_touch_where_stocks_begin():
    """Returns start on Friday 29 May, as they would with no older factor; so the month before ends there."""
    dates = days("2020-01-01", 244)
    stock = noise(days("2020-06-01", 66, "B"), ["mkt"], 2)
    crypto, returns = noise(dates, ["cmkt"], 1), noise(dates, ["btc"])
    panel = integrate(returns, crypto.join(stock), calendar="monthly")
    june = compound(returns.loc["2020-05-30":"2020-06-30", "btc"])
    assert column(panel, "btc")["2020-06-30"] == pytest.approx(june, abs=1e-14)
    own = history(panel, "cmkt")
    assert own["2020-05-29"] == pytest.approx(compound(crypto.loc["2020-05-01":"2020-05-29", "cmkt"]), abs=1e-14)
    assert compound(own) == pytest.approx(compound(crypto.loc[: own.index[-1], "cmkt"]), abs=1e-12)


@pytest.mark.parametrize("transform", ["diff", "log_diff", "innovation"])
def test_a_level_is_transformed_over_its_own_history(transform):
    level = np.exp(noise(DAILY, ["x"], 7).cumsum())
    factors, returns = level.join(noise(DAILY[30:], ["late"], 1)), noise(DAILY, ["a"])
    info = {"x": LEVEL | {"transform": transform}, "late": {}}
    panel, alone = integrate(returns, factors, info), integrate(returns, level, {"x": info["x"]})
    assert history(panel, "x").equals(history(alone, "x"))
    assert panel.returns.sizes["time"] == 40  # the level before is known: no row is lost to the difference


def test_a_young_level_loses_its_first_row_and_nobody_elses():
    factors = noise(DAILY, ["mkt"], 1).join(noise(DAILY[30:], ["x"], 7).cumsum())
    panel = integrate(noise(DAILY, ["a"]), factors, {"mkt": {}, "x": LEVEL})
    assert len(history(panel, "mkt")) == 70
    assert len(history(panel, "x")) == panel.returns.sizes["time"] == 39


def test_factors_that_begin_together_stay_together():
    factors = noise(DAILY, ["mkt"], 1).join(noise(DAILY, ["x"], 7).cumsum())
    panel = integrate(noise(DAILY, ["a"]), factors, {"mkt": {}, "x": LEVEL})
    assert np.isfinite(panel.factors).all()
    assert panel.factors.sizes["time"] == panel.returns.sizes["time"] == 69


def test_a_lag_delays_only_its_own_factor():
    factors = noise(DAILY, ["mkt", "x"], 1)
    panel = integrate(noise(DAILY, ["a"]), factors, {"mkt": {}, "x": LEVEL | {"transform": "none", "lag": 3}})
    np.testing.assert_array_equal(history(panel, "mkt"), factors["mkt"])
    np.testing.assert_array_equal(history(panel, "x"), factors["x"][:-3])
    assert history(panel, "x").index[0] == panel.returns.indexes["time"][0] == DAILY[3]


def test_a_risk_free_rate_need_not_cover_the_older_history():
    factors = noise(DAILY, ["mkt", "late"], 1)
    factors.iloc[:30, 1] = np.nan
    rate = pd.Series(1e-4, DAILY[30:])
    assert integrate(noise(DAILY, ["a"]), factors, risk_free=rate).factors.sizes["time"] == 70


def test_holes_in_the_older_history_are_refused():
    factors = noise(DAILY, ["mkt", "late"], 1)
    factors.iloc[:40, 1], factors.iloc[10, 0] = np.nan, np.nan
    with pytest.raises(DataError, match="'mkt' has no value on 2020-01-11") as caught:
        integrate(noise(DAILY, ["a"]), factors)
    assert caught.value.remedy
    stocks = noise(BUSINESS, ["mkt", "smb", "late"], 1)
    stocks.iloc[:30, 2], stocks.iloc[10, 1] = np.nan, np.nan
    with pytest.raises(DataError, match=r"'smb'.*a return would be lost"):
        integrate(noise(DAILY, ["a"]), stocks)


def test_closed_days_of_the_older_history_are_merged():
    stock, late = noise(BUSINESS, ["mkt"], 1), noise(DAILY[40:], ["cmkt"], 2)
    closed = pd.Timestamp("2020-01-20")
    panel = integrate(noise(DAILY, ["btc"]), stock.drop(closed).join(late, how="outer"))
    assert closed not in panel.factors.indexes["time"]
    assert any(note.series == "mkt" and "no value on 1 weekdays" in note.text for note in panel.notes)


def test_logarithm_and_jumps_of_the_older_history_are_looked_at():
    factors = noise(DAILY, ["mkt", "late"], 1)
    factors.iloc[:40, 1], factors.iloc[20, 0] = np.nan, 1.7
    texts = [note.text for note in integrate(noise(DAILY, ["a"]), factors).notes if note.series == "mkt"]
    assert any("jumps: 2020-01-21 (+1.7)" in text for text in texts)
    info = {"mkt": LEVEL | {"transform": "log_diff"}, "late": {}}
    with pytest.raises(DataError, match=r"-1\.4 on 2020-01-21: no logarithm"):
        integrate(noise(DAILY, ["a"]), factors.assign(mkt=2.0 - factors["mkt"] * 2), info)


def test_factors_that_never_meet_are_refused():
    factors = noise(DAILY, ["old", "new"], 1)
    factors.iloc[30:, 0], factors.iloc[:30, 1] = np.nan, np.nan
    for transform in ("none", "innovation"):
        info = {name: LEVEL | {"transform": transform} for name in factors}
        with pytest.raises(DataError, match="No period has both"):
            integrate(noise(DAILY, ["a"]), factors, info)


def test_constant_or_collinear_is_judged_where_there_are_returns():
    factors = noise(DAILY, ["mkt", "rate", "late"], 1)
    factors.iloc[:40, 2], factors.iloc[39:, 1] = np.nan, 0.01
    with pytest.raises(DataError, match="'rate' is constant"):
        integrate(noise(DAILY, ["a"]), factors, {"mkt": {}, "rate": LEVEL | {"transform": "none"}, "late": {}})


FRAMES = {
    "daily": days("2020-01-01", 200),
    "business": days("2020-01-01", 150, "B"),
    "weekly": days("2020-01-03", 60, "W-FRI"),
    "monthly": days("2016-01-31", 40, "ME"),
}


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.sampled_from(list(FRAMES)),
    st.integers(1, 25),
    st.sampled_from(["none", "diff"]),
    st.sampled_from(["auto", "weekly", "monthly"]),
)
def test_law_an_older_history_changes_no_return(seed, frequency, extra, transform, calendar):
    dates = FRAMES[frequency]
    calendar = "auto" if frequency in ("weekly", "monthly") else calendar
    returns, factors = noise(dates, ["a", "b"], seed), noise(dates, ["old", "young"], seed + 1)
    returns.iloc[: seed % 30, 1] = np.nan
    info = {"old": {"traded": False, "transform": transform}, "young": {}}
    factors.iloc[:extra, 1] = np.nan
    short = integrate(returns, factors.iloc[extra:], info, calendar=calendar)
    long = integrate(returns, factors, info, calendar=calendar)
    gained = len(long.returns["time"]) - len(short.returns["time"])
    assert gained in ((0, 1) if transform == "diff" else (0,))
    np.testing.assert_array_equal(long.returns.values[gained:], short.returns.values)
    np.testing.assert_array_equal(long.returns["time"].values[gained:], short.returns["time"].values)
    np.testing.assert_array_equal(long.aligned[gained:], short.aligned)
    alone = integrate(returns, factors[["old"]], {"old": info["old"]}, calendar=calendar)
    assert history(long, "old").equals(history(alone, "old"))
