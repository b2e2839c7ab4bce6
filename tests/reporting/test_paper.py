"""What a PDF and a page are set from: figures at their size beside captions, and text that breaks where it may."""

import re
from functools import partial

import pytest

from bayesfactor.plots.matplotlib_renderer import render
from bayesfactor.reporting.content.parts import Cell, Grid, Head, Picture, TablePart
from bayesfactor.reporting.formats.html_tables import PROSE, table
from bayesfactor.reporting.formats.pdf import ACROSS, CM, DOWN, HALF, SCALES, Sheets
from tests.support.figures import figure


@pytest.mark.parametrize("name", ["causes", "forecast", "loadings", "pricing", "ranks"])
def test_a_figure_on_paper_is_as_large_as_it_was_drawn_or_as_has_room(tmp_path, name):
    (said,) = Sheets(tmp_path).part(Picture(partial(figure, name), "what is seen", "A caption."))
    (width,) = map(float, re.findall(r"width: ([\d.]+)cm", said))
    across, down = (CM * size for size in render(figure(name)).get_size_inches())
    scale = width / across
    assert (
        SCALES[0] - 1e-3 <= scale <= SCALES[1] + 1e-3 or width == pytest.approx(ACROSS) or scale * down <= DOWN + 0.01
    )
    assert scale * down <= max(HALF, SCALES[0] * down) + 0.01
    assert said.startswith("#block(breakable: false")  # with its caption on one sheet
    assert '"A caption."' in said
    assert 'alt: "what is seen"' in said
    assert list(tmp_path.glob("*.svg"))


def test_a_figure_is_drawn_once(tmp_path):
    drawn = []
    picture = Picture(lambda: drawn.append(1) or figure("premium"), "seen", "")
    sheets = Sheets(tmp_path)
    assert sheets.part(picture) == sheets.part(picture)
    assert len(drawn) == 1


def test_text_in_a_table_breaks_where_it_may():
    sentence = "a sentence that is long, on realised_volatility"
    assert len(sentence) > PROSE
    rows = ((Cell("implied_volatility_index"), Cell("of_one_word_that_is_long"), Cell(sentence), Cell("5 %", 0.05)),)
    heads = (Head("factor"), Head("series"), Head("because"), Head("share", True))
    html = table(TablePart(Grid(heads, rows), "t", "From 2017-10-13 to 2021-04-30, 90 %.", "rows"))
    assert "implied_<wbr>volatility_<wbr>index</th>" in html
    assert "<td>of_<wbr>one_<wbr>word_<wbr>that_<wbr>is_<wbr>long</td>" in html
    assert '<td class="prose">a sentence that is long, on realised_<wbr>volatility</td>' in html
    assert '<span class="short">2017-10-13</span> to <span class="short">2021-04-30</span>' in html
    assert '<td data-v="0.05">5\N{NO-BREAK SPACE}%</td>' in html
