"""Closed-form scan of all models that a set of traded factors can form: which of them price the others."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.base.arguments import require, require_number, require_top
from bayesfactor.base.errors import DataError, SpecError, unknown
from bayesfactor.base.records import FrozenResult
from bayesfactor.closedform.discountfactor.marginals import market_marginals, trained_marginals
from bayesfactor.closedform.saturated import require_independent
from bayesfactor.panel.panel import Panel

MAX_FACTORS = 20


@dataclass(frozen=True)
class TrainedPremia:
    """Premia of the factors in the model: lambda ~ N(lambda_0, kappa Omega), centred on a training sample.

    Attributes
    ----------
    share : float
        Part of the history, from its start, whose means are lambda_0; it is then left out of the likelihood.
    kappa : float or None
        None: one over the number of training periods, which is what a flat prior makes of them. The odds against a
        superfluous factor then stay near sqrt(1 + periods / training periods), 3 to 1, however long the history.
    """

    share: float = 0.1
    kappa: float | None = None


@dataclass(frozen=True)
class MarketAlways:
    """The market is in every model, and the alphas of the other factors in the model ~ N(0, k Sigma).

    Attributes
    ----------
    market : str
        Name of the market factor.
    multiple : float
        Largest Sharpe ratio that all the factors may have together, in multiples of the market's, above 1:
        k = (multiple^2 - 1) SR_market^2 / number of the other factors, SR_market that of the sample.
    """

    market: str
    multiple: float = 1.5


@dataclass(frozen=True, eq=False)
class ModelScan(FrozenResult):
    """Every model that the factors can form, and how probable it is.

    Attributes
    ----------
    log_marginal : DataArray (model)
        Log marginal likelihood of all the factors, but for a constant that is the same in every model.
    probability : DataArray (model)
        Posterior probability, all models being equally probable before.
    member : DataArray (model, factor)
        Which factors are in the discount factor of a model.
    periods : int
        Periods in the likelihood.
    method : str
    """

    log_marginal: xr.DataArray
    probability: xr.DataArray
    member: xr.DataArray
    periods: int
    method: str

    def table(self) -> pd.DataFrame:
        """Return one row per factor: columns prior and posterior, its probabilities of being in the model.

        ``attrs`` hold the number of models and the method.
        """
        inside, names = self.member.values, self.member["factor"].values
        columns = {"prior": inside.mean(axis=0), "posterior": self.probability.values @ inside}
        table = pd.DataFrame(columns, index=pd.Index(names, name="factor"))
        table.attrs = {"models": len(inside), "periods": self.periods, "method": self.method}
        return table

    def models(self, top: int = 10) -> pd.DataFrame:
        """Return the models of highest probability: columns factors, log_marginal, prior, posterior."""
        order = np.argsort(-self.log_marginal.values, kind="stable")[: require_top(top)]
        member, names = self.member.values[order], self.member["factor"].values
        columns = {
            "factors": member.sum(axis=1),
            "log_marginal": self.log_marginal.values[order],
            "prior": 1 / len(self.log_marginal),
            "posterior": self.probability.values[order],
        }
        labels = [" + ".join(names[row]) for row in member]
        return pd.DataFrame(columns, index=pd.Index(labels, name="model"))


def scan_models(panel: Panel, prior: TrainedPremia | MarketAlways = TrainedPremia()) -> ModelScan:
    """Return the posterior probability of every model that the traded factors of a panel can form.

    A model says which factors x are in the discount factor; it prices the others, w, exactly::

        x_t = lambda + e_t,  e ~ N(0, Omega)        w_t = Gamma x_t + u_t,  u ~ N(0, Sigma)

    The prior of (Omega, Gamma, Sigma) is Jeffreys' of the model with all factors, carried to every other model by the
    change of variables, so that its constant is the same in each; the premia have a proper prior. With `MarketAlways`,
    the market is in x and x's other factors have alphas on it with a proper prior; the market's own density drops out.

    Parameters
    ----------
    panel : Panel
        Two to twenty traded factors; their whole common history is used, and the assets are not.
    prior : TrainedPremia or MarketAlways

    Returns
    -------
    ModelScan
        ``.table()`` by factor, ``.models()`` by model.

    Raises
    ------
    DataError
        When a factor is not traded, constant or a combination of others, or the history is too short.
    SpecError
        When there are fewer than two or more than twenty factors, or a choice is not one of those that exist.

    Notes
    -----
    Wrong to use for factors that are not traded: their premium is not their mean (`spike_and_slab` takes them); for
    fat-tailed or drifting returns read close odds with care. Log marginal likelihoods compare models of the same
    factors over the same periods only.

    References
    ----------
    Chib, Zeng and Zhao (2020), On comparing asset pricing models, Journal of Finance 75, 551-577;
    Barillas and Shanken (2018), Comparing asset pricing models, Journal of Finance 73, 715-754.
    """
    values, names = _factors(panel)
    require(prior, (TrainedPremia, MarketAlways), "scan_models.prior")
    match prior:
        case TrainedPremia():
            start, values, kappa = _training(values, prior)
            log_marginal, member = trained_marginals(values, start, kappa)
        case MarketAlways():
            first = _market(names, prior)
            log_marginal, member = market_marginals(values[:, first], np.delete(values, first, axis=1), prior.multiple)
            member = np.insert(member, first, True, axis=1)
        case _:
            assert_never(prior)
    weight = np.exp(log_marginal - log_marginal.max())
    return ModelScan(
        log_marginal=xr.DataArray(log_marginal, dims="model"),
        probability=xr.DataArray(weight / weight.sum(), dims="model"),
        member=xr.DataArray(member, {"factor": list(names)}, ("model", "factor")),
        periods=len(values),
        method=f"closed-form model scan, {prior}",
    )


def _factors(panel: Panel) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the factors over their whole common history (time, factor), and their names."""
    require(panel, (Panel,), "scan_models.panel")
    values, names = panel.factors.values, panel.factor_names
    for factor in panel.factor_info:
        if not factor.traded:
            raise DataError(
                f"scan_models: '{factor.name}' is not a traded factor, and its premium is not its mean.",
                series=factor.name,
                remedy="Leave it out with panel.select(factors=...), or use spike_and_slab, which takes it.",
            )
    if not 2 <= len(names) <= MAX_FACTORS:
        raise SpecError(
            f"scan_models takes from 2 to {MAX_FACTORS} factors, and the panel has {len(names)}.",
            place="scan_models.panel",
            found=len(names),
            remedy="Choose some with panel.select(factors=...).",
        )
    values = values[np.isfinite(values).all(axis=1)]  # from the day on which the youngest begins
    _require_periods(len(values), len(names))
    require_independent(values, names, "scan_models")
    return values, names


def _require_periods(periods: int, k: int) -> None:
    if periods <= k + 1:
        raise DataError(
            f"scan_models needs more than {k + 1} periods for {k} factors, and is left with {periods}.",
            series="panel",
            value=periods,
            remedy="Use fewer factors (panel.select), or a longer history.",
        )


def _training(values: np.ndarray, prior: TrainedPremia) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the means of the training sample, the rest of the history, and kappa."""
    require_number(prior.share, 0, 1, "TrainedPremia.share")
    training = round(len(values) * prior.share)
    if training < 1:
        raise DataError(
            f"scan_models: a share of {prior.share:g} of {len(values)} periods leaves no training sample.",
            series="panel",
            value=training,
            remedy="Use a larger TrainedPremia.share.",
        )
    kappa = 1 / training if prior.kappa is None else prior.kappa
    require_number(kappa, 0, np.inf, "TrainedPremia.kappa")
    _require_periods(len(values) - training, values.shape[1])
    return values[:training].mean(axis=0), values[training:], kappa


def _market(names: tuple[str, ...], prior: MarketAlways) -> int:
    """Return the position of the market among the factors."""
    if prior.market not in names:
        raise unknown("factor", prior.market, names, place="MarketAlways.market")
    require_number(prior.multiple, 1, np.inf, "MarketAlways.multiple")
    return names.index(prior.market)
