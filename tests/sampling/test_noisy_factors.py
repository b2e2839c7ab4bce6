"""Noisy factors in the state of a chain: what they change there, and what they leave."""

from dataclasses import replace

import numpy as np
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.panel.design import observe
from bayesfactor.panel.histories import factor_moments
from bayesfactor.paths.movement import Cell
from bayesfactor.sampling.kernels.buffer import aligned_copy
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.prior import PRIOR
from bayesfactor.sampling.latents.factor_rows import factor_terms, row_moments
from bayesfactor.sampling.latents.found import rows_of
from bayesfactor.sampling.latents.noisy_factors import NoisyFactors, require_same_thing
from bayesfactor.sampling.latents.state import State
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.inclusion import BetaInclusion
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, LoadingPrior
from bayesfactor.spec.measurement_error import BetaReliability, KnownReliability
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.priors import Normal
from bayesfactor.spec.scaling import scale_priors
from tests.support.panels import make_panel

LAW = FactorLaw(error=(("f1", KnownReliability(0.7)), ("f3", BetaReliability(8.0, 4.0, proxy="p"))))
PLAIN = (("default", LoadingPrior(Normal(0.2, 0.5))),)
SPARSE = replace(FactorModel().loadings, inclusion=(("f3", BetaInclusion(1.0, 1.0)),))
LOADINGS = {
    "grouped": FactorModel().loadings,
    "grouped, with a floor": SPARSE,
    "free": FreeLoadings(PLAIN),
    "common": CommonLoadings(PLAIN),
}


def longer(panel, rows):
    """Return the panel with returns on the last dates only."""
    return replace(panel, returns=panel.returns.isel(time=slice(rows, None)))


def chain(loadings=LOADINGS["grouped"], precision=None):
    """Return noisy factors and the state of a chain, at a theta of no consequence."""
    panel, rng = longer(make_panel(assets=7, traded=1, other=3, periods=60, shortest=20), 15), np.random.default_rng(2)
    model = FactorModel(name="noisy", loadings=loadings, factors=LAW)
    design = observe(panel)
    if precision is not None:
        design = replace(design, means=factor_moments(panel, precision))
    priors = scale_priors(design, model)
    problem = pack(design, model, priors)
    theta = 0.3 * rng.standard_normal(problem.size)
    state = State(problem, aligned_copy(problem.buffer), theta, np.zeros((7, 5)), rows_of(panel, Cell()), rng)
    law = state.law()
    state.coefficients = (law.mean + law.sd * rng.standard_normal(law.mean.shape)).T
    proxy = panel.factors.values[:, 3] + 0.01 * rng.standard_normal(60)
    noisy = NoisyFactors.of(panel, priors, {"f3": proxy})
    noisy.weight = noisy.weight if precision is None else precision
    return noisy, state


def slot(buffer, number):
    start, end = buffer[2 * number : 2 * number + 2].astype(int)
    return buffer[start:end]


@pytest.mark.parametrize("moving", [False, True])
def test_the_buffer_has_the_terms_of_the_factors_as_they_were_drawn(moving):
    """Of the observed rows they are those of the problem; of drawn rows those of a panel of these."""
    precision = np.linspace(0.5, 1.5, 60) if moving else None
    noisy, state = chain(precision=precision)
    observed = factor_terms(row_moments(noisy.values, noisy.weight), noisy.priors.factors, state.start)
    for name, values in zip(("factor_precision", "factor_centre"), observed, strict=True):
        np.testing.assert_allclose(values, state.problem.data[name], rtol=1e-9, atol=1e-15)
    noisy.given_coefficients(state)
    drawn = factor_terms(row_moments(noisy.values, noisy.weight), noisy.priors.factors, state.start)
    for number, values in zip((PRIOR.factor_precision, PRIOR.factor_centre), drawn, strict=True):
        np.testing.assert_array_equal(slot(state.buffer, number), values.ravel())
    assert np.abs(drawn[0] / observed[0] - 1).max() > 1e-3


def test_only_factors_with_error_are_drawn():
    noisy, state = chain()
    before, x = noisy.values.copy(), state.rows.x.copy()
    for _ in range(3):
        noisy.given_coefficients(state)
    changed = np.abs(noisy.values - before).max(axis=0) > 0
    assert changed.tolist() == [False, True, False, True]
    np.testing.assert_array_equal(state.rows.x[1:], noisy.values[15:].T)
    np.testing.assert_array_equal(state.rows.x[[0, 1, 3]], x[[0, 1, 3]])
    assert state.rows.changed
    assert noisy.reliability[[0, 1, 2]].tolist() == [1.0, 0.7, 1.0]
    assert 0 < noisy.reliability[3] < 1
    assert noisy.reliability[3] != pytest.approx(8 / 12)


def test_what_is_recorded():
    noisy, state = chain()
    found = noisy.record(state)
    assert found["reliability"].shape == (4,)
    np.linalg.cholesky(found["factor_cov"])
    found["reliability"][:] = 0
    assert noisy.reliability[0] == 1, "what is kept does not change with the chain"


@pytest.mark.parametrize("name", LOADINGS)
def test_another_scale_leaves_what_is_fitted(name):
    """Loadings and their law divided, factor and premium multiplied: fitted values and standardised loadings stay."""
    _, state = chain(LOADINGS[name])
    u, k, before = 0.8, 3, state.law()
    (mean, premium), own = state.means(), state.coefficients.copy()
    state.divide_loadings(k, u)
    state.set_premium(k, u * premium[k])
    after, (same, paid) = state.law(), state.means()
    np.testing.assert_allclose(same, mean, rtol=1e-12)
    np.testing.assert_allclose(paid, premium * np.where(np.arange(4) == k, u, 1), rtol=1e-10)
    np.testing.assert_allclose(state.coefficients[:, 1 + k], own[:, 1 + k] / u, rtol=1e-14)
    scaled = np.where(np.arange(5) == 1 + k, u, 1.0)[:, None]
    if name != "free":  # of free loadings the law is a prior of its own
        np.testing.assert_allclose(after.mean, before.mean / scaled, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(after.sd, before.sd / scaled, rtol=1e-9, atol=1e-15)
    x = np.linspace(-1, 1, 9)
    fitted = own[:, [1 + k]] * (x + premium[k])
    np.testing.assert_allclose(state.coefficients[:, [1 + k]] * (u * x + paid[k]), fitted, rtol=1e-9)


def test_a_proxy_may_begin_late():
    noisy, state = chain()
    proxied = noisy.factors[-1]
    series = proxied.measured.series.copy()
    series[1, :30] = np.nan
    late = replace(proxied, measured=replace(proxied.measured, series=series))
    noisy.factors = (*noisy.factors[:-1], late)
    noisy.given_coefficients(state)
    assert np.isfinite(noisy.values).all()


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        (lambda o, noise: 100 * (o + noise), r"times the standard deviation of the factor: it is in other units"),
        (lambda o, noise: 2 * noise, "it does not measure the same thing"),
        (lambda o, noise: -o + noise, "it does not measure the same thing"),
    ],
)
def test_a_proxy_of_something_else_is_refused(proxy, says):
    rng = np.random.default_rng(5)
    series, noise = rng.standard_normal(200), 0.5 * rng.standard_normal(200)
    require_same_thing("macro", series, series + noise)
    with pytest.raises(DataError, match=says) as caught:
        require_same_thing("macro", series, proxy(series, noise))
    assert "macro" in str(caught.value)
