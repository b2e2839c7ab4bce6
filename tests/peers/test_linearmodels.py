"""With flat priors, loadings, alphas and premia are the least-squares ones of linearmodels on its French data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.posterior.diagnostics import statistic

french = pytest.importorskip("linearmodels.datasets.french", reason="linearmodels (extra 'demo') is not installed")
FACTORS = ["MktRF", "SMB", "HML"]
PORTFOLIOS = [f"S{s}V{v}" for s in (1, 3, 5) for v in (1, 3, 5)]


@pytest.fixture(scope="module")
def both():
    """Our fit with flat priors, and the estimates of linearmodels."""
    from linearmodels.asset_pricing import TradedFactorModel

    data = french.load().set_index("dates")
    data.index = pd.DatetimeIndex(data.index)
    excess = data[PORTFOLIOS].sub(data["RF"], axis=0)
    panel = bf.integrate(data[PORTFOLIOS], data[FACTORS], risk_free=data["RF"])
    np.testing.assert_allclose(panel.returns.values, excess.values, atol=1e-15)
    model = Path(__file__).with_name("flat.toml")
    fit = bf.fit(panel, model, bf.Sampler(draws=2000, seed=4, progress=False))
    return fit, TradedFactorModel(excess, data[FACTORS]).fit(cov_type="robust")


@pytest.mark.parametrize("what", ["loading", "alpha", "risk_premium"])
def test_posterior_means_are_least_squares(both, what):
    fit, theirs = both
    wanted = {
        "loading": theirs.betas.loc[PORTFOLIOS, FACTORS].to_numpy(),
        "alpha": theirs.alphas.loc[PORTFOLIOS].to_numpy(),
        "risk_premium": theirs.risk_premia.loc[FACTORS].to_numpy(),
    }[what]
    draws = fit.posterior[what]
    z = (draws.mean(("chain", "draw")).values - wanted) / statistic(draws, "mcse", method="mean")
    assert np.abs(z).max() <= 4.5
    assert np.sqrt(np.mean(z**2)) <= (1.4 if what == "loading" else 2.0)  # 27 and 9 or 3 values


def test_posterior_standard_deviations_are_the_textbook_standard_errors(both):
    """sd = sqrt(s2 (X'X)^-1): the posterior of flat priors is a Student-t with 800 degrees of freedom."""
    fit, _ = both
    x = np.column_stack([np.ones(fit.panel.aligned.shape[0]), fit.panel.aligned])
    y = fit.panel.returns.values
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    s2 = (residual**2).sum(axis=0) / (len(x) - x.shape[1])
    wanted = np.sqrt(s2[:, None] * np.diag(np.linalg.inv(x.T @ x))[None, 1:])
    found = bf.loadings(fit).std(("chain", "draw")).values
    error = statistic(bf.loadings(fit), "mcse", method="sd")
    assert (np.abs(found - wanted) < 5 * error + 0.005 * wanted).all()
