"""Bayesian Fama-MacBeth: what must hold in every draw, and what bad input is told."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.crosssection.fama_macbeth_draws import fama_macbeth
from bayesfactor.closedform.crosssection.two_pass import two_pass
from tests.support.panels import make_panel


def test_draws_centre_on_two_pass_in_long_samples():
    panel = make_panel(assets=10, periods=4000, seed=4)
    for weights in ("ols", "gls"):
        table = fama_macbeth(panel, weights, draws=4000).table()
        twin = two_pass(panel, weights).table()
        bias = 0.05 * twin["se"]  # loadings are uncertain, so the means differ a little in finite samples
        assert (np.abs(table["mean"] - twin["estimate"]) < 4 * table["mcse"] + bias).all()
        np.testing.assert_allclose(table["sd"], twin["se"], rtol=0.1)


def test_traded_factors_that_price_themselves_have_the_posterior_of_a_mean():
    panel = make_panel(assets=8, periods=150, seed=2)
    table = fama_macbeth(panel, "gls", self_priced=True, draws=4000).table().loc[["f0", "f1"]]
    values = panel.aligned[:, :2]
    assert (np.abs(table["mean_per_period"] - values.mean(axis=0)) < 4 * table["mcse"] / 252).all()
    dof = 150 - panel.aligned.shape[1] - 8
    wanted = values.std(axis=0) * (150 / (dof + 8 - 1) / 150) ** 0.5
    np.testing.assert_allclose(table["sd_per_period"], wanted, rtol=0.1)


def test_units_of_a_factor_and_seeds():
    panel = make_panel(seed=5)
    grown = replace(panel, factors=panel.factors * np.array([1.0, 1.0, 40.0]))
    options = {"weights": "gls", "intercept": True, "draws": 600, "seed": 7}
    before, after = fama_macbeth(panel, **options), fama_macbeth(grown, **options)
    np.testing.assert_allclose(after.draws.sel(factor="f2"), before.draws.sel(factor="f2") * 40, rtol=1e-6)
    np.testing.assert_allclose(after.r_squared, before.r_squared, rtol=1e-6)
    np.testing.assert_array_equal(fama_macbeth(panel, **options).draws, before.draws)
    assert before.table().index.tolist() == ["zero_beta", "f0", "f1", "f2"]


def test_a_useless_factor_gets_a_wide_interval():
    panel = make_panel(traded=1, other=1, zero=(1,), periods=400, seed=3)
    table = fama_macbeth(panel, draws=2000).table()
    assert table.loc["f1", "lower"] < 0 < table.loc["f1", "upper"]


@pytest.mark.parametrize(
    ("options", "named"),
    [({"weights": "wls"}, "gls"), ({"draws": 0}, "draws"), ({"draws": 2.5}, "draws"), ({"draws": True}, "draws")],
)
def test_bad_choices(options, named):
    with pytest.raises(SpecError, match=named):
        fama_macbeth(make_panel(), **options)


def test_hostile_panels():
    panel = make_panel(assets=6)
    with pytest.raises(SpecError, match="expected a Panel"):
        fama_macbeth(None)
    with pytest.raises(DataError, match="periods"):
        fama_macbeth(make_panel(assets=20, periods=22))
    with pytest.raises(DataError, match="needs more assets"):
        fama_macbeth(panel.select(["a00", "a01", "a02"]))
    with pytest.raises(DataError, match="gaps"):
        fama_macbeth(make_panel(shortest=20))
    returns = panel.returns.copy()
    returns.loc[{"asset": "a00"}] = panel.aligned[:, 0]
    with pytest.raises(DataError, match="combination"):
        fama_macbeth(replace(panel, returns=returns))
    with pytest.raises(SpecError, match="not traded"):
        fama_macbeth(make_panel(traded=0, other=1), self_priced=True)
