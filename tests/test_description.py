"""The description of a panel, as tables and as text."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.description import describe_panel
from bayesfactor.integration.assembly import integrate


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=140, freq="D")
    returns = pd.DataFrame(rng.normal(0, 0.02, (140, 30)), days, [f"coin{n}" for n in range(30)])
    returns.iloc[:50, 3] = np.nan
    returns["mkt"] = rng.normal(0, 0.02, 140)
    weekdays = days[days.day_of_week < 5]
    factors = pd.DataFrame(rng.normal(0, 0.02, (len(weekdays), 2)), weekdays, ["mkt", "vix"])
    info = {"mkt": {}, "vix": {"traded": False, "transform": "diff", "lag": 2, "family": "volatility"}}
    return integrate(returns, factors, info, risk_free=0.0)


def test_tables_say_span_count_and_what_was_done(panel):
    description = describe_panel(panel)
    late = description.assets.loc["coin3"]
    observed = panel.returns.sel(asset="coin3").dropna("time").time.values
    assert late["first"] == str(observed[0])[:10]
    assert late["periods"] == len(observed)
    assert "daily compounded to business" in late["done"]
    vix = description.factors.loc["vix"]
    assert (vix["family"], vix["transform"], vix["lag"], vix["aggregate"]) == (
        "volatility",
        "diff",
        2,
        "last",
    )
    assert "lagged by 2 of its own business values; then differenced" in vix["done"]
    assert description.assets.index.tolist() == list(panel.assets)


def test_a_shared_name_keeps_its_two_histories_apart(panel):
    description = panel.describe()
    assert "daily compounded" in description.assets.loc["mkt", "done"]
    assert "daily compounded" not in description.factors.loc["mkt", "done"]


def test_text_fits_a_terminal_and_is_abbreviated(panel):
    text = str(panel.describe())
    tables = text.split("\n\n", 1)[1]
    assert max(len(line) for line in tables.splitlines()) <= 100
    assert "... and 11 more" in text
    assert "Business panel, 252 periods a year: 31 assets, 2 factors" in text
    assert "condition number of the factors 1." in text


def test_text_lists_warnings_or_says_there_are_none(panel):
    assert "Nothing looks wrong." in str(panel.select(["coin1"]).describe())
    days = panel.returns.indexes["time"]
    returns = pd.DataFrame({"dead": 0.01, "live": np.random.default_rng(1).normal(0, 0.02, len(days))}, days)
    factors = panel.factors.sel(factor=["mkt"], time=days).to_pandas()
    text = str(integrate(returns, factors).describe())
    assert "What looks wrong" in text
    assert "dead: stale" in text
