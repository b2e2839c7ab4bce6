"""With wide priors and long histories the joint posterior is the closed-form one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.spec.alphas import FreeZeroBeta, ScaledAlpha, ZeroAlpha
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.priors import HalfNormalRate, Normal, NormalRate, Rate
from tests.support.scaled import units_of

WIDE = Normal(0.0, 100.0)
MODEL = replace(
    bf.FactorModel(),
    loadings=FreeLoadings((("default", LoadingPrior(WIDE, "beta")),)),
    alpha=ZeroAlpha(),
    factors=FactorLaw(premium=(("default", WIDE),), drift=WIDE),
)
SAMPLER = bf.Sampler(draws=2000, seed=7, progress=False)
PERIODS, ASSETS = 100_000, 7


def a_panel(traded: int, alpha: float = 0.0, zero_beta: float = 0.0) -> Panel:
    """Two factors, correlated; residuals of the assets are independent, as the model has them."""
    rng = np.random.default_rng(3)
    mean, premium = np.array([0.0004, 0.002]), np.array([0.0004, 0.0005])
    factors = mean + rng.normal(size=(PERIODS, 2)) @ np.array([[0.01, 0.004], [0.0, 0.012]])
    is_traded = np.arange(2) < traded
    loading = np.column_stack([1 + 0.4 * rng.normal(size=ASSETS), 0.8 * rng.normal(size=ASSETS)])
    moved = factors + np.where(is_traded, 0.0, premium - mean)
    returns = zero_beta + alpha * rng.normal(size=ASSETS) + moved @ loading.T
    returns = returns + 0.02 * np.exp(0.3 * rng.normal(size=ASSETS)) * rng.normal(size=(PERIODS, ASSETS))
    time, names = pd.date_range("1700-01-01", periods=PERIODS), [f"a{i}" for i in range(ASSETS)]
    info = (Factor("first", bool(is_traded[0]), "market"), Factor("second", bool(is_traded[1]), "rates"))
    return Panel(
        returns=xr.DataArray(returns, {"time": time, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factors, {"time": time, "factor": ["first", "second"]}, ("time", "factor")),
        factor_info=info,
        groups=xr.DataArray(["all"] * ASSETS, {"asset": names}, ("asset",)),
        calendar=Calendar("daily", 365),
    )


def assert_same(ours: xr.DataArray, theirs: xr.DataArray) -> None:
    """Means and standard deviations within 4 combined Monte Carlo standard errors; `theirs` are independent draws."""
    n = theirs.sizes["draw"]
    error = np.hypot(statistic(ours, "mcse", method="mean"), theirs.std("draw").values / n**0.5)
    gap = ours.mean(("chain", "draw")).values - theirs.mean("draw").values
    assert (np.abs(gap) <= 4 * error).all(), gap / error
    error = np.hypot(statistic(ours, "mcse", method="sd"), theirs.std("draw").values / (2 * n) ** 0.5)
    gap = ours.std(("chain", "draw")).values - theirs.std("draw").values
    assert (np.abs(gap) <= 4 * error).all(), gap / error


@pytest.mark.parametrize("traded", [0, 1])
def test_premia_are_those_of_bayesian_fama_macbeth(traded):
    """GLS without intercept; a traded factor prices itself, in both."""
    panel = a_panel(traded)
    fit = bf.fit(panel, MODEL, SAMPLER)
    closed = bf.fama_macbeth(panel, weights="gls", self_priced=bool(traded), draws=4000, seed=2)
    assert_same(bf.risk_premia(fit), closed.draws.sel(factor=["first", "second"]))


def test_a_zero_beta_rate_is_the_intercept_of_the_second_pass():
    panel = a_panel(0, zero_beta=0.0003)
    model = replace(MODEL, zero_beta=FreeZeroBeta(NormalRate(Rate(0.0), Rate(1000.0))))
    fit = bf.fit(panel, model, SAMPLER)
    closed = bf.fama_macbeth(panel, weights="gls", intercept=True, draws=4000, seed=2).draws
    assert_same(bf.risk_premia(fit), closed.sel(factor=["first", "second"]))
    assert_same(fit.posterior["zero_beta"].expand_dims(factor=["zero_beta"]), closed.sel(factor=["zero_beta"]))


def test_alphas_are_shrunk_by_the_weight_of_pastor_and_stambaugh():
    """Given tau, E[alpha_i] = alpha_ols (1 - w), w = 1 / (1 + k T / (1 + Sh^2)), k = (tau / s)^2: averaged over tau."""
    panel = a_panel(2, alpha=0.0001)
    model = replace(MODEL, alpha=ScaledAlpha(HalfNormalRate(Rate(3.0))))
    fit = bf.fit(panel, model, SAMPLER)
    mean, covariance = panel.factors.values.mean(axis=0), np.cov(panel.factors.values.T, ddof=0)
    periods = PERIODS / (1 + mean @ np.linalg.solve(covariance, mean))
    k = (fit.posterior["alpha_scale"] / units_of(panel, model).residual_scale) ** 2
    x = np.column_stack([np.ones(PERIODS), panel.factors.values])
    ols = np.linalg.lstsq(x, panel.returns.values, rcond=None)[0][0]
    given = (1 - 1 / (1 + k * periods)) * xr.DataArray(ols, {"asset": list(panel.assets)}, ("asset",))
    gap = (bf.alphas(fit) - given).mean(("chain", "draw")).values
    error = statistic((bf.alphas(fit) - given).transpose("chain", "draw", "asset"), "mcse", method="mean")
    assert (np.abs(gap) <= 4 * error).all(), gap / error
