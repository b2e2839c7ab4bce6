"""The section on what pays: contributions to the premium of the portfolio, of groups and of assets."""

from collections.abc import Hashable, Mapping
from functools import partial

import pandas as pd

from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import percent
from bayesfactor.plots.pricing import pricing_chart
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.grids import POSTERIOR_UNITS, Column, barred, folded, plain, spread
from bayesfactor.reporting.content.parts import Fold, Heading, Part, Picture, Switch, TablePart, Text

BYS = (("factor", "factor"), ("family", "family of factors"), ("level", "broad market, group, asset alone"))
HOW = {
    "factor": "By factor.",
    "family": "By family.",
    "level": (
        "By level: what every asset gets (broad market: the mean over all assets' groups, with the zero-beta rate "
        "where the model has one), what an asset's group adds to it, and what is left with the asset alone, its alpha "
        "included."
    ),
}
UNSURE = 0.2  # standard deviation of an R-squared above which it is said to 1 %, as it is 1 at most
MEANING = (
    "A contribution is a loading times what the factor pays. Contributions add up to the total in every draw of the "
    "posterior; intervals do not add up. Under a source's name: weak and unidentified premia, which come mostly or "
    "wholly from the prior; of others the size is estimated, and may be 0."
)


def pays(contents: Contents) -> tuple[Part, ...]:
    """Return contributions to premia: of the portfolio, or of groups, first, and then of assets."""
    held = contents.weights is not None
    groups = _groups(contents)
    return (
        Text(contents.told),
        *(_portfolio(contents) if held else groups),
        Heading("Assets"),
        _entries(contents),
        *(groups if held else ()),
        Heading("Predicted and earned"),
        *_explained(contents),
        Picture(
            partial(pricing_chart, contents.pricing, ci_prob=contents.ci_prob, ci_kind=contents.ci_kind),
            "Scatter of mean excess returns that were earned against those that the factors predict",
            "Each dot is an asset. Far from the dashed line: the factors do not explain what it earned; it is chance, "
            "in a short or noisy history; or the prior draws predictions towards each other.",
        ),
        Fold(
            "What a contribution is",
            (Text(MEANING), *(Text(f"Note: {note}.") for note in contents.premia["factor"].attrs["notes"])),
        ),
    )


def _portfolio(contents: Contents) -> tuple[Part, ...]:
    """Return contributions to the portfolio's premium, the largest first, with how well each is known."""
    table = contents.premia["factor"]
    paid = table[table["asset"] == PORTFOLIO].set_index("source")
    paid = paid.loc[["total", *paid["mean"].drop("total").abs().sort_values(ascending=False, kind="stable").index]]
    paid["prob_positive"] = paid["prob_positive"].where(paid["sd"] > 0)  # of what is fixed there is no probability
    columns: list[Column] = [
        ("mean", "mean", "percent"), ("lower", "lower", "percent"), ("upper", "upper", "percent"),
        ("prob_positive", "P(> 0)", "chance"), ("identification", "how it is known", "text"),
    ]  # fmt: skip
    grid = barred(plain(paid, "source", columns, POSTERIOR_UNITS), 1, paid["lower"], paid["upper"])
    caption = f"Contribution to the portfolio's expected excess return a year: mean, ends of the {contents.interval}."
    return (TablePart(grid, "portfolio-premium", caption, "sources"),)


def _caption(contents: Contents, how: str) -> str:
    return f"Contribution to the expected excess return a year: posterior mean and {contents.interval}. {how}"


def _spread(contents: Contents, table: pd.DataFrame, id: str, how: str, label: str = "assets") -> TablePart:
    """Return a table of contributions, the total first and alpha next."""
    first = [name for name in ("total", "alpha") if name in set(table["source"])]
    return TablePart(spread(table, first), id, _caption(contents, how), label)


def _entries(contents: Contents) -> Part:
    """Return contributions to the premia of assets, by what is chosen."""
    asked = [(by, name) for by, name in BYS if by in contents.premia]
    options = tuple(
        (
            (name,),
            folded(_spread(contents, contents.premia[by], f"by-{by}", HOW[by]), contents.shown, contents.outside),
        )
        for by, name in asked
    )
    return Switch("by", (("By", tuple(name for _, name in asked)),), options)


def _groups(contents: Contents) -> tuple[Part, ...]:
    """Return contributions to the premia of groups, where there are several."""
    if "group" not in contents.premia:
        return ()
    how = "The members of a group weigh equally."
    return Heading("Groups"), _spread(contents, contents.premia["group"], "by-group", how, "groups")


def _explained(contents: Contents) -> tuple[Part, ...]:
    """Return how well factors predict expected returns across assets, where that is defined."""
    found = contents.pricing.r_squared_table(contents.ci_prob, contents.ci_kind)

    def told(row: Mapping[Hashable, float]) -> str:
        sd = min(row["sd"], UNSURE)
        mean, low, high = (percent(row[name], sd) for name in ("mean", "lower", "upper"))
        return f"{mean} ({low} to {high})"

    return tuple(
        Text(
            "R-squared of the factors' predictions for the expected excess returns of the assets: "
            f"{told(row)}; below 0 where they predict "
            "worse than one number for all assets. It is about expected returns, not about the earned ones below."
        )
        for row in found.to_dict("records")
    )
