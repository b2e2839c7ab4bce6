"""Print a hash of the draws of every variable of every preset at one seed.

Draws are the same before and after a change that is not meant to change them, on one machine and with one set of
versions: run it before and after, and compare::

    python -m tests.support.fingerprints
"""

import hashlib
from collections.abc import Iterator

import numpy as np

import bayesfactor as bf
from tests.support.panels import make_panel, reduced


def fingerprints() -> Iterator[str]:
    """Yield a line for every variable: preset, name and hash."""
    panel = make_panel(assets=12, traded=2, other=2, periods=120, groups=3, shortest=25, seed=5)
    sampler = bf.Sampler(draws=60, tune=120, chains=2, seed=7, progress=False)
    panels = [(name, name, panel) for name in bf.list_models()]
    for label, preset, one in [*panels, ("hierarchical, of statistics", "static", reduced(panel))]:
        for name, draws in sorted(bf.fit(one, preset, sampler).posterior.data_vars.items()):
            digest = hashlib.sha256(np.ascontiguousarray(draws.values).tobytes()).hexdigest()[:16]
            yield f"{label}: {name} {digest}"


if __name__ == "__main__":
    print(*fingerprints(), sep="\n")
