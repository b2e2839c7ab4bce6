"""Vasicek's loadings."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.regressions.vasicek_betas import vasicek
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.priors import Normal
from tests.support.panels import make_panel


def test_posterior_is_the_average_by_precision():
    panel = make_panel(traded=1, other=0, seed=3)
    table = vasicek(panel, FreeLoadings(prior=(("default", LoadingPrior(Normal(1.12, 0.1), "beta")),))).table()
    precision = 1 / table["se"] ** 2 + 100
    np.testing.assert_allclose(table["mean"], (table["estimate"] / table["se"] ** 2 + 112) / precision)
    np.testing.assert_allclose(table["sd"], precision**-0.5)
    np.testing.assert_allclose(table["shrinkage"], 100 / precision)


def test_short_histories_lean_on_the_others():
    panel = make_panel(assets=15, periods=300, shortest=12, seed=7)
    result = vasicek(panel)
    np.testing.assert_allclose(result.prior_mean, result.estimate.mean("asset"))
    np.testing.assert_allclose(result.prior_sd, result.estimate.std("asset", ddof=1))
    inside = (result.mean - result.prior_mean) / (result.estimate - result.prior_mean)
    np.testing.assert_allclose(inside, 1 - result.shrinkage)
    assert ((result.shrinkage > 0) & (result.shrinkage < 1)).all()
    count = np.isfinite(panel.returns.values).sum(axis=0)
    assert result.shrinkage.values[count.argmin()].mean() > result.shrinkage.values[count.argmax()].mean()
    assert vasicek(panel).table().index.names == ["asset", "factor"]
    assert vasicek(panel.select(factors=["f0"])).table().index.name == "asset"


def test_units_of_a_factor_do_not_matter():
    panel = make_panel(seed=5)
    grown = replace(panel, factors=panel.factors * np.array([1.0, 1.0, 40.0]))
    np.testing.assert_allclose(vasicek(grown).shrinkage, vasicek(panel).shrinkage, rtol=1e-6)


def test_hostile_input():
    panel = make_panel()
    with pytest.raises(DataError, match="three assets"):
        vasicek(panel.select(["a00", "a01"]))
    with pytest.raises(SpecError, match=r"vasicek\.prior"):
        vasicek(panel, Normal(1.0, 0.5))
    with pytest.raises(DataError, match="has 4 returns"):
        vasicek(replace(panel, returns=panel.returns[:4]))
    with pytest.raises(DataError, match="constant or a combination"):
        vasicek(replace(panel, factors=panel.factors.where(panel.factors["factor"] != "f1", 0.01)))
    with pytest.raises(SpecError, match="expected a Panel"):
        vasicek("panel")
