"""Checks of a fit whose returns are weighted: on right models they pass, and what they cannot see they say."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.assessment.residual_checks import shapes
from bayesfactor.analysis.assessment.residual_correlations import residual_correlations
from bayesfactor.spec.units import PanelUnits
from tests.support.panels import make_panel

SAMPLER = bf.Sampler(draws=300, chains=2, seed=5, progress=False)


def halving(months):
    return bf.FactorModel(observation=bf.HalfLife(bf.Duration(months, "months")))


def monthly(returns_sd, begins, periods=240, seed=0):
    """Return a monthly panel of one factor, assets of these residual standard deviations and first months."""
    panel = make_panel(assets=len(returns_sd), traded=1, other=0, periods=periods, groups=1, seed=seed, year=12)
    rng = np.random.default_rng(seed)
    values = panel.factors.values + np.asarray(returns_sd) * rng.normal(size=(periods, len(returns_sd)))
    values[np.arange(periods)[:, None] < np.asarray(begins)] = np.nan
    return replace(panel, returns=panel.returns.copy(data=values))


def test_the_typical_asset_is_chosen_by_what_was_observed():
    """One wild asset has the longest history; under a half-life of half a year it is not the only one that counts."""
    panel = monthly([0.3] + [0.03] * 20, [0] + [60] * 20)
    found = {}
    for months in (None, 24, 6):
        model = bf.FactorModel() if months is None else halving(months)
        found[months] = PanelUnits(model.design(panel), model.noise, "").typical_sd
    assert max(found.values()) < 1.3 * min(found.values())


def test_residual_scales_of_weighted_regressions_are_unbiased():
    """Mean of s^2 over 400 assets is sigma^2 within Monte Carlo error, whatever the half-life."""
    panel = monthly([0.03] * 400, [0] * 400, periods=120, seed=1)
    for months in (6, 12, 60):
        model = halving(months)
        square = model.noise.first_scale(model.design(panel)) ** 2
        assert abs(square.mean() - 0.03**2) < 4 * square.std() / 20


@pytest.fixture(scope="module")
def ended():
    """Four of twelve assets, with other loadings, ended ten half-lives ago; the last one copies another."""
    panel = make_panel(assets=12, traded=1, other=0, periods=240, groups=1, seed=4, year=12)
    rng, beta = np.random.default_rng(4), np.r_[np.full(4, 3.0), np.ones(8)]
    values = panel.factors.values * beta + 0.03 * rng.normal(size=(240, 12))
    values[120:, :4] = np.nan
    values[:, 11] = values[:, 10] + 1e-5 * rng.normal(size=240)  # a copy
    return bf.fit(replace(panel, returns=panel.returns.copy(data=values)), halving(12), SAMPLER)


def test_assets_whose_returns_hardly_count_fail_no_check(ended):
    report = bf.check(ended)
    failed = [check.name for check in report.checks if check.passed is False]
    assert not [name for name in failed if name.startswith(("variance", "means", "tails"))]
    assert (report.assets["effective"].iloc[:4] < 0.1).all()
    assert (report.assets["periods"].iloc[:4] == 120).all()
    assert shapes(ended)["prob_tails"].iloc[:4].isna().all()


def test_copies_are_found_under_a_half_life(ended):
    """And pairs count the dates that they have in common."""
    found = residual_correlations(ended)
    first = found.pairs.iloc[0]
    assert {first["asset"], first["other"]} == {"a10", "a11"}
    assert first["periods"] == 240
    assert not bool(bf.check(ended).table.loc["residuals: largest correlation of two", "passed"])


def test_no_evidence_is_offered(ended):
    with pytest.raises(bf.SpecError, match="a weighted likelihood is not that of the data"):
        ended.with_log_likelihood()


def test_who_reads_is_told_that_returns_are_weighted(ended, tmp_path):
    said = "one counts half as much as one that is 12.0 months younger"
    assert any(said in note for note in bf.attribute(ended, "premium", allow_unconverged=True).notes)
    path = bf.write_report(ended, tmp_path / "report.md")
    assert said in path.read_text(encoding="utf-8")
