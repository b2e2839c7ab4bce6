"""The test of exact pricing and its Bayes factor."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.regressions.exact_pricing import grs, log_bayes_factor
from bayesfactor.closedform.regressions.mispricing import MaxSharpe
from tests.support.panels import make_panel


def test_bayes_factor_of_one_asset_by_quadrature():
    """sigma^-(T - K) exp(-(RSS + A (alpha - a)^2) / 2 sigma^2) over alpha ~ N(0, k sigma^2) and log sigma."""
    a, evidence, squares, dof, k = 0.3, 40.0, 30.0, 45, 0.2
    log_sigma = np.linspace(-1.5, 1.5, 801)
    sigma = np.exp(log_sigma)[:, None]
    alpha = np.linspace(-4, 4, 4001)
    kernel = sigma ** (-dof) * np.exp(-(squares + evidence * (alpha - a) ** 2) / 2 / sigma**2)
    prior = norm.pdf(alpha, 0, k**0.5 * sigma)
    mixed = np.trapezoid(np.trapezoid(kernel * prior, alpha, axis=1), log_sigma)
    exact = np.trapezoid(sigma[:, 0] ** (-dof) * np.exp(-(squares + evidence * a**2) / 2 / sigma[:, 0] ** 2), log_sigma)
    assert log_bayes_factor(k, evidence, a**2 / squares, 1, dof) == pytest.approx(np.log(exact / mixed), rel=1e-6)


def test_statistic_is_the_squared_t_for_one_asset():
    panel = make_panel(other=0, seed=3).select(["a02"])
    result = grs(panel, max_sharpe=None)
    x = np.column_stack([np.ones(150), panel.aligned])
    y = panel.returns.values[:, 0]
    fit = np.linalg.lstsq(x, y, rcond=None)[0]
    se = (np.sum((y - x @ fit) ** 2) / 147 * np.linalg.inv(x.T @ x)[0, 0]) ** 0.5
    assert result.statistic == pytest.approx((fit[0] / se) ** 2)
    assert result.dof == (1, 147)
    assert result.table().loc["a02", "t"] == pytest.approx(fit[0] / se)
    assert result.log_bayes_factor is result.prob_exact is result.spread is None


def test_what_no_choice_of_portfolios_or_units_can_change():
    panel = make_panel(other=0, seed=9, assets=5)
    turn = np.random.default_rng(1).normal(size=(5, 5))
    mixed = replace(panel, returns=panel.returns.copy(data=panel.returns.values @ turn), factors=panel.factors * 3.0)
    before, after = grs(panel), grs(mixed)
    for name in ("statistic", "wald", "log_bayes_factor", "sharpe_squared", "sharpe_squared_all", "spread"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-6)


def test_all_together_offer_the_largest_sharpe_ratio():
    panel = make_panel(other=0, seed=9, assets=5)
    both = np.hstack([panel.aligned, panel.returns.values])
    mean = both.mean(axis=0)
    wanted = mean @ np.linalg.solve(np.cov(both, rowvar=False, ddof=0), mean)
    assert grs(panel).sharpe_squared_all == pytest.approx(wanted)


def test_a_large_alpha_is_found():
    panel = make_panel(other=0, seed=9, assets=5, periods=500, alpha=0.0)
    moved = replace(panel, returns=panel.returns + 0.004)
    assert grs(moved).p_value < 1e-4
    assert grs(moved).log_bayes_factor < grs(panel).log_bayes_factor
    assert 0 <= grs(moved).prob_exact < grs(panel).prob_exact <= 1


def test_hostile_input():
    panel = make_panel(other=0)
    with pytest.raises(SpecError, match="not a traded factor"):
        grs(make_panel())
    for multiple in (1.0, 0.5, "1.5", True, float("nan")):
        with pytest.raises(SpecError, match=r"MaxSharpe\.multiple"):
            grs(panel, multiple)
    with pytest.raises(SpecError, match="unknown factor"):
        grs(panel, MaxSharpe(1.5, of="nothing"))
    with pytest.raises(DataError, match="periods"):
        grs(replace(panel, returns=panel.returns[:15]))
    with pytest.raises(DataError, match="gaps"):
        grs(make_panel(other=0, shortest=20))
    with pytest.raises(SpecError, match="expected a Panel"):
        grs(3)
