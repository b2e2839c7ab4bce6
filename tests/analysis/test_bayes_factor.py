"""Bayes factors of a premium of 0: by quadrature, by hand, and where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad
from scipy.special import logsumexp

import bayesfactor as bf
from bayesfactor.analysis.comparison.bayes_factors import log_mean
from bayesfactor.analysis.comparison.premium_law import premium_law
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Calendar, Factor
from tests.support.moved_fits import moved_fit_of
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import synthetic_draws

SD = 0.04  # of residuals, which is known
MODEL = replace(bf.read_model("static"), alpha=bf.ZeroAlpha())


def panel_of(premium, assets=10, periods=120, seed=4):
    """Return assets that one non-traded factor moves, and nothing else; its premium is a month's."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(0, 0.05, (periods, 1))
    loading = rng.normal(0.8, 0.4, (assets, 1))
    returns = (factor + premium) @ loading.T + SD * rng.standard_normal((periods, assets))
    names, dates = [f"a{i}" for i in range(assets)], pd.date_range("2000-01-31", periods=periods, freq="ME")
    return Panel(
        returns=xr.DataArray(returns, {"time": dates, "asset": names}, ("time", "asset")),
        factors=xr.DataArray(factor, {"time": dates, "factor": ["z"]}, ("time", "factor")),
        factor_info=(Factor("z", traded=False, family="rates"),),
        groups=xr.DataArray(["g"] * assets, {"asset": names}, ("asset",)),
        calendar=Calendar("monthly", 12),
    )


def fit_of(panel, loading, premium, model=MODEL):
    """Return a fit of draws (chain, draw, ...) of loadings and the premium; the factor's mean is 0, and known."""
    shape, names = premium.shape, {"asset": list(panel.assets), "factor": ["z"], "factor_other": ["z"]}
    full, variance = np.ones((*shape, len(panel.assets))), float(panel.factors.var())
    draws = xr.Dataset(
        {
            "loading": (("chain", "draw", "asset", "factor"), loading[..., None]),
            "alpha": (("chain", "draw", "asset"), 0 * full),
            "residual_sd": (("chain", "draw", "asset"), SD * full),
            "risk_premium": (("chain", "draw", "factor"), premium[..., None]),
            "factor_mean": (("chain", "draw", "factor"), 0 * premium[..., None]),
            "factor_cov": (("chain", "draw", "factor", "factor_other"), variance + 0 * premium[..., None, None]),
        },
        names,
    )
    return bf.from_draws(panel, draws, model=model)


def prior_sd(panel):
    """Return the standard deviation of the premium's prior, a period."""
    fit = fit_of(panel, np.ones((1, 4, len(panel.assets))), np.zeros((1, 4)))
    assert fit.priors.premia.loc[0] == 0
    return float(fit.priors.premia.sd[0])


def gibbs(panel, spread, draws=5000, chains=4, seed=0):
    """Return draws of loadings ~ N(0, 1) and of the premium ~ N(0, spread^2), each given the other in turn."""
    rng, f, r = np.random.default_rng(seed), panel.factors.values[:, 0], panel.returns.values
    loading, premium = np.empty((chains, draws, r.shape[1])), np.empty((chains, draws))
    for c in range(chains):
        at = spread * rng.standard_normal()
        for d in range(-100, draws):
            x = f + at
            variance = 1 / (1 + x @ x / SD**2)
            beta = variance * (x @ r) / SD**2 + variance**0.5 * rng.standard_normal(r.shape[1])
            v = 1 / (1 / spread**2 + len(f) * (beta @ beta) / SD**2)
            at = v * ((r - np.outer(f, beta)).sum(axis=0) @ beta) / SD**2 + v**0.5 * rng.standard_normal()
            if d >= 0:
                loading[c, d], premium[c, d] = beta, at
    return loading, premium


def exact(panel, spread):
    """Return log p(premium = 0 | r) - log p(premium = 0), by quadrature over the premium: loadings are integrated out.

    r_i ~ N(0, SD^2 I + x x'), x = f + premium.
    """
    f, r = panel.factors.values[:, 0], panel.returns.values

    def log_density(at):
        x = f + at
        size = x @ x / SD**2
        return 0.5 * np.sum((x @ r / SD**2) ** 2) / (1 + size) - 0.5 * r.shape[1] * np.log1p(size)

    grid = np.linspace(-6 * spread, 6 * spread, 4001)
    peak = grid[np.argmax([log_density(x) - 0.5 * (x / spread) ** 2 for x in grid])]
    level = log_density(peak)
    whole = quad(
        lambda at: np.exp(log_density(at) - level) * stats.norm.pdf(at, 0, spread),
        -8 * spread,
        8 * spread,
        points=[peak],
        limit=400,
        epsabs=0,
        epsrel=1e-10,
    )[0]
    return log_density(0.0) - level - np.log(whole)


@pytest.fixture(scope="module", params=[0.0, 0.006, 0.017])
def drawn(request):
    panel = panel_of(request.param)
    return panel, fit_of(panel, *gibbs(panel, prior_sd(panel)))


def test_it_is_that_of_quadrature(drawn):
    """From evidence for 0 to 11 nats against it, where a density estimate of the same draws has nothing to stand on."""
    panel, fit = drawn
    found, wanted = bf.bayes_factor(fit, "z"), exact(panel, prior_sd(panel))
    assert found.error < 0.02
    assert found.log_bf01 == pytest.approx(wanted, abs=4 * found.error)
    assert found.factor == "z"
    assert found.log_densities.dims == ("chain", "draw")
    assert found.log_bf01 == pytest.approx(
        float(logsumexp(found.log_densities) - np.log(found.log_densities.size)) - found.log_prior_density
    )


def test_the_premium_is_normal_given_the_rest(drawn):
    """The draws themselves, less the mean that the rest of each draw gives and over that deviation, are N(0, 1)."""
    panel, fit = drawn
    mean, variance = premium_law(fit, 0, (0.0, prior_sd(panel)))
    z = (fit.posterior["risk_premium"].values.ravel() - mean) / variance**0.5
    assert stats.kstest(z[::5], "norm").pvalue > 0.001


def test_the_evidence_goes_from_0_to_against_it():
    spans = {}
    for premium in (0.0, 0.017):
        panel = panel_of(premium)
        spans[premium] = exact(panel, prior_sd(panel))
    assert spans[0.0] > 0.5
    assert spans[0.017] < -9


@pytest.mark.parametrize(
    ("errors", "wanted"),
    [(0.3113974004852575 / 0.09805806756909202, np.log(0.03293216416807431)), (6.0, np.log(7.765796390991234e-08))],
)
def test_savage_and_dickey_of_another_program(errors, wanted):
    """Posterior 3.2 and 6 standard deviations from 0, sd .098 under a prior of .5: exact, and the same in every draw.

    A density estimate of draws said .023 and .019.
    """
    panel = panel_of(0.0, assets=1, periods=60)
    spread = prior_sd(panel)
    v = (spread * 0.09805806756909202 / 0.5) ** 2
    beta = SD * ((1 / v - 1 / spread**2) / 60) ** 0.5
    mean = errors * v**0.5
    shift = mean * SD**2 / (v * beta * 60)  # of the mean return that gives such a posterior
    factor = panel.factors.values
    returns = beta * factor + shift + 0 * factor
    panel = replace(panel, returns=panel.returns.copy(data=returns))
    rng = np.random.default_rng(1)
    fit = fit_of(panel, np.full((2, 8, 1), beta), rng.normal(mean, v**0.5, (2, 8)))
    found = bf.bayes_factor(fit, "z")
    assert found.log_bf01 == pytest.approx(wanted, abs=1e-6)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_a_prior_about_another_mean_counts():
    panel = panel_of(0.006)
    model = replace(MODEL, factors=bf.FactorLaw(premium=(("default", bf.Normal(0.4, 0.5)),)))
    loading, premium = gibbs(panel, prior_sd(panel), draws=200)
    fit = fit_of(panel, loading, premium, model)
    loc, sd = fit.priors.premia.loc[0], fit.priors.premia.sd[0]
    moved, still = premium_law(fit, 0, (loc, sd)), premium_law(fit, 0, (0.0, sd))
    np.testing.assert_allclose(moved[0] - still[0], moved[1] * loc / sd**2)
    found = bf.bayes_factor(fit, "z")
    assert found.log_prior_density == pytest.approx(stats.norm.logpdf(0, loc, sd))


def test_statistics_suffice():
    panel = panel_of(0.006)
    loading, premium = gibbs(panel, prior_sd(panel), draws=100)
    whole, sums = (bf.bayes_factor(fit_of(one, loading, premium), "z") for one in (panel, reduced(panel)))
    assert sums.log_bf01 == pytest.approx(whole.log_bf01, rel=1e-9)


def test_units_of_a_factor_change_nothing():
    panel = panel_of(0.006)
    loading, premium = gibbs(panel, prior_sd(panel), draws=100)
    scaled = replace(panel, factors=100 * panel.factors)
    one, two = fit_of(panel, loading, premium), fit_of(scaled, loading / 100, 100 * premium)
    assert bf.bayes_factor(two, "z").log_bf01 == pytest.approx(bf.bayes_factor(one, "z").log_bf01, rel=1e-9)


def test_where_volatility_and_loadings_move_the_premium_is_normal_too():
    """Returns weighted by the volatility of their date, and of each draw as the cell of its loadings has it."""
    panel, rng = make_panel(assets=8, traded=1, other=1, periods=400, seed=2, year=52), np.random.default_rng(0)
    wave = np.sin(np.arange(400) / 60)[:, None] * rng.normal(0, 0.8, 8)
    sd = 0.012 * np.exp(np.sin(np.arange(400) / 40))[:, None]
    values = panel.factors.values @ rng.normal(0.6, 0.5, (8, 2)).T + wave * panel.factors.values[:, 1:]
    values = values + 0.002 + sd * rng.standard_normal((400, 8))
    panel = replace(panel, returns=panel.returns.copy(data=values))
    fit = bf.fit(panel, "moving_loadings", bf.Sampler(draws=600, tune=400, progress=False, seed=3))
    assert fit.movement.residuals is not None
    assert len(fit.movement.loadings.weight) > 1
    mean, variance = premium_law(fit, 1, (fit.priors.premia.loc[1], fit.priors.premia.sd[1]))
    z = (fit.posterior["risk_premium"].values[..., 1].ravel() - mean) / variance**0.5
    assert stats.kstest(z, "norm").pvalue > 0.001
    assert z.std() == pytest.approx(1, abs=0.08)


def test_what_moves_needs_its_path():
    panel = make_panel(assets=3, traded=1, other=1, periods=120, seed=3)
    values = panel.returns.values * np.exp(np.sin(np.arange(120) / 15))[:, None]
    fit = moved_fit_of(replace(panel, returns=panel.returns.copy(data=values)), bf.read_model("moving_loadings"))
    assert fit.movement.residuals is not None
    found = bf.bayes_factor(fit, "f1")
    assert np.isfinite(found.log_bf01)
    draws = synthetic_draws(panel, moving=("volatility",), dof=6.0)
    with pytest.raises(bf.FitError, match="no record of the path of 'volatility_now'"):
        bf.bayes_factor(bf.from_draws(panel, draws, model=bf.read_model("moving_loadings")), "f1")


def test_an_error_is_that_of_batches():
    """Of independent draws the usual one; of draws that are repeated, that of fewer."""
    rng = np.random.default_rng(0)
    values = np.log(rng.gamma(4.0, size=(4, 2500)))
    level, error = log_mean(values)
    assert level == pytest.approx(np.log(np.exp(values).mean()))
    usual = np.exp(values).std() / np.exp(values).mean() / 100
    assert error == pytest.approx(usual, rel=0.2)
    _, repeated = log_mean(np.repeat(values, 10, axis=1))
    assert repeated == pytest.approx(usual, rel=0.25)


def test_few_draws_far_from_0_are_refused():
    panel = panel_of(0.03)
    loading, premium = gibbs(panel, prior_sd(panel), draws=12, chains=1)
    with pytest.raises(bf.FitError, match=r"Monte Carlo error of the log for 'z' is .*, above 0\.3"):
        bf.bayes_factor(fit_of(panel, loading, premium), "z")


def test_odds_become_probabilities(drawn):
    found = bf.bayes_factor(drawn[1], "z")
    odds = np.exp(found.log_bf01)
    assert found.prob_zero() == pytest.approx(odds / (1 + odds))
    assert found.prob_zero(0.2) == pytest.approx(0.25 * odds / (1 + 0.25 * odds))
    assert found.prob_zero(0.0) == 0
    assert found.prob_zero(1.0) == 1
    for wrong in (-0.1, 1.1, "half", True, np.nan):
        with pytest.raises(bf.SpecError, match="prob_zero"):
            found.prob_zero(wrong)


def test_a_fit_that_failed_its_checks_says_so():
    panel = panel_of(0.006)
    found = bf.bayes_factor(fit_of(panel, *gibbs(panel, prior_sd(panel), draws=60)), "z")
    assert found.problems
    assert found.table()["warning"].tolist() == ["not converged"]
    assert "not converged" in repr(found)
    assert list(found.table()) == ["factor", "log_bf01", "error", "log_prior_density", "warning"]


def refused(fit, factor="f2", error=bf.SpecError):
    with pytest.raises(error) as caught:
        bf.bayes_factor(fit, factor)
    return str(caught.value)


def test_where_there_is_none_it_is_refused():
    panel, static = make_panel(assets=3, periods=60, seed=1), bf.read_model("static")
    plain = bf.from_draws(panel, synthetic_draws(panel), model=static)
    assert "'f0' is traded" in refused(plain, "f0")
    for name in ("alpha", "a01"):
        said = refused(plain, name)
        assert "shrunk alpha has no Bayes factor" in said
        assert "bf.grs" in said
    assert "unknown factor 'f9'" in refused(plain, "f9")
    assert "unknown factor '3'" in refused(plain, 3)
    assert "prior of the premium of 'f2' is not known" in refused(
        bf.from_draws(panel, synthetic_draws(panel)), error=bf.FitError
    )
    slab = bf.read_model("spike_slab")
    said = refused(bf.from_draws(panel, synthetic_draws(panel), model=slab))
    assert "spike and slab" in said
    assert "inclusion" in said
    tails = bf.from_draws(panel, synthetic_draws(panel, dof=6.0), model="student_t")
    assert "residuals are Student-t" in refused(tails)
    common = bf.from_draws(panel, synthetic_draws(panel, common=1), model=static)
    assert "residual factors" in refused(common)
    recent = replace(static, observation=bf.HalfLife(bf.Duration(20, "periods")))
    said = refused(bf.from_draws(panel, synthetic_draws(panel), model=recent))
    assert "weights returns" in said
    with pytest.raises(bf.FitError, match="expected a Fit"):
        bf.bayes_factor("run.nc", "f2")


def test_a_shrunk_alpha_has_an_infinite_prior_density_at_0():
    """P(|alpha| < w) / (2 w), alpha ~ N(0, tau^2), tau ~ HalfNormal(1): shares of 2 million draws elsewhere."""
    wanted = {0.1: 1.09256, 0.01: 1.82855, 0.001: 2.557, 0.0001: 3.2025}
    for width, value in wanted.items():
        inside = quad(
            lambda tau, w=width: 2 * stats.norm.pdf(tau) * (2 * stats.norm.cdf(w / tau) - 1),
            0,
            12,
            points=[width, 10 * width],
            limit=300,
        )[0]
        assert inside / (2 * width) == pytest.approx(value, rel=4 / (inside * 2e6) ** 0.5)
