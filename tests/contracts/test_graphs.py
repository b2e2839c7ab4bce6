"""Every pair of choices: the full graph, in either form, is the marginal one times what was integrated out."""

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import gammaln

import bayesfactor as bf
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.regressions import regressors
from bayesfactor.spec.alphas import Alpha, ZeroBeta
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import Loadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise
from bayesfactor.spec.priors import Normal, SpikeSlab
from tests.support.choices import choices, covering
from tests.support.panels import make_panel
from tests.support.scaled import priors_of

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
COEFFICIENTS = ("alpha", "loading")
LOG = "_log__"  # end of the name of a value that PyMC takes the logarithm of
NORMAL = (("default", Normal(0.1, 0.4)),)
PREMIA = (FactorLaw(NORMAL), FactorLaw((("f2", SpikeSlab(0.8)), *NORMAL)))
UNIONS = {"loadings": Loadings, "alpha": Alpha, "noise": Noise, "zero_beta": ZeroBeta}
PARTS = {part: choices(union) for part, union in UNIONS.items()} | {"factors": PREMIA}
MODELS = [FactorModel(**dict(zip(PARTS, chosen, strict=True))) for chosen in product(*PARTS.values())]


def facts(model):
    return {(part, repr(getattr(model, part))) for part in PARTS}


def pairs(model):
    return set(combinations(sorted(facts(model)), 2))


TAKEN = covering(MODELS, pairs)  # what is integrated out depends on two parts at a time
SOME = covering(MODELS, facts)


def name_of(model):
    kinds = [getattr(model, part).kind for part in UNIONS]
    return "-".join([*kinds, "slab" if model.factors is PREMIA[1] else "normal"])


@pytest.fixture(scope="module")
def panel():
    """Factors that begin on three dates, in another order than the panel has them; one asset without returns."""
    panel = make_panel(assets=4, traded=1, other=2, periods=30, shortest=3, groups=2, seed=5, year=52)
    values = panel.factors.values.copy()
    values[:7, 1], values[:4, 2] = np.nan, np.nan
    returns = panel.returns.where(panel.returns["asset"] != "a02").isel(time=slice(8, None))
    return replace(panel, returns=returns, factors=panel.factors.copy(data=values))


@dataclass(frozen=True)
class Point:
    """A graph at a point: log-density and log Jacobian of its coordinates, and what its variables are there."""

    log_density: float
    log_jacobian: float
    values: dict[str, np.ndarray]


class Graph:
    """A PyMC graph as a function of its values, whose densities are of `free` variables in their own units.

    Where the graph has x = x(z) in place of a free variable x, and samples z, it is elementwise in z; but the free
    coefficients c of an asset are in place of a ``coefficient_z`` of its own.
    """

    def __init__(self, graph, free=()):
        self.free = list(free) or [rv.name for rv in graph.free_RVs]
        own = {rv.name: rv for rv in graph.free_RVs}
        moved = [name for name in self.free if name not in own and f"{name}_z" in own]
        wanted = own | {variable.name: variable for variable in graph.deterministics} | self._priors(own)
        found = dict(zip(wanted, graph.replace_rvs_by_values(list(wanted.values())), strict=True))
        inputs = {v.name: v for v in graph.value_vars}
        slopes = [pytensor.grad(pt.sum(found[name]), inputs[f"{name}_z"]) for name in moved]
        jacobian = sum((pt.log(pt.abs(slope)).sum() for slope in slopes), pt.constant(0.0))
        joint = [found[name] for name in COEFFICIENTS if name in self.free and name in found and name not in own]
        if joint:
            size = graph.initial_point()["coefficient_z"].shape[1]
            jacobian += self._log_determinants(joint, inputs["coefficient_z"], size)
        outputs = [graph.logp(jacobian=False), jacobian, *found.values()]
        self.shapes = {name: np.shape(value) for name, value in graph.initial_point().items()}
        self.names, self.moved = list(found), moved
        self.function = pytensor.function(list(inputs.values()), outputs, mode=AS_WRITTEN, on_unused_input="ignore")

    @staticmethod
    def _log_determinants(joint, z, size):
        """Return the sum over assets of log|dc_i / dz_i|, c_i the free coefficients of asset i."""
        c = pt.concatenate([value if value.ndim == 2 else value[:, None] for value in joint], axis=1)
        slopes = [pytensor.grad(c[:, k].sum(), z) for k in range(size)]
        return pt.linalg.slogdet(pt.stack(slopes, axis=1))[1].sum()

    @staticmethod
    def _priors(own):
        """Return mean and standard deviation of the free coefficients."""
        ends = {".loc": -2, ".sd": -1}
        names = [name for name in COEFFICIENTS if name in own]
        return {name + end: own[name].owner.inputs[at] for name in names for end, at in ends.items()}

    def at(self, values) -> Point:
        """Evaluate it where its variables have these values."""
        given = [np.log(values[name.removesuffix(LOG)]) if name.endswith(LOG) else values[name] for name in self.shapes]
        density, jacobian, *rest = self.function(*given)
        return Point(float(density), float(jacobian), dict(zip(self.names, rest, strict=True)))

    def anywhere(self, seed):
        """Return values of its variables."""
        rng = np.random.default_rng(seed)
        drawn = {name: 0.6 * rng.standard_normal(shape) for name, shape in self.shapes.items()}
        return {name.removesuffix(LOG): np.exp(z) if name.endswith(LOG) else z for name, z in drawn.items()}


@pytest.mark.parametrize("model", TAKEN, ids=name_of)
def test_the_full_graph_is_the_marginal_one_times_what_was_integrated_out(model, panel):
    """log p_full - log p(c | theta, r) - log p(Omega | mu, f) = log p_marginal."""
    full = Graph(bf.build(panel, model))
    marginal = Graph(bf.build(panel, model, marginal=True), full.free)
    start = marginal.anywhere(1)
    here = marginal.at(start)
    values = in_full(full, here)
    there = full.at(values)
    free = [name for name in COEFFICIENTS if name in full.free]
    inner = surrogate(marginal, start, here, free) if "coefficients" in here.values else conditional(panel, there, free)
    terms = [
        there.log_density,
        -inner,
        -covariance(panel, model, values),
        -here.log_density,
        here.log_jacobian,
        -constant(panel, model),
    ]
    assert abs(sum(terms)) < 1e-9 * sum(map(abs, terms))


@pytest.mark.parametrize("model", SOME, ids=name_of)
def test_the_non_centred_graph_is_the_centred_one_in_other_coordinates(model, panel):
    full = Graph(bf.build(panel, model))
    other = Graph(bf.build(panel, model, centred=False), full.free)
    here = other.at(other.anywhere(2))
    there = full.at({name: here.values[name] for name in full.free})
    assert here.log_density - here.log_jacobian == pytest.approx(there.log_density, rel=1e-9)
    for name in there.values.keys() & here.values.keys():
        np.testing.assert_allclose(here.values[name], there.values[name], rtol=1e-9, err_msg=name)


def test_every_pair_of_choices_is_in_a_model_and_every_choice_in_some():
    assert set().union(*map(pairs, TAKEN)) == set().union(*map(pairs, MODELS))
    assert set().union(*map(facts, SOME)) == set().union(*map(facts, MODELS))


def in_full(full, here):
    """Return values of the full graph's variables at a point of the marginal one; at random what is not in it."""
    values = full.anywhere(3) | {name: here.values[name] for name in full.free if name in here.values}
    if "coefficients" in here.values:
        c, rate = here.values["coefficients"], here.values.get("zero_beta", 0.0)
        return values | {"alpha": c[:, 0] - rate, "loading": c[:, 1:]}
    laws = full.at(values).values
    away = {name: laws[f"{name}.loc"] + laws[f"{name}.sd"] * values[name] for name in COEFFICIENTS if name in full.free}
    return values | away


def conditional(panel, point, free):
    """Return log p(c | theta, r), normal: precision diag(1 / sd^2) + X'X / sigma^2."""
    values, total = point.values, 0.0
    shift = values["risk_premium"] - values["factor_mean"]
    for i in range(len(panel.assets)):
        _, y, x = regressors(panel, i)
        x = x + np.concatenate([[0.0], shift])
        c = np.concatenate([[values["alpha"][i]], values["loading"][i]])
        y = y - values.get("zero_beta", 0.0)
        own = np.repeat([name in free for name in COEFFICIENTS], [1, len(shift)])
        y, x = y - x[:, ~own] @ c[~own], x[:, own]
        loc, sd = (
            np.hstack([np.empty(0), *(np.atleast_1d(values[f"{name}.{end}"][i]) for name in free)])
            for end in ("loc", "sd")
        )
        precision = np.diag(sd**-2.0) + x.T @ x / values["sigma"][i] ** 2
        away = c[own] - np.linalg.solve(precision, loc / sd**2 + x.T @ y / values["sigma"][i] ** 2)
        total += 0.5 * (np.linalg.slogdet(precision)[1] - len(loc) * np.log(2 * np.pi) - away @ precision @ away)
    return total


def surrogate(marginal, start, here, free):
    """Return minus what is to be taken off the marginal density for its variables c: constants and the Jacobian of c.

    c is linear in its coordinates z; where it does not depend on z, that is a standard normal of its own.
    """
    z, c = start["coefficient_z"], here.values["coefficients"]
    own = np.repeat([name in free for name in COEFFICIENTS], [1, z.shape[1] - 1])
    step = [marginal.at(start | {"coefficient_z": z + one}).values["coefficients"] - c for one in np.eye(z.shape[1])]
    slopes = np.stack(step, axis=-1)[:, own][:, :, own]
    constants = 0.5 * z.size * np.log(2 * np.pi)
    idle = -0.5 * np.sum(z[:, ~own] ** 2 + np.log(2 * np.pi))
    return -(constants + np.sum(np.linalg.slogdet(slopes)[1]) + idle)


def regressions(panel, model, mean):
    """Yield, factor by factor from the longest history on: what an inverse Wishart says given its elders and f.

    Posterior degrees of freedom and scale of its variance, its slopes, and A of its elders; with `mean` None each
    span's own mean. Then the rows, and the prior's degrees of freedom, scale and A.
    """
    history, prior = factor_moments(panel), priors_of(panel, model).factors
    for span in history.spans:
        scale = np.diag(prior.covariance_scale[span.factors])
        gap = np.zeros(len(span.factors)) if mean is None else mean[span.factors] - span.mean
        a = scale + span.scatter + span.count * np.outer(gap, gap)
        for k in range(span.older, len(span.factors)):
            dof = prior.covariance_dof - len(mean if mean is not None else history.mean) + k + 1
            slope = np.linalg.solve(a[:k, :k], a[:k, k])
            yield span.factors[: k + 1], dof, a[k, k] - slope @ a[:k, k], slope, a[:k, :k], span.count, scale


def constant(panel, model):
    """Return log p(f | mu) but for what depends on mu, which the marginal graph leaves out."""
    total = 0.0
    for _, dof, left, _, elders, count, scale in regressions(panel, model, None):
        k = len(elders)
        total += gammaln((dof + count) / 2) - gammaln(dof / 2) - count / 2 * np.log(np.pi)
        total += dof / 2 * np.log(scale[k, k]) - (dof + count) / 2 * np.log(left)
        total += 0.5 * (np.linalg.slogdet(scale[:k, :k])[1] - np.linalg.slogdet(elders)[1])
    return total


def covariance(panel, model, values):
    """Return log p(Omega | mu, f) in the coordinates of the full graph.

    v ~ IG((dof + n) / 2, left / 2) and b ~ N(slope, v A^-1), with v = s_k^2 / x and b_j = -z_j s_k / (s_j sqrt(x)).
    """
    total, at = 0.0, 0
    for members, dof, left, slope, elders, count, scale in regressions(panel, model, values["factor_mean"]):
        k, s = len(elders), np.sqrt(np.diag(scale))
        x = values["factor_cov_chi2"][members[-1]]
        z = values["factor_cov_z"][at : at + k]
        at += k
        v, b, shape = s[k] ** 2 / x, -z * s[k] / (s[:k] * x**0.5), (dof + count) / 2
        total += shape * np.log(left / 2) - gammaln(shape) - (shape + 1) * np.log(v) - left / 2 / v
        total += np.log(v / x)
        total += 0.5 * (
            np.linalg.slogdet(elders)[1] - k * np.log(2 * np.pi * v) - (b - slope) @ elders @ (b - slope) / v
        )
        total += np.sum(np.log(s[k] / (s[:k] * x**0.5)))
    return total
