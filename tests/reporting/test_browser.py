"""The report in a real browser: from disk, alone, by mouse and by keyboard, on a telephone and on paper."""

import json

import pytest

import bayesfactor as bf
from tests.support.browser import chromium
from tests.support.paths import ROOT
from tests.support.reader import HOSTILE, named

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
def hard_file(short_fit, tmp_path_factory):
    """A report of a fit that failed, whose names hold whatever a name may hold."""
    path = tmp_path_factory.mktemp("browser") / "hard.html"
    return bf.write_report(named(short_fit, HOSTILE), path, title=HOSTILE[3], portfolio={HOSTILE[3]: 1.0}).as_uri()


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


@pytest.fixture
def page(driver, file):
    return opened(driver, file)


@pytest.fixture(params=["file", "hard_file", "moving_file"])
def any_page(request, driver):
    return opened(driver, request.getfixturevalue(request.param))


def values(page, table, column):
    """Return what a column of the rows that are shown is sorted by."""
    script = """
    const rows = [...document.getElementById(arguments[0]).tBodies[0].rows].filter((row) => !row.hidden);
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
    box = page.find_element("css selector", "input[data-table='by-factor']")
    box.send_keys("A03")
    assert values(page, "by-factor", 0) == ["a03"]
    assert page.find_element("id", "by-factor-count").text == "1 of 10 rows"
    box.clear()
    box.send_keys(" ")
    assert len(values(page, "by-factor", 0)) == 10


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
    for _ in range(40):
        page.switch_to.active_element.send_keys(Keys.TAB)
        tag = page.execute_script("return document.activeElement.tagName")
        outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        seen.append(tag)
    assert {"BUTTON", "A", "INPUT", "DIV"} <= set(seen)
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
    right = "return [...document.querySelectorAll('table, .figure svg')].map((t) => t.getBoundingClientRect().right)"
    assert max(page.execute_script(right)) <= 1047
    printed = page.execute_cdp_cmd("Page.printToPDF", {"landscape": True})
    assert len(printed["data"]) > 10_000


def test_names_are_text_and_a_failed_fit_says_so_first(driver, hard_file):
    page = opened(driver, hard_file)
    assert page.get_log("browser") == []
    assert page.execute_script("return document.querySelectorAll('script').length") == 1
    assert set(HOSTILE) <= set(values(page, "by-factor", 0))
    banner = page.find_element("css selector", "[role=alert]")
    assert "FAILED its checks" in banner.text
    assert banner.rect["y"] < page.find_element("id", "answer").rect["y"]
    assert banner.rect["y"] < 900  # within the first window


def test_what_has_changed_has_its_tables_and_a_path(driver, moving_file):
    page = opened(driver, moving_file)
    assert page.get_log("browser") == []
    assert page.find_element("css selector", "nav a[href='#changes']").text == "What has changed"
    assert len(values(page, "changes-volatility", 1)) == 3
    assert page.find_element("css selector", "#changes svg").size["height"] > 100


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_overflows_a_narrow_screen(any_page, width):
    metrics = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": False}
    any_page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    assert any_page.execute_script("return document.documentElement.scrollWidth") <= width
    wide = """
    const inside = (e) => e.closest(".scroll, pre, svg");
    return [...document.querySelectorAll("main *, header *")].filter((e) => !inside(e))
      .filter((e) => e.getBoundingClientRect().right > arguments[0] + 1).map((e) => e.outerHTML.slice(0, 80));
    """
    assert any_page.execute_script(wide, width) == []


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
