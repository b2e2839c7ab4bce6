"""Exact draws given theta, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesfactor as bf
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.posterior.storage.zarr import DRAWS
from bayesfactor.sampling.kernel_engine import KernelTheta
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.sampling.kernels.stratified import CHUNK, STRATA, stratified_normals
from bayesfactor.sampling.recovery import recover
from bayesfactor.spec.alphas import FreeAlpha, ShrunkAlpha, ZeroAlpha
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.priors import HalfNormalRate, InverseWishart, Normal, NormalRate, Rate
from tests.support.panels import make_panel
from tests.support.scaled import half_normal, priors_of

MANY = 8_000
ALPHAS = {
    "shrunk": ShrunkAlpha(HalfNormalRate(Rate(5.0))),
    "free": FreeAlpha(NormalRate(Rate(1.0), Rate(20.0))),
    "zero": ZeroAlpha(),
}


def closed_form(panel, model, problem, theta, i):
    """Return mean and covariance of (alpha, beta) of asset i given theta: P^-1 b and P^-1, P = D^-2 + X'X / s^2."""
    numbers, flat = priors_of(panel, model), theta[None]
    mean, premium = problem.means(flat)
    shift = np.where([f.traded for f in panel.factor_info], 0.0, premium[0] - mean[0])
    sigma = np.exp(problem.scales(flat)[2][0, i])
    group = panel.group_names.index(panel.groups.values[i])
    m, a = problem.block(flat, "loading_mean_z"), problem.block(flat, "alpha_scale_z")
    where, spread = 0.0, numbers.loadings.sd
    if m is not None:
        where, spread = m[0, group], numbers.loadings.spread * half_normal(problem.block(flat, "loading_scale_z")[0])
    centre = np.r_[numbers.alpha.loc, numbers.loadings.loc + numbers.loadings.sd * where]
    width = np.r_[numbers.alpha.sd * (1.0 if a is None else half_normal(a[0])), spread]
    _, y, x = regressors(panel, i)
    x = x + np.r_[0.0, shift]
    if width[0] == 0:
        x, centre, width = x[:, 1:], centre[1:], width[1:]
    precision = np.diag(width**-2.0) + x.T @ x / sigma**2
    covariance = np.linalg.inv(precision)
    return covariance @ (centre / width**2 + x.T @ y / sigma**2), covariance


def assert_average(values, wanted):
    """Averages over the last axis are as wanted; errors from means of blocks of four, within which draws depend."""
    blocks = values.reshape(*values.shape[:-1], -1, 4).mean(axis=-1)
    error = blocks.std(axis=-1) / blocks.shape[-1] ** 0.5
    assert (np.abs(values.mean(axis=-1) - wanted) < 4.5 * error).all()


@pytest.mark.parametrize("preset", ["static", "unpooled"])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_coefficients_given_theta_have_their_closed_form(preset, alpha):
    """Whitened by the closed form, they are standard normal: mean 0 and covariance I within Monte Carlo error."""
    panel = make_panel(assets=5, traded=1, other=2, periods=40, shortest=3, seed=6, groups=2)
    model = replace(bf.read_model(preset), alpha=ALPHAS[alpha])
    problem = prepare(panel, model)
    theta = 0.7 * np.random.default_rng(3).normal(size=problem.size)
    draws = problem.coefficients(np.tile(theta, (MANY, 1)), 5, np.random.default_rng(1))
    if alpha == "zero":
        assert (draws[:, :, 0] == 0).all()
        draws = draws[:, :, 1:]
    for i in range(5):
        mean, covariance = closed_form(panel, model, problem, theta, i)
        white = np.linalg.solve(np.linalg.cholesky(covariance), (draws[:, i] - mean).T)
        assert_average(white, 0.0)
        assert_average(white[:, None] * white[None], np.eye(len(mean)))
    first = draws[:, :, 1].T - draws[:, :, 1].mean(axis=0)[:, None]
    first /= first.std(axis=1, keepdims=True)
    pairs = np.triu_indices(5, 1)
    assert_average(first[pairs[0]] * first[pairs[1]], 0.0)  # assets are independent given theta


def covariances(panel, model, away, draws, seed=0):
    """Return means of factors and draws of Omega given them, `away` of their units from where they start."""
    problem = prepare(panel, model)
    theta = np.zeros((1, draws, problem.size))
    problem.block(theta, "factor_mean_z")[:] = away
    found = recover(KernelTheta(problem, theta), seed)[0]
    return found["factor_mean"].values[0], found["factor_cov"].values[0]


def factors_only(periods, spread, seed=0):
    """Return a panel whose correlated factors have these standard deviations, and its factors as an array."""
    panel, k = make_panel(assets=1, traded=len(spread), other=0, periods=periods, seed=seed), len(spread)
    mix = np.random.default_rng(seed).normal(size=(k, k)) * np.array(spread)
    values = panel.factors.values @ mix
    return replace(panel, factors=panel.factors.copy(data=values)), values


def posterior_law(panel, model, values, mean):
    """Return scale and degrees of freedom of p(Omega | mu, factors), an inverse Wishart law."""
    numbers, away = priors_of(panel, model), values - mean
    return np.diag(numbers.factors.covariance_scale) + away.T @ away, numbers.factors.covariance_dof + len(values)


def test_covariances_given_the_means_are_inverse_wishart():
    """E[Omega] = Psi / (nu - k - 1), and each diagonal element is inverse gamma."""
    (panel, values), model = factors_only(6, (1.0, 10.0, 0.1)), bf.FactorModel()
    mean, draws = covariances(panel, model, 0.3, MANY)
    scale, dof = posterior_law(panel, model, values, mean[0])
    assert dof < 14
    error = draws.std(axis=0) / MANY**0.5
    assert (mean == mean[0]).all()
    assert (np.abs(draws.mean(axis=0) - scale / (dof - 4)) < 4.5 * error).all()
    for j in range(3):
        law = stats.invgamma((dof - 2) / 2, scale=scale[j, j] / 2)
        assert stats.kstest(draws[:, j, j], law.cdf).pvalue > 1e-3
    precision = np.linalg.inv(draws)
    error = precision.std(axis=0) / MANY**0.5
    assert (np.abs(precision.mean(axis=0) - dof * np.linalg.inv(scale)) < 4.5 * error).all()


def test_one_covariance_for_each_draw_of_the_means():
    """Means where the factors are and means far from there: their scales are a hundred times apart."""
    (panel, values), model = factors_only(45, (1.0, 1.0)), bf.FactorModel()
    far = np.array([0.0, 70.0]).repeat(500)[:, None]
    mean, draws = covariances(panel, model, far, 1000)
    expected = []
    for some in (slice(500), slice(500, None)):
        scale, dof = posterior_law(panel, model, values, mean[some][0])
        error = draws[some].std(axis=0) / 500**0.5
        expected.append(scale / (dof - 3))
        assert (np.abs(draws[some].mean(axis=0) - expected[-1]) < 4.5 * error).all()
    assert np.trace(expected[1]) > 100 * np.trace(expected[0])


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


STARTS = (12, 0, 25)


def ragged(periods=60):
    """Return a panel of correlated factors that begin on rows `STARTS`, and its factors as an array."""
    panel = make_panel(assets=3, traded=2, other=1, periods=periods, seed=2)
    mix = np.random.default_rng(2).normal(size=(3, 3)) + np.eye(3)
    values = 0.002 + panel.factors.values @ mix
    for k, start in enumerate(STARTS):
        values[:start, k] = np.nan
    returns = panel.returns.isel(time=slice(30, None))
    return replace(panel, returns=returns, factors=panel.factors.copy(data=values)), values


def predictive(numbers, values, mean):
    """Return log p(factors | mu) as a chain of multivariate t, row by row: full rows first, as their order is free.

    x ~ N(0, Omega) and Omega ~ IW(nu, S) make x ~ t with nu - p + 1 degrees of freedom and shape S / (nu - p + 1); of
    fewer factors Omega's block is IW(nu - those left out, block of S).
    """
    away, total = values - mean, 0.0
    scale, dof, kept = (
        np.diag(numbers.factors.covariance_scale),
        numbers.factors.covariance_dof,
        np.arange(values.shape[1]),
    )
    for row in away[::-1]:
        seen = np.isfinite(row[kept])
        scale, dof, kept = scale[np.ix_(seen, seen)], dof - (~seen).sum(), kept[seen]
        free = dof - len(kept) + 1
        total += stats.multivariate_t(shape=scale / free, df=free).logpdf(row[kept])
        scale, dof = scale + np.outer(row[kept], row[kept]), dof + 1
    return total


def test_the_density_of_unequal_histories_is_a_chain_of_multivariate_t():
    """sum over terms of -power log(1 + count d'Pd) is log p(factors | mu), but for a constant."""
    panel, values = ragged()
    model, rng = bf.FactorModel(), np.random.default_rng(0)
    data, numbers = prepare(panel, model).data, priors_of(panel, model)
    assert len(data["factor_power"]) == 5  # three spans, two of which have older factors
    gaps = []
    for _ in range(6):
        mean = np.nanmean(values, axis=0) + 0.01 * rng.normal(size=3)
        d = mean - data["factor_mean_start"] - data["factor_centre"]
        square = np.einsum("ti,tij,tj->t", d, data["factor_precision"], d)
        ours = -np.sum(data["factor_power"] * np.log1p(data["factor_count"] * square))
        gaps.append(ours - predictive(numbers, values, mean))
    np.testing.assert_allclose(gaps, gaps[0], rtol=0, atol=1e-8)


def gibbs(numbers, values, mean, rounds, rng):
    """Return draws of Omega given mu, the missing values drawn along with it (Tanner and Wong)."""
    known, k = np.isfinite(values), values.shape[1]
    away, draws = np.where(known, values - mean, 0.0), np.empty((rounds, k, k))
    omega = np.diag(numbers.factors.covariance_scale)
    for t in range(rounds):
        for seen in np.unique(known[~known.all(axis=1)], axis=0):
            rows, lost = (known == seen).all(axis=1), ~seen
            slope = np.linalg.solve(omega[np.ix_(seen, seen)], omega[np.ix_(seen, lost)])
            left = omega[np.ix_(lost, lost)] - omega[np.ix_(lost, seen)] @ slope
            noise = rng.standard_normal((rows.sum(), lost.sum())) @ np.linalg.cholesky(left).T
            away[np.ix_(rows, lost)] = away[np.ix_(rows, seen)] @ slope + noise
        scale = np.diag(numbers.factors.covariance_scale) + away.T @ away
        draws[t] = omega = stats.invwishart(numbers.factors.covariance_dof + len(values), scale).rvs(random_state=rng)
    return draws[rounds // 10 :]


def test_covariances_of_unequal_histories_are_those_of_a_gibbs_sampler():
    """First and second moments, within the Monte Carlo errors of both."""
    panel, values = ragged()
    numbers, rng = priors_of(panel, bf.FactorModel()), np.random.default_rng(0)
    means, ours = covariances(panel, bf.FactorModel(), 1.0, 20_000)
    theirs = gibbs(numbers, values, means[0], 5000, rng)
    unit = np.sqrt(np.outer(numbers.factors.covariance_scale, numbers.factors.covariance_scale))
    for power in (1, 2):
        one, two = (ours / unit) ** power, (theirs / unit) ** power
        error = np.hypot(
            one.std(axis=0) / len(one) ** 0.5,
            statistic(xr.DataArray(two[None], dims=("chain", "draw", "i", "j")), "mcse", method="mean"),
        )
        assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) < 4.5 * error).all()
    low = np.linalg.eigvalsh(ours)
    assert (low > 0).all()
    np.testing.assert_allclose(ours, np.swapaxes(ours, 1, 2), rtol=1e-9)


def test_factor_likelihood_is_that_of_the_factors_known_on_each_date():
    """sum over dates of scipy's normal density of the factors that had begun."""
    panel, values = ragged()
    fit = bf.fit(panel, "static", bf.Sampler(draws=6, tune=80, chains=1, progress=False))
    found = bf.log_likelihood(fit, per="asset").sel(unit="factors").values.ravel()
    mean, omega = (fit.posterior[name].values[0] for name in ("factor_mean", "factor_cov"))
    for s, value in enumerate(found):
        total = 0.0
        for row in values:
            seen = np.isfinite(row)
            total += stats.multivariate_normal(mean[s, seen], omega[s][np.ix_(seen, seen)]).logpdf(row[seen])
        assert value == pytest.approx(total, rel=1e-9)


def test_stratified_normals_are_normal_draw_by_draw_and_even_over_four():
    """One draw of each block of four falls in each quarter; rows are standard normal, their averages far less noisy."""
    z = stratified_normals(np.random.default_rng(2), (4 * MANY, 2, 3))
    share = stats.norm.cdf(z)
    quarters = np.sort(np.floor(4 * share).reshape(MANY, 4, 2, 3), axis=1)
    assert (quarters == np.arange(4)[None, :, None, None]).all()
    for place in range(4):  # a draw's place in its block tells nothing
        assert stats.kstest(share[place::4].ravel(), "uniform").pvalue > 1e-4
    pairs = np.triu_indices(6, 1)
    flat = z.reshape(4 * MANY, 6).T
    assert_average(flat[pairs[0]] * flat[pairs[1]], 0.0)
    blocks = z.reshape(MANY, 4, 6).mean(axis=1)
    edges = stats.norm.pdf(stats.norm.ppf(np.arange(5) / 4))
    wanted = (1 - np.mean((4 * np.diff(edges)) ** 2)) / 4  # what is left within quarters: 0.035; independent draws: 1/4
    spread = (blocks - blocks.mean(axis=0)) ** 2
    error = spread.std(axis=0) / MANY**0.5
    assert (np.abs(spread.mean(axis=0) - wanted) < 4.5 * error).all()


@pytest.mark.parametrize("draws", [1, 3, 4, 6])
def test_a_block_that_is_cut_short_is_part_of_a_stratified_one(draws):
    z = stratified_normals(np.random.default_rng(2), (draws, 2, 300))
    assert z.shape == (draws, 2, 300)
    quarters = np.sort(np.floor(4 * stats.norm.cdf(z[-(draws % 4) :] if draws % 4 else z[-4:])), axis=0)
    assert (np.diff(quarters, axis=0) > 0).all()


@pytest.mark.parametrize("share", [0.0, 1 - 2.0**-53])
def test_stratified_normals_are_finite_at_the_ends(share):
    class Ends:
        def integers(self, high, size, dtype):
            return np.zeros(size, dtype) + (0 if share == 0 else high - 1)

        def random(self, size):
            return np.full(size, share)

    assert np.isfinite(stratified_normals(Ends(), (4, 1, 3))).all()


def test_no_block_of_draws_is_broken_on_the_way():
    assert CHUNK % STRATA == 0
    assert DRAWS % CHUNK == 0


def test_draws_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr("bayesfactor.sampling.kernels.normal_kernel.CHUNK", 8)
    monkeypatch.setattr("bayesfactor.sampling.recovery.DRAWS", 16)
    panel = make_panel(assets=5, traded=1, other=1, periods=40, seed=6, groups=2)
    model = bf.read_model("static")
    problem = prepare(panel, model)
    draws = 0.3 * np.random.default_rng(3).normal(size=(3, 30, problem.size))
    one, two = (recover(KernelTheta(problem, draws), 5, cores=n)[0] for n in (1, 2))
    xr.testing.assert_identical(one, two)
    assert not np.array_equal(one["loading"][0, 0], one["loading"][1, 0])
