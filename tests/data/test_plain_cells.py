"""Files of plain numbers are read the fast way: with the results and the messages of the careful one."""

import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.data.readers import cells, epochs
from tests.support.market_files import NAMES, klines

PLAIN = klines(range(5))
LINES = PLAIN.splitlines()


def outcome(path):
    try:
        frame = bf.read_binance(path)
    except bf.DataError as error:
        return str(error), None
    return frame.attrs, frame


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"{NAMES}\n{PLAIN}",
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("\n", "\n\n"),
        f"{PLAIN},,,,,,,,,,,\n",
        PLAIN.replace("\n", ",\n"),
        PLAIN.replace("12.00000000", '"12.0"'),
        PLAIN.replace("12.00000000", " 12.0 "),
        PLAIN.replace("12.00000000", "1_2.0", 1),
        PLAIN.replace("12.00000000", "\u0661\u0662", 1),
        PLAIN.replace("12.00000000", "1e999", 1),
        PLAIN.replace("12.00000000", "nan", 1),
        PLAIN.replace("12.00000000", "", 1),
        PLAIN.replace("12.00000000", "1,2", 1),
        PLAIN.replace(LINES[2], LINES[2][:40]),
        PLAIN.replace(LINES[2], f"{LINES[2]},7"),
        PLAIN.replace(LINES[2], LINES[2].replace(",", "000,", 1)),  # microseconds
        PLAIN.replace(LINES[2], LINES[2].replace(",", "00,", 1)),
        PLAIN.replace(LINES[2], LINES[2].replace(",", ".0,", 1)),
        f"{NAMES}\n{NAMES}\n{PLAIN}",
        f"{NAMES},\n{PLAIN}",
        f"{NAMES}\n",
        "1\n2\n",
    ],
)
def test_the_fast_way_is_the_careful_way(write, monkeypatch, text):
    path = write(text)
    said, frame = outcome(path)
    for module, name in ((cells, "split_plain"), (cells, "plain_numbers"), (epochs, "plain_epochs")):
        monkeypatch.setattr(module, name, lambda *_: None)
    other, careful = outcome(path)
    assert said == other
    if careful is not None:
        pd.testing.assert_frame_equal(frame, careful, check_exact=True)


def test_plain_files_do_take_the_fast_way(write, monkeypatch):
    path = write(f"{NAMES}\n{PLAIN}")

    def slow(*_):
        raise AssertionError

    monkeypatch.setattr(cells.csv, "reader", slow)
    monkeypatch.setattr(epochs, "from_texts", slow)
    monkeypatch.setattr(pd.Series, "where", slow)
    assert len(bf.read_binance(path)) == 5
