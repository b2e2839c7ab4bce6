"""Factors that are observed with error, drawn given coefficients and scales."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.panel.histories import Span
from bayesfactor.panel.panel import Panel
from bayesfactor.sampling.latents.factor_rows import draw_row_covariance, factor_terms, row_moments
from bayesfactor.sampling.latents.measured_history import (
    BetaPrior,
    Measured,
    Normals,
    draw_history,
    draw_reliability,
    given_others,
    given_returns,
    given_series,
    returns_say,
)
from bayesfactor.sampling.latents.reliability_move import OwnVariance, Ridge, Unseen
from bayesfactor.sampling.latents.scale_move import ScaledDown, ScaledPremium, draw_scale, scaled_history
from bayesfactor.sampling.latents.state import State
from bayesfactor.spec.scaling import ScaledPriors

APART = 3.0  # times the standard deviation of a factor: beyond it a proxy is in other units


@dataclass(frozen=True, eq=False)
class NoisyFactor:
    """One factor with error.

    Attributes
    ----------
    column : int
        Among the factors.
    measured : Measured
    prior : BetaPrior or None
        Of its reliability; None where that is known.
    traded : bool
        Its premium is its mean.
    """

    column: int
    measured: Measured
    prior: BetaPrior | None
    traded: bool


@dataclass
class NoisyFactors:
    """The factors f_t ~ N(mu, Omega / phi_t) of one chain, of which some are seen through noise.

    Omega given f and mu; each noisy f in turn, its reliability first, with f integrated out, and then against its
    loadings; then the scale of each that is not traded. The density of theta has f as if it were observed. Moves of
    loadings multiply the observed series, not f: their regressors stay as they are.

    Attributes
    ----------
    factors : tuple of NoisyFactor
    priors : ScaledPriors
    weight : array (time)
        phi_t, 1 on average.
    dated : array of int
        The rows on which there are returns, which factors may be longer than.
    values : array (time, factor)
        f_t, as it was drawn last; first as it was observed.
    reliability : array (factor)
        1 of a factor without error.
    """

    sweeps: ClassVar[int] = 3
    factors: tuple[NoisyFactor, ...]
    priors: ScaledPriors
    weight: np.ndarray
    dated: np.ndarray
    values: np.ndarray
    reliability: np.ndarray

    @classmethod
    def of(cls, panel: Panel, priors: ScaledPriors, proxies: Mapping[str, np.ndarray]) -> "NoisyFactors":
        """Return those of a panel (already restricted to the model's factors).

        Parameters
        ----------
        panel : Panel
        priors : ScaledPriors
        proxies : mapping of str to array (time)
            Of factors that have one, on the rows of ``panel.factors``.
        """
        law, values = priors.reliability, panel.factors.values
        assert law is not None, "some factor has error"
        found = []
        for k in np.flatnonzero(law.noisy):
            series, proxy = [values[:, k]], proxies.get(panel.factor_names[k])
            variance = [law.variance[k]]
            if proxy is not None:
                require_same_thing(panel.factor_names[k], values[:, k], proxy)
                series.append(proxy)
                variance.append(np.nanvar(proxy, ddof=1))
            prior = BetaPrior(law.a[k], law.b[k]) if np.isnan(law.known[k]) else None
            measured = Measured(np.array(series), np.array(variance))
            found.append(NoisyFactor(int(k), measured, prior, panel.factor_info[k].traded))
        return cls(
            factors=tuple(found),
            priors=priors,
            weight=np.ones(len(values)),
            dated=panel.factors.get_index("time").get_indexer(pd.Index(panel.times)),
            values=values.copy(),
            reliability=np.where(np.isnan(law.known), law.a / (law.a + law.b), law.known),
        )

    def given_coefficients(self, state: State) -> None:
        """Draw covariance, reliabilities and factors, and move along the scales that returns do not know."""
        mean, _ = state.means()
        covariance = self._covariance(mean, state)
        for factor in self.factors:
            self._draw(factor, mean, covariance, state)
        for factor in self.factors:
            if not factor.traded:
                self._rescale(factor, state)
        state.rows.x[1:] = self.values[self.dated].T
        state.rows.changed = True
        state.set_factor_terms(*factor_terms(self._span, self.priors.factors, state.start))

    def given_statistics(self, state: State) -> None:
        """Do nothing: factors are drawn given coefficients."""

    def record(self, state: State) -> dict[str, np.ndarray]:
        """Return reliabilities (factor), and the covariance (factor, factor) of the factors without their errors."""
        mean, _ = state.means()
        return {"reliability": self.reliability.copy(), "factor_cov": self._covariance(mean, state)}

    @property
    def _span(self) -> Span:
        return row_moments(self.values, self.weight)

    def _covariance(self, mean: np.ndarray, state: State) -> np.ndarray:
        return draw_row_covariance(self._span, self.priors.factors, mean, state.rng)

    def _draw(self, factor: NoisyFactor, mean: np.ndarray, covariance: np.ndarray, state: State) -> None:
        """Draw reliability and history of one factor given the others and returns; `covariance` moves with them."""
        k, rng = factor.column, state.rng
        others, said = given_others(self.values, k, mean, covariance, self.weight), self._returns_say(k, state)
        if factor.prior is not None:
            known = given_returns(others, *said)
            self.reliability[k] = draw_reliability(known, factor.measured, factor.prior, self.reliability[k], rng)
        if factor.prior is not None and not factor.traded:
            u = self._trade(factor, factor.prior, others, said, covariance, state)
            others = Normals(others.mean, u * others.variance)
            said = self._returns_say(k, state)
        found, _ = given_series(given_returns(others, *said), factor.measured, self.reliability[k])
        self.values[:, k] = draw_history(found, rng)
        state.rows.x[1 + k] = self.values[self.dated, k]

    def _returns_say(self, column: int, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Return what returns say of one factor on its rows (time), nothing on those without returns."""
        rows, law = state.rows, state.law()
        own = state.on_rows(law)
        own[:, 1 + column] = 0.0
        gap = rows.unexplained(own, state.loading.copy())
        said = np.zeros((2, len(self.values)))
        said[:, self.dated] = returns_say(gap, rows.root, state.coefficients[:, 1 + column], law.sigma)
        return said[0], said[1]

    def _trade(
        self,
        factor: NoisyFactor,
        prior: BetaPrior,
        others: Normals,
        said: tuple[np.ndarray, np.ndarray],
        covariance: np.ndarray,
        state: State,
    ) -> float:
        """Move the reliability of one factor against its loadings; return u."""
        k, (mean, premium), premia = factor.column, state.means(), self.priors.premia
        precision, linear = said
        measured = Measured(factor.measured.series - mean[k], factor.measured.variance)
        unseen = Unseen(others.mean - mean[k], others.variance, precision, linear - precision * mean[k], measured)
        ridge = Ridge(
            unseen=unseen,
            own=OwnVariance.of(covariance, k, self.priors.factors),
            prior=prior,
            reliability=self.reliability[k],
            down=_scaled_down(state, k),
            premium=ScaledPremium(premium[k], premia.loc[k], premia.sd[k]),
        )
        u = ridge.draw(state.rng)
        self.reliability[k] = ridge.moved(u)
        covariance[k, k] += (u - 1) * ridge.own.value
        state.divide_loadings(k, u)
        state.set_premium(k, u * premium[k])
        return u

    def _rescale(self, factor: NoisyFactor, state: State) -> None:
        """Draw the scale of one factor and of what belongs to it."""
        k, (mean, premium), premia = factor.column, state.means(), self.priors.premia
        history = scaled_history(
            self.values, k, mean, self._span, factor.measured, self.reliability[k], self.priors.factors
        )
        paid = ScaledPremium(premium[k], premia.loc[k], premia.sd[k])
        u = draw_scale(history, _scaled_down(state, k), paid, state.rng)
        self.values[:, k] = mean[k] + u * (self.values[:, k] - mean[k])
        state.divide_loadings(k, u)
        state.set_premium(k, u * premium[k])


def require_same_thing(name: str, series: np.ndarray, proxy: np.ndarray) -> None:
    """Raise a DataError where a proxy (time) is plainly in other units than its factor (time), or of something else."""
    both = np.isfinite(series) & np.isfinite(proxy)
    ratio = float(np.std(proxy[both]) / np.std(series[both]))
    correlation = float(np.corrcoef(proxy[both], series[both])[0, 1])
    place, remedy = f"factors.error: proxy of '{name}'", "A proxy measures the same thing, in the same units."
    if not 1 / APART < ratio < APART:
        text = f"{place}: it has {ratio:.3g} times the standard deviation of the factor: it is in other units."
        raise DataError(text, series=name, remedy=f"{remedy} Multiply it by {1 / ratio:.3g}, or leave it out.")
    if correlation < 2 / both.sum() ** 0.5:
        text = f"{place}: its correlation with the factor is {correlation:.2f}: it does not measure the same thing."
        raise DataError(text, series=name, remedy=f"{remedy} Leave it out.")


def _scaled_down(state: State, factor: int) -> ScaledDown:
    """Return what is divided with the loadings on a factor."""
    data, values, spread = state.problem.data, state.coefficients[:, 1 + factor], 0.0
    loc, sd, floor = (data[f"loading_{name}"][factor] for name in ("loc", "sd", "floor"))
    if state.grouped:
        values, spread = state.group_means()[:, factor], floor + state.spreads()[factor]
    elif state.common_loadings is not None:
        values = state.common_loadings[factor : factor + 1]
    loc, sd = (np.full(values.size, number) for number in (loc, sd))
    return ScaledDown(values, loc, sd, spread, floor, data["loading_spread"][factor])
