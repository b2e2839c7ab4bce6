"""How full a market is, against its own past."""

from typing import Any

import numpy as np
import pandas as pd

from bayesfactor.base.arguments import require_count
from bayesfactor.data.factors.descriptions import of_levels
from bayesfactor.data.factors.observations import (
    Source,
    lag_of,
    made_of,
    name_of,
    read_series,
    said_of,
    shares_price,
)
from bayesfactor.data.factors.rolling_windows import require_longer
from bayesfactor.data.integration.factor_series import FactorSeries


def saturation(series: Any, *, history: int = 30, name: str | None = None, lag: int | None = None) -> FactorSeries:
    r"""Make a factor of how high a level stands among its own past: differences of its expanding rank.

    .. math:: u_t = \frac{\#\{s < t: x_s < x_t\} + \tfrac12 \#\{s < t: x_s = x_t\}}{t - 1} \in [0, 1]

    Parameters
    ----------
    series : Series (dates), or FactorSeries
        A level such as open interest, leverage, funding or locked value.
    history : int
        Earlier values that the first rank is among.
    name : str, optional
        Of the factor; ``saturation``.
    lag : int, optional
        Publication delay, in periods of the series; by default that of a FactorSeries, else 0.

    Returns
    -------
    FactorSeries
        Ranks, of family ``leverage``, in differences.

    Raises
    ------
    DataError
        For a value that is missing, dates out of order or twice, a history that is too short.

    Notes
    -----
    No later value is used: a rank is that of its own date, and is not revised.
    """
    require_count(history, 1, "saturation.history")
    level = read_series(series, Source("series"))
    require_longer(level.index, history + 2, "series", f"a change of rank after a history of {history}")
    earlier = np.arange(len(level))
    ranks = (level.expanding().rank(method="average").to_numpy() - 1)[history:] / earlier[history:]
    rank = pd.Series(ranks, level.index[history:])
    rank.attrs = level.attrs | said_of(series)
    about = f"expanding rank of a level among its own past, 0 to 1{made_of(series)}"
    return of_levels(
        rank, name_of(name, "saturation", "saturation"), "leverage", lag_of(series, lag, 0),
        transform="diff", aggregate="last", description=about, shares_price=shares_price(series),
    )  # fmt: skip
