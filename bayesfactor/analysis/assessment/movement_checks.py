"""What to know of the parts of a model that move: where evidence does not decide, and where data were too few."""

import numpy as np

from bayesfactor.posterior.diagnostics import Check
from bayesfactor.posterior.fit import Fit

UNSURE = 0.05  # probability of the less probable of two answers, above which evidence does not decide
STILL = {"volatility_size": "residual volatility is constant", "loading_move": "loadings are constant"}


def movement_checks(fit: Fit) -> tuple[Check, ...]:
    """Return the checks of what moves, which only inform; none where nothing does."""
    draws, found = fit.posterior, []
    for name, what in STILL.items():
        if name in draws:
            still = float(np.mean(draws[name].values == 0))
            advice = (
                f"Evidence does not decide it: P({what}) is {still:.2f}, and draws of both are used by their weight."
            )
            found.append(Check(f"movement: undecided whether {what}", None, min(still, 1 - still), UNSURE, "", advice))
    factors = None if fit.movement is None else fit.movement.factors
    if factors is not None:
        shortest = float(factors.memory.min())
        advice = (
            f"Shorter memories than {shortest:.3g} periods would leave each covariance of the factors fewer rows than "
            "it needs, and were made longer: use fewer factors, or a longer history, to see faster moves."
        )
        value = float(factors.lengthened)
        found.append(Check("movement: factor memory lengthened (1 = yes)", None, value, 0.0, "", advice))
    return tuple(found)
