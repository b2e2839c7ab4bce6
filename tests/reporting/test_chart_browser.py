"""Figures in a real browser: nothing written lies on anything else written, by mouse and by keyboard they tell."""

from importlib.resources import files
from itertools import combinations

import pytest

from bayesfactor.plots.marks import Boxes
from bayesfactor.reporting.formats.svg import svg
from tests.support.browser import chromium
from tests.support.figures import FIGURES, figure, figure_of, synthetic_fit
from tests.support.reader import HOSTILE, named

WIDTHS = (1100, 700, 360)


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def page(driver, tmp_path_factory):
    """A page of every figure, and of one whose names hold whatever a name may hold."""
    where = files("bayesfactor.reporting") / "templates"
    css = "".join((where / name).read_text(encoding="utf-8") for name in ("report.css", "chart.css"))
    js = (where / "chart.js").read_text(encoding="utf-8")
    hard = figure_of("contributions", named(synthetic_fit(), HOSTILE))
    body = "".join(svg(chart) for chart in [*(figure(name) for name in FIGURES), hard])
    path = tmp_path_factory.mktemp("charts") / "charts.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><style>{css}</style>"
        f"<main>{body}</main><script>{js}</script>",
        encoding="utf-8",
    )
    driver.get(path.as_uri())
    return driver


def at_width(page, width):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )


def boxes(page, selector):
    """Return text, left, top, right, bottom of what is shown, by the panel it is in."""
    return page.execute_script(
        """return [...document.querySelectorAll('.panel')].map((panel) =>
             [...panel.querySelectorAll(arguments[0])].filter((e) => e.getClientRects().length).map((e) => {
               const at = e.getBoundingClientRect();
               return [e.textContent, at.left, at.top, at.right, at.bottom]; }));""",
        selector,
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("selector", [".ticks text", ".label", "svg.names text", ".names span, .notes span"])
def test_words_do_not_lie_on_words(page, width, selector):
    at_width(page, width)
    found = boxes(page, selector)
    assert any(found)
    for panel in found:
        for (a, *one), (b, *other) in combinations(panel, 2):
            apart = one[2] <= other[0] + 1 or one[0] >= other[2] - 1 or one[3] <= other[1] + 3 or one[1] >= other[3] - 3
            assert apart, f"{a!r} lies on {b!r} at {width} pixels"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(page, width):
    at_width(page, width)
    wide, room = page.execute_script("const e = document.documentElement; return [e.scrollWidth, e.clientWidth]")
    assert wide <= room


@pytest.mark.parametrize("width", WIDTHS)
def test_text_keeps_its_size(page, width):
    at_width(page, width)
    of_text = "(e) => parseFloat(getComputedStyle(e).fontSize)"
    sizes = page.execute_script(f"return [...document.querySelectorAll('.chart text, .chart span')].map({of_text})")
    assert min(sizes) >= 11


@pytest.mark.parametrize("width", WIDTHS)
def test_every_panel_has_ticks(page, width):
    at_width(page, width)
    with_axes = [len(panel.x.ticks) > 0 for name in FIGURES for panel in figure(name).panels]
    shown = [len(panel) > 0 for panel in boxes(page, ".ticks text")]
    assert shown[: len(with_axes)] == with_axes
    assert all(shown[len(with_axes) :])


@pytest.mark.parametrize("width", WIDTHS)
def test_names_stay_in_their_boxes(page, width):
    at_width(page, width)
    outside = page.execute_script(
        """return [...document.querySelectorAll('.chart div.node')].filter((box) => {
             const name = box.firstChild.getBoundingClientRect(), at = box.getBoundingClientRect();
             return name.left < at.left || name.right > at.right || name.top < at.top || name.bottom > at.bottom
               || box.firstChild.scrollWidth > box.firstChild.clientWidth; }).map((box) => box.textContent);"""
    )
    assert not outside


def test_there_is_room_for_marks_beside_names_and_numbers(page):
    at_width(page, 360)
    widths = page.execute_script(
        "return [...document.querySelectorAll('svg.plot')].map((e) => [e.getAttribute('aria-label'), e.clientWidth])"
    )
    assert min(width for _, width in widths) >= 90, sorted(widths, key=lambda pair: pair[1])[:3]


def test_a_box_tells_why_by_keyboard(page):
    from selenium.webdriver import ActionChains, Keys

    at_width(page, 1100)
    found = [text for mark in figure("causes").panels[0].marks if isinstance(mark, Boxes) for text in mark.texts]
    plot = page.find_element("css selector", f'svg.plot[aria-label="{figure("causes").label}"]')
    page.execute_script("arguments[0].querySelector('.i').focus()", plot)
    tip = page.find_element("css selector", ".tip")
    said = [tip.text]
    for _ in found[1:]:
        ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
        said.append(tip.text)
    assert said == found


def test_a_mark_tells_by_mouse(page):
    from selenium.webdriver import ActionChains

    at_width(page, 1100)
    item = page.find_element("css selector", ".chart:has(.chart-note) .i")
    said = page.execute_script("return arguments[0].querySelector('title').textContent", item)
    ActionChains(page).move_to_element(item).perform()
    tip = page.find_element("css selector", ".tip")
    assert tip.is_displayed()
    assert tip.text == said
    assert item.get_attribute("aria-label") == said  # and it is not shown a second time by the browser
    assert not item.find_elements("css selector", "title")
    ActionChains(page).move_to_element(page.find_element("css selector", ".chart-note")).perform()
    assert not tip.is_displayed()


def test_marks_tell_by_keyboard(page):
    from selenium.webdriver import ActionChains, Keys

    at_width(page, 1100)
    count = """(p) => p.querySelectorAll('.i[tabindex="0"]').length"""
    stops = page.execute_script(f"return [...document.querySelectorAll('svg.plot')].map({count})")
    assert set(stops) == {1}
    plot = page.find_elements("css selector", "svg.plot")[0]
    page.execute_script("arguments[0].querySelector('.i').focus()", plot)
    tip = page.find_element("css selector", ".tip")
    first = tip.text
    assert tip.is_displayed()
    ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
    assert tip.text not in ("", first)
    ActionChains(page).send_keys(Keys.ARROW_UP).perform()
    assert tip.text == first
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert not tip.is_displayed()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_stand_out_from_the_paper(page, theme):
    """By 3 to 1, as of graphics; what only stands behind may be fainter."""
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    colours = page.execute_script(
        """const of = (name) => { const e = document.createElement('i'); e.style.color = `var(--${name})`;
             document.body.append(e); const c = getComputedStyle(e).color; e.remove();
             return c.match(/[0-9.]+/g).slice(0, 3).map(Number); };
           return Object.fromEntries(arguments[0].map((name) => [name, of(name)]));""",
        ["paper", "posterior", "data", "ink", "quiet", "source-1", "source-3", "source-6", "source-8"],
    )

    def light(colour):
        parts = [c / 255 for c in colour]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    paper = light(colours.pop("paper"))
    for name, colour in colours.items():
        brighter, darker = sorted((light(colour), paper), reverse=True)
        assert (brighter + 0.05) / (darker + 0.05) >= 3, name
