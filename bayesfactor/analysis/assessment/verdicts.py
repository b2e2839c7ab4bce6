"""Verdicts on what is known of a factor's premium."""

from collections.abc import Iterable

import numpy as np

from bayesfactor.analysis.assessment.loading_strength import SURE

TRADED, IDENTIFIED, WEAK, UNIDENTIFIED = "traded", "identified", "weak", "unidentified"
NO_VERDICT, NO_PRIOR = "no verdict", "its prior is not known"
LITTLE, SOME = 0.1, 0.25  # posterior contraction below which a premium is unidentified, or weak
MOST = 0.5  # share of the maximum contraction below which it is weak


def verdict(
    traded: bool, alone: float, above: float, contraction: float, most: float, conflict: bool = False, sign: bool = True
) -> tuple[str, str]:
    """Return verdict and reason.

    `alone` and `above` are P(R_k > NOISE) before and after others are taken off, `most` is the maximum contraction (NaN
    where the prior is not known), and `sign` whether the premium's sign is known.
    """
    if traded:
        prior = "" if np.isnan(most) else f" and the prior{', in conflict' if conflict else ''}"
        return TRADED, f"its own history{prior}"
    if np.isnan(most):
        return NO_VERDICT, NO_PRIOR
    unknown = ""
    if alone < SURE:
        unknown = "its loadings on average are like noise"
    elif above < SURE:
        unknown = "its loadings cannot be told from those on other factors"
    elif most < LITTLE:
        unknown = "its prior is too tight, or its history too short, to be changed by data"
    elif contraction < LITTLE:
        unknown = "the assets say next to nothing of its premium"
    if unknown:
        return (WEAK, f"prior and data are in conflict; {unknown}") if conflict else (UNIDENTIFIED, unknown)
    if contraction < SOME or contraction < MOST * most:
        return WEAK, f"the assets say little of its premium{'; prior and data are in conflict' if conflict else ''}"
    known = f"from the cross-section; its sign is {'known' if sign else 'not known'}"
    return IDENTIFIED, f"{known}; prior and data are in conflict" if conflict else known


def least_known(verdicts: Iterable[str]) -> str:
    """Return the least of several verdicts, ``partly`` so when they differ; empty for none."""
    found = set(verdicts)
    least = next((one for one in (UNIDENTIFIED, NO_VERDICT, WEAK, IDENTIFIED, TRADED) if one in found), "")
    return f"partly {least}" if len(found) > 1 else least
