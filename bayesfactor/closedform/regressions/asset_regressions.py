"""Each asset's own regression on the factors, over the dates on which it was observed."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from bayesfactor.base.arguments import require_number
from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.data import require_panel
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.regressions import regressors
from bayesfactor.spec.priors import Rate


@dataclass(frozen=True, eq=False)
class OwnFits:
    """Least squares of every asset on (1, f_t'), each on its own dates.

    Attributes
    ----------
    coefficient : array (asset, coefficient)
        alpha_i, then the loadings.
    inverse : array (asset, coefficient, coefficient)
        (X_i'X_i)^-1.
    squares : array (asset)
        Sum of squared residuals.
    count : array (asset)
        T_i.
    """

    coefficient: np.ndarray
    inverse: np.ndarray
    squares: np.ndarray
    count: np.ndarray

    @property
    def variance(self) -> np.ndarray:
        """Residual variance of each asset, unbiased."""
        return self.squares / (self.count - self.coefficient.shape[1])

    @property
    def error(self) -> np.ndarray:
        """Standard errors (asset, coefficient)."""
        return np.sqrt(self.variance[:, None] * np.einsum("ijj->ij", self.inverse))


def own_fits(panel: Panel, verb: str, spare: int = 0) -> OwnFits:
    """Return every asset's least squares, requiring more dates than coefficients plus `spare`.

    Raises
    ------
    SpecError
        When it is not a Panel.
    DataError
        When an asset has too few dates, constant returns, or collinear factors on its dates.
    """
    require_panel(panel, verb)
    rows = [one_fit(panel, i, verb, spare) for i in range(len(panel.assets))]
    coefficient, inverse, squares, count = (np.array(part) for part in zip(*rows, strict=True))
    return OwnFits(coefficient, inverse, squares, count)


def one_fit(panel: Panel, index: int, verb: str, spare: int) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Return coefficients, (X'X)^-1, sum of squared residuals and number of dates of asset number `index`."""
    _, y, x = regressors(panel, index)
    periods, p = x.shape
    if periods <= p + spare:
        raise DataError(
            f"{verb}: asset '{panel.assets[index]}' has {periods} returns; more than {p + spare} are needed.",
            series=panel.assets[index],
            value=periods,
            remedy="Leave it out with panel.select(assets=...), or use bf.fit, which pools it with its group.",
        )
    if y.std() <= 1e-12 * np.abs(y).max():
        raise DataError(
            f"{verb}: the returns of asset '{panel.assets[index]}' are constant.",
            series=panel.assets[index],
            value=float(y[0]),
            remedy="Leave it out with panel.select(assets=...).",
        )
    centre = x.mean(axis=0) * (np.arange(p) > 0)
    spread = (x - centre).std(axis=0)
    spread[0] = 1.0
    flat = np.flatnonzero(spread <= 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300))
    scaled = (x - centre) / np.where(spread > 0, spread, 1.0)
    if len(flat) or np.linalg.cond(scaled) > 1e7:
        raise DataError(
            f"{verb}: on the dates of asset '{panel.assets[index]}' a factor is constant or a combination of others.",
            series=panel.assets[index] if not len(flat) else panel.factor_names[flat[0] - 1],
            value=periods,
            remedy="Leave a factor or the asset out with panel.select(...).",
        )
    back = np.diag(1 / spread)
    back[0, 1:] = -centre[1:] / spread[1:]
    inverse = back @ np.linalg.inv(scaled.T @ scaled) @ back.T
    coefficient = back @ np.linalg.lstsq(scaled, y, rcond=None)[0]
    residual = y - x @ coefficient
    return coefficient, inverse, float(residual @ residual), periods


def bounds(mean: np.ndarray, scale: np.ndarray, dof: np.ndarray, ci_prob: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of central intervals of Student-t distributions (normal where `dof` is infinite)."""
    require_number(ci_prob, 0.0, 1.0, "ci_prob", "A 90 % interval is ci_prob=0.9.")
    tail = (1 + ci_prob) / 2
    half = scale * np.where(np.isinf(dof), norm.ppf(tail), t.ppf(tail, np.where(np.isinf(dof), 1.0, dof)))
    return mean - half, mean + half


def as_rate(value: object, place: str) -> Rate:
    """Return a positive rate, written as a Rate or as text such as ``"5 %/year"``."""
    rate = value if isinstance(value, Rate) else Rate.parse(value, place=place)
    if rate.value <= 0:
        raise SpecError(
            f"{place} is {rate}; it must be positive.",
            place=place,
            found=value,
            remedy="Write 5 %/year, for instance.",
        )
    return rate
