"""Assets that are made of the factors, which leave nothing of them, and factors that are made of an asset's return."""

from collections.abc import Sequence

import numpy as np

from bayesfactor.panel.moments import Moments
from bayesfactor.panel.records import Note

_SPARE = 20  # rows more than coefficients, from which it can be told
_LEFT = 1e-4  # share of the variance that the factors leave
_SHOWN = 1e-3  # smallest coefficient that is named
_OWN = 0.95  # correlation with a return from which a factor that is no return holds it


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


def note_own_returns(moments: Moments, assets: Sequence[str], names: Sequence[str]) -> list[Note]:
    """Warn of factors that move as the return of an asset does on the same row; `names` are empty of traded ones."""
    notes = []
    for place, name in enumerate(names, 1):
        correlation = _correlations(moments, place) if name else np.zeros(1)
        best = int(np.abs(correlation).argmax())
        if abs(correlation[best]) > _OWN:
            text = (
                f"correlates at {correlation[best]:.4f} with the return of '{assets[best]}' on the same row: it holds "
                "the price of that asset, and its loading there is an identity. Leave it out, or say shares_price=True "
                "and a lag in its bf.Factor"
            )
            notes.append(Note(name, "warning", text))
    return notes


def _correlations(moments: Moments, place: int) -> np.ndarray:
    """Return the correlation of a coefficient's regressor with each asset; 0 where it cannot be told."""
    count = np.maximum(moments.count, 1)
    mean, own = moments.xx[0, place] / count, moments.xy[0] / count
    spread = np.maximum(moments.xx[place, place] - count * mean**2, 0.0)
    size = np.maximum(moments.yy - count * own**2, 0.0)
    told = (moments.count >= _SPARE) & (spread > 0) & (size > 0)
    together = moments.xy[place] - count * mean * own
    return np.where(told, together / np.sqrt(np.where(told, spread * size, 1.0)), 0.0)
