"""Every choice of model: the compiled density equals the PyMC graph, and the plain likelihood of every observation."""

from contextlib import suppress
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytensor
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.sampling.kernels.buffer import CACHE_LINE
from bayesfactor.sampling.kernels.coverage import refusal
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.sampling.kernels.normal_kernel import OWN
from bayesfactor.spec.alphas import Alpha, FreeZeroBeta, NoZeroBeta, ScaledAlpha, ZeroBeta
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import Loadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise, NormalNoise
from bayesfactor.spec.observation import Observation
from bayesfactor.spec.priors import Normal, SpikeSlab
from tests.support.choices import choices, covering, derived, example
from tests.support.panels import make_panel
from tests.support.scaled import half_normal

SLAB = FactorLaw((("market", Normal(0.0, 0.5)), ("style", Normal(0.2, 0.3)), ("default", SpikeSlab(0.8))))
UNIONS = {"loadings": Loadings, "alpha": Alpha, "noise": Noise, "zero_beta": ZeroBeta, "observation": Observation}
PARTS = {part: choices(union) for part, union in UNIONS.items()} | {"factors": [FactorLaw(), SLAB]}
OTHERS = (1, 0, 2)  # numbers of non-traded factors
FIRST = ("loadings", "alpha", "noise")  # every combination of these; of the rest, every pair
SCALES = ("loading_scale_z", "alpha_scale_z", "log_sigma_scale_z")  # half-normal quantiles at either side of 0
AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled


def models():
    """Yield every model that can be made of the choices, with a number of non-traded factors."""
    for *chosen, others in product(*PARTS.values(), OTHERS):
        with suppress(bf.SpecError):  # choices that do not go together
            yield FactorModel(**dict(zip(PARTS, chosen, strict=True))), others


def facts(case):
    """Return the combination of the first parts that a model has, and every pair of all its choices."""
    model, others = case
    chosen = {part: repr(getattr(model, part)) for part in PARTS} | {"others": others}
    return {tuple(chosen[part] for part in FIRST), *combinations(chosen.items(), 2)}


def name_of(model):
    kinds = [getattr(model, part).kind for part in UNIONS]
    return "-".join([*kinds, "slab" if model.factors == SLAB else "normal"])


def covered(part):
    """Return the choices of a part that a kernel covers."""
    return [choice for choice in PARTS[part] if any(getattr(model, part) == choice for model, _ in COVERED)]


CASES = list(models())
COVERED = [case for case in CASES if refusal(case[0]) is None]
TAKEN = covering(COVERED, facts)
STAND_INS = [replace(FactorModel(), **{part: derived(getattr(FactorModel(), part), "derived")}) for part in PARTS]
NOT_COVERED = [model for model, others in CASES if refusal(model) and others == OTHERS[0]] + STAND_INS


def a_panel(other):
    """A panel whose factors begin at three dates, all before the first return."""
    panel = make_panel(assets=7, traded=2, other=other, periods=45, shortest=0, seed=5, year=52)
    values = panel.factors.values.copy()
    values[:4, 1], values[:9, 2:] = np.nan, np.nan
    returns = panel.returns.isel(time=slice(15, None))
    return replace(panel, returns=returns, factors=panel.factors.copy(data=values))


def points(problem, count=2):
    """Return points at which the coordinates of scales are of either sign in turn."""
    result = 0.6 * np.random.default_rng(11).normal(size=(count, problem.size))
    for name in SCALES:
        scales = problem.block(result, name)
        if scales is not None:
            at, shape = problem.layout[name]
            signs = np.array([1.0, -1.0])[np.arange(count) % 2].reshape(-1, *[1] * len(shape))
            result[:, at : at + int(np.prod(shape))] = (signs * abs(scales)).reshape(count, -1)
    return result


def test_every_choice_is_in_a_case_and_every_pair():
    assert set().union(*map(facts, TAKEN)) == set().union(*map(facts, COVERED))
    assert len(TAKEN) < 2 * np.prod([len(PARTS[part]) for part in FIRST])


@pytest.mark.parametrize("model", NOT_COVERED, ids=name_of)
def test_a_combination_that_no_kernel_covers_is_refused(model):
    with pytest.raises(bf.SpecError, match="no compiled density covers"):
        prepare(a_panel(1), model)


@pytest.mark.parametrize(("model", "others"), TAKEN, ids=[f"{name_of(model)}-{others}" for model, others in TAKEN])
def test_compiled_density_is_the_graph(model, others):
    """Value and gradient, to rounding."""
    panel = a_panel(others)
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


PLAIN = {"zero_beta": NoZeroBeta(), "factors": FactorLaw()}
FULL = {"zero_beta": example(FreeZeroBeta), "factors": SLAB}


@pytest.mark.parametrize("noise", covered("noise"), ids=lambda choice: choice.kind)
@pytest.mark.parametrize(("others", "rest"), [(0, PLAIN), (1, FULL)], ids=["plain", "full"])
def test_log_likelihood_is_that_of_every_observation(noise, others, rest):
    """The pointwise log-likelihood of a fit equals scipy's, observation by observation."""
    panel, model = a_panel(others), FactorModel(alpha=example(ScaledAlpha), noise=noise, **rest)
    fit = bf.fit(panel, model, bf.Sampler(draws=8, tune=100, chains=1, progress=False))
    draws = fit.posterior
    found = bf.log_likelihood(fit).sum("time").values.ravel()
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    for s, value in enumerate(found):
        posterior = {name: flat[name].isel(sample=s).values for name in flat.data_vars}
        assert value == pytest.approx(plain(panel, fit.model, posterior), abs=1e-8)


@pytest.mark.parametrize("loadings", covered("loadings"), ids=lambda choice: choice.kind)
@pytest.mark.parametrize("alpha", covered("alpha"), ids=lambda choice: choice.kind)
@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize("rest", [PLAIN, FULL], ids=["plain", "full"])
def test_integrated_likelihood_is_the_plain_one_integrated(loadings, alpha, others, rest):
    """log p(r | theta) from statistics = log density of the returns as one normal vector per asset, to 1e-8."""
    model = FactorModel(loadings=loadings, alpha=alpha, noise=example(NormalNoise), **rest)
    panel = a_panel(others)
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
        width = 0.0 if common is not None else numbers.loadings.sd
        width = width if z is None else numbers.loadings.spread * half_normal(z[0])
        rate = problem.zero_beta(flat)
        centre = np.concatenate(
            [
                [numbers.alpha.loc + (0.0 if rate is None else rate[0])],
                numbers.loadings.loc + numbers.loadings.sd * where,
            ]
        )
        own = numbers.alpha.sd * (1.0 if a is None else half_normal(a[0]))
        own *= sigma[i] / numbers.alpha.per_residual_sd if numbers.alpha.per_residual_sd else 1.0
        sd = np.concatenate([[own], width + np.zeros(len(shift))])
        x = x + np.concatenate([[0.0], shift])
        covariance = x @ np.diag(sd**2) @ x.T + sigma[i] ** 2 * np.eye(y.size)
        total += stats.multivariate_normal(x @ centre, covariance).logpdf(y)
    return total
