"""The sections of a report, in their order."""

from functools import partial

from bayesfactor.panel.records import NO_RATE
from bayesfactor.plots.premium_chart import contributions_chart
from bayesfactor.reporting.content.ahead import look_ahead
from bayesfactor.reporting.content.book import book_with_options
from bayesfactor.reporting.content.causes import causes
from bayesfactor.reporting.content.cautions import cautions
from bayesfactor.reporting.content.changes import changed
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.data_and_checks import again, data, model, trust
from bayesfactor.reporting.content.estimates import loadings, premia, risk
from bayesfactor.reporting.content.inclusion import which_are_in
from bayesfactor.reporting.content.parts import Caution, FirstScreen, Fold, Heading, Part, Picture, Section, Text
from bayesfactor.reporting.content.pays import pays
from bayesfactor.reporting.content.positions import positions
from bayesfactor.reporting.content.previous import since
from bayesfactor.reporting.content.previous_sentence import INDICATIVE
from bayesfactor.reporting.content.prose import SCALE
from bayesfactor.reporting.content.realised import realised
from bayesfactor.reporting.content.scenarios import could_happen
from bayesfactor.reporting.content.which_model import which_model

ROWS = 10  # of the figure of the first screen
MEASURED = (
    "Residual is what the factors leave: an asset's own risk, and what residual factors give several assets together. "
    "Beside the numbers at the top stands what the data did, on the dates on which all of it was observed: the sample "
    "mean with its standard error (se), the volatility, and what a regression on the factors leaves of the variance. "
    "They are marked where they disagree: a mean by more than two standard errors; a variance by more than its "
    "sampling error (99 %) beyond the model's 90 % interval, or, of the median over assets, beyond the limit of its "
    "check."
)


def sections(contents: Contents) -> tuple[Section, ...]:
    """Return the sections of a report."""
    found: tuple[tuple[str, str, tuple[Part, ...]], ...] = (
        ("answer", "The answer", _answer(contents)),
        ("book", "Options", () if contents.book is None else book_with_options(contents.book)),
        ("portfolio", "The book", () if contents.weights is None else positions(contents)),
        ("since", "Since last time", _since(contents)),
        ("contributions", "What pays", pays(contents)),
        ("risk", "What is at risk", risk(contents)),
        ("realised", "What was earned", realised(contents)),
        ("scenarios", "What could happen", _could_happen(contents)),
        ("loadings", "Loadings", (*loadings(contents), *which_are_in(contents))),
        ("causes", "What may be read as a cause", () if contents.causes is None else causes(contents.causes)),
        ("changes", "What moves", () if contents.changes is None else changed(contents.changes)),
        ("premia", "Premia", premia(contents)),
        ("data", "Data", data(contents)),
        ("trust", "Checks", trust(contents)),
        ("which", "Which model", _models(contents)),
        ("model", "Model", model(contents)),
        ("again", "Reproducing", again(contents)),
    )
    return tuple(Section(id, title, parts) for id, title, parts in found if parts)


def _could_happen(contents: Contents) -> tuple[Part, ...]:
    """Return a forecast and scenarios; nothing where neither was asked for."""
    held, parts = contents.weights is not None, list[Part]()
    if contents.ahead is not None:
        parts += look_ahead(contents.ahead, held, contents.shown, contents.outside)
    if contents.scenarios:
        parts += [
            *([Heading("Scenarios")] if parts else []),
            *could_happen(contents.scenarios, held, contents.shown, contents.outside),
        ]
    return tuple(parts)


def _models(contents: Contents) -> tuple[Part, ...]:
    """Return what depends on the model; nothing where no other fits were given."""
    return () if contents.models is None else which_model(contents.models, contents.interval)


def _since(contents: Contents) -> tuple[Part, ...]:
    """Return what changed since an earlier fit; nothing where none was given."""
    if contents.revisions is None or contents.previous is None:
        return ()
    return since(contents.revisions, contents.previous, contents.weights is not None, contents.interval)


def _answer(contents: Contents) -> tuple[Part, ...]:
    """Return the first screen, and below it how to read it."""
    words = ", ".join(f"{word} from {100 * least:.0f} %" for least, word in SCALE[:-1])
    rated = all(note.text != NO_RATE for note in contents.fit.panel.notes)
    year = contents.fit.panel.periods_per_year
    how = (
        f"Every interval in this report is a {contents.interval} of the posterior, unless it says otherwise. "
        f"Words of probability: {words}, {SCALE[-1][1]} below that."
        f"{' Premia and returns are excess returns.' if rated else ''} A year is {year} periods; what is said of a "
        "year is arithmetic, and compounds to less."
    )
    doubts = cautions(contents.checks.checks, contents.headline, contents.spans, contents.weights, rated=rated)
    if contents.failed:
        doubts = (Caution("Since last time", INDICATIVE.format(contents.failed), "since"), *doubts)
    said = (*contents.answer, *([contents.since] if contents.since else []))
    first = FirstScreen(contents.measures, said, doubts, _contributions(contents))
    return first, Fold("How to read this report", (Text(f"{how} {MEASURED}"),))


def _contributions(contents: Contents) -> Picture:
    """Return the figure of contributions to the premium that the answer is about."""
    draw = partial(
        contributions_chart,
        contents.headline,
        prior=contents.prior,
        most=ROWS,
        ci_prob=contents.ci_prob,
        ci_kind=contents.ci_kind,
    )
    return Picture(draw, "Contributions to the expected excess return, the largest first", "")
