"""The spike and slab as a function of a standard normal: scipy's distribution function, and its slope."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import norm

from bayesfactor.sampling.kernels.mixture import quantile, quantiles

us = st.floats(-8.0, 8.0)
inclusions = st.floats(1e-4, 1 - 1e-4)
spikes = st.floats(1e-6, 0.99)


def above(x, spike, inclusion):
    """P(X > x) in slabs."""
    return inclusion * norm.sf(x) + (1 - inclusion) * norm.sf(x / spike**0.5)


@settings(max_examples=400, deadline=None)
@given(u=us, spike=spikes, inclusion=inclusions, slab=st.floats(1e-4, 1e3))
def test_probabilities_are_those_of_the_standard_normal(u, spike, inclusion, slab):
    x, slope = quantile(u, slab, spike, inclusion)
    assert above(-x / slab, spike, inclusion) == pytest.approx(norm.cdf(u), abs=1e-12)
    assert above(abs(x) / slab, spike, inclusion) == pytest.approx(norm.sf(abs(u)), rel=1e-9)
    density = inclusion * norm.pdf(x / slab) + (1 - inclusion) * norm.pdf(x / slab, scale=spike**0.5)
    assert slope == pytest.approx(slab * norm.pdf(u) / density, rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(u=st.floats(-5.0, 5.0), spike=st.floats(1e-3, 0.99), inclusion=st.floats(0.01, 0.99))
def test_the_slope_is_that_of_finite_differences(u, spike, inclusion):
    h = 1e-5
    up, down = (quantile(u + sign * h, 2.0, spike, inclusion)[0] for sign in (1, -1))
    assert quantile(u, 2.0, spike, inclusion)[1] == pytest.approx((up - down) / (2 * h), rel=1e-4)


@settings(max_examples=200, deadline=None)
@given(u=us, spike=spikes, inclusion=inclusions)
def test_it_is_odd_and_lies_between_spike_and_slab(u, spike, inclusion):
    x, slope = quantile(u, 1.0, spike, inclusion)
    assert quantile(-u, 1.0, spike, inclusion) == (-x, slope)
    assert spike**0.5 * abs(u) * (1 - 1e-12) <= abs(x) <= abs(u) * (1 + 1e-12)


def test_many_at_once():
    u = np.linspace(-6, 6, 41)
    expected = [quantile(v, 0.3, 0.01, 0.5)[0] for v in u]
    np.testing.assert_array_equal(quantiles(u, 0.3, 0.01, 0.5), expected)
    assert (np.diff(expected) > 0).all()
