"""Half-lives against what they have to be: explicit weights in closed forms, and repetitions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.sampling.kernels.density_problem import pack, prepare
from bayesfactor.sampling.kernels.stratified import STRATA
from bayesfactor.spec.alphas import FreeAlpha
from bayesfactor.spec.loadings import FreeLoadings, LoadingPrior
from bayesfactor.spec.observation import Duration, HalfLife
from bayesfactor.spec.priors import Normal, NormalRate, Rate
from bayesfactor.spec.scaling import scale_priors
from benchmarks.recency import judged, predictive
from tests.support.panels import make_panel

NORMAL = ("capm", "static", "pooled", "spike_slab", "unpooled")
SAMPLER = bf.Sampler(draws=500, chains=2, seed=4, progress=False)
MANY = 8_000
ALPHA_MEAN, ALPHA_SD = 1.0, 20.0  # per cent a year
LOADING_MEAN, LOADING_SD = 0.4, 0.7
FIXED = replace(
    bf.FactorModel(),
    loadings=FreeLoadings((("default", LoadingPrior(Normal(LOADING_MEAN, LOADING_SD), "beta")),)),
    alpha=FreeAlpha(NormalRate(Rate(ALPHA_MEAN), Rate(ALPHA_SD))),
)


def halving(periods, model=None):
    """Return a model, the default unless told, with a half-life of so many periods."""
    return replace(model or bf.FactorModel(), observation=HalfLife(Duration(periods, "periods")))


def points(problem, count=5):
    return 0.5 * np.random.default_rng(2).normal(size=(count, problem.size))


def uneven():
    """Return a panel of unequal histories, one of them with a gap and one that ended early."""
    panel = make_panel(assets=6, traded=2, other=1, periods=120, shortest=50, seed=8)
    values = panel.returns.values.copy()
    values[80:95, 2], values[70:, 4] = np.nan, np.nan
    return replace(panel, returns=panel.returns.copy(data=values))


@pytest.mark.parametrize("preset", NORMAL)
def test_an_endless_half_life_changes_nothing(preset):
    """Weights that are 1 to rounding: moments, the density at any point and its gradient are those of equal weights."""
    model = bf.read_model(preset)
    panel = model.restrict(uneven())
    equal, weighted = prepare(panel, model), prepare(panel, halving(1e18, model))
    for name in ("xx", "xy", "yy", "count"):
        ours, theirs = (getattr(problem.design.moments, name) for problem in (weighted, equal))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14 * np.abs(theirs).max())
    for theta in points(equal):
        (ours, slope), (theirs, wanted) = weighted.evaluate(theta), equal.evaluate(theta)
        assert ours == pytest.approx(theirs, rel=1e-12)
        np.testing.assert_allclose(slope, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("preset", NORMAL)
def test_whole_weights_are_repetitions(preset):
    """Moments, priors and density are those of a panel in which every row stands as often as its weight says.

    Not so the factors' own histories, which weights leave as they are: the repeated panel is given the same.
    """
    model = bf.read_model(preset)
    panel = model.restrict(uneven())
    times = np.random.default_rng(6).integers(1, 4, size=len(panel.times))
    weighted = observe(panel, np.tile(times[:, None].astype(float), len(panel.assets)))
    repeated = replace(observe(repeat(panel, times)), history=weighted.history, means=weighted.means)
    vars(repeated)["sample"] = weighted.sample  # whose size is Kish's: a row that counts twice was seen once
    ours, theirs = (pack(one, model, scale_priors(one, model)) for one in (weighted, repeated))
    for theta in points(ours):
        assert ours.evaluate(theta)[0] == pytest.approx(theirs.evaluate(theta)[0], rel=1e-11)
    assert weighted.sample.count == pytest.approx(kish(panel, times), rel=1e-13)
    assert weighted.effective == pytest.approx(repeated.panel.moments.count, rel=1e-13)


def repeat(panel, times):
    """Return the panel with every row so many times."""
    rows = np.repeat(np.arange(len(panel.times)), times)
    time = pd.bdate_range("2000-01-03", periods=rows.size)
    moved = {name: getattr(panel, name).isel(time=rows).assign_coords(time=time) for name in ("returns", "factors")}
    return replace(panel, **moved)


def kish(panel, weight):
    """Return (sum w)^2 / sum w^2 over the dates of each asset."""
    seen = np.isfinite(panel.returns.values)
    return [weight[own].sum() ** 2 / (weight[own] ** 2.0).sum() for own in seen.T]


def weighted_regression(panel, i, half_life, sd):
    """Return mean and covariance of (alpha, beta) of asset i given its residual sd, from explicit weights.

    P^-1 (D^-2 m + X'W r / s^2) and P^-1, P = D^-2 + X'W X / s^2, W = diag(2^(-age / h)), by plain numpy.
    """
    y, last = panel.returns.values[:, i], len(panel.times) - 1
    seen = ~np.isnan(y)
    weight = np.array([0.5 ** ((last - t) / half_life) for t in np.flatnonzero(seen)])
    x, y = np.column_stack([np.ones(seen.sum()), panel.factors.values[seen]]), y[seen]
    k, year = x.shape[1] - 1, 100 * panel.periods_per_year
    centre, width = np.r_[ALPHA_MEAN / year, [LOADING_MEAN] * k], np.r_[ALPHA_SD / year, [LOADING_SD] * k]
    precision = np.diag(width**-2.0) + x.T @ np.diag(weight) @ x / sd**2
    covariance = np.linalg.inv(precision)
    return covariance @ (centre / width**2 + x.T @ (weight * y) / sd**2), covariance


def traded_only():
    return uneven().select(factors=["f0", "f1"])


def assert_average(values, wanted):
    """Averages over the last axis are as wanted; errors from means of blocks of four, within which draws depend."""
    blocks = values.reshape(*values.shape[:-1], -1, STRATA).mean(axis=-1)
    error = blocks.std(axis=-1) / blocks.shape[-1] ** 0.5
    assert (np.abs(values.mean(axis=-1) - wanted) < 4.5 * error).all()


def test_coefficients_given_theta_are_those_of_a_weighted_regression():
    """Whitened by the closed form, they are standard normal: mean 0 and covariance I within Monte Carlo error."""
    panel, half_life = traded_only(), 25.0
    problem = prepare(panel, halving(half_life, FIXED))
    theta = 0.7 * np.random.default_rng(3).normal(size=problem.size)
    sd = np.exp(problem.scales(theta[None])[2][0])
    draws = problem.coefficients(np.tile(theta, (MANY, 1)), len(sd), np.random.default_rng(1))
    for i, own in enumerate(sd):
        mean, covariance = weighted_regression(panel, i, half_life, own)
        white = np.linalg.solve(np.linalg.cholesky(covariance), (draws[:, i] - mean).T)
        assert_average(white, 0.0)
        assert_average(white[:, None] * white[None], np.eye(3))


@pytest.fixture(scope="module")
def fits():
    """The same panel under equal weights and under a half-life of 25 periods."""
    return bf.fit(traded_only(), FIXED, SAMPLER), bf.fit(traded_only(), halving(25, FIXED), SAMPLER)


def test_a_fit_is_a_weighted_regression_of_every_asset(fits):
    """Draws less their mean given the residual sd of the same draw average 0; whitened, their squares average 1."""
    posterior = fits[1].posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    sds = posterior["residual_sd"].values
    both = np.concatenate([posterior["alpha"].values[:, :, None], posterior["loading"].values], axis=2)
    for i in range(both.shape[1]):
        white = np.empty((3, len(both)))
        for s in range(len(both)):
            mean, covariance = weighted_regression(fits[1].panel, i, 25.0, sds[s, i])
            white[:, s] = np.linalg.solve(np.linalg.cholesky(covariance), both[s, i] - mean)
        assert_average(white, 0.0)
        assert_average(white**2, 1.0)


def test_what_happened_is_not_weighted(fits):
    """Counts, spans and realised returns are those of the panel; parts of a realised return add up to it."""
    equal, weighted = fits
    pd.testing.assert_frame_equal(equal.panel.describe().assets, weighted.panel.describe().assets)
    assert weighted.panel.moments.count.tolist() == np.isfinite(weighted.panel.returns.values).sum(axis=0).tolist()
    happened = np.nansum(weighted.panel.returns.values, axis=0)
    for fit in fits:
        found = bf.attribute(fit, "return", allow_unconverged=True)
        total = found.draws.sel(source="total")
        np.testing.assert_allclose(total, np.broadcast_to(happened, total.shape), rtol=1e-12)
        parts = found.draws.drop_sel(source="total").sum("source")
        np.testing.assert_allclose(parts, total, rtol=1e-10, atol=1e-12)


def test_factors_are_not_weighted(fits):
    """The mean of a factor, and the premium of a traded one, is that of its whole history: the same law, two seeds."""
    equal, weighted = (prepare(fit.panel, fit.model).design.history for fit in fits)
    np.testing.assert_array_equal(equal.count, weighted.count)
    for name in ("risk_premium", "factor_mean"):
        means = [fit.posterior[name].mean(("chain", "draw")).values for fit in fits]
        errors = [statistic(fit.posterior[name], "mcse", method="mean") for fit in fits]
        assert (np.abs(means[0] - means[1]) <= 4 * np.hypot(*errors)).all()


def test_the_description_of_a_fit_shows_the_effective_number(fits):
    """The sum of weights 2^(-age / h); under equal weights it is the count, and is not shown."""
    equal, weighted = fits
    weight = 0.5 ** (np.arange(len(weighted.panel.times))[::-1] / 25)
    wanted = weight @ np.isfinite(weighted.panel.returns.values)
    shown = weighted.describe().assets
    assert shown["effective"].tolist() == [round(float(number), 1) for number in wanted]
    assert (shown["effective"] <= shown["periods"]).all()
    assert "effective" in str(weighted.describe())
    assert "effective" not in equal.describe().assets
    assert equal.design.effective.tolist() == equal.describe().assets["periods"].tolist()


def test_the_walk_forward_scores_as_scipy_does(fits):
    """Mean and covariance by the law of total variance, one draw after the other; the assets present on each date."""
    law, panel = predictive(fits[1]), fits[1].panel
    draws = fits[1].posterior.stack(sample=("chain", "draw"))
    each = [draws.isel(sample=s) for s in range(draws.sizes["sample"])]
    means = [(d.alpha + d.loading @ d.risk_premium).values for d in each]
    common = [d.loading.values @ d.factor_cov.values @ d.loading.values.T for d in each]
    own = np.diag((draws.residual_sd**2).mean("sample"))
    np.testing.assert_allclose(law.covariance, np.mean(common, axis=0) + own + np.cov(np.transpose(means), ddof=0))
    for row, found in zip(range(40, 120, 7), judged(law, panel, range(40, 120, 7)), strict=True):
        here = np.isfinite(panel.returns.values[row])
        r, s = panel.returns.values[row, here], law.covariance[np.ix_(here, here)]
        wanted = stats.multivariate_normal(np.mean(means, axis=0)[here], s).logpdf(r)
        assert found["score"] == pytest.approx(wanted, rel=1e-9)
        assert found["assets"] == here.sum()
