"""One record of each figure that has one, of fits that no sampler made."""

from dataclasses import replace
from functools import cache

import numpy as np
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.attribution.prior_premium import prior_premium
from bayesfactor.plots.causes import causes_chart
from bayesfactor.plots.checks import check_chart
from bayesfactor.plots.contributions import asset_contributions_chart
from bayesfactor.plots.forecast import forecast_chart
from bayesfactor.plots.inclusion import inclusion_chart
from bayesfactor.plots.loadings import loadings_chart
from bayesfactor.plots.position_risk import position_risk_chart
from bayesfactor.plots.premia import premia_chart
from bayesfactor.plots.premium_chart import contributions_chart
from bayesfactor.plots.pricing import pricing_chart
from bayesfactor.plots.realised import realised_chart
from bayesfactor.plots.risk import risk_chart
from bayesfactor.plots.scores import scores_chart
from bayesfactor.plots.shrinkage import shrinkage_chart
from bayesfactor.plots.stress import stress_chart
from bayesfactor.spec.inclusion import BetaInclusion
from tests.support.panels import make_panel
from tests.support.sparse import sparse_fit
from tests.support.synthetic_draws import synthetic_draws

FIGURES = (
    "causes", "contributions", "energy", "forecast", "inclusion", "loadings", "position risk", "premia", "premium",
    "pricing", "ranks", "realised", "replicated", "risk", "scores", "shrinkage", "stress",
)  # fmt: skip


@cache
def synthetic_fit(assets=6, periods=90):
    """Return a fit of three factors, whose model is known."""
    panel = make_panel(assets=assets, traded=2, other=1, periods=periods, shortest=30, seed=4)
    return bf.from_draws(panel, synthetic_draws(panel, draws=60), model="unpooled")


def with_energy(fit):
    """Return a fit with an energy of the sampler's steps, of independent normal ones."""
    sizes = fit.posterior.sizes["chain"], fit.posterior.sizes["draw"]
    data = fit.data.copy()
    energy = np.random.default_rng(3).normal(100.0, 4.0, sizes)
    data["sample_stats"] = xr.DataTree(xr.Dataset({"energy": (("chain", "draw"), energy)}))
    return replace(fit, data=data)


@cache
def figure(name, assets=6):
    """Return the record of a figure."""
    return figure_of(name, synthetic_fit(assets))


def figure_of(name, fit):
    """Return the record of a figure of a fit; some are of a fit of their own."""
    first, last = fit.panel.assets[0], fit.panel.assets[-1]
    mix = {first: 0.5, last: 0.5}
    match name:
        case "causes":
            f0, f1, f2 = fit.panel.factor_names
            graph = {f0: [f1, "return"], f1: ["return"], "mood": [f2, "return"], f2: ["return"]}
            return causes_chart(bf.causal_reading(fit, graph))
        case "energy":
            return check_chart(with_energy(fit), "energy")
        case "ranks":
            return check_chart(fit, "rank")
        case "replicated":
            return check_chart(fit)
        case "contributions":
            return asset_contributions_chart(bf.attribute(fit, portfolio=mix))
        case "forecast":
            return forecast_chart(bf.forecast(fit, 12, portfolio=mix, paths=["portfolio", first]))
        case "inclusion":
            panel = make_panel(assets=6, traded=2, other=1, periods=60, seed=4)
            return inclusion_chart(sparse_fit(panel, f1=BetaInclusion(1.0, 3.0), f2=BetaInclusion(2.0, 2.0)))
        case "loadings":
            return loadings_chart(fit)
        case "position risk":
            return position_risk_chart(bf.position_risk(fit, {first: 1.5, last: -1.0}, periods=4))
        case "premia":
            return premia_chart(bf.identify(fit))
        case "premium":
            before = prior_premium(fit, "portfolio", portfolio=mix)
            return contributions_chart(bf.attribute(fit, portfolio=mix), prior=before)
        case "pricing":
            return pricing_chart(bf.price(fit))
        case "realised":
            return realised_chart(fit, portfolio=mix)
        case "risk":
            return risk_chart(bf.attribute(fit, "variance", portfolio=mix))
        case "scores":
            panel = make_panel(assets=4, traded=1, other=1, periods=120, seed=5)
            window = replace(panel, returns=panel.returns[:80], factors=panel.factors[:80])
            fits = {name: [bf.from_draws(window, synthetic_draws(window, seed=k))] for k, name in enumerate("ab")}
            return scores_chart(bf.score(fits, panel))
        case "shrinkage":
            return shrinkage_chart(fit)
        case "stress":
            return stress_chart(bf.stress(fit, bf.Scenario({fit.panel.factor_names[0]: -0.05}, "crash"), portfolio=mix))
    raise AssertionError(name)
