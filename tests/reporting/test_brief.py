"""Markdown and PDF are as long as what is read: words and pages, whatever is asked, of however many assets."""

import re

import pytest

import bayesfactor as bf
from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.reporting.content.brief import LEFT_OUT, brief
from bayesfactor.reporting.content.contents import Asked
from bayesfactor.reporting.content.gathering import gather
from bayesfactor.reporting.content.parts import Fold, Heading, Picture, Switch, TablePart
from bayesfactor.reporting.content.sections import sections
from bayesfactor.reporting.formats import pdf
from tests.analysis.test_revisions import drawn, first
from tests.support.panels import make_panel

WORDS, PAGES = 4000, 10
MIX = {f"a{i:02d}": 1 / 30 for i in range(30)}
FALLS = [bf.Scenario({"f0": -0.1 * i}, name=f"fall {i}") for i in range(1, 4)]


def words(text):
    return len(re.findall(r"[\w%]*\w[\w%]*", text))


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=36, traded=3, other=4, periods=120, seed=2, groups=4)


@pytest.fixture(scope="module")
def fit(panel):
    return drawn(panel, draws=30)


@pytest.fixture(scope="module")
def asked(panel):
    old, other = drawn(first(panel, 100), draws=30, seed=5), drawn(panel, draws=30, seed=7)
    return {"portfolio": MIX, "previous": old, "others": {"other": other}, "scenarios": FALLS, "forecast": 12}


def pages(path):
    """Return the number of pages by the tree of pages, whose root counts all."""
    return max(map(int, re.findall(rb"/Count (\d+)", path.read_bytes())))


def test_markdown_is_as_long_as_what_is_read(fit, tmp_path, asked):
    plain, book, full = (
        bf.write_report(fit, tmp_path / "r.md", **given).read_text(encoding="utf-8")
        for given in ({}, {"portfolio": MIX}, asked)
    )
    assert words(plain) < words(book) < WORDS
    assert words(full) < 2 * WORDS
    for title in ("The answer", "The book", "Since last time", "What pays", "What could happen", "Premia", "Checks"):
        assert f"\n## {title}\n" in full
    assert "### Groups" in full
    rest = full.split("## The rest")[1]
    for title in ("What was earned", "Loadings", "Data", "Model", "Reproducing"):
        assert f"\n## {title}\n" not in full
        assert title in rest
    assert "report.xlsx" in rest


def test_more_assets_are_not_more_words(tmp_path):
    fit = drawn(make_panel(assets=100, traded=3, other=4, periods=60, groups=4), draws=10)
    text = bf.write_report(fit, tmp_path / "r.md", portfolio=dict.fromkeys(fit.panel.assets, 0.01))
    assert words(text.read_text(encoding="utf-8")) < WORDS


def test_paper_has_ten_pages_at_most(fit, tmp_path, asked, monkeypatch):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    drawn_figures = []
    monkeypatch.setattr(pdf, "render", lambda chart: drawn_figures.append(chart) or render(chart))
    assert pages(bf.write_report(fit, tmp_path / "r.pdf", **asked)) <= PAGES
    assert len(set(map(id, drawn_figures))) == len(drawn_figures)  # shortened without drawing anew


def test_sections_are_left_out_where_there_is_no_room(fit, tmp_path, monkeypatch):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    monkeypatch.setattr(pdf, "PAGES", 3)
    kept = []
    monkeypatch.setattr(pdf, "brief", lambda *given: kept.append(brief(*given)) or kept[-1])
    bf.write_report(fit, tmp_path / "r.pdf")
    assert {section.id for section in kept[-1]} < {section.id for section in kept[0]}
    assert "Checks" in kept[-1][-1].parts[0].text


def test_what_is_kept(fit):
    whole = sections(gather(fit, MIX, "title", 0.9, "eti", Asked((), None, {}, None)))
    short = brief(whole)
    assert [section.id for section in short[:-1]] == [one.id for one in whole if one.id not in LEFT_OUT]
    tables = {part.id: part for section in whole for part in section.parts if isinstance(part, TablePart)}
    for section in short:
        assert not any(isinstance(part, Fold | Switch) for part in section.parts)
        for part, following in zip(section.parts, [*section.parts[1:], None], strict=True):
            assert not (isinstance(part, Heading) and (following is None or isinstance(following, Heading)))
            if isinstance(part, TablePart) and part.id != "checks":
                assert len(part.grid.rows) <= 12
                texts = [[cell.text for cell in row] for row in part.grid.rows]
                own = tables[part.id]
                assert texts == [[cell.text for cell in row] for row in own.grid.rows[:12]]
                assert ("The first 12 of " in part.caption) == (len(own.grid.rows) > 12)
    (checks,) = [part for section in short for part in section.parts if getattr(part, "id", "") == "checks"]
    assert len(checks.grid.rows) == len(bf.check(fit, MIX).checks)
    assert any(isinstance(part, Picture) for section in short for part in section.parts)
