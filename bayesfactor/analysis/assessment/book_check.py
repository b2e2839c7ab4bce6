"""Whether the residual risk of a book is what was realised."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayesfactor.analysis.assessment.residual_correlations import mean_residuals
from bayesfactor.analysis.portfolio.own_regression import common_members
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO, holdings
from bayesfactor.analysis.portfolio.residual_risk import JUDGED, ResidualRisk, book_risk
from bayesfactor.analysis.portfolio.residual_risk_words import cause, comparison
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.dated_posterior import of_posterior
from bayesfactor.posterior.diagnostics import CANNOT, UNSEEN, Check, cannot
from bayesfactor.posterior.fit import Fit

DRAWS = 1000  # of the equal-weighted book
FEWEST = 20  # dates that members share, beyond one for each coefficient
BOOK = "residuals: realised volatility of "  # how the name of this check begins; as a multiple of the model's


def book_check(
    fit: Fit, portfolio: Mapping[str, float] | pd.Series | None = None, residuals: np.ndarray | None = None
) -> tuple[Check, ...]:
    """Return the check of a portfolio's residual volatility, or the equal-weighted book's; none of a single asset.

    Of all draws for a portfolio, as all else that is said of it; of about `DRAWS` for the equal-weighted book.
    Where loadings move, what is realised are `residuals` (time, asset), which hold nothing of their paths.
    """
    name = f"{BOOK}{'equal-weighted book' if portfolio is None else PORTFOLIO}"
    if len(fit.panel.assets) < 2:
        return ()
    if not isinstance(fit.panel, Panel):
        return (cannot(name, 1.0, UNSEEN.removeprefix(CANNOT).rstrip(".")),)
    dated = of_posterior(fit, DRAWS)
    if dated.path_lost:
        return (cannot(name, 1.0, dated.path_lost),)
    weights = _equal(fit.panel) if portfolio is None else holdings(fit.panel, "asset", portfolio).values[-1]
    if not weights.any():
        return (cannot(name, 1.0, f"no two assets have {_least(fit.panel)} dates in common"),)
    moving = dated.paths is not None
    returns = None if not moving else mean_residuals(fit) if residuals is None else residuals
    risk = book_risk(fit, weights, dated.draws if portfolio is None else fit.posterior, returns, PORTFOLIO)
    return (_check(fit, name, risk, int(np.count_nonzero(weights)), share=not moving),)


def _least(panel: Panel) -> int:
    return FEWEST + len(panel.factor_names) + 1


def _equal(panel: Panel) -> np.ndarray:
    """Return equal weights of the assets that share enough dates (asset); zeros where there are none."""
    members, weights = common_members(np.isfinite(panel.returns.values), _least(panel)), np.zeros(len(panel.assets))
    weights[members] = 1 / max(members.size, 1)
    return weights


def _check(fit: Fit, name: str, risk: ResidualRisk, members: int, *, share: bool) -> Check:
    """Return the check of one book: it fails where its realised risk is larger, and informs where it is smaller."""
    if not len(risk.books):
        reason = "it holds one asset" if members == 1 else risk.realised["reason"].iloc[0].split(": ", 1)[1]
        return cannot(name, 1.0, reason)
    book = risk.books.iloc[0]
    ends = book["model_upper"] * book["chi_upper"], book["model_lower"] * book["chi_lower"]
    larger = book["realised"] > book["model"]
    if larger:
        square, most = book["realised"] / book["model"], ends[0] / book["model"]
    else:
        square, most = book["model"] / book["realised"] if book["realised"] else np.inf, book["model"] / ends[1]
    words, apart = comparison(risk.table(JUDGED, "eti").iloc[0], share=share), int(book["apart"])
    held = f"{members} of {len(fit.panel.assets)} assets" if members < len(fit.panel.assets) else ""
    return Check(
        name, {1: False, 0: True, -1: None}[apart], float(square) ** 0.5, float(most) ** 0.5, held,
        f"{words[:1].upper()}{words[1:]}{f': {cause(fit, apart)}' if apart else ''}.",
        'bf.attribute(fit, "variance").residual_table()',
    )  # fmt: skip
