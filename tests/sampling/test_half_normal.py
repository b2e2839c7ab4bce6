"""A half-normal scale as a function of a standard normal: scipy's quantiles, its slope, the graph's, how it mixes."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings, strategies as st
from scipy.special import erfcinv, erfinv, log_ndtr
from scipy.stats import halfnorm, norm

import bayesfactor as bf
from bayesfactor.graph.quantiles import half_normal_quantile
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.sampling.kernels.half_normal import FAR, half_normal, half_normals
from tests.support.panels import make_panel

EVERYWHERE = np.concatenate([np.linspace(-36, 60, 1921), [-1e-9, 1e-9, FAR - 1e-9, FAR + 1e-9, 1e3]])


@settings(max_examples=400, deadline=None)
@given(u=st.floats(-36.0, 36.0))
def test_probabilities_are_those_of_the_standard_normal(u):
    x, slope = half_normal(u)
    expected = erfinv(norm.cdf(u)) if u < 0 else erfcinv(norm.sf(u))
    assert x == pytest.approx(2**0.5 * expected, rel=1e-10)
    assert np.log(slope) == pytest.approx(norm.logpdf(u) - halfnorm.logpdf(x), abs=1e-7)


def test_far_out_probabilities_are_halved():
    x = half_normals(np.array([36.5, 50.0, 200.0, 1e4]))
    np.testing.assert_allclose(log_ndtr(-x) + np.log(2), log_ndtr([-36.5, -50.0, -200.0, -1e4]), rtol=1e-10)


def test_it_rises_without_a_jump():
    """Up to where it rounds to 0."""
    x, slope = np.array([half_normal(u) for u in np.sort(EVERYWHERE)]).T
    assert (np.diff(x) > 0).all()
    assert (slope > 0).all()
    below, above = half_normal(FAR), half_normal(np.nextafter(FAR, np.inf))
    np.testing.assert_allclose(above, below, rtol=1e-10)
    assert half_normal(-50.0) == (0.0, 0.0)


def test_it_is_the_same_in_the_graph():
    u = pt.dvector("u")
    x = half_normal_quantile(u)
    as_written = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is compiled
    found = pytensor.function([u], [x, pytensor.grad(x.sum(), u)], mode=as_written)(EVERYWHERE)
    np.testing.assert_allclose(found, np.transpose([half_normal(z) for z in EVERYWHERE]), rtol=1e-11)


def test_many_at_once_in_their_shape():
    u = np.linspace(-6, 6, 12).reshape(3, 4)
    np.testing.assert_array_equal(half_normals(u), [[half_normal(z)[0] for z in row] for row in u])
    assert half_normals(np.zeros(())).shape == ()


@pytest.mark.parametrize("preset", ["static", "pooled", "student_t"])
def test_alphas_and_their_scale_mix_where_the_prior_rules(preset):
    """At least half as many effective draws as draws: of a scale sampled with either sign they are half or less."""
    panel = make_panel(assets=40, traded=2, other=2, periods=60, groups=3, shortest=25, seed=5)
    fit = bf.fit(panel, preset, bf.Sampler(draws=1000, chains=2, seed=1, progress=False))
    for name in ("alpha", "alpha_scale"):
        assert np.min(statistic(fit.posterior[name], "ess", method="bulk")) > 1000
