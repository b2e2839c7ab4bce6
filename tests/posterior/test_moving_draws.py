"""Draws may hold what moves: its variables come together, with the panel's labels, above their bounds."""

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=60, seed=5)


@pytest.fixture(scope="module")
def draws(panel):
    return synthetic_draws(panel, moving=MOVING, dof=5, common=1)


def test_they_are_brought_to_the_order_of_the_panel(panel, draws):
    turned = draws.isel(asset=[2, 0, 3, 1], factor=[1, 0], factor_other=[1, 0])
    xr.testing.assert_identical(bf.from_draws(panel, turned).posterior, bf.from_draws(panel, draws).posterior)


@pytest.mark.parametrize(
    ("lost", "with_it"),
    [
        ("loading_long_run", "loading_move"),
        ("loading_move", "loading_long_run"),
        ("loading_memory", "loading_long_run"),
        ("volatility_now", "volatility_memory"),
        ("volatility_memory", "volatility_now"),
        ("volatility_size", "volatility_now"),
        ("factor_cov_long_run", "factor_memory"),
        ("factor_memory", "factor_cov_long_run"),
    ],
)
def test_a_part_that_moves_is_whole(panel, draws, lost, with_it):
    with pytest.raises(bf.FitError, match=f"'{lost}' is missing, which goes with '{with_it}'"):
        bf.from_draws(panel, draws.drop_vars(lost))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("volatility_now", 0.0, "'volatility_now' falls to 0, and must be above 0"),
        ("volatility_memory", -1.0, "'volatility_memory' falls to -1, and must be above 0"),
        ("loading_memory", 0.0, "'loading_memory' falls to 0"),
        ("factor_memory", 0.0, "'factor_memory' falls to 0"),
        ("dof", 2.0, "'dof' falls to 2, and must be above 2"),
        ("volatility_size", -0.1, "'volatility_size' falls to -0.1, and a standard deviation is not below 0"),
        ("loading_move", -0.1, "'loading_move' falls to -0.1, and a standard deviation is not below 0"),
        ("loading_long_run", np.nan, "'loading_long_run' holds"),
        ("factor_cov_long_run", 0.0, "'factor_cov_long_run' is not positive definite"),
    ],
)
def test_numbers_are_what_they_can_be(panel, draws, name, value, text):
    with pytest.raises(bf.FitError, match=text):
        bf.from_draws(panel, draws.assign({name: xr.full_like(draws[name], value)}))


def test_the_long_run_and_not_the_next_period_is_held_to_the_history(panel, draws):
    """Volatility may be twenty times what it was."""
    bf.from_draws(panel, draws.assign(factor_cov=400 * draws["factor_cov"]))
    with pytest.raises(bf.FitError, match=r"'factor_cov_long_run' gives 'f0' .* times the variance of its history"):
        bf.from_draws(panel, draws.assign(factor_cov_long_run=400 * draws["factor_cov_long_run"]))


def test_dimensions_are_those_of_the_schema(panel, draws):
    with pytest.raises(bf.FitError, match="'volatility_now' has the dimensions"):
        bf.from_draws(panel, draws.assign(volatility_now=draws["alpha"]))
