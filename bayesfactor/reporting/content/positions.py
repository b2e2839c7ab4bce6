"""What is said of the risk of a portfolio by position, and of what it may lose."""

from bayesfactor.analysis.scenarios.position_risk import PositionRisk
from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import Interval
from bayesfactor.base.wording import percent
from bayesfactor.reporting.content.parts import POSTERIOR_UNITS, Part, TablePart, Text, plain

LEVEL = 0.95


def positions(risk: PositionRisk, ci_prob: float, ci_kind: Interval, interval: str) -> tuple[Part, ...]:
    """Return a sentence on losses of the next period, and what each holding adds to the volatility."""
    table = risk.table(ci_prob, ci_kind)
    share = table[table["measure"] == "share"].set_index("asset")["mean"]
    added = table[(table["measure"] == "component") & (table["weight"] != 0)].set_index("asset").assign(share=share)
    caption = (
        f"What each holding adds to the portfolio's volatility a year: mean, ends of the {interval}; and its share."
    )
    grid = plain(
        added,
        "asset",
        [
            ("weight", "weight", "percent"),
            *((name, name, "percent") for name in ("mean", "lower", "upper")),
            ("share", "share", "percent"),
        ],
        POSTERIOR_UNITS,
    )
    return Text(_losses(risk)), TablePart(grid, "portfolio-positions", caption, "assets")


def _losses(risk: PositionRisk) -> str:
    try:
        found = risk.tail(LEVEL)
    except SpecError as error:  # of too few draws
        return f"What the portfolio may lose cannot be computed: {error.message}"
    at_risk, shortfall = (percent(loss, error) for loss, error in zip(found["loss"], found["mcse"], strict=True))
    return (
        f"Losses of the next period, at {100 * LEVEL:g} %: value at risk {at_risk}, expected shortfall {shortfall}, "
        "with the doubt about every parameter in them; a loss is positive."
    )
