"""A factor that is an index of the panel's assets: what `check` says, and that it is so."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.analysis.assessment.correlation_checks import correlation_checks
from bayesfactor.analysis.assessment.residual_correlations import correlations
from bayesfactor.analysis.portfolio.residual_risk_words import cause
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


def residuals_on_an_index(weights, together=0.0, seed=5):
    """Least-squares residuals of assets with independent ones on the index of them; the last two go `together`."""
    rng, count = np.random.default_rng(seed), len(weights)
    own = rng.normal(0, 0.03, (600, count))
    own[:, -1] = together * own[:, -2] + (1 - together**2) ** 0.5 * own[:, -1]
    returns = rng.normal(0, 0.03, (600, 1)) + own
    x = np.column_stack([np.ones(600), returns @ np.asarray(weights)])
    return returns - x @ np.linalg.lstsq(x, returns, rcond=None)[0]


LARGE = [0.48, 0.46, 0.02, 0.02, 0.01, 0.01]


def largest(x, indexes):
    found = correlations(x, tuple(NAMES), 1)
    return {check.name: check for check in correlation_checks(found, indexes)}["residuals: largest correlation of two"]


def test_correlations_that_an_index_makes_are_no_missing_factor():
    """Of two assets that are nearly all of it, whose residuals have opposite signs: -1, were they all of it."""
    x = residuals_on_an_index(LARGE)
    found = largest(x, {"market": frozenset(NAMES)})
    assert found.passed is False
    assert found.worst.startswith("token0-token1 -.9")
    assert "'market', a factor of the model, is an index of 6 of the assets" in found.advice
    assert "by construction and not because a factor is missing" in found.advice
    assert "Take a model with residual factors" not in found.advice
    assert "two names" not in found.advice
    for unknown in ({}, {"market": frozenset(NAMES[2:])}):  # they are -.99, which would be one asset under two names
        assert "one asset under two names" in largest(x, unknown).advice
    apart = residuals_on_an_index([0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    assert "Take a model with residual factors" in largest(apart, {}).advice


def test_a_factor_that_is_missing_beside_an_index_is_still_said():
    x = residuals_on_an_index([1 / 6] * 6, together=0.8)
    for members in (NAMES[4:], NAMES[:1]):  # the two that go together; one asset alone
        found = largest(x, {"market": frozenset(members)})
        assert found.worst.startswith("token4-token5 .")
        assert "Take a model with residual factors" in found.advice
        assert ("'market' is an index of 2 of these assets" in found.advice) == (len(members) > 1)
    assert "residual factors (noise.common) only for what is correlated then" in largest(x, {"m": set(NAMES)}).advice


def test_every_sentence_on_correlated_residuals_knows_the_index(prices, index):
    fit = fit_of(bf.to_returns(prices), index)
    assert fit.panel.indexes == {"market": frozenset(NAMES)}
    mean = bf.check(fit).table.loc["residuals: mean correlation of assets", "advice"]
    assert "'market' is an index of 6 of these assets" in mean
    assert "take a market of other assets first, and for what is correlated then, take a model" in cause(fit, 1)
    other = fit_of(bf.to_returns(prices), index.values.to_frame())
    assert other.panel.indexes == {}
    assert "index" not in cause(other, 1)
