"""A book of ten of Deribit's contracts on a posterior of real tokens with implied volatility as a factor."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import invwishart

import bayesfactor as bf
from tests.support.books import priced
from tests.support.deribit import AT, option_of

TOKENS = ["ada", "bch", "bnb", "doge", "etc", "eth", "link", "ltc", "trx", "xlm", "xmr", "xrp"]
HELD = {
    "ETH-26JAN24-2200-C": 10,
    "ETH-26JAN24-2200-P": 10,
    "ETH-26JAN24-2800-C": 20,
    "ETH-23FEB24-2800-C": 15,
    "ETH-29MAR24-2500-C": 10,
    "ETH-29MAR24-1800-P": 25,
    "ETH-29MAR24-2000-C": 5,
    "ETH-28JUN24-1900-P": 8,
    "ETH-27DEC24-3000-C": 6,
    "ETH-12JAN24-2250-C": 4,
}
NOW = pd.Timestamp(AT)


def regression_draws(panel, chains=4, draws=250):
    """Return draws of normal regressions under flat priors, and of the mean and covariance of the factors."""
    rng, returns, factors = np.random.default_rng(1), panel.returns.values, panel.aligned
    (rows, count), size = factors.shape, (chains, draws)
    design = np.column_stack([np.ones(rows), factors])
    coefficients = np.linalg.lstsq(design, returns, rcond=None)[0]
    squares = ((returns - design @ coefficients) ** 2).sum(axis=0)
    sd = np.sqrt(squares / rng.chisquare(rows - count - 1, (*size, returns.shape[1])))
    root = np.linalg.cholesky(np.linalg.inv(design.T @ design))
    drawn = coefficients.T + sd[..., None] * (rng.standard_normal((*sd.shape, count + 1)) @ root.T)
    cov = invwishart(rows - 1, np.cov(factors.T) * (rows - 1)).rvs(size, rng)
    wobble = np.einsum("cdkl,cdl->cdk", np.linalg.cholesky(cov / rows), rng.standard_normal((*size, count)))
    mean = factors.mean(axis=0) + wobble
    paid = np.where([factor.traded for factor in panel.factor_info], mean, 0.02 * rng.standard_normal(mean.shape))
    dims = {"alpha": "asset", "residual_sd": "asset", "loading": "asset factor", "factor_cov": "factor factor_other"}
    dims |= {"factor_mean": "factor", "risk_premium": "factor"}
    found = {"alpha": drawn[..., 0], "loading": drawn[..., 1:], "residual_sd": sd, "factor_cov": cov}
    found |= {"factor_mean": mean, "risk_premium": paid}
    labels = {"asset": list(panel.assets), "factor": list(panel.factor_names), "factor_other": list(panel.factor_names)}
    return xr.Dataset({k: (("chain", "draw", *dims[k].split()), v) for k, v in found.items()}, labels)


@pytest.fixture(scope="module")
def fit(shared_data):
    """Weekly returns of tokens on Bitcoin and differences of its implied volatility: regressions and flat priors."""
    prices = pd.read_csv(shared_data / "crypto_ohlcv_yahoo.csv.gz", parse_dates=["date"])
    prices = prices.pivot(index="date", columns="asset", values="close").loc["2021-03-24":"2024-01-07"]
    returns = bf.to_returns(prices[[*TOKENS, "btc"]])
    level = pd.read_csv(shared_data / "crypto_dvol_btc_daily.csv", index_col="date", parse_dates=True)["close"] / 100
    factors = pd.concat([returns["btc"], level.rename("dvol")], axis=1, sort=True).loc[:"2024-01-07"]
    info = {
        "btc": {"traded": True, "family": "market"},
        "dvol": {"traded": False, "family": "volatility", "transform": "diff"},
    }
    panel = bf.integrate(returns[TOKENS], factors, info, calendar="weekly")
    return bf.from_draws(panel, regression_draws(panel))


@pytest.fixture(scope="module")
def options(shared_data):
    chain = pd.read_csv(shared_data / "deribit_eth_options_20240108.csv.gz").set_index("instrument_name")
    quotes = chain.loc[list(HELD), ["underlying_price", "mark_price"]]
    return [option_of(name, *quotes.loc[name], quantity) for name, quantity in HELD.items()]


def implied(book):
    return book.table("contract").set_index("position")["implied_volatility"]


def revalued(book, growth, change, days):
    """Return the gain of a book, by Black's formula with scipy's normal distribution."""
    total, volatilities = 0.0, implied(book)
    for one in book.options:
        left = (one.expiry - NOW) / pd.Timedelta(days=365) - days / 365
        volatility = np.maximum(volatilities[one.name] + change, 0)
        total = total + one.quantity * (
            priced(one.forward * growth, one.strike, volatility, left, one.kind) - one.value
        )
    return total


def test_ten_contracts_under_stress(fit, options):
    book = bf.Book(options, at=AT, volatility="dvol")
    found = bf.stress(fit, bf.Scenario({"btc": -0.3}), portfolio=book)
    drawn = revalued(book, 1 + found.outcome.sel(asset="eth"), found.book.moves.sel(move="dvol"), 7)
    np.testing.assert_allclose(found.outcome.sel(asset="portfolio"), drawn / book.value, rtol=1e-8, atol=1e-10)
    at, moved = found.draws.sel(asset="eth", source="total"), found.factors.sel(factor="dvol")
    expected = revalued(book, 1 + at, moved, 7) / book.value
    np.testing.assert_allclose(found.draws.sel(asset="portfolio", source="total"), expected, rtol=1e-8, atol=1e-10)
    assert 0.05 < float(moved.mean()) < 0.2


def test_a_call_loses_less_than_its_elasticity_says(fit, options):
    call = [one for one in options if one.name == "ETH-29MAR24-2500-C"]
    found = bf.stress(fit, bf.Scenario({"btc": -0.3}), portfolio=bf.Book(call, at=AT, volatility="dvol"))
    draws = found.draws.sel(asset="portfolio").mean(("chain", "draw"))
    linear = float(draws.drop_sel(source=["total", "curvature and time"]).sum())
    assert -0.92 < float(draws.sel(source="total")) < -0.72
    assert -1.6 < linear < -1.1


def test_ten_contracts_ahead(fit, options):
    """Options of the first expiry are paid after a week, at the forward of then."""
    lasting = [one for one in options if one.expiry > NOW + pd.Timedelta(days=28)]
    book = bf.Book(lasting, at=AT, volatility="dvol")
    found = bf.forecast(fit, 4, book)
    drawn = revalued(book, 1 + found.draws.sel(asset="eth"), found.book.moves.sel(move="dvol"), 28)
    np.testing.assert_allclose(found.draws.sel(asset="portfolio"), drawn / book.value, rtol=1e-8, atol=1e-10)
    every = bf.Book(options, at=AT, volatility="dvol")
    first = bf.forecast(fit, 1, every)
    drawn = revalued(every, 1 + first.draws.sel(asset="eth"), first.book.moves.sel(move="dvol"), 7)
    np.testing.assert_allclose(first.draws.sel(asset="portfolio"), drawn / every.value, rtol=1e-8, atol=1e-10)


def test_ten_contracts_attributed(fit, options):
    book, year = bf.Book(options, at=AT, volatility="dvol"), fit.panel.periods_per_year
    total = book.table().set_index("position").loc["total"]
    elasticity, vega = total["exposure"] / book.value, total["vega"] / book.value
    eth = fit.posterior.sel(asset="eth", drop=True)
    premium = bf.attribute(fit, portfolio=book).draws.sel(asset="portfolio", drop=True)
    own = xr.DataArray([0.0, vega], {"factor": ["btc", "dvol"]})
    paid = (elasticity * eth["loading"] + own) * fit.posterior["risk_premium"] * year
    np.testing.assert_allclose(premium.sel(source=["btc", "dvol"]), paid, rtol=1e-9)
    np.testing.assert_allclose(premium.sel(source="alpha"), elasticity * eth["alpha"] * year, rtol=1e-9)
    variance = bf.attribute(fit, "variance", portfolio=book).draws.sel(asset="portfolio", drop=True)
    np.testing.assert_allclose(
        variance.drop_sel(source="total").sum("source"), variance.sel(source="total"), rtol=1e-10
    )
