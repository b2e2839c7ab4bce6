"""What the functions that make factors know of units, of the periods of a year and of days that are not whole."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.builders import DAYS, HOURS, bars, held, intraday, level


def test_days_of_another_zone_are_named_by_their_own_date():
    rates = pd.Series(1e-4, pd.date_range("2024-01-01", periods=24, freq="8h", tz="Asia/Tokyo"))
    with pytest.raises(bf.DataError, match="rates has 2 values on 2024-01-03, a day of 3 intervals"):
        bf.funding(rates.drop(rates.index[8]))


@pytest.mark.parametrize(
    ("dates", "stated", "words"),
    [
        (pd.bdate_range("2021-01-01", periods=40), None, "Monday's flow may be of one day or of three.*=365.*252"),
        (pd.date_range("2021-01-01", periods=2), None, "The 2 dates of market_cap do not say"),
        (pd.date_range("2021-01-01", periods=40, freq="14D"), None, "The 40 dates of market_cap do not say"),
        (
            pd.date_range("2021-01-01", periods=40, freq="W"),
            365,
            "is weekly, of which a year has 52 periods and not 365",
        ),
        (DAYS, 52, "is daily, of which a year has 365 periods and not 52"),
    ],
)
def test_value_accrual_does_not_guess_what_a_year_is(dates, stated, words):
    flat = pd.Series(1.0, dates)
    with pytest.raises(bf.DataError, match=words):
        bf.value_accrual(1000 * flat, flat, window=1, periods_a_year=stated)


def test_value_accrual_of_business_days_as_it_is_said():
    flat = pd.Series(1.0, pd.bdate_range("2021-01-01", periods=40))
    for year in (252, 260, 365):
        made = bf.value_accrual(1000 * flat, flat, window=1, periods_a_year=year)
        np.testing.assert_allclose(made.values, year / 1000)


# Units


def said(series, name, units):
    named = series.rename(name)
    named.attrs["units"] = units
    return named


KLINES = "prices, quote_volume, taker_buy_quote: the quote currency; volume, taker_buy: coins; trades: number"
BILLIONS = 1e8 * level(1, "cap")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bf.valuation(BILLIONS, level(2, "CapMVRVCur")), "fundamental is a ratio by its name, and no amount"),
        (lambda: bf.valuation(level(2, "btc_mvrv"), BILLIONS), "market_cap is a ratio by its name"),
        (lambda: bf.valuation(level(2, "NVTAdj"), BILLIONS), "market_cap is a ratio by its name"),
        (
            lambda: bf.valuation(BILLIONS.rename("CapMrktCurUSD"), BILLIONS.rename("TxTfrValAdjNtv")),
            "market_cap is in money, and fundamental in coins",
        ),
        (lambda: bf.valuation(level(2, "x") / 100, BILLIONS), "market_cap / fundamental is .* no market has that"),
        (
            lambda: bf.leverage(said(BILLIONS, "reserve", "inflow, reserve: coins; reserve_usd: dollars"),
                                BILLIONS.rename("CapMrktCurUSD")),
            "open_interest is in coins, and market_cap in money",
        ),
        (lambda: bf.leverage(BILLIONS / 1e8, 1e3 * BILLIONS), "open_interest / market_cap is .* no market has that"),
        (lambda: bf.leverage(1e3 * BILLIONS, BILLIONS), "open_interest / market_cap is 1e.03 on a typical date"),
        (
            lambda: bf.flow(said(BILLIONS / 3, "taker_buy", KLINES), said(BILLIONS, "quote_volume", KLINES)),
            "taker_buy is in coins, and volume in money",
        ),
        (lambda: bf.flow(BILLIONS / 40_000, BILLIONS), "taker_buy / volume is 2.5e-05 on a typical date"),
        (
            lambda: bf.value_accrual(BILLIONS.rename("CapMrktCurUSD"), BILLIONS.rename("FeeTotNtv")),
            "market_cap is in money, and fees in coins",
        ),
        (lambda: bf.value_accrual(BILLIONS, BILLIONS), "a year is 365 on a typical date"),
        (
            lambda: bf.collateral_health(pd.DataFrame({"eth": BILLIONS}), {"eth": 0.8}, BILLIONS / 1e8),
            "collateral x threshold / debt is 8e.07 on a typical date",
        ),
    ],
)  # fmt: skip
def test_ratios_of_different_units_are_refused(make, words):
    with pytest.raises(bf.DataError, match=words) as found:
        make()
    assert found.value.series
    assert found.value.remedy


def test_ratios_of_an_unusual_size_are_warned_of_and_the_panel_says_so():
    cap, interest = BILLIONS, BILLIONS / 20_000
    made = bf.leverage(interest, cap)
    assert len(made.warnings) == 1
    assert "is 5e-05 on a typical date, outside 0.0001 to 1" in made.warnings[0]
    panel = bf.integrate(bf.to_returns(held()), bf.leverage(interest * level(3, "x") / 150, cap))
    assert [note.text for note in panel.notes if note.series == "leverage" and "coins or contracts" in note.text]
    assert bf.leverage(0.05 * cap, cap).warnings == ()
    assert bf.flow(0.15 * cap, cap).warnings
    assert bf.capitalisation_index(held(), held()).warnings[0].startswith("market_caps have a median of ")
    assert bf.capitalisation_index(held(), 1e6 * held()).warnings == ()


def tokens():
    """Return prices of three tokens, and their capitalisations."""
    sizes = {"btc": 300.0, "eth": 20.0, "ada": 0.004}
    prices = pd.DataFrame({name: size * level(seed, name) for seed, (name, size) in enumerate(sizes.items(), 40)})
    return prices, prices * [19e6, 115e6, 33e9] * np.exp(1e-4 * np.arange(len(prices)))[:, None]


def test_an_index_refuses_what_is_no_capitalisation_and_names_asset_and_date():
    prices, caps = tokens()
    assert bf.capitalisation_index(prices, caps).warnings == ()
    with pytest.raises(bf.DataError, match=r"'eth' do not move with its price.*A supply does so") as found:
        bf.capitalisation_index(prices, caps.assign(eth=115e6 * np.exp(1e-4 * np.arange(len(caps)))))
    assert (found.value.series, found.value.date) == ("eth", DAYS[0])
    with pytest.raises(bf.DataError, match=r"less than a coin of each asset.*Are they exchanged"):
        bf.capitalisation_index(caps, prices)
    wrong = caps.copy()
    wrong.loc[DAYS[50], "ada"] *= 1000
    with pytest.raises(
        bf.DataError, match=r"'ada' are .* on 2021-02-20, 1e.03 times those of the date before"
    ) as found:
        bf.capitalisation_index(prices, wrong)
    assert (found.value.series, found.value.date) == ("ada", DAYS[50])


def test_an_index_warns_of_another_unit_of_one_asset_or_of_a_part_of_it():
    prices, caps = tokens()
    part = caps.copy()
    part.loc[DAYS[50] :, "ada"] *= 1000
    said = bf.capitalisation_index(prices, part).warnings
    assert len(said) == 1
    assert said[0].startswith("market_caps of 'ada' over its price are 1e+03 times as much on 2021-02-20")
    for name in caps.columns:
        said = bf.capitalisation_index(prices, caps.assign(**{name: 1e-6 * caps[name]})).warnings
        assert any(text.startswith(f"market_caps of '{name}' are ") and "another unit" in text for text in said)
    steady = prices.assign(usd=1 + 1e-4 * np.sin(np.arange(len(prices))))
    with_usd = caps.assign(usd=1e9 * np.exp(0.01 * np.arange(len(prices))))
    assert bf.capitalisation_index(steady, with_usd).warnings == ()


def test_units_that_agree_or_are_not_said_are_taken():
    named = [BILLIONS.rename(name) for name in ("CapMrktCurUSD", "TxTfrValAdjUSD", "tvl_usd", "tvl", None)]
    for one in named[1:]:
        assert bf.valuation(named[0], 0.01 * one.rename(one.name)).warnings == ()
    bought, volume = said(BILLIONS / 3, "taker_buy", KLINES), said(BILLIONS, "volume", KLINES)
    assert len(bf.flow(bought, volume).values) == len(DAYS)
    worth = (said(BILLIONS, "reserve", "reserve: coins") * 40_000).rename("reserve_usd")  # as the remedy says
    assert len(bf.leverage(worth / 1e5, BILLIONS.rename("CapMrktCurUSD")).values) == len(DAYS)
    coins = said(BILLIONS / 40_000, "tvl", "dollars")  # divided by a price, and still of the attributes of its file
    with pytest.raises(bf.DataError, match="market_cap is in coins, and fundamental in money"):
        bf.valuation(BILLIONS.rename("SplyCur"), coins)
    assert len(bf.valuation(BILLIONS.rename("SplyCur"), coins.rename("tvl_ntv")).values) == len(DAYS)


def test_amihud_knows_what_its_reader_counts():
    prices = bars()
    coins = prices.copy()
    coins.attrs["units"] = "prices: the quote currency; volume: coins"
    with pytest.raises(bf.DataError, match=r"'volume' in prices counts coins.*bf.Amihud\(5, volume_in='units'\)"):
        bf.liquidity(coins, bf.Amihud(5))
    np.testing.assert_array_equal(
        bf.liquidity(coins, bf.Amihud(5, "units")).values, bf.liquidity(prices, bf.Amihud(5, "units")).values
    )
    money = prices.copy()
    money.attrs["units"] = "volume: dollars"
    with pytest.raises(bf.DataError, match=r"counts money.*volume_in='money'"):
        bf.liquidity(money, bf.Amihud(5, "units"))


# Days that are not whole


def test_gas_of_days_that_are_not_whole():
    fees = level(17, "fee", HOURS)
    every = bf.gas(fees)
    assert every.notes == ()
    cut = bf.gas(fees.iloc[1:-1])
    pd.testing.assert_series_equal(cut.values, every.values.iloc[1:-1], check_freq=False)
    left = "{} was left out: fees lacks a part of that day"
    assert cut.notes == (left.format("2021-01-01"), left.format("2021-02-09"))
    assert bf.gas(fees.iloc[5:-7], bf.FeeVolatility(5)).notes == cut.notes
    with pytest.raises(bf.DataError, match="fees has nothing between 2021-01-11 06:00:00 and 2021-01-11 08:00:00"):
        bf.gas(fees.drop(fees.index[247]))
    with pytest.raises(bf.DataError, match="fees has no whole day"):
        bf.gas(fees.iloc[5:30])
    local = pd.Series(1.0, pd.date_range("2024-03-28", "2024-04-02", freq="h", tz="Europe/Berlin", inclusive="left"))
    assert len(bf.gas(local).values) == 5  # a day of 23 hours among them


def test_gas_of_blocks():
    """Waits between blocks are exponential (bitcoin's, ten minutes), or slots of which one in a hundred is empty."""
    rng = np.random.default_rng(4)
    waits = np.cumsum(rng.exponential(600, 1500))
    slots = 12.0 * np.flatnonzero(rng.uniform(size=7200 * 3) > 0.01)
    for seconds in (waits[waits < 10 * 86_400], slots):
        times = pd.Timestamp("2021-01-01") + pd.to_timedelta(seconds.round(3), unit="s")
        fees = level(5, "fee", times)
        made = bf.gas(fees)
        assert made.notes == ()
        assert len(made.values) == int(seconds[-1] // 86_400) + 1
        cut = bf.gas(fees.loc["2021-01-01 06:00":"2021-01-03 18:00"])
        assert cut.values.index.tolist() == [pd.Timestamp("2021-01-02")]
        assert len(cut.notes) == 2
        with pytest.raises(bf.DataError, match="fees has nothing between 2021-01-02"):
            bf.gas(fees.drop(fees.loc["2021-01-02 05:00":"2021-01-02 15:00"].index))


def test_realised_volatility_says_which_days_were_left_out():
    prices = intraday()
    left = "{} was left out: some of its bars, or the one before them, are not in the data"
    assert bf.volatility(prices, bf.Realised()).notes == (left.format("2021-01-01"),)
    cut = bf.volatility(prices.iloc[5:-7], bf.Bipower())
    assert cut.notes == (left.format("2021-01-01"), left.format("2021-02-09"))


def test_bars_within_the_day_are_pointed_to_the_measure_that_takes_them():
    hourly = bars().iloc[:48].set_axis(HOURS[:48])
    with pytest.raises(bf.DataError, match=r"several rows a day\. Take bf\.Realised\(30\)") as found:
        bf.volatility(hourly, bf.YangZhang(30))
    closes = hourly["close"]
    with pytest.raises(bf.DataError, match=r"daily bars: prices\.resample\('D'\)\.last\(\)"):
        bf.volatility(closes, bf.CloseToClose(30))
    daily = eval(found.value.remedy.split("daily bars: ")[1].rstrip("."), {"prices": hourly})
    assert len(daily) == 2
    assert (daily["high"] == hourly["high"].resample("D").max()).all()
    with pytest.raises(bf.DataError, match=r"several rows a day\. Make one of each day, such as series.resample"):
        bf.activity(level(3, "hash_rate", HOURS[:48]))
