"""The test of exact pricing on the French data of linearmodels, beside numbers computed by hand and by linearmodels."""

import pytest

from bayesfactor.closedform.regressions.exact_pricing import grs
from bayesfactor.closedform.regressions.mispricing import MaxSharpe
from bayesfactor.data.datasets.french import french_monthly

pytest.importorskip("linearmodels.datasets.french", reason="linearmodels (extra 'demo') is not installed")
VALUE = [f"S{s}V{v}" for s in (1, 3, 5) for v in (1, 3, 5)]
MOMENTUM = [f"S{s}M{v}" for s in (1, 3, 5) for v in (1, 3, 5)]
THREE = ["MktRF", "SMB", "HML"]


@pytest.fixture(scope="module")
def french():
    return french_monthly().panel()


def industries(panel):
    return [name for name in panel.assets if name not in VALUE + MOMENTUM]


@pytest.mark.parametrize(
    ("assets", "factors", "statistic"),
    [
        (VALUE, ["MktRF"], 7.752845),
        (VALUE, THREE, 5.754112),
        (None, THREE, 5.183006),
        (MOMENTUM, [*THREE, "Mom"], 7.857635),
    ],
)
def test_gibbons_ross_shanken(french, assets, factors, statistic):
    result = grs(french.select(assets or industries(french), factors))
    assert result.statistic == pytest.approx(statistic, abs=5e-7)


def test_three_factors_in_full(french):
    result = grs(french.select(VALUE, THREE))
    assert result.statistic == pytest.approx(5.75411193642, rel=1e-10)
    assert result.dof == (9, 807)
    assert result.p_value == pytest.approx(9.02121490093e-08, rel=1e-8)
    assert result.sharpe_squared == pytest.approx(0.0515847567011, rel=1e-10)
    assert result.wald == pytest.approx(53.2709035901, rel=1e-9)  # J of linearmodels' TradedFactorModel
    assert result.wald_p_value == pytest.approx(2.59675558869e-08, rel=1e-7)
    assert result.table().loc["S1V1", "estimate"] == pytest.approx(-0.063980, abs=5e-7)
    assert result.table().loc["S5V5", "estimate"] == pytest.approx(-0.023518, abs=5e-7)


def test_robust_statistic_of_industries_with_three_factors(french):
    assert grs(french.select(industries(french), THREE)).wald == pytest.approx(61.617, abs=5.1e-4)


def test_robust_statistic_of_industries(french):
    result = grs(french.select(industries(french), [*THREE, "Mom"]))
    assert result.wald == pytest.approx(62.0588727249, rel=1e-9)
    assert result.statistic == pytest.approx(5.08202238043, rel=1e-9)


@pytest.mark.parametrize(
    ("factors", "multiple", "wanted"),
    [(["MktRF"], 1.5, -18.3581), (THREE, 1.5, -12.3329), (["MktRF"], 1.25, -14.3581), (THREE, 1.25, -9.8590)],
)
def test_bayes_factors(french, factors, multiple, wanted):
    """The same k for both models, from the market's own Sharpe ratio."""
    result = grs(french.select(VALUE, factors), MaxSharpe(multiple, of="MktRF"))
    assert result.log_bayes_factor == pytest.approx(wanted, abs=5.1e-5)
    if multiple == 1.5:
        assert result.spread == pytest.approx(0.0032207, abs=5e-8)
