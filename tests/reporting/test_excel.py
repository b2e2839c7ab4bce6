"""The report as an Excel file, read back with openpyxl: every number is that of the result it comes from."""

import datetime as dt
import sys

import numpy as np
import openpyxl
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.posterior.summaries import summarise
from tests.analysis.test_revisions import MIX, OLD, PANEL, drawn
from tests.reporting.test_book_report import BOOK, CRASH
from tests.support.books import book_fit
from tests.support.panels import make_panel
from tests.support.reader import HOSTILE, named

pytest.importorskip("xlsxwriter", reason="Excel files need the extra 'excel'")

FALL = bf.Scenario({"f0": -0.2}, name="fall")
FORMULAS = ("=1+1", "+2", "-3", "@SUM(A1)", "https://example.com")


@pytest.fixture(scope="module")
def fits():
    return drawn(), drawn(OLD, seed=5), drawn(seed=7)


@pytest.fixture(scope="module")
def book(fits, tmp_path_factory):
    now, then, other = fits
    path = tmp_path_factory.mktemp("report") / "book.xlsx"
    asked = {"previous": then, "others": {"other": other}, "scenarios": [FALL], "forecast": 12}
    return openpyxl.load_workbook(bf.write_report(now, path, portfolio=MIX, **asked))


def wanted(fits):
    """Return the tables of the results themselves, by the sheet that holds them."""
    now, then, _ = fits
    premium, variance = (bf.attribute(now, kind, portfolio=MIX) for kind in ("premium", "variance"))
    checks, stressed = bf.check(now, MIX), bf.stress(now, FALL, portfolio=MIX)
    risk = bf.position_risk(now, MIX).table()
    since = bf.revisions(now, then, portfolio=MIX).table()
    return {
        "Premia by factor": premium.table(),
        "Premia by family": bf.attribute(now, by="family", portfolio=MIX).table(),
        "Premia by family, of groups": bf.attribute(now, by="family", per="group").table(),
        "Variance": variance.share_table(),
        "Residual risk": variance.residual_table(),
        "Positions": risk[risk["weight"] != 0],
        "Outside the book": risk[(risk["weight"] == 0) & (risk["measure"] == "marginal")].drop(columns="weight"),
        "Earned, sample, summed": bf.attribute(now, "return", by="family", portfolio=MIX).table(),
        "Loadings": summarise(now.posterior["loading"], 0.9, "eti"),
        "Factors": bf.identify(now).table().reset_index(),
        "Predicted and earned": bf.price(now).table().reset_index(),
        "Checks": checks.table.reset_index(),
        "Means": checks.assets.reset_index(),
        "Residual pairs": checks.pairs,
        "Scenarios": stressed.outcome_table(),
        "Scenarios by source": stressed.table(),
        "Scenarios, factors": stressed.factors_table(),
        "Forecast": bf.forecast(now, 12, MIX).table(),
        "Since last time": since[since["quantity"] != "loading"],
        "Since, loadings": since[since["quantity"] == "loading"],
    }


def test_every_number_is_that_of_its_result(book, fits):
    for name, table in wanted(fits).items():
        heads, *rows = book[name].iter_rows()
        assert len(rows) == len(table), name
        places = [column for column, kind in enumerate(table.dtypes) if pd.api.types.is_numeric_dtype(kind)]
        for cells, row in zip(rows, table.to_dict("records"), strict=True):
            for place in places:
                value = row[table.columns[place]]
                if isinstance(value, (bool, np.bool_)):
                    assert cells[place].value == ("yes" if value else "no")
                elif pd.isna(value):
                    assert cells[place].value is None
                else:
                    assert cells[place].data_type == "n", (name, heads[place].value)
                    assert cells[place].value == pytest.approx(float(value), rel=1e-14, abs=0)
            texts = {place: value for place, value in enumerate(row.values()) if isinstance(value, str)}
            assert {place: cells[place].value or "" for place in texts} == texts


def test_heads_have_units_and_stay_in_sight(book):
    for sheet in book.worksheets[1:-1]:
        heads = [cell.value for cell in sheet[1]]
        assert len(set(heads)) == len(heads)
        assert sheet.freeze_panes == "B2"
        for cell, head in zip(sheet[2], heads, strict=True):
            if cell.data_type == "n" and cell.value is not None:
                assert ("%" in cell.number_format) == ("(%" in head), (sheet.title, head)
        assert all(sheet.column_dimensions[cell.column_letter].width >= 10 for cell in sheet[1])
    assert book["Premia by factor"]["C1"].value == "mean (% a year)"
    assert book["Loadings"]["C1"].value == "mean (return per unit of the factor)"


def test_dates_are_dates(book):
    (first,) = [cell.column for cell in book["Assets"][1] if cell.value == "first"]
    cells = [row[first - 1] for row in book["Assets"].iter_rows(min_row=2)]
    assert {cell.value for cell in cells} == {dt.datetime(2015, 1, 1)}
    assert all(cell.is_date for cell in cells)


def test_the_first_sheet_has_the_answer_and_leads_to_the_others(book, fits, tmp_path):
    page = book["Contents"]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]
    assert texts[0] == "What pays the portfolio"
    assert any(text.startswith("The expected excess return of the portfolio is ") for text in texts)
    assert any(text.startswith("Since the earlier fit") for text in texts)
    assert any(text.startswith("This fit FAILED its checks") for text in texts)
    assert "What to doubt" in texts
    links = {cell.value: cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink}
    assert list(links) == book.sheetnames[1:-1]
    assert all(location == f"'{name}'!A1" for name, location in links.items())
    total = bf.attribute(fits[0], portfolio=MIX).table().query("asset == 'portfolio' and source == 'total'")["mean"]
    (row,) = [row for row in page.iter_rows() if row[0].value == "Expected excess return a year"]
    assert row[2].value == total.item()


def test_the_model_is_there(book, fits):
    assert [cell.value or "" for cell in book["Model"]["A"]] == fits[0].model_text.splitlines()


def test_the_same_report_is_the_same_file(fits, tmp_path):
    files = [bf.write_report(fits[0], tmp_path / f"{i}.xlsx").read_bytes() for i in range(2)]
    assert files[0] == files[1]


def test_names_are_never_formulas_or_links(tmp_path):
    for names in (FORMULAS, HOSTILE):
        fit = named(drawn(draws=20), names)
        path = bf.write_report(fit, tmp_path / "r.xlsx", title="=A1")
        book = openpyxl.load_workbook(path)
        column = [row[0] for row in book["Means"].iter_rows(min_row=2)]
        assert [cell.value for cell in column] == [*names, "a05"]
        assert all(cell.data_type == "s" and cell.hyperlink is None for cell in column)
        assert [cell.quotePrefix for cell in column] == [
            str(cell.value).startswith(("=", "+", "-", "@")) for cell in column
        ]
        assert book["Contents"]["A1"].value == "=A1"
        assert book["Contents"]["A1"].data_type == "s"


def test_what_is_not_asked_for_has_no_sheet(fits, tmp_path):
    book = openpyxl.load_workbook(bf.write_report(fits[0], tmp_path / "r.xlsx"))
    absent = {"Positions", "Portfolio loadings", "Forecast", "Scenarios", "Models", "Since last time", "Greeks"}
    assert not absent & set(book.sheetnames)


def test_a_book_with_options_has_its_greeks_and_gains(tmp_path):
    fit = book_fit(draws=20)
    book = openpyxl.load_workbook(bf.write_report(fit, tmp_path / "r.xlsx", portfolio=BOOK, scenarios=[CRASH]))
    sheet, table = book["Greeks"], BOOK.table()
    heads = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "B2"
    assert heads == [
        "position", "quantity (units)", "value (money)", "implied volatility (% a year)",
        "delta (units of the underlying)", "net delta (units of the underlying)",
        "exposure (money per 100 % of the underlying)", "gamma (delta per unit of money)",
        "vega (money per 1.00 of volatility)", "theta (money a year)", "rho (money per 1.00 of the rate)",
        "elasticity (return over that of the underlying)",
        "elasticity coin (return in coin over that of the underlying)", "reason",
    ]  # fmt: skip
    assert {
        name: table.attrs["units"][name].split()[0] for name in ("vega", "theta", "rho", "exposure")
    } == dict.fromkeys(("vega", "theta", "rho", "exposure"), "money")
    read = pd.DataFrame([[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)], columns=table.columns)
    for name in table.columns:
        if pd.api.types.is_numeric_dtype(table[name]):
            np.testing.assert_allclose(read[name].astype(float), table[name], rtol=1e-14)
        else:
            assert read[name].tolist() == table[name].tolist()
    small = sheet.cell(2, 1 + list(table.columns).index("gamma"))
    assert "E" in small.number_format  # three places would show a 0
    gains = list(book["Gains"].iter_rows(min_row=2, values_only=True))
    assert len(gains) == 2 * len(bf.stress(fit, CRASH, portfolio=BOOK).book.table())


def test_moving_models_have_their_sheets(tmp_path):
    fit = drawn(PANEL, model=None, moving=("volatility",))
    book = openpyxl.load_workbook(bf.write_report(fit, tmp_path / "r.xlsx"))
    assert "Volatility now" in book.sheetnames
    assert "Model" not in book.sheetnames


def test_without_the_library_there_is_a_remedy(fits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(bf.SpecError, match="an Excel file needs xlsxwriter") as error:
        bf.write_report(fits[0], tmp_path / "r.xlsx")
    assert error.value.remedy == 'pip install "bayesfactor[excel]"'


def test_years_have_a_sheet(tmp_path):
    fit = drawn(make_panel(assets=3, traded=1, other=0, periods=400), draws=20)
    book = openpyxl.load_workbook(bf.write_report(fit, tmp_path / "r.xlsx", portfolio={"a00": 1.0}))
    rows = list(book["Earned, years, summed"].iter_rows(min_row=2, values_only=True))
    own = bf.attribute(fit, "return", by="family", portfolio={"a00": 1.0}, window=("2015", "2015")).table()
    wanted = own[own["asset"] == "portfolio"].set_index("source")["mean"].to_dict()
    assert {row[1]: row[2] for row in rows if row[0] == "2015"} == pytest.approx(wanted)
