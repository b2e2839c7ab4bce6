"""Real tokens with macro and on-chain factors: daily and weekly panels integrate, converge and add up."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

TYPES = {
    "payments": ["btc", "ltc", "bch", "dash", "doge", "dgb", "vtc", "zec", "xvg", "btg", "dcr", "etc", "xrp", "xlm"],
    "privacy": ["xmr", "grin"],
    "platform": ["eth", "ada", "trx", "eos", "neo", "xtz", "lsk", "waves", "xem", "icx", "qtum", "algo", "dot"],
    "exchange": ["bnb", "ht", "ftt", "leo_eth"],
}
START, END = "2017-10-06", "2021-05-05"


def protocol(asset):
    return next((name for name, members in TYPES.items() if asset in members), "token")


@pytest.fixture(scope="session")
def tokens(shared_data):
    """Returns of tokens with a complete history, and factors as their publishers date them."""
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col="date", parse_dates=True)
    pegged = (
        "usdt usdt_omni usdt_eth usdt_trx usdc tusd gusd pax dai sai busd husd usdk dgx paxg xaut wbtc weth hbtc renbtc"
    )
    doubled = "fxc bnb_eth bnb_bc eos_eth trx_eth leo_eos"
    prices = prices.drop(columns=[name for name in (pegged + " " + doubled).split() if name in prices]).loc[START:END]
    returns = bf.to_returns(prices.loc[:, prices.notna().all()])
    onchain = pd.read_csv(shared_data / "crypto_onchain.csv.gz", parse_dates=["date"])
    caps = onchain[onchain.metric == "CapMrktCurUSD"].pivot(index="date", columns="asset", values="value")
    known = [name for name in returns if name in caps]
    weight = caps[known].reindex(returns.index).shift(1)
    market = (returns[known] * weight).sum(axis=1, min_count=1) / weight.where(returns[known].notna()).sum(axis=1)
    bitcoin = onchain[onchain.asset == "btc"].pivot(index="date", columns="metric", values="value")
    macro = pd.read_csv(shared_data / "macro_daily.csv.gz", index_col="date", parse_dates=True)
    series = [market.rename("market"), macro[["DGS10", "VIXCLS"]], bitcoin[["HashRate", "TxTfrValAdjUSD", "AdrActCnt"]]]
    return returns, pd.concat(series, axis=1, sort=True).loc["2017-10-07":END]


@pytest.fixture(scope="session", params=["auto", "weekly"])
def token_panel(tokens, request):
    returns, factors = tokens
    other = {"traded": False, "transform": "log_diff"}
    info = {
        "market": {"traded": True, "family": "market"},
        "DGS10": {"traded": False, "family": "rates", "transform": "diff", "lag": 1},
        "VIXCLS": {**other, "family": "volatility"},
        "HashRate": {**other, "family": "hash rate", "lag": 1},
        "TxTfrValAdjUSD": {**other, "family": "protocol volume", "lag": 1},
        "AdrActCnt": {**other, "family": "protocol volume", "lag": 1},
    }
    groups = {name: protocol(name) for name in returns}
    return bf.integrate(returns, factors, info, groups, calendar=request.param)


def test_tokens_integrate(token_panel):
    assert len(token_panel.assets) >= 39
    assert set(token_panel.families) == {"market", "rates", "volatility", "hash rate", "protocol volume"}
    assert token_panel.calendar.frequency in ("business", "weekly")
    assert token_panel.returns.sizes["time"] > (800 if token_panel.periods_per_year == 252 else 180)
    assert np.isfinite(token_panel.aligned).all()


def test_tokens_converge_and_add_up(token_panel):
    fit = bf.fit(token_panel, "static", bf.Sampler(seed=1, progress=False))
    assert fit.problems == ()
    for kind in ("premium", "return", "variance"):
        draws = bf.attribute(fit, kind).draws
        parts = draws.drop_sel(source="total").sum("source")
        assert float(abs(parts - draws.sel(source="total")).max()) < 1e-10
    market = bf.loadings(fit).sel(factor="market").mean(("chain", "draw"))
    assert 0.5 < float(market.mean()) < 1.5
    nothing = float(bf.check(fit).assets["prob_tails"].max())
    assert nothing < 0.5  # every real token has heavier tails than normal noise


TWELVE = ["btc", "ltc", "doge", "vtc", "dash", "xmr", "maid", "xrp", "xem", "dgb", "xlm", "eth"]


@pytest.fixture(scope="module")
def twelve(tokens):
    """Twelve of the oldest tokens by the week from 2018 on, and the market."""
    returns, factors = tokens
    weeks = slice("2018-01-01", None)
    info = {"market": {"traded": True, "family": "market"}}
    panel = bf.integrate(returns.loc[weeks, TWELVE], factors.loc[weeks, ["market"]], info, calendar="weekly")
    assert panel.returns.shape[1] == 12
    return panel


def total(fit):
    return float(bf.attribute(fit).draws.sel(source="total").mean())


def test_student_t_on_tokens_fails_its_checks_and_says_why(twelve):
    """Converged, and no expected return: half-infinite variance, and a mean far below what the tokens earned."""
    fit = bf.fit(twelve, "student_t", bf.Sampler(seed=1, progress=False))
    assert all(check.passed for check in fit.sampler_checks)
    report = bf.check(fit)
    assert not report.ok
    failed = report.table.index[[passed is False for passed in report.table["passed"]]].tolist()
    assert {"tails: P(degrees of freedom at floor)", "variance: implied over sample, median"} <= set(failed)
    assert "'static'" in report.table.loc[failed[0], "advice"]
    sample = 52 * float(twelve.returns.mean())
    assert sample > 0.6
    assert total(fit) < 0.1  # the centre of the law
    assert float(report.assets["variance_ratio"].median()) > 2
    assert float(report.assets["variance_ratio"].max()) > 3
    for table in (bf.attribute(fit).table(), bf.price(fit).table(), bf.identify(fit).table()):
        assert table["warning"].str.startswith("model does not fit: tails, variance").all()


def test_static_on_tokens_fails_by_its_residuals_alone_with_prior_and_data_beside_the_premium(twelve):
    fit = bf.fit(twelve, "static", bf.Sampler(seed=1, progress=False))
    report = bf.check(fit)
    failed = report.table.index[report.table["passed"].eq(False)]
    assert len(failed)
    assert all(name.startswith("residuals: ") for name in failed)  # tokens have a sector: take noise.common
    assert "student" not in str(report)
    table = bf.identify(fit).table().loc["market"]
    market = twelve.factors.values[:, 0]
    assert table["data_mean"] == pytest.approx(52 * market.mean())
    assert table["data_se"] == pytest.approx(52 * market.std(ddof=1) / len(market) ** 0.5)
    assert table["prior_mean"] < table["mean"] < table["data_mean"]
    assert (report.assets["sample_mean"] > report.assets["premium"]).mean() > 0.8  # the prior is sceptical
    assert 52 * twelve.returns.mean("time").values == pytest.approx(report.assets["sample_mean"].to_numpy())
    volatility = twelve.returns.std("time").values * 52**0.5
    alpha = 52 * bf.alphas(fit).std(("chain", "draw")).values
    assert 0.03 < np.median(alpha / volatility) < 0.3  # the prior of alphas has the tokens' own scale
