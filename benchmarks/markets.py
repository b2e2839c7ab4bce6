"""Real panels that the benchmarks read from a folder, whose licences do not let the project ship them.

Tables: ``french_monthly.csv.gz``, ``equities_skfolio_daily.csv.gz``, ``crypto_prices.csv.gz``,
``crypto_onchain.csv.gz`` and ``macro_daily.csv.gz``; their columns are named in the loaders below.
"""

from pathlib import Path

import pandas as pd

import bayesfactor as bf
from bayesfactor.panel.panel import Panel

PEGGED = "usdt usdt_omni usdt_eth usdt_trx usdc tusd gusd pax dai sai busd husd usdk dgx paxg xaut wbtc weth hbtc fxc"
DOUBLED = "renbtc bnb_eth bnb_bc eos_eth trx_eth leo_eos"
STALE = "mco"  # 127 days without a change of its price, and +487 % on one day of April 2021
LISTED, END = "2017-10-06", "2021-05-05"


def read(folder: Path, name: str) -> pd.DataFrame:
    """Return one table of the folder by its dates."""
    return pd.read_csv(folder / f"{name}.csv.gz", index_col="date", parse_dates=True)


def portfolios(folder: Path, start: str) -> Panel:
    """Return 25 portfolios by size and value less the Treasury bill, from a year on."""
    table = read(folder, "french_monthly").loc[start:]
    names = [name for name in table if name.startswith("P25_")]
    known = {name: {"traded": True, "family": "style"} for name in ("SMB", "HML", "MOM")}
    known = {"MKT_RF": {"traded": True, "family": "market"}, **known}
    return bf.integrate(table[names], table[list(known)], known, risk_free=table["RF"], calendar="monthly")


def stocks(folder: Path, calendar: str = "business") -> Panel:
    """Return 20 stocks of today's S&P 500 less the Treasury bill of the month, spread over its days."""
    prices = read(folder, "equities_skfolio_daily")
    names = [name for name in prices if name != "SP500" and not name.startswith("ETF_")]
    returns = bf.to_returns(prices[[*names, "SP500"]])
    month = returns.index.to_period("M")
    bill = read(folder, "french_monthly")["RF"].dropna()
    monthly = pd.Series(bill.to_numpy(), bill.index.to_period("M")).reindex(month).to_numpy()
    days = pd.Series(1.0, returns.index).groupby(month).transform("sum")
    free = pd.Series((1 + monthly) ** (1 / days.to_numpy()) - 1, returns.index)
    macro = read(folder, "macro_daily")[["VIXCLS", "DGS10"]]
    factors = pd.concat([(returns["SP500"] - free).rename("SP500"), macro], axis=1, sort=True).loc[: returns.index[-1]]
    known = {"SP500": {"traded": True, "family": "market"}, **_macro(lag=0)}
    return bf.integrate(returns[names], factors, known, risk_free=free, calendar=calendar)


def tokens(folder: Path, *, outside: bool = False) -> Panel:
    """Return tokens that were traded by LISTED and still at END, by the week, on a market weighted by capital.

    With `outside`, the market is 0.6 bitcoin and 0.4 ether, which are no assets then; the only other factors are macro
    series, and rows start at LISTED.
    """
    prices = read(folder, "crypto_prices").loc["2016-12-31":END]
    prices = prices.drop(columns=[name for name in f"{PEGGED} {DOUBLED} {STALE}".split() if name in prices])
    returns = bf.to_returns(prices.loc[:, prices.loc[LISTED:].notna().all()])
    chain = read(folder, "crypto_onchain")
    caps = chain[chain["metric"] == "CapMrktCurUSD"].pivot(columns="asset", values="value")
    names = [name for name in returns if name in caps]
    weight = caps[names].reindex(returns.index).shift(1).where(returns[names].notna())
    market = (returns[names] * weight).sum(axis=1, min_count=1) / weight.sum(axis=1)
    bitcoin = chain[chain["asset"] == "btc"].pivot(columns="metric", values="value")[["HashRate", "TxTfrValAdjUSD"]]
    macro = read(folder, "macro_daily")[["VIXCLS", "DGS10"]]
    first = {"market": {"traded": True, "family": "market"}}
    if outside:
        market = 0.6 * returns["btc"] + 0.4 * returns["eth"]
        factors = pd.concat([market.rename("market"), macro], axis=1, sort=True).loc["2017-01-01":END]
        others = returns.drop(columns=["btc", "eth"]).loc[LISTED:]
        return bf.integrate(others, factors, {**first, **_macro(lag=1)}, calendar="weekly")
    factors = pd.concat([market.rename("market"), bitcoin, macro], axis=1, sort=True).loc["2017-01-01":END]
    onchain = {"traded": False, "transform": "log_diff", "lag": 1}
    known = {
        **first,
        "HashRate": {**onchain, "family": "hash rate"},
        "TxTfrValAdjUSD": {**onchain, "family": "protocol volume"},
        **_macro(lag=1),
    }
    return bf.integrate(returns, factors, known, calendar="weekly")


def _macro(lag: int) -> dict[str, dict[str, object]]:
    return {
        "VIXCLS": {"traded": False, "family": "volatility", "transform": "log_diff"},
        "DGS10": {"traded": False, "family": "rates", "transform": "diff", "lag": lag},
    }
