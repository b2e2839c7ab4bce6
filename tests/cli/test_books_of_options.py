"""Books of options at the command line: what is printed is what the verbs say, in money where it is money."""

import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from tests.support.books import AT, book_fit, option

MOVED = ("--volatility", "vol", "--rate", "rates")


def line_of(one, at=AT):
    what = f"{one.kind},{one.underlying},{one.quantity},{one.strike},{one.expiry}"
    return f"{what},{one.price!r},{one.forward},{one.settled},{at}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("books")
    book_fit(draws=30).save(place / "run.nc")
    header = "kind,underlying,quantity,strike,expiry,price,forward,settled,at"
    call, put = option(strike=105, days=81), option("a01", "put", 40.0, 20, 0.9, 3.0, 45.0)
    (place / "held.csv").write_text("\n".join([header, line_of(call), line_of(put)]))
    sold = option(kind="put", quantity=-100.0)
    (place / "sold.csv").write_text("\n".join([header, line_of(call), line_of(sold), "holding,a00,2,,,100,,,"]))
    (place / "wrong.csv").write_text("\n".join([header, line_of(call).replace("105", "x")]))
    (place / "w.csv").write_text("asset,weight\na00,1\n")
    return place


def book_of(folder, name):
    return bf.read_book(folder / name, volatility="vol", rate="rates")


def row_of(out, name):
    """Return the first row of this name, as numbers."""
    cells = next(line.split()[1:] for line in out.splitlines() if line.startswith(f"{name} "))
    return [
        float(cell.strip("<>").replace(",", "")) for cell in cells if cell.strip("<>,.-").replace(",", "")[:1].isdigit()
    ]


@pytest.mark.parametrize("name", ["held.csv", "sold.csv"])
def test_a_stress_of_a_book(run, folder, name):
    options = ("--shock", "f0=-0.1", "--portfolio", folder / name, *MOVED, "--csv", folder / "s.csv")
    _, out, _ = run("stress", folder / "run.nc", *options)
    fit, held = bf.open_fit(folder / "run.nc"), book_of(folder, name)
    found = bf.stress(fit, bf.Scenario({"f0": -0.1}), portfolio=held)
    total = found.table().query("asset == 'portfolio' and source == 'total'").iloc[0]
    times = 1 if held.in_money else 100
    assert row_of(out, "portfolio")[0] == pytest.approx(times * total["mean"], rel=1e-3, abs=0.06)
    gains = found.book.table().set_index("position")
    for position in ("total", held.positions[0].name):
        assert row_of(out, position)[:2] == pytest.approx(gains.loc[position, ["value", "expected"]].tolist(), rel=1e-3)
    assert ("of the portfolio, the gain in money" in " ".join(out.split())) == held.in_money
    assert f"portfolio: {held.unit}" in pd.read_csv(folder / "s.csv")["units"][0]
    written = pd.read_csv(folder / "s_positions.csv")
    assert written["position"].tolist() == gains.index.tolist()
    assert written["expected"].tolist() == pytest.approx(gains["expected"].tolist())
    assert set(written["units"]) == {"money"}


def test_a_forecast_of_a_book_that_sells(run, folder):
    options = ("--periods", 3, "--portfolio", folder / "sold.csv", *MOVED, "--below", -50)
    _, out, _ = run("forecast", folder / "run.nc", *options)
    fit, held = bf.open_fit(folder / "run.nc"), book_of(folder, "sold.csv")
    found = bf.forecast(fit, 3, held)
    row = found.table().set_index("asset").loc["portfolio"]
    cells = row_of(out, "portfolio")
    assert cells[:3] == pytest.approx(row[["expected", "expected_lower", "expected_upper"]].tolist(), rel=1e-3)
    assert cells[8] == pytest.approx(found.prob_below(-50)["portfolio"], abs=0.011)
    assert "P(< -50)" in out
    assert len(row_of(out, "a00")) == len(cells) - 1  # no probability of -50, which is money
    assert "Gains of the positions in excess of cash, in money" in " ".join(out.split())


def test_an_attribution_of_a_book_that_sells(run, folder):
    _, out, _ = run("attribute", folder / "run.nc", "--portfolio", folder / "sold.csv", *MOVED)
    held = book_of(folder, "sold.csv")
    table = bf.attribute(bf.open_fit(folder / "run.nc"), portfolio=held).table(assets=["portfolio"])
    first = next(line for line in out.splitlines() if line.startswith("portfolio")).split()
    assert float(first[2].replace(",", "")) == pytest.approx(table["mean"].iloc[0], rel=1e-3)
    assert "Premium, % a year; of the portfolio, money a year" in " ".join(out.split())
    status, _, err = run("attribute", folder / "run.nc", "--kind", "return", "--portfolio", folder / "held.csv")
    assert status == 2
    assert "what a book with options returned is not known" in err


def test_a_report_of_a_book(run, folder):
    _, out, _ = run("report", folder / "run.nc", "-o", folder / "r.md", "--portfolio", folder / "sold.csv", *MOVED)
    assert "Wrote" in out
    text = (folder / "r.md").read_text()
    assert "The book holds 2 options and 1 holding;" in text
    assert "with the factor 'vol'" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("--portfolio", "{folder}/wrong.csv"),
            "wrong.csv, line 2, column 'strike': it is 'x', which is not a number",
        ),
        (("--portfolio", "{folder}/w.csv", "--volatility", "vol"), "--volatility vol goes with a book of options"),
        (("--accounted", "coin"), "--accounted coin goes with a book of options"),
        (("--at", "2024-01-08"), "--at 2024-01-08 goes with a book of options"),
        (("--rate", "rates"), "--rate rates goes with a book of options"),
        (("--portfolio", "{folder}/held.csv", "--volatility", "f0"), "the volatility factor 'f0' is traded"),
    ],
)
def test_what_is_refused(run, folder, arguments, says):
    given = [str(one).format(folder=folder) for one in arguments]
    status, _, err = run("forecast", folder / "run.nc", *given)
    assert (status, says in " ".join(err.split())) == (2, True), err


def test_a_book_in_coin_whose_file_has_no_moment(run, folder):
    call = option(strike=105, days=81)
    header = "kind,underlying,quantity,strike,expiry,price,forward,settled,at"
    (folder / "coin.csv").write_text("\n".join([header, line_of(call, "")]))
    given = ("stress", folder / "run.nc", "--shock", "f0=-0.1", "--portfolio", folder / "coin.csv")
    _, _, err = run(*given)
    assert "(--at)" in err
    _, out, _ = run(*given, "--at", AT.isoformat(), "--accounted", "coin")
    held = bf.read_book(folder / "coin.csv", at=AT, accounted="coin")
    found = bf.stress(bf.open_fit(folder / "run.nc"), bf.Scenario({"f0": -0.1}), portfolio=held)
    total = found.book.table().set_index("position").loc["total", ["value", "expected"]]
    assert row_of(out, "total")[:2] == pytest.approx(total.tolist(), rel=1e-3)
    assert "in units of a00" in " ".join(out.split())


def test_scores_take_weights_alone(run, folder):
    files = (folder / "w.csv", folder / "w.csv", "-o", folder / "walk", "--portfolio", folder / "held.csv")
    status, _, err = run("score", *files)
    assert status == 2
    assert "held.csv is a book of options, not of weights" in err
