"""Coverage of 90 % intervals on simulated truth: ``python -m benchmarks.calibration``.

Truth is drawn from the prior of the preset, for each panel anew, and returns from the model; so a right posterior
covers truth in 90 % of cases, whatever the sizes. Panels have groups, unequal histories, correlated factors, traded and
not. Coverage is an average over the prior: it tests the computation, not whether the prior suits a market. Leaves with
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
from bayesfactor.panel.panel import Panel
from bayesfactor.spec.scaling import Numbers, translate
from tests.support.panels import make_panel

TABLE = Path(__file__).with_name("calibration.md")


@dataclass(frozen=True, eq=False)
class Truth:
    """What one panel was made from, in decimals per period."""

    loading: np.ndarray
    alpha: np.ndarray
    sigma: np.ndarray
    premium: np.ndarray
    mean: np.ndarray


def draw_truth(panel: Panel, numbers: Numbers, rng: np.random.Generator, tails: bool) -> tuple[Truth, float]:
    """Draw parameters from the prior; return them and the degrees of freedom (infinite for normal noise)."""
    n, k = len(panel.assets), len(panel.factor_info)
    group = [panel.group_names.index(g) for g in panel.groups.values]
    centre = numbers.loading_loc + numbers.loading_sd * rng.normal(size=(len(panel.group_names), k))
    spread = numbers.loading_spread * np.abs(rng.normal(size=k))
    sigma = np.exp(
        numbers.level_loc
        + numbers.level_sd * rng.normal()
        + numbers.level_spread * np.abs(rng.normal()) * rng.normal(size=n)
    )
    mean = numbers.mean_loc + numbers.mean_sd * rng.normal(size=k)
    traded = np.array([factor.traded for factor in panel.factor_info])
    premium = np.where(traded, mean, numbers.premium_loc + numbers.premium_sd * rng.normal(size=k))
    truth = Truth(
        loading=centre[group] + spread * rng.normal(size=(n, k)),
        alpha=numbers.alpha_sd * np.abs(rng.normal()) * rng.normal(size=n) * sigma / numbers.alpha_unit,
        sigma=sigma,
        premium=premium,
        mean=mean,
    )
    return truth, numbers.dof_above + numbers.dof_mean * rng.exponential() if tails else np.inf


def simulate_panel(shape: Panel, numbers: Numbers, truth: Truth, dof: float, rng: np.random.Generator) -> Panel:
    """Return a panel like `shape` with returns and factors made from the truth."""
    periods, n = shape.returns.shape
    deviation = np.sqrt(numbers.covariance_scale / (numbers.covariance_dof - len(truth.mean) - 1))
    related = np.corrcoef(rng.normal(size=(len(truth.mean), 8)))  # another correlation for every panel
    root = np.linalg.cholesky(related) * deviation[:, None]
    factors = truth.mean + rng.normal(size=(periods, len(truth.mean))) @ root.T
    traded = np.array([factor.traded for factor in shape.factor_info])
    moved = factors + np.where(traded, 0.0, truth.premium - truth.mean)
    noise = rng.normal(size=(periods, n)) if np.isinf(dof) else rng.standard_t(dof, size=(periods, n))
    returns = truth.alpha + moved @ truth.loading.T + truth.sigma * noise
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
    numbers = translate(shape, model)
    tails = model.noise.__class__.__name__ == "StudentTNoise"
    truth, dof = draw_truth(shape, numbers, rng, tails)
    panel = simulate_panel(shape, numbers, truth, dof, rng)
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
        "residual standard deviations": inside(
            fit.posterior["residual_sd"], model.noise.sd({"sigma": truth.sigma, "dof": np.array(dof)})
        ),
        "premia, traded": priced[traded],
        "premia, non-traded": priced[~traded],
        "contributions": inside(premium.isel(source=slice(None, -1)), contribution),
        "premia of assets": inside(premium.sel(source=["total"]), total),
    }


def fixed_scale(model: bf.FactorModel, shape: Panel, panel: Panel) -> bf.FactorModel:
    """Return the model with standardised priors rewritten in betas, as they stood for `shape`."""
    from bayesfactor.spec.loadings import GroupedLoadings, GroupedPrior
    from bayesfactor.spec.priors import HalfNormal, Normal

    numbers = translate(shape, model)
    prior = tuple(
        (name, GroupedPrior(Normal(float(loc), float(sd)), HalfNormal(float(spread)), "beta"))
        for name, loc, sd, spread in zip(
            panel.factor_names, numbers.loading_loc, numbers.loading_sd, numbers.loading_spread, strict=True
        )
    )
    return replace(model, loadings=GroupedLoadings(prior))


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
    tables = [coverage(name, panels) for name in ("hierarchical", "student_t")]
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
