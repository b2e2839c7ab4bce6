"""The verb that writes a report."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, assert_never

from threadpoolctl import threadpool_limits

from bayesfactor.analysis.causes.causal_reading import CausalReading, Graph, require_reading
from bayesfactor.analysis.portfolio.portfolio_weights import Portfolio, weights_and_book
from bayesfactor.analysis.scenarios.scenario import Scenario, require_scenario
from bayesfactor.base.arguments import as_path
from bayesfactor.base.errors import FitError, SpecError
from bayesfactor.base.extras import not_installed
from bayesfactor.base.files import write_whole
from bayesfactor.base.intervals import KINDS, Interval
from bayesfactor.posterior.dated_posterior import drawn_once
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.reporting.content.brief import brief
from bayesfactor.reporting.content.contents import Asked
from bayesfactor.reporting.content.gathering import gather
from bayesfactor.reporting.content.realised_spans import require_years
from bayesfactor.reporting.content.sections import sections
from bayesfactor.reporting.content.several_fits import require_others
from bayesfactor.reporting.formats.excel import workbook
from bayesfactor.reporting.formats.html import page
from bayesfactor.reporting.formats.markdown import markdown
from bayesfactor.reporting.formats.pdf import paper
from bayesfactor.reporting.formats.theme import Theme, require_theme

Suffix = Literal[".html", ".md", ".pdf", ".xlsx"]
SUFFIXES: tuple[Suffix, ...] = (".html", ".md", ".pdf", ".xlsx")


def write_report(
    fit: Fit,
    path: str | os.PathLike[str],
    *,
    portfolio: Portfolio | None = None,
    title: str | None = None,
    ci_prob: float = 0.9,
    ci_kind: Interval = "eti",
    scenarios: Sequence[Scenario] = (),
    forecast: int | None = None,
    years: Sequence[int] = (),
    others: Mapping[str, Fit] | None = None,
    causes: CausalReading | Graph | None = None,
    previous: Fit | None = None,
    theme: Theme | None = None,
) -> Path:
    """Write a report of a fit for a reader who does not run Python; return its path.

    Parameters
    ----------
    fit : Fit
        One that failed its checks is reported too, and the report says so at the top.
    path : str or Path
        ``.html``: one file that needs no network, for a screen or for paper. ``.pdf``: what is read of it, on ten pages
        at most (needs typst). ``.md``: the same without figures. ``.xlsx``: one sheet a table, with numbers as numbers
        (needs xlsxwriter).
    portfolio : mapping or Series of asset to weight, or Book, optional
        What the answer is about. Without it, the answer is about the mean of all assets; so it is with a book of
        options, which has a section of its own: greeks, what the scenarios and a month do to it, its premium.
    title : str, optional
    ci_prob, ci_kind
        Of every interval.
    scenarios : sequence of Scenario, optional
        Of each, what it does, in a section that is there only then; no two of one name.
    forecast : int, optional
        Periods ahead: where returns compounded over them may fall, and what they are expected to be, in the same
        section.
    years : sequence of int, optional
        Calendar years, as far as the panel has them: what was earned in each, of every asset and the portfolio, beside
        the whole sample and its last year. Of a portfolio, or of a single asset, all years stand in one table anyway.
    others : mapping of str to Fit, optional
        Fits of other models to the same returns: how much of the answer depends on the model, in a section that is
        there only then.
    causes : CausalReading, or a causal graph, optional
        What each loading may be read as (see `causal_reading`), in a section, and under the names of factors in the
        table of loadings, only then.
    previous : Fit, optional
        An earlier fit: what changed since, and by how much of the earlier posterior (see `revisions`), in a section and
        a sentence of the answer, only then.
    theme : Theme, optional
        A name, a logo and a colour.

    Returns
    -------
    Path

    Raises
    ------
    FitError
        When it is no fit, or the file cannot be written; a file that was there stays as it was.
    SpecError, DataError
        When the suffix, a weight, an interval, a scenario, the periods of a forecast, a year, another fit or a causal
        graph is not one that can be used. When jinja2 is not installed.

    Notes
    -----
    Every number is that of `attribute`, `check`, `identify`, `price`, `stress`, `forecast`, `revisions`, `average` or
    `compare`;
    every sentence is made of draws.
    """
    require_fit(fit, "write_report")
    target = as_path(path)
    suffix = next((known for known in SUFFIXES if known == target.suffix.lower()), None)
    if suffix is None:
        raise SpecError(
            f"write_report: {target.name!r} ends in none of {', '.join(SUFFIXES)}.",
            place="write_report.path",
            found=target.suffix,
            allowed=SUFFIXES,
            remedy='Write "report.html".',
        )
    if ci_kind not in KINDS or not (isinstance(ci_prob, (int, float)) and 0 < ci_prob < 1):
        raise SpecError(
            f"write_report: there is no {ci_prob!r} interval of kind {ci_kind!r}.",
            place="write_report.ci_prob",
            found=(ci_prob, ci_kind),
            remedy="The probability of a 90 % interval is 0.9; kinds are eti and hdi.",
        )
    if title is not None and not (isinstance(title, str) and title.strip()):
        raise SpecError(f"write_report: title is {title!r}, and must be text.", place="write_report.title", found=title)
    weights, book = weights_and_book(portfolio)
    look = require_theme(theme)
    reading = None if causes is None else require_reading(causes, fit, "write_report.causes")
    chosen = require_years(fit, years)
    asked = Asked(_named(scenarios), forecast, require_others(fit, others), reading, book, previous, chosen)
    if suffix == ".html":
        _require_jinja()
    if not target.absolute().parent.is_dir():
        raise FitError(f"{target}: cannot be written (no such folder).", remedy="Choose a folder that exists.")
    named = " ".join((title or "").split())
    with drawn_once(), threadpool_limits(limits=1, user_api="blas"):  # small products: threads wait
        kind: Interval = "hdi" if ci_kind == "hdi" else "eti"
        contents = gather(fit, weights, named, float(ci_prob), kind, asked)
        found = sections(contents)
        facts = (contents.title, contents.subtitle, fit.problems)
        match suffix:
            case ".html":
                written = page(contents, found, look).encode("utf-8", "replace")
            case ".pdf":
                written = paper(found, *facts, look)
            case ".md":
                written = markdown(brief(found), *facts, look.name).encode("utf-8", "replace")
            case ".xlsx":
                written = workbook(contents, found, look)
            case _:
                assert_never(suffix)
    _write(target, written)
    return target


def _named(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Return the scenarios, or raise a SpecError where one is none, or two have one name."""
    place = "write_report.scenarios"
    if isinstance(scenarios, Scenario) or not isinstance(scenarios, Sequence):
        raise SpecError(
            f"write_report: scenarios are a list of bf.Scenario, not a {type(scenarios).__name__}.",
            place=place,
            found=scenarios,
            remedy='Write scenarios=[bf.Scenario({"market": -0.2})].',
        )
    names: list[str] = []
    for scenario in scenarios:
        name = require_scenario(scenario, "write_report").name
        if name in names:
            raise SpecError(
                f"write_report: two scenarios are named '{name}'.", place=place, found=name, remedy="Name them apart."
            )
        names.append(name)
    return tuple(scenarios)


def _require_jinja() -> None:
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise not_installed("write_report: this needs jinja2", "write_report", "report") from None


def _write(target: Path, written: bytes) -> None:
    try:
        write_whole(target, written)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise FitError(
            f"{target}: cannot be written ({reason}).",
            remedy="Choose a folder that exists, that you may write to and that has room.",
        ) from None
