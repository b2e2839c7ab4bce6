"""Liquidity of a market as a factor."""

from typing import Any

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import name_of
from bayesfactor.data.factors.price_impact import Amihud, Edge
from bayesfactor.data.integration.factor_series import FactorSeries

Liquidity = Amihud | Edge
KINDS = (Amihud, Edge)
BIASED = {
    "corwinschultz": "Corwin and Schultz (2012) is biased: of prices without a spread it says .0096 where negative "
    "estimates are set to 0, and -.0045 where they are not (bf.Edge: .0013)",
    "roll": "Roll (1984) has no value where returns are positively autocorrelated, as in half of all samples without a "
    "spread, and is biased where what is left is averaged",
}


def liquidity(prices: Any, kind: Liquidity, *, name: str | None = None, lag: int = 0) -> FactorSeries:
    r"""Make an illiquidity factor from the bars of one market: it rises where trading becomes dearer.

    Parameters
    ----------
    prices : DataFrame (dates, field)
        Bars: close and volume for `Amihud`; open, high, low and close for `Edge`. Windows end on their own bar.
    kind : Amihud or Edge
        The measure and its window.
    name : str, optional
        Of the factor; ``illiquidity``, or ``spread``.
    lag : int
        Publication delay, in bars.

    Returns
    -------
    FactorSeries
        Of family ``liquidity``: `Amihud` in log differences, `Edge` in differences.

    Raises
    ------
    DataError
        For a column that is not there, a price of zero or below, a high below its low, a day without volume, a value or
        a bar that is missing, dates out of order or twice, a window in which it cannot be computed.
    SpecError
        When `kind` is none of these, among them the estimators of Corwin and Schultz (2012) and Roll (1984), which are
        biased; when `Edge` is asked for without bidask.
    """
    asked = kind if isinstance(kind, str) else getattr(kind, "__name__", type(kind).__name__)
    reason = BIASED.get("".join(filter(str.isalpha, asked.lower())), "")
    if reason:
        raise SpecError(
            f"liquidity: {reason}.",
            place="liquidity.kind",
            found=kind,
            allowed=[one.__name__ for one in KINDS],
            remedy="Take bf.Edge(30), or bf.Amihud(30).",
        )
    require(kind, KINDS, "liquidity.kind")
    about = {"transform": kind.transform, "aggregate": "last", "description": kind.description}
    return of_levels(kind.measure(prices), name_of(name, kind.label, "liquidity"), "liquidity", lag, **about)
