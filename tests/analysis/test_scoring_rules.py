"""Scores against another program's numbers, against sums over all pairs, and against numerical integration."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from bayesfactor.analysis.comparison.one_step import OneStep
from bayesfactor.analysis.comparison.scoring_rules import (
    crps_of_mixture,
    crps_of_sample,
    distance,
    energy_score,
    equal,
    log_density,
    probability,
    spread,
)
from bayesfactor.analysis.comparison.tail_nodes import tail_nodes
from bayesfactor.posterior.predictive_law import law_of
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


def crps(observed, mean, sd):
    mean, sd = np.asarray(mean, dtype=float), np.asarray(sd, dtype=float)
    return crps_of_mixture(observed, mean, sd, equal(mean), spread(mean, sd, None))


def test_numbers_of_scoringrules():
    """Version 0.11.0: crps_normal, crps_mixnorm, crps_ensemble with estimators nrg and fair, logs_normal."""
    assert crps(-0.02, [0.01], [0.05]) == pytest.approx(0.018657794046787742, rel=1e-12)
    assert crps(-0.02, [0.01, 0.02], [0.05, 0.04]) == pytest.approx(0.0211441599, rel=1e-8)
    assert log_density(-0.02, np.array([0.01]), np.array([0.05]), np.ones(1)) == pytest.approx(
        1.8967937403493182, rel=1e-12
    )
    sample = np.random.default_rng(0).standard_t(4, 200) * 0.03 + 0.01
    assert crps_of_sample(-0.02, sample) == pytest.approx(0.017424218372118765, rel=1e-12)
    assert crps_of_sample(-0.02, sample, fair=True) == pytest.approx(0.01731932256600576, rel=1e-12)


def test_a_student_t_as_a_mixture_of_normals():
    """Of 5 degrees of freedom, scale .05: crps .0194515186, log-density 1.8185344966 (scoringrules)."""
    scale, weight = (part[:, 0] for part in tail_nodes(np.array([5.0])))
    sd, mean = 0.05 * np.sqrt(5 / 3 * scale), np.full(len(scale), 0.01)
    assert log_density(-0.02, mean, sd, weight) == pytest.approx(1.818534496553436, rel=1e-5)
    pairs = distance(0 * sd, np.hypot(sd[:, None], sd[None]))
    assert crps_of_mixture(-0.02, mean, sd, weight, weight @ pairs @ weight) == pytest.approx(0.0194515186, rel=1e-4)


@pytest.mark.parametrize("dof", [2.1, 3.0, 5.0, 12.0, 60.0])
def test_tails_are_those_of_the_student_t(dof):
    """To 12 standard deviations, of a variance that is 1 but for what lies beyond."""
    scale, weight = (part[:, 0] for part in tail_nodes(np.array([dof])))
    for y in (0.0, 1.0, 4.0, 12.0 if dof < 6 else 7.0):
        wanted = stats.t.logpdf(y, dof, 0, np.sqrt((dof - 2) / dof))
        assert log_density(y, 0 * scale, np.sqrt(scale), weight) == pytest.approx(wanted, abs=0.02)


def test_a_normal_law_has_one_scale():
    scale, weight = tail_nodes(np.full(3, np.inf))
    assert scale.tolist() == weight.tolist() == [[1.0, 1.0, 1.0]]


def test_a_walk_of_the_expanding_mean(shared_data):
    """25 French portfolios, 240 months: numbers of scoringrules, to every digit that was kept."""
    data = pd.read_csv(shared_data / "french_monthly.csv.gz", index_col=0, parse_dates=True).loc["1990":"2019"]
    returns = data.filter(like="P25_").sub(data["RF"], axis=0).to_numpy()
    scores = {"crps": [], "log": [], "cover": []}
    for t in range(120, 360):
        mean, sd = returns[:t].mean(0)[None], returns[:t].std(0, ddof=1)[None] * np.sqrt(1 + 1 / t)
        scores["crps"].append(crps(returns[t], mean, sd))
        scores["log"].append(log_density(returns[t], mean, sd, np.ones(1)))
        scores["cover"].append(np.abs(probability(returns[t], mean, sd, np.ones(1)) - 0.5) <= 0.45)
    found = {name: np.mean(values) for name, values in scores.items()}
    wanted = {"crps": 0.031365248652469396, "log": 1.437863965291895, "cover": 0.8898333333333334}
    assert found == pytest.approx(wanted, rel=1e-12)


def test_crps_is_the_integral_of_the_squared_distance():
    rng = np.random.default_rng(1)
    mean, sd = rng.normal(0, 1, 7), rng.uniform(0.5, 2, 7)

    def gap(x):
        return (stats.norm.cdf(x, mean, sd).mean() - (x >= 0.7)) ** 2

    wanted = sum(integrate.quad(gap, *ends)[0] for ends in ((-15, 0.7), (0.7, 15)))
    assert crps(0.7, mean, sd) == pytest.approx(wanted, rel=1e-8)


def test_some_pairs_are_nearly_all_pairs():
    rng = np.random.default_rng(1)
    mean, sd = rng.normal(0, 0.3, 500), rng.uniform(0.9, 1.1, 500)
    assert spread(mean, sd) == pytest.approx(float(spread(mean, sd, None)), rel=5e-3)
    sample = rng.normal(size=(600, 5)) * [1, 2, 3, 1, 1]
    apart = np.linalg.norm(sample[:, None] - sample[None], axis=2).sum() / (600 * 599)
    wanted = np.linalg.norm(sample - 1, axis=1).mean() - apart / 2
    assert energy_score(np.ones(5), sample, shifts=300) == pytest.approx(wanted, rel=5e-3)


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=80, seed=7)


def step(panel, **choices):
    fit_like = synthetic_draws(panel, chains=1, **choices)
    return OneStep(law_of(Facts(panel), fit_like), np.random.default_rng(0))


class Facts:
    """As much of a fit as a law of draws that do not move asks for."""

    movement = None

    def __init__(self, panel):
        self.panel = panel


@pytest.mark.parametrize("common", [0, 2])
def test_a_normal_law_has_its_densities(panel, common):
    found = step(panel, draws=6, common=common)
    law, r, f, w = (
        found.law,
        np.array([0.01, -0.02, np.nan, 0.005]),
        np.array([0.012, -0.004]),
        np.array([[0.5, 0.5, 0, 0]]),
    )
    cov = law.loading @ law.cov @ law.loading.swapaxes(1, 2) + law.common @ law.common.swapaxes(1, 2)
    cov = cov + np.einsum("si,ij->sij", law.sd**2, np.eye(4))
    seen = [0, 1, 3]
    joint = [
        stats.multivariate_normal(m[seen], c[np.ix_(seen, seen)]).pdf(r[seen])
        for m, c in zip(law.mean, cov, strict=True)
    ]
    assert found.joint_normal(r) == pytest.approx(np.log(np.mean(joint)), rel=1e-10)
    given = cov - law.loading @ law.cov @ law.loading.swapaxes(1, 2)
    centre = law.mean + np.einsum("sik,sk->si", law.loading, f - law.factor_mean)
    joint = [
        stats.multivariate_normal(m[seen], c[np.ix_(seen, seen)]).pdf(r[seen])
        for m, c in zip(centre, given, strict=True)
    ]
    assert found.joint_given_factors(r, f) == pytest.approx(np.log(np.mean(joint)), rel=1e-10)
    assets, portfolio, together = found.judge(r, r[:2].mean(keepdims=True), f, w)
    single = stats.norm.pdf(r, law.mean, np.sqrt(np.einsum("sii->si", cov)))
    np.testing.assert_allclose(assets.log_score, np.log(single.mean(0)), rtol=1e-10)
    assert np.isnan(assets.log_score[2])
    one = stats.norm(law.mean @ w[0], np.sqrt(np.einsum("i,sij,j->s", w[0], cov, w[0])))
    assert portfolio.log_score[0] == pytest.approx(np.log(one.pdf(r[:2].mean()).mean()), rel=1e-10)
    assert portfolio.pit[0] == pytest.approx(one.cdf(r[:2].mean()).mean(), rel=1e-10)
    assert portfolio.mean[0] == pytest.approx(float((law.mean @ w[0]).mean()))
    assert together.log_score_normal == found.joint_normal(r)


def test_a_student_law_has_its_densities(panel):
    """Given the factors in closed form; of single returns by integrating over the factors."""
    found = step(panel, draws=400, doubt=0.0, dof=4.5)
    law, r, f = found.law, np.array([0.01, -0.08, 0.03, 0.005]), np.array([0.012, -0.004])
    nu = law.dof[0]
    assert nu == 4.5
    scale = law.sd[0] * np.sqrt((nu - 2) / nu)
    centre = law.mean[0] + law.loading[0] @ (f - law.factor_mean[0])
    assert found.joint_given_factors(r, f) == pytest.approx(stats.t.logpdf(r, nu, centre, scale).sum(), rel=1e-10)
    shared = np.sqrt(np.diag(law.loading[0] @ law.cov[0] @ law.loading[0].T))
    scored = found.of_assets(r)
    for i in range(4):

        def joint(x, i=i):
            return stats.norm.pdf(x, 0, shared[i]) * stats.t.pdf(r[i] - law.mean[0, i] - x, nu, 0, scale[i])

        wanted = np.log(integrate.quad(joint, -8 * shared[i], 8 * shared[i])[0])
        assert scored.log_score[i] == pytest.approx(wanted, abs=0.002)
    np.testing.assert_allclose(scored.sd, np.sqrt(shared**2 + law.sd[0] ** 2), rtol=0.01)


def test_residual_factors_and_tails_together(panel):
    """By simulation of what is common; of no residual factor the closed form."""
    r, f = np.array([0.01, -0.02, 0.03, 0.005]), np.array([0.012, -0.004])
    found = step(panel, draws=2000, doubt=0.0, dof=4.5, common=1)
    law = found.law
    scale = law.sd[0] * np.sqrt(2.5 / 4.5)
    centre = law.mean[0] + law.loading[0] @ (f - law.factor_mean[0])

    def joint(z):
        return stats.norm.pdf(z) * stats.t.pdf(r - centre - law.common[0, :, 0] * z, 4.5, 0, scale).prod()

    assert found.joint_given_factors(r, f) == pytest.approx(np.log(integrate.quad(joint, -8, 8)[0]), abs=0.02)
