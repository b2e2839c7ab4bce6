"""Screens of whole panels: rows one off, copies, units, rates taken off twice, holes. Right panels pass them."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate, to_returns
from bayesfactor.data.screening.duplicate_series import note_equal_moments
from tests.support.series import days, noise

YEARS = days("2018-01-01", 500, "B")
SCREENS = (
    *("better with '", "go best with", "seem to be dropped", "the same series as", "moves by"),
    *("equals the traded factor", "missing inside its history", "on Sunday and not", "on Saturday and not"),
)


def warned(panel, *words):
    """Return the warnings that hold some words: all of those of the screens, by default."""
    return [
        note for note in panel.notes if note.kind == "warning" and any(word in note.text for word in words or SCREENS)
    ]


def right_panel(seed):
    """Integrate a panel whose rows are right: heavy tails, volatility that moves, unequal histories and loadings."""
    rng = np.random.default_rng(seed)
    periods, assets, factors = int(rng.integers(60, 700)), int(rng.integers(1, 30)), int(rng.integers(1, 4))
    dates = days("2015-01-02", periods, ("D", "B", "W-FRI", "ME")[seed % 4])
    calm = 0.4 * np.convolve(rng.normal(size=periods + 60), 0.95 ** np.arange(61), "valid")[:periods, None]
    dof = rng.choice([3, 4, 30])
    f, e = (0.01 * np.exp(calm) * rng.standard_t(dof, (periods, width)) for width in (factors, assets))
    loading = rng.normal(0.5, 0.5, (assets, factors)) * (rng.random((assets, factors)) < 0.7)
    returns = pd.DataFrame(np.clip(f @ loading.T + e * rng.uniform(0.3, 2), -0.9, 5), dates).add_prefix("a")
    for place in range(1, assets):
        returns.iloc[: rng.integers(0, periods - 30), place] = np.nan
    return integrate(returns, pd.DataFrame(np.clip(f, -0.9, 5), dates).add_prefix("f"))


def test_right_panels_are_neither_warned_of_nor_refused():
    found = [(seed, note.text) for seed in range(200) for note in warned(right_panel(seed))]
    assert len({seed for seed, _ in found}) <= 2, found


def shifted(seed, assets=1, off=0, rows=500):
    """Assets with an R-squared of 0.2 on a factor, the last of which is stamped one row off."""
    rng = np.random.default_rng(seed)
    f = rng.standard_t(5, rows + 2)
    r = 0.5 * f[1:-1, None] + rng.standard_t(5, (rows, assets))
    r[:, -1] = 0.5 * f[1 + off : rows + 1 + off] + rng.standard_t(5, rows)
    dates = days("2018-01-01", rows, "B")
    return pd.DataFrame(0.005 * r, dates).add_prefix("a"), pd.DataFrame({"m": 0.005 * f[1:-1]}, dates)


@pytest.mark.parametrize(("assets", "off"), [(1, -1), (1, 1), (30, -1)])
def test_one_row_off_is_seen(assets, off):
    hits = 0
    for seed in range(50):
        found = warned(integrate(*shifted(seed, assets, off)), "better with '")
        hits += [note.series for note in found] == [f"a{assets - 1}"]
        assert all(("earlier" if off < 0 else "later") in note.text for note in found)
    assert hits >= 45


def test_what_is_said_of_many_assets_is_said_once():
    returns, factors = shifted(0, 5)
    moved = pd.concat([returns, returns.shift(1).add_prefix("late_")], axis=1).iloc[1:]
    found = warned(integrate(moved, factors.iloc[1:]), "better with '")
    assert [note.series for note in found] == ["panel"]
    assert all(f"'late_a{k}'" in found[0].text for k in range(5))
    assert "Asian stocks" in found[0].text


def test_copies_are_named_and_share_classes_are_not():
    returns, factors = noise(YEARS, ["a", "b", "c"]), noise(YEARS, ["m"], 1)
    returns["a2"], returns["c2"] = returns["a"], 1.5 * returns["c"]
    returns["b2"] = returns["b"] + 0.1 * noise(YEARS, ["e"], 9)["e"]
    returns.loc[YEARS[:200], "a2"] = np.nan
    found = warned(integrate(returns, factors), "the same series as")
    assert [(note.series, "'a'" in note.text, "'c'" in note.text) for note in found] == [
        ("a2", True, False),
        ("c2", False, True),
    ]
    statistics = integrate(returns.assign(a3=returns["a"]), factors).moments
    names = [*returns.columns, "a3"]
    assert [(note.series, "'a'" in note.text) for note in note_equal_moments(statistics, names)] == [("a3", True)]


def test_an_asset_that_is_a_factor_before_the_rate_is_taken_off_it():
    returns, factors = noise(YEARS, ["a"]), noise(YEARS, ["m"], 1)
    returns["spy"] = factors["m"]
    found = warned(integrate(returns, factors, risk_free=0.0002), "equals the traded factor")
    assert [note.series for note in found] == ["spy"]
    assert "'m'" in found[0].text
    assert not warned(integrate(returns, factors), "equals")  # loading 1 and alpha 0, as they should be
    gross = returns.assign(spy=factors["m"] + 0.0002)
    assert warned(integrate(gross, factors, risk_free=0.0002), "equals") == []


@pytest.mark.parametrize(
    ("rate", "dates", "passes"),
    [
        (0.02, "B", False),  # a day
        (0.0008, "B", True),
        (0.002, "B", False),
        (0.004, "W-FRI", True),
        (0.01, "W-FRI", False),
        (0.0135, "ME", True),  # the highest month of the US bill
        (0.05, "ME", False),
    ],
)
@pytest.mark.parametrize("kind", ["number", "series", "spike"])
def test_the_limit_of_a_rate_follows_the_calendar(rate, dates, passes, kind):
    index = days("2015-01-02", 120, dates)
    returns, factors = noise(index, ["a"], scale=0.01), noise(index, ["m"], 1, 0.01)
    given = {"number": rate, "series": pd.Series(rate, index), "spike": pd.Series(1e-5, index)}[kind]
    if kind == "spike":
        given.iloc[60] = 2.1 * rate if not passes else rate
    if passes:
        integrate(returns, factors, risk_free=given)
        return
    with pytest.raises(DataError, match="looks like an annual rate or per cent"):
        integrate(returns, factors, risk_free=given)


def test_a_number_is_judged_by_the_calendar_of_the_panel():
    months = days("2010-01-31", 100, "ME")
    returns, factors = noise(months, ["a"]), noise(months, ["m"], 1)
    assert integrate(returns, factors, risk_free=0.004).calendar.frequency == "monthly"
    with pytest.raises(DataError, match="annual rate"):
        integrate(noise(YEARS, ["a"]), noise(YEARS, ["m"], 1), risk_free=0.004)


def test_the_remedy_for_an_annual_rate_is_right():
    returns, factors = noise(YEARS, ["a"]), noise(YEARS, ["m"], 1)
    annual = pd.Series(np.linspace(0.1, 15, len(YEARS)), YEARS)  # per cent a year
    with pytest.raises(DataError, match=r"\(1 \+ y / 100\) \*\* \(1 / n\) - 1") as caught:
        integrate(returns, factors, risk_free=annual)
    assert "252" in caught.value.remedy
    integrate(returns, factors, risk_free=(1 + annual / 100) ** (1 / 252) - 1)


def test_per_cent_beside_decimals_is_looked_for_in_each_frame():
    m = noise(YEARS, ["m"], 1, 0.01)
    a = 0.9 * m["m"].to_frame("a") + noise(YEARS, ["a"], 2, 0.01)
    bond = 0.15 * m["m"].to_frame("bond") + noise(YEARS, ["bond"], 3, 0.002)
    for frames, units in (
        ((a * 100, m), "decimal"),
        ((a * 100, m), "percent"),
        ((a, m * 100), "decimal"),
        ((a, m * 100), "percent"),
        ((bond * 100, m), "percent"),
        ((a, m), "percent"),
    ):
        with pytest.raises(DataError, match="percent"):
            integrate(*frames, units=units)
    for frames, units in (((a * 100, m * 100), "percent"), ((a.join(bond), m), "decimal"), ((bond, m), "decimal")):
        assert not warned(integrate(*frames, units=units))


@pytest.mark.parametrize("scale", [0.001, 0.002, 0.004])
def test_a_quiet_fund_in_per_cent_beside_decimals_does_not_pass_in_silence(scale):
    m = noise(YEARS, ["m"], 1, 0.01)
    fund = 100 * (0.15 * m["m"] + noise(YEARS, ["fund"], 3, scale)["fund"])
    returns = noise(YEARS, ["a"], scale=0.01).assign(fund=fund)
    try:
        found = warned(integrate(returns, m), "moves by")
    except DataError as error:
        assert "percent" in str(error)  # noqa: PT017
        return
    assert [note.series for note in found] == ["fund"]
    assert "per cent" in found[0].text


def test_holes_of_pct_change_are_counted():
    """Prices missing on two days: pct_change loses two returns for each, and a month without them is wrong."""
    prices = (1 + noise(YEARS, ["a", "b", "c"])).cumprod()
    full = to_returns(prices)
    prices.iloc[[100, 300], 0] = np.nan
    lossy, spanning = prices.pct_change(fill_method=None), to_returns(prices)
    factors = noise(YEARS, ["m"], 1)
    found = warned(integrate(lossy.iloc[1:], factors), "missing inside its history")
    assert [note.series for note in found] == ["a"]
    assert f"4 returns are missing inside its history, in 2 holes, the first after {YEARS[99].date()}" in found[0].text
    assert "bf.to_returns" in found[0].text
    found = warned(integrate(spanning.iloc[1:], factors), "missing inside its history")
    assert "2 returns are missing inside its history, in 2 holes" in found[0].text
    months = [
        integrate(r.iloc[1:], factors, calendar="monthly").returns.sel(asset="a").to_series()
        for r in (full, spanning, lossy)
    ]
    np.testing.assert_allclose(months[1], months[0], atol=1e-12)
    assert (months[2] - months[0]).abs().max() > 0.01  # which is why it is said


def test_real_panels_are_right_and_their_copies_are_named(shared_data):
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col=0, parse_dates=True)
    tokens = to_returns(prices)
    market = tokens[["btc", "eth", "ltc", "xrp"]].mean(axis=1).dropna().to_frame("market")
    panel = integrate(tokens, market)
    assert {note.series for note in warned(panel, "the same series as")} == {
        *("wbtc", "hbtc", "renbtc", "usdt_omni", "usdt_eth", "usdt_trx", "weth", "aave", "bnb", "nxm"),
    }
    assert not warned(panel, "better with '", "moves by", "equals the traded factor")
    french = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0, parse_dates=True)
    portfolios = french[[name for name in french if name.startswith(("P25", "I49"))]]
    panel = integrate(portfolios, french[["MKT_RF", "SMB", "HML"]].dropna(), risk_free=french["RF"].dropna())
    assert not warned(panel)
    closes = pd.read_csv(shared_data / "equities_skfolio_daily.csv.gz", index_col=0, parse_dates=True)
    stocks = to_returns(closes)
    panel = integrate(stocks.drop(columns="SP500"), stocks[["SP500"]].dropna())
    assert not warned(panel, "better with '", "the same series as", "moves by", "equals the traded factor")


def test_weeks_stamped_at_their_beginning_are_refused_beside_real_tokens(shared_data):
    """The weeks of Liu, Tsyvinski and Wu, dated on their first day."""
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col=0, parse_dates=True)[["btc", "eth", "ltc"]]
    weekly = pd.read_csv(shared_data / "crypto_factors_ltw_weekly.csv", index_col="week_start", parse_dates=True)
    with pytest.raises(DataError, match=r"weekly values of 'cmkt' .* seem to cover what follows"):
        integrate(to_returns(prices), weekly[["cmkt", "csize", "cmom"]])


def test_a_shifted_panel_of_real_stocks_is_seen(shared_data):
    closes = pd.read_csv(shared_data / "equities_skfolio_daily.csv.gz", index_col=0, parse_dates=True)
    stocks = to_returns(closes)["2015":]
    late = stocks.drop(columns="SP500").shift(1).iloc[1:]
    found = warned(integrate(late, stocks[["SP500"]].iloc[1:]), "better with '")
    assert [note.series for note in found] == ["panel"]


def test_simulated_markets_pass_the_screens():
    for seed in range(3):
        assert not warned(bf.simulate(seed=seed).panel())
