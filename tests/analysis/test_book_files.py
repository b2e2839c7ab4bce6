"""Books of options from a CSV file: what is read is the book as it is written, and errors name line and column."""

import pytest

import bayesfactor as bf

AT = "2024-01-08T11:19:41Z"
HEADER = "kind,underlying,quantity,strike,expiry,price,forward,settled,rate,at"
CALL = f"call,eth,10,2500,29MAR24,0.093005,2293.97,,,{AT}"
PUT = f"PUT,eth,-5,1800,2024-03-29,87.7,2293.97,usd,0.02,{AT}"
HOLDING = "holding,eth,2,,,2241.65,,,,"


@pytest.fixture
def write(tmp_path):
    def written(*lines):
        path = tmp_path / "book.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return written


def test_it_reads_the_book_that_is_written(write):
    found = bf.read_book(write(HEADER, CALL, PUT, HOLDING), volatility="dvol", rate="dgs10")
    positions = [
        bf.Option("eth", "call", 2500.0, "2024-03-29", 10.0, 0.093005, 2293.97),
        bf.Option("eth", "put", 1800.0, "2024-03-29", -5.0, 87.7, 2293.97, "usd", 0.02),
        bf.Holding("eth", 2.0, 2241.65),
    ]
    assert found == bf.Book(positions, at=AT, volatility="dvol", rate="dgs10")


def test_columns_stand_in_any_order_and_may_be_left_out(write):
    path = write("Underlying,Kind,strike,forward,price,expiry,quantity", "eth,call,2500,2293.97,0.093005,2024-03-29,1")
    assert bf.read_book(path, at=AT).options[0].name == "ETH-29MAR24-2500-C"
    path = write(HEADER, CALL.replace(AT, ""), HOLDING)
    moved = bf.SquareRootShift("dvol")
    found = bf.read_book(path, at=AT, volatility=moved, accounted="coin")
    assert (found.volatility, found.accounted) == (moved, "coin")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            (HEADER, CALL.replace("2500", "25x0")),
            "book.csv, line 2, column 'strike': it is '25x0', which is not a number",
        ),
        (
            (HEADER, CALL, "", CALL.replace("10,", '"1,000",', 1)),
            "line 4, column 'quantity': .* commas between thousands",
        ),
        ((HEADER, CALL.replace("2500", "")), "line 2, column 'strike': it is empty, and a call has one"),
        ((HEADER, CALL.replace("2500", "-1")), "line 2, column 'strike': Option on 'eth': strike is -1"),
        ((HEADER, CALL.replace("call", "straddle")), "line 2, column 'kind': 'straddle' is not call, put or holding"),
        ((HEADER, CALL.replace("call", "")), "line 2, column 'kind': it is empty"),
        ((HEADER, CALL.replace("29MAR24", "03/29/24")), "line 2, column 'expiry': .* is not a moment"),
        ((HEADER, CALL.replace("0.093005", "213.35")), "line 2, column 'price': .* more than it can be worth"),
        ((HEADER, PUT.replace("usd", "eur")), "line 2, column 'settled': 'eur' is not coin or usd"),
        ((HEADER, PUT.replace("0.02", "5%")), "line 2, column 'rate': it is '5%'.* 5 % is 0.05"),
        ((HEADER, PUT.replace("0.02", "5")), "line 2, column 'rate': .* 500 % a year"),
        ((HEADER, CALL.replace(AT, "noon")), "line 2, column 'at': 'noon' is not a moment"),
        ((HEADER, HOLDING.replace("2,,", "2,2500,")), "line 2, column 'strike': a holding has none"),
        (("kind,underlying,quantity,srtike", "call,eth,1,2"), "line 1: unknown column 'srtike'. Did you mean 'strike'"),
        (("kind,underlying,strike", "call,eth,1"), "line 1: there is no column 'quantity'"),
        ((HEADER, CALL[:20]), "line 2: 5 cells where the header has 10"),
    ],
)
def test_errors_name_the_line_and_the_column(write, lines, message):
    with pytest.raises(bf.DataError, match=message) as raised:
        bf.read_book(write(*lines), at=None)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER, CALL.replace(AT, "")), "when were the marks taken. It has no moment"),
        ((HEADER, CALL, PUT.replace("11:19", "11:20")), "Line 2 says 2024-01-08 11:19:41, line 3 2024-01-08 11:20:41"),
        ((HEADER, CALL, PUT.replace("2293.97", "2900")), "has the forward .* and another option of its expiry"),
    ],
)
def test_positions_that_do_not_go_together(write, lines, message):
    with pytest.raises(bf.SpecError, match=message):
        bf.read_book(write(*lines))


def test_paths_that_are_none(tmp_path):
    with pytest.raises(bf.SpecError, match="5 is not a path"):
        bf.read_book(5)
    with pytest.raises(bf.DataError, match="There is no file"):
        bf.read_book(tmp_path / "none.csv")
