"""Coverage of 90 % intervals on simulated truth: ``python -m benchmarks.calibration``.

Truth is drawn from the prior of the preset, for each panel anew, and returns from the model; so a right posterior
covers truth in 90 % of cases, whatever the sizes. Panels have groups, unequal histories, correlated factors, traded and
not. Coverage is an average over the prior: it tests the computation, not whether the prior suits a market. Exit status
1 when a share is outside 87 to 93 %.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.scaling import ScaledPriors, scale_priors
from tests.support.panels import make_panel

TABLE = Path(__file__).with_name("calibration.md")


@dataclass(frozen=True, eq=False)
class Truth:
    """What one panel was made from, in decimals per period."""

    loading: np.ndarray
    alpha: np.ndarray
    noise: dict[str, np.ndarray]  # residual_sd (asset) and the noise law's own parameters
    premium: np.ndarray
    mean: np.ndarray


def draw_truth(panel: Panel, model: bf.FactorModel, priors: ScaledPriors, rng: np.random.Generator) -> Truth:
    """Draw parameters from the prior."""
    group = np.array([panel.group_names.index(g) for g in panel.groups.values])
    mean = priors.factors.mean_loc + priors.factors.mean_sd * rng.normal(size=len(panel.factor_info))
    traded = np.array([factor.traded for factor in panel.factor_info])
    noise = model.noise.prior_draws(priors.noise, (1, len(panel.assets)), rng)
    own = {"residual_sd": model.noise.sd(noise), **{name: noise[name] for name in model.noise.parameters}}
    return Truth(
        loading=model.loadings.simulate(priors.loadings, group, 1, rng)[0],
        alpha=priors.alpha.simulate(noise["sigma"], rng)[0],
        noise={name: values[0] for name, values in own.items()},
        premium=np.where(traded, mean, priors.premia.simulate(1, rng)[0]),
        mean=mean,
    )


def simulate_panel(
    shape: Panel, model: bf.FactorModel, priors: ScaledPriors, truth: Truth, rng: np.random.Generator
) -> Panel:
    """Return a panel like `shape` with returns and factors made from the truth."""
    periods = shape.returns.sizes["time"]
    sd = np.sqrt(priors.factors.covariance_scale / (priors.factors.covariance_dof - len(truth.mean) - 1))
    related = np.corrcoef(rng.normal(size=(len(truth.mean), 8)))  # another correlation for every panel
    root = np.linalg.cholesky(related) * sd[:, None]
    factors = truth.mean + rng.normal(size=(periods, len(truth.mean))) @ root.T
    traded = np.array([factor.traded for factor in shape.factor_info])
    moved = factors + np.where(traded, 0.0, truth.premium - truth.mean)
    residuals = model.noise.simulate(truth.noise, rng, shape.returns.shape)
    returns = truth.alpha + moved @ truth.loading.T + residuals
    return replace(
        shape,
        returns=shape.returns.copy(data=np.where(np.isfinite(shape.returns.values), returns, np.nan)),
        factors=shape.factors.copy(data=factors),
    )


def inside(draws: xr.DataArray, truth: np.ndarray) -> np.ndarray:
    """Return whether the 90 % equal-tailed interval of each quantity holds the truth."""
    low, high = draws.quantile([0.05, 0.95], dim=("chain", "draw")).transpose("quantile", ...).values
    return (low <= truth) & (truth <= high)


def one_panel(model: bf.FactorModel, seed: int) -> dict[str, np.ndarray]:
    """Draw a truth, make its panel, fit it, and say which intervals held it."""
    rng = np.random.default_rng(seed)
    shape = make_panel(20, 2, 1, 200, seed=seed, groups=4, shortest=30, year=52)
    # standardised priors are scaled by the panel: hold the scale of `shape` for both the truth and the fit
    priors = scale_priors(observe(shape), model)
    truth = draw_truth(shape, model, priors, rng)
    panel = simulate_panel(shape, model, priors, truth, rng)
    fit = bf.fit(
        panel, fixed_scale(model, shape, panel), bf.Sampler(draws=500, tune=500, seed=seed + 1, progress=False)
    )
    year = panel.periods_per_year
    premium = bf.attribute(fit, "premium", allow_unconverged=True).draws
    contribution = np.concatenate([truth.loading * truth.premium, truth.alpha[:, None]], axis=1) * year
    total = contribution.sum(axis=1, keepdims=True)
    traded = np.array([factor.traded for factor in panel.factor_info])
    priced = inside(bf.risk_premia(fit), truth.premium)
    return {
        "loadings": inside(bf.loadings(fit), truth.loading),
        "alphas": inside(bf.alphas(fit), truth.alpha),
        "residual standard deviations": inside(fit.posterior["residual_sd"], truth.noise["residual_sd"]),
        "premia, traded": priced[traded],
        "premia, non-traded": priced[~traded],
        "contributions": inside(premium.isel(source=slice(None, -1)), contribution),
        "premia of assets": inside(premium.sel(source=["total"]), total),
    }


def fixed_scale(model: bf.FactorModel, shape: Panel, panel: Panel) -> bf.FactorModel:
    """Return the model with standardised priors rewritten in betas, as they stood for `shape`."""
    from bayesfactor.spec.loadings import GroupedPrior
    from bayesfactor.spec.priors import HalfNormal, Normal

    found = scale_priors(observe(shape), model).loadings
    prior = tuple(
        (name, GroupedPrior(Normal(float(loc), float(sd)), HalfNormal(float(spread)), "beta"))
        for name, loc, sd, spread in zip(panel.factor_names, found.loc, found.sd, found.spread, strict=True)
    )
    return replace(model, loadings=replace(model.loadings, prior=prior))


def coverage(name: str, panels: int, first: int = 0) -> pd.DataFrame:
    """Return, per kind of quantity, the share covered, its standard error over panels, and the counts."""
    model, held = bf.read_model(name), defaultdict(list)
    for seed in range(first, first + panels):
        for quantity, values in one_panel(model, seed).items():
            held[quantity].append(np.ravel(values))
    rows = []
    for quantity, values in held.items():
        each = np.array([v.mean() for v in values])
        rows.append(
            (name, quantity, each.mean(), each.std(ddof=1) / len(each) ** 0.5, sum(v.size for v in values), panels)
        )
    return pd.DataFrame(rows, columns=["model", "quantity", "covered", "se", "intervals", "panels"])


def main():
    """Run the calibration and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    panels = parser.parse_args().panels
    tables = [coverage(name, panels) for name in ("static", "student_t")]
    table = pd.concat(tables, ignore_index=True).round({"covered": 3, "se": 3})
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * table.shape[1]]
    lines += ["| " + " | ".join(str(value) for value in line) + " |" for line in table.itertuples(index=False)]
    TABLE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    outside = table[(table["covered"] - 0.9).abs() > 0.03]
    if len(outside):
        sys.exit(f"Outside 87 to 93 %:\n{outside.to_string(index=False)}")


if __name__ == "__main__":
    main()
