"""Three-pass premia: mimicking portfolios, errors, omitted factors, and what bad input is told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.crosssection.three_pass import count_components, three_pass
from tests.support.panels import make_panel


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), assets=st.integers(2, 12))
def test_with_every_component_it_is_the_mimicking_portfolio(seed, assets):
    panel = make_panel(assets=assets, periods=80, seed=seed)
    r, f = panel.returns.values, panel.aligned
    both = np.cov(np.hstack([f, r]), rowvar=False)
    wanted = both[:3, 3:] @ np.linalg.solve(both[3:, 3:], r.mean(axis=0))
    np.testing.assert_allclose(three_pass(panel, assets).estimate, wanted, rtol=1e-7, atol=1e-12)


def weighted_premia(panel, chance, components):
    """Three-pass premia when date t counts for a share `chance_t`."""
    f, r = panel.aligned, panel.returns.values
    fc, rc = f - chance @ f, r - chance @ r
    size, vector = np.linalg.eigh((rc * chance[:, None]).T @ rc)
    size, vector = size[-components:], vector[:, -components:]
    return (fc * chance[:, None]).T @ rc @ vector / size @ vector.T @ (chance @ r)


@pytest.mark.parametrize("components", [1, 3, 7])
def test_errors_are_the_effect_of_every_date(components):
    """The influence of a date is the derivative of the estimate in its weight."""
    panel = make_panel(assets=7, periods=60, seed=8)
    even, step, rows = np.full(60, 1 / 60), 1e-5, []
    for t in range(60):
        move = step * (np.eye(60)[t] - even)
        ends = [weighted_premia(panel, even + s * move, components) for s in (1, -1)]
        rows.append((ends[0] - ends[1]) / (2 * step))
    wanted = np.array(rows).T @ np.array(rows) / 60**2
    found = three_pass(panel, components).covariance
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_an_omitted_factor_does_not_mislead():
    """Returns are paid for two correlated factors; one of them is seen."""
    rng, periods, n = np.random.default_rng(3), 6000, 40
    drivers = rng.normal(size=(periods, 2)) @ np.array([[0.01, 0.006], [0.0, 0.01]])
    price = np.array([0.0008, -0.0006])
    loading = rng.normal(1.0, 0.7, size=(n, 2))
    returns = (drivers + price) @ loading.T + 0.01 * rng.normal(size=(periods, n))
    panel = make_panel(assets=n, traded=0, other=1, periods=periods)
    panel = replace(
        panel, returns=panel.returns.copy(data=returns), factors=panel.factors.copy(data=drivers[:, :1] + 0.002)
    )
    row = three_pass(panel, 2).table().loc["f0"]
    assert abs(row["estimate_per_period"] - price[0]) < 4 * row["se_per_period"]
    assert count_components(returns) == 2


def test_units_and_order():
    panel = make_panel(seed=5)
    grown = replace(panel, factors=panel.factors * np.array([1.0, 1.0, 40.0]))
    before, after = three_pass(panel).table(), three_pass(grown).table()
    np.testing.assert_allclose(after.loc["f2", "estimate"], before.loc["f2", "estimate"] * 40, rtol=1e-8)
    np.testing.assert_allclose(after["t"], before["t"], rtol=1e-7)
    turned = three_pass(panel.select(panel.assets[::-1])).table()
    np.testing.assert_allclose(turned, before, rtol=1e-7)


def test_more_assets_than_dates():
    panel = make_panel(assets=60, periods=40, seed=2)
    assert np.isfinite(three_pass(panel).table().to_numpy()).all()
    with pytest.raises(DataError, match="39 independent components"):
        three_pass(panel, 50)


@pytest.mark.parametrize("components", [0, 13, 2.0, "5", True, -1])
def test_bad_numbers_of_components(components):
    with pytest.raises(SpecError, match="from 1 to 12"):
        three_pass(make_panel(), components)


def test_hostile_panels():
    with pytest.raises(SpecError, match="expected a Panel"):
        three_pass([])
    with pytest.raises(DataError, match="gaps"):
        three_pass(make_panel(shortest=20))
