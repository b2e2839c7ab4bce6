"""Transforms, lags and risk-free rates on the rows, against hand calculations."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate, to_returns
from tests.support.series import BUSINESS, DAILY, LEVEL, column, compound, days, noise


def test_levels_are_differenced_over_the_interval_of_the_return():
    returns = noise(DAILY, ["btc"])
    rng = np.random.default_rng(3)
    vix = pd.DataFrame({"vix": 20 + rng.normal(size=len(BUSINESS)).cumsum()}, index=BUSINESS)
    panel = integrate(returns, vix, {"vix": LEVEL}, calendar="weekly")
    fridays = vix["vix"][vix.index.day_of_week == 4]
    np.testing.assert_array_equal(panel.factors.sel(factor="vix").values, fridays.diff().dropna().to_numpy())
    first = panel.returns.time.values[0]
    expected = compound(returns.loc["2020-01-04":"2020-01-10", "btc"])
    assert first == np.datetime64("2020-01-10")
    assert column(panel, "btc").iloc[0] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("how", ["sum", "mean"])
def test_flows_are_summed_or_averaged(how):
    flow = noise(DAILY, ["flow"], 5, 3.0)
    info = {"flow": {"traded": False, "transform": "none", "aggregate": how}}
    panel = integrate(noise(DAILY, ["a"]), flow, info, calendar="weekly")
    expected = flow["flow"].resample("W-SUN").agg(how)[panel.factors.indexes["time"]]
    np.testing.assert_allclose(panel.factors.values[:, 0], expected, rtol=1e-12)


def test_a_flow_defaults_to_its_sum():
    info = {"flow": {"traded": False, "transform": "none"}}
    assert integrate(noise(DAILY, ["a"]), noise(DAILY, ["flow"], 1), info).factor_info[0].aggregate == "sum"


def test_innovation_is_the_residual_of_an_ar1():
    level = noise(DAILY, ["x"], 7).cumsum()
    info = {"x": {"traded": False, "transform": "innovation"}}
    panel = integrate(noise(DAILY, ["a"]), level, info)
    x = level["x"].to_numpy()
    design = np.column_stack([np.ones(len(x) - 1), x[:-1]])
    residual = x[1:] - design @ np.linalg.lstsq(design, x[1:], rcond=None)[0]
    np.testing.assert_allclose(panel.factors.values[:, 0], residual, atol=1e-14)


def test_innovation_uses_the_history_before_the_assets():
    level, returns = noise(DAILY, ["x"], 7).cumsum(), noise(DAILY, ["a"])
    info = {"x": {"traded": False, "transform": "innovation"}}
    whole, short = integrate(returns, level, info), integrate(returns[30:], level, info)
    np.testing.assert_array_equal(whole.factors.values, short.factors.values)
    assert short.returns.sizes["time"] == 40


def test_log_diff():
    level = np.exp(noise(DAILY, ["x"], 7).cumsum())
    panel = integrate(noise(DAILY, ["a"]), level, {"x": LEVEL | {"transform": "log_diff"}})
    np.testing.assert_allclose(panel.factors.values[:, 0], np.log(level["x"]).diff().dropna(), atol=1e-14)


def test_log_diff_of_a_negative_price_names_it():
    oil = pd.DataFrame({"wti": 20.0 + np.arange(len(DAILY))}, index=DAILY)
    oil.iloc[40, 0] = -36.98
    with pytest.raises(DataError, match=r"-36\.98") as caught:
        integrate(noise(DAILY, ["a"]), oil, {"wti": LEVEL | {"transform": "log_diff"}})
    assert (caught.value.series, str(caught.value.date)) == ("wti", str(DAILY[40].date()))
    assert "diff" in caught.value.remedy


def test_lag_gives_each_value_the_date_of_a_later_one():
    level = noise(DAILY, ["x"], 7).cumsum()
    plain = integrate(noise(DAILY, ["a"]), level, {"x": LEVEL})
    lagged = integrate(noise(DAILY, ["a"]), level, {"x": LEVEL | {"lag": 3}})
    np.testing.assert_array_equal(lagged.factors.values, plain.factors.values[:-3])
    np.testing.assert_array_equal(lagged.factors.time.values, plain.factors.time.values[3:])
    assert any("lagged by 3" in note.text for note in lagged.notes)


@pytest.mark.parametrize(
    ("calendar", "ends", "lag", "rows"),
    [("daily", "D", 1, 1), ("daily", "D", 3, 3), ("weekly", "W", 1, 1), ("weekly", "W", 7, 1), ("weekly", "W", 8, 2),
     ("monthly", "ME", 1, 1), ("monthly", "ME", 31, 2)],
)  # fmt: skip
def test_lag_of_what_shares_the_price_is_one_of_whole_rows(calendar, ends, lag, rows):
    """As MVRV does, of which the change is the return: no day of a row is in the factor's value there."""
    price = np.exp(noise(days("2018-01-01", 730), ["x"], 7).cumsum())
    info = {"x": LEVEL | {"transform": "log_diff", "lag": lag, "shares_price": True}}
    panel = integrate(to_returns(price.rename(columns={"x": "a"})), price, info, calendar=calendar)
    own = np.log(price["x"].resample(ends).last()).diff()
    np.testing.assert_allclose(panel.aligned[:, 0], own.shift(rows).dropna()[: len(panel.times)], atol=1e-12)
    np.testing.assert_allclose(panel.aligned[rows:, 0], np.log1p(panel.returns.values[:-rows, 0]), atol=1e-12)
    done = panel.describe().factors.loc["x", "done"]
    assert (f"lagged by {rows} whole {calendar} row" in done) == (calendar != "daily")
    assert panel.factor_info[0].frequency == "daily"


def test_monthly_level_with_lag_is_used_a_month_later():
    months = days("2018-01-01", 24, "MS")
    cpi = pd.DataFrame({"cpi": np.random.default_rng(1).normal(size=24).cumsum()}, index=months)
    returns = noise(days("2018-01-01", 600), ["btc"])
    panel = integrate(returns, cpi, {"cpi": LEVEL | {"lag": 1}})
    assert panel.calendar.frequency == "monthly"
    march = panel.factors.sel(time="2018-03-31", factor="cpi").item()
    assert march == pytest.approx(cpi["cpi"].iloc[1] - cpi["cpi"].iloc[0])
    expected = compound(returns.loc["2018-03-01":"2018-03-31", "btc"])
    assert panel.returns.time.values[-1] == np.datetime64("2019-07-31")  # August has no last day
    assert column(panel, "btc")["2018-03-31"] == pytest.approx(expected, abs=1e-14)


def test_risk_free_is_compounded_over_the_same_interval():
    returns, factors = noise(DAILY, ["btc"]), noise(BUSINESS, ["mkt"], 1)
    rate = pd.Series(np.linspace(1e-4, 3e-4, len(DAILY)), index=DAILY)
    panel, gross = integrate(returns, factors, risk_free=rate), integrate(returns, factors)
    weekend = compound(rate["2020-01-11":"2020-01-13"])
    both = column(panel, "btc")["2020-01-13"], column(gross, "btc")["2020-01-13"]
    assert both[0] == pytest.approx(both[1] - weekend, abs=1e-15)
    np.testing.assert_array_equal(panel.factors.values, gross.factors.values)


def test_scalar_and_coarser_risk_free():
    returns, factors = noise(BUSINESS, ["a"]), noise(BUSINESS, ["mkt"], 1)
    np.testing.assert_allclose(integrate(returns, factors, risk_free=0.0001).returns.values, returns.to_numpy() - 1e-4)
    monthly = pd.Series([0.001, 0.001, 0.002], index=days("2020-01-31", 3, "ME"))
    panel = integrate(returns, factors, risk_free=monthly)
    rate = (returns["a"] - column(panel, "a")).to_numpy()
    february = (BUSINESS >= "2020-02-03") & (BUSINESS <= "2020-02-28")
    span = compound(rate[february])  # from 31 January to 28 February: 28 of 29 days
    assert span == pytest.approx(1.001 ** (28 / 29) - 1, abs=1e-12)


def test_risk_free_must_cover_every_row():
    returns, factors = noise(DAILY, ["a"]), noise(DAILY, ["mkt"], 1)
    rate = pd.Series(1e-4, index=DAILY)
    rate.iloc[33] = np.nan
    with pytest.raises(DataError, match="2020-02-03"):
        integrate(returns, factors, risk_free=rate)
