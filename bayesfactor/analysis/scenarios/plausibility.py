"""How plausible a scenario is: its distance, how long one waits for it, and its rank in the history of its factors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import chi2

from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.summaries import finished, justified, summarise

NORMAL = "distances are those of normal factors, whose extremes are rarer than markets' are"


@dataclass(frozen=True, eq=False)
class Plausibility(FrozenResult):
    r"""How far shocked factors are from what they usually do.

    Attributes
    ----------
    distance : DataArray (volatility, chain, draw)
        :math:`\sqrt{(x - h\mu_s)'\,\Omega_{ss}^{-1}\,(x - h\mu_s)}`, with the covariance of the h periods ahead
        (``next period``) and, where the factors' covariance moves, of the long run.
    shocked : int
        How many factors are shocked: the degrees of freedom of the squared distance.
    years : Series (volatility)
        How long one waits for a move at least as far, in any direction: h periods over its probability, which is the
        mean over draws of that of a chi-squared law. Infinite where that is 0.
    rank : int
        Of the scenario among the windows of h periods in the panel, by distance at posterior means; 1 when none is
        farther.
    windows : int
        How many there are. They overlap.
    as_far : Series (factor)
        Of each shocked factor, in how many windows it moved as far in that direction, or farther.
    problems : tuple of str
        Why the fit cannot be trusted.
    """

    distance: xr.DataArray
    shocked: int
    years: pd.Series
    rank: int
    windows: int
    as_far: pd.Series
    problems: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return distance and waiting time, a row for each volatility.

        Returns
        -------
        DataFrame
            Columns volatility, distance, sd, lower, upper, mcse, years, rank, windows; ``warning`` when the fit failed
            a check.
        """
        table = summarise(self.distance, ci_prob, ci_kind, rounded).drop(columns="prob_positive")
        attrs = table.attrs
        table = table.rename(columns={"mean": "distance"})
        table["years"] = self.years.to_numpy()
        if rounded:
            years = table["years"].to_numpy()
            table["years"] = justified(years, np.where(np.isfinite(years) & (years > 0), years / 100, 0))
        table["rank"], table["windows"] = self.rank, self.windows
        return finished(table, {**attrs, "notes": (f"{NORMAL}: see the rank",)}, self.problems)

    def __repr__(self) -> str:
        return f"Plausibility of {self.shocked} shocked factors\n{self.table().to_string(index=False)}"


def waiting_time(distance: xr.DataArray, shocked: int, periods: int, per_year: int) -> pd.Series:
    """Return years per event by volatility."""
    chance = chi2.sf(distance.transpose("volatility", ...).values ** 2, shocked)
    mean = chance.reshape(len(chance), -1).mean(axis=1)
    with np.errstate(divide="ignore", over="ignore"):
        years = periods / (per_year * mean)
    return pd.Series(years, pd.Index(distance["volatility"].values, name="volatility"), name="years")


def waiting_words(years: float) -> str:
    """Return how often something happens, given how long one waits for it."""
    if years > 1e6:
        return "less than once in a million years"
    if years < 1:
        return f"{1 / years:.2g} times a year"
    return f"once in {float(f'{years:.2g}'):,.10g} years"
