"""Which factors are in, in the report: there where loadings may be out, with the numbers of the table."""

import openpyxl
import pytest

import bayesfactor as bf
from bayesfactor.base.wording import chance
from bayesfactor.spec.inclusion import BetaInclusion
from tests.support.panels import make_panel
from tests.support.reader import Reader
from tests.support.sparse import sparse_draws, sparse_fit

TITLE = "Which factors are in"


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=6, traded=2, other=1, periods=60, seed=4)
    return sparse_fit(panel, f1=BetaInclusion(1.0, 3.0), f2=BetaInclusion(2.0, 2.0))


def read(fit, folder):
    return Reader(bf.write_report(fit, folder / "r.html").read_text(encoding="utf-8"))


def test_probabilities_stand_with_those_before_the_data(fit, tmp_path):
    reader, table = read(fit, tmp_path), bf.inclusion(fit)
    heads, rows = reader.rows("inclusion-table")
    assert heads == ["asset", "f1", "f2"]
    for row in table.to_dict("records"):
        cell = rows[row["asset"]][heads.index(row["factor"]) - 1]
        assert float(cell["value"]) == row["probability"]
        assert cell["text"].strip() == chance(row["probability"])
        assert cell["below"] == f"before: {chance(row['prior'])}"
    heads, rows = reader.rows("inclusion-rates")
    for row in table.drop_duplicates("factor").to_dict("records"):
        before, after = rows[row["factor"]]
        assert before["text"].strip() == chance(row["prior"])
        assert after["text"].strip() == chance(row["rate"])
        assert after["below"] == f"{chance(row['rate_lower'])} to {chance(row['rate_upper'])}"


def test_the_section_on_loadings_says_how_to_read_them(fit, tmp_path):
    text = read(fit, tmp_path).text("loadings")
    assert TITLE in text
    assert "With short histories most probabilities stay near" in text
    assert "never read it alone" in text


def test_what_is_not_known_before_the_data_is_not_said(fit, tmp_path):
    draws = sparse_draws(fit.panel, ["f1"], draws=100).drop_vars("inclusion_rate")
    reader = read(bf.from_draws(fit.panel, draws), tmp_path)
    _, rows = reader.rows("inclusion-table")
    assert all(cell["below"] == "" for row in rows.values() for cell in row)
    _, rows = reader.rows("inclusion-rates")
    assert [cell["text"].strip() for cell in rows["f1"]] == ["not known", "not known"]


def test_an_excel_file_has_it(fit, tmp_path):
    sheet = openpyxl.load_workbook(bf.write_report(fit, tmp_path / "r.xlsx"))["Inclusion"]
    heads, *rows = sheet.iter_rows(values_only=True)
    found = bf.inclusion(fit)
    assert [row[heads.index("probability (%)")] for row in rows] == pytest.approx(found["probability"].tolist())


def test_nothing_is_said_where_every_loading_is_in(hier_fit, tmp_path):
    text = bf.write_report(hier_fit, tmp_path / "r.md").read_text(encoding="utf-8")
    assert TITLE not in text
