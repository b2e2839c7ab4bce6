"""What one unit of a prior is on a panel: standard deviations of factors and assets, and periods in a year."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from bayesfactor.base.errors import DataError
from bayesfactor.panel.design import Design
from bayesfactor.panel.records import Factor
from bayesfactor.panel.regressions import least_squares

RESOLUTION = 1e-2  # a residual scale below this share of the typical asset's cannot be told from an exact fit
FAINTEST = 1e-3  # least strength of a factor's loadings: with none at all its premium would have no prior
SHORTEST = 12  # an asset with fewer returns does not count for the typical asset, unless all have fewer


class FirstFit(Protocol):
    """A law of residuals, as far as units of priors depend on it."""

    def first_scale(self, design: Design) -> np.ndarray:
        """Return the residual scale of every asset's own first fit (asset); NaN where its history is too short."""


@dataclass(frozen=True, eq=False)
class PanelUnits:
    """What priors in economic units are translated by.

    Attributes
    ----------
    design : Design
        The panel, already restricted to the model's factors, as the fit weights it.
    noise : law of residuals
    model : str
        Name of the model, for errors.
    """

    design: Design
    noise: FirstFit
    model: str

    @property
    def year(self) -> int:
        """Periods in a year."""
        return self.design.panel.periods_per_year

    @property
    def assets(self) -> int:
        """Number of assets."""
        return len(self.design.panel.assets)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors, in order."""
        return self.design.panel.factor_info

    @property
    def factor_sd(self) -> np.ndarray:
        """Standard deviation of each factor over its own history."""
        return self.design.history.sd

    @cached_property
    def typical_sd(self) -> float:
        """Median over assets of the standard deviation of returns."""
        return typical_sd(self.design)

    @property
    def resolution(self) -> float:
        """Least residual scale: `RESOLUTION` of the typical asset's standard deviation."""
        return RESOLUTION * self.typical_sd

    @cached_property
    def residual_scale(self) -> float:
        """Root mean square of the residual scales of the assets' own first fits."""
        scale = self.noise.first_scale(self.design)
        scale = scale[np.isfinite(scale)]
        return max(float(np.sqrt(np.mean(scale**2))) if scale.size else 0.0, self.resolution)

    def loading_strength(self, *, demeaned: bool) -> np.ndarray:
        """Return, per factor, the root mean square over assets of b_ik = beta_ik sd(f_k) / sd(r_i), by least squares.

        What estimation error adds to the mean square is taken off. `demeaned` leaves out the mean over assets, which a
        zero-beta rate takes up.
        """
        statistics = self.design.sample
        fitted, residual_sd = least_squares(statistics)
        enough = np.isfinite(residual_sd)
        if not enough.any():
            return np.full(len(self.factors), FAINTEST)
        xx = np.moveaxis(statistics.xx[:, :, enough], -1, 0)
        size = np.sqrt(np.einsum("ijj->ij", xx))
        inverse = np.linalg.pinv(xx / (size[:, :, None] * size[:, None, :]), hermitian=True)
        error = residual_sd[enough, None] * (np.sqrt(np.einsum("ijj->ij", inverse)) / size)[:, 1:]
        unit = self.factor_sd / statistics.sd()[enough, None]
        b, noise = fitted[enough, 1:] * unit, (error * unit) ** 2
        if demeaned:
            b, noise = b - b.mean(axis=0), noise * (1 - 1 / len(b))
        return np.sqrt(np.maximum(np.mean(b**2 - noise, axis=0), FAINTEST**2))


def typical_sd(design: Design) -> float:
    """Return the median over assets of the (weighted) standard deviation of returns.

    Of assets with `SHORTEST` returns, however these are weighted, unless all have fewer.

    Raises
    ------
    DataError
        When no asset has a return.
    """
    count, sd = design.panel.moments.count, design.sample.sd()
    if not count.any():
        raise DataError("No asset has a return.", series="panel", remedy="Give returns on the dates of the factors.")
    long = (count >= min(SHORTEST, count.max())) & np.isfinite(sd)
    return float(np.median(sd[long]))
