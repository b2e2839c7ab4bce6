"""The walk forward: laws against other ways to compute them, and verdicts on laws that are right and wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayesfactor as bf
from bayesfactor.data.datasets.french import french_monthly
from benchmarks.truth.densities import log_mean_exp, normal_factors, student_factors
from benchmarks.truth.laws import DrawsLaw, NormalLaw
from benchmarks.truth.panels import Case, Dates
from benchmarks.truth.peers import ledoit_wolf, shrunk
from benchmarks.truth.portfolios import long_only, minimum_variance, residual
from benchmarks.truth.verdicts import thirds, wide
from benchmarks.truth.walk import averages, predictive, walk, walk_peer
from tests.support.panels import make_panel

ASSETS, SEED = 5, 3


def a_law(draws=40, factors=2, dof=None, seed=SEED, residual_factors=0):
    rng = np.random.default_rng(seed)
    root = 0.02 * rng.normal(size=(draws, factors, factors)) / factors
    return DrawsLaw(
        tuple("abcde"),
        0.001 * rng.normal(size=(draws, ASSETS)),
        1 + 0.3 * rng.normal(size=(draws, ASSETS, factors)),
        0.001 * rng.normal(size=(draws, factors)),
        root @ np.swapaxes(root, 1, 2) + 1e-4 * np.eye(factors),
        0.02 * np.exp(0.2 * rng.normal(size=(draws, ASSETS))),
        None if dof is None else np.full(draws, dof),
        common=0.02 * rng.normal(size=(draws, ASSETS, residual_factors)) if residual_factors else None,
    )


def test_the_joint_density_is_scipys():
    law = a_law()
    away = 0.03 * np.random.default_rng(1).normal(size=(40, ASSETS))
    found = normal_factors(away, law.loading, law.factor_cov, law.sd)
    for d in range(40):
        whole = law.loading[d] @ law.factor_cov[d] @ law.loading[d].T + np.diag(law.sd[d] ** 2)
        assert found[d] == pytest.approx(stats.multivariate_normal(cov=whole).logpdf(away[d]), rel=1e-10)


def test_heavy_tails_are_integrated_over_the_factor():
    """One factor: quadrature. Proposals of one draw differ; their mean over many copies of the draw does not."""
    law, returns, copies, dof = a_law(1, 1, 4.0), np.array([0.05, -0.02, 0.2, 0.0, 0.01]), 4000, 4.0
    sd, b, var = law.sd[0], law.loading[0, :, 0], law.factor_cov[0, 0, 0]
    away = returns - law.mean[0]

    def density(g):
        scale = sd * np.sqrt((dof - 2) / dof)
        return np.exp(stats.t(dof, scale=scale).logpdf(away - b * g).sum() + stats.norm(scale=var**0.5).logpdf(g))

    wanted = integrate.quad(density, -0.3, 0.3, points=[0.0, 0.02, 0.05], limit=400)[0]
    many = [np.repeat(part, copies, axis=0) for part in (away[None], law.loading, law.factor_cov, law.sd)]
    terms = student_factors(*many, np.full(copies, dof), np.random.default_rng(2))
    error = np.std(np.exp(terms)) / terms.size**0.5
    assert abs(np.exp(log_mean_exp(terms)) - wanted) < 4 * error
    assert error < 0.01 * wanted


def test_next_to_normal_tails_are_normal():
    normal, heavy = a_law(), a_law(dof=1e5)
    returns = 0.02 * np.random.default_rng(4).normal(size=ASSETS)
    away = returns - normal.mean
    wanted = np.exp(normal_factors(away, normal.loading, normal.factor_cov, normal.sd)).mean()
    many = [np.repeat(part, 100, axis=0) for part in (away, heavy.loading, heavy.factor_cov, heavy.sd, heavy.dof)]
    each = np.exp(student_factors(*many, np.random.default_rng(5))).reshape(-1, 40, 100)
    error = each.std(axis=(0, 2)) / (each.size / 40) ** 0.5
    assert abs(each.mean() - wanted) < 4 * np.linalg.norm(error) / 40
    np.testing.assert_allclose(normal.below(np.eye(5), returns), heavy.below(np.eye(5), returns), atol=2e-3)


@pytest.mark.parametrize("dof", [None, 1e5])
def test_residual_factors_are_factors_that_nobody_sees(dof):
    """Given all factors of a law, its density is that of residual factors alone; without, that of both together."""
    law, rng = a_law(residual_factors=2, dof=dof), np.random.default_rng(1)
    returns, factors = 0.03 * rng.normal(size=ASSETS), 0.02 * rng.normal(size=2)
    shared = law.common @ law.common.swapaxes(1, 2) + np.eye(ASSETS) * law.sd[:, None] ** 2
    whole = law.loading @ law.factor_cov @ law.loading.swapaxes(1, 2) + shared
    given = law.mean + np.einsum("dik,dk->di", law.loading, factors - law.factor_mean)
    for mean, cov, found in (
        (law.mean, whole, law.log_score(returns, rng)),
        (given, shared, law.log_score_given(factors, returns, rng)),
    ):
        each = [stats.multivariate_normal(m, c).logpdf(returns) for m, c in zip(mean, cov, strict=True)]
        assert found == pytest.approx(log_mean_exp(np.array(each)), abs=1e-10 if dof is None else 0.05)
    few = law.of(np.array([True, True, False, False, True]))
    np.testing.assert_allclose(few.covariance, law.covariance[np.ix_([0, 1, 4], [0, 1, 4])])


@pytest.mark.parametrize("residual_factors", [0, 2])
@pytest.mark.parametrize("dof", [None, 4.0])
def test_probabilities_are_those_of_simulated_returns(dof, residual_factors):
    law, rng, copies = a_law(400, dof=dof, residual_factors=residual_factors), np.random.default_rng(6), 500
    f = np.einsum("dkl,cdl->cdk", np.linalg.cholesky(law.factor_cov), rng.normal(size=(copies, 400, 2)))
    e = rng.normal(size=(copies, 400, ASSETS)) if dof is None else rng.standard_t(dof, (copies, 400, ASSETS)) / 2**0.5
    sample = law.mean + np.einsum("dik,cdk->cdi", law.loading, f) + law.sd * e
    if residual_factors:
        sample += np.einsum("diq,cdq->cdi", law.common, rng.normal(size=(copies, 400, residual_factors)))
    weights, returns = np.vstack([np.eye(ASSETS), np.full(ASSETS, 0.2)]), np.full(ASSETS, 0.03)
    wanted = (sample @ weights.T <= weights @ returns).mean(axis=(0, 1))
    np.testing.assert_allclose(law.below(weights, returns), wanted, atol=6e-3)
    np.testing.assert_allclose(law.covariance, np.cov(sample.reshape(-1, ASSETS).T), atol=4e-5)


def test_shrinkage_is_that_of_scikit_learn():
    """LedoitWolf of scikit-learn 1.9.1 on the same twelve rows."""
    x = np.sin(np.arange(12.0)[:, None] * np.array([1, 2, 3, 5])) * np.array([1, 2, 1, 0.5])
    found = ledoit_wolf(x)
    np.testing.assert_allclose(found[0], [0.57556235494949, -0.05542592190530, -0.02911557984206, 0.01380219199047])
    np.testing.assert_allclose(np.diag(found)[1:], [1.46894524641895, 0.57230578840440, 0.32158806748119])


def test_portfolios():
    here, rng = np.array([True, False, True, True, True]), np.random.default_rng(0)
    loading = rng.normal(size=(5, 2))
    np.testing.assert_allclose(long_only(here).sum(axis=1), 1.0)
    weights = residual(loading, here)
    np.testing.assert_allclose(weights @ loading[here], 0.0, atol=1e-14)
    np.testing.assert_allclose(np.abs(weights).sum(axis=1), 2.0)
    covariance = np.diag([1.0, 2.0, 4.0])
    np.testing.assert_allclose(minimum_variance(covariance), [[4 / 7, 2 / 7, 1 / 7]])


@pytest.fixture(scope="module")
def a_case():
    panel = make_panel(assets=12, traded=1, other=1, periods=900, seed=4)
    return Case("simulated", panel, Dates(300, 50, 50), Dates(300, 50, 2), 100, 104, 26)


def the_truth(panel, factor):
    """Return a peer that knows the covariance of the whole panel, too narrow or wide by a factor."""
    whole = factor * np.cov(panel.returns.values.T)
    mean = panel.returns.values.mean(axis=0)

    def predict(panel, judged, start, assets):
        yield from (NormalLaw(assets, mean, whole) for _ in judged)

    return predict


@pytest.mark.parametrize(("factor", "right"), [(1.0, True), (0.5, False), (2.0, False)])
def test_verdicts_tell_right_laws_from_wrong_ones(a_case, factor, right):
    own = walk_peer(a_case, a_case.wide, the_truth(a_case.panel, factor))
    found = [*wide(a_case, own, {"peer": walk_peer(a_case, a_case.wide, shrunk())})]
    assert len(found) == 10
    passed = [line.passed for line in found]
    assert all(passed) if right else not all(passed)
    shares = [line for line in found if line.name.startswith("90 %")]
    assert {line.passed for line in shares} == {right}


def test_times_are_calm_by_what_came_before(a_case):
    values = a_case.panel.returns.values.copy()
    values[600:] *= 5
    case = replace(a_case, panel=replace(a_case.panel, returns=a_case.panel.returns.copy(data=values)))
    third = thirds(case, pd.Series([320, 400, 599, 600, 650, 700, 800, 810, 820]))
    assert third.value_counts().tolist() == [3, 3, 3]
    assert (third[[6, 7, 8]] > 0).all()
    assert third[3] < 2  # nothing before row 600 was turbulent


@pytest.fixture(scope="module")
def months():
    panel = french_monthly().panel()
    return Case("portfolios", panel, Dates(240, 192, 24), Dates(240, 192, 2), 36, 120, 36)


@pytest.fixture(scope="module")
def a_walk(months):
    return walk(months, months.wide, "static")


def test_a_law_of_a_fit_has_its_moments(months):
    """Mean and covariance, of the first date and of one that newer rows bring nearer."""
    known = months.panel.select(months.panel.assets[:6])
    (first,) = bf.rolling(known, 240, step=len(known.times), past=True).values()
    fit = bf.fit(first, "static", bf.Sampler(draws=100, chains=2, seed=2, progress=False))
    for row, law in zip((240, 250), predictive(fit, months.panel, (240, 250)), strict=True):
        (longer,) = bf.rolling(known, row, step=len(known.times), past=True).values()
        wanted = bf.moments(fit, after=longer)
        np.testing.assert_allclose(law.mean.mean(axis=0), wanted.mean, rtol=1e-9)
        np.testing.assert_allclose(law.covariance, wanted.covariance, rtol=5e-2, atol=1e-9)


def test_the_walk_judges_every_date_once(months, a_walk):
    rows = [row for start in months.wide.fits(months.panel) for row in range(start, start + 24)]
    assert a_walk.scores["row"].tolist() == rows
    assets = a_walk.held[a_walk.held["kind"] == "assets"]
    assert len(assets) == len(rows) * len(months.panel.assets)
    assert assets["below"].between(0, 1).all()
    assert a_walk.loadings.groupby(["fit", "factor"]).size().unique().tolist() == [len(months.panel.assets)]


def test_a_loading_that_moves_is_judged_by_its_average(months):
    """Against paths drawn period by period."""
    fit = bf.fit(months.panel.select(months.panel.assets[:3]), "capm", bf.Sampler(draws=50, chains=2, progress=False))
    still, none = averages(fit, 36)
    assert none == 0.0
    assert still.shape == (100, 3, 1)
    draws = fit.posterior
    one = draws["residual_sd"].isel(asset=0, drop=True)
    moving = draws.assign(
        loading_long_run=draws["loading"] - 0.5, loading_move=0.3 + 0 * one, loading_memory=12.0 + 0 * one
    )
    data = fit.data.copy()
    data["posterior"] = data["posterior"].copy()
    data["posterior"].dataset = moving
    mean, sd = averages(replace(fit, data=data), 36)
    phi, rng = 2 ** (-1 / 12), np.random.default_rng(1)
    s = 0.3 * draws["residual_sd"].values.reshape(-1, 3)[0, 0] / float(fit.panel.factors.std("time").values[0])
    v = np.full(20_000, 0.5)
    total = v.copy()
    for _ in range(35):
        v = phi * v + np.sqrt(1 - phi**2) * s * rng.normal(size=v.size)
        total += v
    wanted = total / 36
    assert mean[0, 0, 0] - (still[0, 0, 0] - 0.5) == pytest.approx(wanted.mean(), abs=4 * wanted.std() / v.size**0.5)
    assert sd[0, 0, 0] == pytest.approx(wanted.std(), rel=0.03)
