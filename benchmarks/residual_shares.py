"""A portfolio's own residual share against the model's: ``python -m benchmarks.residual_shares [panel ...]``.

Of random long-only portfolios, uniform on the simplex: 1 - R-squared of the portfolio's own least squares on the dates
on which all its assets were traded, and the share that the model gives to its residuals, averaged over the volatility
of the same dates, with the factors' sample covariance. How often is the first inside the second's 90 % interval?
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import bayesfactor as bf
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated import Dated
from benchmarks.common import Table, figure, markdown
from benchmarks.markets import LISTED, stocks, tokens
from benchmarks.structure_calibration import with_residual_factors
from benchmarks.truth.portfolios import long_only

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
TABLE = Path(__file__).with_name("residual_shares.md")
SAMPLER = bf.Sampler(draws=500, chains=2, progress=False)
MODELS: dict[str, Callable[[], bf.FactorModel]] = {
    "static": lambda: bf.read_model("static"),
    "hierarchical": lambda: bf.read_model("hierarchical"),
    "static, residual factors": lambda: with_residual_factors(bf.read_model("static"), "auto"),
    "hierarchical, residual factors": lambda: with_residual_factors(bf.read_model("hierarchical"), "auto"),
}
PANELS: dict[str, Callable[[Path], Panel]] = {
    "15 tokens": lambda folder: few_tokens(folder),
    "36 tokens": lambda folder: tokens(folder, outside=True),
    "20 stocks": lambda folder: since(stocks(folder, "weekly"), "2012-12-01"),
    "30 French portfolios": lambda _: since(french_monthly().panel(), "1985-01-01"),
}


def few_tokens(folder: Path) -> Panel:
    """Return the fifteen tokens with the longest histories, on the market of all tokens weighted by capital."""
    panel = tokens(folder)
    return since(panel.select(panel.assets[:15]), LISTED)


def since(panel: Panel, start: str) -> Panel:
    """Return the rows of a panel from a date on."""
    returns, factors = (values.sel(time=slice(start, None)) for values in (panel.returns, panel.factors))
    return replace(panel, returns=returns, factors=factors)


@dataclass(frozen=True, eq=False)
class Residuals:
    """What a fit says of residuals and loadings over its panel's rows, draw by draw.

    Attributes
    ----------
    loading : array (draw, asset, factor)
        In the long run.
    own, common : array (draw, asset), array (draw, asset, residual factor)
        Standard deviations and loadings on residual factors at the level of volatility.
    volatility : array (time, asset)
        Root of the mean square of volatility over its level.
    """

    loading: np.ndarray
    own: np.ndarray
    common: np.ndarray
    volatility: np.ndarray

    def share(self, weights: np.ndarray, rows: np.ndarray, factor_cov: np.ndarray) -> np.ndarray:
        """Return the share of residuals in a portfolio's variance on average over some rows (draw)."""
        size = self.volatility[rows] * weights
        together = size.T @ size / rows.sum()
        covariance = np.einsum("diq,djq->dij", self.common, self.common)
        residual = np.einsum("ij,dij->d", together, covariance) + self.own**2 @ np.diag(together)
        exposure = np.einsum("i,dik->dk", weights, self.loading)
        systematic = np.einsum("dk,kl,dl->d", exposure, factor_cov, exposure)
        return residual / (systematic + residual)


def residuals_of(fit: bf.Fit) -> Residuals:
    """Return the residuals of a fit."""
    dated = Dated(fit, fit.posterior)
    flat = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", "asset", ...)
    loading = flat["loading_long_run" if "loading_long_run" in flat else "loading"].values
    found, own = dated.residual_factors, dated.own_level
    common = np.zeros((*own.shape, 0)) if found is None else found.loading
    return Residuals(loading, own, common, np.sqrt(dated.mean_squares))


def own_share(returns: np.ndarray, factors: np.ndarray) -> float:
    """Return 1 - R-squared of the least squares of returns (time) on factors (time, factor)."""
    x = np.column_stack([np.ones(len(factors)), factors])
    left = returns - x @ np.linalg.lstsq(x, returns)[0]
    return float(left @ left / np.sum((returns - returns.mean()) ** 2))


def compared(panel: Panel, model: bf.FactorModel) -> dict[str, object]:
    """Fit a model; return how many of the portfolios' own shares are inside its intervals, and typical shares."""
    residuals = residuals_of(bf.fit(panel, model, SAMPLER))
    returns, factors = panel.returns.values, panel.aligned
    rows = np.isfinite(returns).all(axis=1)
    covariance, inside, shares = np.cov(factors[rows].T), [], []
    weights = long_only(np.ones(len(panel.assets), dtype=bool))
    for one in [*weights, np.full(len(panel.assets), 1 / len(panel.assets))]:
        own = own_share(returns[rows] @ one, factors[rows])
        low, middle, high = np.quantile(residuals.share(one, rows, np.atleast_2d(covariance)), [0.05, 0.5, 0.95])
        inside.append(low <= own <= high)
        shares.append((own, low, middle, high))
    own, low, middle, high = np.median(shares[:-1], axis=0)
    return {
        "inside": f"{sum(inside[:-1])} of {len(weights)}",
        "own share": figure(own),
        "the model's": f"{figure(middle)} [{figure(low)}, {figure(high)}]",
        "equal weights, own": figure(shares[-1][0]),
        "the model's of these": f"{figure(shares[-1][2])} [{figure(shares[-1][1])}, {figure(shares[-1][3])}]",
        "dates": int(rows.sum()),
        "residual factors": residuals.common.shape[2],
    }


def main() -> None:
    """Compare on all panels and write the table, or print that of the panels named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("panels", nargs="*", metavar="panel", help=f"any of: {'; '.join(PANELS)}")
    parser.add_argument("--model", action="append", choices=list(MODELS), help="may be given again; all without it")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with the tables of benchmarks/markets.py")
    given = parser.parse_args()
    rows = []
    for name in given.panels or PANELS:
        panel = PANELS[name](given.data)
        for label in given.model or MODELS:
            rows.append({"panel": name, "model": label, **compared(panel, MODELS[label]())})
            print(rows[-1], flush=True)
    note = (
        "Shares of residuals in variance: medians over the 20 portfolios of their own, of the model's medians and of "
        "the ends of its 90 % intervals; then those of equal weights."
    )
    text = markdown(Table("Residual shares of 20 random long-only portfolios", tuple(rows), note))
    print(text)
    if not given.panels and not given.model:
        TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
