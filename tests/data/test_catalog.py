"""Data that come with other packages."""

import sys

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.data.datasets.french import crypto_simulated, french_monthly


def test_french_is_what_linearmodels_holds():
    french = pytest.importorskip("linearmodels.datasets.french", reason="linearmodels is not installed")
    raw, data = french.load(), french_monthly()
    np.testing.assert_array_equal(data.returns["S1V5"], raw["S1V5"])
    np.testing.assert_array_equal(data.factors["Mom"], raw["Mom"])
    assert data.returns.index[0] == pd.Timestamp("1949-01-31")
    assert data.returns.index[-1] == pd.Timestamp("2017-03-31")
    assert data.asset_info["group"].value_counts().to_dict() == {
        "industry": 12,
        "size-value": 9,
        "size-momentum": 9,
    }


def test_french_makes_a_panel_of_excess_returns():
    pytest.importorskip("linearmodels", reason="linearmodels is not installed")
    data = french_monthly()
    panel = data.panel()
    assert panel.returns.shape == (819, 30)
    assert panel.periods_per_year == 12
    assert panel.families == ("market", "style")
    assert all(factor.traded for factor in panel.factor_info)
    expected = data.returns["Utils"] - data.risk_free
    np.testing.assert_allclose(panel.returns.sel(asset="Utils"), expected, atol=1e-14)


def test_the_loader_gives_fresh_frames():
    pytest.importorskip("linearmodels", reason="linearmodels is not installed")
    one = french_monthly()
    one.returns.iloc[0, 0] = 9.0
    assert french_monthly().returns.iloc[0, 0] != 9.0


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "linearmodels.datasets", None)
    with pytest.raises(DataError, match=r'pip install "bayesfactor\[demo\]"') as caught:
        french_monthly()
    assert caught.value.series == "linearmodels"


def test_crypto_is_the_simulated_market():
    assert crypto_simulated().returns.shape[1] == 36
