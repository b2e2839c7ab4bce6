"""What each part of a model that moves adds: one at a time, and together."""

from dataclasses import replace

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.loading_path import ConstantPath, MovingPath
from bayesfactor.spec.noise import NormalNoise
from bayesfactor.spec.priors import HalfNormal
from bayesfactor.spec.volatility import CommonVolatility, ConstantVolatility, MovingVolatility

NO_TAILS = bf.Exponential(1000.0, 29.9)  # degrees of freedom of 30 and 100 alone
NO_PATH = HalfNormal(1e-3)  # the size of volatility: it is constant


def parts(panel: Panel) -> dict[str, bf.FactorModel]:
    """Return models by name: all constant, half-lives of returns beside it, and what moves."""
    model = bf.FactorModel()
    if not isinstance(model.noise, NormalNoise):
        raise TypeError(f"the default model has {model.noise.kind} noise")
    still = replace(
        model,
        loadings=replace(model.loadings, path=ConstantPath()),
        factors=replace(model.factors, volatility=ConstantVolatility()),
        noise=replace(model.noise, volatility=ConstantVolatility()),
    )
    common = CommonVolatility()
    volatility = {"noise": replace(model.noise, volatility=replace(common, dof=NO_TAILS))}
    tails = {"noise": replace(model.noise, volatility=replace(common, size=NO_PATH))}
    factors = {"factors": replace(still.factors, volatility=MovingVolatility())}
    loadings = {"loadings": replace(still.loadings, path=MovingPath())}
    both = {"noise": replace(model.noise, volatility=common)}
    half_life = bf.HalfLife(bf.Duration(10 if panel.periods_per_year == 12 else 2, "years"))
    return {
        "static": still,
        f"static, half-life of {half_life.half_life}": replace(still, observation=half_life),
        "+ residual volatility and own drift": replace(still, **volatility),
        "+ tails and own drift": replace(still, **tails),
        "+ factor volatility": replace(still, **factors),
        "+ moving loadings": replace(still, **loadings),
        "+ residual volatility, own drift and tails": replace(still, **both),
        "+ volatility of both and tails": replace(still, **both, **factors),
        "all": replace(still, **both, **factors, **loadings),
    }
