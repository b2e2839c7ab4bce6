"""The simulated market: its truth is that of the panel made from it."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import SpecError
from bayesfactor.data.datasets.simulation import simulate


@pytest.fixture(scope="module")
def market():
    return simulate(seed=3)


@pytest.fixture(scope="module")
def panel(market):
    return market.panel()


def explained(truth, traded):
    """Return of every asset as the model says, from the pieces of the truth."""
    beta, f = truth.loading.to_numpy(), truth.factors.to_numpy()
    mu, lam = truth.factor_mean.to_numpy(), truth.risk_premium.to_numpy()
    shifted = np.where(traded, f, f - mu + lam)
    return truth.alpha.to_numpy() + shifted @ beta.T + truth.residual.to_numpy()


def test_integrating_gives_back_what_was_drawn(market, panel):
    traded = [factor.traded for factor in panel.factor_info]
    np.testing.assert_array_equal(panel.returns["time"], market.truth.residual["time"])
    np.testing.assert_allclose(panel.factors.values, market.truth.factors.values, atol=1e-10, rtol=0)
    expected = explained(market.truth, traded)
    np.testing.assert_array_equal(np.isnan(panel.returns.values), np.isnan(expected))
    np.testing.assert_allclose(panel.returns.values, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("assets", "periods", "seed"), [(1, 60, 0), (4, 75, 5), (8, 130, 2), (50, 300, 9)])
def test_every_size_integrates(assets, periods, seed):
    market = simulate(assets, periods, seed)
    panel = market.panel()
    assert panel.returns.shape == (periods, assets)
    assert panel.periods_per_year == market.truth.periods_per_year == 252
    assert list(panel.assets) == market.truth.loading["asset"].values.tolist()
    expected = explained(market.truth, [factor.traded for factor in panel.factor_info])
    np.testing.assert_allclose(panel.returns.values, expected, atol=1e-10, rtol=0)


def test_panel_is_a_crypto_market(market, panel):
    assert panel.group_names == ("layer1", "defi", "exchange", "payments", "infrastructure", "privacy")
    assert panel.group_names == tuple(market.truth.loading_mean["group"].values)
    assert {f.name for f in panel.factor_info if f.traded} == {"market", "size"}
    assert panel.families == ("market", "style", "rates", "volatility", "on-chain", "liquidity")
    assert not panel.describe().warnings.size


def test_calendars_differ(market):
    weekend = market.returns.index.day_of_week >= 5
    assert weekend.mean() == pytest.approx(2 / 7, abs=0.01)
    assert market.returns.iloc[:, 0].notna().all()
    closed = market.factors[["market", "size", "rates", "volatility"]]
    assert closed[closed.index.day_of_week >= 5].isna().all().all()
    assert market.factors[["hash_rate", "protocol_volume", "exchange_liquidity"]].notna().all().all()
    assert closed.loc["2021-12-25":"2021-12-26"].isna().all().all()
    assert closed.loc["2022-07-04"].isna().all()


def test_histories_are_unequal(panel):
    count = np.isfinite(panel.returns.values).sum(axis=0)
    assert (count <= 200).sum() >= 9
    assert count.min() >= 60
    assert (count == 750).sum() >= 18
    last = np.isfinite(panel.returns.values[-1])
    assert last.all()


def test_premium_adds_up(market):
    truth, premium = market.truth, market.truth.premium()
    assert premium.dims == ("asset", "source")
    assert premium["source"].values.tolist() == [*truth.loading["factor"].values, "alpha", "total"]
    parts = premium.drop_sel(source="total").sum("source")
    np.testing.assert_allclose(parts, premium.sel(source="total"), atol=1e-14)
    one = premium.sel(asset="defi_02", source="volatility").item()
    by_hand = truth.loading.sel(asset="defi_02", factor="volatility") * truth.risk_premium.sel(factor="volatility")
    assert one == pytest.approx(252 * by_hand.item(), abs=1e-15)
    assert premium.sel(asset="defi_02", source="alpha").item() == pytest.approx(
        252 * truth.alpha.sel(asset="defi_02").item()
    )


def test_traded_factors_price_themselves(market):
    truth = market.truth
    for name in ("market", "size"):
        assert truth.factor_mean.sel(factor=name) == truth.risk_premium.sel(factor=name)


def test_one_factor_is_useless(market):
    truth = market.truth
    assert (truth.loading.sel(factor="hash_rate") == 0).all()
    assert (truth.loading_mean.sel(factor="hash_rate") == 0).all()
    assert truth.risk_premium.sel(factor="hash_rate") == 0
    others = truth.loading.drop_sel(factor="hash_rate")
    assert (others != 0).all()


def test_law_of_the_draws():
    truth = simulate(12, 4000, 8).truth
    f = truth.factors.to_numpy()
    cov = truth.factor_cov.to_numpy()
    error = np.sqrt((np.outer(np.diag(cov), np.diag(cov)) + cov**2) / len(f))
    assert (np.abs(np.cov(f.T) - cov) < 4.5 * error).all()
    assert (np.abs(f.mean(axis=0) - truth.factor_mean) < 4.5 * np.sqrt(np.diag(cov) / len(f))).all()
    count = truth.residual.count("time")
    ratio = truth.residual.std("time") / truth.sigma
    assert (np.abs(ratio - 1) < 4.5 / np.sqrt(2 * count)).all()


def test_seed_decides():
    one, same, other = simulate(8, 100, 4), simulate(8, 100, 4), simulate(8, 100, 5)
    pd.testing.assert_frame_equal(one.returns, same.returns)
    pd.testing.assert_frame_equal(one.factors, same.factors)
    assert one.truth.loading.identical(same.truth.loading)
    assert not one.truth.loading.equals(other.truth.loading)
    assert one.panel().fingerprint == same.panel().fingerprint


def test_truth_is_read_only(market):
    with pytest.raises(ValueError, match="read-only"):
        market.truth.loading.values[0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"assets": 0}, "simulate.assets"),
        ({"assets": 3.5}, "simulate.assets"),
        ({"assets": True}, "simulate.assets"),
        ({"periods": 59}, "simulate.periods"),
        ({"periods": "750"}, "simulate.periods"),
        ({"seed": -1}, "simulate.seed"),
        ({"seed": None}, "simulate.seed"),
    ],
)
def test_bad_arguments_are_named(arguments, place):
    with pytest.raises(SpecError, match="whole number of at least") as caught:
        simulate(**arguments)
    assert caught.value.place == place
    assert caught.value.found == next(iter(arguments.values()))
