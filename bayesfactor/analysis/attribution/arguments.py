"""What cannot be attributed."""

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.dates import Window
from bayesfactor.panel.records import SOURCES


def check_choices(kind: str, by: str, window: Window | None, compounded: bool) -> None:
    """Refuse choices that do not go together."""
    if by in ("level", "identification") and kind != "premium":
        raise SpecError(
            f"by='{by}' splits a premium, not a {kind}.",
            place="attribute.by",
            found=by,
            allowed=("factor", "family"),
        )
    if window is not None and kind != "return":
        raise SpecError(
            f"window goes with kind='return', not '{kind}'.",
            place="attribute.window",
            remedy="Leave it out, or ask for the realised return.",
        )
    if not isinstance(compounded, bool) or (compounded and kind != "return"):
        raise SpecError(
            f"compounded={compounded!r} goes with kind='return', not '{kind}'."
            if isinstance(compounded, bool)
            else f"compounded is {compounded!r}, and must be True or False.",
            place="attribute.compounded",
            found=compounded,
            remedy="Leave it out, or ask for the realised return.",
        )


def check_names(panel: PanelBase) -> None:
    """Refuse factors and families that are called like a source that is none of them."""
    for name in (*panel.factor_names, *panel.families):
        if name in SOURCES:
            raise DataError(
                f"A factor or a family is named '{name}', which is the name of another source.",
                series=name,
                remedy=f"Rename it before integrating. Taken: {', '.join(SOURCES)}.",
            )
