"""Damaged files of markets are read or refused; no reader crashes on one."""

import json
import re

import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from tests.support.market_files import (
    COINBASE,
    CRYPTOQUANT,
    DVOL,
    KRAKEN,
    NAMES,
    TARDIS,
    TWO,
    answer,
    archive,
    csv_of,
    klines,
    locked,
)

FILES = {
    "klines": (bf.read_binance, klines(range(5))),
    "klines with names": (bf.read_binance, f"{NAMES}\n{klines(range(5))}"),
    "coinbase": (bf.read_coinbase, COINBASE),
    "kraken": (bf.read_kraken, KRAKEN),
    "chain": (bf.read_deribit_chain, csv_of(*TWO)),
    "summaries": (bf.read_deribit_chain, json.dumps(answer(*TWO))),
    "tardis": (lambda path: bf.read_deribit_chain(path, at="2020-06-08T00:30"), TARDIS),
    "volatility": (bf.read_deribit_volatility, json.dumps(DVOL)),
    "payments": (bf.read_funding, archive([1e-4] * 6)),
    "days": (lambda path: bf.read_funding(path, per="day"), archive([1e-4] * 6)),
    "flows": (bf.read_flows, CRYPTOQUANT),
    "value locked": (bf.read_defillama, json.dumps(locked(1.0, 2.0, 3.0))),
}
BITS = (
    "", "x", "-1", "0", "nan", "1e400", "-999", "1704067200", "1704067200000", "1704067200000000", "1704067200.0",
    "2024-01-01", "2024-02-30", '"', ",", "null", "[]", "{}", "\n", "%", "1,2,3", "inf", "\u00e9", "true", "\r\n",
)  # fmt: skip


def damage(text, data):
    """Put a bit in place of a cell, take a line out or twice, or cut the text."""
    for how in data.draw(st.lists(st.sampled_from(["cell", "drop", "twice", "cut"]), max_size=3)):
        lines, cells = text.split("\n"), [*re.finditer(r"[^,\n\[\]{}]+", text)]
        at = data.draw(st.integers(0, max(len(lines) - 1, 0)))
        if how == "cell" and cells:
            cell = data.draw(st.sampled_from(cells))
            text = text[: cell.start()] + data.draw(st.sampled_from(BITS)) + text[cell.end() :]
        elif how == "cut":
            text = text[: data.draw(st.integers(0, len(text)))]
        else:
            text = "\n".join(lines[:at] + [lines[at]] * (2 * (how == "twice")) + lines[at + 1 :])
    return text


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, name, data):
    reader, text = FILES[name]
    path = tmp_path_factory.mktemp("damaged") / "file.csv"
    path.write_text(damage(text, data))
    try:
        frame = reader(path)
    except bf.BayesFactorError:
        return
    assert len(frame)
    assert frame.attrs["units"]
