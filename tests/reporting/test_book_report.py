"""What the report says of a book with options: numbers of `Book.table`, `stress` and `forecast`, in money."""

from dataclasses import replace

import pytest

import bayesfactor as bf
from bayesfactor.analysis.portfolio.options.book_files import book_text
from bayesfactor.reporting.content.book import find_book, greeks_grid
from bayesfactor.reporting.content.book_again import book_call, book_file, book_options
from bayesfactor.reporting.content.parts import Text
from tests.support.books import AT, book_fit, option
from tests.support.reader import Reader

CALL, PUT = option(strike=105, days=81), option("a01", "put", 40.0, 20, 0.9, -3.0, 45.0)
CRASH = bf.Scenario({"f0": -0.2, "vol": 0.15}, "crash", periods=7)
BOOK = bf.Book([CALL, PUT, bf.Holding("a02", 10.0)], at=AT, volatility="vol")


@pytest.fixture(scope="module")
def fit():
    return book_fit(draws=60)


@pytest.fixture(scope="module")
def read(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return Reader(bf.write_report(fit, path, portfolio=BOOK, scenarios=[CRASH]).read_text(encoding="utf-8"))


def test_greeks_come_first(read):
    _, rows = read.rows("book-greeks")
    table = BOOK.table().set_index("position")
    assert list(rows) == table.index.tolist()
    for name, cells in rows.items():
        assert float(cells[1]["value"]) == pytest.approx(table.loc[name, "value"])
    ids = [id for id in read.tables if id.startswith("book")]
    assert ids == ["book-greeks", "book-0", "book-ahead", "book-premium"]


def test_gains_are_those_of_stress_and_forecast_in_money(fit, read):
    stressed, ahead = bf.stress(fit, CRASH, portfolio=BOOK).book, bf.forecast(fit, 30, BOOK).book
    for id, found in (("book-0", stressed), ("book-ahead", ahead)):
        _, rows = read.rows(id)
        wanted = found.table().set_index("position")
        assert list(rows) == wanted.index.tolist()
        for name, cells in rows.items():
            assert [float(cell["value"]) for cell in cells[:3]] == wanted.loc[
                name, ["value", "expected", "mean"]
            ].tolist()
    text = read.text("book")
    assert "not in per cent, as something in it is sold" in text
    assert "mostly doubt" in text
    assert "an assumption: implied volatilities" in text


def test_the_rest_is_about_the_assets(fit, read, tmp_path):
    assert "portfolio" not in read.sections
    command = next(code for code in read.codes if code.startswith("bayesfactor report"))
    assert "--portfolio book.csv --volatility vol" in command
    assert fit.sampler is None
    plain = Reader(bf.write_report(fit, tmp_path / "p.html").read_text(encoding="utf-8"))
    assert "book" not in plain.sections


def test_the_file_of_the_book_reads_as_the_book(read, fit, tmp_path):
    (tmp_path / "book.csv").write_text(next(code for code in read.codes if code.startswith("kind,")))
    assert bf.read_book(tmp_path / "book.csv", volatility="vol") == BOOK
    indexed = replace(CALL, index=99.0)
    (tmp_path / "other.csv").write_text(book_text(bf.Book([indexed, bf.Holding("a00", 2.0, 98.5)], at=AT)))
    assert bf.read_book(tmp_path / "other.csv").positions == (indexed, bf.Holding("a00", 2.0, 98.5))


def test_python_reads_the_book_as_it_moves(fit):
    moved = bf.Book([CALL], at=AT, volatility=bf.SquareRootShift("vol"), rate="rates", accounted="coin")
    found = find_book(fit, moved, (), 1, 0.9, "eti")
    shift = "bf.SquareRootShift(factor='vol', days=30.0, transform=None)"
    assert book_call(found).strip() == (
        f"portfolio=bf.read_book('book.csv', volatility={shift}, rate='rates', accounted='coin'),"
    )
    assert eval(shift, {"bf": bf}) == moved.volatility
    assert book_options(found)[2:] == ["--volatility", "vol", "--rate", "rates", "--accounted", "coin"]
    heads = [head for _, head, _ in greeks_grid(moved)]
    assert heads[-1] == "elasticity in coin"
    assert any(shift in part.text for part in book_file(found) if isinstance(part, Text))


def test_a_book_of_holdings_is_its_mapping(fit, tmp_path):
    held = bf.Book([bf.Holding("a00", 0.6), bf.Holding("a01", 0.4)], at=AT)
    texts = [
        bf.write_report(fit, tmp_path / f"{i}.md", portfolio=it).read_text(encoding="utf-8")
        for i, it in enumerate((held, {"a00": 0.6, "a01": 0.4}))
    ]
    assert texts[0] == texts[1]
