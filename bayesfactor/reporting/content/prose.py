"""Sentences made of draws: probability words on a fixed scale, numbers with their intervals.

The words are those of the scale of the Intergovernmental Panel on Climate Change (Mastrandrea and others 2010), whose
"about as likely as not", from 33 to 66 %, is split in three; the probability always stands beside the word.
"""

from dataclasses import dataclass

import xarray as xr

from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import chance, percent
from bayesfactor.posterior.diagnostics import said
from bayesfactor.posterior.summaries import summarise

HELD = "the book"  # what a portfolio and the assets that it holds are called, among all entries
LIKELY = 0.66
SCALE = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (LIKELY, "likely"),
    (0.55, "more likely than not"),
    (0.45, "about as likely as not"),
    (0.33, "less likely than not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
    (0.0, "exceptionally unlikely"),
)  # the least probability for which each word is used


def at_least(probability: float, least: float) -> bool:
    """Whether a probability, rounded to a hundredth as it is shown, reaches a step of the scale."""
    return round(100 * probability) >= round(100 * least)


def likelihood(probability: float) -> str:
    """Return the word for a probability, rounded to a hundredth as it is shown, and the probability.

    Raises
    ------
    SpecError
        When it is not between 0 and 1.
    """
    if not 0 <= probability <= 1:
        raise SpecError(f"{probability!r} is no probability.", place="likelihood", found=probability)
    word = next(word for least, word in SCALE if at_least(probability, least))
    return f"{word} ({chance(probability)})"


@dataclass(frozen=True)
class Estimate:
    """A posterior in five numbers."""

    mean: float
    lower: float
    upper: float
    prob_positive: float
    sd: float = 0.0

    @property
    def text(self) -> str:
        """Mean and interval in per cent."""
        return f"{self.percent(self.mean)} ({self.percent(self.lower)} to {self.percent(self.upper)})"

    def percent(self, value: float) -> str:
        """Return a number of this posterior in per cent, to the digits that its standard deviation leaves."""
        return percent(value, self.sd)


def estimate(draws: xr.DataArray, prob: float, kind: Interval) -> Estimate:
    """Return mean, interval, probability of being positive and sd of draws (chain, draw), to the digits of a table."""
    row = summarise(draws.transpose("chain", "draw"), prob, kind).iloc[0]
    return Estimate(*(float(row[name]) for name in ("mean", "lower", "upper", "prob_positive", "sd")))


def failed(problems: tuple[str, ...]) -> str:
    """Return what stands at the top of the report of a fit that failed its checks."""
    return f"This fit FAILED its checks: do not use its numbers. {said(problems)}. What to do: see Checks."


def sign_sentence(what: str, found: Estimate, text: str = "") -> str:
    """Return what it is, how large (in other words, if they are given), and how likely its sign: that of the mean."""
    up = found.mean >= 0
    probability = found.prob_positive if up else 1 - found.prob_positive
    return f"{what} {text or found.text}; it is {likelihood(probability)} to be {'above' if up else 'below'} zero"
