"""Assets that are made of the factors: nothing is left of them that a model could call their own."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Note

_SPARE = 20  # rows more than coefficients, from which it can be told
_LEFT = 1e-4  # share of the variance that the factors leave
_SHOWN = 1e-3  # smallest coefficient that is named


def note_spanned(moments: Moments, assets: Sequence[str], names: Sequence[str]) -> list[Note]:
    """Warn of assets of whose variance the factors leave less than a hundredth of a per cent."""
    notes = []
    for place, name in enumerate(assets):
        count = moments.count[place]
        total = moments.yy[place] - moments.xy[0, place] ** 2 / max(count, 1)
        if count < len(names) + 1 + _SPARE or not total > 0:
            continue
        found = np.linalg.lstsq(moments.xx[:, :, place], moments.xy[:, place])[0]
        if moments.residual_squares(place, found) < _LEFT * total:
            notes.append(Note(name, "warning", _words(found[1:], names)))
    return notes


def _words(slopes: np.ndarray, names: Sequence[str]) -> str:
    parts = [f"{slope:+.3g} '{name}'" for slope, name in zip(slopes, names, strict=True) if abs(slope) > _SHOWN]
    return (
        f"made of the factors, which leave nothing of it: {', '.join(parts)}. Leave it out of the assets: it has no "
        "residual, and chains diverge where its residual volatility goes to 0"
    )
