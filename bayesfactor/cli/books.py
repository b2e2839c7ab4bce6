"""What a book with options gains, as the command line prints and writes it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bayesfactor.analysis.scenarios.repriced_book import RepricedBook
from bayesfactor.cli.output import LINES, interval_name, money, probability, say, show_rows, write_csv


def show_positions(book: RepricedBook | None, ci: float) -> None:
    """Print what every position gains, the whole book first; nothing where there is no book."""
    if book is None:
        return
    table = book.table(ci)
    say(
        "",
        f"Gains of the positions in excess of cash, in {book.unit}, repriced in every draw; interval: "
        f"{interval_name(table)}. The first is how well the expectation is known, the second where the gain may fall.",
    )
    print()
    names = ("value", "expected", "expected_lower", "expected_upper", "lower", "upper")
    rows = [
        [str(row["position"]), *(money(row[name]) for name in names), probability(row["prob_positive"])]
        for row in table.head(LINES).to_dict("records")
    ]
    show_rows(["position", "value", "expected", "lower", "upper", "gain lower", "upper", "P(> 0)"], rows)


def write_positions(books: Mapping[str, RepricedBook | None], ci: float, path: Path) -> None:
    """Write what the positions gain, by scenario where it has a name, beside the CSV file of the whole table."""
    tables = []
    for name, book in books.items():
        if book is not None:
            table = book.table(ci)
            tables.append(table.assign(scenario=name)[["scenario", *table.columns]] if name else table)
    if tables:
        whole = pd.concat(tables, ignore_index=True)
        whole.attrs = tables[0].attrs
        write_csv(whole, path.with_stem(f"{path.stem}_positions"))
