"""Three-pass premia of 25 portfolios and three factors, July 1963 to September 2024."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.closedform.crosssection.three_pass import three_pass
from bayesfactor.closedform.crosssection.two_pass import two_pass

FACTORS = ["MKT_RF", "SMB5", "HML"]  # the size factor of the five-factor file


@pytest.fixture(scope="module")
def portfolios(shared_data):
    table = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0, parse_dates=True)["1963-07":"2024-09"]
    assets = [name for name in table.columns if name.startswith("P25_")]
    info = {name: {"traded": True} for name in FACTORS}
    return bf.integrate(table[assets], table[FACTORS], info, risk_free=table["RF"])


def test_five_components(portfolios):
    """Computed once from the formula, U D^-1 U', outside of this project."""
    found = three_pass(portfolios, 5).estimate.values * 100
    np.testing.assert_allclose(found, [0.523, 0.253, 0.310], atol=5e-4)


def test_every_component_is_the_mimicking_portfolio(portfolios):
    r, f = portfolios.returns.values, portfolios.aligned
    both = np.cov(np.hstack([f, r]), rowvar=False)
    wanted = both[:3, 3:] @ np.linalg.solve(both[3:, 3:], r.mean(axis=0))
    np.testing.assert_allclose(three_pass(portfolios, 25).estimate, wanted, rtol=1e-8)


def test_a_free_intercept_moves_even_factors_that_price_themselves(portfolios):
    found = two_pass(portfolios, "gls", intercept=True, self_priced=True).estimate.values * 100
    np.testing.assert_allclose(found, [-0.012, 0.595, 0.210, 0.294], atol=6e-4)


def test_errors_are_those_of_the_bootstrap(portfolios):
    rng, draws = np.random.default_rng(2), []
    months = portfolios.returns.sizes["time"]
    for _ in range(300):
        rows = rng.integers(0, months, months)
        sample = replace(
            portfolios,
            returns=portfolios.returns.copy(data=portfolios.returns.values[rows]),
            factors=portfolios.factors.copy(data=portfolios.aligned[rows]),
        )
        draws.append(three_pass(sample, 5).estimate.values)
    found = np.sqrt(np.diag(three_pass(portfolios, 5).covariance))
    np.testing.assert_allclose(found, np.std(draws, axis=0), rtol=0.2)
