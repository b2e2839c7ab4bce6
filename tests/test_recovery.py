"""Exact draws given theta, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.density.problem import pose
from bayesfactor.diagnostics import statistic
from bayesfactor.priors import HalfNormalRate, InverseWishart, Normal, NormalRate, Rate
from bayesfactor.recovery import _inverse_wishart
from bayesfactor.spec import FactorLaw, FreeAlpha, ShrunkAlpha, ZeroAlpha
from bayesfactor.statistics import regressors
from bayesfactor.translation import translate
from tests.panels import make_panel

MANY = 8_000
ALPHAS = {
    "shrunk": ShrunkAlpha(HalfNormalRate(Rate(5.0))),
    "free": FreeAlpha(NormalRate(Rate(1.0), Rate(20.0))),
    "zero": ZeroAlpha(),
}


def closed_form(panel, model, problem, theta, i):
    """Return mean and covariance of (alpha, beta) of asset i given theta: P^-1 b and P^-1, P = D^-2 + X'X / s^2."""
    numbers, flat = translate(panel, model), theta[None]
    mean, premium = problem.means(flat)
    shift = np.where([f.traded for f in panel.factor_info], 0.0, premium[0] - mean[0])
    sigma = np.exp(problem.scales(flat)[2][0, i])
    group = panel.group_names.index(panel.groups.values[i])
    m, a = problem.block(flat, "loading_mean_z"), problem.block(flat, "alpha_scale_z")
    where, spread = 0.0, numbers.loading_sd
    if m is not None:
        where, spread = m[0, group], numbers.loading_spread * problem.block(flat, "loading_scale_z")[0]
    centre = np.r_[numbers.alpha_loc, numbers.loading_loc + numbers.loading_sd * where]
    width = np.r_[numbers.alpha_sd * (1.0 if a is None else a[0]), spread]
    _, y, x = regressors(panel, i)
    x = x + np.r_[0.0, shift]
    if width[0] == 0:
        x, centre, width = x[:, 1:], centre[1:], width[1:]
    precision = np.diag(width**-2.0) + x.T @ x / sigma**2
    covariance = np.linalg.inv(precision)
    return covariance @ (centre / width**2 + x.T @ y / sigma**2), covariance


@pytest.mark.parametrize("preset", ["hierarchical", "unpooled"])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_coefficients_given_theta_have_their_closed_form(preset, alpha):
    """Whitened by the closed form, they are standard normal: mean 0 and covariance I within Monte Carlo error."""
    panel = make_panel(assets=5, traded=1, other=2, periods=40, shortest=3, seed=6, groups=2)
    model = replace(bf.read_model(preset), alpha=ALPHAS[alpha])
    problem = pose(panel, model)
    theta = 0.7 * np.random.default_rng(3).normal(size=problem.size)
    draws = problem.coefficients(np.tile(theta, (MANY, 1)), 5, np.random.default_rng(1))
    if alpha == "zero":
        assert (draws[:, :, 0] == 0).all()
        draws = draws[:, :, 1:]
    for i in range(5):
        mean, covariance = closed_form(panel, model, problem, theta, i)
        white = np.linalg.solve(np.linalg.cholesky(covariance), (draws[:, i] - mean).T)
        assert np.abs(white.mean(axis=1)).max() < 4.5 / MANY**0.5
        error = np.sqrt((1 + np.eye(len(mean))) / MANY)  # of covariances of standard normals
        assert (np.abs(white @ white.T / MANY - np.eye(len(mean))) < 4.5 * error).all()
    across = np.corrcoef(draws[:, :, 1].T) - np.eye(5)
    assert np.abs(across).max() < 4.5 / MANY**0.5  # assets are independent given theta


def test_inverse_wishart_draws_have_their_moments():
    """E[Omega] = Psi / (nu - k - 1), and each diagonal element is inverse gamma."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3)) * np.array([1.0, 10.0, 0.1])[:, None]
    scale, dof = root @ root.T, 12.0
    draws = _inverse_wishart(np.broadcast_to(scale, (MANY, 3, 3)), dof, rng)
    error = draws.std(axis=0) / MANY**0.5
    assert (np.abs(draws.mean(axis=0) - scale / (dof - 4)) < 4.5 * error).all()
    for j in range(3):
        law = stats.invgamma((dof - 2) / 2, scale=scale[j, j] / 2)
        assert stats.kstest(draws[:, j, j], law.cdf).pvalue > 1e-3
    precision = np.linalg.inv(draws)
    error = precision.std(axis=0) / MANY**0.5
    assert (np.abs(precision.mean(axis=0) - dof * np.linalg.inv(scale)) < 4.5 * error).all()


def test_one_inverse_wishart_draw_for_each_scale():
    scales = np.array([np.eye(2), 100.0 * np.eye(2)]).repeat(500, axis=0)
    draws = _inverse_wishart(scales, 50.0, np.random.default_rng(0))
    means = draws.reshape(2, 500, 2, 2).mean(axis=1)
    np.testing.assert_allclose(means[1] / 100, means[0], atol=0.004)
    np.testing.assert_allclose(means[0], np.eye(2) / 47, atol=0.004)


def test_means_and_covariance_of_traded_factors_are_conjugate():
    """Under a wide prior mu | f ~ t_nu(mean, S / (n nu)), nu = prior's dof + n - k; E[Omega] follows from it."""
    panel = make_panel(assets=4, traded=2, other=0, periods=30, seed=7)
    law = FactorLaw(premium=(("default", Normal(0.0, 1000.0)),), covariance=InverseWishart(2.0))
    sampler = bf.Sampler(draws=1500, tune=500, progress=False)
    posterior = bf.fit(panel, replace(bf.FactorModel(), factors=law), sampler).posterior
    values = panel.factors.values
    n, k, s = 30, 2, np.cov(values.T, ddof=1)
    scatter = 29 * s + np.diag(2.0 * np.diag(s))
    nu = (2 + k + 1) + n - k
    variance = scatter / (n * (nu - 2))
    away = posterior["factor_mean"] - values.mean(axis=0)
    assert (np.abs(away.mean(("chain", "draw"))) < 4.5 * statistic(away, "mcse", method="mean")).all()
    for i, j in ((0, 0), (1, 1), (0, 1)):
        product = away[:, :, i] * away[:, :, j]
        assert abs(float(product.mean()) - variance[i, j]) < 4.5 * statistic(product, "mcse", method="mean")
    omega = (scatter + n * variance) / (2 + k + 1 + n - k - 1)
    found = posterior["factor_cov"]
    error = statistic(found, "mcse", method="mean")
    assert (np.abs(found.mean(("chain", "draw")).values - omega) < 4.5 * error).all()
