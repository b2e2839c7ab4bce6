"""What can be attributed, and how it is cut."""

from typing import Literal

from bayesfactor.base.errors import SpecError

Kind = Literal["premium", "return", "variance"]
By = Literal["factor", "family", "level", "identification"]
Per = Literal["asset", "group"]
KINDS, PERS = ("premium", "return", "variance"), ("asset", "group")
BYS = ("factor", "family", "level", "identification")
UNITS = {
    "premium": "decimal, per year",
    "return": "decimal, sum over the window",
    "compounded": "decimal, compounded over the window",
    "variance": "decimal squared, per year",
    "moving variance": "decimal squared, per year, at today's level",
}


def require_share(above: object, verb: str) -> None:
    """Raise a SpecError unless it is a share."""
    if not (isinstance(above, (int, float)) and 0 <= above <= 1):
        raise SpecError(
            f"above is {above!r}, and must be a share between 0 and 1.",
            place=f"{verb}.above",
            found=above,
            remedy="Write above=0.5 for a half.",
        )
