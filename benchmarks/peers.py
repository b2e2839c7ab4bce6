"""The same panel by other programs: statsmodels, and lme4 and BayesianFactorZoo where R is installed."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, figure, spread

RECIPE = {"assets": 100, "factors": 3, "periods": 250, "seed": 8, "groups": 1, "alpha": 0.5, "even": True}
ALPHA = 50.0  # per cent a year: the prior scale of the alphas' standard deviation, which the mixed models leave free
PERCENT = 100.0  # the mixed models are given per cent: their optimisers do not rescale
OURS, STATSMODELS, LME4, ZOO = "bayesfactor", "statsmodels MixedLM", "R lme4", "R BayesianFactorZoo"

LME4_SCRIPT = """
data <- read.csv("panel.csv"); data$asset <- factor(data$asset)
x <- grep("^f", names(data), value = TRUE)
form <- as.formula(paste("r ~", paste(x, collapse = "+"), "+ (1 +", paste(x, collapse = "+"), "| asset)"))
start <- proc.time()[["elapsed"]]
fit <- lme4::lmer(form, data)
seconds <- proc.time()[["elapsed"]] - start
table <- coef(summary(fit))
sds <- attr(lme4::VarCorr(fit)$asset, "stddev")
names <- c(paste("mean", x), paste("scale", x), "alpha scale", "sigma")
value <- c(table[x, 1], sds[x], sds["(Intercept)"], sigma(fit))
error <- c(table[x, 2], rep(NA, length(x) + 2))
write.csv(data.frame(name = names, value, error, seconds), "answer.csv", row.names = FALSE)
"""
ZOO_SCRIPT = """
f <- as.matrix(read.csv("factors.csv")); r <- as.matrix(read.csv("returns.csv"))
start <- proc.time()[["elapsed"]]
fit <- BayesianFactorZoo::BayesianFM(f, r, 10000)
seconds <- proc.time()[["elapsed"]] - start
keep <- fit$lambda_ols_path[, -1, drop = FALSE]
value <- colMeans(keep); error <- apply(keep, 2, sd)
write.csv(data.frame(name = paste("premium", colnames(f)), value, error, seconds), "answer.csv", row.names = FALSE)
"""


def ours(recipe: dict, sizes: dict) -> dict:
    """Return our posterior means and standard deviations, and the seconds of the second call in a process."""
    from dataclasses import replace

    import bayesfactor as bf
    from bayesfactor.spec.alphas import ShrunkAlpha
    from bayesfactor.spec.priors import HalfNormalRate, Rate
    from benchmarks.panels import simulate

    panel = simulate(recipe)
    model = replace(bf.read_model("static"), alpha=ShrunkAlpha(HalfNormalRate(Rate(ALPHA))))
    bf.fit(panel, model, bf.Sampler(draws=4, tune=50, chains=1, progress=False))
    start = time.perf_counter()
    draws = bf.fit(panel, model, bf.Sampler(**sizes, progress=False)).posterior
    seconds = time.perf_counter() - start
    found = {}
    for k, name in enumerate(panel.factor_names):
        found[f"mean {name}"] = draws["loading_mean"].isel(group=0, factor=k)
        found[f"scale {name}"] = draws["loading_scale"].isel(factor=k)
        found[f"premium {name}"] = draws["risk_premium"].isel(factor=k) * PERCENT
    found["alpha scale"] = draws["alpha_scale"] * PERCENT
    found["sigma"] = draws["residual_sd"].mean("asset") * PERCENT
    return {"seconds": seconds, **{name: (float(x.mean()), float(x.std())) for name, x in found.items()}}


def long_form(recipe: dict):
    """Return the panel as a table: asset, r, and a column for each factor, in per cent."""
    import pandas as pd

    from benchmarks.panels import simulate

    panel = simulate(recipe)
    periods, n = panel.returns.shape
    table = pd.DataFrame(np.repeat(panel.aligned, n, axis=0) * PERCENT, columns=list(panel.factor_names))
    return table.assign(r=panel.returns.values.ravel() * PERCENT, asset=np.tile(panel.assets, periods))


def mixed_lm(recipe: dict) -> dict:
    """Return what restricted maximum likelihood says, with random intercepts and slopes of every asset."""
    import warnings

    import statsmodels.api as sm

    table = long_form(recipe)
    factors = [name for name in table if name.startswith("f")]
    x = sm.add_constant(table[factors])
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a variance near its bound; whether it converged is reported
        fit = sm.MixedLM(table["r"], x, groups=table["asset"], exog_re=x).fit()
    found = {"seconds": time.perf_counter() - start, "converged": bool(fit.converged)}
    scale = np.sqrt(np.diag(fit.cov_re))
    for k, name in enumerate(factors):
        found[f"mean {name}"] = (float(fit.params[name]), float(fit.bse[name]))
        found[f"scale {name}"] = (float(scale[k + 1]), float("nan"))
    found["alpha scale"] = (float(scale[0]), float("nan"))
    found["sigma"] = (float(fit.scale**0.5), float("nan"))
    return found


def without_r(package: str) -> str:
    """Return why an R package cannot be run here, or nothing when it can."""
    if shutil.which("Rscript") is None:
        return "R not installed"
    asked = ["Rscript", "-e", f'quit(status = !requireNamespace("{package}", quietly = TRUE))']
    found = subprocess.run(asked, capture_output=True, check=False)
    return f"R package {package} not installed" if found.returncode else ""


def in_r(recipe: dict, script: str) -> dict:
    """Run an R script on the panel; return what it writes."""
    import pandas as pd

    from benchmarks.panels import simulate

    with tempfile.TemporaryDirectory() as folder:
        panel, place = simulate(recipe), Path(folder)
        long_form(recipe).to_csv(place / "panel.csv", index=False)
        for name, values, labels in (
            ("factors", panel.aligned, panel.factor_names),
            ("returns", panel.returns.values, panel.assets),
        ):
            pd.DataFrame(values * PERCENT, columns=list(labels)).to_csv(place / f"{name}.csv", index=False)
        (place / "script.R").write_text(script, encoding="utf-8")
        subprocess.run(["Rscript", "script.R"], cwd=folder, check=True, capture_output=True)
        table = pd.read_csv(place / "answer.csv")
    figures = zip(table["name"], table["value"], table["error"], strict=True)
    return {"seconds": float(table["seconds"].iloc[0]), **{name: (float(a), float(b)) for name, a, b in figures}}


def tables(settings: Settings) -> list[Table]:
    """Return the estimates side by side, and the seconds."""
    recipe = {**RECIPE, "assets": 12, "factors": 2, "periods": 60} if settings.quick else RECIPE
    sizes = {"draws": 100, "tune": 100, "chains": 2} if settings.quick else {}
    targets = {OURS: ("ours", sizes), STATSMODELS: ("mixed_lm",)}
    absent = {LME4: without_r("lme4"), ZOO: without_r("BayesianFactorZoo")}
    scripts = {LME4: LME4_SCRIPT, ZOO: ZOO_SCRIPT}
    targets |= {name: ("in_r", scripts[name]) for name, why in absent.items() if not why}
    runs = {name: [] for name in targets}
    for turn in range(max(settings.repeats, settings.peer_repeats)):
        for name, (function, *more) in targets.items():
            if turn < (settings.repeats if name == OURS else settings.peer_repeats):
                runs[name].append(run_apart(f"benchmarks.peers:{function}", recipe, *more))
    quantities = [name for name in runs[OURS][0].value if name != "seconds"]
    estimates = []
    for quantity in quantities:
        row = {"quantity": quantity}
        for name in (OURS, STATSMODELS, LME4, ZOO):
            row[name] = absent.get(name) or cell(runs[name][0].value.get(quantity))
        estimates.append(row)
    seconds = [
        {
            "program": name,
            "seconds": absent.get(name) or spread([one.value["seconds"] for one in runs[name]]),
            "peak MiB": "" if absent.get(name) else figure(max(one.peak for one in runs[name])),
            "converged": "" if absent.get(name) else runs[name][0].value.get("converged", ""),
            "runs": len(runs.get(name, ())),
        }
        for name in (OURS, STATSMODELS, LME4, ZOO)
    ]
    about = (
        "{assets} assets of one group and one residual scale, {factors} factors, {periods} periods. Loadings as such; "
        "alpha scale, sigma and premia in per cent a period. Ours: posterior mean (standard deviation); sigma is the "
        "mean over assets, each of which has its own, and the prior scale of alpha scale is 50 % a year. Mixed models: "
        "estimate (standard error), by restricted maximum likelihood, with one residual scale and a full covariance of "
        "intercept and slopes. BayesianFactorZoo: premia of two-pass regressions with an intercept; ours are those of "
        "factors that price themselves."
    ).format(**recipe)
    return [
        Table("Estimates", tuple(estimates), about, ("statsmodels",)),
        Table("Seconds of the call", tuple(seconds), "Ours: 4 chains of 1,000 draws, the second fit of its process."),
    ]


def cell(pair: list[float] | None) -> str:
    """Return an estimate with its standard deviation in brackets, where there is one."""
    if pair is None:
        return ""
    value, error = pair
    return f"{figure(value)} ({figure(error, 2)})" if np.isfinite(error) else figure(value)
