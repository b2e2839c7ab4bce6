"""Bayesian factor models: what pays each asset, how much, and how sure we are.

Names are loaded when they are first used, so that ``import bayesfactor`` costs almost nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PRIORS = (
    "Rate",
    "Normal",
    "NormalRate",
    "HalfNormal",
    "HalfNormalRate",
    "LogNormalRate",
    "Exponential",
    "InverseWishart",
    "SpikeSlab",
)
_PARTS = (
    "GroupedPrior",
    "LoadingPrior",
    "GroupedLoadings",
    "FreeLoadings",
    "CommonLoadings",
    "ZeroAlpha",
    "ShrunkAlpha",
    "AppraisalAlpha",
    "ScaledAlpha",
    "SharpeAlpha",
    "FreeAlpha",
    "NoZeroBeta",
    "FreeZeroBeta",
    "FactorLaw",
    "NormalNoise",
    "StudentTNoise",
)
_HOME = {
    **dict.fromkeys(_PRIORS, "priors"),
    **dict.fromkeys(_PARTS, "spec"),
    "BayesFactorError": "errors",
    "DataError": "errors",
    "SpecError": "errors",
    "FitError": "errors",
    "Panel": "panel",
    "Factor": "panel",
    "Calendar": "panel",
    "PanelStatistics": "panelstatistics",
    "integrate": "integration.assembly",
    "integrate_parquet": "streaming.assembly",
    "to_returns": "integration.assembly",
    "read_coinmetrics": "readers",
    "read_french": "readers",
    "read_fred": "readers",
    "read_table": "readers",
    "FactorModel": "spec",
    "read_model": "modelfile",
    "write_model": "modelfile",
    "list_models": "modelfile",
    "simulate": "simulation",
    "Fit": "posterior",
    "open_fit": "posterior",
    "loadings": "posterior",
    "alphas": "posterior",
    "log_likelihood": "loglikelihood",
    "factor_log_likelihood": "loglikelihood",
    "risk_premia": "identification",
    "build": "graph.assemble",
    "Sampler": "posterior",
    "fit": "inference",
    "fit_many": "many",
    "Fits": "collection",
    "rolling": "windows",
    "Windows": "windows",
    "prior_predict": "predictive",
    "check": "checks",
    "CheckReport": "checks",
    "identify": "identification",
    "Identification": "identification",
    "price": "pricing",
    "Pricing": "pricing",
    "two_pass": "closedform.passes",
    "fama_macbeth": "closedform.bayesian",
    "three_pass": "closedform.omitted",
    "conjugate_regression": "closedform.regression",
    "KnownResidual": "closedform.regression",
    "UncertainResidual": "closedform.regression",
    "MaxSharpe": "closedform.mispricing",
    "vasicek": "closedform.shrinkage",
    "shrunk_alphas": "closedform.mispricing",
    "grs": "closedform.exactpricing",
    "prices_of_risk": "closedform.sdf",
    "FlatPrices": "closedform.sdf",
    "NormalPrices": "closedform.sdf",
    "slab_for_sharpe": "closedform.slab",
    "sharpe_for_slab": "closedform.slab",
    "spike_and_slab": "closedform.selection",
    "ContinuousSpike": "closedform.selection",
    "DiracSpike": "closedform.selection",
    "scan_models": "closedform.scan",
    "TrainedPremia": "closedform.scan",
    "MarketAlways": "closedform.scan",
    "attribute": "attribution",
    "Attribution": "attribution",
    "write_report": "reporting.writing",
    "plot_contributions": "plots.contributing",
    "plot_risk": "plots.contributing",
    "plot_realised": "plots.contributing",
    "plot_loadings": "plots.leaning",
    "plot_shrinkage": "plots.leaning",
    "plot_premia": "plots.paying",
    "plot_pricing": "plots.paying",
    "plot_check": "plots.checking",
    "to_markdown": "typesetting",
    "to_latex": "typesetting",
    "to_html": "typesetting",
}

__all__ = sorted(["__version__", *_HOME])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bayesfactor' has no attribute '{name}'")
    value = getattr(import_module(f"bayesfactor.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
