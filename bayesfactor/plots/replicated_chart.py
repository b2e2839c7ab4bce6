"""Returns as they were observed, beside returns that the fit would have made."""

import math

import numpy as np

from bayesfactor.base.errors import FitError
from bayesfactor.base.wording import percent
from bayesfactor.panel.panel import require_returns
from bayesfactor.panel.regressions import regressors
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Band, Lines, Points, held
from bayesfactor.plots.scales import linear, written
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import require_noise
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.residuals import residual_law, thin

REPLICAS, MOST = 30, 20_000  # replicated panels; returns of each
WIDTHS = (0.2, 0.25, 0.5, 1.0)  # of a bin, in standard deviations
FEWEST, FARTHEST = 3.0, 6.0  # standard deviations from 0 to the ends of the axis
WITHIN = 0.995  # of the returns, which the axis holds
HEIGHT = 260


def replicated_chart(fit: Fit) -> Chart:
    """Return observed and replicated returns by size: `plot_check` has the words."""
    observed, replicated = _returns(fit)
    ends, width = _bins(observed, replicated)
    edges = np.arange(-ends, ends + width / 2, width)
    share = _shares(observed, edges)
    every = np.array([_shares(one, edges) for one in replicated])
    low, high = every.min(axis=0), every.max(axis=0)
    x, middle = edges[:-1], edges[:-1] + width / 2
    said = zip(x, share, low, high, strict=True)
    texts = tuple(
        f"{written(a, 'number')} to {written(a + width, 'number')} standard deviations: {_told(s, observed.size)} of "
        f"returns; of those of {len(replicated)} replicated panels {_told(p, observed.size)} to "
        f"{_told(q, observed.size)}."
        for a, s, p, q in said
    )
    marks = (
        Band(edges, held(low), held(high), strength=0.35, step=True),
        Lines(edges, held(share), "data", step=True),
        Points(middle, share, "data", texts, "none"),
    )
    across = linear(ends=(-ends, ends), title="Return, in standard deviations of its asset")
    up = linear(share, high, unit="percent", title=f"Share of returns, by {width:g} sd")
    key = (Key("observed", "data", "line"), Key(f"replicated: least to most of {len(replicated)}", "posterior", "band"))
    beyond = [float((np.abs(one) > ends).mean()) for one in (observed, *replicated)]
    n = observed.size
    outside, rare = int(((share < low) | (share > high)).sum()), 2 * len(share) / (len(replicated) + 1)
    notes = (
        f"Observed shares of {outside} of {len(share)} sizes are outside the band; of a right law about {rare:.1g} "
        "are, by chance.",
        f"Beyond the scale: {_told(beyond[0], n)} of observed returns, {_told(min(beyond[1:]), n)} to "
        f"{_told(max(beyond[1:]), n)} of replicated ones.",
    )
    panel = Panel(marks, across, up, height=HEIGHT)
    return Chart("Observed and replicated returns", (panel,), key=key, notes=notes if max(beyond) > 0 else notes[:1])


def _bins(observed: np.ndarray, replicated: np.ndarray) -> tuple[float, float]:
    """Return the end of the axis and the width of a bin: finer where there are more returns."""
    far = max(float(np.quantile(np.abs(one), WITHIN)) for one in (observed, replicated))
    ends = float(np.clip(math.ceil(far), FEWEST, FARTHEST))
    low, high = np.quantile(observed, [0.25, 0.75])
    rough = 2 * float(high - low) / observed.size ** (1 / 3)  # the rule of Freedman and Diaconis
    return ends, next((width for width in WIDTHS if width >= rough), WIDTHS[-1])


def _shares(returns: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.histogram(returns, edges)[0] / returns.size


def _told(share: float, count: int) -> str:
    """Return a share to the digits that the number of returns allows."""
    return percent(share, math.sqrt(max(share, 1 / count) / count))


def _returns(fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Return observed (return) and replicated (replica, return) ones, each asset over its own standard deviation."""
    panel = require_returns(fit.panel, "A picture of replicated returns")
    law = require_noise(fit, "A picture of replicated returns")
    draws, rng = thin(fit, REPLICAS), np.random.default_rng(fit.seed)
    dated = Dated(fit, draws)
    if dated.unknown:
        raise FitError(
            f"plot_check: returns cannot be replicated: {dated.unknown}.",
            remedy="Fit the model with bf.fit, which keeps the path.",
        )
    coefficients, residuals = dated.coefficients, residual_law(law, draws)
    own = {name: values[:, None] for name, values in residuals.parameters.items()}
    step = max(1, -(-int(np.isfinite(panel.returns.values).sum()) // MOST))
    observed, replicated = [], []
    for i in range(len(panel.assets)):
        _, returns, x = regressors(panel, i)
        if len(returns) < 2:
            continue
        unit = returns.std() or 1.0
        fitted, told = coefficients[:, i] @ x[::step].T, residuals.of_asset(i)
        if not dated.still:
            _, residual, sd = dated.residuals(i)
            fitted, told = (returns - residual)[:, ::step], {"residual_sd": sd[:, ::step], **own}
        returns = returns[::step]
        errors = law.simulate(told, rng, (len(coefficients), len(returns)))
        observed.append(returns / unit)
        replicated.append((fitted + errors) / unit)
    return np.concatenate(observed), np.concatenate(replicated, axis=1)
