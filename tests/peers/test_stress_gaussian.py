"""Stress and reverse stress beside statsmodels, cvxpy and closed forms: 25 portfolios, four factors, 1990 to 2019."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf

FACTORS = ["MKT_RF", "SMB", "HML", "MOM"]
CRASH = bf.Scenario({"MKT_RF": -0.2}, "crash")


@pytest.fixture(scope="module")
def reference(uses):
    return json.loads((uses / "stress_gaussian.json").read_text())


@pytest.fixture(scope="module")
def fit(shared_data):
    """One set of parameters at every draw: sample moments, least squares, and the covariance of its residuals."""
    table = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0, parse_dates=True)["1990":"2019"]
    assets = [name for name in table.columns if name.startswith("P25_")]
    panel = bf.integrate(table[assets], table[FACTORS], {f: {"traded": True} for f in FACTORS}, risk_free=table["RF"])
    returns, factors = panel.returns.values, panel.aligned
    design = np.column_stack([np.ones(len(factors)), factors])
    coefficients = np.linalg.lstsq(design, returns, rcond=None)[0]
    residuals = np.cov(returns - design @ coefficients, rowvar=False)
    values, vectors = np.linalg.eigh(residuals)
    mean, cov = factors.mean(axis=0), np.cov(factors, rowvar=False)
    found = {
        "loading": ("asset factor", coefficients[1:].T),
        "alpha": ("asset", coefficients[0]),
        "residual_sd": ("asset", np.full(25, np.sqrt(values[0]))),
        "residual_loading": ("asset residual_factor", vectors[:, 1:] * np.sqrt(values[1:] - values[0])),
        "risk_premium": ("factor", mean),
        "factor_mean": ("factor", mean),
        "factor_cov": ("factor factor_other", cov),
    }
    arrays = {
        name: (("chain", "draw", *dims.split()), np.broadcast_to(value, (2, 4, *value.shape)))
        for name, (dims, value) in found.items()
    }
    labels = {"asset": assets, "factor": FACTORS, "factor_other": FACTORS, "residual_factor": range(24)}
    return bf.from_draws(panel, xr.Dataset(arrays, labels))


@pytest.fixture(scope="module")
def equal(fit):
    return dict.fromkeys(fit.panel.assets, 1 / 25)


def of(array):
    """The value that all draws share, by label."""
    first = array.isel(chain=0, draw=0)
    assert float(np.ptp(array.values, axis=array.get_axis_num(("chain", "draw"))).max()) < 1e-15
    return first


def test_other_factors_are_the_regression_on_the_shocked_one(fit, reference):
    found = bf.stress(fit, CRASH)
    for name, mean in reference["conditional_mean_given_MKT_RF=-0.20"].items():
        assert float(of(found.factors).sel(factor=name)) == pytest.approx(mean, abs=1e-14)
        assert mean == pytest.approx(reference["statsmodels_OLS_prediction"][name], abs=1e-14)
        sd = reference["conditional_sd"][name]
        assert float(of(found.factor_sd).sel(factor=name)) == pytest.approx(sd, abs=1e-14)
    assert float(of(found.factor_sd).sel(factor="MKT_RF")) == 0.0
    both = bf.stress(fit, bf.Scenario(reference["two_shocks"]["shock"]))
    for name, mean in reference["two_shocks"]["mean"].items():
        assert float(of(both.factors).sel(factor=name)) == pytest.approx(mean, abs=1e-14)


def test_the_portfolio_loses_what_it_should(fit, equal, reference):
    wanted = reference["portfolio"]
    found = of(bf.stress(fit, CRASH, portfolio=equal).draws).sel(asset="portfolio")
    assert float(found.sel(source="total")) == pytest.approx(wanted["stressed_mean"], abs=1e-13)
    assert float(found.sel(source="alpha")) == pytest.approx(wanted["alpha"], abs=1e-14)
    assert float(found.sel(source="MKT_RF")) == pytest.approx(-0.2 * wanted["beta"]["MKT_RF"], abs=1e-13)
    held = of(bf.stress(fit, CRASH, "unchanged", equal).draws).sel(asset="portfolio", source="total")
    assert float(held) == pytest.approx(wanted["held_mean(others at mean)"], abs=1e-13)


def test_distance_and_its_probability(fit, reference):
    found = bf.stress(fit, CRASH)
    squared = float(of(found.plausibility.distance).isel(volatility=0)) ** 2
    assert squared == pytest.approx(reference["mahalanobis2_shocked_only"], rel=1e-12)
    assert found.plausibility.years.iloc[0] == pytest.approx(1 / (12 * reference["chi2_sf_1"]), rel=1e-9)
    completed = {str(f): float(of(found.factors).sel(factor=f)) for f in FACTORS}
    whole = bf.stress(fit, bf.Scenario(completed)).plausibility.distance
    assert float(of(whole).isel(volatility=0)) ** 2 == pytest.approx(reference["mahalanobis2_full"], rel=1e-10)
    assert (found.plausibility.rank, found.plausibility.windows) == (1, 360)


@pytest.mark.parametrize("residuals", [False, True])
def test_reverse_stress_is_that_of_cvxpy(fit, equal, reference, residuals):
    wanted = reference[f"reverse_-30%_{'with_residual' if residuals else 'factors_only'}"]
    found = bf.reverse_stress(fit, -0.3, equal, residuals=residuals)
    own = of(found.draws).sel(asset="portfolio")
    assert float(of(found.distance).sel(asset="portfolio")) == pytest.approx(wanted["distance"], rel=1e-6)
    for name, value in wanted["factors"].items():
        assert float(own.sel(source=name)) == pytest.approx(value, abs=1e-7)
    if residuals:
        assert float(own.sel(source="residual")) == pytest.approx(wanted["residual"], rel=1e-5)
    else:
        np.testing.assert_allclose(own, reference["reverse_cvxpy"]["factors"], atol=2e-9)


def test_maximum_loss_is_that_of_cvxpy(fit, equal, reference):
    found = bf.reverse_stress(fit, -0.3, equal)
    wanted = reference["max_loss_99"]
    table = found.maximum_loss(0.99, rounded=False).set_index("asset")
    assert table.attrs["radius"] == pytest.approx(wanted["radius"], rel=1e-12)
    assert table.loc["portfolio", "mean"] == pytest.approx(wanted["worst_return"], abs=1e-13)
    assert table.loc["portfolio", "mean"] == pytest.approx(wanted["cvxpy"], abs=1e-8)


def test_the_worst_three_months_are_an_episode(fit, reference):
    wanted = reference["worst_3m_MKT"]
    found = bf.episode(fit.panel, "2008-09", "2008-11")
    assert found.periods == 3
    for name in FACTORS:
        assert found.shocks[name] == pytest.approx(wanted[name], abs=1e-14)
    assert bf.stress(fit, bf.Scenario({"MKT_RF": found.shocks["MKT_RF"]}, periods=3)).plausibility.rank == 1
