"""Every choice of model: the compiled density equals the PyMC graph, and the plain likelihood of every observation."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytensor
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.sampling.kernels.buffer import CACHE_LINE
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.sampling.kernels.normal_kernel import OWN
from bayesfactor.spec.alphas import (
    AppraisalAlpha,
    FreeAlpha,
    FreeZeroBeta,
    NoZeroBeta,
    ScaledAlpha,
    SharpeAlpha,
    ShrunkAlpha,
    ZeroAlpha,
)
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, Normal, NormalRate, Rate, SpikeSlab
from tests.support.panels import make_panel

LOADINGS = {name: bf.read_model(name).loadings for name in ("hierarchical", "unpooled", "pooled")}
ALPHAS = {
    "zero": ZeroAlpha(),
    "shrunk": ShrunkAlpha(HalfNormalRate(Rate(5.0))),
    "scaled": ScaledAlpha(HalfNormalRate(Rate(5.0))),
    "sharpe": SharpeAlpha(HalfNormal(1.0)),
    "appraisal": AppraisalAlpha(HalfNormal(0.3)),
    "free": FreeAlpha(NormalRate(Rate(1.0), Rate(20.0))),
}
NOISES = {name: bf.read_model(name).noise for name in ("hierarchical", "student_t")}
ZERO_BETA = {"none": NoZeroBeta(), "free": FreeZeroBeta(NormalRate(Rate(1.0), Rate(8.0)))}
PREMIA = {
    "normal": FactorLaw(),
    "slab": FactorLaw(premium=(("market", Normal(0.0, 0.5)), ("style", Normal(0.2, 0.3)), ("default", SpikeSlab(0.8)))),
}
PLAIN = ("none", "normal")
AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
# Every pair of choices of two parts, not every combination of all: 36 models, with what is left taken in turn.
CHOICES = [
    (*some, (1, 0, 2)[i % 3], tuple(ZERO_BETA)[i // 2 % 2], tuple(PREMIA)[i % 4 == 3 or i % 9 == 2])
    for i, some in enumerate(product(LOADINGS, ALPHAS, NOISES))
]


def choose(loadings, alpha, noise, zero_beta="none", premia="normal"):
    return replace(
        bf.FactorModel(),
        loadings=LOADINGS[loadings],
        alpha=ALPHAS[alpha],
        noise=NOISES[noise],
        zero_beta=ZERO_BETA[zero_beta],
        factors=PREMIA[premia],
    )


def a_panel(other):
    """A panel whose factors begin at three dates, all before the first return."""
    panel = make_panel(assets=7, traded=2, other=other, periods=45, shortest=0, seed=5, year=52)
    values = panel.factors.values.copy()
    values[:4, 1], values[:9, 2:] = np.nan, np.nan
    returns = panel.returns.isel(time=slice(15, None))
    return replace(panel, returns=returns, factors=panel.factors.copy(data=values))


def points(problem, count=2):
    return 0.6 * np.random.default_rng(11).normal(size=(count, problem.size))


@pytest.mark.parametrize(("loadings", "alpha", "noise", "other", "zero_beta", "premia"), CHOICES)
def test_compiled_density_is_the_graph(loadings, alpha, noise, other, zero_beta, premia):
    """Value and gradient, to rounding."""
    panel, model = a_panel(other), choose(loadings, alpha, noise, zero_beta, premia)
    problem, graph = prepare(panel, model), bf.build(panel, model, marginal=True)
    inputs = graph.value_vars
    assert {v.name for v in inputs} == {name for name, (at, _) in problem.layout.items() if at >= 0}
    value = graph.logp(jacobian=True)
    function = pytensor.function(inputs, [value, *pytensor.grad(value, inputs)], mode=AS_WRITTEN)
    for theta in points(problem):
        expected, *slopes = function(*(problem.block(theta, v.name) for v in inputs))
        found, gradient = problem.evaluate(theta)
        assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
        for variable, slope in zip(inputs, slopes, strict=True):
            mine = problem.block(gradient, variable.name)
            np.testing.assert_allclose(mine, slope, rtol=1e-9, atol=1e-9 * np.abs(gradient).max())


def test_a_graph_compiles_as_its_users_will_compile_it():
    panel, model = a_panel(1), choose("hierarchical", "shrunk", "hierarchical")
    problem, graph = prepare(panel, model), bf.build(panel, model, marginal=True)
    theta = points(problem, 1)[0]
    value = graph.compile_logp()({v.name: problem.block(theta, v.name) for v in graph.value_vars})
    assert problem.evaluate(theta)[0] == pytest.approx(float(value), rel=1e-9)


def plain(panel, model, posterior):
    """log p(theta) + log p(c | theta) + sum_t log p(r_t | c) for one draw, as one would write it without statistics."""
    loading, alpha = posterior["loading"], posterior["alpha"] + posterior.get("zero_beta", 0.0)
    shift = posterior["risk_premium"] - posterior["factor_mean"]
    total = 0.0
    for i in range(len(panel.assets)):
        for t in range(panel.returns.sizes["time"]):
            r = panel.returns.values[t, i]
            if np.isfinite(r):
                moved = sum(
                    loading[i, k] * (panel.aligned[t, k] + (0.0 if factor.traded else shift[k]))
                    for k, factor in enumerate(panel.factor_info)
                )
                sd, centre = posterior["residual_sd"][i], alpha[i] + moved
                if "dof" in posterior:
                    law = stats.t(posterior["dof"], centre, sd * (1 - 2 / posterior["dof"]) ** 0.5)
                else:
                    law = stats.norm(centre, sd)
                total += law.logpdf(r)
    return total


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("other", "zero_beta", "premia"), [(0, *PLAIN), (1, "free", "slab")])
def test_log_likelihood_is_that_of_every_observation(noise, other, zero_beta, premia):
    """The pointwise log-likelihood of a fit equals scipy's, observation by observation."""
    panel, model = a_panel(other), choose("hierarchical", "scaled", noise, zero_beta, premia)
    fit = bf.fit(panel, model, bf.Sampler(draws=8, tune=100, chains=1, progress=False))
    draws = fit.posterior
    found = bf.log_likelihood(fit).sum("time").values.ravel()
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    for s, value in enumerate(found):
        posterior = {name: flat[name].isel(sample=s).values for name in flat.data_vars}
        assert value == pytest.approx(plain(panel, fit.model, posterior), abs=1e-8)


@pytest.mark.parametrize(("loadings", "alpha", "other"), list(product(LOADINGS, ALPHAS, (0, 1))))
@pytest.mark.parametrize(("zero_beta", "premia"), [PLAIN, ("free", "slab")])
def test_integrated_likelihood_is_the_plain_one_integrated(loadings, alpha, other, zero_beta, premia):
    """log p(r | theta) from statistics = log density of the returns as one normal vector per asset, to 1e-8."""
    panel, model = a_panel(other), choose(loadings, alpha, "hierarchical", zero_beta, premia)
    problem = prepare(panel, model)
    steps = points(problem, 2)
    empty = replace(panel, returns=panel.returns.where(False))
    base = replace(problem, buffer=_with_moments_of(problem, empty, model))
    for theta in steps:
        ours = problem.evaluate(theta)[0] - base.evaluate(theta)[0]
        assert ours == pytest.approx(_normal_vectors(panel, model, problem, theta), abs=1e-8)


def _with_moments_of(problem, panel, model):
    """Return the buffer with the statistics of another panel, and all else as it was."""
    buffer = problem.buffer.copy()
    start, stop = int(buffer[2 * OWN.xx]), int(buffer[2 * OWN.dates + 1])
    buffer[start:stop] = 0.0
    assert stop <= buffer.size < stop + CACHE_LINE
    assert not np.isfinite(panel.returns.values).any()
    return buffer


def _normal_vectors(panel, model, problem, theta):
    from bayesfactor.panel.regressions import regressors
    from tests.support.scaled import priors_of

    numbers, flat = priors_of(panel, model), theta[None]
    mean, premium = problem.means(flat)
    shift = np.where([f.traded for f in panel.factor_info], 0.0, premium[0] - mean[0])
    sigma = np.exp(problem.scales(flat)[2][0])
    groups = [panel.group_names.index(g) for g in panel.groups.values]
    m, common = problem.block(flat, "loading_mean_z"), problem.block(flat, "loading_common_z")
    z, a = problem.block(flat, "loading_scale_z"), problem.block(flat, "alpha_scale_z")
    total = 0.0
    for i in range(len(panel.assets)):
        _, y, x = regressors(panel, i)
        if not y.size:
            continue
        where = m[0, groups[i]] if m is not None else common[0] if common is not None else 0.0
        width = numbers.loadings.spread * z[0] if z is not None else numbers.loadings.sd if common is None else 0.0
        rate = problem.zero_beta(flat)
        centre = np.concatenate(
            [
                [numbers.alpha.loc + (0.0 if rate is None else rate[0])],
                numbers.loadings.loc + numbers.loadings.sd * where,
            ]
        )
        own = numbers.alpha.sd * (1.0 if a is None else a[0])
        own *= sigma[i] / numbers.alpha.per_residual_sd if numbers.alpha.per_residual_sd else 1.0
        sd = np.concatenate([[own], width + np.zeros(len(shift))])
        x = x + np.concatenate([[0.0], shift])
        covariance = x @ np.diag(sd**2) @ x.T + sigma[i] ** 2 * np.eye(y.size)
        total += stats.multivariate_normal(x @ centre, covariance).logpdf(y)
    return total
