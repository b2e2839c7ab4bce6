"""Tables as Markdown, LaTeX and HTML; names in them are text whatever they hold."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

HOSTILE = ("<script>alert(1)</script>", "A&B", "50% of $x_1$ | {y} ~^", "\N{ROCKET}", "w" * 200, "a\nb")


def a_table():
    table = pd.DataFrame(
        {
            "asset": HOSTILE,
            "mean": np.linspace(-1, 1, len(HOSTILE)) / 3,
            "traded": [True, False] * 3,
            "periods": range(len(HOSTILE)),
        }
    )
    table.attrs = {"ci_kind": "eti", "ci_prob": 0.9, "units": "decimal, per year", "notes": ("of a_b & <c>",)}
    return table


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_html_holds_names_as_text():
    reader = Reader()
    reader.feed(bf.to_html(a_table()))
    assert set(reader.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    for name in HOSTILE:
        assert name.replace("\n", " ") in reader.texts
    caption = next(text for text in reader.texts if "interval" in text)
    assert "90 % equal-tailed interval" in caption
    assert "of a_b & <c>" in caption


def test_markdown_has_as_many_cells_in_each_row_and_no_tag():
    lines = bf.to_markdown(a_table()).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + len(HOSTILE)
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}
    assert not any("<" in line for line in lines)
    assert "90 % equal-tailed interval" in lines[-1]


def test_latex_escapes_what_it_would_read():
    text = bf.to_latex(a_table(), label="tab:x")
    for escaped in ("A\\&B", "50\\% of \\$x\\_1\\$", "\\{y\\} \\textasciitilde", "\\label{tab:x}", "of a\\_b \\& "):
        assert escaped in text
    body = text[text.index("\\midrule") : text.index("\\bottomrule")]
    assert body.count("\\\\\n") == len(HOSTILE)
    assert "{[}x] 2016" in " ".join(
        bf.to_latex(pd.DataFrame({"name": ["[x]"], "year": [2016.0]})).replace("&", "").split()
    )


def test_numbers_have_three_significant_digits_and_flags_are_words():
    text = bf.to_markdown(a_table())
    assert "| -0.333 | yes | 0 |" in " ".join(text.split())
    assert "0.0667" in text


def test_a_named_index_is_a_column():
    table = a_table().set_index("asset")
    assert "asset" in bf.to_markdown(table).splitlines()[0]


def test_excel_is_pandas_own(tmp_path):
    a_table().to_excel(tmp_path / "t.xlsx", index=False)
    assert pd.read_excel(tmp_path / "t.xlsx")["asset"].tolist() == list(HOSTILE)


@pytest.mark.parametrize("verb", [bf.to_html, bf.to_latex, bf.to_markdown])
def test_what_is_no_table_is_refused(verb):
    with pytest.raises(bf.SpecError, match="expected a DataFrame"):
        verb([1, 2])
    with pytest.raises(bf.SpecError, match="digits"):
        verb(a_table(), digits=0)


@pytest.mark.parametrize("label", [5, "a b", "a%", "{a}", "\\a", ""])
def test_a_label_that_latex_cannot_refer_to_is_refused(label):
    with pytest.raises(bf.SpecError, match="label") as caught:
        bf.to_latex(a_table(), label=label)
    assert caught.value.found == label


def test_a_failed_fit_is_named_below_its_table():
    table = a_table()
    table.attrs["problems"] = ("3 divergences",)
    assert "NOT CONVERGED: 3 divergences" in bf.to_markdown(table)


def test_columns_of_one_name_are_all_there():
    table = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["a", "a", "a\n"])
    for text in (bf.to_markdown(table), bf.to_latex(table), bf.to_html(table)):
        assert all(f"{number}" in text for number in (1, 2, 3))
