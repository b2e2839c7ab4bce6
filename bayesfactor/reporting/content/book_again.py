"""A book with options as a reader may have it again: its file, and what names it in a command and in Python."""

from bayesfactor.analysis.portfolio.options.book import Book
from bayesfactor.analysis.portfolio.options.book_files import book_text
from bayesfactor.analysis.portfolio.options.volatility_moves import ParallelShift
from bayesfactor.reporting.content.book import BookContents
from bayesfactor.reporting.content.parts import Code, Part, Text

FILE = "book.csv"


def book_file(found: BookContents | None) -> list[Part]:
    """Return the file of a book; nothing where there is none."""
    if found is None:
        return []
    parts: list[Part] = [Text(f"The book, as {FILE}:"), Code(book_text(found.book), "The file of the book")]
    if not _by_name(found.book):
        said = f"bf.{found.book.volatility!r}"
        parts.append(Text(f"The command moves all volatilities by as much; this report has {said}, by Python alone."))
    return parts


def book_options(found: BookContents | None) -> list[str]:
    """Return the options of a command about a book; nothing where there is none."""
    if found is None:
        return []
    book = found.book
    options = ["--portfolio", FILE, *([] if book.volatility is None else ["--volatility", book.volatility.factor])]
    options += [] if book.rate is None else ["--rate", book.rate]
    return options + ([] if book.accounted == "usd" else ["--accounted", book.accounted])


def book_call(found: BookContents | None) -> str:
    """Return Python that reads a book, as the argument of a report; nothing where there is none."""
    if found is None:
        return ""
    book = found.book
    given = [repr(FILE)]
    if book.volatility is not None:
        given.append(
            f"volatility={book.volatility.factor!r}" if _by_name(book) else f"volatility=bf.{book.volatility!r}"
        )
    given += [] if book.rate is None else [f"rate={book.rate!r}"]
    given += [] if book.accounted == "usd" else [f"accounted={book.accounted!r}"]
    return f"    portfolio=bf.read_book({', '.join(given)}),\n"


def _by_name(book: Book) -> bool:
    """Return whether the name of a factor says how volatilities move."""
    return book.volatility is None or book.volatility == ParallelShift(book.volatility.factor)
