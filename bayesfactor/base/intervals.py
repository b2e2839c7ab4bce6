"""Credible intervals from draws, of a stated kind and probability."""

from typing import Literal

import numpy as np

from bayesfactor.base.errors import SpecError, unknown

Interval = Literal["eti", "hdi"]
KINDS = ("eti", "hdi")


def interval(draws: np.ndarray, prob: float, kind: Interval) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper ends over the first axis: equal-tailed (`eti`) or of highest density (`hdi`).

    Raises
    ------
    SpecError
        When the kind is neither, or the probability is not between 0 and 1.
    """
    if kind not in KINDS:
        raise unknown("interval", kind, KINDS, place="ci_kind")
    if not (isinstance(prob, (int, float)) and 0 < prob < 1):
        raise SpecError(
            f"ci_prob is {prob!r}; it must be between 0 and 1.",
            place="ci_prob",
            found=prob,
            remedy="A 90 % interval is ci_prob=0.9.",
        )
    ordered = np.sort(draws, axis=0)
    if kind == "eti":
        return _quantile(ordered, (1 - prob) / 2), _quantile(ordered, (1 + prob) / 2)
    inside = int(np.ceil(prob * len(ordered)))
    best = np.argmin(ordered[inside - 1 :] - ordered[: len(ordered) - inside + 1], axis=0)[None]
    return np.take_along_axis(ordered, best, 0)[0], np.take_along_axis(ordered, best + inside - 1, 0)[0]


def _quantile(ordered: np.ndarray, p: float) -> np.ndarray:
    """Return the p-quantile over the first axis, linear between neighbours as that of numpy; NaN where a draw is."""
    place = (len(ordered) - 1) * p
    low = int(place)
    left, right = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    share = place - low
    found = left + (right - left) * share if share < 0.5 else right - (right - left) * (1 - share)
    return np.where(np.isnan(ordered[-1]), np.nan, found)
