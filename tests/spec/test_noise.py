"""A noise law's own numbers, against scipy and against numerical integration."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

import bayesfactor as bf
from bayesfactor.spec.noise import Noise
from tests.support.choices import choices

NORMAL, STUDENT = bf.FactorModel().noise, bf.read_model("student_t").noise
LAWS = choices(Noise)
SD, DOF = 0.03, 4.5


def draws(sd=SD, dof=DOF):
    return {"residual_sd": np.array(sd), "dof": np.array(dof)}


def scipys(law, sd=SD, dof=DOF):
    """The law in scipy, by its standard deviation."""
    theirs = {"normal": stats.norm(0, sd), "student_t": stats.t(dof, 0, sd * ((dof - 2) / dof) ** 0.5)}
    return theirs[law.kind]


@pytest.mark.parametrize("law", LAWS)
def test_log_densities_are_those_of_scipy(law):
    rng = np.random.default_rng(1)
    residual, sd, dof = rng.normal(size=(3, 5)), rng.uniform(0.1, 2, size=(3, 1)), rng.uniform(2.1, 30, size=(3, 1))
    found = law.log_density(residual, draws(sd, dof))
    np.testing.assert_allclose(found, scipys(law, sd, dof).logpdf(residual), rtol=1e-12)


@given(st.floats(-5, 5), st.floats(1e-3, 10))
def test_law_a_student_t_with_many_degrees_of_freedom_is_normal(z, sd):
    at = draws(sd, 1e6)
    wanted = NORMAL.log_density(np.array(z * sd), at)
    assert STUDENT.log_density(np.array(z * sd), at) == pytest.approx(wanted, abs=1e-3)
    assert STUDENT.information(at) == pytest.approx(NORMAL.information(at), rel=1e-5)
    assert STUDENT.sd({"sigma": np.array(sd), "dof": np.array(1e6)}) == pytest.approx(sd, rel=1e-5)


@pytest.mark.parametrize("law", LAWS)
def test_the_standard_deviation_is_that_of_scipy_and_leads_back_to_the_scale(law):
    scale = np.array([0.01, 0.2])
    sd = law.sd({"sigma": scale, "dof": np.array(DOF)})
    theirs = scipys(law, sd)
    np.testing.assert_allclose(theirs.std(), sd, rtol=1e-12)
    np.testing.assert_allclose(theirs.args[-1], scale, rtol=1e-12)
    np.testing.assert_allclose(law.scale(draws(sd)), scale, rtol=1e-14)


@pytest.mark.parametrize("law", LAWS)
def test_information_is_the_variance_of_the_score(law):
    """I = E[(d log p / d location)^2], the derivative by differences and the mean by quadrature."""
    at, step, theirs = draws(), 1e-6 * SD, scipys(law)

    def square(e):
        up, down = (float(law.log_density(np.array(e + s), at)) for s in (step, -step))
        return ((up - down) / (2 * step)) ** 2 * theirs.pdf(e)

    found = integrate.quad(square, -40 * SD, 40 * SD, points=[0.0], limit=400)[0]
    assert law.information(at) == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("law", LAWS)
def test_simulated_residuals_are_of_the_law(law):
    new = law.simulate(draws(), np.random.default_rng(3), (20_000,))
    assert stats.kstest(new, scipys(law).cdf).pvalue > 0.01
    same = law.simulate(draws(2 * SD), np.random.default_rng(3), (20_000,))
    np.testing.assert_allclose(same, 2 * new, rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_the_law_of_a_sample_variance_is_that_of_samples(law):
    rng, count = np.random.default_rng(4), 30
    dof = np.full(400, 8.0)
    found = law.sample_variance(np.array([count, 0, count]), {"residual_sd": np.ones(400), "dof": dof}, rng)
    many = scipys(law, 1.0, 8.0).rvs((20_000, count), random_state=5).var(axis=1, ddof=1)
    for p in (0.1, 0.5, 0.9):
        at = float(found.quantile(np.array([p]), count)[0])
        error = (p * (1 - p) / 2000) ** 0.5  # 400 draws of 5 replicas
        assert (many < at).mean() == pytest.approx(p, abs=4 * error)
        assert found.cdf(np.full(400, at * (count - 1)), count) == pytest.approx(p, abs=1e-3)


def test_normal_residuals_have_a_sufficient_statistic():
    e = np.random.default_rng(6).normal(0, SD, 50)
    found = NORMAL.log_likelihood(np.array(e @ e), 50, draws())
    assert found == pytest.approx(NORMAL.log_density(e, draws()).sum(), rel=1e-12)
    assert STUDENT.log_likelihood(np.array(e @ e), 50, draws()) is None


def test_degrees_of_freedom_at_their_least_are_told():
    dof = np.concatenate([np.full(30, STUDENT.dof.above + 0.05), np.full(70, 5.0)])
    assert STUDENT.boundary({"dof": dof}) == {"degrees of freedom": 0.3}
    assert NORMAL.boundary({}) == {}
