"""Whether a fit can be trusted: the sampler's record, and how the model sits with the data and the priors."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.assessment.identification import UNIDENTIFIED, identified
from bayesfactor.analysis.assessment.residual_checks import correlation_checks, residual_correlations, tails
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.diagnostics import UNSEEN, Check, short
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import thin

MOST_DRAWS = 1000
SHRINKAGE_DRAWS = 200
SENSITIVE = 0.05  # of power scaling: Kallioinen et al. (2024)
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
        Per asset: what `Misfit` has of it (its sample mean beside its premium, as reported by `attribute`, and the gap
        in standard errors; the mean and the variance that the fitted law implies on its own dates), and ``prob_tails``,
        the posterior predictive probability of residuals as heavy-tailed as those observed.
    shrinkage : DataFrame
        Asset by factor, 0..1: how far each loading's estimate leans on its prior; 1 = its own returns say nothing.
    sensitivity : DataFrame
        Per top-level quantity: how much its posterior moves when the priors are made a little stronger.
    pairs : DataFrame
        The pairs of assets whose residuals are correlated most, beyond what noise gives on as many common dates: asset,
        other, correlation, periods, limit.
    """

    checks: tuple[Check, ...]
    assets: pd.DataFrame
    shrinkage: pd.DataFrame
    sensitivity: pd.DataFrame
    pairs: pd.DataFrame

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
            lines.append(f"  {words[c.passed]:<6}  {c.name:<53} {c.value:>10.5g}   limit {short(c.limit):<7}{where}")
            if c.beyond or c.advice == UNSEEN:
                lines.append(f"          -> {c.advice}{f' See {c.details}.' if c.details else ''}")
        return "\n".join(lines)

    __repr__ = __str__


def check(fit: Fit) -> CheckReport:
    """Check a fit: convergence, means and variances of the fitted law, tails, residuals, priors, shrinkage, premia.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    CheckReport
        Prints as a list. ``.ok`` is False when a check of the sampler failed, when the sample rules out means or
        variances of the fitted law (Student-t degrees of freedom at their floor are of that kind), so that what is
        called a premium is no expected return, or when two assets are copies of each other. All other checks inform.

    Notes
    -----
    R-hat and effective draws follow Vehtari et al. (2021), E-BFMI Betancourt (2016), prior sensitivity the power
    scaling of Kallioinen et al. (2024), all as ArviZ computes them. The tail check compares the kurtosis of
    standardised residuals with that of replicated ones of the same length. Limits of the checks of means and of the
    largest correlation follow from sampling theory: of right models each check of means fails one in 400, and the
    largest correlation of all pairs is beyond its limit one time in a hundred.
    """
    require_fit(fit, "check")
    assets = fit.misfit.assets.assign(prob_tails=tails(fit))
    shrinkage, sensitivity, correlations = _shrinkage(fit), _sensitivity(fit), residual_correlations(fit)
    checks = (
        *fit.sampler_checks,
        *fit.misfit.checks,
        *_of_assets(fit, assets),
        Check(
            "share of parameters sensitive to the prior", None, float((sensitivity["prior"] > SENSITIVE).mean()), 0.1,
            _worst(sensitivity["prior"]),
            "These quantities lean on their priors: say so, or justify the priors.", ".sensitivity",
        ),
        Check(
            "shrinkage of loadings, median", None, float(np.median(shrinkage)), 0.5, "",
            "Most loadings lean on their prior more than on their own returns.", ".shrinkage",
        ),
        *correlation_checks(correlations),
        *_of_premia(fit),
    )  # fmt: skip
    return CheckReport(checks, assets, shrinkage, sensitivity, correlations.pairs)


def _of_assets(fit: Fit, assets: pd.DataFrame) -> tuple[Check, ...]:
    """Return the checks of tails and premia that only inform."""
    held = isinstance(fit.panel, Panel)
    heavy = float((assets["prob_tails"].dropna() < 0.01).mean()) if held else float("nan")
    gaps = assets["gap_in_errors"].abs()
    return (
        Check(
            "tails: share of assets heavier than the noise law", None, heavy, 0.05, _worst(-assets["prob_tails"]),
            "Residuals are heavier-tailed than the noise law: a few dates weigh much in loadings and alphas. Look at "
            "the largest returns of these assets."
            if held
            else UNSEEN,
            ".assets" if held else "",
        ),
        Check(
            "means: share of premia more than 2 SE off", None, float((gaps.dropna() > 2).mean()), 0.05, _worst(gaps),
            "Premia and sample means differ: read both before using these premia.", ".assets",
        ),
    )  # fmt: skip


def _of_premia(fit: Fit) -> tuple[Check, ...]:
    """Return the checks of what factors pay: how many are unidentified, and how many in conflict with their priors."""
    facts = identified(fit).facts
    others = facts[~facts["traded"].astype(bool)]
    unknown = others.index[others["verdict"] == UNIDENTIFIED].tolist()
    conflict = facts.index[facts["conflict"]].tolist()
    return (
        Check(
            "premia: share of non-traded factors unidentified", None, len(unknown) / max(len(others), 1), 0.0,
            unknown[0] if unknown else "",
            "What these factors pay comes from the prior, not from the data.", "bf.identify(fit)",
        ),
        Check(
            "premia: share in conflict with the prior", None, len(conflict) / len(facts), 0.0,
            conflict[0] if conflict else "",
            "Prior and data disagree on what these factors pay, and the posterior lies between: read both, and justify "
            "the prior.",
            "bf.identify(fit)",
        ),
    )  # fmt: skip


def _worst(values: pd.Series) -> str:
    return str(values.idxmax()) if values.notna().any() else ""


def _shrinkage(fit: Fit) -> pd.DataFrame:
    """Return the prior's weight in each loading: the diagonal of (I + D S D / s2)^-1, averaged over draws.

    1 for a loading that is common to all assets. For Student-t noise s2 = sigma^2 (nu + 3) / (nu + 1), the inverse of
    what one observation says of a location.
    """
    draws, statistics = thin(fit, SHRINKAGE_DRAWS), fit.design.moments
    flat = draws.stack(sample=("chain", "draw"), create_index=False)
    loading = flat["loading"].transpose("sample", "asset", "factor")
    index, columns = pd.Index(fit.panel.assets, name="asset"), list(fit.panel.factor_names)
    if "loading_common" in flat:
        return pd.DataFrame(1.0, index=index, columns=columns)
    if "loading_scale" in flat:
        spread = flat["loading_scale"].transpose("sample", "factor").values
    else:
        spread = np.broadcast_to(fit.priors.loadings.sd, (loading.shape[0], loading.shape[2]))
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
    prior, sigma = fit.priors.alpha, flat["sigma"].transpose("sample", "asset").values
    spread = flat["alpha_scale"].values[:, None] if "alpha_scale" in flat else prior.sd
    return spread * (np.ones_like(sigma) if prior.per_residual_sd is None else sigma / prior.per_residual_sd)


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
