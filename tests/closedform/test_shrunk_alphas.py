"""Pricing errors shrunk by residual risk, and the numbers of Pastor and Stambaugh."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.regressions.mispricing import MaxSharpe, sharpe_squared, shrinkage_weight, shrunk_alphas
from bayesfactor.spec.priors import Rate
from tests.support.panels import make_panel


def test_bay_state_gas():
    """Pastor and Stambaugh (1999): T = 253 months, 5 % a year, expected residual variance .016 a month."""
    assert round(shrinkage_weight(253, 0.05 / 12, 0.016), 2) == 0.78
    assert shrinkage_weight(253, 0.05 / 12, 0.016, 0.01) > shrinkage_weight(253, 0.05 / 12, 0.016)


def test_prior_counts_as_an_observation_of_alpha():
    panel = make_panel(other=0, shortest=20, seed=3)
    result = shrunk_alphas(panel, Rate(8.0))
    table, k = result.table(), result.spread
    for i, name in enumerate(panel.assets):
        y = panel.returns.values[:, i]
        seen = np.isfinite(y)
        x = np.vstack([[k**-0.5, 0, 0], np.column_stack([np.ones(seen.sum()), panel.aligned[seen]])])
        inverse = np.linalg.inv(x.T @ x)
        mean = inverse @ x[1:].T @ y[seen]
        residual = np.append(0, y[seen]) - x @ mean
        dof = seen.sum() - 2
        np.testing.assert_allclose(table.loc[name, "mean_per_period"], mean[0], rtol=1e-6)
        sd = (residual @ residual / (dof - 2) * inverse[0, 0]) ** 0.5
        np.testing.assert_allclose(table.loc[name, "sd_per_period"], sd, rtol=1e-6)
        own = panel.aligned[seen]
        weight = shrinkage_weight(seen.sum(), k**0.5, 1.0, sharpe_squared(own))
        np.testing.assert_allclose(table.loc[name, "weight"], weight, rtol=1e-8)


def test_spread_is_that_of_the_typical_asset():
    panel = make_panel(other=0, seed=3)
    x = np.column_stack([np.ones(150), panel.aligned])
    residual = panel.returns.values - x @ np.linalg.lstsq(x, panel.returns.values, rcond=None)[0]
    typical = np.mean((residual**2).sum(axis=0) / 147)
    assert shrunk_alphas(panel, "5 %/year").spread == pytest.approx((0.05 / 252) ** 2 / typical)
    assert shrunk_alphas(panel).spread == shrunk_alphas(panel, Rate(5.0)).spread


def test_wider_priors_shrink_less():
    panel = make_panel(other=0, seed=3)
    weights = [shrunk_alphas(panel, Rate(rate)).weight.values for rate in (1.0, 10.0, 100.0, 1e5)]
    assert (np.diff(weights, axis=0) < 0).all()
    assert weights[-1].max() < 1e-3
    doubled = shrunk_alphas(panel, MaxSharpe(2.0)).spread
    assert doubled == pytest.approx(3 * sharpe_squared(panel.aligned) / 12)
    assert shrunk_alphas(panel, MaxSharpe(2.0, of="f0")).spread < doubled


def test_hostile_input():
    panel = make_panel(other=0)
    with pytest.raises(SpecError, match="not a rate"):
        shrunk_alphas(panel, 0.05)
    with pytest.raises(SpecError, match="must be positive"):
        shrunk_alphas(panel, Rate(-5.0))
    with pytest.raises(SpecError, match=r"MaxSharpe\.multiple"):
        MaxSharpe(1.0)
    with pytest.raises(SpecError, match="unknown factor 'market'"):
        shrunk_alphas(panel, MaxSharpe(1.5, of=("market",)))
    with pytest.raises(SpecError, match="not a traded factor"):
        shrunk_alphas(make_panel())
    with pytest.raises(DataError, match="more than 4 are needed"):
        shrunk_alphas(replace(panel, returns=panel.returns[:4]))
