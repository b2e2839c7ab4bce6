"""What moves in a fit, in words."""

import numpy as np
import xarray as xr

from bayesfactor.base.intervals import interval
from bayesfactor.base.wording import chance
from bayesfactor.posterior.facts import FitFacts

CI = 0.9


def movement_words(fit: FitFacts) -> tuple[str, ...]:
    """Return a line on each part that moves: how far, how long it lasts, and how probable it is that it does not."""
    draws, year = fit.posterior, fit.panel.periods_per_year
    found = []
    if "volatility_now" in draws:
        now, spread = (draws[name].values.ravel() for name in ("volatility_now", "volatility_size"))
        low, high = interval(now, CI, "eti")
        ahead = (
            f"residual volatility of the next period: {now.mean():.2f} times its typical level, {low:.2f} to {high:.2f}"
        )
        still = float(np.mean(spread == 0))
        found.append(f"{ahead} ({100 * CI:g} % eti); {_moves(draws['volatility_memory'], still, year)}")
    if "factor_memory" in draws:
        path = None if fit.movement is None else fit.movement.factors
        longer = ", made longer so that each covariance has rows enough" if path is not None and path.lengthened else ""
        found.append(
            f"covariance of the factors: a period counts half after {_time(draws['factor_memory'], year)}{longer}"
        )
    if "loading_move" in draws:
        move = draws["loading_move"].values.ravel()
        still = float(np.mean(move == 0))
        size = f", by {move[move > 0].mean():.2g} residual sd per factor sd" if still < 1 else ""
        lasting = _moves(draws["loading_memory"], still, year)
        found.append(f"loadings may move around their long run{size}; {lasting}")
    return tuple(found)


def _moves(memory: xr.DataArray, still: float, year: int) -> str:
    """Return how long a move lasts, and the probability that nothing moves."""
    lasts = f"half of a move is gone after {_time(memory, year)}, " if still < 1 else ""
    return f"{lasts}constant with probability {chance(still)}"


def _time(memory: xr.DataArray, year: int) -> str:
    """Return the median of half-lives that are finite, in years or periods."""
    values = memory.values[np.isfinite(memory.values)]
    if not values.size:
        return "no time"
    middle = float(np.median(values))
    number, unit = (middle / year, "year") if middle >= year else (middle, "period")
    return f"{number:.2g} {unit}{'' if f'{number:.2g}' == '1' else 's'}"
