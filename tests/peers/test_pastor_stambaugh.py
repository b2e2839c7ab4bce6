"""The example that Pastor and Stambaugh (1999) print: Bay State Gas, 253 months."""

import pytest

from bayesfactor.closedform.regressions.mispricing import shrinkage_weight


def test_bay_state_gas():
    """E(sigma^2) = .016 a month and sigma_alpha = 5 % a year give alpha = 0 a weight of .78 (theirs) or .7846."""
    weight = shrinkage_weight(253, 0.05 / 12, 0.016)
    assert weight == pytest.approx(0.78, abs=0.005)
    assert weight == pytest.approx(0.7846, abs=5e-5)
