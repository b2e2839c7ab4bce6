"""Two-pass premia are those of BayesianFactorZoo on its example and of linearmodels on its French data."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesfactor.closedform.crosssection.two_pass import two_pass
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor

# R BayesianFactorZoo 0.0.0.3, Two_Pass_Regression on its own example: premia and t (zero-beta rate first), then
# R-squared. Premia in per cent a month.
ZOO = {
    ("HML_sim", "ols"): ([0.1672395888, 0.1666190607], [5.713705248, 4.815489174], 0.5979310255, 0.5804497657),
    ("HML_sim", "gls"): ([0.1238222331, 0.1692577073], [4.644140565, 5.250104687], 0.8444858126, 0.8377243262),
    ("uf", "ols"): ([0.1599183317, 0.9540412068], [3.992529675, 2.666554700], 0.0344875659, -0.0074912355),
    ("uf", "gls"): ([0.1057458597, -0.4335106328], [2.925128168, -1.570712938], 0.0297159573, None),
    ("HML_sim uf", "ols"): (
        [0.1765771562, 0.1585756963, 0.9899009662],
        [4.271339724, 4.255870219, 2.698626536],
        0.6351632822,
        0.6019963079,
    ),
    ("HML_sim uf", "gls"): (
        [0.1213461809, 0.1712476121, -0.4111201413],
        [3.252797772, 5.213842215, -1.453058152],
        0.8475186898,
        0.8336567525,
    ),
}
SHANKEN = {
    "HML_sim": (214.150481, 0.2200957077),
    "uf": (127.2419761, 0.2430569388),
    "HML_sim uf": (107.5500749, 0.2159383625),
}

# linearmodels 7.1, LinearFactorModel on nine portfolios with three factors: premia, errors; the zero-beta rate first.
LINEARMODELS = {
    ("robust", False): (
        [0.00636257031912, 0.000202119476032, 0.00418993323199],
        [0.00149922347245, 0.00105333587291, 0.00100567332399],
    ),
    ("kernel", False): (
        [0.00636257031912, 0.000202119476032, 0.00418993323199],
        [0.00156061570936, 0.00111970412778, 0.00110585052896],
    ),
    ("robust", True): (
        [0.0162921530987, -0.00952119385034, 0.000342891276557, 0.00390456552574],
        [0.00384392196803, 0.00413343441667, 0.00105120449466, 0.00100482462718],
    ),
    ("kernel", True): (
        [0.0162921530987, -0.00952119385034, 0.000342891276557, 0.00390456552574],
        [0.00393884367158, 0.00418990227531, 0.00109184999998, 0.00106354388759],
    ),
}
GENERALISED = {
    False: [0.00690532825252, 0.000772764566729, 0.00389177161999],
    True: [0.0114097613979, -0.00449879932811, 0.000919120767837, 0.00375014367535],
}


def zoo_panel(folder, factors):
    """Example of BayesianFactorZoo as decimals, on invented month ends."""
    table = pd.read_csv(folder / "bfzoo_example.csv")
    assets = [name for name in table.columns if name not in ("t", "HML_sim", "uf")]
    time = pd.date_range("1930-01-31", periods=len(table), freq="ME")
    return Panel(
        returns=xr.DataArray(table[assets].to_numpy() / 100, {"time": time, "asset": assets}, ("time", "asset")),
        factors=xr.DataArray(table[factors].to_numpy() / 100, {"time": time, "factor": factors}, ("time", "factor")),
        factor_info=tuple(Factor(name, traded=False) for name in factors),
        groups=xr.DataArray(["all"] * len(assets), {"asset": assets}, ("asset",)),
        calendar=Calendar("monthly", 12),
    )


@pytest.fixture(scope="module")
def french():
    pytest.importorskip("linearmodels.datasets.french", reason="linearmodels (extra 'demo') is not installed")
    return french_monthly().panel()


@pytest.mark.parametrize(("factors", "weights"), ZOO)
def test_bayesian_factor_zoo(shared_data, factors, weights):
    premia, t, fit, adjusted = ZOO[factors, weights]
    result = two_pass(zoo_panel(shared_data, factors.split()), weights, intercept=True)
    table = result.table()
    np.testing.assert_allclose(table["estimate_per_period"] * 100, premia, atol=1e-8)
    np.testing.assert_allclose(table["t"], t, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(result.r_squared, fit, atol=1e-8)
    if adjusted is not None:
        np.testing.assert_allclose(result.r_squared_adjusted, adjusted, atol=1e-8)
    test = result.pricing_test
    np.testing.assert_allclose([test.t_squared, test.quadratic], SHANKEN[factors], rtol=1e-8)


def nine(panel):
    return panel.select([f"S{s}V{v}" for s in (1, 3, 5) for v in (1, 3, 5)], ["MktRF", "SMB", "HML"])


@pytest.mark.parametrize(("errors", "intercept"), LINEARMODELS)
def test_linearmodels(french, errors, intercept):
    premia, size = LINEARMODELS[errors, intercept]
    table = two_pass(nine(french), intercept=intercept, errors=errors).table()
    np.testing.assert_allclose(table["estimate_per_period"], premia, rtol=1e-8)
    np.testing.assert_allclose(table["se_per_period"], size, rtol=1e-8)


@pytest.mark.parametrize("intercept", [False, True])
def test_linearmodels_generalised(french, intercept):
    """Premia alone: linearmodels takes the weights as known, and its errors differ."""
    estimate = two_pass(nine(french), "gls", intercept=intercept).estimate
    np.testing.assert_allclose(estimate, GENERALISED[intercept], rtol=1e-8)


def test_example_of_the_manual_of_linearmodels(french):
    corners = ["S1V1", "S1V3", "S1V5", "S5V1", "S5V3", "S5V5"]
    table = two_pass(french.select(corners, ["MktRF", "SMB", "HML"]), errors="kernel").table()
    np.testing.assert_allclose(table["estimate_per_period"], [0.006005, 0.000144, 0.004494], atol=5e-7)
    np.testing.assert_allclose(table["se_per_period"], [0.001607, 0.001123, 0.001186], atol=5e-7)
    np.testing.assert_allclose(table["t"], [3.7381, 0.1281, 3.7904], atol=5e-5)


def test_traded_factors_that_price_themselves(french):
    """Premia and errors of linearmodels' TradedFactorModel (which takes T - 1 where Shanken's formula has T)."""
    table = two_pass(nine(french), "gls", self_priced=True).table()
    np.testing.assert_allclose(table["estimate_per_period"], [0.006454, 0.001590, 0.003475], atol=5e-7)
    np.testing.assert_allclose(table["se_per_period"], [0.001482, 0.000992, 0.000939], atol=1e-6)


def test_a_free_intercept_is_nearly_collinear_with_the_market(french):
    table = two_pass(french, intercept=True, errors="robust").table()
    np.testing.assert_allclose(table.loc["zero_beta", ["estimate_per_period", "t"]], [0.0057, 2.8], rtol=0.02)
    np.testing.assert_allclose(table.loc["MktRF", "estimate_per_period"], 0.0015, atol=5e-5)
    np.testing.assert_allclose(table.loc["MktRF", "t"], 0.6, atol=0.06)


# linearmodels 7.1, LinearFactorModel on nine portfolios by size and momentum.
MOMENTUM = {
    ("MktRF", "SMB", "HML", "Mom"): (
        [0.006978, 0.000478, 0.008368, 0.008400],
        [0.001537, 0.001415, 0.002529, 0.001446],
    ),
    ("MktRF", "HML", "Mom"): ([0.007271, 0.009122, 0.008409], None),
}


@pytest.mark.parametrize("factors", MOMENTUM)
def test_portfolios_by_momentum(french, factors):
    premia, errors = MOMENTUM[factors]
    panel = french.select([f"S{s}M{m}" for s in (1, 3, 5) for m in (1, 3, 5)], factors)
    table = two_pass(panel, errors="robust").table()
    np.testing.assert_allclose(table["estimate_per_period"], premia, atol=5.1e-7)
    if errors is not None:
        np.testing.assert_allclose(table["se_per_period"], errors, atol=5.1e-7)
    else:
        free = two_pass(panel, intercept=True).estimate
        np.testing.assert_allclose(free, [-0.004454, 0.011089, 0.011043, 0.008599], atol=5.1e-7)
        np.testing.assert_allclose(two_pass(panel, "gls").estimate, [0.006615, 0.009846, 0.008587], atol=5.1e-7)


INDUSTRIES = ["NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other"]


def test_industries_with_four_factors(french):
    """Premia and robust errors of linearmodels, without and with a zero-beta rate."""
    panel = french.select(INDUSTRIES, ["MktRF", "SMB", "HML", "Mom"])
    table = two_pass(panel, errors="robust").table()
    premia = [0.00733563572338, -0.00466309865745, -0.00151483281314, 0.0030563361535]
    np.testing.assert_allclose(table["estimate_per_period"], premia, rtol=1e-8)
    size = [0.00150879488747, 0.00207002359339, 0.00160842092951, 0.00505374290782]
    np.testing.assert_allclose(table["se_per_period"], size, rtol=1e-8)
    table = two_pass(panel, errors="robust", intercept=True).table()
    premia = [0.00405851504223, 0.0031701477718, -0.00229553653999, -0.00153473809118]
    np.testing.assert_allclose(table["estimate_per_period"][:4], premia, rtol=1e-8)
    size = [0.00254044834761, 0.00298983649025, 0.00212303292522, 0.00153018304113]
    np.testing.assert_allclose(table["se_per_period"][:4], size, rtol=1e-8)


def test_alphas_a_year(french):
    """Twelve times the monthly alphas of linearmodels' TradedFactorModel."""
    from bayesfactor.closedform.regressions.exact_pricing import grs

    size_value = grs(nine(french)).table()["estimate"]
    np.testing.assert_allclose(size_value[["S1V1", "S5V5"]], [-0.063980, -0.023518], atol=5.1e-7)
    industries = grs(french.select(INDUSTRIES, ["MktRF", "SMB", "HML"])).table()["estimate"]
    np.testing.assert_allclose(industries["Hlth"], 0.050760, atol=5.1e-7)


def test_generalised_moments_of_bayesian_factor_zoo(shared_data):
    """GMM with the moments of the two-pass regression has its premia, and nearly its robust errors."""
    table = two_pass(zoo_panel(shared_data, ["HML_sim"]), intercept=True, errors="robust").table()
    np.testing.assert_allclose(table["estimate_per_period"] * 100, [0.167239588838781, 0.166619060694221], atol=1e-8)
    np.testing.assert_allclose(table["se_per_period"] * 100, [0.0297819952745656, 0.035033715345505], rtol=0.02)
