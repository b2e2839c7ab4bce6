"""A name, a logo and a colour on a report; images that are none and colours that cannot be read are refused."""

import base64
import re
import struct
import zlib

import pytest

import bayesfactor as bf
from bayesfactor.reporting.formats import html
from bayesfactor.reporting.formats.theme import DARK, LIGHT, contrast
from tests.analysis.test_revisions import MIX, drawn
from tests.support.paths import ROOT
from tests.support.reader import Reader

SVG = b'<?xml version="1.0"?>\n<!-- a logo -->'
SVG += b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>x()</script></svg>'


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(b"\x00\x80")),
        chunk(b"IEND", b""),
    )
)


@pytest.fixture(scope="module")
def fit():
    return drawn()


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # just fails, as WebAIM's checker has it
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # just passes


def test_pages_are_those_of_the_style_sheet():
    css = (ROOT / "bayesfactor/reporting/templates/report.css").read_text(encoding="utf-8")
    for number, pages in enumerate((LIGHT, DARK)):
        found = [re.findall(rf"--{name}: (#\w{{6}})", css)[number] for name in ("paper", "panel")]
        assert tuple(found) == pages
    assert re.search(r"--accent: (#\w{6})", css)[1] == bf.Theme().accent


@pytest.mark.parametrize("colour", ["#7a1f5c", "#000000", "#00557f", "#8a4b00"])
def test_a_dark_page_has_a_lighter_accent(colour):
    theme = bf.Theme(accent=colour)
    assert min(contrast(theme.on_dark, page) for page in DARK) >= 4.5
    assert bf.Theme(accent=colour, dark_accent="#ffd0d0").on_dark == "#ffd0d0"


def test_the_page_has_name_logo_and_colour(fit, tmp_path, words_only):
    theme = bf.Theme('<b>"Desk" & Co</b>', logo=SVG, accent="#7a1f5c")
    text = bf.write_report(fit, tmp_path / "r.html", portfolio=MIX, theme=theme).read_text(encoding="utf-8")
    (logo,) = re.findall(r'<img class="logo" src="([^"]*)"', text)
    assert logo == "data:image/svg+xml;base64," + base64.b64encode(SVG).decode()
    assert "<script>x()" not in text
    assert "<b>" not in text.split("<main>")[0]
    assert "--accent: #7a1f5c;" in text
    assert Reader(text).links.count(logo) == 1
    plain = bf.write_report(fit, tmp_path / "p.html", portfolio=MIX).read_text(encoding="utf-8")
    assert "<img" not in plain
    assert plain == bf.write_report(fit, tmp_path / "q.html", portfolio=MIX, theme=bf.Theme()).read_text(
        encoding="utf-8"
    )


def test_a_name_alone_stands_in_every_format(fit, tmp_path, words_only):
    theme = bf.Theme("The desk")
    text = bf.write_report(fit, tmp_path / "r.html", theme=theme).read_text(encoding="utf-8")
    assert '<p class="whose">The desk</p>' in text
    assert "The desk. Made by bayesfactor." in text
    lines = bf.write_report(fit, tmp_path / "r.md", theme=theme).read_text(encoding="utf-8").splitlines()
    assert lines[2] == "The desk"


@pytest.mark.parametrize("logo", [PNG, SVG], ids=["png", "svg"])
def test_paper_has_the_logo(fit, tmp_path, logo):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    path = bf.write_report(fit, tmp_path / "r.pdf", theme=bf.Theme("Desk", logo=logo, accent="#7a1f5c"))
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("logo", [PNG[:20], b"<svg broken"], ids=["png", "svg"])
def test_paper_refuses_a_broken_logo(fit, tmp_path, logo):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    with pytest.raises(bf.SpecError, match=r"Theme\.logo: it cannot be drawn"):
        bf.write_report(fit, tmp_path / "r.pdf", theme=bf.Theme(logo=logo))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accent": "#ffcc00"}, "text in #ffcc00 has a contrast of 1.* to the white page"),
        ({"dark_accent": "#101010"}, "to the dark page"),
        ({"accent": "blue"}, "Theme.accent is 'blue', which is no colour"),
        ({"accent": "#00f;}*{display:none"}, "which is no colour"),
        ({"logo": b"GIF89a"}, "it is no PNG, JPEG or SVG image"),
        ({"logo": b"<html><svg></svg></html>"}, "it is no PNG, JPEG or SVG image"),
        ({"logo": b"<svg>" + b" " * 300_000}, "it has more than 256 KB"),
        ({"logo": "nowhere.svg"}, "nowhere.svg cannot be read"),
        ({"logo": 3}, "Theme.logo is a int"),
        ({"name": 3}, "name is 3, and must be text"),
    ],
)
def test_what_is_no_theme_is_refused(given, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.Theme(**given)


def test_a_report_takes_nothing_else(fit, tmp_path):
    with pytest.raises(bf.SpecError, match="theme is a str"):
        bf.write_report(fit, tmp_path / "r.html", theme="dark")


def test_themes_are_read_from_files(run, fit, tmp_path, monkeypatch):
    (tmp_path / "logo.svg").write_bytes(SVG)
    file = tmp_path / "theme.toml"
    file.write_text('name = "Desk"\nlogo = "logo.svg"\naccent = "#7a1f5c"\n', encoding="utf-8")
    theme = bf.Theme("Desk", logo=SVG, accent="#7a1f5c")
    assert bf.read_theme(file) == theme
    monkeypatch.setattr(html, "svg", lambda chart: "")
    fit.save(tmp_path / "run.nc")
    run("report", tmp_path / "run.nc", "-o", tmp_path / "r.html", "--theme", file)
    assert theme.source in (tmp_path / "r.html").read_text(encoding="utf-8")
    file.write_text('colour = "#7a1f5c"\n', encoding="utf-8")
    with pytest.raises(bf.SpecError, match="unknown key 'colour'"):
        bf.read_theme(file)
    with pytest.raises(bf.SpecError, match="cannot be read as a theme"):
        bf.read_theme(tmp_path / "none.toml")
