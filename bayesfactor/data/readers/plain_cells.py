"""The cells of a plain file, the fast way: what is not plain is left to `cells`, which says what is wrong."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

_COMMA, _LINE = b",\n"
_LONG_LINE = 2_000  # characters a cell on average, beyond which lines are looked at with care


def split_plain(text: str, header: Sequence[str]) -> pd.DataFrame | None:
    """Return the cells of a CSV without quotes, blank lines or rows of another width, which is fast; None of others."""
    text = text.replace("\r\n", "\n").removesuffix("\n")
    if '"' in text or "\r" in text:
        return None
    names = list(header) or [cell.strip() for cell in text.split("\n", 1)[0].split(",")]
    width, first = len(names), 0 if header else 1
    letters = np.frombuffer(f"{text}\n".encode(), dtype=np.uint8)
    marks = letters[(letters == _COMMA) | (letters == _LINE)]
    if width < 2 or not names[-1] or len(marks) % width or len(letters) > _LONG_LINE * len(marks):
        return None
    ends = marks.reshape(-1, width) == _LINE
    if ends[:, :-1].any() or not ends[:, -1].all() or len(ends) == first:
        return None
    cells = np.array(text.replace("\n", ",").split(","), dtype=object).reshape(-1, width)
    if not all(map(str.strip, cells[:, 0])):
        return None
    index = pd.RangeIndex(first + 1, len(ends) + 1, name="line")
    return pd.DataFrame(cells[first:], columns=names, index=index, dtype=object)


def plain_numbers(cells: pd.Series) -> pd.Series | None:
    """Return one column as floats where every cell is a finite number, which is fast; else None."""
    try:
        text = cells.tolist()
        joined = "".join(text)
        values = cells.to_numpy(dtype=object).astype(float)
    except (TypeError, ValueError):
        return None
    # Python takes 1_000 and digits of other scripts for numbers, and NUMBER does not.
    if not joined.isascii() or "_" in joined or not np.isfinite(values).all():
        return None
    return pd.Series(values, index=cells.index)
