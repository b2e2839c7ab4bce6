"""What is said about factors and assets is checked, by place and name."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.integration.assembly import integrate

LEVEL = {"traded": False, "transform": "diff"}


def noise(dates, names, seed=0, scale=0.02):
    """Simulate returns."""
    values = np.random.default_rng(seed).normal(0.0, scale, (len(dates), len(names)))
    return pd.DataFrame(values, index=dates, columns=names)


def days(start, count, freq="D"):
    return pd.date_range(start, periods=count, freq=freq)


DAILY = days("2020-01-01", 70)


def test_spec_errors_name_the_place():
    returns, factors = noise(DAILY, ["a"]), noise(DAILY, ["x"], 1)
    for info, words in (
        ({"x": {"traded": False}}, "must say its transform"),
        ({"x": {"transform": "diff"}}, "compounded and not transformed"),
        ({"x": {"aggregate": "sum"}}, "compounded and not transformed"),
        ({"x": {"trade": True}}, "Did you mean 'traded'"),
        ({"x": LEVEL | {"transform": "logdiff"}}, "Did you mean 'log_diff'"),
        ({"x": LEVEL | {"aggregate": "average"}}, "unknown aggregate"),
        ({"x": LEVEL | {"lag": -1}}, "not a count of periods"),
        ({"x": LEVEL | {"lag": 1.5}}, "not a count of periods"),
        ({"x": LEVEL | {"lag": np.inf}}, "not a count of periods"),
        ({"x": LEVEL | {"lag": "1"}}, "not a count of periods"),
        ({"x": {"traded": "yes"}}, "unknown value 'yes'"),
        ({"x": "traded"}, "not a dict"),
    ):
        with pytest.raises(SpecError, match=words):
            integrate(returns, factors, info)
    with pytest.raises(SpecError, match="Did you mean 'weekly'"):
        integrate(returns, factors, calendar="weekli")
    with pytest.raises(SpecError, match="unknown units"):
        integrate(returns, factors, units="bps")


def test_tables_must_name_every_series():
    returns, factors = noise(DAILY, ["a", "b"]), noise(DAILY, ["mkt"], 1)
    with pytest.raises(DataError, match="says nothing about 'mkt'"):
        integrate(returns, factors, {})
    with pytest.raises(DataError, match="Did you mean 'mkt'"):
        integrate(returns, factors, {"mkt": {}, "mktt": {}})
    with pytest.raises(DataError, match="says nothing about 'b'"):
        integrate(returns, factors, asset_info={"a": "x"})
    with pytest.raises(DataError, match="no group"):
        integrate(returns, factors, asset_info={"a": "x", "b": None})
    with pytest.raises(SpecError, match="no 'group' for 'a'"):
        integrate(returns, factors, asset_info={"a": {"sector": "x"}, "b": {"group": "x"}})
    table = pd.DataFrame({"group": ["y", "x", "z"], "note": 1}, index=["b", "a", "unused"])
    assert integrate(returns, factors, asset_info=table).groups.values.tolist() == ["x", "y"]
    info = pd.DataFrame({"traded": [True], "family": [np.nan], "lag": [0.0]}, index=["mkt"])
    assert integrate(returns, factors, info, table["group"]).factor_info[0].family == "market"


def test_finer_calendar_than_the_coarsest_series_is_refused():
    months = days("2018-01-31", 24, "ME")
    with pytest.raises(DataError, match="'cpi' is monthly") as caught:
        integrate(noise(days("2018-01-01", 700), ["a"]), noise(months, ["cpi"], 1), calendar="weekly")
    assert "calendar='monthly'" in caught.value.remedy


@pytest.mark.parametrize("name", ["alpha", "total", "idiosyncratic", "residual", "zero_beta", "panel"])
def test_a_factor_or_family_may_not_be_called_like_a_source(name):
    dates = pd.date_range("2020-01-31", periods=24, freq="ME")
    values = np.random.default_rng(0).normal(0, 0.02, size=(24, 2))
    returns = pd.DataFrame({"a": values[:, 0]}, index=dates)
    with pytest.raises(DataError, match="Rename it"):
        integrate(returns, pd.DataFrame({name: values[:, 1]}, index=dates))
    with pytest.raises(DataError, match="Rename it"):
        integrate(returns, pd.DataFrame({"f": values[:, 1]}, index=dates), {"f": {"family": name}})
