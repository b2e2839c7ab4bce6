"""The report in a real browser: from disk, alone, by mouse and by keyboard, on a telephone and on paper."""

import json

import pytest

import bayesfactor as bf
from tests.analysis.test_revisions import first
from tests.support.browser import chromium
from tests.support.panels import make_panel
from tests.support.paths import ROOT
from tests.support.reader import HOSTILE, named
from tests.support.synthetic_draws import synthetic_draws

AXE = ROOT / ".cache" / "node_modules" / "axe-core" / "axe.min.js"
MIX = {"a00": 0.5, "a03": 0.5}
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def file(hier_fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("browser") / "report.html"
    return bf.write_report(hier_fit, path, portfolio=MIX).as_uri()


@pytest.fixture(scope="module")
def hard_file(short_fit, a_panel, tmp_path_factory):
    """A report of a fit that failed, as the one before did, whose names hold whatever a name may hold."""
    path, old = tmp_path_factory.mktemp("browser") / "hard.html", first(a_panel, len(a_panel.times) - 20)
    both = (named(fit, HOSTILE) for fit in (short_fit, bf.from_draws(old, synthetic_draws(old))))
    given = {"title": HOSTILE[3], "portfolio": {HOSTILE[3]: 1.1, HOSTILE[1]: -0.3}}
    return bf.write_report(next(both), path, previous=next(both), **given).as_uri()


@pytest.fixture(scope="module")
def moving_file(moved_fit, tmp_path_factory):
    """A report of a fit in which volatility and loadings move."""
    path = tmp_path_factory.mktemp("browser") / "moving.html"
    return bf.write_report(moved_fit, path, portfolio=MIX).as_uri()


def opened(driver, file):
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    driver.get(file)
    return driver


@pytest.fixture(scope="module")
def sized(tmp_path_factory):
    """Reports by number of assets, with a portfolio and without, of draws that no sampler made; of an earlier fit."""
    folder, written = tmp_path_factory.mktemp("sizes"), {}

    def write(assets, held):
        if (assets, held) not in written:
            panel = make_panel(assets=assets, traded=2, other=10, periods=60, shortest=60, seed=2)
            both = (panel, first(panel, 50))
            fit, then = (bf.from_draws(one, synthetic_draws(one, draws=20), model="static") for one in both)
            mix = {name: 1 / min(assets, 5) for name in panel.assets[:5]} if held else None
            path = folder / f"{assets}-{held}.html"
            written[assets, held] = bf.write_report(fit, path, portfolio=mix, previous=then).as_uri()
        return written[assets, held]

    return write


@pytest.fixture
def page(driver, file):
    return opened(driver, file)


@pytest.fixture(params=["file", "hard_file", "moving_file"])
def any_page(request, driver):
    return opened(driver, request.getfixturevalue(request.param))


def values(page, table, column):
    """Return what a column of the rows that are shown is sorted by."""
    script = """
    const rows = [...document.querySelectorAll("#" + arguments[0] + " tbody tr")].filter((row) => !row.hidden);
    return rows.map((row) => row.cells[arguments[1]].dataset.v ?? row.cells[arguments[1]].textContent);
    """
    return page.execute_script(script, table, column)


def style(page, selector, name):
    return page.execute_script(
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name
    )


def test_it_loads_from_disk_without_an_error_or_a_request(page, file):
    assert page.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"]
    assert file in urls
    assert {url for url in urls if not url.startswith("data:")} == {file}


def test_a_column_is_sorted_by_its_numbers_both_ways(page):
    button = page.find_element("css selector", "#by-factor thead th:nth-child(2) button")
    for click, order in (("descending", -1), ("ascending", 1)):
        button.click()
        found = [float(value) for value in values(page, "by-factor", 1)]
        assert found == sorted(found, key=lambda value: order * value)
        assert button.find_element("xpath", "..").get_attribute("aria-sort") == click
    page.find_element("css selector", "#by-factor thead th:nth-child(1) button").click()
    names = values(page, "by-factor", 0)
    assert names == sorted(names, reverse=True)


def test_a_search_shows_the_rows_that_hold_it(page):
    box = page.find_element("css selector", "input[data-table='checks']")
    rows = len(values(page, "checks", 0))
    box.send_keys("R-HAT")
    assert values(page, "checks", 0) == ["R-hat"]
    assert page.find_element("id", "checks-count").text == f"1 of {rows} rows"
    box.clear()
    box.send_keys(" ")
    assert len(values(page, "checks", 0)) == rows


def test_the_second_line_below_a_number_is_shown_when_asked_for(page):
    cell = page.find_element("css selector", "#by-factor tbody td small + small")
    assert not cell.is_displayed()
    page.find_element("css selector", "input[data-more='by-factor']").click()
    assert cell.is_displayed()
    assert cell.text.count("%") == 2
    assert page.find_element("css selector", "#loading-table tbody td small + small").is_displayed()


def test_dots_say_whose_they_are(page):
    texts = page.execute_script("return [...document.querySelectorAll('svg title')].map((t) => t.textContent)")
    assert sum(text.startswith("a03: predicted") for text in texts) == 1
    assert sum(text.startswith("a03: ") and "least squares" in text for text in texts) == 3


def test_one_table_of_what_was_earned_is_seen_at_a_time(page):
    def seen():
        tables = page.find_elements("css selector", "#earned table")
        return [table.get_attribute("id") for table in tables if table.is_displayed()]

    assert seen() == ["realised-0-summed"]
    page.find_element("css selector", "#earned input[value='compounded']").find_element("xpath", "..").click()
    assert seen() == ["realised-0-compounded"]
    assert page.find_element("css selector", "#earned input[value='compounded']").is_selected()


def test_what_is_outside_the_book_is_folded(page):
    assert values(page, "by-factor", 0) == ["portfolio", *MIX]
    others = page.find_element("id", "by-factor-others")
    assert not others.is_displayed()
    summary = others.find_element("xpath", "ancestor::details/summary")
    assert summary.text == "7 assets outside the book"
    summary.click()
    assert others.is_displayed()


def test_a_caution_leads_to_the_row_of_its_check(driver, hard_file):
    page = opened(driver, hard_file)
    link = page.find_element("css selector", ".doubts a[href^='#check-']")
    row = page.execute_script("return document.getElementById(arguments[0].hash.slice(1)).cells[0].textContent", link)
    assert row.lower().startswith(link.text.lower())
    link.click()
    top = "return document.querySelector(':target').getBoundingClientRect().top"
    assert 0 <= page.execute_script(top) < 900


def test_the_table_of_contents_follows_along(page):
    widened(page, 1300)
    current = "return [...document.querySelectorAll('nav [aria-current]')].map((link) => link.textContent)"
    assert page.execute_script(current) == ["The answer"]
    page.find_element("css selector", "nav a[href='#premia']").click()
    page.execute_async_script("const done = arguments[0]; setTimeout(done, 200)")
    assert page.execute_script(current) == ["Premia"]
    nav = page.execute_script("return document.querySelector('nav').getBoundingClientRect().top")
    assert 0 <= nav < 50


def test_the_theme_can_be_changed(page):
    papers = []
    for _ in range(2):
        papers.append(style(page, "body", "backgroundColor"))
        page.find_element("id", "theme").click()
    assert len(set(papers)) == 2
    assert style(page, "body", "backgroundColor") == papers[0]


def test_the_keyboard_reaches_what_the_mouse_does(page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    seen = []
    for _ in range(50):
        page.switch_to.active_element.send_keys(Keys.TAB)
        tag = page.execute_script("return document.activeElement.tagName")
        outline = """
        const at = document.activeElement, mark = at.matches(".i") && at.querySelector(".h");
        const own = at.closest("fieldset label") ?? at;
        return mark ? getComputedStyle(mark).stroke : getComputedStyle(own).outlineStyle;
        """
        assert page.execute_script(outline) != "none"
        seen.append(tag)
    assert {"BUTTON", "A", "INPUT", "SUMMARY", "DIV", "g"} <= set(seen)
    button = page.find_element(By.CSS_SELECTOR, "#by-factor thead th:nth-child(2) button")
    page.execute_script("arguments[0].focus()", button)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "descending"


def test_paper_has_whole_tables_and_no_tools(page):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert style(page, "nav", "display") == "none"
    assert style(page, ".tools", "display") == "none"
    assert style(page, ".scroll", "overflowX") == "visible"
    assert style(page, "thead button", "display") == "contents"  # else only the first page of a table has its names
    page.execute_script("document.documentElement.dataset.theme = 'dark'")
    assert style(page, "body", "color") == "rgb(27, 27, 27)"
    assert page.find_element("css selector", "#by-factor tbody td small + small").is_displayed()
    metrics = {"width": 1047, "height": 740, "deviceScaleFactor": 1, "mobile": False}  # A4, landscape
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    right = "return [...document.querySelectorAll('table, figure svg')].map((t) => t.getBoundingClientRect().right)"
    assert max(page.execute_script(right)) <= 1047
    printed = page.execute_cdp_cmd("Page.printToPDF", {"landscape": True})
    assert len(printed["data"]) > 10_000


def test_names_are_text_and_a_failed_fit_says_so_first(driver, hard_file):
    page = opened(driver, hard_file)
    assert page.get_log("browser") == []
    assert page.execute_script("return document.querySelectorAll('script').length") == 1
    assert set(HOSTILE) <= {*values(page, "by-factor", 0), *values(page, "by-factor-others", 0)}
    banner = page.find_element("css selector", "[role=alert]")
    assert "FAILED its checks" in banner.text
    assert banner.rect["y"] < page.find_element("id", "answer").rect["y"]
    assert banner.rect["y"] < 900  # within the first window


def test_what_has_changed_has_its_tables_and_a_path(driver, moving_file):
    page = opened(driver, moving_file)
    assert page.get_log("browser") == []
    link = page.find_element("css selector", "nav a[href='#changes']")
    assert link.get_attribute("textContent") == "What moves"
    assert len(values(page, "changes-volatility", 1)) == 3
    assert page.find_element("css selector", "#changes svg.plot").size["height"] > 100


def widened(page, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def unfold(page):
    """Open what is folded, and show every choice."""
    page.execute_script(
        "for (const e of document.querySelectorAll('details')) e.open = true;"
        "for (const e of document.querySelectorAll('.option')) e.hidden = false;"
    )


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_overflows_a_narrow_screen(any_page, width):
    widened(any_page, width)
    unfold(any_page)
    assert any_page.execute_script("return document.documentElement.scrollWidth") <= width
    wide = """
    const inside = (e) => e.closest(".scroll, pre, svg");
    return [...document.querySelectorAll("main *, header *, nav *")].filter((e) => !inside(e))
      .filter((e) => e.getBoundingClientRect().right > arguments[0] + 1).map((e) => e.outerHTML.slice(0, 80));
    """
    assert any_page.execute_script(wide, width) == []


def sideways(page, width):
    """Return what scrolls sideways at a width, when all is unfolded."""
    widened(page, width)
    unfold(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    wide = """
    return [...document.querySelectorAll(".scroll, pre, .chart")].filter((e) => e.scrollWidth > e.clientWidth + 1)
      .map((e) => [(e.querySelector("table") ?? e).id || e.ariaLabel, e.scrollWidth, e.clientWidth]);
    """
    return page.execute_script(wide)


@pytest.mark.parametrize("width", [1100, 1300])
def test_nothing_scrolls_sideways(any_page, width):
    assert sideways(any_page, width) == []


PARTS = ("h1", ".facts", ".measures", ".said", ".opening figure", ".doubts")


def bottoms(page):
    """Return where the parts of what is read first end, on a screen of 1,300 pixels."""
    widened(page, 1300)
    script = "return arguments[0].map((e) => document.querySelector(e)?.getBoundingClientRect().bottom ?? null)"
    return dict(zip(PARTS, page.execute_script(script, PARTS), strict=True))


def complete(page):
    """Whether what is read first ends within the first screen, with every part of it."""
    return all(0 < bottom <= 900 for bottom in bottoms(page).values())


@pytest.mark.parametrize("kind", ["file", "hard_file", "moving_file"])
def test_the_first_screen_is_complete(driver, request, kind):
    page = opened(driver, request.getfixturevalue(kind))
    assert complete(page)
    assert ("Since the earlier fit" in page.find_element("css selector", ".said").text) == (kind == "hard_file")


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("assets", [1, 13, 37, 500])
def test_reports_of_any_size(driver, sized, assets, held):
    page = opened(driver, sized(assets, held))
    assert page.get_log("browser") == []
    assert complete(page)
    assert "Since the earlier fit" in page.find_element("css selector", ".said").text
    assert bool(page.find_elements("id", "positions")) == held
    for width in (1100, 1300):
        assert sideways(page, width) == []


def test_rows_of_a_long_table_come_in_blocks(driver, sized):
    page = opened(driver, sized(500, False))
    blocks = "return [...document.getElementById('by-factor').tBodies].map((body) => [body.rows.length, body.hidden])"
    assert page.execute_script(blocks) == [[100, False], *[[100, True]] * 4]
    box = page.find_element("css selector", "input[data-table='by-factor']")
    box.find_element("xpath", "ancestor::details/summary").click()
    box.send_keys("a499")
    assert [name for name in values(page, "by-factor", 0) if name] == ["a499"]
    box.clear()
    box.send_keys(" ")
    page.find_element("css selector", "#by-factor thead th:nth-child(2) button").click()
    order = """
    const rows = [...document.querySelectorAll("#by-factor tbody tr")];
    return rows.map((row) => parseFloat(row.cells[1].dataset.v));
    """
    found = page.execute_script(order)
    assert len(found) == 500
    assert found == sorted(found, reverse=True)


def test_numbers_come_first_on_a_telephone(page):
    widened(page, 360)
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    tops = [page.execute_script(top, where) for where in (".measures", ".said", ".opening figure", ".doubts")]
    assert tops == sorted(tops)
    last = "return document.querySelector('.measures').getBoundingClientRect().bottom"
    assert page.execute_script(last) < 740


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious(any_page, theme):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed, and could not be")
    any_page.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    any_page.execute_script(AXE.read_text(encoding="utf-8"))
    any_page.set_script_timeout(120)
    found = any_page.execute_async_script(
        "const done = arguments[0]; axe.run().then(done, (e) => done({error: String(e)}))"
    )
    assert "error" not in found
    assert len(found["passes"]) > 20
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:120], v["help"]) for v in serious] == []
