"""Readers for files as their publishers write them.

Each returns a DataFrame of floats with a DatetimeIndex named ``date`` (naive, midnight) and the series as
columns. Missing is NaN and nothing is filled. Rows keep the order of the file; a date that comes twice is
an error.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bayesfactor.base.errors import DataError, unknown
from bayesfactor.data.readers.cells import (
    CODE,
    MISSING,
    Source,
    decode_text,
    make_numbers,
    read_raw,
    split_cells,
    tell_content,
)
from bayesfactor.data.readers.dates import find_dates, make_index
from bayesfactor.data.readers.fred import read_fred
from bayesfactor.data.readers.french import read_french
from bayesfactor.data.readers.publishers import describe_text, first_name
from bayesfactor.data.readers.table import read_table
from bayesfactor.data.screening.missing_codes import check_codes

__all__ = ["read_coinmetrics", "read_fred", "read_french", "read_table"]


def read_coinmetrics(path: Source, metrics: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Read the community CSV file of one asset from Coin Metrics.

    Parameters
    ----------
    path : str or path-like
        A file whose first column is ``time``; may be gzipped.
    metrics : str or sequence of str, optional
        The metrics to keep, in this order. All that hold numbers when absent.

    Returns
    -------
    DataFrame
        dates x metrics, in the publisher's units. Rows before the first value of a metric are NaN.
        ``attrs["left_out"]`` lists the columns of text (such as the name of a market) that were not kept.

    Raises
    ------
    DataError
        The file cannot be read; the message names the line, or the column, date and value.
    SpecError
        A name in `metrics` is not in the file.

    Notes
    -----
    ``PriceUSD`` of a date is the price at its end, 00:00 UTC of the day after. The unit of a metric may
    differ between assets (``HashRate``): compare changes, not levels.
    """
    name = Path(path).name
    text = decode_text(read_raw(path), name)
    if describe_text(text)[0] != "Coin Metrics":
        raise DataError(
            f"{name} is not a Coin Metrics file of one asset: its first column is not 'time', or it is of a market.",
            series=name,
            value=first_name(text),
            remedy=describe_text(text)[1],
        )
    cells = split_cells(text, name)
    dates = find_dates(cells.pop("time"), name)
    index = make_index(dates, name)
    left_out: list[str] = []
    if metrics is None:
        left_out = [column for column in cells.columns if tell_content(cells[column]) == "text"]
        cells = cells.drop(columns=left_out)
    else:
        wanted = [metrics] if isinstance(metrics, str) else list(metrics)
        for metric in wanted:
            if metric not in cells.columns:
                raise unknown("metric", metric, cells.columns, place=name)
        cells = cells[wanted]
    remedy = "Repair that cell, or name the metrics that you need."
    frame = make_numbers(cells, index, name, missing=MISSING, remedy=remedy)
    check_codes(frame, name, CODE)
    frame.attrs = {"units": "as published", "left_out": left_out}
    frame.attrs |= {"zone": dates.zone} if dates.zone else {}
    return frame
