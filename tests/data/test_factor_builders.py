"""Laws of every function that makes a factor."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from tests.support.builders import BUILDERS, DAYS, HOURS, bars, intraday, level

EVERY = pytest.mark.parametrize("name", BUILDERS)
FAMILIES = {"volatility", "liquidity", "leverage", "on-chain", "valuation", "market"}


def start_of(day, table, name):
    """The place of the first row after a day; a payment of funding at 24:00 is of the day that ends then."""
    side = "right" if name == "funding" else "left"
    return int(np.searchsorted(table.index.to_numpy(), (day + pd.Timedelta(days=1)).to_datetime64(), side))


@EVERY
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), share=st.floats(0.3, 0.95))
def test_law_later_rows_change_no_earlier_value(name, seed, share):
    """Other values after a day, whatever they are, leave every value up to that day as it was."""
    builder, rng = BUILDERS[name], np.random.default_rng(seed)
    before = builder().values
    day = before.index[int(share * (len(before) - 1))]
    changed = {}
    for what, table in builder.given.items():
        place, other = start_of(day, table, name), table.copy()
        later = other.iloc[place:]
        if what == "prices" and "volume" in table:
            later = later.sample(frac=1, random_state=seed).set_axis(later.index) * rng.lognormal(0, 1)
        else:
            later = later * rng.lognormal(0, 0.05, len(later)).reshape([-1] + [1] * (later.ndim - 1))
        other.iloc[place:] = later.to_numpy()
        changed[what] = other
    if "taker_buy" in changed:
        changed["taker_buy"] = changed["taker_buy"].clip(upper=0.99 * changed["volume"])
    after = builder(**changed).values
    pd.testing.assert_series_equal(after.loc[:day], before.loc[:day], check_exact=True)
    assert (after.loc[day:] != before.loc[day:]).any()


@EVERY
def test_law_rows_that_are_cut_off_change_no_earlier_value(name):
    builder = BUILDERS[name]
    before = builder().values
    day = before.index[len(before) * 2 // 3]
    after = builder(**{what: table.iloc[: start_of(day, table, name)] for what, table in builder.given.items()}).values
    pd.testing.assert_series_equal(after, before.loc[:day], check_exact=True, check_freq=False)


@EVERY
def test_inputs_stay_as_they_are(name):
    builder = BUILDERS[name]
    kept = {what: table.copy() for what, table in builder.given.items()}
    one, two = builder(), builder()
    pd.testing.assert_series_equal(one.values, two.values)
    for what, table in builder.given.items():
        assert table.equals(kept[what])


@EVERY
def test_descriptions_are_whole(name):
    factor = BUILDERS[name]().factor
    assert factor.family in FAMILIES
    assert factor.description
    assert factor.traded == (name == "capitalisation_index")
    shares_price = name in ("leverage", "valuation", "value_accrual", "collateral_health", "liquidation_distance")
    assert ("shares the price with the return" in factor.description) == shares_price
    assert factor.lag == (1 if shares_price or name in ("activity", "MedianFee", "FeeVolatility") else 0)
    if "window" in factor.description:
        assert factor.transform in ("diff", "log_diff")


@EVERY
def test_frames_of_polars_are_read(name):
    """And those of pandas in another order of columns."""
    builder = BUILDERS[name]
    other = {}
    for what, table in builder.given.items():
        frame = table.to_frame() if isinstance(table, pd.Series) else table
        columns = {str(column): frame[column].to_numpy() for column in frame}
        other[what] = pl.DataFrame({"date": frame.index.to_numpy(), **columns}).fill_nan(None)
    np.testing.assert_array_equal(builder(**other).values.to_numpy(), builder().values.to_numpy())


@EVERY
def test_zones_are_kept(name):
    builder = BUILDERS[name]
    aware = {what: table.tz_localize("Asia/Tokyo") for what, table in builder.given.items()}
    found = builder(**aware).values
    assert str(found.index.tz) == "Asia/Tokyo"
    np.testing.assert_array_equal(found.to_numpy(), builder().values.to_numpy())
    if len(aware) > 1:
        first = next(iter(aware))
        with pytest.raises(bf.DataError, match="not in one time zone"):
            builder(**{first: aware[first]})


def test_all_go_into_a_panel_without_factor_info():
    """Together, beside a frame."""
    rng = np.random.default_rng(0)
    days = DAYS[:40]
    returns = pd.DataFrame(rng.normal(0, 0.03, (40, 3)), days, list("abc"))
    some = {"YangZhang", "Realised", "Implied", "Amihud", "funding", "Imbalance", "activity", "leverage"}
    series = [bf.capitalisation_index(**BUILDERS["capitalisation_index"].given, name="index")]
    labels = {"YangZhang": "range", "Realised": "realised"}
    for name in sorted(some):
        made = BUILDERS[name]()
        new = labels.get(name, made.factor.name)
        series.append(bf.FactorSeries(made.values, bf.Factor(**(vars(made.factor) | {"name": new}))))
    market = pd.DataFrame({"market": rng.normal(0, 0.03, 40)}, days)
    panel = bf.integrate(returns, [market, *series])
    assert set(panel.families) >= {"market", "volatility", "liquidity", "leverage", "on-chain"}
    assert len(panel.factor_names) == 10


# ---------------------------------------------------------------- numbers by their formulas


def test_close_to_close_is_the_variance_of_log_returns():
    prices = bars()
    moves = np.log(prices["close"]).diff()
    found = bf.volatility(prices, bf.CloseToClose(20)).values
    np.testing.assert_allclose(found, moves.rolling(20).std().dropna(), rtol=1e-10)
    np.testing.assert_array_equal(bf.volatility(prices["close"], bf.CloseToClose(20)).values, found)


def test_yang_zhang_of_a_market_that_never_closes_has_no_overnight_part():
    prices = bars()
    prices["open"] = prices["close"].shift()
    prices = prices.dropna()
    prices["high"] = prices[["open", "high"]].max(axis=1)
    prices["low"] = prices[["open", "low"]].min(axis=1)
    n, logs = 10, np.log(prices)
    k = 0.34 / (1.34 + 11 / 9)
    by_day = (logs["close"] - logs["open"]).rolling(n).var()
    rs = bf.volatility(prices, bf.RogersSatchell(n)).values ** 2
    expected = (k * by_day + (1 - k) * rs).iloc[n:] ** 0.5
    np.testing.assert_allclose(bf.volatility(prices, bf.YangZhang(n)).values, expected, rtol=1e-10)


def test_realised_and_bipower_are_sums_within_days():
    prices = intraday()
    moves = np.log(prices).diff()
    day = moves.index.normalize()
    squares = (moves**2).groupby(day).sum().iloc[1:]
    found = bf.volatility(prices, bf.Realised())
    np.testing.assert_allclose(found.values, squares**0.5, rtol=1e-12)
    products = (moves.abs() * moves.abs().shift()).where(day == day.to_series().shift().to_numpy())
    expected = (np.pi / 2 * products.groupby(day).sum().iloc[1:]) ** 0.5
    np.testing.assert_allclose(bf.volatility(prices, bf.Bipower()).values, expected, rtol=1e-12)
    late = prices.set_axis(prices.index + pd.Timedelta("1h"))
    np.testing.assert_array_equal(bf.volatility(late, bf.Realised(stamps="end")).values, found.values)


def test_a_jump_is_in_realised_variance_and_not_in_bipower():
    prices = intraday()
    jumped = prices.where(prices.index < "2021-01-20 12:00", prices * 1.5)
    change = {
        kind.__name__: bf.volatility(jumped, kind()).values["2021-01-20"]
        / bf.volatility(prices, kind()).values["2021-01-20"]
        for kind in (bf.Realised, bf.Bipower)
    }
    assert change["Realised"] > 5
    assert change["Bipower"] < 0.5 * change["Realised"]


def test_of_a_market_that_closes_what_happens_overnight_is_left_out():
    hours = HOURS[(HOURS.hour >= 9) & (HOURS.hour < 16) & (HOURS.day_of_week < 5)]
    prices = level(1, "close", hours)
    moves = np.log(prices).diff()
    day = hours.normalize()
    within = moves.where(day == day.to_series().shift().to_numpy())
    expected = (within**2).groupby(day).sum() ** 0.5
    np.testing.assert_allclose(bf.volatility(prices, bf.Realised()).values, expected, rtol=1e-12)
    short = prices.drop(prices.index[(day == day[20]) & (hours.hour > 12)])  # a half day
    assert len(bf.volatility(short, bf.Realised()).values) == len(expected)


def test_days_that_are_not_whole_are_left_out_at_the_ends():
    prices = intraday()
    whole = bf.volatility(prices, bf.Realised()).values
    cut = bf.volatility(prices.iloc[5:-7], bf.Realised()).values
    pd.testing.assert_series_equal(cut, whole.iloc[:-1], check_freq=False)


def test_saturation_is_a_rank_among_its_own_past():
    values = pd.Series([5.0, 1.0, 5.0, 9.0, 0.0, 5.0], DAYS[:6])
    found = bf.saturation(values, history=1).values
    np.testing.assert_allclose(found, [0, 0.75, 1, 0, 3 / 5])
    assert found.between(0, 1).all()


def test_a_series_may_be_made_of_another():
    """Of its values, before transform and lag."""
    found = bf.saturation(BUILDERS["leverage"]())
    pd.testing.assert_series_equal(found.values, bf.saturation(BUILDERS["leverage"]().values).values)
    assert (found.factor.name, found.factor.transform) == ("saturation", "diff")


def test_volume_in_units_is_multiplied_by_the_close():
    prices = bars()
    money = prices.assign(volume=prices["volume"] * prices["close"])
    one, two = bf.liquidity(prices, bf.Amihud(5, "units")), bf.liquidity(money, bf.Amihud(5))
    np.testing.assert_allclose(one.values, two.values, rtol=1e-12)
    named = prices.assign(volume_usd=money["volume"])
    np.testing.assert_array_equal(bf.liquidity(named, bf.Amihud(5)).values, two.values)


def test_an_index_has_the_weights_of_the_period_before():
    index = DAYS[:4]
    prices = pd.DataFrame(
        {"a": [1.0, 2.0, 3.0, 3.0], "b": [4.0, 2.0, 2.0, np.nan], "c": [np.nan, 1.0, 2.0, 1.0]}, index
    )
    caps = pd.DataFrame(
        {"a": [100.0, 50.0, 60.0, 1.0], "b": [50.0, 2.0, 1.0, np.nan], "c": [np.nan, 8.0, 9.0, 1.0]}, index
    )
    found = bf.capitalisation_index(prices, caps)
    expected = [(100 * 1 - 50 * 0.5) / 150, (50 * 0.5 + 2 * 0 + 8 * 1) / 60, (60 * 0 + 9 * -0.5) / 69]
    np.testing.assert_allclose(found.values, expected, rtol=1e-14)
    assert found.factor.traded
    assert (found.factor.family, found.factor.aggregate) == ("market", "compound")


def test_an_index_loses_the_risk_free_rate_that_its_assets_lose():
    """An index of one asset is that asset, in excess returns too."""
    prices = pd.DataFrame({"a": level(1, "a")})
    rate = pd.Series(1e-4, DAYS)
    panel = bf.integrate(bf.to_returns(prices), bf.capitalisation_index(prices, prices), risk_free=rate)
    np.testing.assert_allclose(panel.factors.sel(factor="market"), panel.returns.sel(asset="a"), rtol=1e-10)
    np.testing.assert_allclose(panel.returns.values[:, 0], (prices["a"].pct_change() - 1e-4).iloc[1:], rtol=1e-9)


def test_value_accrual_is_a_yield_a_year():
    flat = pd.Series(1.0, DAYS)
    found = bf.value_accrual(1000 * flat, 3 * flat, 2 * flat, flat, window=7, name="accrual")
    np.testing.assert_allclose(found.values, 4 * 365 / 1000)
    assert len(found.values) == len(DAYS) - 6


@pytest.mark.parametrize(("frequency", "year"), [("D", 365), ("W", 52), ("ME", 12), ("QE", 4), ("YE", 1)])
def test_value_accrual_counts_the_periods_of_its_dates(frequency, year):
    flat = pd.Series(1.0, pd.date_range("2001-01-01", periods=24, freq=frequency))
    for stated in (None, year):
        found = bf.value_accrual(1000 * flat, flat, window=3, periods_a_year=stated)
        np.testing.assert_allclose(found.values, year / 1000)


def test_gas_is_the_median_fee_of_a_day():
    fees = level(17, "fee", HOURS)
    np.testing.assert_array_equal(bf.gas(fees).values, fees.resample("D").median())
    np.testing.assert_array_equal(bf.gas(fees.resample("D").first()).values, fees.resample("D").first())
    moves = np.log(fees.resample("D").median()).diff()
    expected = moves.rolling(5).std().dropna()
    np.testing.assert_allclose(bf.gas(fees, bf.FeeVolatility(5)).values, expected, rtol=1e-10)


@pytest.mark.parametrize("make", [bf.valuation, bf.leverage])
def test_what_shares_the_price_is_warned_of_without_a_lag(make):
    cap, other = level(1, "btc"), level(2, "btc")
    given = (cap, other) if make is bf.valuation else (0.1 * other, cap)
    lagged, bare = make(*given), make(*given, lag=0)
    assert lagged.factor.description.endswith("hence a lag.")
    assert not lagged.warnings
    assert bare.factor.description.endswith("and it has no lag.")
    assert "its loading would be an identity" in bare.warnings[0]
    assert lagged.factor.shares_price
    assert bare.factor.shares_price


@pytest.mark.parametrize(
    ("name", "fundamental", "words"),
    [
        ("mvrv", "btc", "market capitalisation / realised capitalisation of btc (MVRV, Coin Metrics)"),
        ("nvt", None, "market capitalisation / transfer value (NVT, Coin Metrics)"),
        ("nvt_of_fees", "fees", "market capitalisation / fees (Coin Metrics: NVT, MVRV)"),
        (None, "btc", "market capitalisation / a fundamental of btc (Coin Metrics: NVT, MVRV)"),
    ],
)
def test_a_ratio_of_columns_of_tokens_is_named_by_the_factor(name, fundamental, words):
    made = bf.valuation(level(1, "btc"), level(2, fundamental), name=name)
    assert made.factor.description.startswith(words)


def test_names_and_lags_are_taken():
    found = bf.volatility(bars(), bf.Parkinson(5), name="range", lag=2)
    assert (found.factor.name, found.factor.lag) == ("range", 2)
    assert bf.activity(level(1, "HashRate")).factor.name == "HashRate"
    assert bf.valuation(level(1, "CapMrktCurUSD"), level(2, "TxTfrValAdjUSD")).factor.description.startswith(
        "market capitalisation / TxTfrValAdjUSD"
    )
    with pytest.raises(bf.SpecError, match="the series has no name"):
        bf.activity(level(1, None))
    with pytest.raises(bf.SpecError, match="not a count of periods"):
        bf.activity(level(1, "HashRate"), lag=-1)


def test_what_is_made_of_a_lagged_factor_keeps_its_lag_and_says_so():
    """Leverage shares the price with the return: its rank does too."""
    index = pd.date_range("2021-01-01", periods=60, freq="D")
    rng = np.random.default_rng(3)
    interest, cap = (pd.Series(1e9 * np.exp(rng.normal(0, 0.1, 60)), index) for _ in range(2))
    leverage = bf.leverage(0.1 * interest, cap)
    made = bf.saturation(leverage)
    assert made.factor.lag == leverage.factor.lag == 1
    assert leverage.factor.description.split(". ")[0] in made.factor.description
    assert made.factor.description.count("hence a lag") == 1
    assert made.factor.shares_price
    assert bf.saturation(leverage, lag=0).factor.lag == 0
    assert bf.activity(bf.leverage(0.1 * interest, cap, lag=3)).factor.lag == 3
    unusual = bf.leverage(5 * interest, cap)
    assert unusual.warnings
    assert bf.saturation(unusual).warnings == bf.activity(unusual).warnings == unusual.warnings
