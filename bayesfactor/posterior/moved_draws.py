"""What newer rows change in the draws of what moves, without sampling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import Panel
from bayesfactor.paths.factor_path import continued
from bayesfactor.paths.movement import Movement
from bayesfactor.paths.next_period import NextPeriod
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import FitFacts
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise
from bayesfactor.spec.scaling import ScaledPriors


@dataclass(frozen=True, eq=False)
class Ended:
    """A fit on a longer panel than its own, and what moves there: as `FitFacts`."""

    fit: FitFacts
    panel: PanelBase
    movement: Movement | None

    @property
    def model(self) -> FactorModel | None:
        """That of the fit."""
        return self.fit.model

    @property
    def noise(self) -> Noise | None:
        """That of the fit."""
        return self.fit.noise

    @property
    def seed(self) -> int:
        """That of the fit."""
        return self.fit.seed

    @property
    def posterior(self) -> xr.Dataset:
        """That of the fit."""
        return self.fit.posterior

    @property
    def design(self) -> Design:
        """That of the fit."""
        return self.fit.design

    @property
    def priors(self) -> ScaledPriors | None:
        """Those of the fit."""
        return self.fit.priors


@dataclass(frozen=True, eq=False)
class MovedDraws:
    """Draws of a fit, and a longer panel whose newer rows update what moves.

    Attributes
    ----------
    fit : Fit
        One that has a record of what moves, and priors.
    movement, priors
        These.
    panel : Panel
        The longer one.
    draws : Dataset
        Of the fit's posterior.
    """

    fit: FitFacts
    movement: Movement
    priors: ScaledPriors
    panel: Panel
    draws: xr.Dataset

    @cached_property
    def dated(self) -> Dated:
        """The fit date by date: levels and long-run coefficients, which newer rows leave as they are."""
        return Dated(self.fit, self.draws)

    @cached_property
    def followed(self) -> tuple[np.ndarray, np.ndarray]:
        """What newer rows say of the residuals' volatility: as `CommonPath.follow` returns it."""
        own, path = len(self.fit.panel.times), self.movement.residuals
        if path is None:
            return np.empty(0), np.empty(0)
        return path.follow(self.panel.returns.values[own:], self.panel.aligned[own:])

    def until(self, row: int) -> tuple[Panel, Movement]:
        """Return the panel before a row, and what moves there; `row` is after the fit's last."""
        ended = self.panel.returns["time"].values[row - 1]
        known = self.panel.factors["time"].values <= ended
        factors = self.panel.factors.isel(time=known)
        cut = replace(self.panel, returns=self.panel.returns.isel(time=slice(None, row)), factors=factors)
        path, new = self.movement.residuals, row - len(self.fit.panel.times)
        if path is not None:
            after, weight = self.followed
            drift = np.vstack([path.drift, np.broadcast_to(path.next_drift, (new, len(path.next_drift)))])
            path = replace(path, following=after[new - 1], weight=np.append(path.weight, weight[:new]), drift=drift)
        of_factors = None if self.movement.factors is None else continued(cut, self.movement.factors)
        return cut, Movement(path, of_factors, self.movement.loadings)

    def before(self, row: int) -> xr.Dataset:
        """Return the draws of the period of a row (or after the last), given the rows before it."""
        cut, movement = self.until(row)
        after, rng = NextPeriod(cut, movement, self.priors.factors), np.random.default_rng([self.fit.seed, row])
        flat, dated = self.draws.stack(sample=("chain", "draw"), create_index=False), self.dated
        level = dated.own_level
        found: dict[str, np.ndarray] = {}
        if movement.residuals is not None:
            cells = {name: flat[name].values for name in ("volatility_memory", "volatility_size", "dof")}
            now = after.volatility(cells, rng)["volatility_now"]
            found |= {"volatility_now": now, "residual_sd": level * now[:, None] * after.drift}
            if dated.residual_factors is not None:
                growth = (now[:, None] * after.drift)[:, :, None]
                found["residual_loading"] = dated.residual_factors.loading * growth
        if movement.factors is not None:
            mean = flat["factor_mean"].transpose("sample", "factor").values
            found["factor_cov"] = after.now(flat["factor_memory"].values, mean, rng)
        if movement.loadings is not None:
            if dated.common is None:
                moved = after.moves(dated.cell, dated.coefficients, level, rng)
            else:
                moved = Dated(Ended(self.fit, cut, movement), self.draws, dated.common).moves_ahead(rng)
            found["loading"] = dated.coefficients[:, :, 1:] + moved
        return self.draws.assign({name: self._labelled(name, values) for name, values in found.items()})

    def _labelled(self, name: str, values: np.ndarray) -> xr.DataArray:
        like = self.draws[name].transpose("chain", "draw", *DIMS[name])
        return like.copy(data=values.reshape(like.shape))


DIMS = {
    "volatility_now": (),
    "residual_sd": ("asset",),
    "residual_loading": ("asset", "residual_factor"),
    "factor_cov": ("factor", "factor_other"),
    "loading": ("asset", "factor"),
}


def moved(draws: MovedDraws, rows: Sequence[int]) -> Iterator[xr.Dataset]:
    """Yield the draws of the period of each row, given the rows before it."""
    own = len(draws.fit.panel.times)
    for row in rows:
        yield draws.draws if row == own else draws.before(row)
