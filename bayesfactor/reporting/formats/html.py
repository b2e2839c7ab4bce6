"""A report as one HTML file that needs nothing else."""

import io
import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bayesfactor.plots.chart import Chart
from bayesfactor.plots.style import DATA, FAINT, INK, POSTERIOR, QUIET, RULES, missing_glyphs
from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.parts import Picture, Section
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.formats.html_tables import table, unbroken
from bayesfactor.reporting.formats.svg import svg
from bayesfactor.reporting.formats.theme import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THEMED = {
    INK: "ink",
    QUIET: "quiet",
    FAINT: "line",
    POSTERIOR: "posterior",
    DATA: "data",
    "#ffffff": "paper",
    "#000000": "ink",
}

LINES = re.compile(r"(?<=[ML])(?: -?[\d.]+ -?[\d.]+ L)+(?= )")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def page(contents: Contents, sections: tuple[Section, ...], theme: Theme) -> str:
    """Return the report as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape as escaped

    where = files("bayesfactor.reporting") / "templates"
    environment = Environment(
        loader=PackageLoader("bayesfactor.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["table"] = lambda part: Markup(table(part))  # which escapes every text
    environment.filters["whole"] = lambda text: Markup(_whole(str(escaped(text))))
    count = iter(range(1000))
    environment.filters["svg"] = lambda part: Markup(drawn(part, f"figure-{next(count)}"))
    return environment.get_template("report.html.j2").render(
        title=contents.title,
        facts=contents.facts,
        sections=sections,
        failed=failed(contents.fit.problems) if contents.fit.problems else "",
        css=Markup(
            "".join((where / name).read_text(encoding="utf-8") for name in ("report.css", "chart.css")) + theme.css
        ),
        js=Markup("".join((where / name).read_text(encoding="utf-8") for name in ("report.js", "chart.js"))),
        theme=theme,
        footer=f"{theme.name}. Made by bayesfactor." if theme.name else "Made by bayesfactor.",
    )


def _whole(text: str) -> str:
    """Return text that is not broken within a date or before a per cent."""
    return DATE.sub(r'<span class="short">\g<0></span>', unbroken(text))


def drawn(part: Picture, name: str) -> str:
    """Return the figure of a part, drawn now, as XML for a page; a picture of fixed width scrolls where it must."""
    found = part.draw()
    if isinstance(found, Chart):
        return svg(found)
    label = escape(part.label)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">{inline(found, name)}</div>'


def inline(figure: "Figure", name: str) -> str:
    """Return a figure as SVG for a page: text as text, the page's colours, marks named after it."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {**RULES, "svg.fonttype": "none", "svg.hashsalt": name, "path.simplify_threshold": 1.0}
    buffer = io.StringIO()
    with mpl.rc_context(settings), missing_glyphs():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", lambda tag: _tag(tag.group(), name), text)  # never what stands between tags: names, ticks
    text = re.sub(r">\s+<", "><", text)
    text = re.sub(r'(<use [^>]*style="([^"]*)"/>(?:<use [^>]*style="\2"/>)+)', _together, text)
    return text.replace("<svg ", '<svg aria-hidden="true" ', 1)


def _together(alike: re.Match[str]) -> str:
    """Return marks of one style as a group of that style."""
    return f'<g style="{alike[2]}">{alike[1].replace(f' style="{alike[2]}"', "")}</g>'


def _tag(tag: str, name: str) -> str:
    """Return a tag with its marks named after the figure, the page's colours and font, and fewer digits."""
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", tag)
    tag = re.sub(r" font-family: [^;]*;", "", tag)
    tag = re.sub(r"(\d\d\.\d|\b\d\.\d\d)\d+", r"\1", re.sub(r"\s+", " ", tag))
    if tag.startswith("<path"):  # pairs after a first one are lines to them
        tag = LINES.sub(lambda found: found[0].replace(" L", ""), re.sub(r"\.0(?= )", "", tag))
    for colour, variable in THEMED.items():
        tag = tag.replace(colour, f"var(--{variable})")
    return tag
