"""Whether the sampler's steps reach the whole posterior: its energy, and how much that changes at a step."""

import numpy as np

from bayesfactor.base.errors import FitError
from bayesfactor.base.wording import observed, percent
from bayesfactor.plots.chart import Chart, Key, Panel
from bayesfactor.plots.marks import Band, Lines, Points, held
from bayesfactor.plots.scales import Scale, linear, written
from bayesfactor.posterior.fit import Fit

WITHIN, BINS = 0.998, 40  # of the values, which the axis holds; bins on it


def energy_chart(fit: Fit) -> Chart:
    """Return the energy of the sampler's steps: `plot_check` has the words."""
    stats = fit.data.children.get("sample_stats")
    if stats is None or "energy" not in stats:
        raise FitError(
            "plot_check: the sampler's energy cannot be drawn: there is none in sample_stats.",
            remedy="Give the draws with the sample_stats of a Hamiltonian sampler.",
        )
    energy = stats["energy"].transpose("chain", "draw").values
    own, steps = (energy - energy.mean()).ravel(), np.diff(energy, axis=1).ravel()
    ends = float(np.quantile(np.abs(np.concatenate([own, steps])), WITHIN)) or 1.0
    edges = np.linspace(-ends, ends, BINS + 1)
    shares = [np.histogram(one, edges)[0] / max(one.size, 1) for one in (own, steps)]
    said = zip(edges[:-1], edges[1:], *shares, strict=True)
    texts = tuple(
        f"{written(a, 'number')} to {written(b, 'number')}: {percent(s)} of energies, {percent(t)} of its changes."
        for a, b, s, t in ((a, b, round(s, 3), round(t, 3)) for a, b, s, t in said)
    )
    marks = (
        Band(edges, np.zeros(BINS + 1), held(shares[0]), "quiet", 0.25, step=True),
        Lines(edges, held(shares[1]), "posterior", step=True),
        Points((edges[:-1] + edges[1:]) / 2, shares[1], "posterior", texts, "none"),
    )
    up: Scale = linear(*shares, unit="percent", title=f"Share, in {BINS} steps")
    panel = Panel(marks, linear(ends=(-ends, ends), title="Energy less its mean, and change of energy at a step"), up)
    key = (Key("energy less its mean", "quiet", "band"), Key("change at a step", "posterior", "line"))
    beyond = [float((np.abs(one) > ends).mean()) if one.size else 0.0 for one in (own, steps)]
    note = f"Beyond the scale: {observed(beyond[0])} of energies, {observed(beyond[1])} of changes."
    return Chart("Energy of the sampler", (panel,), key=key, notes=(note,) if max(beyond) > 0 else ())
