"""Whether a fit can be trusted: the sampler's record, and how the model sits with the data and the priors."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.diagnostics import Check
from bayesfactor.identification import UNIDENTIFIED, identified
from bayesfactor.panel import Panel
from bayesfactor.pointwise import mean_gaps, raw_coefficients, standardised_residuals, thin
from bayesfactor.posterior import Fit, require_fit
from bayesfactor.spec import StudentTNoise
from bayesfactor.statistics import moments, regressors
from bayesfactor.translation import translate

MOST_DRAWS = 1000
TAIL_DRAWS = 200
MOST_RESIDUALS = 2**27  # in memory at once, unless one asset has more
SENSITIVE = 0.05  # of power scaling: Kallioinen et al. (2024)
UNSEEN = "Cannot be computed: the panel holds statistics, not returns. Fit some of the assets in memory to see it."
SENSITIVE_TO = (
    "risk_premium",
    "alpha_scale",
    "loading_scale",
    "loading_mean",
    "loading_common",
    "log_sigma_mean",
    "log_sigma_scale",
    "dof",
    "zero_beta",
)


@dataclass(frozen=True, eq=False)
class CheckReport:
    """The checks of a fit.

    Attributes
    ----------
    checks : tuple of Check
    assets : DataFrame
        Per asset: periods, sample and model-implied mean excess return a year over its own life, their gap in standard
        errors, and the posterior predictive probability of residuals as heavy-tailed as those observed.
    shrinkage : DataFrame
        Asset by factor, 0..1: how far each loading's estimate leans on its prior; 1 = its own returns say nothing.
    sensitivity : DataFrame
        Per top-level quantity: how much its posterior moves when the priors are made a little stronger.
    """

    checks: tuple[Check, ...]
    assets: pd.DataFrame
    shrinkage: pd.DataFrame
    sensitivity: pd.DataFrame

    @property
    def ok(self) -> bool:
        """True when no check failed; checks that only inform do not count."""
        return all(check.passed is not False for check in self.checks)

    @property
    def table(self) -> pd.DataFrame:
        """One row per check: passed, value, limit, worst quantity, what to do, and where there is more."""
        rows = [(c.name, c.passed, c.value, c.limit, c.worst, c.advice, c.details) for c in self.checks]
        columns = ["check", "passed", "value", "limit", "worst", "advice", "details"]
        return pd.DataFrame(rows, columns=columns).set_index("check").astype({"passed": object})

    def __str__(self) -> str:
        words = {True: "ok", False: "FAILED", None: "note"}
        lines = ["The fit passed its checks." if self.ok else "The fit FAILED its checks: do not use its numbers."]
        for c in self.checks:
            where = f"  [{c.worst}]" if c.worst else ""
            lines.append(f"  {words[c.passed]:<6}  {c.name:<40} {c.value:>10.5g}   limit {c.limit:<8g}{where}")
            if c.beyond or c.advice == UNSEEN:
                lines.append(f"          -> {c.advice}{f' See {c.details}.' if c.details else ''}")
        return "\n".join(lines)

    __repr__ = __str__


def check(fit: Fit) -> CheckReport:
    """Check a fit: convergence, tails, model-implied means, prior sensitivity, shrinkage, premia.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    CheckReport
        Prints as a list; ``.ok`` is False when a check of the sampler failed. Checks of how the model suits the data
        only inform.

    Notes
    -----
    R-hat and effective draws follow Vehtari et al. (2021), E-BFMI Betancourt (2016), prior sensitivity the power
    scaling of Kallioinen et al. (2024), all as ArviZ computes them. The tail check compares the kurtosis of
    standardised residuals with that of replicated ones of the same length.
    """
    require_fit(fit, "check")
    assets = _assets(fit)
    shrinkage = _shrinkage(fit)
    sensitivity = _sensitivity(fit)
    heavy = float((assets["prob_tails"].dropna() < 0.01).mean()) if isinstance(fit.panel, Panel) else float("nan")
    gaps = assets["gap_in_errors"].abs()
    away = float((gaps.dropna() > 2).mean())
    leaning = float((sensitivity["prior"] > SENSITIVE).mean())
    unknown, of_unknown = _unidentified(fit)
    informative = (
        Check(
            "tails: share of assets too heavy", None, heavy, 0.05, _worst(-assets["prob_tails"]),
            "Residuals are heavier-tailed than the noise law: try the preset 'student_t' and compare."
            if isinstance(fit.panel, Panel)
            else UNSEEN,
        ),
        Check(
            "means: share of assets off by > 2 se", None, away, 0.05, _worst(gaps),
            "Model-implied and sample means differ: compare them before using these premia.", ".assets",
        ),
        Check(
            "prior sensitivity: share that leans", None, leaning, 0.1, _worst(sensitivity["prior"]),
            "These quantities lean on their priors: say so, or justify the priors.", ".sensitivity",
        ),
        Check(
            "shrinkage of loadings, median", None, float(np.median(shrinkage)), 0.5, "",
            "Most loadings lean on their prior more than on their own returns.", ".shrinkage",
        ),
        Check(
            "residuals: mean correlation of assets", None, _residual_correlation(fit), 0.05, "",
            "Residuals move together, which the model takes as independent: a factor is missing. Of portfolios and "
            "groups above all, intervals are too narrow and idiosyncratic shares too small."
            if isinstance(fit.panel, Panel)
            else UNSEEN,
        ),
        Check(
            "premia: share of non-traded unidentified", None, unknown, 0.0, of_unknown,
            "What these factors pay comes from the prior, not from the data.", "bf.identify(fit)",
        ),
    )  # fmt: skip
    return CheckReport((*fit.sampler_checks, *informative), assets, shrinkage, sensitivity)


def _unidentified(fit: Fit) -> tuple[float, str]:
    """Return the share of non-traded factors whose premium is unidentified, and the first of them."""
    verdicts = identified(fit).verdicts
    others = [factor.name for factor in fit.panel.factor_info if not factor.traded]
    found = [name for name in others if verdicts[name] == UNIDENTIFIED]
    return len(found) / max(len(others), 1), found[0] if found else ""


def _worst(values: pd.Series) -> str:
    return str(values.idxmax()) if values.notna().any() else ""


def _assets(fit: Fit) -> pd.DataFrame:
    """Return sample and implied means and the probability of the tails, per asset."""
    draws = thin(fit, TAIL_DRAWS)
    coefficients = raw_coefficients(fit, draws)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    sigma = flat["sigma"].transpose("sample", "asset").values
    dof = flat["dof"].values[:, None] if isinstance(fit.model.noise, StudentTNoise) else None

    def tail(i: int) -> float:
        z = standardised_residuals(fit, i, coefficients, sigma)
        if z.shape[1] < 3:
            return np.nan
        rng = np.random.default_rng([fit.sampler.seed, i])
        new = rng.standard_normal(z.shape) if dof is None else rng.standard_t(dof, size=z.shape)
        return float(np.mean(_kurtosis(new) >= _kurtosis(z)))

    tails: list[float] | float = np.nan
    if isinstance(fit.panel, Panel):
        room = MOST_RESIDUALS // (len(sigma) * len(fit.panel.times))
        with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, room))) as pool:
            tails = list(pool.map(tail, range(len(fit.panel.assets))))
    return mean_gaps(fit, coefficients).assign(prob_tails=tails)


def _kurtosis(z: np.ndarray) -> np.ndarray:
    square = (z - z.mean(axis=1, keepdims=True)) ** 2
    return np.einsum("st,st->s", square, square) / z.shape[1] / np.maximum(square.mean(axis=1) ** 2, 1e-300)


def _residual_correlation(fit: Fit) -> float:
    """Return the mean over pairs of assets of their residuals' correlation on common dates (20 or more).

    NaN where the panel does not hold the returns.
    """
    if not isinstance(fit.panel, Panel):
        return float("nan")
    coefficients = raw_coefficients(fit, thin(fit, TAIL_DRAWS)).mean(axis=0)
    residuals = np.full(fit.panel.returns.shape, np.nan)
    for i in range(residuals.shape[1]):
        rows, returns, x = regressors(fit.panel, i)
        residuals[rows, i] = returns - x @ coefficients[i]
    return _mean_correlation(residuals)


def _mean_correlation(x: np.ndarray, fewest: int = 20, block: int = 256) -> float:
    """Return the mean correlation over pairs of columns on the rows that both have, some columns at a time."""
    known = np.isfinite(x).astype(float)
    x = np.where(known > 0, x, 0.0)
    x = x - known * (x.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    total, pairs = 0.0, 0
    for start in range(0, x.shape[1], block):
        m, y = known[:, start : start + block], x[:, start : start + block]
        with np.errstate(all="ignore"):
            n, left, right = known.T @ m, x.T @ m, known.T @ y
            spread = ((x**2).T @ m - left**2 / n) * (known.T @ y**2 - right**2 / n)
            found = (x.T @ y - left * right / n) / np.sqrt(spread)
        found = found[
            (n >= fewest) & (np.arange(x.shape[1])[:, None] < start + np.arange(m.shape[1])) & np.isfinite(found)
        ]
        total, pairs = total + float(found.sum()), pairs + found.size
    return total / pairs if pairs else 0.0


def _shrinkage(fit: Fit) -> pd.DataFrame:
    """Return the prior's weight in each loading: the diagonal of (I + D S D / s2)^-1, averaged over draws.

    1 for a loading that is common to all assets. For Student-t noise s2 = sigma^2 (nu + 3) / (nu + 1), the inverse of
    what one observation says of a location.
    """
    draws, statistics = thin(fit, TAIL_DRAWS), moments(fit.panel)
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    loading = flat["loading"].transpose("sample", "asset", "factor")
    index, columns = pd.Index(fit.panel.assets, name="asset"), list(fit.panel.factor_names)
    if "loading_common" in flat:
        return pd.DataFrame(1.0, index=index, columns=columns)
    if "loading_scale" in flat:
        spread = flat["loading_scale"].transpose("sample", "factor").values
    else:
        spread = np.broadcast_to(translate(fit.panel, fit.model).loading_sd, (loading.shape[0], loading.shape[2]))
    variance = flat["sigma"].transpose("sample", "asset").values ** 2
    if "dof" in flat:
        variance = variance * ((flat["dof"] + 3) / (flat["dof"] + 1)).values[:, None]
    alpha = _alpha_spread(fit, flat)
    weight = np.zeros((len(index), len(columns)))
    for i in range(len(index)):
        d = np.concatenate([alpha[:, i, None], spread], axis=1)
        scaled = d[:, :, None] * d[:, None, :] * statistics.xx[:, :, i] / variance[:, i, None, None]
        inverse = np.linalg.inv(np.eye(d.shape[1]) + scaled)
        weight[i] = np.einsum("sjj->sj", inverse).mean(axis=0)[1:]
    return pd.DataFrame(weight, index=index, columns=columns)


def _alpha_spread(fit: Fit, flat: xr.Dataset) -> np.ndarray:
    """Return the prior deviation of every alpha, (sample, asset)."""
    numbers, sigma = translate(fit.panel, fit.model), flat["sigma"].transpose("sample", "asset").values
    spread = flat["alpha_scale"].values[:, None] if "alpha_scale" in flat else numbers.alpha_sd
    return spread * (sigma / numbers.alpha_unit if numbers.alpha_unit else np.ones_like(sigma))


def _sensitivity(fit: Fit) -> pd.DataFrame:
    """Return the power-scaling sensitivity of every top-level quantity to the prior, largest first."""
    from arviz_stats import psense

    draws = thin(fit, MOST_DRAWS)
    prior = fit.data["log_prior"].to_dataset().sel(draw=draws["draw"])
    names = [name for name in SENSITIVE_TO if name in draws]
    tree = xr.DataTree.from_dict({"posterior": draws[names], "log_prior": prior})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the tails of weights when there are few draws
        try:
            found = psense(tree, group="prior")
        except ValueError:  # draws that do not vary have no weights to smooth
            return pd.DataFrame({"prior": np.nan}, index=pd.Index(names, name="quantity"))
    values = {label: value for name in names for label, value in _labelled(found[name], name)}
    return pd.DataFrame({"prior": values}).rename_axis("quantity").sort_values("prior", ascending=False)


def _labelled(array: xr.DataArray, name: str) -> list[tuple[str, float]]:
    if not array.dims:
        return [(name, float(array))]
    stacked = array.stack(item=array.dims)
    keys = stacked["item"].to_index()
    return [
        (f"{name}[{', '.join(map(str, key if isinstance(key, tuple) else (key,)))}]", float(value))
        for key, value in zip(keys, stacked.values, strict=True)
    ]
