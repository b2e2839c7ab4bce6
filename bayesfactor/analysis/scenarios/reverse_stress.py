"""The likeliest way to lose so much, and the most that is lost within reach, at every draw of a fit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import chi2

from bayesfactor.analysis.attribution.entries import portfolio_first
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings, leverage_note
from bayesfactor.analysis.scenarios.plausibility import NORMAL
from bayesfactor.analysis.scenarios.reverse_draws import RESIDUAL, reversed_draws
from bayesfactor.base.arguments import require_flag, require_number, require_periods
from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.base.wording import periods_in_words
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished, summarise

MEANS = "the mean over draws of factors is no scenario that loses this much: each draw is, with its own loadings"


@dataclass(frozen=True, eq=False)
class ReverseStress(FrozenResult):
    r"""The likeliest factors with which every entry earns the loss, as draws.

    Attributes
    ----------
    loss : float
        The excess return, below 0.
    periods : int
    draws : DataArray (chain, draw, asset, source)
        Values of the factors over the periods and, where residuals take part, ``residual``: the entry's own. The
        portfolio is the last entry.
    distance : DataArray (chain, draw, asset)
        How far that is: :math:`|L - m| / \sqrt{V}`.
    expected : DataArray (chain, draw, asset)
        m, the expected return over the periods.
    spread : DataArray (chain, draw, asset)
        :math:`\sqrt{V}`, its standard deviation from factors, and from residuals where these take part.
    problems : tuple of str
        Why the fit cannot be trusted.
    notes : tuple of str
    """

    loss: float
    periods: int
    draws: xr.DataArray
    distance: xr.DataArray
    expected: xr.DataArray
    spread: xr.DataArray
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return what factors do when the loss comes about in the likeliest way.

        Parameters
        ----------
        ci_prob : float
            Probability of the intervals.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset, source, mean, sd, lower, upper, prob_positive, mcse; ``warning`` when the fit failed a check.
            ``attrs`` hold ci_kind, ci_prob, units, loss, periods, notes and problems.
        """
        return self._finished(summarise(self.draws, ci_prob, ci_kind, rounded))

    def distance_table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return how far away the loss is, in standard deviations of the entry's return.

        Returns
        -------
        DataFrame
            Columns asset, mean, sd, lower, upper, mcse; ``warning`` when the fit failed a check; ``attrs`` as of
            `table`.
        """
        return self._finished(summarise(self.distance, ci_prob, ci_kind, rounded).drop(columns="prob_positive"))

    def worst(self, radius: float) -> xr.DataArray:
        """Return the lowest return within a Mahalanobis distance of the mean, m - radius sqrt(V) (chain, draw, asset).

        Raises
        ------
        SpecError
            When the radius is no positive number.
        """
        require_number(radius, 0, np.inf, "ReverseStress.worst: radius", "Of 99 % see maximum_loss(0.99).")
        return self.expected - radius * self.spread

    def maximum_loss(
        self, inside: float = 0.99, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True
    ) -> pd.DataFrame:
        """Return the lowest return of every entry while the factors are in the ellipsoid of such a probability.

        Parameters
        ----------
        inside : float
            Probability of the ellipsoid; its radius is the root of a chi-squared quantile, with as many degrees of
            freedom as there are factors, and one more where residuals take part.
        ci_prob, ci_kind, rounded
            As of `table`.

        Returns
        -------
        DataFrame
            Columns asset, mean, sd, lower, upper, prob_positive, mcse; ``warning`` when the fit failed a check;
            ``attrs`` as of `table`, and inside and radius.

        Notes
        -----
        Studer (1997).
        """
        require_number(inside, 0, 1, "ReverseStress.maximum_loss: inside", "A 99 % ellipsoid is 0.99.")
        radius = float(np.sqrt(chi2.ppf(inside, self.draws.sizes["source"])))
        table = self._finished(summarise(self.worst(radius), ci_prob, ci_kind, rounded))
        table.attrs |= {"inside": inside, "radius": radius}
        return table

    def _finished(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the portfolio first, the warning of a fit with problems, and what it is of."""
        units = f"decimal over {periods_in_words(self.periods)}"
        attrs = {**table.attrs, "units": units, "loss": self.loss, "periods": self.periods, "notes": self.notes}
        return finished(portfolio_first(table), attrs, self.problems)

    def __repr__(self) -> str:
        shown = self.table().to_string(index=False)
        return f"ReverseStress of {self.loss:g}, 90 % equal-tailed intervals\n{shown}"


def reverse_stress(
    fit: Fit,
    loss: float,
    portfolio: Mapping[str, float] | pd.Series | None = None,
    periods: int = 1,
    *,
    residuals: bool = False,
) -> ReverseStress:
    r"""Return the likeliest factors with which assets and a portfolio lose so much, at every draw.

    .. math:: f = h\mu + \Omega b \frac{L - m}{V}, \qquad m = h(\alpha + \lambda_0 + b'\lambda), \qquad V = b'\Omega b,
              \qquad \mathrm{distance} = \frac{|L - m|}{\sqrt{V}}

    with :math:`\Omega` the factors' covariance over the h periods ahead. Where residuals take part,
    :math:`V = b'\Omega b + s^2` and the residual is :math:`s^2 (L - m) / V`.

    Parameters
    ----------
    fit : Fit
    loss : float
        L, the excess return over the periods: a loss of 30 % is -0.3.
    portfolio : mapping or Series of asset to weight, optional
        Adds one more entry, ``"portfolio"``.
    periods : int
        h, in periods of the panel.
    residuals : bool
        Whether residuals take part, and not the factors alone.

    Returns
    -------
    ReverseStress

    Raises
    ------
    SpecError, DataError, FitError
        When it is no fit, the loss is not between -1 and 0, or a weight cannot be used; when no move of the factors
        makes the portfolio lose anything, as it has no loadings in some draws.

    Notes
    -----
    An asset without loadings in some draws is left out, and a note says so. Returns of several periods are summed. The
    distance is that of normal factors and residuals, whatever the law of residuals; how far moving loadings may wander
    over several periods is not in V.
    """
    require_fit(fit, "reverse_stress")
    _require_loss(loss)
    require_periods(periods, "reverse_stress")
    require_flag(residuals, "reverse_stress.residuals")
    weights = holdings(fit.panel, "asset", portfolio)
    mixed = weights.values[-1:] if portfolio is not None else np.empty((0, len(fit.panel.assets)))
    found = reversed_draws(fit, float(loss), int(periods), mixed, residuals)
    names = weights["asset"].values
    kept = (found["spread"] > 0).all(axis=(0, 1))
    lost = names[~kept].tolist()
    if not kept.any() or (portfolio is not None and PORTFOLIO in lost):
        what = f"the {PORTFOLIO}" if portfolio is not None else "any asset"
        raise FitError(
            f"reverse_stress: no move of the factors makes {what} lose anything: in some draws all loadings are 0.",
            remedy="Write residuals=True: the loss is then its own.",
        )
    coords = {"chain": fit.posterior["chain"].values, "draw": fit.posterior["draw"].values, "asset": names[kept]}
    dims = ("chain", "draw", "asset")
    sources = [*fit.panel.factor_names, *([RESIDUAL] if residuals else [])]
    left_out = (f"left out, as all loadings are 0 in some draws: {', '.join(lost)}",) if lost else ()

    def labelled(name: str) -> xr.DataArray:
        return xr.DataArray(found[name][:, :, kept], coords, dims, name=name)

    values = xr.DataArray(found["draws"][:, :, kept], {**coords, "source": sources}, (*dims, "source"), name="value")
    return ReverseStress(
        float(loss),
        int(periods),
        values,
        labelled("distance"),
        labelled("expected"),
        labelled("spread"),
        fit.problems,
        (MEANS, NORMAL, *left_out, *_beyond(fit, values), *leverage_note(weights)),
    )


def _beyond(fit: Fit, values: xr.DataArray) -> tuple[str, ...]:
    """Say how often a traded factor would have to fall by more than everything."""
    traded = [factor.name for factor in fit.panel.factor_info if factor.traded]
    often = (values.sel(source=traded) < -1).any("source").mean(("chain", "draw"))
    if not float(often.max()) > 0:
        return ()
    name, share = str(often["asset"].values[int(np.argmax(often.values))]), 100 * float(often.max())
    return (f"out of reach where a traded factor falls by more than 100 %: in {share:.3g} % of draws of '{name}'",)


def _require_loss(loss: object) -> None:
    """Raise a SpecError unless it is a return of -100 % to below 0."""
    if isinstance(loss, bool) or not isinstance(loss, int | float | np.integer | np.floating) or not -1 <= loss < 0:
        raise SpecError(
            f"reverse_stress: loss is {loss!r}; it must be a return from -1 to below 0.",
            place="reverse_stress.loss",
            found=loss,
            remedy="A loss of 30 % is -0.3.",
        )
