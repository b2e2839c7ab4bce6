"""Models with residual factors, and what their marginal graphs are functions of."""

from dataclasses import replace

import numpy as np
import pytensor

import bayesfactor as bf
from bayesfactor.spec.alphas import Alpha, ZeroBeta
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.priors import Normal
from bayesfactor.spec.residual_factors import CommonResiduals
from tests.support.choices import choices, example

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
KINDS = {"common": (2, None), "groups": (0, Normal(0.25, 0.25)), "both": (1, Normal(0.25, 0.25))}


def with_factors(count, groups, **parts):
    """A model with residual factors, whose other parts are the examples given."""
    noise = replace(example(NormalNoise), common=CommonResiduals(count), groups=groups)
    return bf.FactorModel(noise=noise, **parts)


MODELS = {
    **{f"common-{choice.kind}": with_factors(*KINDS["common"], zero_beta=choice) for choice in choices(ZeroBeta)},
    **{f"groups-{choice.kind}": with_factors(*KINDS["groups"], alpha=choice) for choice in choices(Alpha)},
    "both": with_factors(*KINDS["both"]),
}


class Graph:
    """A marginal graph as a function of one vector: its terms, slopes where they are wanted, and Deterministics."""

    def __init__(self, graph, *, slopes=False):
        self.inputs = graph.value_vars
        start = graph.initial_point()
        self.shapes = [np.shape(start[v.name]) for v in self.inputs]
        self.ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        likelihood = graph.replace_rvs_by_values([graph["likelihood"]])[0]
        total = graph.logp(jacobian=True)
        wanted = graph.deterministics
        slopes = pytensor.grad(total, self.inputs) if slopes else []
        self.slopes = len(slopes)
        outputs = [total, likelihood, *slopes, *graph.replace_rvs_by_values(wanted)]
        self.names = [variable.name for variable in wanted]
        self.function = pytensor.function(self.inputs, outputs, mode=AS_WRITTEN, on_unused_input="ignore")

    def at(self, vector):
        """Return log-density, log-likelihood, gradient and variables by name."""
        parts = np.split(vector, self.ends[:-1])
        given = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        total, likelihood, *rest = self.function(*given)
        slopes, values = rest[: self.slopes], rest[self.slopes :]
        gradient = np.concatenate([np.ravel(slope) for slope in slopes]) if slopes else None
        return float(total), float(likelihood), gradient, dict(zip(self.names, values, strict=True))


def whole_normal(panel, values):
    """Return mean and covariance of all returns, one asset after the other, and the covariance with coefficients."""
    shift = np.concatenate([[0.0], values["risk_premium"] - values["factor_mean"]])
    x = np.column_stack([np.ones(len(panel.aligned)), panel.aligned]) + shift
    loading, sigma = values["residual_loading"], values["sigma"]
    assets = len(sigma)
    residual = np.kron(loading @ loading.T + np.diag(sigma**2), np.eye(len(x)))
    design = np.kron(np.eye(assets), x)
    prior = np.diag(values["coefficient_sd"].ravel() ** 2)
    return design @ values["coefficient_loc"].ravel(), residual + design @ prior @ design.T, prior @ design.T, prior


def assert_drawn(found, wanted, spread):
    """Hold draws (draw, coefficient) to a normal law: mean and covariance, within Monte Carlo errors."""
    draws = len(found)
    free = np.diag(spread) > 0
    np.testing.assert_allclose(found[:, ~free], np.broadcast_to(wanted[~free], (draws, (~free).sum())), atol=1e-15)
    sd = np.sqrt(np.diag(spread)[free])
    z = (found[:, free] - wanted[free]) / sd
    assert np.abs(z.mean(axis=0)).max() < 4 * draws**-0.5
    correlation = spread[np.ix_(free, free)] / np.outer(sd, sd)
    assert np.abs(z.T @ z / draws - correlation).max() < 4.5 * (2 / draws) ** 0.5
