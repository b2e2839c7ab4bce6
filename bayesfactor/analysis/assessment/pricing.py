"""How well the factors explain what the assets earned: predicted and realised mean returns, and pricing errors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import t as student

from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.assessment.verdicts import least_known
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import in_long_run
from bayesfactor.posterior.summaries import finished, summarise

FEWEST_ASSETS = 3  # with which a cross-section has an R-squared
ROUNDING = 1e-20  # of a variance over a mean square


@dataclass(frozen=True, eq=False)
class Pricing(FrozenResult):
    """The pricing picture of a fit.

    Attributes
    ----------
    predicted : DataArray (chain, draw, asset)
        lambda_0 + sum_k beta_ik lambda_k: what factors say each asset earns, decimal per year.
    alpha : DataArray (chain, draw, asset)
        Pricing error, decimal per year.
    r_squared : DataArray (chain, draw) or None
        Share of the variance over assets of expected returns that the factors predict; below 0 where they predict worse
        than one number for all assets would. None with fewer than three assets, or where all are expected to earn the
        same.
    realised : DataFrame
        Per asset: ``periods``, ``realised`` (mean excess return a year over the asset's own dates) and ``se``.
    verdicts : dict of str to str
        How well each factor's premium is known, as `identify` says.
    problems : tuple of str
        Why the fit cannot be trusted; the tables then have a column ``warning``.
    """

    predicted: xr.DataArray
    alpha: xr.DataArray
    r_squared: xr.DataArray | None
    realised: pd.DataFrame
    verdicts: dict[str, str]
    problems: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return predicted beside realised mean returns, a year, with intervals on both.

        Returns
        -------
        DataFrame
            Index asset; columns periods, realised, realised_lower, realised_upper (Student-t, of the sample mean),
            predicted, predicted_lower, predicted_upper (posterior), identification (how well the premia that it is made
            of are known). NaN where an asset has fewer than two returns. ``attrs`` state kind and probability of the
            intervals, and name the factors whose premium is not identified.
        """
        found = summarise(self.predicted, ci_prob, ci_kind).set_index("asset")
        periods, se = self.realised["periods"], self.realised["se"]
        reach = se * student.ppf((1 + ci_prob) / 2, np.maximum(periods - 1, 1))
        table = pd.DataFrame(
            {
                "periods": periods,
                "realised": self.realised["realised"],
                "realised_lower": self.realised["realised"] - reach,
                "realised_upper": self.realised["realised"] + reach,
                "predicted": found["mean"],
                "predicted_lower": found["lower"],
                "predicted_upper": found["upper"],
            }
        )
        table["identification"] = least_known(self.verdicts.values())
        return self._finish(table, ci_prob, ci_kind)

    def errors(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return the pricing errors, those whose sign is most certain first.

        Returns
        -------
        DataFrame
            Index asset; columns mean, sd, lower, upper (a year), prob_positive, mcse and prob_sign: the probability of
            the more probable sign.
        """
        table = summarise(self.alpha, ci_prob, ci_kind).set_index("asset")
        positive = (self.alpha > 0).mean(("chain", "draw")).to_series()
        still = (self.alpha == 0).all(("chain", "draw")).to_series()  # a model without pricing errors
        table["prob_sign"] = np.where(still, np.nan, np.maximum(positive, 1 - positive))
        return self._finish(table.sort_values("prob_sign", ascending=False, kind="stable"), ci_prob, ci_kind)

    def r_squared_table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti") -> pd.DataFrame:
        """Return mean, sd and interval of the cross-sectional R-squared: one row, or none where there is none."""
        if self.r_squared is None:
            table = pd.DataFrame(columns=["mean", "sd", "lower", "upper", "prob_positive", "mcse"])
            table.attrs["reason"] = "fewer than three assets, or all are expected to earn the same"
        else:
            table = summarise(self.r_squared, ci_prob, ci_kind)
            table.index = pd.Index(["r_squared"])
        return self._finish(table, ci_prob, ci_kind)

    def __str__(self) -> str:
        fit = self.r_squared_table()
        shown = "no R-squared" if fit.empty else f"R-squared {fit['mean'].item():.2f}"
        table = self.table()
        unsure = ", ".join(f"{name} ({verdict})" for name, verdict in table.attrs["not_identified"].items())
        lines = [f"Cross-section of {len(self.realised)} assets, decimals a year, 90 % eti; {shown}."]
        lines += [f"Predictions depend on premia that are not identified: {unsure}."] if unsure else []
        return "\n".join([*lines, table.to_string(float_format=lambda value: f"{value:.3f}")])

    __repr__ = __str__

    def _finish(self, table: pd.DataFrame, ci_prob: float, ci_kind: Interval) -> pd.DataFrame:
        unsure = {name: verdict for name, verdict in self.verdicts.items() if verdict in ("weak", "unidentified")}
        attrs = {**table.attrs, "ci_kind": ci_kind, "ci_prob": ci_prob, "units": "decimal, per year"}
        return finished(table, {**attrs, "not_identified": unsure}, self.problems)


def price(fit: Fit) -> Pricing:
    r"""Compare what the factors predict each asset earns with what it earned.

    .. math:: E[r_i] = \lambda_0 + \sum_k \beta_{ik} \lambda_k + \alpha_i, \qquad
              R^2 = 1 - \frac{\sum_i (\alpha_i - \bar\alpha)^2}{\sum_i (E[r_i] - \overline{E[r]})^2}

    R-squared is computed in every draw, so that it has a posterior. Where loadings move, they are those of the long
    run: what is explained are means over the history. (`attribute` says what the next period's loadings are paid.)

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    Pricing
        Tables: ``.table()``, ``.errors()``, ``.r_squared_table()``.

    Raises
    ------
    FitError
        When it is no fit.

    Notes
    -----
    Shrunk pricing errors are small by assumption, and the R-squared depends on that: read it beside the prior of alpha.
    The realised mean of a short history says what the factors happened to do then, as much as what they pay. Source:
    the cross-sectional R-squared of Lewellen, Nagel and Shanken (2010), as a posterior.
    """
    require_fit(fit, "price")
    year, posterior = fit.panel.periods_per_year, in_long_run(fit, fit.posterior)
    predicted = xr.dot(posterior["loading"], posterior["risk_premium"], dim="factor")
    if "zero_beta" in posterior:
        predicted = predicted + posterior["zero_beta"]
    predicted = (predicted * year).transpose("chain", "draw", "asset").rename("predicted")
    alpha = (posterior["alpha"] * year).rename("alpha")
    expected = predicted + alpha
    over = {"spread": expected.var("asset"), "of_alpha": alpha.var("asset"), "of_predicted": predicted.var("asset")}
    across = xr.Dataset({**over, "size": (expected**2).mean("asset")}).compute()  # where draws are on disk: one pass
    r_squared = None
    differ = bool((across["spread"] > ROUNDING * across["size"]).all())
    if len(fit.panel.assets) >= FEWEST_ASSETS and differ:
        flat = across["of_predicted"] <= ROUNDING * across["size"]  # one prediction for all
        r_squared = (1 - across["of_alpha"] / across["spread"]).where(~flat, 0.0).rename("r_squared")
    return Pricing(predicted, alpha, r_squared, _realised(fit), cached_identification(fit).verdicts, fit.problems)


def _realised(fit: Fit) -> pd.DataFrame:
    statistics, year = fit.panel.moments, fit.panel.periods_per_year
    periods, sd = statistics.count.astype(int), statistics.sd(ddof=1)
    mean = np.where(periods >= 2, statistics.mean, np.nan)
    columns = {"periods": periods, "realised": mean * year, "se": sd * year / np.sqrt(np.maximum(periods, 1))}
    return pd.DataFrame(columns, index=pd.Index(fit.panel.assets, name="asset"))
