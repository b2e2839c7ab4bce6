"""Every law of residuals: its numbers in numpy are those of its law in the PyMC graph."""

from dataclasses import replace

import numpy as np
import pytensor
import pytest

import bayesfactor as bf
from bayesfactor.spec.noise import Noise
from tests.support.choices import choices
from tests.support.panels import make_panel

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled
MEAN = ("alpha", "loading", "factor_mean", "risk_premium")


@pytest.mark.parametrize("noise", choices(Noise), ids=lambda noise: noise.kind)
def test_numpy_and_the_graph_have_one_law(noise):
    panel = make_panel(assets=3, traded=1, other=1, periods=30, shortest=9, seed=5, year=52)
    graph = bf.build(panel, replace(bf.FactorModel(), noise=noise))
    names = (*MEAN, "sigma", "residual_sd", *noise.parameters)
    outputs = [*graph.logp(vars=graph["returns"], sum=False), *(graph[name] for name in names)]
    found = pytensor.function(
        graph.value_vars, graph.replace_rvs_by_values(outputs), mode=AS_WRITTEN, on_unused_input="ignore"
    )
    rng = np.random.default_rng(1)
    start = graph.initial_point()
    point = [start[v.name] + 0.3 * rng.standard_normal(np.shape(start[v.name])) for v in graph.value_vars]
    log_density, *values = found(*point)
    here = dict(zip(names, values, strict=True))
    own = {name: here[name] for name in noise.parameters}
    asset, time = graph["asset_of"].get_value(), graph["time_of"].get_value()
    x = panel.aligned[time] + here["risk_premium"] - here["factor_mean"]
    residual = panel.returns.values[time, asset] - here["alpha"][asset] - np.sum(here["loading"][asset] * x, axis=1)
    wanted = noise.log_density(residual, {"residual_sd": here["residual_sd"][asset], **own})
    np.testing.assert_allclose(log_density, wanted, rtol=1e-9)
    np.testing.assert_allclose(here["residual_sd"], noise.sd({"sigma": here["sigma"], **own}), rtol=1e-12)
