"""Whether a factor pays nothing: the Bayes factor of a premium of 0, without a density estimate."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.comparison.comparable import MOVES
from bayesfactor.analysis.comparison.premium_law import premium_law
from bayesfactor.base.errors import FitError, SpecError, unknown
from bayesfactor.base.records import FrozenResult
from bayesfactor.posterior.diagnostics import warning_of
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished
from bayesfactor.spec.scaling import ScaledPriors

MOST = 0.3  # Monte Carlo error of the log
PLACE = "bayes_factor.factor"


@dataclass(frozen=True, eq=False)
class BayesFactor(FrozenResult):
    """Evidence for a premium of 0 against the prior of it.

    Attributes
    ----------
    factor : str
    log_bf01 : float
        Log of the marginal likelihood with lambda_k = 0 over that of the model; above 0, the data speak for 0.
    error : float
        Its Monte Carlo standard error, from means over batches of consecutive draws.
    log_densities : DataArray (chain, draw)
        log p(lambda_k = 0 | rest of the draw, data): their log-mean-exp less `log_prior_density` is `log_bf01`.
    log_prior_density : float
    problems : tuple of str
        Why the fit cannot be trusted.
    """

    factor: str
    log_bf01: float
    error: float
    log_densities: xr.DataArray
    log_prior_density: float
    problems: tuple[str, ...] = ()

    def prob_zero(self, prior: float = 0.5) -> float:
        """Return the posterior probability that the premium is 0, given a prior probability of that.

        Raises
        ------
        SpecError
            When it is no number between 0 and 1.
        """
        if isinstance(prior, bool) or not isinstance(prior, int | float) or not 0 <= prior <= 1:
            raise SpecError(
                f"prob_zero: prior is {prior!r}; it must be a probability.", place="BayesFactor.prob_zero", found=prior
            )
        with np.errstate(divide="ignore"):
            odds = self.log_bf01 + np.log(prior) - np.log1p(-prior)
        return float(np.exp(-np.logaddexp(0.0, -odds)))

    def table(self) -> pd.DataFrame:
        """Return one row: factor, log_bf01, error, log_prior_density, and warning where the fit failed a check."""
        names = ("factor", "log_bf01", "error", "log_prior_density")
        table = pd.DataFrame([{name: getattr(self, name) for name in names}])
        return finished(table, {"units": "nats"}, self.problems)

    def __repr__(self) -> str:
        said = f"; WARNING: {warning_of(self.problems)}" if self.problems else ""
        return f"BayesFactor(premium of '{self.factor}' = 0: log BF01 {self.log_bf01:.2f} +- {self.error:.2g}{said})"


def bayes_factor(fit: Fit, factor: str) -> BayesFactor:
    r"""Return the Bayes factor of a premium of 0 of a non-traded factor, against its normal prior.

    The density of the premium at 0, after the data over before (Savage and Dickey):

    .. math:: BF_{01} = \frac{p(\lambda_k = 0 \mid r)}{p(\lambda_k = 0)}, \qquad
              p(\lambda_k = 0 \mid r) = \mathrm{E}_\theta\, N(0; m_\theta, v_\theta)

    with the normal law N(m, v) of the premium given the rest of each draw, in closed form (Rao and Blackwell): it holds
    many standard deviations away from 0, where a density estimate from draws does not.

    Parameters
    ----------
    fit : Fit
        With normal residuals, and priors that are known.
    factor : str
        A factor that is not traded.

    Returns
    -------
    BayesFactor

    Raises
    ------
    SpecError, FitError
        When there is no such Bayes factor: of a traded factor, of alphas, of a premium with a spike and slab, with
        residual factors, Student-t residuals, weighted returns, factors with error or unknown priors; when what moves
        is not recorded; when the Monte Carlo error of the log is above 0.3.

    Notes
    -----
    It depends on the prior of the premium as no interval does: one twice as wide halves the evidence against 0. The
    prior is that of the model, in Sharpe ratios a year; state it with the result. Where volatility or loadings move, it
    is of the normal likelihood by which premia are sampled, with the weights that the paths give each return: heavy
    tails of a path are not in it. Sources: Dickey (1971); Gelfand and Smith (1990).
    """
    require_fit(fit, "bayes_factor")
    k = _number(fit, factor)
    priors = _require_normal(fit, k)
    loc, sd = float(priors.premia.loc[k]), float(priors.premia.sd[k])
    mean, variance = premium_law(fit, k, (loc, sd))
    shape = tuple(fit.posterior.sizes[dim] for dim in ("chain", "draw"))
    densities = _log_normal(mean, variance).reshape(shape)
    level, error = log_mean(densities)
    if not error <= MOST:
        raise FitError(
            f"bayes_factor: the Monte Carlo error of the log for '{factor}' is {error:.2g}, above {MOST}.",
            remedy="Sample longer: Sampler(draws=...).",
        )
    prior = float(_log_normal(np.array(loc), np.array(sd**2)))
    coords = {dim: fit.posterior[dim].values for dim in ("chain", "draw")}
    array = xr.DataArray(densities, coords, ("chain", "draw"), name="log_density")
    return BayesFactor(factor, level - prior, error, array, prior, fit.problems)


def _log_normal(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return log N(0; mean, variance)."""
    return -0.5 * (mean**2 / variance + np.log(2 * np.pi * variance))


def log_mean(values: np.ndarray) -> tuple[float, float]:
    """Return the log of the mean of exp of values (chain, draw), and its Monte Carlo error by batch means.

    Batches are of sqrt(n) consecutive draws of each chain (Flegal and Jones 2010).
    """
    highest = float(values.max())
    scaled = np.exp(values - highest)
    chains, draws = scaled.shape
    size = max(1, int(draws**0.5))
    batches = scaled[:, draws % size :].reshape(chains, -1, size).mean(axis=2).ravel()
    error = batches.std(ddof=1) / batches.size**0.5 if batches.size > 1 else np.inf
    return highest + float(np.log(scaled.mean())), float(error / scaled.mean())


def _number(fit: Fit, factor: object) -> int:
    """Return the number of a factor that is not traded."""
    names = fit.panel.factor_names
    others = [one.name for one in fit.panel.factor_info if not one.traded]
    if isinstance(factor, str) and factor not in names and factor in ("alpha", *fit.panel.assets):
        raise SpecError(
            f"bayes_factor: '{factor}' is no factor. A shrunk alpha has no Bayes factor of 0: under its prior, a "
            "normal law of unknown spread, the density at 0 is infinite.",
            place=PLACE,
            found=factor,
            allowed=others,
            remedy="Test that all alphas are 0 by bf.grs, and read the interval of a single one.",
        )
    if not isinstance(factor, str) or factor not in names:
        raise unknown("factor", factor, others, place="bayes_factor")
    if factor not in others:
        raise SpecError(
            f"bayes_factor: '{factor}' is traded: its premium is its own mean, and not what assets are paid for "
            "loadings on it.",
            place=PLACE,
            found=factor,
            allowed=others,
            remedy="Read the interval of its premium, and test whether it prices the assets by bf.grs.",
        )
    return names.index(factor)


def _require_normal(fit: Fit, k: int) -> ScaledPriors:
    """Return the priors of a fit in which a premium is normal given the rest.

    Raises
    ------
    SpecError, FitError
        When it is not, or they are not known.
    """
    priors, noise, draws, name = fit.priors, fit.noise, fit.posterior, fit.panel.factor_names[k]
    if priors is None or noise is None or fit.model is None:
        raise FitError(
            f"bayes_factor: the prior of the premium of '{name}' is not known, as there is no model of these draws.",
            remedy="Name the model that they are of: bf.from_draws(panel, draws, model=...).",
        )
    if priors.premia.inclusion[k] < 1:
        raise SpecError(
            f"bayes_factor: the premium of '{name}' has a spike and slab as its prior, and no normal law.",
            place=PLACE,
            found=name,
            remedy="Read the probability that it is in the slab: bf.identify(fit).facts['inclusion'].",
        )
    reasons = {
        "residuals load on residual factors": "residual_loading" in draws,
        "residuals are Student-t": not fit.model.noise.sums_suffice,
        "the model weights returns, and a weighted likelihood is not that of the data": fit.design.weight is not None,
        "factors are measured with error": bool(priors.reliability),
    }
    for reason, found in reasons.items():
        if found:
            raise SpecError(
                f"bayes_factor: the premium of '{name}' has no normal law given the rest of a draw: {reason}.",
                place=PLACE,
                found=name,
                remedy="Fit the same factors with normal residuals that are independent, each return counted once "
                '(model="static"), or read the interval of the premium.',
            )
    lost = [part for part in MOVES if part in draws] if fit.movement is None else []
    if lost:
        raise FitError(
            f"bayes_factor: there is no record of the path of '{lost[0]}', by which returns are weighted.",
            remedy="Fit the model with bf.fit, which keeps the path.",
        )
    return priors
