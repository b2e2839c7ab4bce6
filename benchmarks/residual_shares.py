"""A portfolio's own residual share against the model's: ``python -m benchmarks.residual_shares [panel ...]``.

Of random long-only portfolios, uniform on the simplex: 1 - R-squared of the portfolio's own least squares on the dates
on which all its assets were traded, and the share that the model gives to its residuals, averaged over the volatility
of the same dates, with the factors as they were. How often is the first inside the second's 90 % interval? And how
often is it inside the interval of what the same least squares find on returns that the model draws anew on these dates?
A share that is averaged over few dates of high volatility depends on what came on these.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import bayesfactor as bf
from bayesfactor.data.datasets.french import french_monthly
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import regressors
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.residuals import thin
from benchmarks.common import Table, figure, markdown
from benchmarks.markets import LISTED, stocks, tokens
from benchmarks.structure_calibration import with_residual_factors
from benchmarks.truth.portfolios import long_only

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
TABLE = Path(__file__).with_name("residual_shares.md")
DRAWS = 400
SAMPLER = bf.Sampler(draws=500, chains=2, progress=False)
MODELS: dict[str, Callable[[], bf.FactorModel]] = {
    "static": lambda: bf.read_model("static"),
    "moving_loadings": lambda: bf.read_model("moving_loadings"),
    "hierarchical": lambda: bf.read_model("hierarchical"),
    "static, residual factors": lambda: with_residual_factors(bf.read_model("static"), "auto"),
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
    """What a fit says of residuals and loadings over some rows of its panel, draw by draw.

    Attributes
    ----------
    factors : array (time, factor)
    loading : array (draw, asset, factor)
        In the long run.
    moved : array (draw, asset, time)
        What moves of loadings around that add to returns.
    own, common : array (draw, asset), array (draw, asset, residual factor)
        Standard deviations and loadings on residual factors at the level of volatility.
    volatility : array (time, asset)
        Root of the mean square of volatility over its level.
    """

    factors: np.ndarray
    loading: np.ndarray
    moved: np.ndarray
    own: np.ndarray
    common: np.ndarray
    volatility: np.ndarray

    def variances(self, weights: np.ndarray) -> np.ndarray:
        """Return the variance of a portfolio's residual on each row (draw, time)."""
        size = self.volatility * weights
        return ((size @ self.common) ** 2).sum(axis=2) + self.own**2 @ (size**2).T

    def share(self, weights: np.ndarray) -> np.ndarray:
        """Return the share of residuals in a portfolio's variance on average over the rows (draw)."""
        residual = self.variances(weights).mean(axis=1)
        exposure = np.einsum("i,dik->dk", weights, self.loading)
        systematic = (exposure @ (self.factors - self.factors.mean(axis=0)).T).var(axis=1)
        return residual / (systematic + residual)

    def found(self, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return 1 - R-squared of least squares on returns drawn anew on these rows, normal residuals (draw)."""
        variances = self.variances(weights)
        residual = np.einsum("i,dit->dt", weights, self.moved) + variances**0.5 * rng.standard_normal(variances.shape)
        exposure = np.einsum("i,dik->dk", weights, self.loading)
        return np.array([own_share(row, self.factors) for row in exposure @ self.factors.T + residual])


def residuals_of(fit: bf.Fit, rows: np.ndarray) -> Residuals:
    """Return the residuals of a fit on some rows, at about `DRAWS` draws."""
    dated = Dated(fit, thin(fit, DRAWS))
    own, assets = dated.own_level, range(len(fit.panel.assets))
    found, moved = dated.residual_factors, np.zeros((len(own), len(assets), len(rows)))
    for asset in assets:
        seen, returns, x = regressors(fit.panel, asset)
        moved[:, asset, seen] = returns - dated.coefficients[:, asset] @ x.T - dated.residuals(asset)[1]
    common = np.zeros((*own.shape, 0)) if found is None else found.loading
    volatility = np.sqrt(dated.mean_squares)[rows]
    loading = dated.coefficients[:, :, 1:]
    return Residuals(fit.panel.aligned[rows], loading, moved[:, :, rows], own, common, volatility)


def own_share(returns: np.ndarray, factors: np.ndarray) -> float:
    """Return 1 - R-squared of the least squares of returns (time) on factors (time, factor)."""
    x = np.column_stack([np.ones(len(factors)), factors])
    left = returns - x @ np.linalg.lstsq(x, returns)[0]
    return float(left @ left / np.sum((returns - returns.mean()) ** 2))


def compared(panel: Panel, model: bf.FactorModel) -> dict[str, object]:
    """Fit a model; return how many of the portfolios' own shares are inside its intervals, and typical shares."""
    returns, rng = panel.returns.values, np.random.default_rng(1)
    rows = np.isfinite(returns).all(axis=1)
    residuals = residuals_of(bf.fit(panel, model, SAMPLER), rows)
    equal = np.full(len(panel.assets), 1 / len(panel.assets))
    weights = np.vstack([long_only(np.ones(len(panel.assets), dtype=bool)), equal])
    own = np.array([own_share(returns[rows] @ one, residuals.factors) for one in weights])
    found = {}
    for name, draws in (
        ("share", [residuals.share(one) for one in weights]),
        ("anew", [residuals.found(one, rng) for one in weights]),
    ):
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=1)
        found[name] = np.array([low, middle, high])
        found[f"{name} inside"] = int(((low <= own) & (own <= high))[:-1].sum())
    return {
        "inside": f"{found['share inside']} of {len(own) - 1}",
        "inside, anew": f"{found['anew inside']} of {len(own) - 1}",
        "own share": figure(float(np.median(own[:-1]))),
        "the model's": said(np.median(found["share"][:, :-1], axis=1)),
        "anew": said(np.median(found["anew"][:, :-1], axis=1)),
        "equal weights, own": figure(own[-1]),
        "the model's of these": said(found["share"][:, -1]),
        "dates": int(rows.sum()),
        "residual factors": residuals.common.shape[2],
    }


def said(interval: np.ndarray) -> str:
    """Return a median and the ends of an interval."""
    low, middle, high = map(figure, interval)
    return f"{middle} [{low}, {high}]"


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
        "the ends of its 90 % intervals; then those of equal weights. `anew`: what least squares find, loadings "
        "constant, on returns that are drawn anew on the same dates, with the volatility and the loadings of each."
    )
    text = markdown(Table("Residual shares of 20 random long-only portfolios", tuple(rows), note))
    print(text)
    if not given.panels and not given.model:
        TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
