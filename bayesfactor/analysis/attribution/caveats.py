"""What a reader of an attribution should know: how well each source is known, and where means do not agree."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from bayesfactor.analysis.assessment.data_premia import APART
from bayesfactor.analysis.assessment.identification import cached_identification
from bayesfactor.analysis.assessment.verdicts import NO_VERDICT, UNIDENTIFIED, least_known
from bayesfactor.analysis.attribution.contributions import LEVELS, kind_of
from bayesfactor.panel.base import PanelBase
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.movement_words import movement_words

if TYPE_CHECKING:
    from bayesfactor.analysis.attribution.kinds import By, Kind


def identification_of(
    panel: PanelBase, verdicts: Mapping[str, str], sources: list[str], kind: "Kind", by: "By"
) -> dict[str, str]:
    """Return how well what each source pays is known: of a sum, the least known of its factors.

    Nothing of a realised return, most of which is what happened.
    """
    if kind != "premium":
        return {}
    members: dict[str, list[str]] = {name: [] for name in sources}
    for factor in panel.factor_info:
        match by:
            case "factor":
                own: tuple[str, ...] = (factor.name,)
            case "family":
                own = (factor.family,)
            case "identification":
                own = (kind_of(factor, verdicts),)
            case "level":
                own = LEVELS
            case _:
                assert_never(by)
        for name in (*own, "total"):
            members[name].append(verdicts[factor.name])
    return {name: least_known(found) for name, found in members.items()}


def caveats(fit: Fit) -> tuple[str, ...]:
    """Return what a reader of premia should know: what moves, where they differ from sample means or come from priors.

    The last of factors whose premium is unidentified or in conflict with its prior.
    """
    facts = cached_identification(fit).facts
    notes = [str(fit.model.observation).rstrip(".")] if fit.design.weight is not None and fit.model is not None else []
    notes += movement_words(fit)
    gaps = fit.misfit.assets["gap_in_errors"].abs().dropna()
    if not gaps.empty and (gaps > 2).mean() > 0.05:
        notes.append(
            f"premia and sample mean returns differ by more than 2 standard errors for {int((gaps > 2).sum())} of "
            f"{len(gaps)} assets, most for {gaps.idxmax()}: read both; assets share what their factors did, and "
            "are not so many independent tests"
        )
    apart = facts.index[facts["data_from"] == APART].tolist()
    if apart:
        notes.append(
            f"{', '.join(apart)}: calm periods, which count more in these premia, had another mean than others"
        )
    unknown = facts.index[facts["verdict"] == UNIDENTIFIED].tolist()
    if unknown:
        notes.append(f"unidentified, so that what they pay comes from the prior: {', '.join(unknown)}")
    unjudged = facts.index[facts["verdict"] == NO_VERDICT].tolist()
    if unjudged:
        notes.append(f"priors are not known, so that there is no verdict on the premia of {', '.join(unjudged)}")
    conflict = facts.index[facts["conflict"]].tolist()
    if conflict:
        notes.append(f"prior and data are in conflict about what these pay (see identify): {', '.join(conflict)}")
    return tuple(notes)
