"""A factor that is an index of the panel's assets: what `check` says, and that it is so."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.builders import level
from tests.support.synthetic_draws import synthetic_draws

DAYS = pd.date_range("2021-01-01", periods=300)
NAMES = [f"token{number}" for number in range(6)]


@pytest.fixture(scope="module")
def prices():
    market = np.log(level(0, "market", DAYS))
    return pd.DataFrame(
        {name: np.exp(market + np.log(level(number, name, DAYS))) for number, name in enumerate(NAMES, 1)}
    )


@pytest.fixture(scope="module")
def index(prices):
    return bf.capitalisation_index(prices, prices * np.arange(1.0, 7.0))


def fit_of(returns, factors, info=None):
    panel = bf.integrate(returns, factors, info)
    return bf.from_draws(panel, synthetic_draws(panel))


def notes(fit):
    return [check for check in bf.check(fit).checks if "in the index" in check.name]


def test_an_index_of_the_assets_is_named_and_informs(prices, index):
    fit = fit_of(bf.to_returns(prices), index)
    (found,) = notes(fit)
    assert found.name == "residuals: share of assets in the index 'market'"
    assert (found.passed, found.value) == (None, 1.0)
    assert found.exceeds_limit
    assert "'market' is an index of 6 of the 6 assets" in found.advice
    assert "cancel by construction" in found.advice
    assert found.advice in str(bf.check(fit))


def test_what_it_says_is_so(prices, index):
    """Of least squares, with the index's weights of each date, up to what weights and loadings covary."""
    returns = bf.to_returns(prices).iloc[1:]
    caps = prices * np.arange(1.0, 7.0)
    weights = caps.shift(1).iloc[1:].div(caps.shift(1).iloc[1:].sum(axis=1), axis=0)
    x = np.column_stack([np.ones(len(returns)), index.values])
    residuals = returns - x @ np.linalg.lstsq(x, returns, rcond=None)[0]
    book = (residuals * weights).sum(axis=1)
    apart = (residuals**2 * weights**2).sum(axis=1)  # as if they were independent
    assert float((book**2).mean()) < 0.1 * float(apart.mean())


def test_an_index_of_some_of_them_and_of_others(prices, index):
    (found,) = notes(fit_of(bf.to_returns(prices[NAMES[:4]]), index))
    assert found.value == 1.0
    assert "an index of 6 assets, of which 4 are among the 4 of the panel" in found.advice
    beside = bf.to_returns(prices[NAMES[:3]].assign(other=level(30, "other", DAYS)))
    assert notes(fit_of(beside, index))[0].value == 0.75
    assert notes(fit_of(beside[["other"]], index)) == []


def test_members_may_be_said_of_a_frame(prices, index):
    returns, frame = bf.to_returns(prices), index.values.to_frame()
    assert notes(fit_of(returns, frame)) == []
    (found,) = notes(fit_of(returns, frame, {"market": {"family": "market", "members": NAMES}}))
    assert "6 of the 6" in found.advice
    with pytest.raises(bf.SpecError, match=r"members: 'btc' is not a list of assets"):
        fit_of(returns, frame, {"market": {"members": "btc"}})


def test_members_are_kept_in_files(prices, index, tmp_path):
    fit = fit_of(bf.to_returns(prices), index)
    fit.save(tmp_path / "run.nc")
    again = bf.open_fit(tmp_path / "run.nc")
    assert again.panel.factor_info == fit.panel.factor_info
    assert again.panel.factor_info[0].members == tuple(NAMES)
    assert [check.advice for check in notes(again)] == [check.advice for check in notes(fit)]
