"""What a reader of an attribution should know: how well each source is known, and where means do not agree."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from bayesfactor.contributions import LEVELS, kind_of
from bayesfactor.identification import UNIDENTIFIED, least_known
from bayesfactor.panelbase import PanelBase
from bayesfactor.pointwise import mean_gaps, raw_coefficients, thin
from bayesfactor.posterior import Fit

if TYPE_CHECKING:
    from bayesfactor.attribution import By, Kind


def identification_of(
    panel: PanelBase, verdicts: Mapping[str, str], sources: list[str], kind: "Kind", by: "By"
) -> dict[str, str]:
    """Return how well what each source pays is known: of a sum, the least known of its factors."""
    members: dict[str, list[str]] = {name: [] for name in sources}
    whole = ("total",) if kind == "premium" else ()  # a realised return's total is what happened
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
        for name in (*own, *whole):
            members[name].append(verdicts[factor.name])
    return {name: least_known(found) for name, found in members.items()}


def from_the_prior(verdicts: Mapping[str, str]) -> tuple[str, ...]:
    """Return a note of the factors whose premium is unidentified, if there are any."""
    names = [name for name, verdict in verdicts.items() if verdict == UNIDENTIFIED]
    if not names:
        return ()
    return (f"unidentified, so that what they pay comes from the prior: {', '.join(names)}",)


def doubtful_means(fit: Fit) -> tuple[str, ...]:
    """Return a note when the model's mean returns stray from the sample's, as heavy-tailed noise can make them."""
    gaps = mean_gaps(fit, raw_coefficients(fit, thin(fit, 200)))["gap_in_errors"].abs().dropna()
    if gaps.empty or (gaps > 2).mean() <= 0.05:
        return ()
    return (
        f"model-implied and sample mean returns differ by more than 2 standard errors for {int((gaps > 2).sum())} of "
        f"{len(gaps)} assets, most for {gaps.idxmax()}: compare them before using these premia",
    )
