"""Simulated sets with the posteriors that NumPyro gave on the full likelihood, latent variables sampled, and ours."""

import json
from collections.abc import Sequence
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.paths.movement import Cell
from bayesfactor.sampling.conditional_engine import ConditionalRun, ConditionalTheta
from bayesfactor.sampling.kernel_engine import KernelRun, KernelTheta
from bayesfactor.sampling.kernels.correlated_kernel import CORRELATED
from bayesfactor.sampling.kernels.density_problem import pack
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.latents.found import FirstResiduals, rows_of
from bayesfactor.sampling.latents.residual_factors import ResidualFactors
from bayesfactor.sampling.latents.sparse_loadings import SparseLoadings
from bayesfactor.spec.alphas import ScaledAlphas, ShrunkAlpha
from bayesfactor.spec.inclusion import ScaledInclusion
from bayesfactor.spec.loadings import ScaledLoadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import ScaledNoise
from bayesfactor.spec.priors import HalfNormalRate, Rate
from bayesfactor.spec.scaling import ScaledPriors, scale_priors

HERE = Path(__file__).parent.parent / "peers" / "structure"
FREE = FactorModel(alpha=ShrunkAlpha(HalfNormalRate(Rate(5.0))))  # its priors are replaced by those of a set


def read_panel(name: str, unit: float, info: dict | None = None) -> bf.Panel:
    """Return the panel of a set: assets in two groups by turns; `unit` is what one of its numbers is in decimals."""
    returns, factors = (pd.read_csv(HERE / f"{name}_{kind}.csv") * unit for kind in ("returns", "factors"))
    weeks = pd.date_range("2010-01-03", periods=len(returns), freq="W")
    groups = {str(asset): f"group {int(asset) % 2}" for asset in returns}
    traded = {factor: {"traded": True, "family": "market" if not k else "style"} for k, factor in enumerate(factors)}
    return bf.integrate(returns.set_axis(weeks), factors.set_axis(weeks), factor_info=info or traded, asset_info=groups)


def run_residual_factor(panel: bf.Panel, priors: ScaledPriors, columns: ResidualColumns) -> ConditionalRun:
    """Return the run of a model with residual factors under priors that a model file may not offer."""
    design, rows = observe(panel), rows_of(panel, Cell())
    count = len(columns.loc)
    rows.z = FirstResiduals.of(rows).scores(count, None)
    latents = (ResidualFactors.of(rows.seen),)
    return ConditionalRun(pack(design, FREE, priors, columns), rows, latents, None)


def run_integrated(panel: bf.Panel, priors: ScaledPriors, columns: ResidualColumns) -> KernelRun:
    """Return the run of the same model with the residual factors integrated out."""
    return KernelRun(pack(observe(panel), FREE, priors, columns, CORRELATED))


def sampled(run: KernelRun, sampler: bf.Sampler) -> KernelTheta:
    """Return the draws of a run."""
    return run.theta(run.sample(run.compile(), sampler))


def residual_loadings(theta: KernelTheta) -> np.ndarray:
    """Return loadings on residual factors (chain, draw, asset, residual factor)."""
    if isinstance(theta, ConditionalTheta):
        return theta.kept["residual_loading"]
    assets, rng = len(theta.design.panel.assets), np.random.default_rng(0)
    q = theta.problem.layout["residual_loading_z"][1][1]
    return np.stack([theta.problem.coefficients(draws, assets, rng)[..., -q:] for draws in theta.draws])


def run_sparse(panel: bf.Panel, priors: ScaledPriors) -> ConditionalRun:
    """Return the run of a model in which loadings may be out, under priors that a model file may not offer."""
    assert priors.inclusion is not None
    latents = (SparseLoadings(priors.inclusion, len(panel.assets)),)
    return ConditionalRun(pack(observe(panel), FREE, priors), rows_of(panel, Cell()), latents, None)


def priors_of_c(panel: bf.Panel) -> ScaledPriors:
    """Return the priors of the set C."""
    given, usual = json.loads((HERE / "C_priors.json").read_text()), scale_priors(observe(panel), FREE)
    ends = (np.array(given[f"loading_{name}"]) for name in ("loc", "sd", "spread"))
    may_be_out = ScaledInclusion(np.arange(3) > 0, np.ones(3), np.ones(3), np.zeros(3, dtype=bool))
    return ScaledPriors(
        alpha=ScaledAlphas(given["alpha_loc"], given["alpha_sd"], True),
        loadings=ScaledLoadings(*ends, np.zeros(3), may_be_out),
        premia=usual.premia,
        factors=usual.factors,
        noise=ScaledNoise(given["level_loc"], given["level_sd"], given["level_spread"], given["resolution"]),
        zero_beta=None,
    )


def priors_of_a(panel: bf.Panel) -> ScaledPriors:
    """Return the priors of the set A, in decimals; premia and means do not touch traded factors' loadings."""
    usual = scale_priors(observe(panel), FREE)
    return ScaledPriors(
        alpha=ScaledAlphas(0.0, 0.005, True),
        loadings=ScaledLoadings(np.zeros(2), np.ones(2), np.full(2, 0.5), np.zeros(2)),
        premia=usual.premia,
        factors=usual.factors,
        noise=ScaledNoise(1.0 - np.log(100.0), 1.0, 0.5, 1e-7),
        zero_beta=None,
    )


def z_scores(ours: dict[str, np.ndarray], theirs: pd.DataFrame) -> pd.Series:
    """Return differences of means over their Monte Carlo errors; `ours` are draws (chain, draw) by name."""
    found = {}
    for name, draws in ours.items():
        error = float(az.mcse(np.asarray(draws), method="mean"))
        row = theirs.loc[name]
        found[name] = (draws.mean() - row["mean"]) / np.hypot(error, row["mcse_mean"])
    return pd.Series(found)


def numbered(name: str, draws: np.ndarray, labels: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return draws (chain, draw, ...) by name and place, as the files have them."""
    shape = draws.shape[2:]
    places = list(np.ndindex(*shape))
    texts = labels or [f"{name}[{', '.join(map(str, place))}]" for place in places]
    return {text: draws[(slice(None), slice(None), *place)] for text, place in zip(texts, places, strict=True)}
