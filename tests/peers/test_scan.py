"""The model scan on linearmodels' Ken French data: numbers of an independent implementation of the same formulas."""

import numpy as np
import pytest

from bayesfactor.closedform.discountfactor.scan import MarketAlways, TrainedPremia, scan_models
from bayesfactor.data.datasets.french import french_monthly

pytest.importorskip("linearmodels.datasets.french", reason="linearmodels (extra 'demo') is not installed")


@pytest.fixture(scope="module")
def panel():
    return french_monthly().panel()


def test_trained_premia(panel):
    scan = scan_models(panel, TrainedPremia(share=0.1))
    models = scan.models(2)
    assert scan.periods == 737
    assert list(models.index) == ["MktRF + HML + Mom", "MktRF + SMB + HML + Mom"]
    assert models["log_marginal"].iloc[0] == pytest.approx(5811.0333, abs=5e-5)
    np.testing.assert_allclose(models["posterior"], [0.7877, 0.2122], atol=5e-5)
    np.testing.assert_allclose(scan.table()["posterior"], [1.000, 0.2123, 1.000, 1.000], atol=5e-4)


def test_market_always(panel):
    models = scan_models(panel, MarketAlways("MktRF", multiple=1.5)).models(2)
    assert list(models.index) == ["MktRF + HML + Mom", "MktRF + SMB + HML + Mom"]
    np.testing.assert_allclose(models["log_marginal"], [5100.3559, 5099.9245], atol=5.1e-5)
    np.testing.assert_allclose(models["posterior"], [0.6062, 0.3938], atol=5e-5)
