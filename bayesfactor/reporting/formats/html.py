"""A report as one HTML file that needs nothing else."""

from importlib.resources import files

from bayesfactor.reporting.content.contents import Contents
from bayesfactor.reporting.content.parts import Section
from bayesfactor.reporting.content.prose import failed
from bayesfactor.reporting.formats.html_tables import table, whole
from bayesfactor.reporting.formats.svg import svg
from bayesfactor.reporting.formats.theme import Theme


def page(contents: Contents, sections: tuple[Section, ...], theme: Theme) -> str:
    """Return the report as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape as escaped

    where = files("bayesfactor.reporting") / "templates"
    environment = Environment(
        loader=PackageLoader("bayesfactor.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["table"] = lambda part: Markup(table(part))  # which escapes every text
    environment.filters["whole"] = lambda text: Markup(whole(str(escaped(text))))
    environment.filters["svg"] = lambda part: Markup(svg(part.draw()))  # which escapes every text
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
