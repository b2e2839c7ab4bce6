"""Real tokens on factors that are made of prices and chains: no `factor_info`, a fit, and what its checks say."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

START, END = "2017-10-06", "2021-05-05"
PEGGED = (
    "usdt usdt_omni usdt_eth usdt_trx usdc tusd gusd pax dai sai busd husd usdk dgx paxg xaut wbtc weth hbtc renbtc"
)
DOUBLED = "fxc bnb_eth bnb_bc eos_eth trx_eth trx_leo leo_eos"


def of_metric(table, metric):
    return table[table["metric"] == metric].pivot(index="date", columns="asset", values="value")


@pytest.fixture(scope="module")
def tokens(shared_data):
    """Prices and capitalisations of tokens with whole histories, and what is known of bitcoin."""
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col="date", parse_dates=True)
    prices = prices.drop(columns=[name for name in f"{PEGGED} {DOUBLED}".split() if name in prices]).loc[START:END]
    onchain = pd.read_csv(shared_data / "crypto_onchain.csv.gz", parse_dates=["date"])
    caps = of_metric(onchain, "CapMrktCurUSD").loc[START:END]
    names = [name for name in prices if prices[name].notna().all() and name in caps and caps[name].notna().all()]
    return prices[names], caps[names], onchain


@pytest.fixture(scope="module")
def factors(tokens, shared_data):
    prices, caps, onchain = tokens
    bars = pd.read_csv(shared_data / "crypto_ohlcv_yahoo.csv.gz", parse_dates=["date"])
    macro = pd.read_csv(shared_data / "macro_daily.csv.gz", index_col="date", parse_dates=True)
    bitcoin = {
        name: of_metric(onchain, name)["btc"].dropna() for name in ("HashRate", "CapMrktCurUSD", "TxTfrValAdjUSD")
    }
    return [
        bf.capitalisation_index(prices, caps),
        bf.volatility(bars[bars["asset"] == "btc"].set_index("date"), bf.Parkinson(30), name="realised_volatility"),
        bf.volatility(macro["VIXCLS"].dropna(), bf.Implied()),
        bf.activity(bitcoin["HashRate"], name="hash_rate"),
        bf.valuation(bitcoin["CapMrktCurUSD"], bitcoin["TxTfrValAdjUSD"], name="nvt"),
    ]


def test_they_integrate_on_every_calendar(tokens, factors):
    returns = bf.to_returns(tokens[0])
    assert returns.shape[1] >= 30
    for calendar, rows in (("auto", 850), ("weekly", 180), ("monthly", 40)):
        panel = bf.integrate(returns, factors, calendar=calendar)
        assert panel.factor_names == ("market", "realised_volatility", "implied_volatility", "hash_rate", "nvt")
        assert panel.families == ("market", "volatility", "on-chain", "valuation")
        assert [factor.lag for factor in panel.factor_info] == [0, 0, 0, 1, 1]
        assert panel.returns.sizes["time"] >= rows
        assert np.isfinite(panel.aligned).all()


def test_the_index_is_an_excess_return_beside_excess_returns(tokens, factors, shared_data):
    """By the week, of a monthly rate: as far below the index as the returns are below those of the tokens."""
    bills = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0, parse_dates=True)["RF"].dropna()
    returns = bf.to_returns(tokens[0])
    gross, net = (bf.integrate(returns, factors[0], risk_free=rate, calendar="weekly") for rate in (None, bills))
    rate = (gross.returns - net.returns).sel(asset="btc").values
    assert 1e-5 < rate.mean() < 1e-3
    np.testing.assert_allclose((gross.factors - net.factors).values[:, 0], rate, atol=1e-15)


def test_implied_volatility_of_bitcoin_itself(tokens, factors, shared_data):
    """By the day, as long as both are there."""
    dvol = pd.read_csv(shared_data / "crypto_dvol_btc_daily.csv", index_col=0, parse_dates=True)
    implied = bf.volatility(dvol, bf.Implied())
    assert 0.3 < float(implied.values.median()) < 1.0
    panel = bf.integrate(bf.to_returns(tokens[0]), [factors[0], implied])
    assert panel.calendar.frequency == "daily"
    assert panel.returns.shape == (42, len(tokens[0].columns))


def test_a_fit_on_them_says_what_is_known(tokens, factors):
    panel = bf.integrate(bf.to_returns(tokens[0]), factors, calendar="weekly")
    fit = bf.fit(panel, "static", bf.Sampler(draws=1000, tune=1000, chains=4, seed=1, progress=False))
    assert fit.problems == ()
    market = bf.loadings(fit).sel(factor="market").mean(("chain", "draw"))
    assert 0.7 < float(market.mean()) < 1.3
    verdicts = bf.identify(fit).table()["verdict"]
    assert verdicts["market"] == "traded"
    assert set(verdicts.drop("market")) <= {"unidentified", "weak", "identified"}
    report = bf.check(fit)
    row = report.table.loc["residuals: share of assets in the index 'market'"]
    assert row["value"] == 1.0
    assert row["passed"] is None
    assert "cancel by construction" in row["advice"]
    advice = report.table.loc["residuals: largest correlation of two", "advice"]
    assert f"'market', a factor of the model, is an index of {len(panel.assets)} of the assets" in advice
    assert "Take a model with residual factors" not in advice
    largest = {"btc", "eth", "xrp"}
    among = report.pairs[report.pairs["asset"].isin(largest) & report.pairs["other"].isin(largest)]
    assert len(among)
    assert (among["correlation"] < -0.3).all()  # what it says of the largest
