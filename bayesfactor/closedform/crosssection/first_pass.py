"""One cross-section: average returns regressed on loadings, with equal weights or with those of the residuals."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.data import Rectangle
from bayesfactor.closedform.results import ZERO_BETA
from bayesfactor.closedform.saturated import DEPENDENT, require_independent

SAME = 1e-8  # smallest singular value of the scaled loadings at which they still count as different


@dataclass(frozen=True, eq=False)
class FirstPass:
    """Time-series regressions of every test asset on (1, f_t').

    Attributes
    ----------
    assets, factors : tuple of str
        Test assets (the traded factors come last where they price themselves), factors.
    intercept : bool
        Whether the cross-section has a zero-beta rate, the same for every test asset.
    returns, values : array (time, asset), (time, factor)
    loading : array (asset, factor)
    residual : array (time, asset)
    """

    assets: tuple[str, ...]
    factors: tuple[str, ...]
    intercept: bool
    returns: np.ndarray
    values: np.ndarray
    loading: np.ndarray
    residual: np.ndarray

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of what the cross-section estimates."""
        return (ZERO_BETA, *self.factors) if self.intercept else self.factors

    @property
    def design(self) -> np.ndarray:
        """The loadings, behind a column of ones where there is an intercept: (asset, coefficient)."""
        ones = np.ones((len(self.assets), 1))
        return np.hstack([ones, self.loading]) if self.intercept else self.loading

    @property
    def residual_covariance(self) -> np.ndarray:
        """Sum of e_t e_t' over the number of periods, (asset, asset)."""
        return self.residual.T @ self.residual / len(self.residual)

    @property
    def weighing(self) -> np.ndarray:
        """Series (time, asset) whose inverse covariance weights the assets in generalised least squares.

        The residuals; where an asset is an exact combination of factors, the returns, which give the same premia.
        """
        covariance = self.residual_covariance
        sd = self.returns.std(axis=0)
        if np.linalg.eigvalsh(covariance / np.outer(sd, sd))[0] > DEPENDENT:
            return self.residual
        return self.returns - self.returns.mean(axis=0)


def self_priced_assets(rect: Rectangle, verb: str) -> np.ndarray:
    """Return the numbers of the traded factors that become test assets.

    Raises
    ------
    SpecError
        When no factor is traded.
    DataError
        When an asset has the name of one of them.
    """
    traded = np.flatnonzero(rect.traded)
    if not len(traded):
        raise SpecError(
            f"{verb}: self_priced=True needs a traded factor, and {', '.join(rect.names)} are not traded.",
            place=f"{verb}.self_priced",
            found=True,
            remedy="Leave self_priced out, or mark the factors that are excess returns as traded in factor_info.",
        )
    for name in (rect.names[k] for k in traded):
        if name in rect.assets:
            raise DataError(
                f"{verb}: '{name}' is an asset and a traded factor that prices itself.",
                series=name,
                remedy="Leave the asset out with panel.select(assets=...).",
            )
    return traded


def first_pass(rect: Rectangle, intercept: bool, self_priced: bool, verb: str) -> FirstPass:
    """Return every asset's regression on the factors.

    Raises
    ------
    SpecError
        When traded factors are to price themselves and there is none.
    DataError
        When a factor never changes or is a combination of others, or there are too few assets.
    """
    require_independent(rect.factors, rect.names, verb)
    own = self_priced_assets(rect, verb) if self_priced else np.array([], dtype=int)
    returns = np.hstack([rect.returns, rect.factors[:, own]])
    x = np.column_stack([np.ones(len(returns)), rect.factors])
    coefficient = np.linalg.lstsq(x, returns, rcond=None)[0]
    loading, residual = coefficient[1:].T, returns - x @ coefficient
    n = len(rect.assets)
    loading[n:], residual[:, n:] = np.eye(len(rect.names))[own], 0.0
    assets = (*rect.assets, *(rect.names[k] for k in own))
    found = FirstPass(assets, rect.names, bool(intercept), returns, rect.factors, loading, residual)
    require_rank(found.design, found.coefficients, verb)
    return found


def require_rank(design: np.ndarray, names: tuple[str, ...], verb: str) -> None:
    """Raise a DataError unless there are more assets than coefficients, and loadings that tell them apart."""
    n, p = design.shape
    if n <= p:
        raise DataError(
            f"{verb} estimates {p} premia ({', '.join(names)}) from {n} mean returns, and needs more assets.",
            series="panel",
            value=n,
            remedy="Add assets, or leave factors or the intercept out.",
        )
    size = np.linalg.norm(design, axis=0)
    _, singular, right = np.linalg.svd(design / np.where(size > 0, size, 1.0))
    if singular[-1] < SAME:
        involved = [names[i] for i in np.argsort(-np.abs(right[-1])) if abs(right[-1, i]) > 0.05]
        raise DataError(
            f"{verb}: the loadings do not tell the premia of {', '.join(involved)} apart.",
            series=involved[0],
            value=float(singular[-1]),
            remedy="Leave one of the factors out, or use intercept=False where all loadings on a factor are equal.",
        )


def projector(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return (H'WH)^-1 H'W, which takes mean returns to premia: (coefficient, asset)."""
    weighted = design.T @ weight
    return np.linalg.solve(weighted @ design, weighted)


def pricing_quadratic(design: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float | None:
    """Return q = alpha'(M Sigma M)^+ alpha, with M the projection off the loadings and alpha = M mean.

    With ordinary or generalised least squares it is the same number. None where portfolios without loadings have a
    residual covariance of less than full rank.
    """
    basis = null_space(design.T)
    inside, spread = basis.T @ mean, basis.T @ covariance @ basis
    size = np.linalg.eigvalsh(spread)
    if size[0] <= DEPENDENT * size[-1]:
        return None
    return float(inside @ np.linalg.solve(spread, inside))
