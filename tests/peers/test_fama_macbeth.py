"""Bayesian Fama-MacBeth has the posterior that BayesianFactorZoo draws on its example."""

import numpy as np
import pytest

from bayesfactor.closedform.crosssection.fama_macbeth_draws import fama_macbeth
from tests.peers.test_two_pass import zoo_panel

DRAWS = 20_000
# R BayesianFactorZoo 0.0.0.3, BayesianFM, 20,000 draws: mean and standard deviation, in per cent a month; the zero-beta
# rate first, adjusted R-squared last.
ZOO = {
    ("HML_sim", "ols"): [
        (0.167382959755411, 0.029655300811131),
        (0.165907844503608, 0.0351019391126064),
        (0.528383402146757, 0.122406640750483),
    ],
    ("HML_sim", "gls"): [
        (0.123519534013343, 0.0296714456238904),
        (0.168841644130011, 0.0328609788752198),
        (0.810403585122957, 0.0680570519905202),
    ],
    ("HML_sim uf", "ols"): [
        (0.167067199621047, 0.0346129266070194),
        (0.163380867304189, 0.0354008008280829),
        (0.352942128534133, 0.510457745309401),
        (0.547578349484599, 0.122837741253417),
    ],
    ("HML_sim uf", "gls"): [
        (0.122103397885944, 0.0317094351725664),
        (0.170034355842173, 0.0330296752508055),
        (-0.221321302924967, 0.362909328750435),
        (0.808726744606659, 0.0690568036855249),
    ],
}


@pytest.mark.parametrize(("factors", "weights"), ZOO)
def test_bayesian_factor_zoo(shared_data, factors, weights):
    result = fama_macbeth(zoo_panel(shared_data, factors.split()), weights, intercept=True, draws=DRAWS)
    draws = np.column_stack([result.draws.values * 100, result.r_squared.values])
    for column, (mean, sd) in zip(draws.T, ZOO[factors, weights], strict=True):
        error = (2 / DRAWS) ** 0.5
        assert abs(column.mean() - mean) < 4 * error * sd
        kurtosis = np.mean((column - column.mean()) ** 4) / column.var() ** 2
        assert abs(np.log(column.std() / sd)) < 4 * error * (kurtosis - 1) ** 0.5 / 2


def test_useless_factor(shared_data):
    """Found there: premium .295 with sd .988, 90 % from -1.354 to 1.809; generalised -.226 with .370."""
    panel = zoo_panel(shared_data, ["uf"])
    row = fama_macbeth(panel, intercept=True, draws=DRAWS).table().loc["uf"]
    assert row["mean_per_period"] * 100 == pytest.approx(0.295, abs=4 * 0.988 * (2 / DRAWS) ** 0.5)
    assert row["sd_per_period"] * 100 == pytest.approx(0.988, rel=0.05)
    np.testing.assert_allclose(row[["lower", "upper"]] / 12 * 100, [-1.354, 1.809], atol=0.08)
    row = fama_macbeth(panel, "gls", intercept=True, draws=DRAWS).table().loc["uf"]
    assert row["mean_per_period"] * 100 == pytest.approx(-0.226, abs=4 * 0.370 * (2 / DRAWS) ** 0.5 + 5e-4)
