"""Factors beside other programs: zeon-ta, wickra, crypto-bs, bidask, and worked examples of the ratios."""

import json

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

DAYS = pd.date_range("2021-01-01", periods=2)
CLOSE = {"rel": 1e-12, "abs": 0.0}


@pytest.fixture(scope="module")
def bars(uses):
    return pd.read_csv(uses / "ohlc_simulated.csv", index_col="date", parse_dates=True)


@pytest.fixture(scope="module")
def measures(uses):
    return json.loads((uses / "volatility_liquidity.json").read_text())


KINDS = {
    "parkinson": bf.Parkinson,
    "garman_klass": bf.GarmanKlass,
    "rogers_satchell": bf.RogersSatchell,
    "yang_zhang": bf.YangZhang,
    "close_to_close": bf.CloseToClose,
}


@pytest.mark.parametrize("name", KINDS)
def test_volatilities_are_those_of_other_programs(name, bars, measures):
    found = float(bf.volatility(bars, KINDS[name](249)).values.iloc[-1])
    assert found == pytest.approx(measures["daily_sd"][name], **CLOSE)
    for program, scale in (("zeonta 0.3.8", 1.0), ("wickra 2.0.0 (trading_periods=1)", 100.0)):
        if name in measures[program]:
            assert scale * found == pytest.approx(measures[program][name], **CLOSE)
    if name in ("parkinson", "rogers_satchell"):
        assert found == pytest.approx(measures["crypto_bs 1.2.0"][name], **CLOSE)


def test_realised_volatility_of_one_day_is_the_root_of_summed_squares(bars, measures):
    """The closes of all days, as if they were five minutes apart."""
    times = pd.date_range("2024-01-01 00:00", periods=len(bars) - 1, freq="5min")
    moves = np.log(bars["close"]).diff().iloc[1:].to_numpy()
    before = np.zeros(288)  # a day on which nothing happens
    path = np.exp(np.concatenate([before, moves, np.zeros(288 - len(moves))]).cumsum())
    prices = pd.Series(path, pd.date_range("2023-12-31", periods=len(path), freq="5min"), name="close")
    found = bf.volatility(prices, bf.Realised()).values
    assert len(times) == 249
    mean = float(found.loc["2024-01-01"]) / 249**0.5
    assert mean == pytest.approx(measures["daily_sd"]["realised_sum_of_squares_mean"], **CLOSE)


def test_liquidity_is_that_of_other_programs(bars, measures):
    expected = measures["liquidity"]
    amihud = float(bf.liquidity(bars, bf.Amihud(249)).values.iloc[-1])
    assert amihud == pytest.approx(expected["amihud_mean_|r|/usd"], **CLOSE)
    assert amihud == pytest.approx(expected["zeonta_amihud(length=249)"], **CLOSE)
    edge = float(bf.liquidity(bars, bf.Edge(250)).values.iloc[-1])
    assert edge == pytest.approx(expected["bidask_edge"], **CLOSE)
    with pytest.raises(bf.SpecError) as refused:  # prices without a spread
        bf.liquidity(bars, "corwin-schultz")
    for name in ("mean_neg_to_0", "mean_raw"):
        shown = f"{expected['own_corwin_schultz'][name]:.4f}".replace("0.", ".")
        assert shown in str(refused.value)
    assert expected["roll_log"]["cov"] > 0


def test_ratios_are_those_of_worked_examples(uses):
    formulas = json.loads((uses / "onchain_formulas.json").read_text())

    def flat(value):
        return pd.Series(float(value), DAYS)

    example = formulas["taker_imbalance"]["example"]
    flows = flat(example["taker_buy"]), flat(example["volume"])
    for name, kind in (("imbalance", bf.Imbalance), ("share", bf.BuyShare), ("buy_sell_ratio", bf.BuySellRatio)):
        assert bf.flow(*flows, kind()).values.iloc[-1] == pytest.approx(example[name], **CLOSE)
    example = formulas["leverage_ratio"]["example"]
    found = bf.leverage(flat(example["oi"]), flat(example["reserve"]))
    assert found.values.iloc[-1] == pytest.approx(example["elr"], **CLOSE)
    example = formulas["funding_annual"]["example"]
    assert bf.funding(flat(example["rate"]), 1095).values.iloc[-1] == pytest.approx(example["apr"], **CLOSE)
    example = formulas["health_factor"]["example"]
    debts = flat(example["collateral"]).to_frame("eth"), {"eth": example["lt"]}, flat(example["debt"])
    assert bf.collateral_health(*debts).values.iloc[-1] == pytest.approx(example["hf"], **CLOSE)
    fall = bf.liquidation_distance(*debts).values.iloc[-1]
    assert fall == pytest.approx(example["price_fall_to_liquidation"], **CLOSE)


def test_bitcoin_by_range_and_by_close(uses, shared_data):
    """Volatility a year, of 365 days."""
    table = pd.read_csv(shared_data / "crypto_ohlcv_yahoo.csv.gz", parse_dates=["date"])
    bitcoin = table[table["asset"] == "btc"].set_index("date").loc["2017-11-09":"2025-02-20"]
    expected = json.loads((uses / "garch_har_arch8.json").read_text())
    by_close = bf.volatility(bitcoin, bf.CloseToClose(len(bitcoin) - 1)).values.iloc[-1] * 365**0.5
    assert by_close == pytest.approx(expected["btc_close_close_annual_365"], rel=1e-12)
    by_range = bf.volatility(bitcoin, bf.Parkinson(len(bitcoin) - 1)).values.iloc[-1] * 365**0.5
    assert by_range == pytest.approx(expected["btc_parkinson_annual_vol_365_mean"], rel=2e-3)


def test_nvt_and_mvrv_of_coin_metrics(shared_data):
    """Which publishes six digits."""
    table = pd.read_csv(shared_data / "crypto_onchain.csv.gz", parse_dates=["date"])
    bitcoin = table[table["asset"] == "btc"].pivot(index="date", columns="metric", values="value")
    nvt = bf.valuation(bitcoin["CapMrktCurUSD"], bitcoin["TxTfrValAdjUSD"], name="nvt")
    published = bitcoin["NVTAdj"].reindex(nvt.values.index)
    away = np.abs(nvt.values / published - 1)
    assert (away < 1e-5).mean() > 0.998  # four days were revised
    assert away.max() < 0.01
    assert nvt.factor.lag == 1
