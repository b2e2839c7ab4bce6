"""A panel, fits of it, factors, and a stub of the sampler."""

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import MOVING, synthetic_draws


@pytest.fixture(scope="package")
def panel():
    return make_panel(assets=5, traded=1, other=1, periods=120, seed=2)


@pytest.fixture(scope="package", params=[(), MOVING], ids=["constant", "moving"])
def fit(request, panel):
    return bf.from_draws(panel, synthetic_draws(panel, draws=200, moving=request.param))


@pytest.fixture(scope="package")
def x(panel):
    return pd.DataFrame(panel.returns.values, panel.times, list(panel.assets))


@pytest.fixture(scope="package")
def factors(panel):
    """A longer history than that of returns, on both sides."""
    index = pd.bdate_range(panel.times[0] - np.timedelta64(60, "D"), panel.times[-1] + np.timedelta64(60, "D"))
    return pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, size=(len(index), 2)), index, ["f0", "f1"])


@pytest.fixture
def sampled(monkeypatch):
    """Return the panels, models and samplers that a fit was asked for; none is made."""
    asked = []

    def instead(panel, model, sampler):
        asked.append((panel, model, sampler))
        return bf.from_draws(panel, synthetic_draws(panel, draws=50))

    monkeypatch.setattr("bayesfactor.optimisers.factor_prior.sample", instead)
    return asked


@pytest.fixture
def routing():
    """Let scikit-learn route metadata."""
    from sklearn import config_context

    with config_context(enable_metadata_routing=True):
        yield
