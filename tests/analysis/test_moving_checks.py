"""What checks and premia say where a model moves, and of skewed residuals under a symmetric law."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.assessment.data_premia import APART, OWN, data_premia
from bayesfactor.analysis.assessment.residual_checks import shapes
from bayesfactor.analysis.assessment.residual_correlations import residual_correlations
from bayesfactor.analysis.attribution.caveats import caveats
from bayesfactor.spec.factors import ScaledPremia
from tests.support.moving import moving_model
from tests.support.pseudo import pseudo_fit, simulated

SKEWED = "tails: share of assets with skewed residuals"


def row(report, name):
    return next(check for check in report.checks if check.name == name)


def test_what_moves_has_its_lines_in_check_and_caveats(moving_fit, hier_fit):
    report = bf.check(moving_fit)
    names = [check.name for check in report.checks if check.name.startswith("movement: ")]
    assert names == [
        "movement: undecided whether residual volatility is constant",
        "movement: undecided whether loadings are constant",
        "movement: factor memory lengthened (1 = yes)",
    ]
    still = float((moving_fit.posterior["loading_move"] == 0).mean())
    assert row(report, names[1]).value == pytest.approx(min(still, 1 - still))
    assert row(report, names[2]).value == moving_fit.movement.factors.lengthened
    assert caveats(moving_fit)[:3] == moving_fit.describe().moves
    assert not [check for check in bf.check(hier_fit).checks if check.name.startswith("movement: ")]


def test_a_lengthened_memory_and_undecided_evidence_are_noted(moving_fit):
    data = moving_fit.data.copy()
    posterior = data["posterior"].to_dataset()
    half = xr.where(posterior["draw"] % 2 == 0, 0.0, posterior["loading_move"])
    data["posterior"] = xr.DataTree(posterior.assign(loading_move=half.transpose("chain", "draw")))
    paths = data["paths"].to_dataset()
    data["paths"] = xr.DataTree(paths.assign(factors_lengthened=xr.ones_like(paths["factors_lengthened"])))
    fit = replace(moving_fit, data=data)
    report = bf.check(fit)
    assert row(report, "movement: factor memory lengthened (1 = yes)").exceeds_limit
    assert row(report, "movement: undecided whether loadings are constant").exceeds_limit
    assert "made longer so that each covariance has rows enough" in fit.describe().moves[1]


def test_residuals_are_standardised_by_the_volatility_of_their_date(moving_fit):
    """Under the law that made them they are neither too heavy-tailed nor correlated."""
    assert (shapes(moving_fit)["prob_tails"] < 0.01).mean() <= 0.1
    assert abs(residual_correlations(moving_fit).mean) < 0.05


@pytest.mark.parametrize("skewed", [True, False])
def test_skewed_residuals_are_seen_where_means_do_not_follow_the_sample(skewed):
    rng = np.random.default_rng(5)
    panel = simulated(rng, dof=5.0, periods=300)
    if skewed:
        extra = 0.08 * (rng.exponential(size=panel.returns.shape) - 1)
        panel = replace(panel, returns=panel.returns.copy(data=panel.returns.values + extra))
    report = bf.check(pseudo_fit(panel, rng, 5.0, draws=200))
    check = row(report, SKEWED)
    assert check.passed is None
    assert check.exceeds_limit is skewed
    assert check.value == (report.assets["prob_skewness"] < 0.01).mean()
    assert ("a few large returns of one sign" in str(report)) is skewed


def test_skewness_is_no_matter_where_means_follow_the_sample(hier_fit, moving_fit):
    for fit in (hier_fit, moving_fit):
        assert SKEWED not in bf.check(fit).table.index


@pytest.mark.parametrize("calm", [0.0, 0.02])
def test_a_traded_factors_mean_is_the_plain_one_and_calm_periods_with_another_are_named(moving_fit, calm):
    panel = moving_fit.panel
    precision = np.where(np.arange(len(panel.times)) % 2 == 0, 1.8, 0.2)
    values = panel.factors.values + calm * (precision > 1)[:, None]
    changed = replace(panel, factors=panel.factors.copy(data=values))
    prior = ScaledPremia(*(np.full(2, one) for one in (0.0, 0.01, 1.0, 1.0)))
    premium = moving_fit.posterior["risk_premium"]
    found = data_premia(changed, prior, premium, precision)
    assert found.mean[0] == pytest.approx(values[:, 0].mean(), rel=1e-12)
    assert found.source[0] == (APART if calm else OWN)
    assert data_premia(changed, prior, premium).source[0] == OWN


def test_the_most_that_a_history_tells_is_told_with_its_weights(moving_fit):
    found = bf.identify(moving_fit).facts
    means, prior = moving_fit.design.means, moving_fit.priors.premia
    own = np.diag(means.covariance) / means.count
    np.testing.assert_allclose(found["max_contraction"], prior.sd**2 / (prior.sd**2 + own), rtol=1e-12)
    assert found.loc["market", "posterior_contraction"] == pytest.approx(
        found.loc["market", "max_contraction"], abs=0.1
    )


def test_prior_prediction_is_of_the_long_run(moving_truth):
    found = bf.prior_predict(moving_truth.panel, moving_model(), draws=50)
    still = bf.prior_predict(moving_truth.panel, moving_model(residuals=False, factors=False, loadings=False), draws=50)
    xr.testing.assert_allclose(found.draws, still.draws)


@pytest.mark.parametrize("what", ["predictive", "rank", "energy"])
def test_pictures_of_checks_are_drawn(moving_fit, what):
    assert bf.plot_check(moving_fit, what).axes
