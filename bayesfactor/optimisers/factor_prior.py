"""A factor model as a prior of skfolio: mean, covariance and scenarios are those of its predictive law."""

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.data.integration.assembly import integrate
from bayesfactor.optimisers.posterior_distribution import posterior_distribution
from bayesfactor.optimisers.skfolio_classes import BasePrior
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import written
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.sampler import Sampler
from bayesfactor.sampling.fitting import fit as sample
from bayesfactor.spec.model import FactorModel

SAME_PERIODS = 0.8  # share of the rows of X that a panel of the same calendar has at least; business of all days: 0.71
STALE = 5  # rows of X after the last date of the panel, at most: a few days until the newest factor is published


class FactorPrior(BasePrior):
    r"""A Bayesian factor model as skfolio's prior, for every optimiser of skfolio.

    .. math:: \mu = E[m], \qquad \Sigma = E[B \Omega B' + D] + \mathrm{Var}(m)

    as exact averages over the draws (see `moments`), and scenarios that are draws of the predictive law, so that CVaR
    and the like include parameter uncertainty. All are of one period of X. Sigma, not Var(m) or E[S] alone, is
    what whoever holds the portfolio faces.

    Parameters
    ----------
    model : str, Path, FactorModel or Fit
        Fitted to X and the factors whenever `fit` is called, with a preset's name, a model file or a model. A `Fit` is
        taken as it is, nothing is sampled, and the other parameters but `scenarios` are left out.
    sampler : Sampler, optional
        As in `bf.fit`.
    factors : DataFrame (dates, factor), optional
        Cut at the last date of X whenever `fit` is called; so it may begin before X. Either here, or as ``factors`` of
        `fit`, to which skfolio routes ``params={"factors": factors}``: that one needs the rows of X exactly.
    factor_info, asset_info : DataFrame or dict, optional
        As in `integrate`.
    scenarios : int, optional
        How many predictive draws; by default one for each draw of the posterior.

    Attributes
    ----------
    return_distribution_ : PosteriorDistribution
        A skfolio `ReturnDistribution`, with ``mean_covariance`` for `PosteriorMeans`. Its ``factor_model`` is not set.
    fit_ : Fit
    problems_ : tuple of str
        Why the fit cannot be trusted.

    Raises
    ------
    SpecError, DataError, FitError
        By `fit`: when X is no frame with names and dates, there are no factors or those of two places, a `Fit` has seen
        dates after X, X and the factors meet on another calendar than that of X only, or X goes on after the factors
        have ended; and whatever `integrate` and `bf.fit` raise.

    Notes
    -----
    X is taken as excess returns, as they are. An asset without a return on the last row of X cannot be held: it is
    fitted, as it says something of its group, and has weight 0.

    skfolio makes ratios annual by 252 whatever the calendar, unless ``portfolio_params={"annualization_factor": 12}``.
    """

    __metadata_request__fit: ClassVar = {"factors": True}  # routed to it without set_fit_request

    def __init__(
        self,
        model: str | Path | FactorModel | Fit = "hierarchical",
        sampler: Sampler | None = None,
        *,
        factors: Any = None,
        factor_info: Any = None,
        asset_info: Any = None,
        scenarios: int | None = None,
    ) -> None:
        self.model = model
        self.sampler = sampler
        self.factors = factors
        self.factor_info = factor_info
        self.asset_info = asset_info
        self.scenarios = scenarios

    def fit(self, X: Any, y: Any = None, *, factors: Any = None) -> "FactorPrior":
        """Fit the model, and make the distribution of the next period's returns.

        Parameters
        ----------
        X : DataFrame (dates, asset)
            Simple excess returns.
        y
            Not read; scikit-learn's convention.
        factors : DataFrame (dates, factor), optional
            Where the constructor has none.
        """
        from sklearn.utils.validation import validate_data

        returns = _frame(X, "X")
        given = self._given(factors)
        validate_data(self, returns, skip_check_array=True)
        last = returns.columns[returns.iloc[-1].notna()]
        if isinstance(self.model, Fit):
            for name in last.difference(list(self.model.panel.assets), sort=False):
                raise unknown("asset of the fit", name, self.model.panel.assets, place="FactorPrior: X")
            self.fit_ = _before(self.model, returns)
        else:
            self.fit_ = sample(self._panel(returns, given), self.model, self.sampler)
        self.return_distribution_ = posterior_distribution(self.fit_, returns.columns, last, self.scenarios)
        self.problems_ = self.fit_.problems
        return self

    def _given(self, factors: Any) -> Any:
        """Return the factors; refuse those of two places, and what a fit would leave unread."""
        place = "FactorPrior.factors"
        if factors is not None and self.factors is not None:
            raise SpecError(
                "FactorPrior: factors are given to the constructor and to fit.",
                place=place,
                remedy="Leave one of them out.",
            )
        found = self.factors if factors is None else factors
        ready = isinstance(self.model, Fit)
        if not ready and found is None:
            raise SpecError(
                "FactorPrior: there are no factors.",
                place=place,
                remedy="Write bf.FactorPrior(factors=...). Those that an optimiser or cross_val_predict is given reach "
                "it after sklearn.set_config(enable_metadata_routing=True).",
            )
        unread = {name: getattr(self, name) for name in ("sampler", "factor_info", "asset_info")} | {"factors": found}
        if ready and any(value is not None for value in unread.values()):
            name = next(name for name, value in unread.items() if value is not None)
            raise SpecError(
                f"FactorPrior: the model is a Fit, which has been sampled, and {name} would not be read.",
                place=f"FactorPrior.{name}",
                remedy=f"Leave {name} out, or give a model that is to be fitted.",
            )
        return found

    def _panel(self, returns: pd.DataFrame, factors: Any) -> Panel:
        """Return the panel of X and of the factors up to its last date."""
        known = _frame(factors, "factors")
        seen = returns.dropna(axis="columns", how="all")
        if known.index[0] > returns.index[-1]:
            begin, end = (written(one.to_datetime64()) for one in (known.index[0], returns.index[-1]))
            raise DataError(
                f"FactorPrior: factors begin on {begin}, and X ends on {end}.",
                series="factors",
                remedy="Give factors of the time of X, or a longer X.",
            )
        known = known.loc[known.index <= returns.index[-1]]
        panel = integrate(seen, known, self.factor_info, self.asset_info)
        within = int(((returns.index >= panel.times[0]) & (returns.index <= panel.times[-1])).sum())
        if len(panel.times) < SAME_PERIODS * within:
            rows = f"{len(panel.times)} rows ({panel.calendar.frequency}) of {within} that X has in that time"
            raise DataError(
                f"FactorPrior: X and the factors meet on {rows}: what is said of a period would not be of one of X.",
                series="X",
                remedy="Bring X to the calendar of the coarsest factor first.",
            )
        _reaches(panel, returns)
        return panel


def _reaches(panel: Panel, returns: pd.DataFrame) -> None:
    """Raise a DataError when the panel ends long before X does."""
    unread = int((returns.index > panel.times[-1]).sum())
    if unread > STALE:
        raise DataError(
            f"FactorPrior: X and the factors meet up to {written(panel.times[-1])}, and X has {unread} rows after "
            f"that, up to {written(returns.index[-1].to_datetime64())}, of which the posterior would know nothing.",
            series="factors",
            remedy="Give every factor up to the last date of X, leave out those that ended, or cut X.",
        )


def _frame(values: Any, what: str) -> pd.DataFrame:
    """Return a frame with names and dates in order, or raise a DataError."""
    if not isinstance(values, pd.DataFrame) or not isinstance(values.index, pd.DatetimeIndex):
        kind = type(values.index if isinstance(values, pd.DataFrame) else values).__name__
        raise DataError(
            f"FactorPrior: {what} has to be a DataFrame with names of columns and dates of rows, and is a {kind}.",
            series=what,
            remedy="Give the frame itself, not its values.",
        )
    if values.empty or not values.index.is_monotonic_increasing:
        raise DataError(
            f"FactorPrior: {what} has no rows, or dates that are not in order.", series=what, remedy="Sort it by date."
        )
    unnamed = [name for name in values.columns if not isinstance(name, str | tuple)]
    if unnamed:
        raise DataError(
            f"FactorPrior: {what} has a column {unnamed[0]!r}, a {type(unnamed[0]).__name__}, and names are text.",
            series=what,
            remedy="Give its columns names, for instance with frame.rename(columns=str).",
        )
    twice = values.columns[values.columns.duplicated()]
    if len(twice):
        raise DataError(f"FactorPrior: {what} has two columns '{twice[0]}'.", series=twice[0], remedy="Drop one.")
    return values.tz_localize(None)


def _before(fit: Fit, returns: pd.DataFrame) -> Fit:
    """Return a fit that has seen nothing after the last date of X."""
    last, end = fit.panel.times[-1], returns.index[-1].to_datetime64()
    if last > end:
        raise SpecError(
            f"FactorPrior: the fit has seen returns up to {written(last)}, and X ends on {written(end)}.",
            place="FactorPrior.model",
            found=written(last),
            remedy="To walk forward, give the model's name, so that it is fitted on the rows before each step.",
        )
    return fit
