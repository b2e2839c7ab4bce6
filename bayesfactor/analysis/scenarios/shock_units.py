"""Units of shocks: what the value of a factor means, and values that are in other units."""

import numpy as np

from bayesfactor.analysis.scenarios.factor_history import LongRun
from bayesfactor.analysis.scenarios.scenario import Scenario, Sigmas
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.base.wording import percent, periods_in_words
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.records import Factor

FAR, ABSURD = 10.0, 100.0  # long-run standard deviations
WHOLE = 1.0  # in the units of the panel, below which a shock is not taken for per cent
MEANINGS = {
    "none": "a series as it was given",
    "diff": "a difference of its level",
    "log_diff": "a difference of its logarithm",
    "innovation": "an innovation",
}


def unit_of(factor: Factor) -> str:
    """Return what a value of the factor is."""
    return "a return" if factor.traded and factor.transform == "none" else MEANINGS[factor.transform]


def require_factors(scenario: Scenario, names: tuple[str, ...], verb: str) -> None:
    """Refuse shocks of factors that the fit does not have."""
    for name in scenario.shocks:
        if name in names:
            continue
        error = unknown("factor", name, names, place=f"{verb}: scenario '{scenario.name}'")
        if set(names) < set(scenario.shocks):  # an episode of the panel before the model took its factors
            remedy = "Make an episode of the panel that was fitted: bf.episode(fit.panel, ...)."
            raise SpecError(error.message, place=error.place, found=name, allowed=names, remedy=remedy)
        raise error


def require_units(scenario: Scenario, panel: PanelBase, law: LongRun, verb: str) -> None:
    """Refuse a shock that per cent explains, and little else.

    A traded factor cannot fall by more than 100 %; any other shock is refused that is more than 10 standard deviations
    of the long run from its mean and 1 or more in the panel's units, or more than 100 of them.
    """
    for name, value in zip(scenario.shocks, law.values(scenario), strict=True):
        if isinstance(scenario.shocks[name], Sigmas):
            continue
        k = law.names.index(name)
        factor, times = panel.factor_info[k], _sds(law, k, value)
        wrong = (
            f"{times:.3g} standard deviations from its mean" if times > (FAR if abs(value) >= WHOLE else ABSURD) else ""
        )
        if factor.traded and value < -1:
            wrong = "a fall of more than 100 %"
        if wrong:
            raise SpecError(
                f"{verb}: the shock of '{name}' is {value:+g}, {wrong}: is it per cent? '{name}' is {unit_of(factor)} "
                f"(transform '{factor.transform}'), with a standard deviation of {law.sd[k]:.3g} over "
                f"{periods_in_words(scenario.periods)}.",
                place=f"{verb}.scenario",
                found=value,
                remedy=f"Give decimals ({value / 100:+g}), or, say, bf.Sigmas({np.sign(value) * 4:g}).",
            )


def notes_on_units(scenario: Scenario, panel: PanelBase, law: LongRun) -> tuple[str, ...]:
    """Say what shocks of transformed factors mean, and which are far from anything usual."""
    notes = []
    for name, value in zip(scenario.shocks, law.values(scenario), strict=True):
        k = law.names.index(name)
        factor, times = panel.factor_info[k], _sds(law, k, value)
        if factor.transform == "log_diff":
            notes.append(f"'{name}' is {unit_of(factor)}: {value:+.3g} moves its level by {percent(np.expm1(value))}")
        elif factor.transform != "none":
            notes.append(f"'{name}' is {unit_of(factor)}, with a standard deviation of {law.sd[k]:.3g}")
        if times > FAR and not isinstance(scenario.shocks[name], Sigmas):
            notes.append(f"the shock of '{name}' is {times:.3g} standard deviations from its mean: is it in its units?")
    return tuple(notes)


def _sds(law: LongRun, k: int, value: float) -> float:
    return float(abs(value - law.mean[k]) / law.sd[k])
