"""The figure of the first page: what pays a portfolio and what puts it at risk, beside the truth of a simulated market.

``python docs/landing/figure.py`` fits the model of the page's program and writes ``figure.html`` beside this file.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import bayesfactor as bf

MIX = {"layer1_01": 0.6, "defi_02": 0.4}
SCALES = {"premium": (-0.3, 0.5), "variance": (0.0, 0.65)}
PAGE = Path(__file__).with_suffix(".html")


def fitted() -> tuple:
    """Return the simulated market and the fit of the page's program."""
    market = bf.simulate(seed=1)
    return market, bf.fit(market.panel(), "static", bf.Sampler(seed=1, progress=False))


def true_parts(market) -> pd.DataFrame:
    """Return the true premium, a year, and the true share of variance of each source of the portfolio's returns."""
    truth, weights = market.truth, pd.Series(MIX)
    family = {name: about["family"] for name, about in market.factor_info.items()}
    premium = weights @ truth.premium().sel(asset=list(MIX)).to_pandas()
    loading = weights @ truth.loading.sel(asset=list(MIX)).to_pandas()
    own = float((weights**2) @ truth.sigma.sel(asset=list(MIX)).to_pandas() ** 2)
    variance = loading * (truth.factor_cov.to_pandas() @ loading)
    shares = pd.concat([variance.groupby(family).sum(), pd.Series({"alpha": own})]) / (variance.sum() + own)
    return pd.DataFrame({"premium": premium.groupby(lambda name: family.get(name, name)).sum(), "variance": shares})


def rows(market, fit) -> pd.DataFrame:
    """Return the mean, both intervals and the truth of each contribution, the largest share of variance first."""
    truth, parts = true_parts(market), {}
    for kind in ("premium", "variance"):
        found = bf.attribute(fit, kind, by="family", portfolio=MIX)
        draws = found.draws.sel(asset="portfolio").stack(sample=("chain", "draw")).to_pandas()
        draws = draws.rename({"idiosyncratic": "alpha"})
        draws = draws / draws.loc["total"] if kind == "variance" else draws
        quantiles = draws.quantile([0.05, 0.25, 0.75, 0.95], axis=1).T
        parts[kind] = quantiles.set_axis(["lower", "low", "high", "upper"], axis=1).assign(
            mean=draws.mean(axis=1), truth=truth[kind]
        )
    table = pd.concat(parts, axis=1)
    order = table["variance", "mean"].drop("total").sort_values(ascending=False).index
    return table.loc[[*order, "total"]]


def bar(kind: str, part: pd.Series, text: str) -> str:
    """Return one interval as HTML: the scale, 90 and 50 %, the mean and the truth."""

    def place(value: float) -> float:
        first, last = SCALES[kind]
        return 100 * (np.clip(value, first, last) - first) / (last - first)

    def span(name: str, first: str, last: str) -> str:
        left = place(part[first])
        return f'<i class="{name}" style="left:{left:.1f}%;width:{place(part[last]) - left:.1f}%"></i>'

    marks = f'<i class="zero" style="left:{place(0):.1f}%"></i>'
    marks += span("wide", "lower", "upper") + span("narrow", "low", "high")
    marks += f'<i class="mean" style="left:{place(part["mean"]):.1f}%"></i>'
    if np.isfinite(part["truth"]):
        marks += f'<i class="truth" style="left:{place(part["truth"]):.1f}%"></i>'
    return f'<td class="bar"><div>{marks}</div><span>{text}</span></td>'


def html(table: pd.DataFrame) -> str:
    """Return the figure: a table whose cells are drawn, which machines and narrow screens can read as well."""
    body = []
    for name, row in table.iterrows():
        cells = []
        for kind in ("premium", "variance"):
            part = row[kind]
            text = f"{part['mean']:.0%} ({part['lower']:.0%} to {part['upper']:.0%})".replace("%", "&nbsp;%")
            whole = kind == "variance" and name == "total"
            cells.append("<td></td>" if whole else bar(kind, part, text))
        label = "alpha; own risk" if name == "alpha" else name
        body.append(f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>')
    return "\n".join(
        [
            '<table class="bf-figure">',
            "<caption>A portfolio of two simulated tokens after three years of daily returns, by family of factors.",
            "Pale: 90 % interval; dark: 50 %; dot: mean; line: the truth, which the model did not know.</caption>",
            '<thead><tr><td></td><th scope="col">What it is paid, a year</th>',
            '<th scope="col">Share of its variance</th></tr></thead>',
            "<tbody>",
            *body,
            "</tbody></table>\n",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(html(rows(*fitted())), encoding="utf-8")
