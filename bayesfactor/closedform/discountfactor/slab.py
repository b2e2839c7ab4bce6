"""The scale of a slab from a prior Sharpe ratio, and the reverse."""

import numpy as np

from bayesfactor.base.arguments import require_flag, require_number
from bayesfactor.base.errors import SpecError
from bayesfactor.closedform.data import rectangle
from bayesfactor.closedform.saturated import asset_exposures
from bayesfactor.panel.panel import Panel


def slab_variances(exposures: np.ndarray, slab: float, *, demean: bool) -> np.ndarray:
    """Return psi_j = slab * sum_i rho_ij^2, with exposures centred over assets where there is an intercept."""
    spread = exposures - exposures.mean(axis=0) if demean else exposures
    return slab * (spread**2).sum(axis=0)


def slab_for_sharpe(panel: Panel, sharpe: float, *, inclusion: float = 0.5, intercept: bool = False) -> float:
    """Return the slab under which the factors together have a given Sharpe ratio in the prior.

    ::

        psi = SR^2 / ((SR_max^2 - SR^2) eta)      eta = inclusion * sum_j rho_j'rho_j / N

    with SR_max the largest Sharpe ratio of the assets in the sample, rho_j the correlations of the assets with factor
    j (less their average where there is an intercept), and both Sharpe ratios per period.

    Parameters
    ----------
    panel : Panel
        Every asset on every date, and more dates than assets and factors together.
    sharpe : float
        Sharpe ratio a year that the factors of the discount factor have in the prior.
    inclusion : float
        Prior probability that a factor is in.
    intercept : bool
        As it will be in `spike_and_slab`.

    Returns
    -------
    float
        The ``slab`` of `spike_and_slab`; dimensionless.

    Raises
    ------
    SpecError
        When the Sharpe ratio is not between 0 and that of the assets.
    DataError
        When an asset has gaps, or dates are too few.

    Notes
    -----
    SR_max is the sample's, which is too large when assets are many and dates are few. Through it and rho_j the slab
    depends on the data: a prior in economic units, but not one set before seeing the data.

    References
    ----------
    Bryzgalova, Huang and Julliard (2023), Journal of Finance 78, 487-557, equation 27.
    """
    eta, largest = _scale(panel, inclusion, intercept, "slab_for_sharpe")
    root = panel.periods_per_year**0.5
    require_number(
        sharpe,
        0,
        largest * root,
        "slab_for_sharpe.sharpe",
        "Give an annual Sharpe ratio below the largest of the assets in the sample.",
    )
    square = (sharpe / root) ** 2
    return float(square / ((largest**2 - square) * eta))


def sharpe_for_slab(panel: Panel, slab: float, *, inclusion: float = 0.5, intercept: bool = False) -> float:
    """Return the Sharpe ratio a year that a slab gives the factors in the prior: the inverse of `slab_for_sharpe`."""
    eta, largest = _scale(panel, inclusion, intercept, "sharpe_for_slab")
    require_number(slab, 0, np.inf, "sharpe_for_slab.slab")
    share = slab * eta / (1 + slab * eta)
    return float((share * panel.periods_per_year) ** 0.5 * largest)


def _scale(panel: Panel, inclusion: float, intercept: bool, verb: str) -> tuple[float, float]:
    """Return eta and the largest Sharpe ratio per period of the assets."""
    rect = rectangle(panel, verb, more_periods_than="both")
    require_number(inclusion, 0, 1, f"{verb}.inclusion")
    require_flag(intercept, f"{verb}.intercept")
    exposures = asset_exposures(rect, verb)
    eta = inclusion * slab_variances(exposures, 1.0, demean=intercept).sum() / len(rect.assets)
    if eta <= 0:
        raise SpecError(f"{verb}: the assets do not differ in any exposure.", place=verb, found=float(eta))
    mean = rect.returns.mean(axis=0)
    square = mean @ np.linalg.solve(np.cov(rect.returns, rowvar=False), mean)
    return float(eta), float(square**0.5)
